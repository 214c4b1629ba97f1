"""Check Hermes' credential pools for keys that rest; a profile's own entries hide the home's. Only ever read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from profile_router.core.profile import Profile
from profile_router.core.text import in_words
from profile_router.doctor.facts import DoctorFacts, Subject
from profile_router.doctor.finding import Finding, failed, passed, warned
from profile_router.profiles.pools import PooledKey, listed_for, read_pools


def pools(facts: DoctorFacts) -> Iterator[Finding]:
    """Fail where every key of a provider rests, warn where some do."""
    for subject, profile in facts.loaded():
        entries = pool_of(facts, subject, profile)
        if not entries:
            continue
        name, provider = f"{subject.name} pool", profile.endpoint.provider
        waits = [wait for entry in entries if (wait := entry.rest_s(facts.now)) > 0]
        if not waits:
            yield passed(name, f"{provider}: {len(entries)} key{'s' * (len(entries) != 1)}, none rests")
            continue
        why = ", ".join(sorted({str(entry.status) for entry in entries if entry.status}))
        measured = f"{provider}: {len(waits)} of {len(entries)} rest{f' after {why}' if why else ''}, {_soonest(waits)}"
        fix = f"hermes -p {subject.name} auth reset {provider}"
        yield failed(name, measured, fix) if len(waits) == len(entries) else warned(name, measured, fix)


def pool_of(facts: DoctorFacts, subject: Subject, profile: Profile) -> tuple[PooledKey, ...]:
    """Return the pool entries that *profile* would use in Hermes: its own, else the home's."""
    folders = (subject.folder, facts.home.root)
    found = (listed_for(read_pools(folder), profile.endpoint) for folder in folders if folder is not None)
    return next((entries for entries in found if entries), ())


def _soonest(waits: Sequence[float]) -> str:
    soonest = min(waits)
    return "and do not come back" if soonest == float("inf") else f"the first for {in_words(soonest)} more"
