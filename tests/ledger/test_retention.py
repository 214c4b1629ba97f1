"""What is taken out of the ledger leaves no byte; today's spending stays, unless somebody asks for a new beginning."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from tests.fakes import a_receipt, a_task
from tests.ledger.a_ledger import NOON, Clock, a_decision, a_ledger, begin
from tests.ledger.test_purse import a_purse, held, take

from profile_router.core.ladder.cost_range import exact_cost
from profile_router.core.ladder.failure import Failure
from profile_router.ledger.history import SqliteHistory
from profile_router.ledger.retention import Chosen, begin_day_anew, purge
from profile_router.ledger.spending import Ledger

DAY_S = 86_400.0


def run(state: Path, name: str, *, days_ago: float = 0.0, thread: str = "t", ended: bool = True) -> None:
    ledger = a_ledger(state, run=name, thread=thread, clock=Clock(NOON - days_ago * DAY_S))
    begin(ledger)
    ledger.routed(a_decision())
    ledger.answered((a_receipt(),))
    if ended:
        ledger.ended("unverified")


def left(state: Path) -> list[str]:
    return sorted(one.id for one in SqliteHistory(state=state).runs(99))


def spent_on(state: Path, days_ago: float, usd: float) -> None:
    ledger = Ledger(state=state, clock=lambda: NOON - days_ago * DAY_S)
    number, _ = ledger.reserve(usd, least=usd, limit=99.0, profile="p", step="s", name=f"r{days_ago}/attempt 0")
    assert number is not None
    ledger.settle(number, usd)


def test_what_is_older_than_the_policy_keeps_goes_when_the_next_run_begins(tmp_path: Path) -> None:
    run(tmp_path, "aa", days_ago=366)
    run(tmp_path, "bb", days_ago=364)
    spent_on(tmp_path, 366, 1.0)
    begin(a_ledger(tmp_path, run="cc"))
    assert left(tmp_path) == ["bb", "cc"]
    assert Ledger(state=tmp_path, clock=lambda: NOON - 366 * DAY_S).today() == 0.0


def test_a_policy_that_keeps_nothing_keeps_todays_spending_all_the_same(tmp_path: Path) -> None:
    spent_on(tmp_path, 0, 1.0)
    run(tmp_path, "aa")
    ledger = a_ledger(tmp_path, run="bb", clock=Clock(NOON + 100))
    ledger.begun(a_task(), "/w", policy="p", keep_days=0)
    ledger.close()
    assert left(tmp_path) == ["bb"]
    assert Ledger(state=tmp_path, clock=lambda: NOON).today() == 1.0


@pytest.mark.parametrize(
    ("chosen", "stay"),
    [
        (Chosen(thread="acme"), ["bb", "cc"]),
        (Chosen(before=NOON - 5 * DAY_S), ["aa", "cc"]),
        (Chosen(), ["cc"]),
        (Chosen(thread="nobody"), ["aa", "bb", "cc"]),
    ],
    ids=["a thread", "older", "all", "an unknown thread"],
)
def test_purge_takes_out_what_is_chosen_but_for_what_is_at_work(
    tmp_path: Path, chosen: Chosen, stay: list[str]
) -> None:
    run(tmp_path, "aa", thread="acme")
    run(tmp_path, "bb", days_ago=9)
    run(tmp_path, "cc", days_ago=9, thread="busy", ended=False)
    spent_on(tmp_path, 0, 1.5)
    assert purge(tmp_path, chosen, now=NOON, at_work=["busy"]) == 3 - len(stay)
    assert left(tmp_path) == stay
    assert Ledger(state=tmp_path, clock=lambda: NOON).today() == 1.5


def test_no_byte_tells_of_what_was_purged(tmp_path: Path) -> None:
    run(tmp_path, "aa", thread="acme-merger")
    purge(tmp_path, Chosen(thread="acme-merger"), now=NOON)
    assert b"acme" not in b"".join(path.read_bytes() for path in tmp_path.iterdir())


def test_purge_makes_no_ledger(tmp_path: Path) -> None:
    assert purge(tmp_path, Chosen(), now=NOON) == 0
    begin_day_anew(tmp_path, now=NOON)
    assert list(tmp_path.iterdir()) == []


def test_a_day_that_is_begun_anew_is_whole_and_runs_at_work_go_on_with_what_they_hold(tmp_path: Path) -> None:
    purse = a_purse(tmp_path, cap=5.0)
    first = held(purse, 1.0)
    held(a_purse(tmp_path, cap=5.0), 0.9).settle(0.9)
    begin_day_anew(tmp_path, now=NOON)
    ledger = Ledger(state=tmp_path, clock=lambda: NOON)
    assert ledger.today() == 0.0
    first.settle(1.8)
    assert (ledger.today(), purse.spent, ledger.spent_by(purse.run)) == (0.0, 1.8, 1.8)
    assert not isinstance(take(a_purse(tmp_path, cap=5.0), 1.0), Failure)
    assert asyncio.run(purse.take("x", exact_cost(0.1, "policy"), profile="p", step="s")) is not None
