"""What a task may spend: its own cap, the day's, and above which figure somebody has to agree first. Pure."""

from __future__ import annotations

import math

from profile_router.core.ladder.causes import TABLE
from profile_router.core.ladder.failure import Failure
from profile_router.core.policy import Budget
from profile_router.core.task import Task

_NOTHING = 1e-9  # USD: what sums of such figures are off by, because they are not decimals
_A_DIME = 0.1


def cap_of(task: Task, rules: Budget) -> float:
    """Return what *task* may spend over all its hops, in USD: the policy's figure, or less where the task says so."""
    return rules.task_usd if task.max_cost_usd is None else min(task.max_cost_usd, rules.task_usd)


def over(usd: float, limit: float) -> bool:
    """Tell whether *usd* is more than *limit*."""
    return usd > limit + _NOTHING


def dollars(usd: float) -> str:
    """Return *usd* as a message has it: in cents, rounded up, and what is next to nothing in hundredths of them."""
    digits = 2 if usd >= _A_DIME or usd <= _NOTHING else 4
    return f"${math.ceil(usd * 10**digits - _NOTHING * 100) / 10**digits:.{digits}f}"


def over_cap(where: str, usd: float, *, spent: float, cap: float) -> Failure | None:
    """Return why a hop to *where* that is expected to cost *usd* is too much after *spent*, None where it is not."""
    more = TABLE["over-budget"].unblock
    if cap <= 0:
        return Failure(
            cause="over-budget",
            message=f"{where} costs money, and the task allows none; {more}",
        )
    if not over(spent + usd, cap):
        return None
    so_far = f", {dollars(spent)} of it spent" if spent else ""
    return Failure(
        cause="over-budget",
        message=f"{where} is expected to cost {dollars(usd)}, over the task's {dollars(cap)}{so_far}; {more}",
    )


def over_day(where: str, usd: float, *, spent: float, rules: Budget) -> Failure:
    """Return why a hop to *where* does not go into what is left of the day, *spent* USD being gone or reserved."""
    return Failure(
        cause="over-budget",
        message=f"{where} is expected to cost {dollars(usd)}, and {dollars(spent)} of today's "
        f"{dollars(rules.day_usd)} are spent or reserved; `budget.day_usd` in the policy sets it, and tomorrow it is "
        "whole again (UTC)",
    )


def must_ask(usd: float, rules: Budget) -> bool:
    """Tell whether somebody has to agree to a hop that is expected to cost *usd*."""
    return usd > rules.ask_above_usd


def question(where: str, usd: float) -> str:
    """Return what is asked before such a hop, without its yes or no."""
    return f"{where} is expected to cost {dollars(usd)}: go on?"
