"""`profile-router graph`: print the state machine as Mermaid, or with `--ladder` the policy's ladder."""

from __future__ import annotations

import argparse
import os

from profile_router.core.telling.policy import ladder_mermaid
from profile_router.policies.file import find_policy, read_policy


def add(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument("--ladder", action="store_true", help="print the ladder of the policy instead")
    parser.add_argument("--policy", metavar="FILE", help="the policy whose ladder is printed")


def run(arguments: argparse.Namespace) -> int:
    """Print it; return 0."""
    if arguments.ladder:
        print(ladder_mermaid(read_policy(find_policy(arguments.policy, os.environ))), end="")
        return 0
    from profile_router_graphs.router import mermaid  # LangGraph takes half a second

    print(mermaid(), end="")
    return 0
