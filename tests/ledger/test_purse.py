"""Money: a task never spends more than it may, a day never more than all may together."""

from __future__ import annotations

import asyncio
import multiprocessing
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.examples import examples
from tests.fakes import a_task

from profile_router.core.found_check import CheckQuestion
from profile_router.core.ladder.cost_range import CostRange, exact_cost
from profile_router.core.ladder.failure import Failure
from profile_router.core.ladder.spending import Bound, cap_of, dollars
from profile_router.core.policy import Budget
from profile_router.errors import AttemptError
from profile_router.ledger.purse import LedgerHold, LedgerPurse, Nobody
from profile_router.ledger.spending import Ledger

NOON = 1_790_000_000.0
RULES = Budget(task_usd=2.0, day_usd=5.0, ask_above_usd=1.0)
EXPENSIVE = exact_cost(1.5, "policy")


@dataclass(slots=True)
class Somebody:
    """Answers with what is scripted; `asked` are the questions."""

    says: bool | None = True
    asked: list[str] = field(default_factory=list)

    async def agrees(self, question: str) -> bool | None:
        self.asked.append(question)
        return self.says

    async def allows(self, question: CheckQuestion) -> bool | None:
        raise AssertionError(f"a price is not code: {question}")


def a_purse(
    state: Path, *, cap: float = 2.0, rules: Budget = RULES, approver: Any = None, at: float = NOON
) -> LedgerPurse:
    ledger = Ledger(state=state, clock=lambda: at)
    return LedgerPurse(cap=cap, rules=rules, ledger=ledger, approver=approver or Somebody())


def take(purse: LedgerPurse, cost: float | CostRange) -> LedgerHold | Failure:
    span = cost if isinstance(cost, CostRange) else exact_cost(cost, "policy")
    return asyncio.run(purse.take("coding-burst", span, profile="coding-burst", step="route"))


def held(purse: LedgerPurse, cost: float | CostRange) -> LedgerHold:
    found = take(purse, cost)
    assert isinstance(found, LedgerHold), found
    return found


def refused(purse: LedgerPurse, cost: float | CostRange) -> Failure:
    found = take(purse, cost)
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


def test_the_steps_of_one_task_share_its_cap(tmp_path: Path) -> None:
    purse = a_purse(tmp_path)
    held(purse, 0.9).settle(1.5)
    failure = refused(purse, 0.6)
    assert (failure.cause, "over the task's $2.00, $1.50 of it spent;" in failure.message) == ("over-budget", True)
    held(purse, 0.5).settle(0.5)
    assert purse.may_pay is False


def a_range(low: float, middle: float, high: float) -> CostRange:
    """Return what an attempt of a loop is expected to cost. Its first request is a fifth of its low end."""
    return CostRange(low=low, middle=middle, high=high, source="table, 2026-11", least=low / 5)


@pytest.mark.parametrize(
    ("cap", "spent", "today", "reserved", "bound"),
    [
        (2.0, 0.0, 0.0, 1.2, "estimate"),
        (0.7, 0.0, 0.0, 0.7, "task"),
        (2.0, 1.5, 0.0, 0.5, "task"),
        (2.0, 0.0, 4.4, 0.6, "day"),
        (0.3, 0.0, 4.5, 0.3, "task"),
    ],
)
def test_the_upper_end_is_reserved_or_what_is_left_whichever_is_less(
    tmp_path: Path, cap: float, spent: float, today: float, reserved: float, bound: Bound
) -> None:
    if today:
        held(a_purse(tmp_path, cap=5.0), today).settle(today)
    purse = a_purse(tmp_path, cap=cap)
    if spent:
        held(purse, spent).settle(spent)
    hold = held(purse, a_range(0.2, 0.5, 1.2))
    assert hold.reserved == pytest.approx(reserved)
    assert hold.bound == bound
    assert purse.ledger.today() == pytest.approx(today + spent + reserved)


@pytest.mark.parametrize(
    ("cap", "said"),
    [
        (9.0, r"more than the \$1\.20 that were reserved.*prices\.volume\.turns_high"),
        (0.7, r"over the task's \$0\.70"),
    ],
)
def test_an_attempt_ends_where_what_is_reserved_ends_and_the_rest_is_given_back(
    tmp_path: Path, cap: float, said: str
) -> None:
    hold = held(a_purse(tmp_path, cap=cap), a_range(0.2, 0.5, 1.2))
    hold.covers(hold.reserved, 0.0)
    with pytest.raises(AttemptError, match=said):
        hold.covers(hold.reserved + 0.01, 0.0)
    hold.settle(0.31)
    assert hold.purse.ledger.today() == hold.purse.spent == 0.31


