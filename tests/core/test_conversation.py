"""What of a conversation goes to whom, and in which shape."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fakes import BURST, CHEAP, LOCAL, a_policy, a_task, candidates, evidence

from profile_router.core.attempt.order import Order
from profile_router.core.attempt.ordering import order_for
from profile_router.core.conversation import (
    LEFT_OUT_BEFORE,
    NEXT,
    UNDONE,
    Conversation,
    Shared,
    Turn,
    TurnFinding,
    alternating,
    knowing_undone,
    new_turns,
    shared_turns,
)
from profile_router.core.ladder.failure import Place

ASKED, ANSWERED, SECRET = Turn("user", "do it"), Turn("assistant", "done"), Turn("user", "the key is hush")
KIND = ("private key",)


def finding(turn: Turn, *kinds: str) -> TurnFinding:
    return TurnFinding(digest=turn.digest, kinds=kinds)


CHECKED = (finding(ASKED), finding(ANSWERED), finding(SECRET, *KIND))


def test_a_local_model_sees_every_turn_another_one_those_found_clean() -> None:
    said = (ASKED, SECRET, ANSWERED)
    assert shared_turns(said, CHECKED, local=True) == said
    assert shared_turns(said, CHECKED, local=False) == (ASKED, ANSWERED)


def test_a_turn_that_nobody_checked_stays_here() -> None:
    assert shared_turns((ASKED, ANSWERED), CHECKED[1:], local=False) == (ANSWERED,)
    assert shared_turns((ASKED,), (), local=False) == ()


def test_what_one_check_found_private_no_other_makes_clean() -> None:
    assert shared_turns((SECRET,), (*CHECKED, finding(SECRET)), local=False) == ()


def test_a_finding_holds_no_text() -> None:
    assert "hush" not in repr(CHECKED)


def test_turns_that_the_thread_has_or_that_only_say_the_goal_are_not_new() -> None:
    given_turns = (ASKED, ANSWERED, Turn("user", " fix it "), SECRET)
    assert new_turns(given_turns, (ANSWERED,), "fix it") == (ASKED, SECRET)


@pytest.mark.parametrize(
    ("said", "shaped"),
    [
        ((), ()),
        ((ASKED, ANSWERED), (ASKED, ANSWERED)),
        ((ANSWERED,), (Turn("user", LEFT_OUT_BEFORE), ANSWERED)),
        ((ASKED,), (ASKED, Turn("assistant", NEXT))),
        ((ASKED, SECRET, ANSWERED), (Turn("user", "do it\n\nthe key is hush"), ANSWERED)),
    ],
)
def test_a_conversation_alternates_and_ends_before_the_task(said: Conversation, shaped: Conversation) -> None:
    assert alternating(said) == shaped


TURNS = st.builds(Turn, st.sampled_from(["user", "assistant"]), st.text(max_size=12))


@given(st.lists(TURNS, max_size=12))
def test_whatever_was_said_nothing_is_lost_and_the_roles_alternate(said: list[Turn]) -> None:
    shaped = alternating(said)
    assert [turn.role for turn in shaped] == ["user", "assistant"] * (len(shaped) // 2)
    assert all(any(turn.text in whole.text for whole in shaped if whole.role == turn.role) for turn in said)


def ordered(profile: str, said: Conversation, findings: tuple[TurnFinding, ...]) -> Order:
    return order_for(
        a_task(),
        evidence(turns=findings),
        a_policy(),
        candidates("expert"),
        Place(profile),
        conversation=said,
    )


@pytest.mark.parametrize("profile", [BURST, CHEAP, "expert"])
def test_an_order_for_a_model_elsewhere_holds_no_private_turn(profile: str) -> None:
    assert ordered(profile, (ASKED, ANSWERED, SECRET), CHECKED).conversation == (ASKED, ANSWERED)


def test_an_order_for_the_local_model_holds_all_and_says_what_may_go_beyond_it() -> None:
    order = ordered(LOCAL, (ASKED, ANSWERED, SECRET), CHECKED)
    assert order.conversation == (ASKED, ANSWERED, SECRET, Turn("assistant", NEXT))
    assert order.outside == (ASKED, ANSWERED)


@given(
    clean=st.lists(st.builds(Turn, st.sampled_from(["user", "assistant"]), st.text("abc ", max_size=9)), max_size=6),
    private=st.lists(
        st.builds(Turn, st.sampled_from(["user", "assistant"]), st.text("XYZ", min_size=3, max_size=9)), max_size=6
    ),
    unchecked=st.lists(
        st.builds(Turn, st.sampled_from(["user", "assistant"]), st.text("PQR", min_size=3, max_size=9)), max_size=6
    ),
    order=st.randoms(use_true_random=False),
    profile=st.sampled_from([BURST, CHEAP, "expert"]),
)
def test_no_private_or_unchecked_text_is_ever_in_an_order_for_a_model_elsewhere(
    clean: list[Turn], private: list[Turn], unchecked: list[Turn], order: Random, profile: str
) -> None:
    said = [*clean, *private, *unchecked]
    order.shuffle(said)
    findings = (*map(finding, clean), *(finding(turn, *KIND) for turn in private))
    sent = ordered(profile, tuple(said), findings)
    texts = "".join(turn.text.replace(LEFT_OUT_BEFORE, "").replace(NEXT, "") for turn in sent.conversation)
    assert set(texts) <= set("abc \n")
    assert sent.outside == sent.conversation


@pytest.mark.parametrize(
    ("said", "notes"),
    [
        (Shared(), ()),
        (Shared(turns=(ASKED, ANSWERED), given=2), ()),
        (Shared(turns=(ANSWERED,), given=14), ("conversation: 1 of 14 turns shared",)),
        (
            Shared(turns=(ANSWERED,), given=1, cut=True),
            ("conversation: 1 of 1 turns shared, the oldest without its start",),
        ),
        (
            Shared(turns=(SECRET,), given=1, findings=CHECKED),
            ("conversation: 1 turn goes to local models only (private key)",),
        ),
        (
            Shared(given=0, findings=(finding(ASKED, "path", "token"), finding(SECRET, "path"))),
            ("conversation: 2 turns go to local models only (path, token)",),
        ),
    ],
)
def test_what_does_not_go_along_is_said(said: Shared, notes: tuple[str, ...]) -> None:
    assert said.notes == notes


@pytest.mark.parametrize("undone", [(), ("a",), ("b",), ("a", "b"), ("of no turn",)], ids=" ".join)
@pytest.mark.parametrize("before", [(), ("a",), ("a", "b")], ids=" ".join)
def test_each_answer_whose_changes_were_undone_is_told_as_such_and_no_other(
    undone: tuple[str, ...], before: tuple[str, ...]
) -> None:
    said = (
        Turn("user", "do it"),
        Turn("assistant", "done", run="a"),
        Turn("user", "?"),
        Turn("assistant", "b", run="b"),
    )
    told = knowing_undone(knowing_undone(said, before), undone)  # of an undo that was undone, nothing is said any more
    assert tuple(turn for turn in told if turn.text != UNDONE) == said
    behind = [answer.run for answer, note in pairwise(told) if note.text == UNDONE and note.run == answer.run]
    assert behind == [run for run in "ab" if run in undone]
    assert knowing_undone((Turn("user", UNDONE), Turn("assistant", "of no run")), undone)[0].text == UNDONE


def test_that_an_answer_was_undone_only_goes_elsewhere_with_it() -> None:
    said = knowing_undone((Turn("assistant", "one", "key", run="a"), Turn("assistant", "two", run="b")), ("a", "b"))
    clean = [TurnFinding(digest=turn.digest) for turn in said]
    assert [turn.run for turn in shared_turns(said, clean, False)] == ["b", "b"]
    assert shared_turns(said, clean, True) == said
