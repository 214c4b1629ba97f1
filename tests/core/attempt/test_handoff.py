"""A handoff says what was tried, never more than there is room for, and nothing private goes unnoticed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.core.privacy.secret_samples import KEYS, NAMED, TOKENS
from tests.fakes import BURST, LOCAL, a_policy, a_receipt, an_order, evidence

from profile_router.core.attempt.handoff import (
    DIFF_CHARS,
    FileDiff,
    Handoff,
    handed_over,
    private_in,
    stopped_for_privacy,
    told_once,
    wrote_so_far,
)
from profile_router.core.attempt.handoff_fit import FRAME_TOKENS, HANDOFF_SHARE, handoff_tokens, shrunk, with_handoff
from profile_router.core.attempt.ordering import forbidden
from profile_router.core.evidence import PrivateFinding, TokenCount
from profile_router.core.ladder.failure import Failure
from profile_router.core.ladder.receipt import Attempt, CheckResult, Verified
from profile_router.core.ladder.steps import TakenStep
from profile_router.prompting.texts import handoff_text
from profile_router.prompting.tokens import exact_tokens

COUNTING = a_policy().counting
FAILED = Verified(check=CheckResult(command="make test", exit_code=2, seconds=1.0, last_line="z", tail="x\ny\nz"))
WORK = (FileDiff(path="a.py", text="diff --git a/a.py b/a.py\n-1\n+2\n"),)


def ended(cause: Any, message: str = "it went wrong", **receipt: Any) -> Attempt:
    return Attempt(receipt=a_receipt(**receipt), failure=Failure(cause=cause, message=message))


def hand_over(attempt: Attempt, earlier: Handoff | None = None, **changes: Any) -> Handoff | None:
    given: dict[str, Any] = {"said": "", "quotes": True, **changes}
    return handed_over(earlier, attempt, given.pop("verified", Verified()), given.pop("work", WORK), **given)


def count(text: str) -> int:
    return -(-len(text) // 4)


def test_work_whose_check_failed_is_told_with_the_checks_output_and_its_summary() -> None:
    told = hand_over(ended("verification-failed", turns=3), verified=FAILED, said="I did\n it.")
    assert told == Handoff(
        tried=("coding-local (scripted), 3 turns: the verification failed. It said: I did it.",),
        errors=("make test ended with exit 2:\nx\ny\nz",),
        diff="diff --git a/a.py b/a.py\n-1\n+2\n",
    )


@pytest.mark.parametrize(
    ("attempt", "told"),
    [
        (ended("refused", turns=0, outcome="unavailable"), False),
        (ended("refused", turns=1, outcome="unavailable"), False),
        (ended("cut-short", turns=1, outcome="failed"), True),
        (ended("turn-limit", turns=90, outcome="failed"), True),
    ],
)
def test_an_attempt_that_never_came_to_a_model_leaves_nothing(attempt: Attempt, told: bool) -> None:
    assert (hand_over(attempt) is not None) == told


def test_what_came_before_goes_on_though_the_next_server_is_down() -> None:
    first = hand_over(ended("turn-limit", "90 turns", outcome="failed"))
    after = hand_over(ended("refused", turns=0, outcome="unavailable"), first)
    assert (after and after.tried, after and after.errors) == (first and first.tried, ("90 turns",))
    last = hand_over(ended("truncated", "cut", profile=BURST, outcome="failed"), after)
    assert last is not None
    assert [line.split(" ")[0] for line in last.tried] == [LOCAL, BURST]
    assert last.errors == ("cut", "90 turns")


def test_no_models_words_go_along_where_it_may_have_read_private_turns() -> None:
    told = hand_over(ended("verification-failed"), verified=FAILED, said="SAID", quotes=False)
    asked = hand_over(ended("asked-for-profile", "because SAID"), quotes=False)
    assert told is not None
    assert asked is not None
    assert "SAID" not in f"{told} {asked}"
    assert told.errors
    assert asked.errors == ()


def test_what_is_not_text_is_named_and_so_is_what_is_too_long() -> None:
    work = (
        *WORK,
        FileDiff(path="b.bin", form="binary"),
        FileDiff(path=".env", form="private", holds="path (policy: .env*)"),
        FileDiff(path="big.py", text="+" * DIFF_CHARS),
        FileDiff(path="small.py", text="+1"),
    )
    told = hand_over(ended("truncated"), work=work)
    assert told is not None
    assert told.diff == "diff --git a/a.py b/a.py\n-1\n+2\n+1\n"
    assert told.left_out == ("b.bin (binary)", ".env (private)", "big.py (too long)")


@pytest.mark.parametrize("text", [*TOKENS.values(), *KEYS, *NAMED])
@pytest.mark.parametrize("place", ["diff", "later", "tried", "errors"])
def test_a_secret_is_found_wherever_it_stands(text: str, place: str) -> None:
    lines = "".join(f"+{line}\n" for line in text.split("\n"))
    work = {"diff": (FileDiff(path="a.py", text=lines),), "later": (*WORK * 9, FileDiff(path="z", text=lines))}
    handoff = Handoff(tried=(text if place == "tried" else "t",), errors=(text if place == "errors" else "e",))
    found = private_in(handoff, work.get(place, WORK))
    assert found
    assert all(text.strip() not in f"{finding.kind} {finding.place}" for finding in found)


def test_a_secret_that_the_checks_output_was_masked_of_is_found() -> None:
    handoff = Handoff(tried=("t",), errors=("make test:\nkey [secret: token of GitHub] here",))
    assert private_in(handoff, WORK) == (PrivateFinding(kind="token of GitHub", place="the last errors"),)
    assert private_in(Handoff(tried=("t",)), (FileDiff(path="a", text="+[secret: x]\n"),)) == ()


def test_a_private_file_is_found_by_its_path_and_a_stop_says_so() -> None:
    found = private_in(Handoff(tried=("t",)), (FileDiff(path=".env", form="private", holds="path (policy: .env*)"),))
    stop = TakenStep(step="stop", cause="turn-limit", profile=None, tier=None, reason="x", action="stop")
    step = stopped_for_privacy(stop, found)
    assert (step.cause, step.profile) == ("not-local", None)
    assert ".env: path (policy: .env*)" in step.reason
    on = TakenStep(step="fallback", cause="turn-limit", profile=LOCAL, tier="local", reason="x")
    assert stopped_for_privacy(on, found) == on


TEXT = st.text(alphabet=st.sampled_from("ab \n√-+🙂"), max_size=400)
HANDOFFS = st.builds(
    Handoff,
    tried=st.lists(TEXT, min_size=1, max_size=4).map(tuple),
    errors=st.lists(TEXT, max_size=4).map(tuple),
    diff=TEXT.map(lambda text: text * 5),
    left_out=st.lists(TEXT.map(lambda text: text[:30]), max_size=30).map(tuple),
)


@given(handoff=HANDOFFS, room=st.integers(0, 2_000))
@example(handoff=Handoff(tried=("",), diff="x" * 9_000), room=1_000)
def test_it_never_takes_more_than_its_room_and_says_what_is_missing(handoff: Handoff, room: int) -> None:
    told = shrunk(handoff, room, count)
    assert handoff_tokens(told, count) <= room
    assert handoff.diff.startswith(told.diff)
    assert all(any(error.endswith(end) for error in handoff.errors) for end in told.errors)
    if handoff_tokens(handoff, count) <= room:
        assert told == handoff
    elif room >= 300:
        assert told.left_out


@given(
    handoff=HANDOFFS,
    tokens=st.integers(0, 12_000),
    window=st.integers(512, 16_384),
    served=st.one_of(st.none(), st.integers(0, 12_000)),
)
def test_a_prompt_that_fits_fits_with_its_handoff(handoff: Handoff, tokens: int, window: int, served: Any) -> None:
    policy = a_policy()
    found = evidence(window=window)
    windows = tuple(replace(each, prompt_tokens=served) for each in found.windows)
    found = replace(found, tokens=TokenCount(tokens, tokens, "counted"), windows=windows)
    order = an_order(window=window)
    after, counted = with_handoff(order, found, handoff, policy.counting, count)
    assert (forbidden(after, counted, policy) is None) == (forbidden(order, found, policy) is None)
    if after.handoff is None:
        assert (after, counted) == (order, found)
    else:
        more = counted.tokens.high - tokens
        assert more == handoff_tokens(after.handoff, count) + FRAME_TOKENS
        assert more * policy.counting.tokenizer_factor <= window / HANDOFF_SHARE


def test_real_tokens_of_a_real_handoff_stay_below_what_was_counted() -> None:
    diff = "".join(f"+    value_{number} = compute({number})  # note\n" for number in range(800))
    long = Handoff(tried=("coding-local (m), 3 turns: x",), errors=("make:\n" + "E   assert 1\n" * 400,), diff=diff)
    for room in (60, 300, 1_000, 5_000):
        told = shrunk(long, room, exact_tokens)
        for tree in ("keep", "clean"):
            text = handoff_text(replace(told, tree=tree))
            assert exact_tokens(f"\n\n{text}") <= handoff_tokens(told, exact_tokens) + FRAME_TOKENS


PATCH, MAYBE = "a.py: what was tried in them is kept: diffs/1.diff", "; your own changes may be in it too: nobody knows"


@pytest.mark.parametrize(
    ("notes", "told"),
    [
        ((PATCH, PATCH + MAYBE), (PATCH,)),
        ((PATCH + MAYBE, PATCH), (PATCH + MAYBE,)),
        ((PATCH, "other", PATCH), (PATCH, "other")),
        ((PATCH, f"{PATCH}2{MAYBE}"), (PATCH, f"{PATCH}2{MAYBE}")),
    ],
    ids=["doubted later", "doubted first", "the same", "another patch"],
)
def test_a_patch_is_noted_once(notes: tuple[str, ...], told: tuple[str, ...]) -> None:
    assert told_once(notes) == told


def test_which_files_were_written_is_known_only_while_it_is_known_of_all() -> None:
    wrote = Attempt(receipt=a_receipt(), wrote=("b", "a"))
    assert wrote_so_far((), wrote) == ("a", "b")
    assert wrote_so_far(("c",), wrote) == ("a", "b", "c")
    assert wrote_so_far(("c",), Attempt(receipt=a_receipt())) is None
    assert wrote_so_far(None, wrote) is None
    assert wrote_so_far(("c",), Attempt(receipt=a_receipt(turns=0))) == ("c",)


@pytest.mark.parametrize("token", [TOKENS["token of GitHub"], TOKENS["token of npm"]])
def test_a_secret_that_is_broken_over_lines_of_a_diff_is_found(token: str) -> None:
    work = (FileDiff(path="a.py", text=f"+x = '{token[:12]}\n+{token[12:]}'\n"),)
    assert private_in(Handoff(tried=("t",)), work)
