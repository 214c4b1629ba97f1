"""What follows from an attempt that read a withheld file: who hears of what it said, changed and printed."""

from __future__ import annotations

import dataclasses
import sys
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.examples import examples
from tests.fakes import (
    BURST,
    LOCAL,
    PRIVATE,
    Fails,
    FakeBackends,
    FakeMeasurer,
    FakeRunner,
    FakeSummarizer,
    FakeVerifier,
    Reads,
    a_policy,
    a_task,
    candidates,
    evidence,
    with_second,
    without_repair,
)
from tests.graphs.a_run import Rig

from profile_router.core.attempt.handoff import FileDiff
from profile_router.core.ladder.failure import Place
from profile_router.core.ladder.server_report import ServerReport
from profile_router.core.policy import Promotion
from profile_router.core.privacy.taint import HOW_TO_ALLOW, Taint
from profile_router_graphs.state import NOTHING_TRIED

VALUE = "72-77-AAMAR"  # what the withheld file says, in other words
WORK = (FileDiff(path=f"{VALUE}.txt", text=f"+{VALUE}\n"),)
HERE = "http://127.0.0.1:8080/v1"
PASS = without_repair(promotion=Promotion(tainted_changes="pass"))
EXPERT: dict[str, Any] = {
    "candidates": candidates("expert", expert=HERE),
    "policy": without_repair(local_endpoints=(HERE,)),
}
ASKED = Fails(cause="asked-for-profile", asked=BURST, message=f"{LOCAL} asks for {BURST}: {VALUE}")


def a_rig(*ends: Any, verifier: FakeVerifier | None = None, **more: Any) -> Rig:
    """Return a rig of attempts that end as *ends*: the first one's check fails, and it is promoted at once."""
    given = {"policy": without_repair(), "verifier": verifier or FakeVerifier(1, 0, work=WORK, tail=VALUE)}
    return Rig(runner=FakeRunner(*ends), **{**given, **more})


def told_elsewhere(rig: Rig) -> list[str]:
    return [str(order) for order in rig.runner.orders if not order.local]


@pytest.mark.parametrize("end", [VALUE, ASKED, Fails(cause="unknown-tool", message=VALUE), Fails(cause="turn-limit")])
def test_a_model_elsewhere_hears_no_word_diff_or_output_of_a_tainted_attempt(end: Any) -> None:
    rig = a_rig(
        Reads(end=end), "done", verifier=FakeVerifier(*([1, 0] if end == VALUE else [0]), work=WORK, tail=VALUE)
    )
    final = rig.run(a_task(check="make check"))
    assert (final["status"], rig.runner.profiles) == ("ok", [LOCAL, BURST])
    (told,) = told_elsewhere(rig)
    assert VALUE not in told
    handoff = rig.runner.orders[1].handoff
    assert handoff is not None
    assert (handoff.diff, handoff.errors, handoff.tree) == ("", (), "clean")
    assert handoff.tried[0].startswith(LOCAL)
    assert rig.verifier.set_backs == [("mark-1", "mark-2", None, 1)]
    assert final["receipts"][0].taints == (Taint(path="secrets/plan.txt", why="is private"),)
    assert final["receipts"][1].taints == ()
    assert any("secrets/plan.txt" in note and "tainted_changes: pass" in note for note in final["notes"])
    assert [event["line"] in final["notes"] for event in rig.events if event["event"] == "taint"] == [True]


def test_an_attempt_beside_a_private_file_that_it_did_not_read_promotes_with_words_and_diff() -> None:
    rig = a_rig("half done", "done")
    rig.run(a_task(check="make check"))
    (told,) = told_elsewhere(rig)
    assert told.count(VALUE) >= 2
    assert "half done" in told
    assert rig.verifier.set_backs == []


def test_where_the_changes_cannot_be_taken_back_the_run_is_refused_before_the_next_model() -> None:
    rig = a_rig(Reads(end=VALUE), verifier=FakeVerifier(1, work=WORK, sets_back=False))
    final = rig.run(a_task(check="make check"))
    assert (final["status"], rig.runner.profiles, final["steps"][-1].cause) == ("refused", [LOCAL], "tainted")
    assert rig.health.held == []
    assert rig.purse.settled == [0.0]
    assert "secrets/plan.txt" in final["receipts"][-1].error


def test_the_policy_lets_the_changes_go_on_and_never_the_words() -> None:
    rig = a_rig(Reads(end=VALUE), "done", policy=PASS)
    assert rig.run(a_task(check="make check"))["status"] == "ok"
    assert rig.verifier.set_backs == []
    (told,) = told_elsewhere(rig)
    assert VALUE not in told
    assert rig.runner.orders[1].handoff is not None
    assert rig.runner.orders[1].handoff.tree == "keep"


