"""The ladder: after a failed attempt, one visible step or a stop. The steps are the policy's table; this walks it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field
from typing import Literal

from profile_router.core.ladder.causes import TABLE, Cause
from profile_router.core.ladder.failure import Failure, Place, not_for_private
from profile_router.core.policy import Policy, Step, Tier
from profile_router.values import frozen

Action = Literal["go", "wait", "repair", "condense", "stop"]
_STAYS = frozenset({"same", "repair", "condense"})  # what leads to a place that was tried
UPWARD: Mapping[Tier, Tier] = {"cheap": "local", "local": "burst"}


@frozen
class ProviderView:
    """What the ladder needs to know of a profile's provider: its name, whether it is local, whether it costs.

    `server` is its name, address and model: two providers of one server differ by their key alone.
    """

    label: str
    local: bool
    paid: bool
    server: str = ""


@frozen
class Terrain:
    """Where the ladder may lead: the providers of each profile in order, the windows in tokens, what is allowed.

    `private`: local places only. `may_pay`: a place that costs is allowed. `condensable`: condensing would help.
    `repairable`: a check said what is wrong, in words that the place that failed may be told.
    """

    policy: Policy
    views: Mapping[str, Sequence[ProviderView]]
    windows: Mapping[str, int] = field(default_factory=dict)
    private: bool = False
    may_pay: bool = True
    condensable: bool = False
    repairable: bool = False

    def view(self, place: Place) -> ProviderView | None:
        """Return the provider at *place* or None."""
        found = self.views.get(place.profile, ())
        return found[place.provider] if place.provider < len(found) else None


@frozen
class WaysOn:
    """What a next step may use: that condensing would help, that a check said what to repair, and money."""

    condensable: bool = False
    repairable: bool = False
    may_pay: bool = True


FREE_TO_PAY = WaysOn()


@frozen
class TakenStep:
    """A step of the ladder that was taken, or why none was: then `profile` is None and `action` stop."""

    step: str
    cause: Cause
    profile: str | None
    tier: Tier | None
    reason: str
    provider: int = 0
    action: Action = "go"
    wait_s: float = 0.0


Hop = TakenStep  # its name in threads of 0.1


@frozen
class _Walk:
    """A failure on its way through the rows."""

    failure: Failure
    at: Place
    tier: Tier
    terrain: Terrain


def step_for(
    failure: Failure, *, at: Place, tier: Tier, tried: Sequence[Place], taken: Sequence[str], terrain: Terrain
) -> TakenStep:
    """Return the one step that follows *failure* at the place *at* of *tier*, or a stop with its reason.

    *tried* are the places that had an attempt, *taken* the ids of the steps already gone. The rows that answer the
    cause are looked at in order; the first that may still be taken and leads somewhere counts. No step is taken more
    often than its `times`. Only a step to `same`, `repair` or `condense` tries a place twice. So a run has at most
    `most_steps` steps.
    """
    walk = _Walk(failure=failure, at=at, tier=tier, terrain=terrain)
    cause = _known(failure.cause, terrain.policy)
    rows = [row for row in terrain.policy.ladder if cause in row.causes and tier in row.from_tiers]
    why = "nothing left to try"
    for row in rows:
        if taken.count(row.id) >= row.times:
            why = f"the step '{row.id}' is allowed {row.times} times and was taken"
            continue
        why = f"{at.profile} {_NOWHERE.get(row.to, 'leads nowhere')}"
        for place in _DESTINATIONS[row.to](walk):
            forbidden = _forbidden(row, place, walk, tried)
            if not forbidden:
                return _taken(row, place, walk)
            why = forbidden
    return TakenStep(
        step="stop", cause=failure.cause, profile=None, tier=None, reason=f"{_said(failure)}; {why}", action="stop"
    )


def most_steps(policy: Policy) -> int:
    """Return how many steps any run can take at most: each row of the ladder as often as it allows."""
    return sum(row.times for row in policy.ladder)


def _known(cause: Cause, policy: Policy) -> Cause:
    """Return *cause*, or the older one that it is like where no row of the ladder names it."""
    older = TABLE[cause].like
    return cause if older is None or any(cause in row.causes for row in policy.ladder) else older


def _forbidden(row: Step, place: Place, walk: _Walk, tried: Sequence[Place]) -> str:
    """Return why *row* may not lead to *place*, empty if it may."""
    terrain = walk.terrain
    view = terrain.view(place)
    if view is None:
        return f"there is no profile '{place.profile}' to go to"
    if row.to == "same" and not _waitable(walk):
        return f"{walk.at.profile} did not say that it is back within {terrain.policy.limits.wait_seconds:g} s"
    if row.to == "condense" and not terrain.condensable:
        return "there is nothing left to condense"
    if row.to == "repair" and not terrain.repairable:
        return "no check said what to repair"
    if place in tried and row.to not in _STAYS:
        return f"{place.profile} was tried already"
    if terrain.private and not view.local:
        return not_for_private(place.profile)
    if view.paid and not (row.may_cost and terrain.may_pay):
        who = "the task" if row.may_cost else f"the step '{row.id}'"
        return f"{place.profile} costs money, which {who} does not allow"
    return ""


def _waitable(walk: _Walk) -> bool:
    wait = walk.failure.retry_after_s
    return wait is not None and wait <= walk.terrain.policy.limits.wait_seconds


def _taken(row: Step, place: Place, walk: _Walk) -> TakenStep:
    action = _ACTIONS.get(row.to, "go")
    wait = walk.failure.retry_after_s or 0.0 if action == "wait" else 0.0
    view = walk.terrain.view(place)
    other = f" by {view.label}" if view is not None and place.provider else ""
    goes = {
        "wait": f"the same again in {wait:.0f} s",
        "condense": f"condense it for {place.profile}",
        "repair": f"{place.profile}{other} repairs it",
    }.get(action, f"{place.profile}{other}")
    return TakenStep(
        step=row.id,
        cause=walk.failure.cause,
        profile=place.profile,
        provider=place.provider,
        tier=walk.terrain.policy.tiers.tier_of(place.profile),
        reason=f"{_said(walk.failure)} → {goes}, once",
        action=action,
        wait_s=wait,
    )


def _said(failure: Failure) -> str:
    return TABLE[failure.cause].sentence


def _same(walk: _Walk) -> Iterator[Place]:
    yield walk.at


def _next_provider(walk: _Walk) -> Iterator[Place]:
    views = walk.terrain.views.get(walk.at.profile, ())
    here = views[walk.at.provider].server if walk.at.provider < len(views) else ""
    other_key = TABLE[walk.failure.cause].family == "key"
    for provider in range(walk.at.provider + 1, len(views)):
        if (
            other_key or not here or views[provider].server != here
        ):  # another key does not help with a server that is down
            yield Place(walk.at.profile, provider)


def _next_tier(walk: _Walk) -> Iterator[Place]:
    if walk.tier in UPWARD:
        yield from _tier(UPWARD[walk.tier])(walk)


def _larger_window(walk: _Walk) -> Iterator[Place]:
    windows = walk.terrain.windows
    larger = [name for name, size in windows.items() if size > windows.get(walk.at.profile, 0)]
    for name in sorted(larger, key=lambda name: (windows[name], name)):
        yield Place(name)


def _asked(walk: _Walk) -> Iterator[Place]:
    yield Place(str(walk.failure.asked))


def _tier(tier: Tier) -> Callable[[_Walk], Iterator[Place]]:
    def profile_of(walk: _Walk) -> Iterator[Place]:
        name = walk.terrain.policy.tiers.profile(tier)
        if name is not None:
            yield Place(name)

    return profile_of


_ACTIONS: Mapping[str, Action] = {"same": "wait", "repair": "repair", "condense": "condense"}
_NOWHERE: Mapping[str, str] = {
    "next-provider": "has no other provider for that",
    "next-tier": "has no tier above it",
    "larger-window": "has the largest window there is",
}
_DESTINATIONS: Mapping[str, Callable[[_Walk], Iterator[Place]]] = {
    "same": _same,
    "repair": _same,
    "next-provider": _next_provider,
    "next-tier": _next_tier,
    "larger-window": _larger_window,
    "condense": _same,
    "local": _tier("local"),
    "burst": _tier("burst"),
    "asked": _asked,
}
