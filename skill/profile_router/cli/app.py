"""Parse the command line and turn what happens into an exit code."""

from __future__ import annotations

import argparse
import errno
import importlib
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import NoReturn

from profile_router import __version__
from profile_router.cli.options import add_run_options, add_stream_options, add_task_options, on_stdin
from profile_router.cli.spelling import as_called
from profile_router.cli.task_fields import ROUTED, RUN, number_in
from profile_router.errors import RouterError, UsageError
from profile_router.machine.imports import import_large

OK, FAILED, USAGE, REFUSED, INTERRUPTED = 0, 1, 2, 3, 130
_FULL = (errno.ENOSPC, errno.EDQUOT)


class Parser(argparse.ArgumentParser):
    """An argument parser whose complaints are one line."""

    def error(self, message: str) -> NoReturn:
        """Print *message* and how to get help, and exit with 2."""
        self.exit(USAGE, f"{self.prog}: {message} (see `{as_called(f'{self.prog} --help')}`)\n")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line *argv* and return its exit code. User errors are one line, never a traceback."""
    _open_streams()
    code = OK
    try:
        try:
            code = _answer(argv)
        finally:
            sys.stdout.flush()  # here, because what fails after us is a complaint of the interpreter
    except BrokenPipeError:
        _drop_output()  # the reader of our output left: nothing more to say, and nothing to say it to
    except OSError as error:
        if error.errno not in _FULL:
            raise
        _drop_output()
        print(f"profile-router: {error.strerror}: not all was written; make room, then try again", file=sys.stderr)
        return USAGE
    return code


def _answer(argv: Sequence[str] | None) -> int:
    arguments = _parsed(argv)
    command = _command(arguments.command)
    try:
        _check_folder()
        _leave_no_core()
        return command(arguments)
    except RouterError as error:
        print(f"profile-router: {as_called(_one_line(str(error)))}", file=sys.stderr)
        return USAGE
    except KeyboardInterrupt:
        print("\nprofile-router: interrupted; nothing goes on running", file=sys.stderr)
        return INTERRUPTED


def _parsed(argv: Sequence[str] | None) -> argparse.Namespace:
    """Return the arguments; what no command knows is told with the help of the command that was meant."""
    words = sys.argv[1:] if argv is None else argv
    top = parser(route_alone=bool(words) and words[0] == "route")
    arguments, unknown = top.parse_known_args(argv)
    if unknown:
        top.prog = f"{top.prog} {arguments.command}"
        options = [word.partition("=")[0] for word in unknown if word.startswith("-")]
        # Words are a part of the task that was written without quotes: no error holds a task's text.
        top.error(
            f"unrecognized arguments: {' '.join(options)}"
            if options
            else f"{len(unknown)} words too many: put a task of several words in quotes"
        )
    return arguments


def _check_folder() -> None:
    try:
        os.getcwd()  # noqa: PTH109 - pathlib says it longer
    except OSError as error:
        raise UsageError(f"the current folder cannot be used ({error.strerror}); `cd` to one that is there") from None


def _leave_no_core() -> None:
    """Let a crash of this process, or of one that it starts, write no memory to disk: there are keys in it."""
    with suppress(ImportError, OSError, ValueError):  # there is no `resource` on Windows
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))


def _open_streams() -> None:
    """Let characters that a stream cannot show become `?`, and a stream that was closed be /dev/null.

    Otherwise the next file opened would take its number, and get what is printed.
    """
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_RDWR), "r" if name == "stdin" else "w"))
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


def _drop_output() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _one_line(message: str) -> str:
    return " ".join(message.split())


def _command(name: str) -> Callable[[argparse.Namespace], int]:
    """Import the module of a command when it is used: `route` must not pay for what `run` needs."""
    where = f"profile_router.cli.commands.{name.replace('-', '_')}"
    import_large(where)
    found: Callable[[argparse.Namespace], int] = importlib.import_module(where).run
    return found


def parser(*, route_alone: bool = False) -> Parser:
    """Return the parser of the whole command line; *route_alone*: without the others, which take 4 ms to add."""
    top = Parser(
        prog="profile-router",
        description="Route each Hermes subagent to the right profile: local first, cloud when it counts.",
        epilog="exit codes: 0 ok, 1 the last attempt or its check failed, 2 usage, 3 refused, 4 nobody agreed to the "
        "price, 130 Ctrl-C",
    )
    top.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=Parser)
    route = commands.add_parser("route", help="say where a task would go, and why", epilog=_ROUTE_EXAMPLE)
    add_task_options(route)
    if route_alone:
        return top
    run = commands.add_parser("run", help="route a task, run it, verify it", epilog=_RUN_EXAMPLE)
    add_task_options(run)
    add_run_options(run)
    _add_batch(commands)
    demo = commands.add_parser("demo", help="watch a run without key or model")
    demo.add_argument("--json", action="store_true", help="print the result as JSON")
    profiles = commands.add_parser("profiles", help="list the profiles and what they are")
    profiles.add_argument("--policy", metavar="FILE", help="the policy to read")
    profiles.add_argument("--json", action="store_true", help="print them as JSON")
    _add_policy(commands)
    doctor = commands.add_parser("doctor", help="say what works here, what does not, and what fixes it")
    doctor.add_argument("--policy", metavar="FILE", help="the policy to check by")
    doctor.add_argument("--live", action="store_true", help="also make one minimal call per profile")
    doctor.add_argument("--json", action="store_true", help="print the checks as JSON")
    _add_llama_server(commands)
    _add_install(commands)
    _add_threads(commands)
    graph = commands.add_parser("graph", help="print the state machine as Mermaid")
    graph.add_argument("--ladder", action="store_true", help="the ladder of the policy instead")
    graph.add_argument("--policy", metavar="FILE", help="the policy whose ladder it is")
    health = commands.add_parser("health", help="show which servers and keys are on cooldown, and why")
    health.add_argument("--reset", nargs="?", const="", metavar="NAME", help="forget them: all, or those of that name")
    health.add_argument("--policy", metavar="FILE", help="the policy to read")
    health.add_argument("--json", action="store_true", help="print them as JSON")
    return top


def _add_policy(commands: argparse._SubParsersAction[Parser]) -> None:
    policy = commands.add_parser("policy", help="show or check the routing policy")
    acts = policy.add_subparsers(dest="act", required=True, metavar="show|check", parser_class=Parser)
    for act, text in (("show", "print the policy in force"), ("check", "tell whether a policy file is right")):
        sub = acts.add_parser(act, help=text)
        sub.add_argument("file", nargs="?", metavar="FILE", help="a policy file; else the one in force")
        if act == "show":
            sub.add_argument("--rules", action="store_true", help="print the rules as a table instead")
            sub.add_argument("--ladder", action="store_true", help="print what follows a failure as a table instead")
            sub.add_argument("--shipped", action="store_true", help="the shipped policy, to copy")


def _add_install(commands: argparse._SubParsersAction[Parser]) -> None:
    install = commands.add_parser("install", help="bring profiles, plugin and skill into Hermes")
    install.add_argument("--profile", metavar="NAME", help="the Hermes profile that delegates (default: yours)")
    install.add_argument("--migrate", action="store_true", help="also print how to spell profiles for Hermes")
    switch = argparse.BooleanOptionalAction
    install.add_argument("--use-root-keys", action=switch, help="let profiles without a key use Hermes' root pool")
    install.add_argument("--live", action=switch, help="end with one minimal model call per profile, which may cost")
    uninstall = commands.add_parser("uninstall", help="take out exactly what install wrote")
    for sub in (install, uninstall):
        sub.add_argument("--dry-run", action="store_true", help="show what would be written, and write nothing")
        sub.add_argument("--yes", action="store_true", help="ask nothing")


def _add_batch(commands: argparse._SubParsersAction[Parser]) -> None:
    said = "run several tasks at once; those that write cannot meet"
    batch = commands.add_parser("batch", help=said, epilog=_BATCH_EXAMPLE)
    told = "read the tasks from stdin, one JSON list"
    batch.add_argument("--tasks-json", type=on_stdin, metavar="-", required=True, help=told)
    batch.add_argument("--policy", metavar="FILE", help="the policy to decide by")
    batch.add_argument("--json", action="store_true", help="print the results as JSON")
    add_stream_options(batch)


def _add_threads(commands: argparse._SubParsersAction[Parser]) -> None:
    resume = commands.add_parser("resume", help="go on with a run that was killed")
    resume.add_argument("thread", nargs="?", metavar="THREAD", help="which; else the only one there is")
    resume.add_argument("--policy", metavar="FILE", help="the policy to go on under (default: the run's)")
    resume.add_argument("--yes", action="store_true", help="agree beforehand to expensive steps")
    resume.add_argument("--json", action="store_true", help="print JSON")
    resume.add_argument("--stream", action="store_true", help="print one JSON event a line; goes on without a reader")
    resume.set_defaults(from_hermes=False)
    purge = commands.add_parser("purge", help="remove what is kept of threads")
    purge.add_argument("thread", nargs="?", metavar="THREAD", help="this thread")
    purge.add_argument("--older-than", type=number_in, metavar="DAYS", help="those that were last used before")
    purge.add_argument("--all", action="store_true", help="every thread")


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
_BATCH_EXAMPLE = (
    """example: echo '[{"goal": "fix the typo", "files": ["README.md"]}]' | profile-router batch --tasks-json -; """
    f"other keys of a task: {', '.join(one.key for one in (*ROUTED, *RUN) if one.key not in ('goal', 'files'))}"
)
_RUN_EXAMPLE = 'example: profile-router run "make the retry delay configurable" --file src/http.py --check "pytest -q"'
