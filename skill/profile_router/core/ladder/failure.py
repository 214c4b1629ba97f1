"""A failed attempt as a value, and the place where it failed."""

from __future__ import annotations

from profile_router.core.ladder.causes import TABLE, Cause
from profile_router.values import frozen


@frozen
class Failure:
    """Why an attempt failed. `message` is shown and holds no secret.

    `asked` is the profile a subagent asked for; `retry_after_s` the seconds that the provider says to wait,
    None where it did not say.
    """

    cause: Cause
    message: str
    asked: str | None = None
    retry_after_s: float | None = None

    @property
    def unreached(self) -> bool:
        """Tell whether the server was never reached: nothing was asked of it."""
        return TABLE[self.cause].family == "unreached"

    @property
    def of_work(self) -> bool:
        """Tell whether the attempt finished, and what it left was found wanting: it has been looked at already."""
        return TABLE[self.cause].family == "work"


def stopped_at(where: str) -> Failure:
    """Return why an attempt ended that was cancelled *where* it was made."""
    return Failure(cause="interrupted", message=f"{where}: it was stopped")


def not_for_private(profile: str) -> str:
    """Return why *profile*, which is not local, may not have a private task."""
    return f"the task is private and {profile} is not local"


@frozen(kw_only=False)
class Place:
    """Where an attempt is made: a profile, and which of its providers (0: the one it names first)."""

    profile: str
    provider: int = 0

    def __lt__(self, other: Place) -> bool:
        """Tell whether this place stands before *other* in an order by profile, then by provider."""
        return (self.profile, self.provider) < (other.profile, other.provider)
