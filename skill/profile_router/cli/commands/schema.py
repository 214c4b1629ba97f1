"""`profile-router schema`: print the JSON Schema of what this program takes or prints."""

from __future__ import annotations

import argparse
import json

from profile_router.api.schemas import SCHEMAS


def add(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument("of", choices=tuple(SCHEMAS), metavar="WHAT", help=f"one of: {', '.join(SCHEMAS)}")


def run(arguments: argparse.Namespace) -> int:
    """Print it; return 0."""
    print(json.dumps(SCHEMAS[arguments.of](), indent=2, ensure_ascii=False))
    return 0
