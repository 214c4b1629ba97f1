"""Parse the command line and turn what happens into an exit code."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

from profile_router import __version__
from profile_router.cli.options import add_run_options, add_task_options
from profile_router.errors import RouterError

OK, FAILED, USAGE, REFUSED, INTERRUPTED = 0, 1, 2, 3, 130


class Parser(argparse.ArgumentParser):
    """An argument parser whose complaints are one line."""

    def error(self, message: str) -> NoReturn:
        """Print *message* and how to get help, and exit with 2."""
        self.exit(USAGE, f"{self.prog}: {message} (see `{self.prog} --help`)\n")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line *argv* and return its exit code. User errors are one line, never a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    arguments = parser().parse_args(argv)
    command = _command(arguments.command)
    try:
        return command(arguments)
    except RouterError as error:
        print(f"profile-router: {_one_line(str(error))}", file=sys.stderr)
        return USAGE
    except KeyboardInterrupt:
        print("\nprofile-router: interrupted; nothing goes on running", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # the reader of our output left: nothing more to say, and nothing to say it to
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK


def _one_line(message: str) -> str:
    return " ".join(message.split())


def _command(name: str) -> Callable[[argparse.Namespace], int]:
    """Import the module of a command when it is used: `route` must not pay for what `run` needs."""
    module = importlib.import_module(f"profile_router.cli.{name.replace('-', '_')}")
    found: Callable[[argparse.Namespace], int] = module.run
    return found


def parser() -> Parser:
    """Return the parser of the whole command line."""
    top = Parser(
        prog="profile-router",
        description="Route each Hermes subagent to the right profile: local first, cloud when it counts.",
        epilog="exit codes: 0 ok, 1 the last attempt or its check failed, 2 usage, 3 refused, 130 Ctrl-C",
    )
    top.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=Parser)
    route = commands.add_parser("route", help="say where a task would go, and why", epilog=_ROUTE_EXAMPLE)
    add_task_options(route)
    run = commands.add_parser("run", help="route a task, run it, verify it", epilog=_RUN_EXAMPLE)
    add_task_options(run)
    add_run_options(run)
    demo = commands.add_parser("demo", help="watch a run without key or model")
    demo.add_argument("--json", action="store_true", help="print the result as JSON")
    profiles = commands.add_parser("profiles", help="list the profiles and what they are")
    profiles.add_argument("--policy", metavar="FILE", help="the policy to read")
    profiles.add_argument("--json", action="store_true", help="print them as JSON")
    _add_policy(commands)
    doctor = commands.add_parser("doctor", help="say what works here, what does not, and what mends it")
    doctor.add_argument("--policy", metavar="FILE", help="the policy to check by")
    doctor.add_argument("--live", action="store_true", help="also make one minimal call per profile")
    doctor.add_argument("--json", action="store_true", help="print the checks as JSON")
    _add_llama_server(commands)
    _add_install(commands)
    commands.add_parser("graph", help="print the state machine as Mermaid")
    return top


def _add_policy(commands: argparse._SubParsersAction[Parser]) -> None:
    policy = commands.add_parser("policy", help="show or check the routing policy")
    acts = policy.add_subparsers(dest="act", required=True, metavar="show|check", parser_class=Parser)
    for act, text in (("show", "print the policy in force"), ("check", "tell whether a policy file is right")):
        sub = acts.add_parser(act, help=text)
        sub.add_argument("file", nargs="?", metavar="FILE", help="a policy file; else the one in force")
        if act == "show":
            sub.add_argument("--rules", action="store_true", help="print the rules as a table instead")
            sub.add_argument("--shipped", action="store_true", help="the shipped policy, to copy")


def _add_install(commands: argparse._SubParsersAction[Parser]) -> None:
    install = commands.add_parser("install", help="bring profiles, plugin and skill into Hermes")
    install.add_argument("--profile", metavar="NAME", help="the Hermes profile that delegates (default: yours)")
    install.add_argument("--migrate", action="store_true", help="also bring existing profiles to Hermes' own spelling")
    uninstall = commands.add_parser("uninstall", help="take out exactly what install wrote")
    for sub in (install, uninstall):
        sub.add_argument("--dry-run", action="store_true", help="show what would be written, and write nothing")
        sub.add_argument("--yes", action="store_true", help="ask nothing")


def _add_llama_server(commands: argparse._SubParsersAction[Parser]) -> None:
    server = commands.add_parser("llama-server", help="start the local tier's model, fitted to this machine")
    server.add_argument("--model", required=True, metavar="FILE", help="the model, a GGUF file")
    server.add_argument("--window", type=int, metavar="N", help="tokens of one request (default: the profile's)")
    server.add_argument("--slots", type=int, metavar="N", help="requests at the same time")
    server.add_argument("--port", type=int, metavar="P", help="the port on 127.0.0.1 (default: the profile's)")
    server.add_argument("--threads", type=int, metavar="N", help="processor threads (default: the physical cores)")
    server.add_argument("--policy", metavar="FILE", help="the policy that names the local profile")
    server.add_argument("--run", action="store_true", help="run it here instead of printing a script")


_ROUTE_EXAMPLE = 'example: hermes -p "$(profile-router route --json "fix the typo in README.md" | jq -r .profile)" chat'
_RUN_EXAMPLE = 'example: profile-router run "make the retry delay configurable" --file src/http.py --check "pytest -q"'
