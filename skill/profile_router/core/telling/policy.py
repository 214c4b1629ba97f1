"""The policy's rules in words, from the policy's own figures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from profile_router.core.policy import Policy
from profile_router.core.policy.rules import (
    TIERS,
    BorderlineRule,
    KindsRule,
    LargeChangeRule,
    LightRule,
    LongContextRule,
    Rule,
    SmallChangeRule,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleRow:
    """One rule for a reader: its id, when it fires, and the profile it goes to."""

    id: str
    when: str
    goes: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRow:
    """One step of the ladder for a reader: its id, what happened, from which tiers, where it leads, how often."""

    id: str
    when: str
    start: str
    goes: str
    bound: str


_GOES: Mapping[str, str] = {
    "same": "the same once more, after the wait it asks for (at most {wait:g} s)",
    "next-provider": "the profile's next key or provider",
    "next-tier": "the next tier",
    "larger-window": "the next larger window",
    "condense": "the same, condensed first",
    "asked": "the profile that was asked for",
}


def describe_ladder(policy: Policy) -> tuple[StepRow, ...]:
    """Return the steps of the ladder of *policy* in order."""
    return tuple(
        StepRow(
            id=row.id,
            when=", ".join(row.causes),
            start=", ".join(row.from_tiers) if set(row.from_tiers) < set(TIERS) else "every tier",
            goes=_GOES.get(row.to, f"{row.to} tier").format(wait=policy.limits.wait_seconds),
            bound=("once" if row.times == 1 else f"{row.times} times") + ("" if row.may_cost else ", never paid"),
        )
        for row in policy.ladder
    )


def describe_rules(policy: Policy) -> tuple[RuleRow, ...]:
    """Return the rules of *policy* in order."""
    return tuple(RuleRow(id=rule.id, when=_WHEN[rule.id](rule), goes=_goes(rule, policy)) for rule in policy.rules)


def _goes(rule: Rule, policy: Policy) -> str:
    profile = policy.tiers.profile(rule.route) or policy.tiers.local
    if isinstance(rule, BorderlineRule):
        complex_profile = policy.tiers.profile(rule.if_complex) or policy.tiers.local
        asked = "a probe" if policy.tiers.cheap else "no probe (the policy has no cheap tier)"
        return (
            f"{asked}, then {complex_profile} if complex, else {profile}"
            if policy.tiers.cheap
            else f"{profile}, {asked}"
        )
    return f"{profile}, never anything that is not local" if rule.id == "private" else profile


def _kinds(kinds: tuple[str, ...]) -> str:
    return ", ".join(kind.replace("-", " ") for kind in kinds)


def _large(rule: LargeChangeRule) -> str:
    words = ", ".join(rule.refactor.scope_words)
    return (
        f"more than {rule.above_files} files; {_kinds(rule.kinds)}; or a refactor of {rule.refactor.files} files, "
        f"{rule.refactor.lines} lines or a wide scope ({words})"
    )


def _light(rule: LightRule) -> str:
    return (
        f"{_kinds(rule.kinds)}: fewer than {rule.below_lines} lines to edit, at most {rule.up_to_files} files, "
        "and the prompt fits that profile"
    )


def _long(rule: LongContextRule) -> str:
    return (
        f"more than {rule.above_tokens:,} prompt tokens or {rule.above_chars:,} characters, "
        "or more than the local window holds"
    )


def _small(rule: SmallChangeRule) -> str:
    return f"fewer than {rule.below_files} files and {rule.below_lines} lines to edit, or no sign of a large change"


def _acts(rule: KindsRule) -> str:
    return f"the act asked for is one of: {_kinds(rule.kinds)}"


_WHEN: Mapping[str, Callable[[Any], str]] = {
    "private": lambda _rule: "labelled local-only, or a named file or the text carries a secret",
    "vision": lambda _rule: "an image, a screenshot, a diagram, a scanned PDF",
    "security-or-api-design": _acts,
    "large-change": _large,
    "lint-or-summarize": _light,
    "long-context": _long,
    "small-change": _small,
    "borderline": lambda _rule: "all that is left: stated or measured sizes in the band",
}
