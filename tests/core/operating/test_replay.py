"""Past tasks are decided again by another policy: which move, what it costs, what it risks, what cannot be told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.fakes import BURST, CHEAP, LOCAL, PRIVATE, a_policy, a_task, candidates, evidence, stated

from profile_router.core.operating.replay import PastTask, Replay, replay
from profile_router.core.policy import Policy
from profile_router.core.policy.rules import SmallChangeRule
from profile_router.core.telling.figures import evidence_figures, task_figures


def past(
    lines: int = 50, *, name: str = "a1", profile: str = LOCAL, verdict: str = "verified", **changes: Any
) -> PastTask:
    measured = changes.pop("measured", evidence(lines_to_edit=stated(lines)))
    return PastTask(
        id=name,
        profile=profile,
        tier={LOCAL: "local", BURST: "burst", CHEAP: "cheap"}[profile],
        rule="small-change",
        verdict=verdict,
        cost_usd=changes.pop("usd", 0.0),
        task=task_figures(changes.pop("task", a_task())),
        evidence=evidence_figures(measured),
        **{"tokens_in": 10_000, "tokens_out": 1_000, "local_ends": ("ok",), **changes},
    )


def below(lines: int, **changes: Any) -> Policy:
    """Return the policy whose rule for small changes ends at *lines*, with no cheap tier: borderline goes by size."""
    policy = a_policy(**changes)
    rules = [replace(one, below_lines=lines) if isinstance(one, SmallChangeRule) else one for one in policy.rules]
    return replace(policy, rules=tuple(rules))


def replayed(*tasks: PastTask, now: Policy | None = None, new: Policy) -> Replay:
    return replay(tasks, now or a_policy(), new, candidates())


def test_a_lower_limit_moves_the_larger_tasks_alone() -> None:
    found = replayed(past(50, name="a"), past(120, name="b"), past(150, name="c"), new=below(100))
    assert (found.rows, [one.id for one in found.moved]) == (3, ["b", "c"])
    assert {(one.was.tier, one.was.rule, one.to.tier, one.to.rule) for one in found.moved} == {
        ("local", "small-change", "probe", "borderline")
    }


def test_the_same_policy_moves_nothing() -> None:
    found = replayed(past(50), past(190), past(5, measured=evidence(images=())), new=a_policy())
    assert (found.moved, found.unread, found.by_words, found.later, found.saved_usd) == ((), {}, (), (), 0.0)


def test_what_moves_up_costs_the_tokens_of_its_work_at_the_price_there() -> None:
    found = replayed(past(150), new=below(100))
    assert found.moved[0].usd == pytest.approx(11_000 * 9e-6)  # the tier's price: in the middle of 6 and 12
    assert found.saved_usd == pytest.approx(-0.099)


def test_what_burst_did_in_the_end_costs_the_same_and_spares_the_attempt_in_vain() -> None:
    promoted = past(150, profile=BURST, usd=0.06, local_ends=("verification-failed",), local_s=40.0)
    found = replayed(promoted, new=below(100))
    assert (found.saved_usd, found.spared_s) == (0.0, 40.0)


def test_a_task_whose_tokens_nobody_counted_has_no_price() -> None:
    found = replayed(past(150, tokens_in=0), new=below(100))
    assert (len(found.moved), found.priced, found.saved_usd) == (1, [], 0.0)


def test_what_moves_down_is_at_risk_by_how_often_local_wins() -> None:
    up, down = below(100), a_policy()
    tasks = [past(150, name=f"{at}", profile=BURST, usd=0.06, local_ends=()) for at in range(10)]
    known = [
        past(
            20,
            name=f"l{at}",
            local_ends=("ok" if at < 6 else "turn-limit",),
            verdict="verified" if at < 6 else "failed",
        )
        for at in range(8)
    ]
    found = replayed(*tasks, *known, now=up, new=down)
    assert (len(found.weaker), found.local_won, found.local_known, found.at_risk) == (10, 6, 8, (1, 6))


@pytest.mark.parametrize("figures", [{}, {"tokens": 3}, {"files_to_read": "x"}])
def test_a_row_that_cannot_be_replayed_is_counted_and_said(figures: dict[str, Any]) -> None:
    found = replayed(past(), replace(past(), evidence=figures), new=below(10))
    assert (found.rows, sum(found.unread.values())) == (1, 1)


def test_a_private_task_stays_whatever_the_policy_says() -> None:
    found = replayed(past(150, measured=evidence(lines_to_edit=stated(150), private=(PRIVATE,))), new=below(100))
    assert found.moved == ()


@pytest.mark.parametrize(
    ("changes", "blind", "later"),
    [
        ({"private": replace(a_policy().private, words=("acme",))}, ("private",), ()),
        ({"kinds": replace(a_policy().kinds, kinds=())}, ("kinds",), ()),
        ({"early": replace(a_policy().early, turns=9)}, (), ("early",)),
        ({"budget": replace(a_policy().budget, day_usd=1.0)}, (), ("budget",)),
    ],
)
def test_what_a_replay_is_blind_for_is_said(changes: dict[str, Any], blind: Any, later: Any) -> None:
    found = replayed(past(), new=replace(a_policy(), **changes))
    assert (found.by_words, found.later) == (blind, later)


@pytest.mark.parametrize(
    ("verdict", "profile", "ends", "won"),
    [
        ("verified", LOCAL, ("ok",), True),
        ("verified", LOCAL, ("verification-failed", "ok"), True),  # repaired
        ("verified", BURST, ("verification-failed",), False),
        ("failed", LOCAL, ("turn-limit",), False),
        ("failed", LOCAL, ("refused",), None),  # a server that is down says nothing of the model
        ("unverified", LOCAL, ("ok",), None),
        ("verified", BURST, (), None),
    ],
)
def test_an_outcome_is_won_lost_or_not_known(
    verdict: str, profile: str, ends: tuple[str, ...], won: bool | None
) -> None:
    assert past(verdict=verdict, profile=profile, local_ends=ends).local_won is won
