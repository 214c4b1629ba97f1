"""The whole graph over fakes: which nodes a task meets, and what a run leaves behind."""

from __future__ import annotations

from pathlib import Path
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
    FakeClock,
    FakeMeasurer,
    FakeProber,
    FakeRunner,
    FakeSummarizer,
    FakeVerifier,
    a_policy,
    a_task,
    all_goal,
    evidence,
    stated,
)
from tests.graphs.a_run import Rig, steps

from profile_router.core.conversation import UNDONE, Turn, alternating
from profile_router.core.ladder.receipt import Verified
from profile_router.core.policy import Tiers
from profile_router.core.routing.rate import FREE
from profile_router.core.routing.route import Refusal, Route
from profile_router.errors import UsageError
from profile_router_graphs.router import mermaid

MERMAID = Path(__file__).with_name("graph.mmd")


def borderline(**more: Any) -> FakeMeasurer:
    return FakeMeasurer(evidence(**BORDERLINE, **more))


def test_the_graph_is_drawn_as_it_stands_in_the_file() -> None:
    assert mermaid() == MERMAID.read_text(encoding="utf-8")


def test_a_clear_task_is_routed_run_verified_summarized_and_merged() -> None:
    rig = Rig(verifier=FakeVerifier(0))
    final = rig.run(a_task(check="pytest"))
    assert rig.nodes == ["parent", "classify", "dispatch", "verify", "summarize", "merge"]
    assert (final["status"], final["summary"]) == ("ok", "done")
    assert steps(final["receipts"]) == [(LOCAL, "route", "ok")]
    assert rig.verifier.asked == [("mark-1", "done", "pytest")]
    assert final["verified"].lines_added == 2
    assert final["notes"] == ("a note",)
    assert [event["event"] for event in rig.events] == [
        "classify",
        "check",
        "begin",
        "turn",
        "attempt",
        "verify",
        "verify",
    ]
    verified = [(event["about"], event["passed"]) for event in rig.events if event["event"] == "verify"]
    assert verified == [("files", None), ("check", True)]


def test_each_attempt_gets_its_order_from_the_task_and_what_is_left_of_the_time() -> None:
    rig = Rig(clock=FakeClock(step=1.0), measurer=FakeMeasurer(evidence(window=16_384)))
    rig.run(a_task(timeout_s=60.0))
    (order,) = rig.runner.orders
    assert (order.profile, order.rate, order.window, order.local, order.private) == (
        LOCAL,
        FREE,
        16_384,
        True,
        False,
    )
    assert order.seconds == 58.0  # a look when it is ordered, and one when it begins
    assert order.asks == (BURST, CHEAP)


@pytest.mark.parametrize("takes_tools", [True, False, None])
def test_an_order_knows_what_the_chat_template_of_its_server_takes(takes_tools: bool | None) -> None:
    rig = Rig(backends=FakeBackends(takes_tools=takes_tools))
    rig.run(a_task())
    assert rig.runner.orders[0].takes_tools is takes_tools


def test_a_check_that_fails_makes_the_run_fail() -> None:
    assert Rig(verifier=FakeVerifier(1)).run(a_task(check="pytest", profile=BURST))["status"] == "failed"


def test_a_failed_attempt_fails_the_run_and_runs_no_check() -> None:
    rig = Rig(runner=FakeRunner(Fails(cause="bad-request")))
    final = rig.run(a_task(check="pytest"))
    assert rig.nodes == ["parent", "classify", "dispatch", "reroute", "verify", "merge"]
    assert final["status"] == "failed"
    assert rig.verifier.asked == [("mark-1", "", None)]
    assert final.get("conversation", ()) == ()


def test_bad_input_is_an_exception_and_no_attempt() -> None:
    rig = Rig(measurer=FakeMeasurer(UsageError("--file 'x' does not exist")))
    with pytest.raises(UsageError, match="does not exist"):
        rig.run(a_task())
    assert rig.runner.orders == []


def test_a_refused_task_meets_no_model_and_no_server() -> None:
    rig = Rig(measurer=FakeMeasurer(all_goal(500_000)))
    final = rig.run(a_task())
    assert rig.nodes == ["parent", "classify", "merge"]
    assert final["status"] == "refused"
    assert isinstance(final["decision"], Refusal)
    assert final["receipts"] == ()
    assert (rig.runner.orders, rig.backends.inspected) == ([], [])
    assert final["verified"] == Verified()


@pytest.mark.parametrize(("score", "profile"), [(9, BURST), (2, LOCAL)])
def test_a_borderline_task_is_probed_and_goes_where_the_estimate_says(score: int, profile: str) -> None:
    rig = Rig(measurer=borderline(), prober=FakeProber(score))
    final = rig.run(a_task())
    assert rig.nodes[:4] == ["parent", "classify", "probe", "dispatch"]
    assert (rig.prober.probed, rig.runner.profiles) == ([CHEAP], [profile])
    assert steps(final["receipts"]) == [(CHEAP, "probe", "ok"), (profile, "route", "ok")]
    assert isinstance(final["decision"], Route)
    assert (final["decision"].rule, final["decision"].profile) == ("borderline", profile)


def test_a_probe_without_an_estimate_means_local_and_stops_nothing() -> None:
    rig = Rig(measurer=borderline(), prober=FakeProber("2 invalid answers"))
    final = rig.run(a_task())
    assert (final["status"], rig.runner.profiles) == ("ok", [LOCAL])
    assert "2 invalid answers" in final["decision"].reasons[-1]


