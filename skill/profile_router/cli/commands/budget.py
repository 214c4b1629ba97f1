"""`profile-router budget`: what may still be spent today, and what has been."""

from __future__ import annotations

import argparse
import os
import time
from typing import Any

from profile_router.cli.commands.history import print_told
from profile_router.cli.json_answer import print_json
from profile_router.cli.stories import told_lines
from profile_router.cli.usual_options import add_json, add_policy
from profile_router.core.days import DAY_S
from profile_router.core.operating.answers import BudgetLeft
from profile_router.core.policy import Budget
from profile_router.core.text import in_words, price
from profile_router.ledger.history import SqliteHistory
from profile_router.ledger.schema import day_of, moment
from profile_router.policies.file import found_policy
from profile_router.state.folder import state_dir

_WHOSE = " · by providers' own figures where they tell them, else by prices: `profile-router history` tells each"


def add(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    add_policy(parser, "read")
    add_json(parser)
    parser.epilog = "`budget` in the policy sets the limits; `profile-router purge --reset-budget` begins the day anew"


def run(arguments: argparse.Namespace) -> int:
    """Print what is left of today; return 0."""
    rules = found_policy(arguments.policy, os.environ).budget
    now = time.time()
    answer = _answer(rules, SqliteHistory(state=state_dir(os.environ)), now)
    print_told()
    if arguments.json:
        print_json(answer, at=now)
    else:
        print("\n".join(_lines(answer, DAY_S - now % DAY_S)))
    return 0


def _answer(rules: Budget, history: SqliteHistory, now: float) -> dict[str, Any]:
    spent = history.spent_on(day_of(now))
    return {
        "day": spent.day,
        "left_usd": _left(rules.day_usd, spent.spent_usd, spent.reserved_usd).left_usd,
        "day_usd": rules.day_usd,
        "spent_usd": spent.spent_usd,
        "reserved_usd": spent.reserved_usd,
        "profiles": dict(spent.profiles),
        "task_usd": rules.task_usd,
        "ask_above_usd": rules.ask_above_usd,
        "resets": moment(now - now % DAY_S + DAY_S),
    }


def _left(day_usd: float, spent_usd: float, reserved_usd: float) -> BudgetLeft:
    return BudgetLeft(day_usd=day_usd, spent_usd=spent_usd, reserved_usd=reserved_usd)


def _lines(answer: dict[str, Any], seconds: float) -> list[str]:
    by = ", ".join(f"{name} {price(usd)}" for name, usd in answer["profiles"].items() if usd)
    return told_lines(
        ("left", _left(answer["day_usd"], answer["spent_usd"], answer["reserved_usd"]).told),
        ("spent", price(answer["spent_usd"]) + (f" · {by}" if by else "") + _WHOSE * bool(answer["spent_usd"])),
        ("reserved", f"{price(answer['reserved_usd'])} for attempts that run now, or that a crash cut off"),
        ("a task", f"at most {price(answer['task_usd'])}; above {price(answer['ask_above_usd'])} you are asked"),
        ("begins anew", f"in {in_words(seconds)}, when {answer['day']} ends in UTC"),
    )
