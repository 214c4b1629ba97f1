"""Ask the servers that are ours to ask what they have loaded."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass

from profile_router.core.ladder.failure import Place
from profile_router.core.ladder.server_report import ServerReport
from profile_router.core.policy import Policy
from profile_router.core.profile import Profile, is_loopback
from profile_router.core.routing.candidate import Candidates, is_local
from profile_router.servers.inspect import inspect


@dataclass(slots=True, kw_only=True)
class LiveBackends:
    """Asks the servers that are ours to ask: those on this machine and those the policy attests as local."""

    policy: Policy
    profiles: Mapping[str, Profile]
    candidates: Candidates

    def key_missing(self, place: Place) -> str | None:
        """Return a sentence where *place* wants a key and has none: what is missing and where it is looked for."""
        loaded = self.profiles[place.profile].at(place.provider)
        if not loaded.key_missing:
            return None
        variable = loaded.endpoint.key_variable or "its key"
        return f"{place.profile} has no key: {variable} is neither in the profile's .env nor in the environment"

    async def inspect(self, place: Place) -> ServerReport | None:
        """Return what the server at *place* says, None for one in a cloud: nothing is asked there but the task.

        One that is loading its model is asked again until it is done, or the policy's `loading_seconds` are over.
        """
        until = time.monotonic() + self.policy.limits.loading_seconds
        while True:
            report = await self.look(place)
            if report is None or report.cause != "loading" or time.monotonic() >= until:
                return report
            await asyncio.sleep(_BETWEEN_LOOKS_S)

    async def look(self, place: Place) -> ServerReport | None:
        """Return what the server at *place* says right now, None for one in a cloud."""
        loaded = self.profiles[place.profile].at(place.provider)
        candidate = self.candidates.get(place.profile)
        local = is_local(candidate.at(place.provider) if candidate else None, self.policy)
        if not (local or is_loopback(loaded.endpoint.base_url)):
            return None
        return await inspect(loaded, connect_s=self.policy.limits.connect_seconds)


_BETWEEN_LOOKS_S = 0.5
