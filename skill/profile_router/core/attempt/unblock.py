"""What would let a run go on that could not: one line for each place that could not be asked, by the cause."""

from __future__ import annotations

from collections.abc import Sequence

from profile_router.core.ladder.causes import TABLE, Cause
from profile_router.core.ladder.failure import Place
from profile_router.core.ladder.receipt import Receipt
from profile_router.core.ladder.steps import Hop
from profile_router.core.policy import Policy
from profile_router.core.privacy.taint import HOW_TO_ALLOW
from profile_router.core.profile import address
from profile_router.core.routing.candidate import Candidates, is_local


def unblock(places: Sequence[Place], hops: Sequence[Hop], policy: Policy, candidates: Candidates) -> tuple[str, ...]:
    """Return what would have helped at each of *places*, which failed for the causes of *hops*, each line once."""
    if any(hop.cause == "tainted" for hop in hops):
        return (HOW_TO_ALLOW,)
    lines = (_line(place, hop.cause, policy, candidates) for place, hop in zip(places, hops, strict=False))
    return tuple(dict.fromkeys(lines))


def unblock_words(receipts: Sequence[Receipt]) -> tuple[str, ...]:
    """Return how to let on what was kept back from models elsewhere, for a run with a tainted attempt."""
    return (HOW_TO_ALLOW,) if any(receipt.taints for receipt in receipts) else ()


def _line(place: Place, cause: Cause, policy: Policy, candidates: Candidates) -> str:
    candidate = candidates[place.profile].at(place.provider)
    row = TABLE[cause]
    text = (row.unblock_here if is_local(candidate, policy) else "") or row.unblock
    return text.format(profile=place.profile, address=address(candidate.base_url))
