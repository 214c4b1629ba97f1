"""Decide where a task goes: an ordered, readable policy over measured evidence.

`decide` is total and pure. Any task gives a route or a typed refusal, and the same input always gives the same one.
"""

from __future__ import annotations

from dataclasses import replace

from profile_router.core.evidence import Evidence
from profile_router.core.policy import Policy, Tier
from profile_router.core.policy.rules import BorderlineRule, Rule
from profile_router.core.privacy.local_wordings import asks_to_stay_local
from profile_router.core.profile import address, is_loopback
from profile_router.core.routing.candidate import Candidates, attested, host_of, is_local
from profile_router.core.routing.estimate import estimate
from profile_router.core.routing.flips import find_flips
from profile_router.core.routing.loop import NO_PAST, Past
from profile_router.core.routing.rate import FREE, rate_at
from profile_router.core.routing.route import Decision, Refusal, Route
from profile_router.core.routing.rules import CONDITIONS, Case, Reasons
from profile_router.core.routing.window_fit import condensable, fits, fits_text
from profile_router.core.task import SHORTEN_THE_GOAL, Task
from profile_router.errors import ProfileError
from profile_router.values import frozen


@frozen
class _Choice:
    """A profile chosen by a rule, before it is checked against its window."""

    profile: str
    tier: Tier | None
    rule: str
    reasons: Reasons
    needs_probe: bool = False
    condense: bool = False


def stays_here(task: Task, evidence: Evidence, candidates: Candidates, policy: Policy) -> bool:
    """Tell whether *task* is meant for this machine: it is private, asks for a local profile, or speaks of it.

    What its parent says from then on may tell of it: see `core.conversation`.
    """
    if task.local_only or evidence.private or asks_to_stay_local(f"{task.goal}\n{task.context}"):
        return True
    return task.profile is not None and is_local(candidates.get(task.profile), policy)


def decide(task: Task, evidence: Evidence, policy: Policy, candidates: Candidates, past: Past = NO_PAST) -> Decision:
    """Return the route of *task*, or a refusal that says what would unblock it.

    Raises ProfileError where the route needs a profile that cannot be used as its files are written.

    What it is expected to cost is by the *past* attempts at tasks of its size.
    Order: `private`, then an explicit profile, then the policy's rules; at last the prompt must fit the window.
    """
    needed = candidates.get(_choose(task, evidence, policy, candidates).profile)
    if needed is not None and needed.problem:
        raise ProfileError(needed.problem)
    decision = _decide(task, evidence, policy, candidates, past)
    if isinstance(decision, Refusal):
        return decision
    flips = find_flips(task, evidence, policy, lambda t, e: _decide(t, e, policy, candidates, past), decision)
    return replace(decision, flips=flips)


def settle(task: Task, evidence: Evidence, policy: Policy, candidates: Candidates) -> Decision:
    """Return what `decide` does, without what would flip it: that takes most of its time. A broken profile refuses."""
    return _decide(task, evidence, policy, candidates, NO_PAST)


def _decide(task: Task, evidence: Evidence, policy: Policy, candidates: Candidates, past: Past) -> Decision:
    choice = _choose(task, evidence, policy, candidates)
    chosen = candidates.get(choice.profile)
    if chosen is not None and chosen.problem:
        unblock = "fix the file that is named"
        return _refused(choice, f"{choice.profile} cannot be used: {chosen.problem}", unblock, evidence, policy)
    if choice.rule == "private" and not is_local(candidates.get(choice.profile), policy):
        return _not_attested(choice, evidence, policy, candidates)
    window = evidence.window(choice.profile)
    if window is not None and not fits(evidence, window, policy.counting):
        sized = fits_text(evidence, window, policy.counting)
        if not condensable(evidence, window, policy.counting):
            return _fits_nowhere(choice, sized, evidence, policy)
        first = f"the prompt is over the window, so its context is condensed first: {sized}"
        choice = replace(choice, condense=True, reasons=(*choice.reasons, first))
    return Route(
        profile=choice.profile,
        host=host_of(choice.profile, candidates),
        tier=choice.tier,
        rule=choice.rule,
        reasons=choice.reasons,
        needs_probe=choice.needs_probe,
        flips=(),
        estimate=estimate(task, evidence, choice.profile, policy, candidates, past),
        evidence=evidence,
        policy=policy.digest,
        warnings=_warnings(choice, evidence, policy, candidates),
        condense=choice.condense,
    )


def _choose(task: Task, evidence: Evidence, policy: Policy, candidates: Candidates) -> _Choice:
    for rule in policy.rules:
        if task.profile is not None and rule.id != "private":
            break
        tier = _tier(rule, policy)
        profile = policy.tiers.profile(tier) or policy.tiers.local
        reasons = CONDITIONS[rule.id](Case(evidence=evidence, policy=policy, profile=profile), rule)
        if reasons is not None:
            return _fired(rule, tier, profile, reasons, task, policy, candidates)
    if task.profile is not None:
        return _explicit(task.profile, policy)
    return _Choice(
        profile=policy.tiers.local, tier="local", rule="small-change", reasons=("no rule fires: local first",)
    )


