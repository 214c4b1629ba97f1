"""Check the keys: where each profile's comes from, and which of Hermes' pools are on cooldown. Only ever read.

Keys are compared here, and never leave this module.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from profile_router.core.profile import Profile
from profile_router.core.text import in_words
from profile_router.doctor.facts import DoctorFacts, Subject
from profile_router.doctor.finding import Finding, Fix, another_key, failed, key_check, passed, warned
from profile_router.doctor.fixes import write_key
from profile_router.profiles.agreement import may_read
from profile_router.profiles.env_file import read_env
from profile_router.profiles.files import read_config
from profile_router.profiles.pools import POOLS_FILE, PooledKey, listed_for, pool_damage, read_pools


def pools(facts: DoctorFacts) -> Iterator[Finding]:
    """Fail where every key of a provider is on cooldown, warn where some are."""
    for subject, profile in facts.loaded():
        entries = pool_of(facts, subject, profile)
        if not entries:
            continue
        name, provider = f"{subject.name} pool", profile.endpoint.provider
        waits = [wait for entry in entries if (wait := entry.cooldown_s(facts.now)) > 0]
        if not waits:
            yield passed(name, f"{provider}: {len(entries)} key{'s' * (len(entries) != 1)}, none on cooldown")
            continue
        why = ", ".join(sorted({str(entry.status) for entry in entries if entry.status}))
        measured = (
            f"{provider}: {len(waits)} of {len(entries)} on cooldown{f' after {why}' if why else ''}, {_soonest(waits)}"
        )
        fix = another_key(subject.name, provider, "reset")
        yield failed(name, measured, fix) if len(waits) == len(entries) else warned(name, measured, fix)


def damaged(facts: DoctorFacts) -> Iterator[Finding]:
    """Fail for an auth.json that is cut or unreadable: it looks as if all had logged out."""
    subjects = {subject.folder: (subject, profile) for subject, profile in facts.loaded() if subject.folder}
    for folder in dict.fromkeys((*subjects, facts.home.root)):
        said = pool_damage(folder) if folder else ""
        if not said or folder is None:
            continue
        subject, profile = subjects.get(folder, (None, None))
        hermes = f"hermes -p {subject.name}" if subject else "hermes"
        provider = profile.endpoint.provider if profile else "PROVIDER"
        path = shlex.quote(str(folder / POOLS_FILE))
        away = f"mv {path} {shlex.quote(str(folder / POOLS_FILE) + '.damaged')}"
        again = f"{away}, then put the keys into the .env of {subject.name if subject else 'Hermes'}"
        fix = Fix(f"{away} && {hermes} auth add {provider}", again)
        yield failed(f"{subject.name if subject else 'Hermes'} pool", said, fix)


def pool_of(facts: DoctorFacts, subject: Subject, profile: Profile) -> tuple[PooledKey, ...]:
    """Return the pool entries that *profile* would use in Hermes: its own, else the home's."""
    folders = (subject.folder, facts.home.root)
    found = (listed_for(read_pools(folder), profile.endpoint) for folder in folders if folder is not None)
    return next((entries for entries in found if entries), ())


def _soonest(waits: Sequence[float]) -> str:
    soonest = min(waits)
    return "and do not come back" if soonest == float("inf") else f"the first for {in_words(soonest)} more"


def keys(facts: DoctorFacts) -> Iterator[Finding]:
    """Fail for a key that is missing or that the profile cannot see; warn for one that only this shell has."""
    for subject, profile in facts.loaded():
        if profile.endpoint.needs_key:
            yield _missing(facts, subject, profile) if profile.key_missing else _counted(facts, subject, profile)


def _counted(facts: DoctorFacts, subject: Subject, profile: Profile) -> Finding:
    found, more = _there(facts, subject, profile), profile.keys - 1
    return replace(found, measured=f"{found.measured} · {more} more in Hermes' pool") if more else found


def _there(facts: DoctorFacts, subject: Subject, profile: Profile) -> Finding:
    name, variable = key_check(subject.name), profile.endpoint.key_variable
    if variable and subject.folder and read_env(subject.folder / ".env", facts.machine.environ).get(variable):
        return passed(name, f"{variable} in the profile's .env")
    if facts.home.root and may_read(profile, facts.home.root):
        return passed(name, "from Hermes' root pool, as you have agreed")
    if profile.endpoint.label:
        return passed(name, "from the profile's own pool in Hermes")
    if not _from_environment(facts, profile):
        if subject.folder and not _states_key(subject.folder):
            return warned(
                name, "written in the global config.yaml, which Hermes does not inherit", write_key(subject, variable)
            )
        return passed(name, "written in the profile's config.yaml")
    if subject.folder is None:
        return passed(name, f"{variable} in the environment")
    measured = f"{variable} is inherited from this shell only: a service, a cron job or a Hermes child will not have it"
    return warned(name, measured, f'printf "%s\\n" "{variable}=${variable}" >> {_env(subject.folder)}')


def _states_key(folder: Path) -> bool:
    model = (read_config(folder / "config.yaml") or {}).get("model")
    return isinstance(model, dict) and "api_key" in model


def _missing(facts: DoctorFacts, subject: Subject, profile: Profile) -> Finding:
    name, variable, root = key_check(subject.name), profile.endpoint.key_variable, facts.home.root
    if pool_of(facts, subject, profile):
        measured = f"only in Hermes' pool of keys: the embedded runner, probe and summary lack {variable or 'it'}"
        return warned(name, measured, write_key(subject, variable))
    if variable and root and subject.folder and read_env(root / ".env", facts.machine.environ).get(variable):
        measured = f"{variable} is set in the global .env, which a profile does not read"
        fix = f"grep '^{variable}=' {_env(root)} >> {_env(subject.folder)}"
        return failed(name, measured, fix)
    measured = f"{variable} is set nowhere" if variable else f"no api_key is stated for {profile.endpoint.base_url}"
    finding = warned if subject.tier == "cheap" else failed
    return finding(name, measured, write_key(subject, variable))


def _from_environment(facts: DoctorFacts, profile: Profile) -> bool:
    variable, key = profile.endpoint.key_variable, profile.endpoint.api_key
    return bool(variable and key and facts.machine.environ.get(variable, "").strip() == key.reveal())


def _env(folder: Path) -> str:
    return shlex.quote(str(folder / ".env"))
