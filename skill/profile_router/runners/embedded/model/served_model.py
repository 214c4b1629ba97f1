"""Which model may answer for an endpoint on this machine: the one asked for, by its server's names.

A port of this machine may be a proxy. It may list a model of ours and let another one answer, wherever that runs. The
address says nothing of that; the name in the answer is all that does.
"""

from __future__ import annotations

from dataclasses import field

from profile_router.core.ladder.server_report import other_model, same_model
from profile_router.core.policy import Policy
from profile_router.core.profile import Profile
from profile_router.errors import AttemptError
from profile_router.servers.inspect import listed_models
from profile_router.values import mutable


@mutable
class ServedModel:
    """Looks at the names in the answers for *profile*, whose endpoint is attested as local."""

    profile: Profile
    policy: Policy
    _known: set[str] = field(default_factory=set)

    async def look_at(self, name: str) -> None:
        """Raise AttemptError (wrong-model) where *name* is not a name of the model asked for, by what the server lists.

        The server is asked for its list where the names differ, once for each name.
        """
        asked = self.profile.endpoint.model
        if same_model(asked, name) or name in self._known:
            return
        listed = await listed_models(self.profile, connect_s=self.policy.limits.connect_seconds)
        if problem := other_model(asked, name, listed, accept_any=self.policy.accept_any_model):
            raise AttemptError("wrong-model", f"{self.profile.where} {problem}")
        self._known.add(name)
