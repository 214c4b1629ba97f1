"""`profile-router observe`: what Hermes delegated by itself, where it would have gone, and what both cost."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from profile_router.api.task_fields import DAYS, not_an_object, number_in, tasks_from_json
from profile_router.cli.commands.history import print_told
from profile_router.cli.commands.run import tell_explained, tell_switch
from profile_router.cli.json_answer import print_json
from profile_router.cli.options import MOST_OF_TASKS, json_of, source_of
from profile_router.cli.progress import folded
from profile_router.cli.spelling import as_called
from profile_router.cli.usual_options import add_json, add_policy
from profile_router.core.days import DAY_S
from profile_router.core.ladder.observed import ObservedCalls, ObservedChild, ObservedGroup
from profile_router.core.task import Task
from profile_router.core.telling.ways_out import A_RUN_IS_TOLD
from profile_router.core.text import counted, price, shown
from profile_router.errors import UsageError
from profile_router.ledger.observed import observed_since
from profile_router.outside.json_reader import UnreadableJson, read_json
from profile_router.policies.file import found_policy
from profile_router.state.folder import state_dir

_MOST_CALLS, _MOST_TOKENS = 1_000, 10**9
_WEEK = 7
_NOTHING = "nothing was observed; `profile-router install --observe` begins it"
_NOTHING_YET = "it is on: nothing was delegated in {span}"


def add(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    add = parser.add_argument
    add("--days", type=number_in, default=_WEEK, metavar="N", help=f"how many days to look back (default: {_WEEK})")
    add_policy(parser)
    add_json(parser)
    add("--tasks-json", metavar="FILE|-", help="for the plugin: tasks that Hermes begins; a line of JSON for each")
    add("--ended-json", metavar="FILE|-", help="for the plugin: how one of them ended, and its calls")
    parser.epilog = f"{A_RUN_IS_TOLD}; costs are by the policy's figures"


def run(arguments: argparse.Namespace) -> int:
    """Print what was observed, or note what the plugin says; return 0."""
    if arguments.tasks_json is not None:
        raw = json_of("--tasks-json", arguments.tasks_json, line=False, most=MOST_OF_TASKS)
        _begun(tasks_from_json(raw, source_of(arguments.tasks_json)), arguments.policy)
    elif arguments.ended_json is not None:
        from profile_router.runs.observe import note_child

        child = child_from_json(json_of("--ended-json", arguments.ended_json, line=False, most=MOST_OF_TASKS))
        note_child(child, arguments.policy, os.environ, Path.cwd())
    else:
        days = DAYS(arguments.days, "--days")
        groups = observed_since(state_dir(os.environ), time.time() - days * DAY_S)
        print_told()
        if arguments.json:
            told = [{one.name: getattr(group, one.name) for one in fields(group)} for group in groups]
            print_json({"days": days, "groups": told})
        else:
            on = not groups and found_policy(arguments.policy, os.environ).hermes_plugin == "observe"
            lines = observed_lines(groups, days, on=on)
            print("\n".join(folded(as_called(line), sys.stdout, indent=2) for line in lines))
    return 0


def _begun(tasks: Sequence[Task | UsageError], policy_file: str | None) -> None:
    """Say how the policy has the plugin switched, and where each task would go; where it observes, note them."""
    policy = found_policy(policy_file, os.environ)
    tell_switch(policy)
    if policy.hermes_plugin in ("observe", "explain"):
        tell_explained(tasks, policy_file, observes=policy.hermes_plugin == "observe")


def child_from_json(raw: bytes) -> ObservedChild:
    """Return the child that *raw* tells of. Raises UsageError for anything else, for unknown keys and wrong kinds."""
    try:
        found = read_json(raw)
    except UnreadableJson as error:
        raise UsageError(f"--ended-json holds no JSON object ({error})") from None
    values = _values(found, ObservedChild, "--ended-json")
    calls = values.get("calls", [])
    if not isinstance(calls, list) or len(calls) > _MOST_CALLS:
        raise UsageError(f"--ended-json: calls must be a list of at most {_MOST_CALLS:,}")
    values["calls"] = tuple(ObservedCalls(**_values(one, ObservedCalls, "--ended-json: calls")) for one in calls)
    return ObservedChild(**values)


def _values(found: object, kind: type[ObservedChild | ObservedCalls], where: str) -> dict[str, Any]:
    """Return the values of the object *found*, each of the kind that the field of *kind* has, numbers within bounds."""
    kinds: dict[str, Any] = {
        one.name: {"str": str, "int": int, "float": int | float}.get(str(one.type)) for one in fields(kind)
    }
    if not isinstance(found, dict):
        raise not_an_object(where, kinds)
    for name, value in found.items():
        if name not in kinds:
            raise UsageError(f"{where}: unknown key {shown(name, 40)} (allowed: {', '.join(kinds)})")
        wanted = kinds[name]
        number = isinstance(value, int | float) and not isinstance(value, str)
        if wanted and (not isinstance(value, wanted) or isinstance(value, bool)):
            raise UsageError(f"{where}: {name} is {shown(json.dumps(value), 40)} (allowed: {_ALLOWED[wanted]})")
        if number and not 0 <= value <= _MOST_TOKENS:
            raise UsageError(f"{where}: {name} is {value} (allowed: 0 to {_MOST_TOKENS:,})")
    if missing := [name for name, one in kinds.items() if one is str and name != "status" and name not in found]:
        raise UsageError(f"{where} lacks {', '.join(missing)}")
    return dict(found)


_ALLOWED: dict[Any, str] = {str: "a text", int: "a whole number", int | float: "a number"}


def observed_lines(groups: Sequence[ObservedGroup], days: float, *, on: bool = False) -> Iterator[str]:
    """Yield what was observed in *days*: a line for each profile, and the sum. 60 columns are enough.

    *on*: the policy observes, so where nothing was seen, nothing was delegated.
    """
    span = "1 day" if days == 1 else f"{days:g} days"
    if not groups:
        yield _NOTHING_YET.format(span=span) if on else _NOTHING
        return
    children, ended = sum(one.children for one in groups), sum(one.ended for one in groups)
    running = f", {children - ended:,} with no end" if ended < children else ""
    yield f"{counted(children, 'subagent')} of Hermes' own in {span}{running}"
    yield f"  {'would go to':<24}{'children':>9}{'expected':>11}{'did cost':>11}"
    for one in groups:
        yield _line(one.profile or "refused", one.children, one.expected_usd, one.paid_usd)
    yield _line("in all", children, sum(one.expected_usd for one in groups), sum(one.paid_usd for one in groups))
    yield "expected: our estimate of the run; did cost: its tokens at the policy's prices"
    yield "`profile-router install --no-observe`: from now on tasks go there"


def _line(name: str, children: int, expected: float, paid: float) -> str:
    return f"  {name[:23]:<24}{children:>9,}{price(expected):>11}{price(paid):>11}"
