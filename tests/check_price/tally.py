"""How often a check errs: counts, with Wilson's intervals. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from tests.check_price.bugs import Kind
from tests.check_price.judging import Check, Saying


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What one check said: of wrong work `accepted` of `wrong`, of right work `rejected` of `right`. `silent` of `all`
    got no verdict, and count to neither."""

    accepted: int
    wrong: int
    rejected: int
    right: int
    silent: int
    all: int

    @property
    def accepts(self) -> float | None:
        """Return the share of wrong work that it accepts; None where it judged none."""
        return self.accepted / self.wrong if self.wrong else None

    @property
    def rejects(self) -> float | None:
        """Return the share of right work that it rejects; None where it judged none."""
        return self.rejected / self.right if self.right else None


def tally(
    said: Iterable[Saying], check: Check, *, covered: bool | None = None, kinds: Collection[Kind] | None = None
) -> Tally:
    """Return what *check* said of these *kinds* of wrong work, with or without a test for the bug; None: all, both."""
    of_it = [
        one
        for one in said
        if one.check == check
        and (covered is None or one.covered == covered)
        and (kinds is None or one.right or one.answer in kinds)
    ]
    told = [one for one in of_it if one.verdict != "silent"]
    return Tally(
        accepted=sum(not one.right and one.verdict == "accepted" for one in told),
        wrong=sum(not one.right for one in told),
        rejected=sum(one.right and one.verdict == "rejected" for one in told),
        right=sum(one.right for one in told),
        silent=len(of_it) - len(told),
        all=len(of_it),
    )
