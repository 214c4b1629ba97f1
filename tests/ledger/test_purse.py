"""Money: a task never spends more than it may, a day never more than all may together."""

from __future__ import annotations

import asyncio
import multiprocessing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.examples import examples
from tests.fakes import a_task

from profile_router.core.ladder.failure import Failure
from profile_router.core.ladder.spending import cap_of, dollars
from profile_router.core.policy import Budget
from profile_router.errors import AttemptError
from profile_router.ledger.purse import LedgerHold, LedgerPurse, Nobody
from profile_router.ledger.spending import Ledger

NOON = 1_790_000_000.0
RULES = Budget(task_usd=2.0, day_usd=5.0, ask_above_usd=1.0)


@dataclass(slots=True)
class Somebody:
    """Answers with what is scripted; `asked` are the questions."""

    says: bool | None = True
    asked: list[str] = field(default_factory=list)

    async def agrees(self, question: str) -> bool | None:
        self.asked.append(question)
        return self.says


def a_purse(
    state: Path, *, cap: float = 2.0, rules: Budget = RULES, approver: Any = None, at: float = NOON
) -> LedgerPurse:
    ledger = Ledger(state=state, clock=lambda: at)
    return LedgerPurse(cap=cap, rules=rules, ledger=ledger, approver=approver or Somebody())


def take(purse: LedgerPurse, usd: float) -> LedgerHold | Failure:
    return asyncio.run(purse.take("coding-burst", usd, profile="coding-burst", step="route"))


def held(purse: LedgerPurse, usd: float) -> LedgerHold:
    found = take(purse, usd)
    assert isinstance(found, LedgerHold), found
    return found


def refused(purse: LedgerPurse, usd: float) -> Failure:
    found = take(purse, usd)
    assert isinstance(found, Failure), found
    return found


@pytest.mark.parametrize(("given_usd", "cap"), [(None, 2.0), (0.0, 0.0), (0.5, 0.5), (9.0, 2.0)])
def test_a_task_may_lower_its_cap_but_not_raise_it(given_usd: float | None, cap: float) -> None:
    assert cap_of(a_task(max_cost_usd=given_usd), RULES) == cap


def test_a_task_that_allows_nothing_pays_nothing(tmp_path: Path) -> None:
    purse = a_purse(tmp_path, cap=0.0)
    assert purse.may_pay is False
    failure = refused(purse, 0.0)
    assert (failure.cause, "`--max-cost USD`" in failure.message) == ("over-budget", True)


def test_hops_of_one_task_share_its_cap(tmp_path: Path) -> None:
    purse = a_purse(tmp_path)
    held(purse, 0.9).settle(1.5)
    failure = refused(purse, 0.6)
    assert (failure.cause, "over the task's $2.00, $1.50 of it spent;" in failure.message) == ("over-budget", True)
    held(purse, 0.5).settle(0.5)
    assert purse.may_pay is False


def test_an_attempt_that_grows_dear_ends_at_the_cap(tmp_path: Path) -> None:
    hold = held(a_purse(tmp_path), 0.5)
    hold.grow(1.9)
    with pytest.raises(AttemptError, match=r"over the task's \$2\.00"):
        hold.grow(2.1)


def test_the_day_is_shared_by_all_tasks(tmp_path: Path) -> None:
    for _ in range(2):
        held(a_purse(tmp_path), 1.0).settle(2.0)
    failure = refused(a_purse(tmp_path), 1.0 + 0.001)
    assert (failure.cause, "$4.00 of today's $5.00" in failure.message) == ("over-budget", True)
    held(a_purse(tmp_path), 1.0)
    with pytest.raises(AttemptError, match="today's"):
        held(a_purse(tmp_path, at=NOON), 0.0).grow(0.5)


def test_what_an_attempt_grows_to_is_held_against_the_day_instead_of_what_it_held(tmp_path: Path) -> None:
    generous = Budget(task_usd=5.0, day_usd=5.0, ask_above_usd=9.0)
    hold = held(a_purse(tmp_path, cap=5.0, rules=generous), 3.0)
    hold.grow(4.5)
    hold.grow(4.0)  # less than is held changes nothing
    assert hold.purse.ledger.today() == hold.reserved == 4.5
    assert hold.purse.ledger.grow(hold.number, 4.0, limit=0.0) is True
    assert refused(a_purse(tmp_path, cap=5.0, rules=generous), 0.6).cause == "over-budget"


def test_cents_that_add_up_to_the_day_go_into_it(tmp_path: Path) -> None:
    dime = Budget(task_usd=0.3, day_usd=0.3, ask_above_usd=1.0)
    for _ in range(3):  # the sum is 0.30000000000000004
        held(a_purse(tmp_path, cap=0.3, rules=dime), 0.1).settle(0.1)
    assert refused(a_purse(tmp_path, cap=0.3, rules=dime), 0.0001).cause == "over-budget"


def test_what_costs_less_than_a_cent_is_told_to_the_digit_that_counts(tmp_path: Path) -> None:
    said = refused(a_purse(tmp_path, cap=0.0012), 0.0043).message
    assert "is expected to cost $0.0043, over the task's $0.0012; " in said  # nothing of it is spent


