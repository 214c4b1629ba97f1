"""The check is run once before any work: before what may cost, and at the latest before the first attempt."""

from __future__ import annotations

from typing import Any

import pytest
from tests.fakes import (
    BORDERLINE,
    BURST,
    CHEAP,
    LOCAL,
    Fails,
    FakeBackends,
    FakeMeasurer,
    FakeProber,
    FakePurse,
    FakeRunner,
    FakeVerifier,
    a_policy,
    a_task,
    all_goal,
    evidence,
)
from tests.graphs.a_run import Rig

from profile_router.core.found_check import FoundCheck
from profile_router.core.ladder.receipt import CheckBefore, CheckResult
from profile_router.core.privacy.taint import Taint
from profile_router.errors import UsageError

RED = CheckResult(command="make check", exit_code=1, seconds=0.1, last_line="1 failed")
BEFORE = CheckBefore(check=RED, mark="mark-after-check")
CANNOT = UsageError("the check cannot run")
TASK = a_task(check="make check")


def test_it_is_run_once_however_many_attempts_follow() -> None:
    rig = Rig(runner=FakeRunner("done", "again", "better"), verifier=FakeVerifier(1, 1, 0, before=BEFORE))
    final = rig.run(TASK)
    assert (final["status"], rig.runner.profiles) == ("ok", [LOCAL, LOCAL, BURST])
    assert [(mark, check) for mark, check, _, _ in rig.verifier.befores] == [("mark-1", "make check")]
    assert [event["event"] for event in rig.events].count("check") == 1


def test_its_mark_is_what_the_work_is_compared_with_and_all_is_told() -> None:
    rig = Rig(verifier=FakeVerifier(0, before=BEFORE))
    final = rig.run(TASK)
    assert [mark for mark, _, _ in rig.verifier.asked] == ["mark-after-check"]
    assert final["verified"].before == BEFORE
    lines = {event["event"]: event["line"] for event in rig.events if "line" in event}
    assert lines["check"] == "before the work: make check: FAILED (exit 1) · 1 failed"
    assert lines["verify"] == "make check: passed, red before · done"
    assert [found.check for found in rig.ledger.checks_before] == [RED]


def test_the_next_model_is_told_what_was_red_before() -> None:
    rig = Rig(runner=FakeRunner("done", "better"), verifier=FakeVerifier(1, 0, before=BEFORE, tail="E  boom"))
    final = rig.run(TASK)
    handoff = rig.runner.orders[1].handoff
    assert handoff is not None
    assert handoff.errors == ("make check ended with exit 1, and failed before any attempt, too:\nE  boom",)
    assert final["receipts"][0].error == "make check: exit 1, red before · done"


@pytest.mark.parametrize(
    ("rig", "nodes"),
    [
        (Rig(measurer=FakeMeasurer(evidence(**BORDERLINE)), prober=FakeProber()), "probe"),
        (Rig(measurer=FakeMeasurer(evidence(tokens=500_000))), "condense"),
        (Rig(), "dispatch"),
    ],
    ids=["the probe", "condensing", "the first attempt"],
)
def test_a_check_that_cannot_run_ends_the_run_before_anything_that_costs(rig: Rig, nodes: str) -> None:
    rig.verifier = FakeVerifier(before=CANNOT)
    with pytest.raises(UsageError, match="cannot run"):
        rig.run(TASK)
    assert rig.nodes == ["parent", "classify"], nodes
    assert (rig.runner.orders, rig.prober.probed, rig.condenser.asked, rig.purse.taken) == ([], [], [], [])
    assert rig.health.held == []


NOBODY_ANSWERS: dict[str, dict[str, Any]] = {
    "the local server is down and there is no key": {
        "backends": FakeBackends(down={LOCAL: "refused"}, keyless=(BURST,)),
    },
    "every server is down": {"backends": FakeBackends(down=dict.fromkeys((LOCAL, CHEAP, BURST), "refused"))},
    "nobody agrees to the price": {"task": {"profile": BURST}, "purse": FakePurse(refuses="not-approved")},
    "the budget is spent": {"task": {"profile": BURST}, "purse": FakePurse(refuses="over-budget")},
}


