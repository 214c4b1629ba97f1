"""The parent's conversation on its way through a run: shared, filtered at every step, and not kept."""

from __future__ import annotations

from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.examples import examples
from tests.fakes import (
    BORDERLINE,
    BURST,
    CHEAP,
    LOCAL,
    PRIVATE,
    FakeBackends,
    FakeMeasurer,
    FakeProber,
    FakeRunner,
    a_task,
    all_goal,
    candidates,
    evidence,
)
from tests.graphs.a_run import Rig

from profile_router.core.conversation import NEXT, PARENTS, Conversation, Turn
from profile_router.core.evidence import Evidence
from profile_router.core.task import Task
from profile_router.errors import WorkspaceError

HELLO, HI = Turn("user", "hello"), Turn("assistant", "hi, what is it?")
SECRET = Turn("user", "our key: -----BEGIN PRIVATE KEY----- MIIE")
DELEGATED = Turn("assistant", NEXT)
SESSION = ("the session",)
WITHHELD = "conversation: 1 turn goes to local models only (private key)"


def test_a_subagent_hears_what_was_said_before_it() -> None:
    rig = Rig()
    final = rig.run(a_task(conversation=(HELLO, HI)))
    assert rig.runner.orders[0].conversation == (HELLO, HI)
    assert rig.measurer.measured[0][1] == (HELLO, HI)
    assert final["notes"] == ("a note",)


def test_the_threads_own_turns_come_first_and_none_comes_twice() -> None:
    rig = Rig(runner=FakeRunner("one", "two"))
    rig.run(a_task("first task", conversation=(HELLO, HI)))
    rig.run(a_task("second task", conversation=(HELLO, HI, Turn("assistant", "one"), Turn("user", "go on"))))
    own = (Turn("user", "first task"), Turn("assistant", "one"))
    assert rig.runner.orders[1].conversation == (*own, HELLO, HI, Turn("user", "go on"), DELEGATED)


def test_the_parents_turns_are_not_the_threads_and_do_not_outlive_the_run() -> None:
    rig = Rig(runner=FakeRunner("one", "two"))
    final = rig.run(a_task("first task", conversation=(HELLO, HI)))
    assert final["conversation"] == (Turn("user", "first task"), Turn("assistant", "one"))
    assert "hello" not in str(final)
    rig.run(a_task("second task"))
    assert rig.runner.orders[1].conversation == (Turn("user", "first task"), Turn("assistant", "one"))


def test_they_do_not_outlive_a_refused_run_either() -> None:
    final = Rig(measurer=FakeMeasurer(all_goal(500_000))).run(a_task(conversation=(HELLO, HI)))
    assert final["status"] == "refused"
    assert "hello" not in str(final)


def test_the_parents_chat_reaches_local_models_only_by_the_shipped_policy() -> None:
    rig = Rig(runner=FakeRunner("one", "two"))
    rig.run(a_task(conversation=(HELLO, HI), sessions=SESSION))
    final = rig.run(a_task(profile=BURST, conversation=(HELLO, HI), sessions=SESSION), thread="other")
    assert [order.conversation for order in rig.runner.orders] == [(HELLO, HI), ()]
    assert final["notes"] == ("a note",)


def test_a_threads_own_turns_are_shared_between_providers_all_the_same() -> None:
    rig = Rig(runner=FakeRunner("one", "two"))
    rig.run(a_task("first task"))
    rig.run(a_task("second task", profile=BURST, conversation=(HELLO, HI)))
    assert rig.runner.orders[1].conversation == (Turn("user", "first task"), Turn("assistant", "one"))


SPOKEN = Turn("user", "Job 1 stays local-only: explain the payroll formula")
RECAP = Turn("assistant", "Job 1 is done: base salary times 1.07, plus 212 for each child")


