"""`profile-router llama-server`: the local tier's model, served as this machine and the profile want it."""

from __future__ import annotations

import argparse
import os
import socket
import sys
from collections.abc import Mapping
from urllib.parse import urlsplit

from profile_router.core.profile import Profile, is_loopback
from profile_router.errors import UsageError
from profile_router.llama.launch import Launch, Wish, find_program, launch_plan, nothing_to_run
from profile_router.machine.machine import this_machine
from profile_router.outside.places import at_home
from profile_router.policies.file import find_policy, read_policy
from profile_router.profiles.home import find_home
from profile_router.servers.windows import ASSUMED_LOCAL_TOKENS

_PORT = 8_080


def add(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument("--model", required=True, metavar="FILE", help="the model, a GGUF file")
    parser.add_argument("--window", type=int, metavar="N", help="tokens of one request (default: the profile's)")
    parser.add_argument("--slots", type=int, metavar="N", help="requests at the same time")
    parser.add_argument("--port", type=int, metavar="P", help="the port on 127.0.0.1 (default: the profile's)")
    parser.add_argument("--threads", type=int, metavar="N", help="processor threads (default: the physical cores)")
    parser.add_argument("--policy", metavar="FILE", help="the policy that names the local profile")
    parser.add_argument("--run", action="store_true", help="run it here instead of printing a script")


def run(arguments: argparse.Namespace) -> int:
    """Print the script that starts the server, or with --run become the server."""
    policy = read_policy(find_policy(arguments.policy, os.environ))
    profile = find_home(os.environ).load(policy.tiers.local, asked_by=f"the tier local of {policy.source}")
    wish = _wish(arguments, profile)
    machine = this_machine(os.environ)
    program = find_program(machine)
    launch = launch_plan(wish, machine, program)
    for note in _odd(arguments, profile, wish, program):
        print(f"profile-router: {note}", file=sys.stderr)
    if not arguments.run:
        sys.stdout.flush()
        sys.stdout.buffer.write(os.fsencode(launch.script()))  # a path need not be text, and is to be run as it is
        return 0
    if not program:
        raise nothing_to_run()
    _check_free(wish.port)
    _become(launch, os.environ)
    return 0


def _check_free(port: int) -> None:
    """Raise UsageError where nothing can listen at *port*: servers say so in a dozen lines, or after the load."""
    with socket.socket() as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do: a port just left is free
        try:
            tried.bind(("127.0.0.1", port))
            tried.listen()
        except OSError as error:
            raise UsageError(
                f"port {port} of 127.0.0.1 cannot be used ({error.strerror}); end what listens there, or name another "
                "with --port"
            ) from None


def _become(launch: Launch, environ: Mapping[str, str]) -> None:
    """Replace this process by the server, so that whoever started us ends it by ending us."""
    for note in launch.notes:
        print(f"profile-router: {note}", file=sys.stderr)
    sys.stdout.flush()
    sys.stderr.flush()
    try:
        os.execve(launch.command[0], launch.command, {**launch.variables, **environ})  # noqa: S606  # no shell is meant
    except OSError as error:
        raise UsageError(
            f"{launch.command[0]} cannot be started ({error.strerror}); put one that runs on this machine first on PATH"
        ) from None


def _wish(arguments: argparse.Namespace, profile: Profile) -> Wish:
    return Wish(
        model=at_home(arguments.model).absolute(),
        alias=profile.endpoint.model,
        window=arguments.window if arguments.window is not None else profile.window or ASSUMED_LOCAL_TOKENS,
        port=arguments.port if arguments.port is not None else _port(profile) or _PORT,
        slots=arguments.slots,
        threads=arguments.threads,
    )


def _port(profile: Profile) -> int | None:
    """Return the port that *profile* speaks to on this machine, None where it speaks to another."""
    return urlsplit(profile.endpoint.base_url).port if is_loopback(profile.endpoint.base_url) else None


def _odd(arguments: argparse.Namespace, profile: Profile, wish: Wish, program: tuple[str, ...]) -> list[str]:
    """Return what will not fit together."""
    notes = []
    if _port(profile) != wish.port:
        fix = f"leave out --port, or write `base_url: http://127.0.0.1:{wish.port}/v1` in {profile.source}"
        notes.append(f"{profile.name} speaks to {profile.endpoint.base_url}, not to port {wish.port}; {fix}")
    if profile.window is not None and wish.window != profile.window:
        fix = f"leave out --window, or write `context_length: {wish.window}` in {profile.source}"
        notes.append(f"{profile.name} counts on {profile.window:,} tokens, not on {wish.window:,}; {fix}")
    if not program and not arguments.run:
        notes.append("this machine has no llama-server yet: the script names one on PATH")
    return notes