@pytest.mark.parametrize(
    ("usd", "told"),
    [(0.0, "$0.00"), (0.00001, "$0.0001"), (0.0991, "$0.0991"), (0.1, "$0.10"), (0.3, "$0.30"), (1.001, "$1.01")],
)
def test_a_sum_is_told_rounded_up_and_never_as_nothing_where_it_is_something(usd: float, told: str) -> None:
    assert dollars(usd) == told


def test_tomorrow_the_day_is_whole_again(tmp_path: Path) -> None:
    generous = Budget(task_usd=5.0, day_usd=5.0, ask_above_usd=9.0)
    held(a_purse(tmp_path, cap=5.0, rules=generous), 5.0)
    assert refused(a_purse(tmp_path, cap=5.0, rules=generous), 5.0).cause == "over-budget"
    held(a_purse(tmp_path, cap=5.0, rules=generous, at=NOON + 86_400), 5.0)


def test_what_a_crash_left_reserved_stays_spent(tmp_path: Path) -> None:
    held(a_purse(tmp_path), 1.0)
    assert Ledger(state=tmp_path, clock=lambda: NOON).today() == 1.0


def test_settling_gives_back_what_was_not_needed(tmp_path: Path) -> None:
    held(a_purse(tmp_path), 1.0).settle(0.25)
    assert Ledger(state=tmp_path, clock=lambda: NOON).today() == 0.25


def test_above_the_figure_somebody_is_asked_once(tmp_path: Path) -> None:
    somebody = Somebody()
    purse = a_purse(tmp_path, approver=somebody)
    held(purse, 1.0).settle(0.1)
    assert somebody.asked == []
    held(purse, 1.5).settle(0.1)
    for usd in (1.5, 1.2):
        held(purse, usd).settle(0.1)
    assert somebody.asked == ["coding-burst is expected to cost $1.50: go on?"]


def test_who_declines_is_not_overruled(tmp_path: Path) -> None:
    failure = refused(a_purse(tmp_path, approver=Somebody(says=False)), 1.5)
    assert (failure.cause, "declined" in failure.message) == ("over-budget", True)


def test_where_nobody_can_answer_nothing_is_paid(tmp_path: Path) -> None:
    failure = refused(a_purse(tmp_path, approver=Nobody()), 1.5)
    assert (failure.cause, "`--yes`" in failure.message) == ("not-approved", True)
    assert Ledger(state=tmp_path, clock=lambda: NOON).today() == 0.0


@pytest.mark.parametrize("settled", [None, 1.5])
def test_a_process_that_takes_a_run_up_asks_and_reserves_and_counts_nothing_twice(
    tmp_path: Path, settled: float | None
) -> None:
    before, somebody = a_purse(tmp_path), Somebody()
    first = asyncio.run(before.take("coding-burst", 1.5, profile="coding-burst", step="route", name="dispatch-1"))
    assert isinstance(first, LedgerHold)
    if settled is not None:
        first.settle(settled)
    after = a_purse(tmp_path, approver=somebody)
    after.run = before.run
    after.recall()
    assert after.spent == (settled or 0.0)
    again = asyncio.run(after.take("coding-burst", 1.5, profile="coding-burst", step="route", name="dispatch-1"))
    assert isinstance(again, LedgerHold)
    assert (somebody.asked, after.spent, again.reserved, after.ledger.today()) == ([], 0.0, 1.5, 1.5)
    again.settle(1.75)
    assert (after.spent, after.ledger.today(), after.ledger.spent_by(after.run)) == (1.75, 1.75, 1.75)


def _spend(state: Path, answers: Any) -> None:
    purse = a_purse(state, cap=2.0)
    answers.put(isinstance(take(purse, 1.0), LedgerHold))


def test_of_many_processes_only_as_many_pay_as_the_day_allows(tmp_path: Path) -> None:
    fork = multiprocessing.get_context("fork")
    answers = fork.Queue()
    spending = [fork.Process(target=_spend, args=(tmp_path, answers)) for _ in range(8)]
    for process in spending:
        process.start()
    found = [answers.get(timeout=30) for _ in spending]
    for process in spending:
        process.join(30)
    assert sorted(found) == [False] * 3 + [True] * 5
    assert Ledger(state=tmp_path, clock=lambda: NOON).today() == 5.0


AMOUNTS = st.floats(0, 3, allow_nan=False)


@examples(40)
@given(acts=st.lists(st.tuples(AMOUNTS, AMOUNTS), max_size=8), cap=AMOUNTS)
def test_whatever_is_held_grown_and_settled_no_cap_is_passed(
    tmp_path_factory: pytest.TempPathFactory, acts: list[tuple[float, float]], cap: float
) -> None:
    state = tmp_path_factory.mktemp("state")
    purse = a_purse(state, cap=cap)
    for usd, more in acts:
        hold = take(purse, usd)
        if isinstance(hold, Failure):
            continue
        try:
            hold.grow(more)
        except AttemptError:
            more = 0.0
        hold.settle(max(usd, more))
    assert purse.spent <= cap + 1e-6
    assert Ledger(state=state, clock=lambda: NOON).today() <= RULES.day_usd + 1e-6
