"""What a run saved against always asking the burst tier: the tokens of its work, at that tier's price. Pure.

Only the tokens of the last attempt are counted, as it did the work. Whoever always asks burst makes no attempt in vain
before it, and no probe. So work that was promoted in the end saved nothing, and cost what was tried first.
"""

from __future__ import annotations

from collections.abc import Sequence

from profile_router.core.attempt.outcome import BESIDE
from profile_router.core.ladder.receipt import Receipt
from profile_router.core.policy import Policy
from profile_router.core.routing.candidate import Candidates
from profile_router.core.routing.rate import rate_at
from profile_router.core.text import USD_DIGITS
from profile_router.values import frozen

OLDER_VERSION = "an older version ran it"  # why a figure is not known


@frozen
class Saving:
    """What a run saved, and what the burst tier would have cost for it, in USD. `usd` is below 0 where it cost more.

    None: it is unknown, and `why` says so. `source` says whose price that of the burst tier is, as receipts name it.
    """

    usd: float | None = None
    if_burst_usd: float | None = None
    source: str = ""
    why: str = ""


NOT_WELL = Saving(why="it did not end well")


def saving(
    receipts: Sequence[Receipt],
    cost_usd: float,
    policy: Policy,
    candidates: Candidates,
    *,
    well: bool,
    private: bool = False,
) -> Saving:
    """Return what the run of *receipts*, which cost *cost_usd*, saved; *well*: it ended well.

    What is *private* saved nothing that can be told: the burst tier may not be asked for it.
    """
    burst = policy.tiers.burst
    work = next((one for one in reversed(receipts) if one.step not in BESIDE and one.turns), None)
    if not well or work is None:
        return NOT_WELL if work is not None else Saving(why="no model was asked")
    if private:
        return Saving(why=f"what is private may not go to {burst}")
    if burst not in candidates or candidates[burst].problem:
        return Saving(why=f"there is no {burst} to compare with")
    if not work.tokens_in:
        return Saving(why="nobody counted its tokens")
    if work.profile == burst:
        usd, source = work.cost_usd, work.cost_source
    else:
        rate = rate_at(candidates[burst], 0, policy)
        usd, source = rate.cost_of_short(work.tokens_in, work.tokens_out, work.tokens_cached), rate.named
    return Saving(usd=round(usd - cost_usd, USD_DIGITS), if_burst_usd=round(usd, USD_DIGITS), source=source)
