"""`profile-router health`: which servers and keys are on cooldown, why, and for how long; `--reset` forgets it."""

from __future__ import annotations

import argparse
import os
import sys
import time

from profile_router.cli.json_answer import print_json
from profile_router.cli.progress import folded
from profile_router.cli.usual_options import add_json, add_policy
from profile_router.core.ladder.causes import TABLE, is_cause
from profile_router.core.ladder.health import Record
from profile_router.core.policy import HealthRules
from profile_router.core.text import counted, in_words
from profile_router.policies.file import find_policy, read_policy
from profile_router.servers.health import HealthStore, scope_named
from profile_router.state.folder import state_dir

_MINUTE_S = 60


def add(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument("--reset", nargs="?", const="", metavar="NAME", help="forget them: all, or those of that name")
    add_policy(parser, "read")
    add_json(parser, "them")


def run(arguments: argparse.Namespace) -> int:
    """Show or reset the records; return 0."""
    policy = read_policy(find_policy(arguments.policy, os.environ))
    store = HealthStore(state=state_dir(os.environ), rules=policy.health, clock=time.time)
    forgotten = 0
    if arguments.reset is not None:
        forgotten = store.reset(arguments.reset)
        if not arguments.json:
            print(f"{forgotten} record{'s' if forgotten != 1 else ''} forgotten")
            return 0
    now, records = time.time(), store.all()
    if arguments.json:
        print_json({"records": [_json(name, record, now) for name, record in records], "forgotten": forgotten}, at=now)
    elif not records:
        print(folded("nothing has failed recently: every server and key may be tried", sys.stdout, indent=2))
    else:
        lines = (_line(name, record, now, policy.health) for name, record in records)
        print("\n".join(folded(line, sys.stdout, indent=2) for line in lines))
    return 0


def _line(name: str, record: Record, now: float, rules: HealthRules) -> str:
    wait = record.blocked_s(now)
    if not record.failures:
        said = f"could not take a task: {TABLE[record.cause].sentence}" if is_cause(record.cause) else "was down"
        return f"! {name} · {said}, {_ago(now, record)}; it is looked at again before each task"
    state = f"on cooldown for {wait:,.0f} s" if wait else "may be tried"
    if not wait and (more := rules.failures - record.failures) > 0 and scope_named(name) == "server":
        state = f"may be tried; after {counted(more, 'more failure')} in a row on cooldown for {rules.open_seconds:g} s"
    times = f"{record.failures} failure{'s' if record.failures != 1 else ''}"
    return f"{'✗' if wait else '●'} {name} · {state} · {times}, the last: {record.cause}, {_ago(now, record)}"


def _ago(now: float, record: Record) -> str:
    seconds = max(0.0, now - record.since)
    return f"{seconds:.0f} s ago" if seconds < _MINUTE_S else f"{in_words(seconds)} ago"


def _json(name: str, record: Record, now: float) -> dict[str, object]:
    return {
        "name": name,
        "state": record.state(now),
        "blocked_seconds": round(record.blocked_s(now), 1),
        "failures": record.failures,
        "cause": record.cause,
        "since": record.since,
    }
