"""Draw the ladder of a policy as Mermaid: tiers and what a step leads to, the steps between them."""

from __future__ import annotations

from collections.abc import Mapping

from profile_router.core.ladder.steps import most_hops
from profile_router.core.policy import Policy, Step, Tier

_UPWARD: Mapping[Tier, Tier] = {"cheap": "local", "local": "burst"}
_ELSEWHERE: Mapping[str, str] = {
    "same": "the same once more, after a wait",
    "next-provider": "the profile's next provider",
    "larger-window": "the next larger window",
    "condense": "the same, condensed",
    "asked": "the profile that was asked for",
}
_CAUSES_A_LINE = 4


def ladder_mermaid(policy: Policy) -> str:
    """Return the ladder of *policy* as Mermaid text; the first line tells how many steps a run takes at most."""
    lines = [f"%% at most {most_hops(policy)} steps in a run; what no row answers stops", "graph LR;"]
    for tier in ("cheap", "local", "burst"):
        name = policy.tiers.profile(tier)
        if name is not None:
            lines.append(f"\t{tier}([{name}]);")
    used = {row.to for row in policy.ladder}
    lines += [f"\t{to}[{words}];" for to, words in _ELSEWHERE.items() if to in used]
    for row in policy.ladder:
        lines += [
            f'\t{" & ".join(starts)} -- "{_label(row)}" --> {end};' for end, starts in _edges(row, policy).items()
        ]
    return "\n".join(lines) + "\n"


def _edges(row: Step, policy: Policy) -> Mapping[str, list[Tier]]:
    """Return where *row* leads, and from which tiers."""
    edges: dict[str, list[Tier]] = {}
    for tier in row.from_tiers:
        end = _UPWARD.get(tier) if row.to == "next-tier" else row.to
        if policy.tiers.profile(tier) is not None and end not in (None, tier):
            edges.setdefault(str(end), []).append(tier)
    return edges


def _label(row: Step) -> str:
    causes = list(row.causes)
    lines = [", ".join(causes[place : place + _CAUSES_A_LINE]) for place in range(0, len(causes), _CAUSES_A_LINE)]
    bound = "once" if row.times == 1 else f"{row.times} times"
    return "<br>".join([f"<b>{row.id}</b>, {bound}{'' if row.may_cost else ', never paid'}", *lines])
