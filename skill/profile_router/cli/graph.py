"""`profile-router graph`: print the state machine as Mermaid."""

from __future__ import annotations

import argparse


def run(_arguments: argparse.Namespace) -> int:
    """Print it; return 0."""
    from profile_router_graphs.router import mermaid  # LangGraph takes half a second

    print(mermaid(), end="")
    return 0