def test_a_local_attempt_that_goes_on_with_it_is_told_all_and_is_tainted_too() -> None:
    to_expert = Fails(cause="asked-for-profile", asked="expert", message=f"because {VALUE}")
    rig = a_rig(Reads(end=to_expert), "clean words", "done", **EXPERT)
    final = rig.run(a_task(check="make check"))
    assert [order.profile for order in rig.runner.orders] == [LOCAL, "expert", BURST]
    second, third = rig.runner.orders[1:]
    assert VALUE in str(second.handoff)
    assert VALUE not in str(third)
    assert "clean words" not in str(third)
    assert final["receipts"][1].taints == final["receipts"][0].taints


def test_what_an_attempt_before_the_tainted_one_said_goes_on() -> None:
    first = Fails(cause="turn-limit", message="ninety turns were used")
    found = with_second(candidates(), LOCAL, HERE)
    rows = a_policy().ladder
    again = replace(next(row for row in rows if row.id == "next-provider"), id="again", causes=("turn-limit",))
    policy = a_policy(local_endpoints=(HERE,), ladder=(again, *rows))
    rig = a_rig(first, Reads(end=ASKED), "done", verifier=FakeVerifier(work=WORK), candidates=found, policy=policy)
    rig.run(a_task())
    assert [order.profile for order in rig.runner.orders] == [LOCAL, LOCAL, BURST]
    last = rig.runner.orders[2].handoff
    assert last is not None
    assert "ninety turns were used" in last.errors
    assert [line.partition(":")[0] for line in last.tried] == [f"{LOCAL} (scripted), 1 turn", f"{LOCAL} (scripted)"]


def test_the_output_of_a_check_that_read_a_withheld_file_stays_here_and_nothing_else() -> None:
    check_reads = (Taint(path=".env", why="is private"),)
    plain = (FileDiff(path="a.py", text="+2\n"),)
    verifier = FakeVerifier(1, 0, work=plain, tail=VALUE, check_reads=check_reads)
    rig = a_rig("half done", "done", verifier=verifier)
    assert rig.run(a_task(check="make check"))["status"] == "ok"
    (told,) = told_elsewhere(rig)
    assert VALUE not in told
    assert "half done" in told
    assert "+2" in told
    assert "make check failed" in told
    assert rig.verifier.set_backs == [("mark-2", "mark-2", (), 1)]  # nothing of it: what git ignores is looked for
    assert rig.runner.orders[1].handoff is not None
    assert rig.runner.orders[1].handoff.tree == "keep"


def test_a_tainted_answer_is_a_private_turn_of_its_thread_and_the_thread_goes_on() -> None:
    rig = a_rig(Reads(end=VALUE), "second", "third", "fourth", verifier=FakeVerifier())
    final = rig.run(a_task())
    assert not final["private_thread"]
    assert any("local models only" in note for note in final["notes"])
    rig.run(a_task("next", profile=BURST))
    assert VALUE not in str(rig.runner.orders[1])
    rig.run(a_task("and next", profile=LOCAL))
    assert VALUE in str(rig.runner.orders[2].conversation)
    # Whoever was told the turn may repeat it: its own answer is private as well.
    rig.run(a_task("and last", profile=BURST))
    assert not {VALUE, "third"} & {word for turn in rig.runner.orders[3].conversation for word in turn.text.split()}
    assert "second" in str(rig.runner.orders[3].conversation)


def test_a_tainted_report_is_shortened_here_or_cut() -> None:
    found = candidates()
    rig = a_rig(Reads(end=VALUE), verifier=FakeVerifier(), candidates=found, summarizer=FakeSummarizer())
    rig.run(a_task())
    assert [(order.local, order.seconds > 0) for order in rig.summarizer.orders] == [(True, True)]


LONG = f"{VALUE} {'word ' * 2_000}"


def test_a_tainted_report_is_shortened_by_the_provider_that_did_the_work() -> None:
    """The profile's first provider is elsewhere, and its second is here."""
    found = with_second(candidates(), BURST, HERE)
    rig = a_rig(
        Fails(cause="server-error"),
        Reads(end=LONG),
        verifier=FakeVerifier(),
        candidates=found,
        policy=a_policy(local_endpoints=(HERE,)),
    )
    final = rig.run(a_task(profile=BURST))
    assert [(order.profile, order.local) for order in rig.runner.orders] == [(BURST, False), (BURST, True)]
    assert final["receipts"][1].taints
    assert [(order.provider, order.local, order.seconds > 0) for order in rig.summarizer.orders] == [(1, True, True)]


