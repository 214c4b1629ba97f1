"""The embedded runner counts what an attempt does, scores it before each further turn, and ends what gets nowhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.fakes import BURST, Heard, an_order
from tests.runners.embedded.test_forms import BUG, WHOLE, attempt
from tests.scripted_answers import Answer, say
from tests.scripted_answers import call as calls

from profile_router.core.ladder.early_score import EarlyWatch
from profile_router.core.ladder.receipt import Attempt
from profile_router.core.policy.early_promotion import EarlyPromotion
from profile_router.threads.records import MemoryRecords

WATCH = EarlyWatch(rules=EarlyPromotion(), goes=BURST, candidates=("a.py",), edits=True, checked=True)


def call(name: str, **arguments: Any) -> Answer:
    return calls(name, arguments)


LOOKS = call("list_files", path=".")
READS = call("read_file", path="a.py")
EDITS = call("edit_file", path="a.py", old="a - b", new="a + b")
BREAKS = call("edit_file", path="a.py", old="return", new="return (")
MISSES = call("edit_file", path="a.py", old="nowhere", new="x")
DONE = "I am done."


def others(number: int) -> list[Answer]:
    """Return calls that look for nothing in the task's file, each another."""
    return [call("list_files", path=f"./{'./' * at}") for at in range(number)]


def walk(
    folder: Path, answers: Sequence[Answer | str], watch: EarlyWatch | None = WATCH, **how: Any
) -> tuple[Attempt, int, Heard]:
    """Return how the attempt ended, how often its server was asked, and what was heard."""
    (folder / "b.py").write_text("b = 1\n")
    order = how.pop("order", an_order("Fix the sum"))
    done, provider, heard = attempt(folder, [*answers, DONE], order=replace(order, early=watch), **how)
    return done, len(provider.chats), heard


def signs(done: Attempt) -> dict[str, float]:
    assert done.receipt.early is not None
    return {term.sign: term.points for term in done.receipt.early.terms}


def test_an_attempt_that_only_looks_around_is_ended_after_four_turns_and_says_each_term(tmp_path: Path) -> None:
    done, asked, heard = walk(tmp_path, others(9))
    assert (done.failure and done.failure.cause, asked, done.receipt.verdict) == ("no-progress", 4, "no-progress")
    assert done.failure is not None
    said = "score 1 of 1 after 4 turns: did not read a.py (0.5); changed no file (0.5)"
    assert done.failure.message.endswith(said)
    assert signs(done) == {"no_candidate_read": 0.5, "no_edit": 0.5}
    (event,) = [one for one in heard.events if one["event"] == "early"]
    assert str(event["line"]).endswith(": score 1 of 1: coding-burst is to go on")
    assert (event["score"], [term["points"] for term in event["terms"]]) == (1.0, [0.5, 0.5])


@pytest.mark.parametrize(
    ("answers", "ends"),
    [
        ([READS, *others(4)], {"no_edit": 0.5}),
        ([call("search", pattern="return"), *others(4)], {"no_edit": 0.5}),
        ([call("read_file", path="b.py"), *others(2), READS, LOOKS], {"no_edit": 0.5}),
        ([READS, EDITS, *others(4)], {}),
        ([READS, MISSES, *others(3)], {"no_edit": 0.5}),
        ([READS, MISSES, MISSES, EDITS, LOOKS], {"same_failing_edit": 0.5}),
    ],
    ids=["read", "found by a search", "read late", "edited", "failed once", "failed twice, then edited"],
)
def test_one_sign_alone_does_not_end_an_attempt(tmp_path: Path, answers: list[Answer], ends: dict[str, float]) -> None:
    done, asked, _ = walk(tmp_path, answers)
    assert (done.failure, asked, done.text) == (None, len(answers) + 1, DONE)
    assert signs(done) == ends


