"""Check Hermes' credential pools (auth.json of a profile, else of the home) for keys that rest. Only ever read.

Rules of Hermes 0.19 (agent/credential_pool.py): an exhausted key rests until `last_error_reset_at`, else 5 minutes
after a 401 and an hour after anything else; a dead one never comes back; a profile's own entries hide the home's.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from profile_router.adapters.doctor.facts import Facts, Subject
from profile_router.core.diagnosis import Finding, failed, passed, warned
from profile_router.core.profile import Profile

_REST_AFTER_401 = 300.0
_REST_ELSE = 3_600.0
_MOST_BYTES = 5_000_000
_MILLISECONDS_FROM = 1e12  # a moment beyond this is in milliseconds

Entry = Mapping[str, Any]


def pools(facts: Facts) -> Iterator[Finding]:
    """Fail where every key of a provider rests, warn where some do."""
    for subject, profile in facts.loaded():
        entries = pool_of(facts, subject, profile)
        if not entries:
            continue
        name, provider = f"{subject.name} pool", profile.endpoint.provider
        waits = [wait for entry in entries if (wait := _wait_s(entry, facts.now)) > 0]
        if not waits:
            yield passed(name, f"{provider}: {len(entries)} key{'s' * (len(entries) != 1)}, none rests")
            continue
        soonest = _duration(min(waits))
        why = ", ".join(sorted({str(entry["last_error_code"]) for entry in entries if entry.get("last_error_code")}))
        measured = f"{provider}: {len(waits)} of {len(entries)} rest{f' after {why}' if why else ''}, {soonest}"
        mend = f"hermes -p {subject.name} auth reset {provider}"
        yield failed(name, measured, mend) if len(waits) == len(entries) else warned(name, measured, mend)


def pool_of(facts: Facts, subject: Subject, profile: Profile) -> tuple[Entry, ...]:
    """Return the pool entries that *profile* would use in Hermes: its own, else the home's."""
    provider = profile.endpoint.provider
    folders = (subject.folder, facts.home.root)
    found = (_entries(folder / "auth.json", provider) for folder in folders if folder is not None)
    return next((entries for entries in found if entries), ())


def _entries(path: Path, provider: str) -> tuple[Entry, ...]:
    try:
        with path.open("rb") as file:
            document = json.loads(file.read(_MOST_BYTES))
    except (OSError, ValueError, RecursionError):
        return ()
    pool = document.get("credential_pool") if isinstance(document, dict) else None
    entries = pool.get(provider) if isinstance(pool, dict) else None
    return tuple(entry for entry in entries if isinstance(entry, dict)) if isinstance(entries, list) else ()


def _wait_s(entry: Entry, now: float) -> float:
    """Return the seconds that the key of *entry* still rests: 0 for none, infinity for a dead one."""
    status = entry.get("last_status")
    if status == "dead":
        return float("inf")
    if status != "exhausted":
        return 0.0
    until = _moment(entry.get("last_error_reset_at"))
    since = _moment(entry.get("last_status_at"))
    if until is None and since is not None:
        until = since + (_REST_AFTER_401 if entry.get("last_error_code") == 401 else _REST_ELSE)
    return max(0.0, until - now) if until is not None else 0.0


def _moment(value: object) -> float | None:
    """Return *value* as seconds since 1970: seconds, milliseconds or an ISO date, as Hermes reads it."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        moment = float(value)
    except ValueError:
        return _iso(str(value))
    except OverflowError:
        return None
    if not moment > 0:
        return None
    return moment / 1_000 if moment > _MILLISECONDS_FROM else moment


def _iso(text: str) -> float | None:
    try:
        return datetime.fromisoformat(text.strip().replace("Z", "+00:00")).timestamp()
    except (ValueError, OverflowError):
        return None


def _duration(seconds: float) -> str:
    if seconds == float("inf"):
        return "and do not come back"
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"the first for {f'{hours} h {minutes:02} min' if hours else f'{minutes} min {rest:02} s'} more"