@pytest.mark.parametrize("why", NOBODY_ANSWERS)
def test_one_that_was_named_is_run_also_where_no_attempt_reaches_a_model(why: str) -> None:
    parts = dict(NOBODY_ANSWERS[why])
    task = a_task(check="make check", **parts.pop("task", {}))
    rig = Rig(verifier=FakeVerifier(before=CANNOT), **parts)
    with pytest.raises(UsageError, match="cannot run"):
        rig.run(task)
    assert (rig.ledger.receipts, rig.events[1:]) == ((), [])
    rig.verifier = FakeVerifier(before=BEFORE)
    final = rig.run(task)
    assert final["status"] in ("refused", "unapproved")
    assert (len(rig.verifier.befores), final["verified"].before) == (1, BEFORE)


def test_one_that_was_found_waits_for_an_attempt_that_can_be_made() -> None:
    found = FoundCheck(runner="make", words=("make", "check"), whole=("make", "check"), source="Makefile")
    rig = Rig(backends=FakeBackends(down={LOCAL: "refused"}, keyless=(BURST,)), verifier=FakeVerifier(before=BEFORE))
    assert rig.run(a_task(found=found))["status"] == "refused"
    assert rig.verifier.befores == []


def test_where_the_decision_is_a_refusal_it_is_not_run() -> None:
    rig = Rig(measurer=FakeMeasurer(all_goal(500_000)), verifier=FakeVerifier(before=CANNOT))
    assert (rig.run(TASK)["status"], rig.verifier.befores) == ("refused", [])


def test_without_a_check_there_is_none() -> None:
    rig = Rig()
    assert rig.run(a_task())["verified"].before is None
    assert (rig.verifier.befores, rig.ledger.checks_before) == ([], [])


@pytest.mark.parametrize(
    ("timeout", "most", "given"), [(4_000.0, 120.0, 120.0), (4_000.0, 7.0, 7.0), (100.0, 120.0, 25.0), (9.0, 0.0, 0.0)]
)
def test_its_time_is_the_policys_and_at_most_a_quarter_of_the_runs(timeout: float, most: float, given: float) -> None:
    rig = Rig(policy=a_policy(limits={"check_before_seconds": most}), verifier=FakeVerifier(0))
    rig.run(a_task(check="make check", timeout_s=timeout))
    assert [seconds for _, _, seconds, _ in rig.verifier.befores] == [given]


def test_that_it_was_not_run_is_said() -> None:
    rig = Rig(verifier=FakeVerifier(0, before=CheckBefore(why="ended after 120 s", mark="m")))
    final = rig.run(TASK)
    (line,) = (event["line"] for event in rig.events if event["event"] == "check")
    assert line == "before the work: make check is not known: ended after 120 s"
    assert final["status"] == "ok"


def test_a_check_that_may_have_left_what_it_read_keeps_its_files_from_a_model_elsewhere() -> None:
    read = CheckResult(
        command="make check", exit_code=1, seconds=0.1, last_line="", taints=(Taint(path=".env", why="x"),), wrote=True
    )
    before = CheckBefore(check=read, mark="mark-after-check")
    rig = Rig(runner=FakeRunner("done"), verifier=FakeVerifier(0, before=before))
    rig.run(a_task(check="make check", profile=BURST))
    assert rig.verifier.set_backs == [("mark-1", "mark-after-check", None, 0)]
    stuck = Rig(verifier=FakeVerifier(0, before=before, sets_back=False))
    assert stuck.run(a_task(check="make check", profile=BURST))["status"] == "refused"
    assert stuck.runner.orders == []
    local = Rig(runner=FakeRunner(Fails(cause="bad-request")), verifier=FakeVerifier(0, before=before))
    local.run(TASK)
    assert [taint.path for taint in local.runner.orders[0].taints] == [".env"]
