"""`profile-router undo`: the files of a run as they were before it, unless one of them was changed since."""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import asdict

from profile_router.cli.progress import folded, printable
from profile_router.cli.spelling import as_called
from profile_router.core.text import some_of
from profile_router.runs.undo import Undone, undo_run

_FILES, _ID = 8, 8


def add(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument("id", metavar="ID", help="the run's id or its beginning; or a thread, for its newest run")
    parser.add_argument("--json", action="store_true", help="print how it ended as JSON")
    parser.epilog = "an undo has an id of its own, and can be undone; `profile-router history` lists both"


def run(arguments: argparse.Namespace) -> int:
    """Take the run back; return 0, or 1 where nothing was done, as somebody changed its files since."""
    undone = undo_run(arguments.id, os.environ)
    if arguments.json:
        print(json.dumps({"status": "conflicts" if undone.conflicts else "ok", **asdict(undone)}, indent=2))
    else:
        for line in _lines(undone):
            print(folded(as_called(printable(line)), sys.stdout, indent=2))
    return 1 if undone.conflicts else 0


def _lines(undone: Undone) -> list[str]:
    run = undone.run[:_ID]
    if undone.conflicts:
        return [f"nothing undone: changed since run {run}: {some_of(undone.conflicts, _FILES)}"]
    lines = [f"as before run {run}: {some_of(undone.files, _FILES)}"]
    lines += [f"what it changed in {some_of(undone.left, _FILES)} stays"] if undone.left else []
    return [*lines, f"`profile-router undo {undone.id[:_ID]}` takes that back"]
