"""`profile-router undo`: the files of a run as they were before it, unless one of them was changed since."""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import asdict

from profile_router.cli.json_answer import print_json
from profile_router.cli.progress import folded
from profile_router.cli.screens import printable
from profile_router.cli.spelling import as_called
from profile_router.cli.usual_options import add_json, add_run_id
from profile_router.core.telling.ways_out import RUNS_ARE_LISTED, bring_back, drop
from profile_router.core.text import short_id, some_of
from profile_router.runs.undo import Undone, undo_run

_FILES, _SHOWN = 8, 100


def add(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    add_run_id(parser)
    parser.add_argument(
        "--all",
        action="store_true",
        help="also take back files of which nobody knows who changed them: what you changed in them is lost",
    )
    add_json(parser, "how it ended")
    ignored = "files that git ignores stay as commands left them, and are named"
    parser.epilog = f"an undo has an id of its own and can be undone; {ignored}; {RUNS_ARE_LISTED}"


def run(arguments: argparse.Namespace) -> int:
    """Take the run back; return 0, or 1 where nothing was done: a file was changed since, or nobody knows by whom."""
    undone = undo_run(arguments.id, os.environ, all_of_it=arguments.all)
    status = "conflicts" if undone.conflicts else "unsure" if undone.unsure else "ok"
    if arguments.json:
        print_json({"status": status, **asdict(undone)})
    else:
        for line in _lines(undone):
            print(folded(as_called(printable(line)), sys.stdout, indent=2))
    return 0 if status == "ok" else 1


def _lines(undone: Undone) -> list[str]:
    run = short_id(undone.run)
    if undone.conflicts:
        return [
            f"nothing undone: changed since run {run}: {some_of(undone.conflicts, _FILES)}",
            "first undo what changed them: a later run of `profile-router history`, or your own changes",
        ]
    if undone.unsure:
        why = "commands and Hermes' own tools write anything, so nobody knows who changed what while it ran"
        if undone.going_on:
            why = "it was killed, so nobody knows who changed these last"
        return [
            f"nothing undone: {why}: {some_of(undone.unsure, _SHOWN)}",
            f"`profile-router undo {run} --all` takes all of it back, and what you changed there meanwhile too",
        ]
    lines = [f"as before run {run}: {some_of(undone.files, _FILES)}"]
    lines += [f"what it changed in {some_of(undone.left, _FILES)} stays"] if undone.left else []
    if undone.during:
        counts = "they count" if len(undone.during) > 1 else "it counts"
        why = f"changed while a command or Hermes was at work, so {counts} as the run's"
        lines.append(f"{some_of(undone.during, _FILES)} {why}")
    if undone.going_on:
        lines.append(f"it cannot be resumed then; {drop(undone.going_on)}")
    return [*lines, bring_back(undone.id)]
