"""Try each profile with one minimal model call, and say before what that costs. The calls are the doctor's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from profile_router.core.profile import address
from profile_router.core.text import priced
from profile_router.doctor.facts import DoctorFacts, Subject
from profile_router.doctor.finding import Finding, failed, key_check, live_check
from profile_router.doctor.keys import keys
from profile_router.doctor.model_call import SHORT_ANSWER_TOKENS, call_each

_TOKENS = 64  # of prompt and answer together, more than the doctor's call takes


def announced(facts: DoctorFacts) -> Iterator[str]:
    """Yield a line per profile: where its call would go, and whether that costs money."""
    subjects = {subject.name: subject for subject in reversed(facts.subjects)}  # one may serve two tiers
    width = max(map(len, subjects), default=0)
    for subject in reversed(subjects.values()):
        yield f"  {subject.name:<{width}}  {_price(subject, facts)}"


async def tried(facts: DoctorFacts) -> tuple[Finding, ...]:
    """Make the calls and return per profile how it answered, with what fixes it where it did not."""
    by_check = {finding.name: finding.fix for finding in keys(facts)}
    fixes = {live_check(subject.name): by_check.get(key_check(subject.name), "") for subject in facts.subjects}
    answered = await call_each(facts)
    found = [one if one.fix or one.level == "pass" else replace(one, fix=fixes[one.name]) for one in answered]
    broken = [subject for subject in facts.subjects if subject.profile is None]
    untried = (failed(live_check(subject.name), subject.problem, "profile-router doctor") for subject in broken)
    return (*found, *untried)


def _price(subject: Subject, facts: DoctorFacts) -> str:
    if subject.profile is None:
        return "cannot be read: not called"
    where = f"{subject.profile.endpoint.model} at {address(subject.profile.endpoint.base_url)}"
    if subject.profile.key_missing:
        return f"{where}: no key, not called"
    if not subject.rate.paid:
        return f"{where}: free"
    usd = subject.rate.cost(_TOKENS, SHORT_ANSWER_TOKENS)
    return f"{where}: paid, {SHORT_ANSWER_TOKENS} tokens of answer at most, {priced(usd, subject.rate.named)}"
