"""`profile-router calibrate`: propose numbers of the policy from outcomes, as a difference to review."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict

from profile_router.cli.commands.history import print_told
from profile_router.cli.commands.report import days_in
from profile_router.cli.json_answer import print_json
from profile_router.cli.output_file import policy_file
from profile_router.cli.progress import folded
from profile_router.cli.spelling import as_called
from profile_router.cli.usual_options import add_json, add_since
from profile_router.core.text import counted
from profile_router.reporting.proposal import SINCE_DAYS, Proposal, propose

_SINCE = f"{SINCE_DAYS:g}d"
_OK, _REFUSED = 0, 3


def add(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    add = parser.add_argument
    add_since(parser, _SINCE)
    add("--policy", metavar="FILE", help="the policy to calibrate; else the one in force")
    add("--write", metavar="FILE", help="write the whole proposed policy, to review and to replay")
    add_json(parser)
    parser.epilog = "an outcome is a task of the local tier whose check passed, or whose work or answer failed"


def run(arguments: argparse.Namespace) -> int:
    """Print what outcomes say, and the difference; return 0, or 3 where there are too few outcomes for any number."""
    file = None if arguments.write is None else policy_file(arguments.write)
    now = time.time()
    found = propose(arguments.policy, os.environ, days=days_in(arguments.since), now=now)
    print_told()
    if file is not None and found.text:
        file.write(found.text)
        print(f"profile-router: the proposed policy is {arguments.write}", file=sys.stderr)
    elif arguments.write:
        print("profile-router: nothing is written, as nothing is proposed", file=sys.stderr)
    if arguments.json:
        print_json(_answer(found), at=now)
    else:
        print("\n".join(_lines(found, arguments.write)))
    return _REFUSED if found.too_little else _OK


def _answer(found: Proposal) -> dict[str, object]:
    return {
        "status": "refused" if found.too_little else "ok",
        "tasks": found.tasks,
        "outcomes": found.outcomes,
        "findings": [asdict(one) | {"place": one.name} for one in found.findings],
        "diff": found.diff,
    }


def _lines(found: Proposal, written: str | None) -> Iterator[str]:
    yield folded(
        f"{found.outcomes:,} outcomes of the local tier in {counted(found.tasks, 'task')} · {found.file}",
        sys.stdout,
        indent=2,
    )
    if found.too_little:
        yield "refused: too few outcomes to propose anything"
    for one in found.findings:
        moved = f"{one.now:g} → {one.to:g}" if one.to is not None else "stays"
        how = f"{one.missing} more outcomes are needed" if one.missing else moved
        yield folded(f"  {one.name}: {how} ({one.said})", sys.stdout, indent=4)
    if not found.diff:
        return
    yield ""
    yield found.diff.rstrip("\n")
    yield ""
    file = shlex.quote(written or "FILE")
    if not written:
        yield as_called("write it: `profile-router calibrate --write FILE`")
    yield as_called(f"try it:   `profile-router replay --policy {file}`")