@pytest.mark.parametrize(
    ("first", "found"),
    [
        (a_task(local_only=True, sessions=SESSION), evidence(private=(PRIVATE,))),
        (a_task(sessions=SESSION), evidence(private=(PRIVATE,))),
        (a_task(profile=LOCAL, sessions=SESSION), evidence()),
        (a_task("Explain the payroll formula, and keep it on this machine", sessions=SESSION), evidence()),
        (a_task("Erkläre die Formel", context="sie ist vertraulich", sessions=SESSION), evidence()),
    ],
)
def test_after_a_task_that_was_meant_for_this_machine_no_turn_of_its_session_goes_elsewhere(
    first: Task, found: Evidence
) -> None:
    measurer = FakeMeasurer(found, evidence(), elsewhere="turns")
    rig = Rig(runner=FakeRunner("one", "two", "three"), measurer=measurer)
    rig.run(first, thread="one")
    final = rig.run(a_task(profile=BURST, conversation=(HELLO, RECAP), sessions=("newer", *SESSION)), thread="two")
    assert rig.runner.orders[1].conversation == ()
    assert f"conversation: {PARENTS} goes to local models only (a task of its session was private)" in final["notes"]
    rig.run(a_task(profile=BURST, conversation=(HELLO, RECAP), sessions=("another",)), thread="three")
    assert rig.runner.orders[2].conversation == (HELLO, RECAP)


def test_a_chat_that_speaks_of_keeping_something_here_goes_nowhere_else_from_then_on() -> None:
    rig = Rig(runner=FakeRunner("one", "two"), measurer=FakeMeasurer(elsewhere="turns"))
    rig.run(a_task(profile=BURST, conversation=(HELLO, HI, SPOKEN, RECAP), sessions=SESSION), thread="one")
    rig.run(a_task(profile=BURST, conversation=(HI, RECAP), sessions=SESSION), thread="two")
    assert [order.conversation for order in rig.runner.orders] == [(), ()]


def test_a_chat_of_an_unknown_session_goes_nowhere_else() -> None:
    rig = Rig(measurer=FakeMeasurer(elsewhere="turns"))
    final = rig.run(a_task(profile=BURST, conversation=(HELLO, HI)))
    assert rig.runner.orders[0].conversation == ()
    assert any("its session is not known" in note for note in final["notes"])


def test_a_private_turn_does_not_make_the_task_private_and_reaches_the_local_model_only() -> None:
    rig = Rig(runner=FakeRunner("one", "two"), measurer=FakeMeasurer(elsewhere="turns"))
    here = rig.run(a_task(conversation=(HELLO, HI, SECRET), sessions=SESSION))
    assert rig.runner.orders[0].conversation == (HELLO, HI, SECRET, DELEGATED)
    asked = a_task(profile=BURST, conversation=(HELLO, HI, SECRET), sessions=SESSION)
    elsewhere = rig.run(asked, thread="other")
    assert rig.runner.orders[1].conversation == (HELLO, HI)
    assert rig.runner.profiles == [LOCAL, BURST]
    assert [final["decision"].rule for final in (here, elsewhere)] == ["small-change", "explicit"]
    assert all(WITHHELD in final["notes"] for final in (here, elsewhere))


def test_a_private_turn_stays_behind_when_the_ladder_leaves_this_machine() -> None:
    rig = Rig(backends=FakeBackends(down={LOCAL: "refused"}), measurer=FakeMeasurer(elsewhere="turns"))
    rig.run(a_task(conversation=(HELLO, HI, SECRET), sessions=SESSION))
    assert [(order.profile, order.conversation) for order in rig.runner.orders] == [(BURST, (HELLO, HI))]


def test_a_secret_in_an_earlier_summary_stays_behind_too() -> None:
    rig = Rig(runner=FakeRunner(SECRET.text, "two"))
    rig.run(a_task("first task"))
    rig.run(a_task("second task", profile=BURST))
    assert rig.runner.orders[1].conversation == (Turn("user", "first task"), DELEGATED)


