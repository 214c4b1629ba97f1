"""The policy's rules and ladder in words and as a drawing, from the policy's own figures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from profile_router.core.ladder.steps import UPWARD, most_steps
from profile_router.core.policy import Policy, Step, Tier
from profile_router.core.policy.early_promotion import EarlySign
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
from profile_router.values import frozen


@frozen
class TableRow:
    """One rule or step for a reader: its id, what makes it fire, and where it goes.

    Of a step also from which tiers it leads (`start`), and how often it may be taken (`bound`).
    """

    id: str
    when: str
    goes: str
    start: str = ""
    bound: str = ""


_SIGNS: Mapping[EarlySign, str] = {
    "no_candidate_read": "no file that the task names was read; none at all where it names none",
    "same_failing_edit": "the same edit failed again, each time",
    "no_edit": "no file was changed, though the task asks for it",
    "prose": "a turn had words in place of tool calls, each time",
    "over_usual_turns": "more turns than nine of ten took that ended well in this repository",
}


def describe_early(policy: Policy) -> tuple[TableRow, ...]:
    """Return the signs of an attempt that gets nowhere, each with what *policy* adds for it to the score."""
    weights = policy.early.weights
    return tuple(TableRow(id=sign, when=when, goes=f"{getattr(weights, sign):g}") for sign, when in _SIGNS.items())


def early_rule(policy: Policy) -> str:
    """Return when an attempt is promoted before it ends, by the figures of *policy*."""
    early = policy.early
    if not early.turns:
        return "No attempt is promoted before it ends (early.turns is 0)."
    return f"From {early.turns} turns on, a score of {early.score:g} promotes the attempt, once in a run."


_GOES: Mapping[str, str] = {
    "same": "the same once more, after the wait it asks for (at most {wait:g} s)",
    "repair": "the same once more, with a new prompt: what the check said",
    "next-provider": "the profile's next key or provider",
    "next-tier": "the next tier",
    "larger-window": "the next larger window",
    "condense": "the same, condensed first",
    "asked": "the profile that was asked for",
}
_CAUSES_A_LINE = 4  # in a drawing


def describe_ladder(policy: Policy) -> tuple[TableRow, ...]:
    """Return the steps of the ladder of *policy* in order."""
    return tuple(
        TableRow(
            id=row.id,
            when=", ".join(row.causes),
            start=", ".join(row.from_tiers) if set(row.from_tiers) < set(TIERS) else "every tier",
            goes=_leads(row.to, policy),
            bound=_bound(row),
        )
        for row in policy.ladder
    )


def ladder_mermaid(policy: Policy) -> str:
    """Return the ladder of *policy* as Mermaid text; the first line tells how many steps a run takes at most."""
    lines = [f"%% at most {most_steps(policy)} steps in a run; what no row answers stops", "graph LR;"]
    lines += [f"\t{tier}([{name}]);" for tier in ("cheap", "local", "burst") if (name := policy.tiers.profile(tier))]
    used = {row.to for row in policy.ladder} - {"next-tier"}
    lines += [f'\t{to}["{_leads(to, policy)}"];' for to in _GOES if to in used]
    for row in policy.ladder:
        ends: dict[str, list[Tier]] = {}
        for tier in row.from_tiers:
            end = UPWARD.get(tier) if row.to == "next-tier" else row.to
            if policy.tiers.profile(tier) is not None and end not in (None, tier):
                ends.setdefault(str(end), []).append(tier)
        causes = [", ".join(row.causes[at : at + _CAUSES_A_LINE]) for at in range(0, len(row.causes), _CAUSES_A_LINE)]
        label = "<br>".join([f"<b>{row.id}</b>, {_bound(row)}", *causes])
        lines += [f'\t{" & ".join(tiers)} -- "{label}" --> {end};' for end, tiers in ends.items()]
    return "\n".join(lines) + "\n"


def _leads(to: str, policy: Policy) -> str:
    return _GOES.get(to, f"{to} tier").format(wait=policy.limits.wait_seconds)


def _bound(row: Step) -> str:
    return ("once" if row.times == 1 else f"{row.times} times") + ("" if row.may_cost else ", never paid")


def describe_rules(policy: Policy) -> tuple[TableRow, ...]:
    """Return the rules of *policy* in order."""
    return tuple(TableRow(id=rule.id, when=_WHEN[rule.id](rule), goes=_goes(rule, policy)) for rule in policy.rules)


def _goes(rule: Rule, policy: Policy) -> str:
    profile = policy.tiers.profile(rule.route) or policy.tiers.local
    if isinstance(rule, BorderlineRule):
        if policy.probe.by == "trajectory":
            return f"{profile}; what its first {policy.early.turns} turns do decides whether it goes on at burst"
        if not policy.tiers.cheap:
            return f"{profile}, no probe (the policy has no cheap tier)"
        complex_profile = policy.tiers.profile(rule.if_complex) or policy.tiers.local
        return f"a probe, then {complex_profile} if complex, else {profile}"
    return f"{profile}, never anything that is not local" if rule.id == "private" else profile


def _kinds(kinds: tuple[str, ...]) -> str:
    return ", ".join(kind.replace("-", " ") for kind in kinds)


def _large(rule: LargeChangeRule) -> str:
    words = ", ".join(rule.refactor.scope_words)
    return (
        f"more than {rule.above_files} files; {_kinds(rule.kinds)}; or a refactor of {rule.refactor.files} files, "
        f"{rule.refactor.lines} lines or a wide scope; a scope is wide by: {words}"
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
    return f"fewer than {rule.below_files} files and {rule.below_lines} lines to edit, or no sign that it is large"


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
    "borderline": lambda _rule: "all that is left: stated or measured sizes between small and large",
}
