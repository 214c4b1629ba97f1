"""Options that several commands take, each with its one help text."""

from __future__ import annotations

import argparse


def add_policy(parser: argparse.ArgumentParser, purpose: str = "decide by") -> None:
    """Add which policy counts, and for what *purpose*."""
    parser.add_argument("--policy", metavar="FILE", help=f"the policy to {purpose}")


def add_since(parser: argparse.ArgumentParser, usual: str) -> None:
    """Add how far back is looked: *usual* where nobody says it, such as `30d`."""
    said = f"how far back to look: 12h, 30d, 8w (default: {usual})"
    parser.add_argument("--since", default=usual, metavar="TIME", help=said)


def add_run_id(parser: argparse.ArgumentParser) -> None:
    """Add which run is meant."""
    said = "the run's id or its beginning; or a thread, for its newest run"
    parser.add_argument("id", metavar="ID", help=said)


def add_yes(parser: argparse.ArgumentParser) -> None:
    """Add the agreement to what costs much."""
    parser.add_argument("--yes", action="store_true", help="agree beforehand to expensive steps")


def add_json(parser: argparse.ArgumentParser, answer: str = "it") -> None:
    """Add that the *answer* is printed as JSON."""
    parser.add_argument("--json", action="store_true", help=f"print {answer} as JSON")