@pytest.mark.parametrize("words", [LONG, "short"])
def test_a_long_report_is_not_shown_to_a_server_that_begins_to_forward(words: str) -> None:
    class ForwardsLater(FakeBackends):
        async def inspect(self, place: Place) -> ServerReport | None:
            report = await FakeBackends.inspect(self, place)
            self.elsewhere = "https://ollama.com"
            return report

    rig = a_rig(Reads(end=words), backends=ForwardsLater(), verifier=FakeVerifier())
    rig.run(a_task())
    assert [(order.local, order.seconds > 0) for order in rig.summarizer.orders] == [(words == "short",) * 2]


# What threads did not have that were kept before attempts could be tainted.
SINCE_THEN = frozenset({"taints", "source", "left", "handoff_elsewhere", "sessions", "looked_at", "told"})


def test_a_thread_that_was_kept_before_there_were_taints_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    rig = a_rig("first", "second", "third", verifier=FakeVerifier(0, 0, 0))
    with monkeypatch.context() as then:
        of = dataclasses.fields
        then.setattr(dataclasses, "fields", lambda one: tuple(it for it in of(one) if it.name not in SINCE_THEN))
        then.setattr(
            sys.modules["profile_router_graphs.nodes.deciding"],
            "NOTHING_TRIED",
            {key: value for key, value in NOTHING_TRIED.items() if key not in SINCE_THEN},
        )
        rig.run(a_task("one", check="make check"))
    final = rig.run(a_task("two", check="make check"))
    assert final["status"] == "ok"
    assert [turn.text for turn in final["conversation"]][1::2] == ["first", "second"]
    assert "first" in str(rig.runner.orders[1].conversation)


def test_a_local_server_that_forwards_gets_no_tainted_words() -> None:
    class Forwards(FakeBackends):
        async def inspect(self, place: Place) -> ServerReport | None:
            report = await FakeBackends.inspect(self, place)
            if place.profile != "expert":
                return report
            return ServerReport(profile="expert", models=("scripted",), elsewhere="https://ollama.com")

    to_expert = Fails(cause="asked-for-profile", asked="expert", message=f"because {VALUE}")
    rig = a_rig(Reads(end=to_expert), "done", backends=Forwards(), verifier=FakeVerifier(work=WORK), **EXPERT)
    rig.run(a_task())
    assert [order.local for order in rig.runner.orders] == [True, False]
    assert VALUE not in str(rig.runner.orders[1])
    assert rig.verifier.set_backs != []


def test_a_private_task_reads_what_it_likes_and_is_not_told_how_to_allow_more() -> None:
    measurer = FakeMeasurer(evidence(private=(PRIVATE,)))
    rig = a_rig(Reads(end=VALUE), verifier=FakeVerifier(1, work=WORK), measurer=measurer)
    final = rig.run(a_task(check="make check"))
    assert final["receipts"][0].taints
    assert not any(HOW_TO_ALLOW in note for note in final["notes"])


ENDS = st.sampled_from(["stream-error", "server-error", "turn-limit", "rate-limited"])


@examples(60)
@given(
    reads=st.lists(st.booleans(), min_size=1, max_size=4),
    ends=st.lists(ENDS, min_size=4, max_size=4),
    profile=st.sampled_from([None, LOCAL, BURST]),
    promotion=st.builds(
        Promotion, tree=st.sampled_from(["keep", "clean"]), tainted_changes=st.sampled_from(["back", "pass"])
    ),
    sets_back=st.booleans(),
)
def test_no_order_to_a_model_elsewhere_ever_holds_what_a_tainted_attempt_said(
    reads: list[bool], ends: list[Any], profile: str | None, promotion: Promotion, sets_back: bool
) -> None:
    """Elsewhere a withheld file is not read: only local attempts are tainted."""

    class LocalReads(FakeRunner):
        async def run(self, order: Any, emit: Any, hold: Any = None) -> Any:
            attempt = await FakeRunner.run(self, order, emit, hold)
            if order.local or not attempt.receipt.taints:
                return attempt
            return replace(attempt, receipt=replace(attempt.receipt, taints=()))

    script: list[Any] = [
        Reads(end=Fails(cause=end, message=VALUE)) if read else Fails(cause=end)
        for read, end in zip(reads, ends, strict=False)
    ]
    verifier = FakeVerifier(*[0] * 9, work=(FileDiff(path="a.py", text="+1\n"),), sets_back=sets_back)
    runner = LocalReads(*script, "done", endless=True)
    rig = Rig(runner=runner, verifier=verifier, policy=a_policy(promotion=promotion))
    rig.run(a_task(profile=profile))
    tainted = False
    for order, read in zip(rig.runner.orders, [*reads, *[False] * 9], strict=False):
        if not order.local and tainted:
            assert VALUE not in str(order)
            if promotion.tainted_changes == "back":
                assert sets_back
                assert rig.verifier.set_backs
        tainted = tainted or (order.local and read)
