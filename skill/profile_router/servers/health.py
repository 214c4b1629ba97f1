"""Remember between runs which servers and keys failed. Safe between processes; holds no key, only a digest of it.

Hermes keeps the cooldown of pooled keys in its own auth.json, which is read elsewhere and never written; this covers
what Hermes does not track: servers, keys in .env files, and custom endpoints.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from profile_router.core.ladder.causes import TABLE, cause_of_answer, is_cause
from profile_router.core.ladder.failure import Failure, Place
from profile_router.core.ladder.health import (
    Record,
    Scope,
    after_failure,
    over_where_it_answers,
    probing,
    scope_of,
    teaches_nothing,
)
from profile_router.core.policy import HealthRules
from profile_router.core.profile import Profile, ProviderEndpoint, address
from profile_router.core.text import in_words, shown, some_of
from profile_router.digests import sha256
from profile_router.errors import UsageError
from profile_router.state.database import transaction
from profile_router.values import frozen

HEALTH_FILE = "health.sqlite"
HEALTH_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS health (name TEXT PRIMARY KEY, failures INTEGER NOT NULL, cause TEXT NOT NULL, "
    "since REAL NOT NULL, until REAL NOT NULL, probing_until REAL NOT NULL)"
)
_DIGEST_DIGITS = 8


@frozen
class HealthStore:
    """The records in the state folder *state*. `clock` tells seconds since 1970."""

    state: Path
    rules: HealthRules
    clock: Callable[[], float]

    def blocked(self, endpoint: ProviderEndpoint, *, answers: bool) -> Failure | None:
        """Return why *endpoint* may not be tried now, None where it may. A half-open server's probe is then taken.

        A key whose time is over may be used by all. The provider named that time, and tasks side by side share the key.
        *answers*: the server has just answered how it is. An earlier failure to reach it no longer counts.
        """
        with transaction(self.state / HEALTH_FILE, HEALTH_SCHEMA) as database:
            now = self.clock()  # another process may have been waited for
            records = [(name, _record_in(database, name)) for name in _names(endpoint)]
            for name, record in records:
                over = answers and is_cause(record.cause) and over_where_it_answers(record.cause)
                if not over and (wait := record.blocked_s(now)):
                    return _blocked(name, record, wait)
            for name, record in records:
                if scope_named(name) == "server" and record.state(now) == "half-open":
                    _write(database, name, probing(record, self.rules, now=now))
        return None

    def give_back(self, endpoint: ProviderEndpoint) -> None:
        """Give the probe back that `blocked` took for *endpoint*, if it took one: the next who asks may have it."""
        if not (self.state / HEALTH_FILE).exists():
            return
        with transaction(self.state / HEALTH_FILE, HEALTH_SCHEMA) as database:
            for name in _names(endpoint):
                if (record := _record_in(database, name)).probing_until:
                    _write(database, name, replace(record, probing_until=0.0))

    def noticed(self, endpoint: ProviderEndpoint, failure: Failure) -> None:
        """Note that the server of *endpoint* was looked at and cannot take a task. It is looked at again each time.

        So that neither counts as a failure nor keeps anybody away; `all` tells it.
        """
        if scope_of(failure.cause) != "server":
            return
        with transaction(self.state / HEALTH_FILE, HEALTH_SCHEMA) as database:
            name, *_ = _names(endpoint)
            if not (known := _record_in(database, name)).failures:  # what failed at work says more
                _write(database, name, replace(known, cause=failure.cause, since=self.clock()))

    def record(self, endpoint: ProviderEndpoint, failure: Failure | None) -> None:
        """Note how an attempt at *endpoint* ended. An answer closes server and key, whatever it was worth."""
        cause = failure.cause if failure else None
        if cause is not None and teaches_nothing(cause):
            self.give_back(endpoint)
            return
        ill = scope_of(cause) if cause else None
        with transaction(self.state / HEALTH_FILE, HEALTH_SCHEMA) as database:
            now = self.clock()
            for name in _names(endpoint):
                if failure is not None and ill == scope_named(name):
                    _write(database, name, after_failure(_record_in(database, name), failure, self.rules, now=now))
                elif ill is None or (ill == "key" and scope_named(name) == "server"):
                    database.execute("DELETE FROM health WHERE name = ?", (name,))

    def all(self) -> list[tuple[str, Record]]:
        """Return every record with its name, those that are blocked the longest first."""
        if not (self.state / HEALTH_FILE).exists():
            return []
        with transaction(self.state / HEALTH_FILE, HEALTH_SCHEMA) as database:
            rows = database.execute("SELECT name FROM health ORDER BY until DESC, name").fetchall()
            return [(name, _record_in(database, name)) for (name,) in rows]

    def reset(self, named: str = "") -> int:
        """Forget the records whose name contains *named*, all without one; return how many. Raises UsageError where no
        record has that name."""
        known = [name for name, _ in self.all()]
        if named and not any(named in name for name in known):
            there = f"there is: {some_of(known)}" if known else "no server, model or key is on cooldown or has failed"
            raise UsageError(
                f"--reset '{shown(named)}' names nothing ({there}); `profile-router health` lists them all"
            )
        if not known:
            return 0
        with transaction(self.state / HEALTH_FILE, HEALTH_SCHEMA) as database:
            done = database.execute("DELETE FROM health WHERE instr(name, ?) > 0 OR ? = ''", (named, named))
            return int(done.rowcount)


def _names(endpoint: ProviderEndpoint) -> tuple[str, ...]:
    """Return the names of the records of *endpoint*: its server with the model, and its key by a digest."""
    where = address(endpoint.base_url)
    server = f"server {where} {endpoint.model}"
    if endpoint.api_key is None:
        return (server,)
    key_digest = sha256(f"{where}\0{endpoint.api_key.reveal()}".encode()).hexdigest()[:_DIGEST_DIGITS]
    return (server, f"key {where} #{key_digest}")


def scope_named(name: str) -> Scope:
    """Return what the record of that *name* is about."""
    return "key" if name.startswith("key ") else "server"


def _blocked(name: str, record: Record, wait: float) -> Failure:
    cause = record.cause if is_cause(record.cause) else "unavailable"
    said = f"{TABLE[cause].sentence}, {record.failures} time{'s' if record.failures != 1 else ''} in a row"
    fix = f"profile-router health --reset '{name}'"
    return Failure(
        cause=cause,
        message=f"{name} is on cooldown for {wait:.0f} s more ({said}); `{fix}` tries it at once",
        retry_after_s=wait if scope_named(name) == "key" or cause == "model-limited" else None,
    )


def _record_in(database: Any, name: str) -> Record:
    row = database.execute(
        "SELECT failures, cause, since, until, probing_until FROM health WHERE name = ?", (name,)
    ).fetchone()
    if row is None:
        return Record()
    failures, cause, since, until, probing_until = row
    return Record(failures=failures, cause=cause, since=since, until=until, probing_until=probing_until)


def _write(database: Any, name: str, record: Record) -> None:
    database.execute(
        "INSERT OR REPLACE INTO health VALUES (?, ?, ?, ?, ?, ?)",
        (name, record.failures, record.cause, record.since, record.until, record.probing_until),
    )


@frozen
class ProviderHealth:
    """The remembered health of the profiles' providers."""

    store: HealthStore
    profiles: Mapping[str, Profile]

    def blocked(self, place: Place, *, answers: bool) -> Failure | None:
        """Return why the provider at *place* is on cooldown now, None where it may be tried.

        A key on cooldown in Hermes' auth.json, as read with the profile, is not tried before its time.
        """
        endpoint = self.profiles[place.profile].at(place.provider).endpoint
        cooldown = _key_cooldown(endpoint, place.profile, now=self.store.clock())
        return cooldown or self.store.blocked(endpoint, answers=answers)

    def give_back(self, place: Place) -> None:
        """Give the probe of the provider at *place* back, untried."""
        self.store.give_back(self.profiles[place.profile].at(place.provider).endpoint)

    def noticed(self, place: Place, failure: Failure) -> None:
        """Note that the server at *place* cannot take a task now."""
        self.store.noticed(self.profiles[place.profile].at(place.provider).endpoint, failure)

    def record(self, place: Place, failure: Failure | None) -> None:
        """Note how an attempt at *place* ended; None is success."""
        self.store.record(self.profiles[place.profile].at(place.provider).endpoint, failure)


def _key_cooldown(endpoint: ProviderEndpoint, profile: str, *, now: float) -> Failure | None:
    left = endpoint.cooldown_until - now
    if left <= 0:
        return None
    dead = left == float("inf")
    cause = cause_of_answer(endpoint.cooldown_after or 0)
    if TABLE[cause].family != "key":
        cause = "key-refused" if dead else "rate-limited"
    key = f"{endpoint.provider}'s key{f' {endpoint.label!r}' if endpoint.label else ''}"
    how = "is dead" if dead else f"is on cooldown for {in_words(left)} more"
    fix = f"hermes -p {profile} auth reset {endpoint.provider}"
    message = f"{key} {how}, by Hermes' auth.json; `{fix}` has it tried again"
    return Failure(cause=cause, message=message, retry_after_s=None if dead else left)
