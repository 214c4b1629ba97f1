"""Which of the profiles' providers are on cooldown now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from profile_router.core.ladder.causes import TABLE, cause_of_answer
from profile_router.core.ladder.failure import Failure, Place
from profile_router.core.profile import Profile, ProviderEndpoint
from profile_router.core.text import in_words
from profile_router.servers.health_store import HealthStore


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveHealth:
    """The remembered health of the profiles' providers."""

    store: HealthStore
    profiles: Mapping[str, Profile]

    def blocked(self, place: Place, *, answers: bool) -> Failure | None:
        """Return why the provider at *place* is on cooldown now, None where it may be tried.

        A key that rests in Hermes' auth.json, as it was when the profile was loaded, is not tried before its time.
        """
        endpoint = self.profiles[place.profile].at(place.provider).endpoint
        resting = _resting(endpoint, place.profile, now=self.store.clock())
        return resting or self.store.blocked(endpoint, answers=answers)

    def give_back(self, place: Place) -> None:
        """Give the probe of the provider at *place* back, untried."""
        self.store.give_back(self.profiles[place.profile].at(place.provider).endpoint)

    def record(self, place: Place, failure: Failure | None) -> None:
        """Note how an attempt at *place* ended; None is success."""
        self.store.record(self.profiles[place.profile].at(place.provider).endpoint, failure)


def _resting(endpoint: ProviderEndpoint, profile: str, *, now: float) -> Failure | None:
    left = endpoint.rests_until - now
    if left <= 0:
        return None
    dead = left == float("inf")
    cause = cause_of_answer(endpoint.rests_after or 0)
    if TABLE[cause].family != "key":
        cause = "key-refused" if dead else "rate-limited"
    key = f"{endpoint.provider}'s key{f' {endpoint.label!r}' if endpoint.label else ''}"
    how = "is dead" if dead else f"rests for {in_words(left)} more"
    fix = f"hermes -p {profile} auth reset {endpoint.provider}"
    message = f"{key} {how}, by Hermes' auth.json; `{fix}` has it tried again"
    return Failure(cause=cause, message=message, retry_after_s=None if dead else left)