def _tier(rule: Rule, policy: Policy) -> Tier:
    """Return the tier that *rule* leads to; cheap becomes local where the policy has no cheap profile."""
    return "local" if policy.tiers.profile(rule.route) is None else rule.route


def _fired(
    rule: Rule, tier: Tier, profile: str, reasons: Reasons, task: Task, policy: Policy, candidates: Candidates
) -> _Choice:
    needs_probe = False
    if tier != rule.route:
        reasons = (*reasons, f"the policy has no {rule.route} tier: it goes {tier}")
    if isinstance(rule, BorderlineRule):
        needs_probe = policy.tiers.cheap is not None and policy.probe.by == "estimate"
        if policy.probe.by == "trajectory":
            reasons = (*reasons, f"starts here: what its first {policy.early.turns} turns do decides (probe.by)")
        elif not needs_probe:
            reasons = (*reasons, "no cheap tier: decided local without a probe")
    if rule.id == "private" and task.profile is not None:
        if is_local(candidates.get(task.profile), policy):
            profile, reasons = task.profile, (*reasons, f"'{task.profile}' was asked for and is local")
            return _Choice(profile=profile, tier=policy.tiers.tier_of(profile), rule=rule.id, reasons=reasons)
        if task.profile != profile:
            reasons = (*reasons, f"'{task.profile}' was asked for, but it is not local: private is never beaten")
    return _Choice(profile=profile, tier=tier, rule=rule.id, reasons=reasons, needs_probe=needs_probe)


def _explicit(profile: str, policy: Policy) -> _Choice:
    reason = f"'{profile}' was asked for: an explicit profile beats every rule but private"
    return _Choice(profile=profile, tier=policy.tiers.tier_of(profile), rule="explicit", reasons=(reason,))


def _not_attested(choice: _Choice, evidence: Evidence, policy: Policy, candidates: Candidates) -> Refusal:
    candidate = candidates.get(choice.profile)
    where = candidate.base_url if candidate else "no endpoint"
    if candidate is not None and attested(candidate, policy):
        why = f"has {candidate.model}, which Ollama's cloud runs"
        unblock = f"name a model in {choice.profile} that this machine runs itself"
    elif candidate is not None and is_loopback(candidate.base_url):
        why = "is not attested as local"
        unblock = f"name {candidate.base_url} under local_endpoints in the policy"
    else:
        why = "is not on this machine"
        unblock = f"serve {choice.profile} on a loopback address such as http://127.0.0.1:8080/v1"
    return _refused(choice, f"but {choice.profile} at {where} {why}", unblock, evidence, policy)


def _fits_nowhere(choice: _Choice, sized: str, evidence: Evidence, policy: Policy) -> Refusal:
    windows = ", ".join(f"{window.profile} {window.tokens:,}" for window in evidence.windows)
    why = f"even with its context condensed the prompt fits no allowed window: {sized}"
    unblock = f"{SHORTEN_THE_GOAL} (windows: {windows})"
    return _refused(choice, why, unblock, evidence, policy)


def _refused(choice: _Choice, why: str, unblock: str, evidence: Evidence, policy: Policy) -> Refusal:
    return Refusal(
        rule=choice.rule,
        reasons=(*choice.reasons, why),
        unblock=(unblock,),
        evidence=evidence,
        policy=policy.digest,
    )


def _warnings(choice: _Choice, evidence: Evidence, policy: Policy, candidates: Candidates) -> tuple[str, ...]:
    found = []
    candidate = candidates.get(choice.profile)
    if candidate is not None and candidate.key_missing:
        found.append(f"{choice.profile} has no key: `run` would have to fall back")
    if candidate is not None and not rate_at(candidate, 0, policy).paid:
        paid = (number for number in range(1, len(candidate.others) + 1) if rate_at(candidate, number, policy).paid)
        hosts = dict.fromkeys(address(candidate.at(number).base_url) for number in paid)
        found += [f"{choice.profile} falls back to {host}, which costs money" for host in hosts]
    if evidence.images and choice.tier == "local":
        found.append(f"{choice.profile} is taken to read text only: images are replaced by their names")
    if choice.tier is None:
        rate = rate_at(candidate, 0, policy)
        known = "its endpoint is attested, so it is free" if rate == FREE else f"its price is known ({rate.named})"
        costs = "it is priced as the most expensive tier" if rate.source == "highest" else known
        found.append(f"'{choice.profile}' serves no tier of the policy: {costs}")
    return tuple(found)
