"""`profile-router completion`: print what completes this program's commands and options in a shell."""

from __future__ import annotations

import argparse

SHELLS = ("bash", "zsh", "fish")


def add(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument("shell", choices=SHELLS, metavar="SHELL", help=f"one of: {', '.join(SHELLS)}")


def run(arguments: argparse.Namespace) -> int:
    """Print it; return 0."""
    import shtab

    from profile_router.cli.app import parser  # it imports each command by its name
    from profile_router.cli.spelling import COMMANDS

    print(shtab.complete(parser(*COMMANDS), shell=arguments.shell))
    return 0
