"""How much of the parent's conversation goes along, and what is found in it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.examples import examples
from tests.fakes import FakeSessions, a_policy, a_task

from profile_router.core.conversation import TURN_TOKENS, Conversation, Shared, Turn, alternating
from profile_router.core.policy import ParentChat
from profile_router.evidence import conversation as conversation_trim
from profile_router.evidence.conversation import CUT, share
from profile_router.evidence.measure import Surroundings, measure
from profile_router.prompting.tokens import exact_tokens

KEY = "-----BEGIN PRIVATE KEY-----"
PIXEL = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"


def trimmed(*texts: str, budget: int, thread: Conversation = (), goal: str = "do it") -> Shared:
    turns = tuple(Turn("assistant" if number % 2 else "user", text) for number, text in enumerate(texts))
    policy = a_policy(limits={"conversation_tokens": budget}, conversation=ParentChat(elsewhere="turns"))
    return share(a_task(goal, conversation=turns, sessions=("s",)), thread, policy, FakeSessions())


def texts_of(said: Shared) -> list[str]:
    return [turn.text for turn in said.turns]


def test_a_short_conversation_goes_along_whole_and_no_tokenizer_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversation_trim, "exact_tokens", lambda _text: pytest.fail("it was asked"))
    said = trimmed("hello", "what is it?", budget=1_000)
    assert (texts_of(said), said.notes) == (["hello", "what is it?"], ())


def test_the_newest_turns_are_kept_whole() -> None:
    old, new, newest = "old " * 500, "new " * 40, "newest " * 40
    said = trimmed(old, new, newest, budget=exact_tokens(new) + exact_tokens(newest) + 2 * TURN_TOKENS)
    assert texts_of(said) == [new, newest]
    assert said.notes == ("conversation: 2 of 3 turns shared",)


def test_the_oldest_that_is_kept_may_lose_its_start_and_says_so() -> None:
    said = trimmed("first of all " + "word " * 5_000 + "at last", "hm", budget=200)
    cut, newest = texts_of(said)
    assert newest == "hm"
    assert cut.startswith(f"{CUT}word ")
    assert cut.endswith("word at last")
    assert exact_tokens(cut) > 150
    assert said.notes == ("conversation: 2 of 2 turns shared, the oldest without its start",)


def test_nothing_goes_along_with_a_budget_of_nothing() -> None:
    said = trimmed("hello", budget=0)
    assert (said.turns, said.notes) == ((), ("conversation: 0 of 1 turns shared",))


def test_what_the_thread_has_does_not_go_along_again() -> None:
    thread = (Turn("user", "hello"), Turn("assistant", "I did it"))
    said = trimmed("hello", "I did it", "and now?", budget=1_000, thread=thread)
    assert texts_of(said) == ["and now?"]
    assert len(said.findings) == 3


def test_a_turn_is_checked_as_it_was_before_it_lost_its_start() -> None:
    said = trimmed(f"{KEY} {'MIIEvQIBADANBgkqhkiG9w0B ' * 500}", budget=100)
    [turn], [finding] = said.turns, said.findings
    assert KEY not in turn.text
    assert (finding.digest, finding.kinds) == (turn.digest, ("private key",))


@pytest.mark.parametrize(("text", "kind"), [(KEY, "private key"), ("see deploy/.env.production", "path")])
def test_private_is_what_would_make_a_task_private(text: str, kind: str) -> None:
    said = trimmed("hello", text, budget=1_000)
    assert [finding.kinds for finding in said.findings] == [(), (kind,)]
    assert said.notes == (f"conversation: 1 turn goes to local models only ({kind})",)


def test_the_threads_own_turns_are_checked_as_well() -> None:
    thread = (Turn("user", "hello"), Turn("assistant", f"it says {KEY}"))
    assert [finding.kinds for finding in trimmed(budget=9, thread=thread).findings] == [(), ("private key",)]


def test_images_do_not_go_along() -> None:
    assert texts_of(trimmed(f"look: {PIXEL}", budget=1_000)) == ["look: [image 1]"]


def test_the_evidence_counts_what_goes_along() -> None:
    around = Surroundings(workspace=None, cwd=Path("/"), windows=())
    policy = a_policy(limits={"conversation_tokens": 500})
    said = trimmed("word " * 4_000, budget=500)
    with_it, without = (measure(a_task(), policy, around, conversation=turns) for turns in (said.turns, ()))
    shaped = alternating(said.turns)
    assert with_it.chars - without.chars == sum(len(turn.text) for turn in shaped)
    assert with_it.tokens.high - without.tokens.high >= sum(exact_tokens(turn.text) + TURN_TOKENS for turn in shaped)


PIECES = st.one_of(st.text(max_size=60), st.sampled_from(["word ", "   ", "0af3", "漢字", "\n", "🙂", "x" * 30, KEY]))
TEXTS = st.builds(lambda piece, times: piece * times, PIECES, st.integers(1, 120))


@examples(80)
@given(st.lists(TEXTS, max_size=6), st.integers(0, 400))
def test_the_budget_is_never_exceeded_and_what_is_kept_are_the_newest_ends(texts: list[str], budget: int) -> None:
    said = trimmed(*texts, budget=budget, goal="\0")
    assert sum(exact_tokens(turn.text) + TURN_TOKENS for turn in said.turns) <= budget
    newest = texts[len(texts) - len(said.turns) :]
    for place, (turn, text) in enumerate(zip(said.turns, newest, strict=True)):
        whole = turn.text == text
        assert whole or (place == 0 and text.endswith(turn.text.removeprefix(CUT)))
    for turn, finding, text in zip(said.turns, said.findings, newest, strict=True):
        assert finding.digest == turn.digest
        assert ("private key" in finding.kinds) == (KEY in text)
