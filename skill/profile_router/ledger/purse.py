"""One run's purse: each paid call is reserved before it is made, and settled with what it really cost."""

from __future__ import annotations

import secrets
from dataclasses import field

from profile_router.core.found_check import CheckQuestion
from profile_router.core.ladder.causes import TABLE
from profile_router.core.ladder.cost_range import CostRange
from profile_router.core.ladder.failure import Failure
from profile_router.core.ladder.spending import (
    Bound,
    expected,
    must_ask,
    over,
    over_cap,
    over_day,
    over_held,
    question_before_step,
)
from profile_router.core.policy import Budget
from profile_router.errors import AttemptError
from profile_router.ledger.spending import Ledger
from profile_router.ports import Approver
from profile_router.values import mutable


@mutable
class LedgerHold:
    """The money held for one call or attempt that costs. USD; `spent` is what it has cost so far.

    `bound` limits the hold: what is left of the task's money, of the day's, or the estimate's upper end.
    """

    where: str
    purse: LedgerPurse
    number: int
    reserved: float
    bound: Bound = "estimate"
    spent: float = 0.0
    upper: float = field(init=False)

    def __post_init__(self) -> None:
        """Remember what was reserved at first: the upper end of what is expected."""
        self.upper = self.reserved

    def covers(self, spent: float, more: float) -> None:
        """See to it that what was *spent* and *more* are held. Raises AttemptError where they are not: there it ends.

        While less was spent than the estimate's upper end, the longest answer may go past it within the budgets. Else a
        loop of few turns, whose answers are expected to be short, could not ask even once.
        """
        past = self.bound == "estimate" and over(spent, self.upper)
        if over(spent + more, self.reserved) and self.bound == "estimate" and not past:
            self.bound = self.purse.grow(self, spent + more)
        if past or over(spent + more, self.reserved):
            self.purse.ends(self, spent + more)

    def settle(self, usd: float) -> None:
        """Note that it cost *usd* in all and is over."""
        self.purse.settle(self, usd)


@mutable
class LedgerPurse:
    """What one run may spend: `cap` for the task, the `rules` for the day. `approver` is asked above a figure."""

    cap: float
    rules: Budget
    ledger: Ledger
    approver: Approver
    run: str = field(default_factory=lambda: secrets.token_hex(8))
    spent: float = field(default=0.0, init=False)
    _agreed: float = field(default=0.0, init=False)
    _claimed: dict[str, int] = field(default_factory=dict, init=False)

    @property
    def may_pay(self) -> bool:
        """Tell whether anything may be spent at all."""
        return self.cap > self.spent

    def affords(self, cost: CostRange) -> bool:
        """Tell whether a call of so much may be made as things are, without anybody being asked."""
        if must_ask(cost, self.rules) and cost.middle > self._agreed:
            return False
        room = self.rules.day_usd - self.ledger.today()
        return over_cap("", cost, spent=self.spent, cap=self.cap) is None and not over(cost.least, room)

    def claims(self, cost: CostRange, *, profile: str, step: str, name: str) -> bool:
        """Hold the money for the call *name* of the run that `take` makes next; tell whether there is enough of it.

        Without a claim, somebody else might take the money between the look at what is left and the call. So of two
        who look, one gets it.
        """
        if not self.affords(cost):
            return False
        most, limit, whole = min(cost.high, self.cap - self.spent), self.rules.day_usd, f"{self.run}/{name}"
        row, _ = self.ledger.reserve(most, least=cost.least, limit=limit, profile=profile, step=step, name=whole)
        if row is not None:
            self._claimed[whole] = row
        return row is not None

    def let_go(self) -> None:
        """Give back what was claimed for a call that was not made."""
        for number in self._claimed.values():
            self.ledger.settle(number, 0.0)
        self._claimed.clear()

    def recall(self) -> None:
        """Take over what the run had spent in a process before this one."""
        self.spent = self.ledger.spent_by(self.run)

    async def take(
        self, where: str, cost: CostRange, *, profile: str, step: str, name: str = ""
    ) -> LedgerHold | Failure:
        """Return money held for a call to *where*, or why it may not be made. Asks where the policy says so.

        The least is held: the upper end of *cost*, what is left of the task's money, or of the day's. Where that is
        less than the call's first request, no call is made.
        Who agreed to a figure once in this run is not asked again for less. An earlier process may have held money for
        the call *name* of the run. That hold goes on: nobody is asked twice, and nothing is reserved twice.
        """
        name = f"{self.run}/{name or secrets.token_hex(8)}"
        claimed = self._claimed.pop(name, None)
        if claimed is not None and (failure := await self._refused(where, cost)) is not None:
            self.ledger.settle(claimed, 0.0)
            return failure
        if (held := self.ledger.taken_up(name, limit=self.rules.day_usd)) is not None:
            self.spent -= held.spent
            bound: Bound = "day" if held.cut else "estimate"
            return LedgerHold(where=where, purse=self, number=held.number, reserved=held.reserved, bound=bound)
        if (failure := await self._refused(where, cost)) is not None:
            return failure
        most = min(cost.high, self.cap - self.spent)
        limit = self.rules.day_usd
        row, amount = self.ledger.reserve(most, least=cost.least, limit=limit, profile=profile, step=step, name=name)
        if row is None:
            return over_day(where, cost, spent=amount, rules=self.rules)
        bound = "day" if amount < most else "task" if most < cost.high else "estimate"
        return LedgerHold(where=where, purse=self, number=row, reserved=amount, bound=bound)

    async def _refused(self, where: str, cost: CostRange) -> Failure | None:
        """Return why no call of so much is made: the task's money is too little, or nobody agrees to it."""
        failure = over_cap(where, cost, spent=self.spent, cap=self.cap)
        if failure is not None or not must_ask(cost, self.rules) or cost.middle <= self._agreed:
            return failure
        said = await self.approver.agrees(question_before_step(where, cost))
        if not said:
            return _not_agreed(where, cost, asked=said is not None)
        self._agreed = cost.middle
        return None

    def grow(self, hold: LedgerHold, usd: float) -> Bound:
        """Let *hold* be *usd* where the budgets have room for that; return what bounds it."""
        if over(self.spent + usd, self.cap):
            return "task"
        if not self.ledger.grow(hold.number, usd, limit=self.rules.day_usd):
            return "day"
        hold.reserved = usd
        return "estimate"

    def ends(self, hold: LedgerHold, usd: float) -> None:
        """End the attempt of *hold*, which would cost *usd* and is held less. Raises AttemptError, always."""
        failure = over_held(
            hold.where,
            usd,
            hold.reserved,
            hold.bound,
            spent=self.spent,
            cap=self.cap,
            today=self.ledger.today(),
            rules=self.rules,
        )
        raise AttemptError(failure.cause, failure.message)

    def settle(self, hold: LedgerHold, usd: float) -> None:
        """Put down what *hold* cost in the end."""
        self.spent += usd
        hold.spent = usd
        self.ledger.settle(hold.number, usd)


class Nobody:
    """No one is there to answer."""

    async def agrees(self, question: str) -> bool | None:
        """Return None."""
        return None

    async def allows(self, question: CheckQuestion) -> bool | None:
        """Return None."""
        return None


def _not_agreed(where: str, cost: CostRange, *, asked: bool) -> Failure:
    if asked:
        return Failure(cause="declined", message=f"{where} {expected(cost)}, which was declined")
    row = TABLE["not-approved"]
    return Failure(
        cause="not-approved",
        message=f"{where} {expected(cost)}: {row.sentence}; {row.unblock}",
    )
