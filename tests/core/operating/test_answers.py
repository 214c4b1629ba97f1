"""Three answers: what was saved, what went wrong, what to change. Each sentence has its figures."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, get_args

import pytest

from profile_router.core.ladder.causes import Family
from profile_router.core.operating.answers import _ADVICE, CALIBRATE, BudgetLeft, Replayed, answers
from profile_router.core.operating.share import share_of
from profile_router.core.operating.totals import Compared, Misroutes, RunPart, StepSum, Totals

BUDGET = BudgetLeft(day_usd=25, spent_usd=1, reserved_usd=0)
PROPOSAL = Replayed(name="new.yaml", digest="d", rows=40, moved=4, saved_usd=0.12, age_s=60)


def a_part(verdict: str = "verified", runs: int = 8, usd: float = 0.4) -> RunPart:
    return RunPart(tier="local", rule="small-change", verdict=verdict, runs=runs, cost_usd=usd)


def a_total(*parts: RunPart, **changes: Any) -> Totals:
    compared = changes.pop("compared", Compared(known=8, spent_usd=0.4, if_burst_usd=2.0, unknown={}, by_local=8))
    return Totals(since=0, parts=parts or (a_part(),), compared=compared, causes=changes.pop("causes", {}), **changes)


def told(totals: Totals, budget: BudgetLeft = BUDGET, replayed: Replayed | None = None) -> dict[str, str]:
    found = answers(totals, budget, many_lines=200, replayed=replayed)
    return {one.id: "\n".join((*one.said, *(f"{step.said} {step.command}" for step in one.advice))) for one in found}


def test_what_was_saved_is_told_against_both_extremes() -> None:
    said = told(
        a_total(
            compared=Compared(
                known=7, spent_usd=0.4, if_burst_usd=2.0, unknown={"it is private": 1}, by_local=6, local_failed=1
            )
        )
    )
    assert "$0.40 was spent on 8 tasks." in said["saved"]
    assert (
        "Always-burst: ≈ $2.00 for the 7 that can be compared; they cost $0.40, which is ≈ $1.60 (80 %) less."
        in said["saved"]
    )
    assert (
        "Always-local: $0.00. The local tier did 6 alone; 1 that it tried ended elsewhere or not well; 1 never reached it."
        in said["saved"]
    )
    assert "Not compared: it is private (1)." in said["saved"]


def test_what_cost_more_than_always_burst_is_not_told_as_saved() -> None:
    said = told(a_total(compared=Compared(known=8, spent_usd=2.5, if_burst_usd=2.0, unknown={})))
    assert "which is ≈ $0.50 (25 %) more" in said["saved"]


@pytest.mark.parametrize(("exact", "cost"), [(True, "$2.00"), (False, "≈$2.00")])
def test_what_cost_as_much_as_always_burst_is_told_so_and_by_the_sign_of_its_source(exact: bool, cost: str) -> None:
    same = Compared(known=8, spent_usd=2.0, if_burst_usd=2.0, unknown={})
    assert (
        f"they cost {cost}, which is as much." in told(a_total(replace(a_part(), exact=exact), compared=same))["saved"]
    )


@pytest.mark.parametrize(
    ("totals", "wrong", "change"),
    [
        (a_total(), "Nothing: 8 tasks ended well and verified.", "Nothing stands out."),
        (a_total(a_part("failed", 2), causes={"refused": 2}), "2 of 2 tasks did not end well: 2 failed.", "profile-router doctor"),
        (a_total(causes={"key-refused": 3}), "Nothing", "profile-router doctor"),
        (a_total(steps=(StepSum(step="promote", cause="no-change", times=3, runs=3, well=2),)), "promote as no file was changed (3)", "Nothing stands out"),
        (a_total(a_part("unverified", 5), unchecked=4), "5 tasks ended well and nothing confirms it, 4 of them with no check", "profile-router check --allow"),
        (a_total(misroutes=(Misroutes(kind="local-large", by_rule={"small-change": 2}, newest=()),)), "2 runs at the local tier edited more than 200 lines", "profile-router calibrate"),
        (a_total(misroutes=(Misroutes(kind="burst-small", by_rule={"large-change": 1}, newest=()),)), "1 run at the burst tier edited 3 lines or fewer", "profile-router calibrate"),
        (a_total(undone=1), "1 task was undone by somebody.", "Nothing stands out"),
    ],
)  # fmt: skip
def test_each_thing_that_went_wrong_is_said_with_what_would_change_it(totals: Totals, wrong: str, change: str) -> None:
    said = told(totals)
    assert wrong in said["wrong"]
    assert change in said["change"]


@pytest.mark.parametrize(
    ("causes", "limits", "price"),
    [
        ({"not-approved": 2, "declined": 1}, "", "in 3 runs nobody agreed to the price"),
        ({"over-budget": 2}, "in 2 runs limits of yours", ""),
        ({"declined": 1, "timeout": 2}, "in 2 runs limits of yours", "in 1 run nobody agreed to the price"),
    ],
)
def test_a_declined_price_is_not_told_as_a_limit(causes: dict[str, int], limits: str, price: str) -> None:
    said = told(a_total(a_part("unapproved", 3), causes=causes))["change"]
    assert (("limits of yours" in said, limits in said), ("nobody agreed" in said, price in said)) == (
        (bool(limits), True),
        (bool(price), True),
    )


def test_every_family_of_causes_has_its_advice() -> None:
    assert set(_ADVICE) == set(get_args(Family))


@pytest.mark.parametrize(("spent", "says"), [(19.9, False), (20.5, True), (30.0, True)])
def test_a_budget_that_is_nearly_used_up_is_said(spent: float, says: bool) -> None:
    said = told(a_total(), BudgetLeft(day_usd=25, spent_usd=spent, reserved_usd=0))
    assert ("profile-router budget" in said["change"]) is says


@pytest.mark.parametrize(
    ("usd", "words"), [(0.12, "saves ≈ $0.12"), (-0.5, "costs ≈ $0.50 more"), (0.0, "costs as much")]
)
def test_a_proposal_that_was_replayed_comes_first(usd: float, words: str) -> None:
    replayed = Replayed(name="new.yaml", digest="d", rows=40, moved=4, saved_usd=usd, age_s=60)
    said = told(a_total(undone=1), replayed=replayed)["change"]
    assert said.startswith(f"a proposal is at hand: new.yaml moves 4 of 40 tasks, {words}; it is in force once it is")
    assert "copied over the policy in force profile-router policy check new.yaml" in said


def test_a_proposal_names_its_file_and_the_one_that_it_is_copied_over() -> None:
    said = told(a_total(), replayed=replace(PROPOSAL, file="/my files/new.yaml", over="/etc/policy.yaml"))["change"]
    assert "copied over /etc/policy.yaml profile-router policy check '/my files/new.yaml'" in said


@pytest.mark.parametrize("cause", ["verification-failed", "no-progress"])
@pytest.mark.parametrize("missing", [0, 1, 12])
def test_calibrate_is_advised_only_where_it_would_not_refuse(cause: str, missing: int) -> None:
    found = answers(a_total(causes={cause: 3}), BUDGET, many_lines=200, missing=missing)
    [advice] = found[-1].advice
    assert (advice.command == CALIBRATE) is (missing == 0)
    assert (f"{missing} more outcome" in advice.said) is (missing > 0)


@pytest.mark.parametrize("replayed", [None, PROPOSAL])
def test_without_a_run_each_answer_says_so(replayed: Replayed | None) -> None:
    said = told(Totals(since=0, compared=Compared(unknown={}), causes={}), replayed=replayed)
    assert said["saved"] == said["wrong"] == "No task was run in that time."
    assert ("new.yaml" if replayed else 'profile-router run "TASK"') in said["change"]


@pytest.mark.parametrize(
    ("count", "of", "low", "high"), [(0, 0, 0, 1), (0, 10, 0, 0.2775), (10, 10, 0.7225, 1), (5, 10, 0.2366, 0.7634)]
)
def test_an_interval_of_a_share_is_wilsons(count: int, of: int, low: float, high: float) -> None:
    assert share_of(count, of) == pytest.approx((low, high), abs=1e-4)