def test_without_a_cheap_tier_the_band_is_decided_without_a_probe() -> None:
    rig = Rig(measurer=borderline(), policy=a_policy(tiers=Tiers(local=LOCAL, burst=BURST)))
    final = rig.run(a_task())
    assert rig.prober.probed == []
    assert (rig.runner.profiles, final["status"]) == ([LOCAL], "ok")


def test_a_probe_is_not_an_attempt() -> None:
    rig = Rig(
        measurer=borderline(), prober=FakeProber(2), backends=FakeBackends(down={LOCAL: "refused"}, keyless=[BURST])
    )
    assert rig.run(a_task())["status"] == "refused"


@pytest.mark.parametrize("changes", [{}, {"profile": BURST}, {"profile": CHEAP}])
@pytest.mark.parametrize("size", [{}, BORDERLINE, {"files_to_read": stated(60)}])
def test_a_private_task_stays_here_whatever_asks_otherwise(changes: dict[str, Any], size: dict[str, Any]) -> None:
    rig = Rig(measurer=FakeMeasurer(evidence(private=(PRIVATE,), **size)))
    final = rig.run(a_task(local_only=True, **changes))
    assert (rig.runner.profiles, rig.prober.probed, rig.backends.inspected) == ([LOCAL], [], [LOCAL])
    assert final["decision"].rule == "private"
    assert rig.runner.orders[0].private


def test_the_summary_is_an_order_to_the_profile_that_did_the_work() -> None:
    rig = Rig(
        backends=FakeBackends(down={LOCAL: "refused"}),
        runner=FakeRunner("a long story"),
        summarizer=FakeSummarizer("short"),
    )
    final = rig.run(a_task())
    assert final["summary"] == "short"
    assert [order.profile for order in rig.summarizer.orders] == [BURST]
    assert steps(final["receipts"])[-1] == (BURST, "summarize", "ok")


def test_an_answer_that_a_program_reads_is_not_summarized() -> None:
    answer = '{"line": 1, "why": "' + "word " * 2_000 + '"}'
    rig = Rig(runner=FakeRunner(answer), summarizer=FakeSummarizer("short"))
    final = rig.run(a_task(whole_answer=True))
    assert final["summary"] == answer
    assert rig.summarizer.orders == []


def test_a_second_task_on_the_thread_sees_the_firsts_text_and_summary_alone() -> None:
    rig = Rig(runner=FakeRunner("first words", "second words"), summarizer=FakeSummarizer("first summary"))
    rig.run(a_task("first task"))
    final = rig.run(a_task("second task", profile=BURST))
    assert rig.runner.orders[1].conversation == (Turn("user", "first task"), Turn("assistant", "first summary"))
    assert rig.runner.profiles == [LOCAL, BURST]
    assert len(final["receipts"]) == 1
    assert final["steps"] == ()
    assert rig.measurer.measured[1][1] == rig.runner.orders[1].conversation


@pytest.mark.parametrize("undone", [{"1"}, {"1", "2"}, {"another"}], ids=lambda runs: " ".join(sorted(runs)))
def test_a_task_is_told_of_each_earlier_one_that_was_undone(undone: set[str]) -> None:
    rig = Rig(runner=FakeRunner(*["done"] * 4))
    for rig.run_id in "12":
        rig.run(a_task(f"task {rig.run_id}"))
    said: list[Turn] = []
    for run in "12":
        said += [Turn("user", f"task {run}"), Turn("assistant", "done", run=run)]
        said += [Turn("user", UNDONE, run=run)] if run in undone else []
    for rig.run_id in "34":  # what was told once is not told twice
        rig.undone = frozenset(undone)
        rig.run(a_task("task 3"))
        assert list(rig.measurer.measured[-1][1][: len(said)]) == said, "it is looked into as any turn is"
    assert [turn.text for turn in rig.runner.orders[2].conversation] == [turn.text for turn in alternating(said)]


def test_another_thread_sees_nothing() -> None:
    rig = Rig(runner=FakeRunner("one", "two"))
    rig.run(a_task("first task"), thread="a")
    rig.run(a_task("second task"), thread="b")
    assert rig.runner.orders[1].conversation == ()


def test_a_failed_task_leaves_no_turn_and_its_failure_is_forgotten() -> None:
    rig = Rig(runner=FakeRunner(Fails(cause="timeout"), "done"))
    assert rig.run(a_task("first task"))["status"] == "failed"
    final = rig.run(a_task("second task"))
    assert (final["status"], rig.runner.orders[1].conversation) == ("ok", ())
    assert steps(final["receipts"]) == [(LOCAL, "route", "ok")]


def test_a_private_task_makes_its_thread_private() -> None:
    measurer = FakeMeasurer(evidence(private=(PRIVATE,)), evidence(files_to_read=stated(60)))
    rig = Rig(runner=FakeRunner("one", "two"), measurer=measurer)
    rig.run(a_task("first task"))
    final = rig.run(a_task("second task", profile=BURST))
    assert [private for _, _, private in rig.measurer.measured] == [False, True]
    assert rig.runner.profiles == [LOCAL, LOCAL]
    assert final["decision"].rule == "private"


def test_a_private_task_that_failed_makes_its_thread_private_too() -> None:
    measurer = FakeMeasurer(evidence(private=(PRIVATE,)), evidence())
    rig = Rig(runner=FakeRunner(Fails(cause="timeout"), "two"), measurer=measurer)
    rig.run(a_task("first task"))
    rig.run(a_task("second task"))
    assert rig.measurer.measured[1][2] is True
