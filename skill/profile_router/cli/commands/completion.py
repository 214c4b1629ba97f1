"""`profile-router completion`: print what completes this program's commands and options in a shell."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

SHELLS = ("bash", "zsh", "fish")
_FILES = frozenset({"FILE", "FILE|-", "PATH", "NEW", "DATA"})  # as the help has them
_FOLDERS = frozenset({"D", "DIR", "CLONE"})
_NAMED_FILES = frozenset({"file", "image"})


def add(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument("shell", choices=SHELLS, metavar="SHELL", help=f"one of: {', '.join(SHELLS)}")


def run(arguments: argparse.Namespace) -> int:
    """Print it; return 0."""
    import shtab

    from profile_router.cli.app import parser  # it imports each command by its name
    from profile_router.cli.spelling import COMMANDS

    whole = parser(*COMMANDS)
    for action in actions_of(whole):
        if action.metavar in _FILES or action.dest in _NAMED_FILES:
            vars(action)["complete"] = shtab.FILE  # where the library looks for it
        elif action.metavar in _FOLDERS:
            vars(action)["complete"] = shtab.DIRECTORY
    print(shtab.complete(whole, shell=arguments.shell))
    return 0


def actions_of(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """Yield what *parser* and those below it take."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for below in action.choices.values():
                yield from actions_of(below)
        elif action.nargs != 0:
            yield action
