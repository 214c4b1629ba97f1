"""Many processes write at once: no row is lost, none is there twice, and no budget is broken."""

from __future__ import annotations

import asyncio
import multiprocessing
import secrets
from pathlib import Path
from typing import Any

import pytest
from tests.examples import by_night
from tests.fakes import a_receipt, a_task
from tests.ledger.a_ledger import FIRST, FOUND, NOON, SEAL, STEP, a_decision

from profile_router.core.ladder.cost_range import exact_cost
from profile_router.core.ladder.failure import Failure
from profile_router.core.policy import Budget
from profile_router.ledger.history import SqliteHistory
from profile_router.ledger.purse import LedgerPurse, Nobody
from profile_router.ledger.spending import Ledger
from profile_router.ledger.writing import SqliteRunLedger

RULES = Budget(task_usd=1.0, day_usd=5.0, ask_above_usd=9.0)
PRICE = 0.25
COST = exact_cost(PRICE, "policy")


def a_whole_run(state: Path, gate: Any, runs: int) -> None:
    """Write *runs* runs, each as its own process would: an attempt that fails its check, then a paid one."""
    gate.wait()
    for _ in range(runs):
        name = secrets.token_hex(8)
        rows = SqliteRunLedger(state=state, run=name, thread=f"t-{name}", clock=lambda: NOON, seal=SEAL)
        rows.begun(a_task(), "/w", policy="p", keep_days=365)
        rows.routed(a_decision())
        rows.asks(profile="coding-local", model="m", provider="custom", step="route")
        rows.answered((FIRST,))
        rows.verified(FOUND, after=1)
        rows.stepped((STEP,), after=1)
        purse = LedgerPurse(
            cap=1.0, rules=RULES, ledger=Ledger(state=state, clock=lambda: NOON), approver=Nobody(), run=name
        )
        hold = asyncio.run(purse.take("coding-burst", COST, profile="coding-burst", step="promote", name="attempt 1"))
        if isinstance(hold, Failure):
            rows.ended("failed")
            rows.close()
            continue
        rows.asks(profile="coding-burst", model="m", provider="openrouter", step="promote")
        rows.answered((FIRST, a_receipt("coding-burst", step="promote", cost_usd=PRICE)))
        hold.settle(PRICE)
        rows.ended("unverified")
        rows.close()


@pytest.mark.parametrize(
    ("writers", "runs"), [(8, 3), by_night(50, 2), by_night(200, 1)], ids=["8 × 3", "50 × 2", "200 × 1"]
)
def test_no_row_is_lost_and_no_budget_is_broken(tmp_path: Path, writers: int, runs: int) -> None:
    fork = multiprocessing.get_context("fork")
    gate = fork.Barrier(writers)
    working = [fork.Process(target=a_whole_run, args=(tmp_path, gate, runs)) for _ in range(writers)]
    for process in working:
        process.start()
    for process in working:
        process.join(300)
    assert [process.exitcode for process in working] == [0] * writers
    history, made = SqliteHistory(state=tmp_path, seal=SEAL), writers * runs
    found = history.runs(10_000)
    paid = min(made, int(RULES.day_usd / PRICE))
    assert (len(found), sum(one.verdict == "unverified" for one in found)) == (made, paid)
    assert round(sum(one.cost_usd for one in found), 6) == paid * PRICE
    assert Ledger(state=tmp_path, clock=lambda: NOON).today() == paid * PRICE <= RULES.day_usd
    for one in found:
        story = history.story(one.id)
        assert [row.number for row in story.attempts] == list(range(2 if one.verdict == "unverified" else 1))
        assert (len(story.steps), len(story.checks)) == (1, 1)
        assert all(row.ended is not None for row in story.attempts)
