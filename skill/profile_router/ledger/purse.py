"""One run's purse: each paid call is reserved before it is made, and settled with what it really cost."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from profile_router.core.ladder.causes import TABLE
from profile_router.core.ladder.failure import Failure
from profile_router.core.ladder.spending import dollars, must_ask, over_cap, over_day, question
from profile_router.core.policy import Budget
from profile_router.errors import AttemptError
from profile_router.ledger.spending import Ledger
from profile_router.ports import Approver


@dataclass(slots=True, kw_only=True)
class LedgerHold:
    """The money held for one call or attempt that costs. USD; `spent` is what it has cost so far."""

    where: str
    purse: LedgerPurse
    number: int
    reserved: float
    spent: float = 0.0

    def grow(self, usd: float) -> None:
        """See to it that *usd* in all are held. Raises AttemptError where the task or the day has no room for that."""
        if usd <= self.reserved:
            return
        self.purse.grow(self, usd)

    def settle(self, usd: float) -> None:
        """Note that it cost *usd* in all and is over."""
        self.purse.settle(self, usd)


@dataclass(slots=True, kw_only=True)
class LedgerPurse:
    """What one run may spend: `cap` for the task, the `rules` for the day. `approver` is asked above a figure."""

    cap: float
    rules: Budget
    ledger: Ledger
    approver: Approver
    run: str = field(default_factory=lambda: secrets.token_hex(8))
    spent: float = field(default=0.0, init=False)
    _agreed: float = field(default=0.0, init=False)

    @property
    def may_pay(self) -> bool:
        """Tell whether anything may be spent at all."""
        return self.cap > self.spent

    def recall(self) -> None:
        """Take over what the run had spent in a process before this one."""
        self.spent = self.ledger.spent_by(self.run)

    async def take(self, where: str, usd: float, *, profile: str, step: str, name: str = "") -> LedgerHold | Failure:
        """Return *usd* held for a call to *where*, or why it may not be made. Asks where the policy says so.

        Who agreed to a figure once in this run is not asked again for less. What a process before this one held for
        the call *name* of the run is held on: nobody is asked, and nothing reserved, twice.
        """
        name = f"{self.run}/{name or secrets.token_hex(8)}"
        if (held := self.ledger.held(name)) is not None:
            self.spent -= held.spent
            return LedgerHold(where=where, purse=self, number=held.number, reserved=held.reserved)
        failure = over_cap(where, usd, spent=self.spent, cap=self.cap)
        if failure is not None:
            return failure
        if must_ask(usd, self.rules) and usd > self._agreed:
            said = await self.approver.agrees(question(where, usd))
            if not said:
                return _not_agreed(where, usd, asked=said is not None)
            self._agreed = usd
        row, before = self.ledger.reserve(usd, limit=self.rules.day_usd, profile=profile, step=step, name=name)
        if row is None:
            return over_day(where, usd, spent=before, rules=self.rules)
        return LedgerHold(where=where, purse=self, number=row, reserved=usd)

    def grow(self, hold: LedgerHold, usd: float) -> None:
        """Hold *usd* for *hold*. Raises AttemptError."""
        failure = over_cap(hold.where, usd, spent=self.spent, cap=self.cap)
        if failure is None and not self.ledger.grow(hold.number, usd, limit=self.rules.day_usd):
            failure = over_day(hold.where, usd, spent=self.ledger.today(), rules=self.rules)
        if failure is not None:
            raise AttemptError(failure.cause, failure.message)
        hold.reserved = usd

    def settle(self, hold: LedgerHold, usd: float) -> None:
        """Put down what *hold* cost in the end."""
        self.spent += usd
        hold.spent = usd
        self.ledger.settle(hold.number, usd)


class Nobody:
    """Nobody is there to answer."""

    async def agrees(self, question: str) -> bool | None:
        """Return None."""
        return None


def _not_agreed(where: str, usd: float, *, asked: bool) -> Failure:
    if asked:
        return Failure(cause="over-budget", message=f"{where} is expected to cost {dollars(usd)}, which was declined")
    row = TABLE["not-approved"]
    return Failure(
        cause="not-approved",
        message=f"{where} is expected to cost {dollars(usd)}: {row.sentence}; {row.unblock}",
    )