def test_what_has_no_room_for_its_first_request_is_not_begun(tmp_path: Path) -> None:
    expensive = a_range(0.5, 1.0, 3.0)
    held(a_purse(tmp_path, cap=0.1), expensive).settle(0.1)
    assert "≈ $0.50–3.00, likely $1.00 (table, 2026-11)" in refused(a_purse(tmp_path, cap=0.09), expensive).message
    held(a_purse(tmp_path), 1.0).settle(4.85)
    assert "today's $5.00" in refused(a_purse(tmp_path), expensive).message


@pytest.mark.parametrize(("middle", "asked"), [(1.0, 0), (1.01, 1)])
def test_the_question_is_asked_by_what_is_likely_not_by_the_upper_end(
    tmp_path: Path, middle: float, asked: int
) -> None:
    somebody = Somebody()
    held(a_purse(tmp_path, approver=somebody), a_range(0.3, middle, 2.0))
    assert len(somebody.asked) == asked


def test_the_day_is_shared_by_all_tasks(tmp_path: Path) -> None:
    for _ in range(2):
        held(a_purse(tmp_path), 1.0).settle(2.0)
    failure = refused(a_purse(tmp_path), 1.0 + 0.001)
    assert (failure.cause, "$4.00 of today's $5.00" in failure.message) == ("over-budget", True)
    held(a_purse(tmp_path), 1.0)
    assert refused(a_purse(tmp_path), 0.5).cause == "over-budget"


def test_cents_that_add_up_to_the_day_go_into_it(tmp_path: Path) -> None:
    dime = Budget(task_usd=0.3, day_usd=0.3, ask_above_usd=1.0)
    for _ in range(3):  # the sum is 0.30000000000000004
        held(a_purse(tmp_path, cap=0.3, rules=dime), 0.1).settle(0.1)
    assert refused(a_purse(tmp_path, cap=0.3, rules=dime), 0.0001).cause == "over-budget"


def test_what_costs_less_than_a_cent_is_told_to_the_digit_that_counts(tmp_path: Path) -> None:
    said = refused(a_purse(tmp_path, cap=0.0012), 0.0043).message
    assert "is expected to cost ≈ $0.004 (policy), over the task's $0.0012; " in said  # nothing of it is spent


