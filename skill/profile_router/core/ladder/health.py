"""Whether a server or a key is worth another try: a breaker per server, a cooldown per key. Pure: time comes in.

A record is closed (nothing speaks against it), open until a moment, and then half open. One caller may then probe a
server, and the others wait for the result; a key is free again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from profile_router.core.days import DAY_S
from profile_router.core.ladder.causes import TABLE, Cause, Family
from profile_router.core.ladder.failure import Failure
from profile_router.core.policy import HealthRules
from profile_router.values import frozen

Scope = Literal["server", "key"]
_SKEW_S = 60.0  # clocks are put right by that much, and nobody notices
_SCOPES: Mapping[Family, Scope] = {"unreached": "server", "server": "server", "key": "key"}
_NOT_READY: frozenset[Cause] = frozenset({"loading", "unavailable"})


@frozen
class Record:
    """The health of one server or key. Moments are seconds since 1970, 0 for none.

    `failures` in a row; blocked before `until`; `probing_until` is how long the one probe of a half-open record has.
    """

    failures: int = 0
    cause: str = ""
    since: float = 0.0
    until: float = 0.0
    probing_until: float = 0.0

    def state(self, now: float) -> Literal["closed", "open", "half-open"]:
        """Return how the circuit stands at *now*."""
        if not self.until:
            return "closed"
        return "open" if now < self.until and not self._of_the_future(now) else "half-open"

    def blocked_s(self, now: float) -> float:
        """Return for how many seconds more nobody may try, 0 where somebody may."""
        return 0.0 if self._of_the_future(now) else max(0.0, self.until - now, self.probing_until - now)

    def _of_the_future(self, now: float) -> bool:
        """Tell whether the clock was set back since: then `until` may be years away, and means nothing."""
        return now < self.since - _SKEW_S


def scope_of(cause: Cause) -> Scope | None:
    """Return whose health *cause* speaks of, None where it speaks of neither server nor key."""
    return None if cause == "no-key" else _SCOPES.get(TABLE[cause].family)


def teaches_nothing(cause: Cause) -> bool:
    """Tell whether *cause* says nothing of server and key: it was ours to stop, or nothing was asked."""
    return cause == "no-key" or TABLE[cause].family == "stopped"


def over_where_it_answers(cause: Cause) -> bool:
    """Tell whether *cause* is over as soon as the server answers at all."""
    return TABLE[cause].family == "unreached" or cause in _NOT_READY


def after_failure(record: Record, failure: Failure, rules: HealthRules, *, now: float) -> Record:
    """Return *record* after one more *failure* at *now*.

    A server opens after `rules.failures` in a row, each time for twice as long up to `most_seconds`. A key is put on
    cooldown at once. That lasts as long as the provider asked for, else as *rules* say for its cause. The same holds
    for a model that its provider limits; its failures in a row are counted by themselves.
    """
    limited = failure.cause == "model-limited"
    failures = record.failures + 1 if limited == (record.cause == "model-limited") else 1
    if limited or scope_of(failure.cause) == "key":
        named = failure.retry_after_s
        cooldown = min(DAY_S, _unnamed(failure.cause, failures, rules) if named is None else named)
    elif failures < rules.failures:
        cooldown = 0.0
    else:
        cooldown = _doubled(rules.open_seconds, failures - rules.failures, rules)
    return Record(failures=failures, cause=failure.cause, since=now, until=now + cooldown if cooldown else 0.0)


def _unnamed(cause: Cause, failures: int, rules: HealthRules) -> float:
    """Return the seconds of cooldown after a *cause* for which the provider named no time."""
    if cause == "model-limited":
        return _doubled(rules.limited_seconds, failures - 1, rules)
    seconds = {"key-refused": rules.refused_seconds, "rate-limited": rules.limited_seconds}
    return seconds.get(cause, rules.used_up_seconds)


def _doubled(seconds: float, times: int, rules: HealthRules) -> float:
    return min(rules.most_seconds, seconds * 2.0 ** min(times, 30))


def probing(record: Record, rules: HealthRules, *, now: float) -> Record:
    """Return *record*, half open, with its one probe taken."""
    return Record(
        failures=record.failures,
        cause=record.cause,
        since=min(record.since, now),
        until=min(record.until, now),
        probing_until=now + rules.probe_seconds,
    )
