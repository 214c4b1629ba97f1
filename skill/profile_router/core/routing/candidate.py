"""A profile as decisions see it, and whether it is local."""

from __future__ import annotations

from collections.abc import Mapping

from profile_router.core.policy import Policy, Tier
from profile_router.core.profile import address, is_loopback, names_cloud, same_endpoint
from profile_router.core.routing.listed import ListedPrice
from profile_router.core.routing.speed import Speed
from profile_router.values import frozen


@frozen
class Candidate:
    """What decisions need to know of a profile. No key, only whether one is missing. `others`: its next providers.

    `problem`: why it cannot be used as its files are written; empty: it can. `listed` is what the table of prices says
    of its model there, None where it says nothing; `unlisted` where it was asked, or cannot know the address.
    `speed` is what `bench` measured there.
    """

    name: str
    base_url: str
    model: str = ""
    provider: str = ""
    key_missing: bool = False
    problem: str = ""
    others: tuple[Candidate, ...] = ()
    listed: ListedPrice | None = None
    unlisted: bool = False
    speed: Speed | None = None

    def at(self, provider: int) -> Candidate:
        """Return the profile as its provider number *provider* serves it, 0 being the one it names first."""
        return self if provider == 0 else self.others[provider - 1]


Candidates = Mapping[str, Candidate]


def is_local(candidate: Candidate | None, policy: Policy) -> bool:
    """Tell whether *candidate* is local: attested, on this machine, and no cloud's model behind a port of it.

    Each connection asks the resolver whether `localhost` is this machine (`servers.http`). Each look at the server asks
    whether it forwards work (`servers.inspect`).
    """
    return candidate is not None and attested(candidate, policy) and not names_cloud(candidate.model)


def attested(candidate: Candidate, policy: Policy) -> bool:
    """Tell whether the operator attests the exact base URL of *candidate*, and it names this machine.

    Attested are the policy's `local_endpoints`; with none, the base URL of the profile of the tier local.
    """
    if not is_loopback(candidate.base_url):
        return False
    if policy.local_endpoints:
        return any(same_endpoint(candidate.base_url, endpoint) for endpoint in policy.local_endpoints)
    return candidate.name == policy.tiers.local


def host_of(profile: str, candidates: Candidates) -> str:
    """Return the server that *profile* names first, with its port."""
    return address(candidates[profile].base_url) if profile in candidates else "an unknown server"


def role_of(profile: str, policy: Policy, candidates: Candidates) -> Tier:
    """Return the tier that *profile* plays on the ladder: its own, else local on this machine, else burst.

    What a call costs is another question, which the endpoint answers: see `core.routing.rate`.
    """
    candidate = candidates.get(profile)
    outside: Tier = "local" if candidate is not None and is_loopback(candidate.base_url) else "burst"
    return policy.tiers.tier_of(profile) or outside