@pytest.mark.parametrize(
    ("answers", "asked", "ends"),
    [
        ([READS, MISSES, LOOKS, MISSES, LOOKS], 4, {"same_failing_edit": 0.5, "no_edit": 0.5}),
        ([call("read_file", path="b.py"), *others(4)], 4, {"no_candidate_read": 0.5, "no_edit": 0.5}),
        ([call("read_file", path="gone.py"), *others(4)], 4, {"no_candidate_read": 0.5, "no_edit": 0.5}),
    ],
    ids=["the same failing edit", "another file", "a file that is not there"],
)
def test_two_signs_do(tmp_path: Path, answers: list[Answer], asked: int, ends: dict[str, float]) -> None:
    done, times, _ = walk(tmp_path, answers)
    assert (done.failure and done.failure.cause, times, signs(done)) == ("no-progress", asked, ends)


def test_a_file_is_known_by_its_name_in_any_writing(tmp_path: Path) -> None:
    (tmp_path / "gr\u00fc\u00dfe.py").write_text("x = 1\n")
    watch = replace(WATCH, candidates=("gr\u00fc\u00dfe.py",))
    done, asked, _ = walk(tmp_path, [call("read_file", path="gr\u00fc\u00dfe.py"), *others(4)], watch)
    assert (done.failure, asked, signs(done)) == (None, 6, {"no_edit": 0.5})


def test_files_in_the_first_prompt_were_read(tmp_path: Path) -> None:
    done, asked, _ = walk(tmp_path, others(4), order=an_order("Fix add in a.py", files=("a.py",)))
    assert (done.failure, asked, signs(done)) == (None, 5, {"no_edit": 0.5})


@pytest.mark.parametrize(
    ("edit", "checked", "ended"),
    [(EDITS, True, False), (EDITS, False, True), (BREAKS, True, True)],
    ids=["parses, and a check runs", "no check", "parses no more"],
)
def test_an_edit_that_parses_is_left_to_the_check_that_runs(
    tmp_path: Path, edit: Answer, checked: bool, ended: bool
) -> None:
    eager = EarlyPromotion(score=0.5)
    watch = replace(WATCH, rules=eager, checked=checked, usual=2)
    done, _, heard = walk(tmp_path, [READS, edit, *others(3)], watch)
    assert (done.failure is not None) is ended
    assert done.receipt.early is not None
    said = "what it changed parses, and its check decides"
    assert done.receipt.early.spared == ("" if ended else said)
    assert any(said in str(event.get("line")) for event in heard.events) is not ended


def test_whoever_read_a_private_file_is_not_ended_for_a_model_elsewhere(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("TOKEN=hunter2hunter2\n")
    answers = [call("read_file", path=".env"), *others(4)]
    done, asked, _ = walk(tmp_path, answers)
    assert (done.failure, asked) == (None, 6)
    assert done.receipt.early is not None
    assert done.receipt.early.spared == "it read a private file, and coding-burst is elsewhere"
    here, times, _ = walk(tmp_path, answers, replace(WATCH, stays_here=True))
    assert (here.failure and here.failure.cause, times) == ("no-progress", 4)


def test_a_turn_of_words_counts_where_the_attempt_goes_on_in_another_form(tmp_path: Path) -> None:
    watch = replace(WATCH, rules=EarlyPromotion(turns=1))
    order = an_order("Fix add in a.py", files=("a.py",))
    done, _, heard = walk(tmp_path, [say("```python\nx = 1\n```"), WHOLE], watch, order=order)
    assert done.failure is None
    assert any("wrote words in place of calls in 1 turn (0.25)" in str(one.get("line")) for one in heard.events)


def test_without_a_watch_nothing_is_scored(tmp_path: Path) -> None:
    done, asked, heard = walk(tmp_path, others(6), None)
    assert (done.failure, done.receipt.early, asked) == (None, None, 7)
    assert [one for one in heard.events if one["event"] == "early"] == []


def test_an_attempt_that_is_begun_again_after_a_kill_is_ended_at_the_same_turn(tmp_path: Path) -> None:
    records = MemoryRecords()
    first, asked, _ = walk(tmp_path, others(9), records=records)
    again, more, _ = walk(tmp_path, [], records=records)
    assert (asked, more) == (4, 0)
    assert (again.receipt.verdict, again.receipt.early) == ("no-progress", first.receipt.early)


def test_the_file_stays_as_it_was_where_nothing_was_edited(tmp_path: Path) -> None:
    walk(tmp_path, others(9))
    assert (tmp_path / "a.py").read_text() == BUG