@pytest.mark.parametrize("broken", [False, True])
def test_a_thread_whose_summary_repeats_a_private_file_is_private_from_then_on(
    broken: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> str:
        raise WorkspaceError("git fails")

    rig = Rig(runner=FakeRunner("as it says FROM THE PRIVATE FILE"))
    if broken:
        monkeypatch.setattr(rig.verifier, "copied", fails)
    final = rig.run(a_task())
    assert (final["status"], final["private_thread"]) == ("ok", True)
    assert any(note.startswith("the summary repeats text of") for note in final["notes"])
    assert final["notes"][0] == "a note"


def test_a_private_task_hears_everything_because_it_stays_here() -> None:
    rig = Rig(measurer=FakeMeasurer(evidence(private=(PRIVATE,))))
    rig.run(a_task(conversation=(HELLO, HI, SECRET), local_only=True))
    assert [(order.profile, order.conversation[:3]) for order in rig.runner.orders] == [(LOCAL, (HELLO, HI, SECRET))]


def test_what_is_left_out_is_said_in_a_note() -> None:
    rig = Rig(measurer=FakeMeasurer(conversation_tokens=40))
    final = rig.run(a_task(conversation=(Turn("user", "word " * 90), HI, HELLO)))
    assert "conversation: 2 of 3 turns shared" in final["notes"]
    assert "conversation: 2 of 3 turns shared" in final["decision"].evidence.notes


def test_the_summary_is_ordered_without_the_conversation() -> None:
    rig = Rig(runner=FakeRunner("a long story"))
    rig.run(a_task(profile=BURST, conversation=(HELLO, HI, SECRET)))
    assert [order.conversation for order in rig.summarizer.orders] == [()]


SAID = st.lists(
    st.builds(
        lambda role, private, text: Turn(role, f"-----BEGIN PRIVATE KEY----- {text}" if private else text),
        st.sampled_from(["user", "assistant"]),
        st.booleans(),
        st.text("SECRET ", min_size=1, max_size=400),
    ),
    max_size=6,
).map(tuple)


@examples(40)
@given(
    said=SAID,
    down=st.booleans(),
    borderline=st.booleans(),
    explicit=st.sampled_from([None, LOCAL, BURST, CHEAP, "expert"]),
    budget=st.integers(0, 300),
    elsewhere=st.sampled_from(["none", "turns"]),
)
def test_no_private_turn_is_ever_ordered_from_a_model_elsewhere(
    said: Conversation,
    down: bool,
    borderline: bool,
    explicit: str | None,
    budget: int,
    elsewhere: Literal["none", "turns"],
) -> None:
    found: dict[str, Any] = BORDERLINE if borderline else {}
    rig = Rig(
        runner=FakeRunner("done"),
        backends=FakeBackends(down={LOCAL: "refused"} if down else {}),
        measurer=FakeMeasurer(evidence(**found), conversation_tokens=budget, elsewhere=elsewhere),
        prober=FakeProber(3),
        candidates=candidates("expert"),
    )
    rig.run(a_task(profile=explicit, conversation=said, sessions=SESSION))
    private = {turn.text for turn in said if "PRIVATE KEY" in turn.text}
    clean = {turn.text for turn in said} - private
    for order in (*rig.runner.orders, *rig.summarizer.orders):
        heard = "\n\n".join(turn.text for turn in order.conversation)
        if not order.local:
            assert "PRIVATE KEY" not in heard
            assert elsewhere == "turns" or not heard
            for turn in private:
                end = turn[-30:]
                assert end not in heard or any(end in text for text in clean)


@pytest.mark.parametrize("down", [False, True])
def test_a_turn_that_lost_its_start_is_still_private(down: bool) -> None:
    long = Turn("user", "-----BEGIN PRIVATE KEY----- " + "MIIEvQIBADANBgkqhkiG9w0B " * 400)
    rig = Rig(
        backends=FakeBackends(down={LOCAL: "refused"} if down else {}),
        measurer=FakeMeasurer(conversation_tokens=200, elsewhere="turns"),
    )
    rig.run(a_task(conversation=(long,), sessions=SESSION))
    [order] = rig.runner.orders
    assert ("MIIE" in str(order.conversation), order.local) == (not down, not down)
