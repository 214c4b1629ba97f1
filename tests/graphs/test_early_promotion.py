"""An attempt that gets nowhere is promoted before it ends: once, and only if a tier above is free."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from tests.fakes import (
    BORDERLINE,
    BURST,
    CHEAP,
    LOCAL,
    PRIVATE,
    Fails,
    FakeBackends,
    FakeHealth,
    FakeMeasurer,
    FakeProber,
    FakePurse,
    FakeRunner,
    FakeVerifier,
    Reads,
    a_policy,
    a_task,
    evidence,
)
from tests.graphs.a_run import Rig, steps

from profile_router.core.attempt.early_watch import EarlyJudge
from profile_router.core.ladder.cost_range import CostRange
from profile_router.core.ladder.early_score import EarlyScore, Trajectory
from profile_router.core.ladder.failure import Failure
from profile_router.core.policy.early_promotion import EarlyPromotion

NOWHERE = Fails(cause="no-progress")
RESTS = Failure(cause="server-error", message="on cooldown")


def ordered(rig: Rig, number: int = 0, **task: Any) -> Any:
    rig.run(a_task("Fix add in calc.py", **task))
    return rig.runner.orders[number].early


def test_a_local_attempt_may_be_promoted_early_and_knows_by_what_it_is_judged() -> None:
    watch = ordered(Rig(usual={"local": 7}.get, verifier=FakeVerifier(0)), check="make check")
    assert (watch.goes, watch.edits, watch.checked, watch.usual) == (BURST, True, True, 7)
    assert not watch.stays_here


def test_an_early_promotion_goes_to_burst_by_its_own_row_and_the_receipt_says_so() -> None:
    rig = Rig(runner=FakeRunner(NOWHERE, "done"))
    final = rig.run(a_task("Fix add in calc.py"))
    assert steps(final["receipts"]) == [(LOCAL, "route", "failed"), (BURST, "early", "ok")]
    assert final["receipts"][0].verdict == "no-progress"
    assert final["steps"][0].reason == "the attempt gets nowhere → coding-burst, once"
    assert rig.runner.orders[1].handoff is not None
    assert rig.runner.orders[1].early is None


def test_a_repair_may_be_promoted_early_too_but_only_once_in_a_run() -> None:
    rig = Rig(runner=FakeRunner("half", NOWHERE, "done"), verifier=FakeVerifier(1, 0))
    final = rig.run(a_task("Fix add in calc.py", check="make check"))
    assert [step.step for step in final["steps"]] == ["repair", "early"]
    assert [order.early is not None for order in rig.runner.orders] == [True, True, False]


@pytest.mark.parametrize(
    "rig",
    [
        Rig(policy=a_policy(early=EarlyPromotion(turns=0))),
        Rig(measurer=FakeMeasurer(evidence(private=(PRIVATE,)))),
        Rig(backends=FakeBackends(keyless=[BURST])),
        Rig(health=FakeHealth({BURST: "server-error"})),
        Rig(purse=FakePurse(0.0)),
        Rig(purse=FakePurse(0.0001)),
        Rig(purse=FakePurse(refuses="not-approved")),
        Rig(policy=replace(a_policy(), ladder=tuple(row for row in a_policy().ladder if row.id != "early"))),
    ],
    ids=["off", "private", "no key", "rests", "no money", "too little money", "somebody must agree", "no row"],
)
def test_none_is_where_nothing_above_could_go_on_at_once(rig: Rig) -> None:
    assert ordered(rig) is None
    assert rig.health.held == []


@pytest.mark.parametrize(("window", "open_"), [(1_100, False), (32_768, True)])
def test_none_is_where_the_prompt_is_over_the_window_above(window: int, open_: bool) -> None:
    found = evidence()
    windows = tuple(replace(one, tokens=window) if one.profile == BURST else one for one in found.windows)
    assert (ordered(Rig(measurer=FakeMeasurer(replace(found, windows=windows)))) is not None) is open_


def judged_when(rig: Rig, happens: Callable[[], object]) -> EarlyScore:
    """Return the score of an attempt that got nowhere, judged once that had happened."""
    watch = ordered(rig)
    happens()
    judge = EarlyJudge(watch=watch, where=LOCAL, tell=rig.events.append)
    failure = judge.take(Trajectory(turns=4))
    assert judge.last is not None
    assert (failure is None) is bool(judge.last.spared)
    return judge.last


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda rig: setattr(rig.purse, "left", 0.0001), "no budget has room for it"),
        (lambda rig: setattr(rig.purse, "refuses", "not-approved"), "no budget has room for it"),
        (lambda rig: setattr(rig.backends, "key_missing", lambda place: f"{place.profile} has no key"), "no key"),
        (lambda rig: setattr(rig.health, "blocked", lambda *_, **__: RESTS), "on cooldown"),
        (lambda rig: setattr(rig.clock, "now", rig.clock.now + 1e6), "the run's time is used up"),
        (lambda rig: None, ""),
    ],
    ids=["another of the batch took the money", "somebody must agree", "no key", "rests", "no time", "nothing"],
)
def test_it_is_asked_again_right_before_an_attempt_is_ended(change: Callable[[Rig], object], why: str) -> None:
    rig = Rig()
    score = judged_when(rig, lambda: change(rig))
    assert score.promotes is not bool(why)
    assert why in score.spared
    assert rig.health.held == []


def test_a_private_task_whose_burst_is_on_this_machine_may_be_promoted_early() -> None:
    here = "http://127.0.0.1:9090/v1"
    policy = a_policy(local_endpoints=("http://127.0.0.1:8080/v1", here))
    rig = Rig(policy=policy, measurer=FakeMeasurer(evidence(private=(PRIVATE,))))
    rig.candidates = {**rig.candidates, BURST: replace(rig.candidates[BURST], base_url=here)}
    watch = ordered(rig)
    assert (watch.goes, watch.stays_here) == (BURST, True)


def test_work_that_goes_on_from_a_private_file_is_not_sent_elsewhere_early() -> None:
    read = Reads(end="half")
    rig = Rig(runner=FakeRunner(read, "done"), verifier=FakeVerifier(1, 0, tail="E  boom"))
    assert ordered(rig, 1, check="make check") is None


def test_burst_is_the_top_and_the_cheap_tier_may_go_up() -> None:
    assert ordered(Rig(), profile=BURST) is None
    assert ordered(Rig(), profile=CHEAP).goes == BURST


def test_a_borderline_task_starts_locally_without_a_probe_where_its_trajectory_is_to_decide() -> None:
    policy = a_policy(probe=replace(a_policy().probe, by="trajectory"))
    rig = Rig(policy=policy, measurer=FakeMeasurer(evidence(**BORDERLINE)), runner=FakeRunner(NOWHERE, "done"))
    final = rig.run(a_task("Fix add in calc.py"))
    assert steps(final["receipts"]) == [(LOCAL, "route", "failed"), (BURST, "early", "ok")]
    assert (rig.prober.probed, final["decision"].needs_probe) == ([], False)
    assert final["decision"].reasons[-1] == "starts here: what its first 4 turns do decides (probe.by)"


def test_the_probe_stays_the_default_of_a_borderline_task() -> None:
    rig = Rig(measurer=FakeMeasurer(evidence(**BORDERLINE)), prober=FakeProber(3))
    rig.run(a_task("Fix add in calc.py"))
    assert rig.prober.probed == [CHEAP]


def test_what_the_way_up_costs_is_looked_at_before_and_nothing_is_held() -> None:
    asked: list[CostRange] = []

    class Notes(FakePurse):
        def affords(self, cost: CostRange) -> bool:
            asked.append(cost)
            return super().affords(cost)

    rig = Rig(purse=Notes())
    assert ordered(rig) is not None
    assert (len(asked), asked[0].least > 0, rig.purse.taken) == (1, True, [])


def test_right_before_an_attempt_is_ended_the_money_for_the_next_one_is_held() -> None:
    names: list[str] = []

    class Notes(FakePurse):
        def claims(self, cost: CostRange, *, profile: str, step: str, name: str) -> bool:
            names.append(name)
            return False

    rig = Rig(purse=Notes())
    watch = ordered(rig)
    assert watch is not None
    assert (watch.why_closed(), names) == ("coding-burst could not go on: no budget has room for it", ["attempt 1"])


@pytest.mark.parametrize(
    ("goal", "edits"),
    [("Fix add in calc.py", True), ("add(1, 2) returns -1 instead of 3", True), ("Explain what calc.py does", False)],
)
def test_an_attempt_is_held_to_a_change_only_where_its_task_wants_one(goal: str, edits: bool) -> None:
    rig = Rig()
    rig.run(a_task(goal))
    assert rig.runner.orders[0].early is not None
    assert rig.runner.orders[0].early.edits is edits
