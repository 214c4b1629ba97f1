"""`profile-router replay`: which tasks of the ledger another policy would have sent elsewhere, and at what price."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from profile_router.cli.commands.history import print_told
from profile_router.cli.commands.report import days_in
from profile_router.cli.json_answer import print_json
from profile_router.cli.screens import columns
from profile_router.cli.stories import told_lines
from profile_router.cli.usual_options import add_json, add_since
from profile_router.core.operating.replay import Destination, Replay
from profile_router.core.telling.layout import table_lines
from profile_router.core.telling.ways_out import show_run
from profile_router.core.text import counted, in_words, price, some_of
from profile_router.reporting.replayed import MOST_TASKS, ReplayedPolicy, keep_replay, replay_policy

_SINCE = "30d"
_LISTED = 10


def add(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    add = parser.add_argument
    add("--policy", metavar="NEW", required=True, help="the policy to try; nothing is run")
    add_since(parser, _SINCE)
    add_json(parser)
    parser.epilog = (
        f"the newest {MOST_TASKS:,} tasks are decided again by their figures; `profile-router report` shows the result"
    )


def run(arguments: argparse.Namespace) -> int:
    """Print what would have moved, and keep its figures for the next report; return 0."""
    now = time.time()
    done = replay_policy(arguments.policy, os.environ, days=days_in(arguments.since), now=now)
    print_told()
    keep_replay(done, Path(arguments.policy), os.environ, now=now)
    if arguments.json:
        print_json(_answer(done), at=now)
    else:
        print("\n".join(_lines(done)))
    return 0


def _answer(done: ReplayedPolicy) -> dict[str, Any]:
    found = done.replay
    return {
        "policy": done.new.digest,
        "in_force": done.now.digest,
        "tasks": found.rows,
        "moved": [asdict(one) | {"weaker": one.weaker} for one in found.moved],
        "saved_usd": found.saved_usd,
        "unpriced": len(found.moved) - len(found.priced),
        "spared_s": round(found.spared_s, 1),
        "fails_first": list(found.at_risk),
        "not_replayed": dict(found.unread),
        "by_words": list(found.by_words),
        "later": list(found.later),
    }


def _lines(done: ReplayedPolicy) -> Iterator[str]:
    found = done.replay
    digests = f"{done.now.digest} → {done.new.digest}"
    yield f"{counted(len(found.moved), 'task')} of {found.rows:,} would go elsewhere · {digests}"
    moves = Counter((one.was, one.to) for one in found.moved)
    if moves:
        rows = [("from", "by", "to", "by", "tasks"), *(_row(was, to, n) for (was, to), n in moves.most_common(_LISTED))]
        yield from (f"  {line}" for line in table_lines(rows, columns(sys.stdout) - 2, figures=4))
    yield from told_lines(*_told(found))


def _row(was: Destination, to: Destination, count: int) -> tuple[str, ...]:
    places = [f"{one.profile} ({one.tier})" if one.profile else one.tier for one in (was, to)]
    return places[0], was.rule, places[1], to.rule, f"{count:,}"


def _told(found: Replay) -> Iterator[tuple[str, str]]:
    if found.moved:
        saved = found.saved_usd
        money = f"≈ {price(abs(saved))} {'less' if saved > 0 else 'more'}" if saved else "the same"
        unpriced = len(found.moved) - len(found.priced)
        more = f"; {unpriced:,} of unknown price, as nobody counted their tokens" if unpriced else ""
        yield "costs", f"{money}, by the tokens of their work{more}"
        if found.spared_s:
            yield "spares", f"{in_words(found.spared_s)} of local attempts in vain"
        yield "risks", _risks(found)
        yield "look", f"{show_run(found.moved[0].id)} tells of the newest; --json lists all"
    if found.unread:
        why = some_of([f"{reason} ({count:,})" for reason, count in found.unread.items()])
        yield "left out", f"{counted(sum(found.unread.values()), 'task')}: {why}"
    if found.by_words:
        names = ", ".join(found.by_words)
        yield "blind", f"changes of {names} are not replayed: they hang on words, and no word of a task is kept"
    if found.later:
        yield "besides", f"{', '.join(found.later)} differ too; they tell what follows a route, and are not replayed"


def _risks(found: Replay) -> str:
    weaker = len(found.weaker)
    if not weaker:
        return "none goes to a weaker tier"
    low, high = found.at_risk
    known = f"{found.local_won:,} of {found.local_known:,} that the local tier tried are verified there"
    return f"{counted(weaker, 'task')} would start at a weaker tier; {low:,} to {high:,} fail there first ({known})"