@pytest.mark.parametrize(
    ("usd", "told"),
    [
        (0.0, "$0.00"),
        (0.000_01, "$0.00001"),
        (0.000_000_123, "$0.0000002"),
        (1e-9, "$0.000000001"),
        (1e-300, "$1e-300"),
        (0.0991, "$0.0991"),
        (0.1, "$0.10"),
        (0.3, "$0.30"),
        (1.001, "$1.01"),
    ],
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
    assert somebody.asked == ["coding-burst is expected to cost ≈ $1.50 (policy): go on?"]


def test_who_declines_is_not_overruled(tmp_path: Path) -> None:
    failure = refused(a_purse(tmp_path, approver=Somebody(says=False)), 1.5)
    assert (failure.cause, "declined" in failure.message) == ("declined", True)


def test_where_nobody_can_answer_nothing_is_paid(tmp_path: Path) -> None:
    failure = refused(a_purse(tmp_path, approver=Nobody()), 1.5)
    assert (failure.cause, "`--yes`" in failure.message) == ("not-approved", True)
    assert Ledger(state=tmp_path, clock=lambda: NOON).today() == 0.0


@pytest.mark.parametrize("settled", [None, 1.5])
def test_a_process_that_takes_a_run_up_asks_and_reserves_and_counts_nothing_twice(
    tmp_path: Path, settled: float | None
) -> None:
    before, somebody = a_purse(tmp_path), Somebody()
    first = asyncio.run(before.take("coding-burst", EXPENSIVE, profile="coding-burst", step="route", name="dispatch-1"))
    assert isinstance(first, LedgerHold)
    if settled is not None:
        first.settle(settled)
    after = a_purse(tmp_path, approver=somebody)
    after.run = before.run
    after.recall()
    assert after.spent == (settled or 0.0)
    again = asyncio.run(after.take("coding-burst", EXPENSIVE, profile="coding-burst", step="route", name="dispatch-1"))
    assert isinstance(again, LedgerHold)
    assert (somebody.asked, after.spent, again.reserved, after.ledger.today()) == ([], 0.0, 1.5, 1.5)
    again.settle(1.75)
    assert (after.spent, after.ledger.today(), after.ledger.spent_by(after.run)) == (1.75, 1.75, 1.75)


@pytest.mark.parametrize(
    ("others", "reserved", "bound"), [(0.0, 1.5, "estimate"), (4.0, 1.0, "day"), (4.8, 0.2, "day")]
)
def test_what_is_taken_up_holds_its_reserve_again_or_what_others_left_of_the_day(
    tmp_path: Path, others: float, reserved: float, bound: Bound
) -> None:
    before = a_purse(tmp_path)
    first = asyncio.run(before.take("coding-burst", EXPENSIVE, profile="coding-burst", step="route", name="dispatch-1"))
    assert isinstance(first, LedgerHold)
    first.settle(0.2)
    held(a_purse(tmp_path, cap=9.0), others)
    after = a_purse(tmp_path)
    after.run = before.run
    after.recall()
    again = asyncio.run(after.take("coding-burst", EXPENSIVE, profile="coding-burst", step="route", name="dispatch-1"))
    assert isinstance(again, LedgerHold)
    assert again.reserved == pytest.approx(reserved)
    assert again.bound == bound
    assert after.ledger.today() == pytest.approx(others + reserved)
    assert isinstance(take(a_purse(tmp_path, cap=9.0), 5.0 - others - reserved + 0.01), Failure)


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


@pytest.mark.parametrize(("cap", "day", "covered"), [(9.0, 25.0, True), (1.25, 25.0, False), (9.0, 1.25, False)])
def test_the_answer_under_way_may_pass_the_upper_end_but_no_budget(
    tmp_path: Path, cap: float, day: float, covered: bool
) -> None:
    purse = a_purse(tmp_path, cap=cap, rules=replace(RULES, day_usd=day))
    hold = held(purse, a_range(0.2, 0.5, 1.2))
    with nullcontext() if covered else pytest.raises(AttemptError, match=r"would cost \$1\.30"):
        hold.covers(0.1, 1.2)
    assert hold.reserved == (1.3 if covered else 1.2)
    assert purse.ledger.today() == hold.reserved
    with pytest.raises(AttemptError):
        hold.covers(1.21, 0.05)  # what was spent is past the upper end: it stops


@examples(40)
@given(acts=st.lists(st.tuples(AMOUNTS, AMOUNTS, AMOUNTS), max_size=8), cap=AMOUNTS)
def test_whatever_is_held_covered_and_settled_no_cap_is_passed(
    tmp_path_factory: pytest.TempPathFactory, acts: list[tuple[float, float, float]], cap: float
) -> None:
    state = tmp_path_factory.mktemp("state")
    purse = a_purse(state, cap=cap)
    for least, high, usd in acts:
        hold = take(purse, CostRange(low=least, middle=least, high=max(least, high), source="policy", least=least))
        if isinstance(hold, Failure):
            continue
        try:
            hold.covers(usd / 2, usd / 2)
        except AttemptError:
            usd = hold.reserved
        hold.settle(usd)
    assert purse.spent <= cap + 1e-6
    assert Ledger(state=state, clock=lambda: NOON).today() <= RULES.day_usd + 1e-6


def claims(purse: LedgerPurse, usd: float, name: str = "attempt 2") -> bool:
    return purse.claims(exact_cost(usd, "policy"), profile="coding-burst", step="early", name=name)


def test_of_two_that_claim_the_last_money_one_gets_it_and_holds_it_for_its_call(tmp_path: Path) -> None:
    rules = replace(RULES, day_usd=1.2)
    one, other = a_purse(tmp_path, rules=rules), a_purse(tmp_path, rules=rules)
    assert (claims(one, 0.9), claims(other, 0.9)) == (True, False)
    assert not other.affords(exact_cost(0.9, "policy"))
    hold = asyncio.run(
        one.take("coding-burst", exact_cost(0.9, "policy"), profile="coding-burst", step="early", name="attempt 2")
    )
    assert isinstance(hold, LedgerHold)
    assert (hold.reserved, one.ledger.today()) == (0.9, 0.9)
    one.let_go()  # it was taken: nothing to give back
    assert one.ledger.today() == 0.9


def test_what_was_claimed_for_a_call_that_is_not_made_is_given_back(tmp_path: Path) -> None:
    purse = a_purse(tmp_path)
    assert claims(purse, 0.9)
    purse.let_go()
    assert (purse.ledger.today(), claims(purse, 0.9, "attempt 3")) == (0.0, True)


def test_a_claim_agrees_to_no_price_that_needs_a_yes(tmp_path: Path) -> None:
    purse = a_purse(tmp_path, approver=Somebody(says=False))
    assert not claims(purse, 1.5)
    assert claims(purse, 0.9)
    refused = asyncio.run(purse.take("coding-burst", EXPENSIVE, profile="coding-burst", step="early", name="attempt 2"))
    assert isinstance(refused, Failure)
    assert purse.ledger.today() == 0.0
