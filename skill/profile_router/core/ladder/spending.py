"""What a task may spend: its own cap, the day's, and above which figure approval is needed. Pure."""

from __future__ import annotations

import math
from typing import Literal

from profile_router.core.ladder.causes import TABLE
from profile_router.core.ladder.cost_range import CostRange
from profile_router.core.ladder.failure import Failure
from profile_router.core.policy import Budget
from profile_router.core.task import Task
from profile_router.core.text import digits_of, is_tiny, price

_NOTHING = 1e-9  # USD: what sums of such figures are off by, because they are not decimals
_A_DIME = 0.1
Bound = Literal["task", "day", "estimate"]  # what bounds the money that is held for an attempt


def cap_of(task: Task, rules: Budget) -> float:
    """Return what *task* may spend over all its steps, in USD: the policy's figure, or the task's if less."""
    return rules.task_usd if task.max_cost_usd is None else min(task.max_cost_usd, rules.task_usd)


def over(usd: float, limit: float) -> bool:
    """Tell whether *usd* is more than *limit*."""
    return usd > limit + _NOTHING


def dollars(usd: float) -> str:
    """Return *usd* as a message has it: in cents, rounded up. An amount below a dime has hundredths of a cent.

    A smaller one has as many digits as reach the first that counts. No limit is told as nothing.
    """
    if is_tiny(usd):
        return price(usd)
    digits = 2 if usd >= _A_DIME or usd <= 0 else max(4, digits_of(usd))
    return f"${math.ceil(usd * 10**digits - _NOTHING * 100) / 10**digits:.{digits}f}"


def over_cap(where: str, cost: CostRange, *, spent: float, cap: float) -> Failure | None:
    """Return why a step to *where* is too much after *spent*: its first request passes *cap*. Else None."""
    if cap <= 0:
        return _refused(f"{where} costs money, and the task allows none; {TABLE['over-budget'].unblock}")
    if not over(spent + cost.least, cap):
        return None
    return _refused(f"{where} {expected(cost)}, {_past_cap(spent, cap)}")


def over_day(where: str, cost: CostRange, *, spent: float, rules: Budget) -> Failure:
    """Return why a step to *where* costs more than the day has left. *spent* USD are gone or reserved."""
    return _refused(f"{where} {expected(cost)}, and {_past_day(spent, rules)}")


def over_held(
    where: str, usd: float, held: float, bound: Bound, *, spent: float, cap: float, today: float, rules: Budget
) -> Failure:
    """Return why the attempt at *where* ends before it costs *usd*: *held* USD are what *bound* left for it."""
    would = f"{where} would cost {dollars(usd)} with its next answer"
    if bound == "task":
        return _refused(f"{would}, {_past_cap(spent, cap)}")
    if bound == "day":
        return _refused(f"{would}, and {_past_day(today, rules)}")
    return _refused(
        f"{would}, more than the {dollars(held)} that were reserved: the upper end of what was expected; "
        "`prices.volume.turns_high` in the policy raises it"
    )


def _past_cap(spent: float, cap: float) -> str:
    so_far = f", {dollars(spent)} of it spent" if over(spent, 0.0) else ""
    return f"over the task's {dollars(cap)}{so_far}; {TABLE['over-budget'].unblock}"


def _past_day(spent: float, rules: Budget) -> str:
    return (
        f"{dollars(spent)} of today's {dollars(rules.day_usd)} are spent or reserved; `budget.day_usd` in the policy "
        "sets it, and it begins anew tomorrow (UTC)"
    )


def _refused(message: str) -> Failure:
    return Failure(cause="over-budget", message=message)


def must_ask(cost: CostRange, rules: Budget) -> bool:
    """Tell whether a step needs approval: it likely costs more than the policy's figure."""
    return cost.middle > rules.ask_above_usd


def expected(cost: CostRange) -> str:
    """Return what is said of a step that is expected to cost so much."""
    return f"is expected to cost {cost.said}"


def question_before_step(where: str, cost: CostRange) -> str:
    """Return what is asked before such a step, without its yes or no."""
    return f"{where} {expected(cost)}: go on?"
