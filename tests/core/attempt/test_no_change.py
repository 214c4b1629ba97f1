"""A task that names a file to change has failed where no file changed, whatever its model says."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.fakes import a_receipt, a_task, evidence

from profile_router.core.attempt.no_change import no_change
from profile_router.core.evidence import NamedFile
from profile_router.core.ladder.failure import Failure
from profile_router.core.ladder.receipt import Attempt, ChangedFile, Verified
from profile_router.core.task import Facts

KNOWN = evidence(files=(NamedFile(path="pkg/Calc", bytes=10),))
NOTHING_CHANGED = Verified()


def judged(goal: str, verified: Verified = NOTHING_CHANGED, **changes: Any) -> Failure | None:
    of_attempt = {name: changes.pop(name) for name in ("wrote", "in_vain") if name in changes}
    attempt = Attempt(receipt=a_receipt(), text="Done.", **of_attempt)
    return no_change(a_task(goal, **changes), KNOWN, attempt, verified)


@pytest.mark.parametrize(
    ("goal", "more", "said"),
    [
        ("Rename x to y in a.py", {}, "a.py was to be changed, and no file was"),
        ("Rename x to y", {"files": ("a.py",)}, "a.py was to be changed, and no file was"),
        ("Create new/notes.md with a title", {}, "new/notes.md was to be changed, and no file was"),
        ("Fix `Calc`", {}, "Calc was to be changed, and no file was"),
        ("Fix pkg/Calc", {}, "pkg/Calc was to be changed, and no file was"),
        ("Fix a.py, b.py, c.py, d.py", {}, "a.py, b.py, c.py and 1 more was to be changed, and no file was"),
        ("Fix the typo", {}, "an edit was asked for, and no file was changed"),
        ("Fix total(): it ignores the quantity", {}, "an edit was asked for, and no file was changed"),
        ("Make the exit code configurable", {}, "an edit was asked for, and no file was changed"),
        ("Fix the typo", {"in_vain": True}, "each of its edits failed, and no file was changed"),
        ("share(10, 3) loses a cent", {}, "a fault was to be fixed, and no file was changed"),
    ],
)
def test_a_named_file_that_was_to_change_and_did_not_is_a_failure(goal: str, more: dict[str, Any], said: str) -> None:
    failure = judged(goal, **more)
    assert failure == Failure(cause="no-change", message=said)
    assert failure.of_work


@pytest.mark.parametrize(
    ("goal", "more"),
    [
        ("Explain a.py", {}),
        ("Explain it", {"files": ("a.py",)}),
        ("Review a.py and fix any issues", {}),
        ("Run the tests and fix what fails", {}),
        ("Write a function that adds two numbers", {}),
        ("The build fails on my machine", {}),
        ("Why does share(10, 3) lose a cent?", {}),
        ("Fix the typos", {"facts": Facts(files_to_edit=3)}),
        ("Explain the typo", {"in_vain": True}),
    ],
)
def test_no_file_that_is_to_change_is_named(goal: str, more: dict[str, Any]) -> None:
    assert judged(goal, **more) is None


def test_any_change_will_do() -> None:
    changed = (ChangedFile(path="b.py", lines_added=1, lines_removed=0),)
    assert judged("Fix a.py", Verified(files_changed=changed)) is None


def test_where_nobody_knows_what_changed_nothing_is_judged() -> None:
    unseen = Verified(whole=False)
    assert judged("Fix a.py", unseen, wrote=None) is None
    assert judged("Fix a.py", unseen, wrote=()) is not None


COMMENTS = Verified(files_changed=(ChangedFile(path="b.py", lines_added=1, lines_removed=1),), only_words=("b.py",))


@pytest.mark.parametrize("goal", ["Fix a.py", "share(10, 3) loses a cent", "Fix it: 1.5 is read as 105"])
def test_a_change_of_comments_alone_fixes_no_fault(goal: str) -> None:
    said = "only comments, documents or the form of code changed: b.py"
    assert judged(goal, COMMENTS) == Failure(cause="no-change", message=said)


@pytest.mark.parametrize("goal", ["Explain a.py", "Add a comment to a.py", "Fix the docstring in a.py", "Format a.py"])
def test_a_change_of_comments_may_be_what_was_asked_for(goal: str) -> None:
    assert judged(goal, COMMENTS) is None


@pytest.mark.parametrize(
    ("goal", "more"),
    [
        ("Fix a.py", {}),
        ("Fix ./src/a.py", {}),
        ("Rename x to y", {"files": ("src/a.py", "b.py")}),  # any change will do, whoever made it
        ("share(10, 3) loses a cent", {}),
        ("Fix a.py", {"in_vain": True}),  # what was to be replaced was replaced already
        ("Fix the typo", {"in_vain": True}),
    ],
)
def test_what_another_run_changed_meanwhile_is_not_paid_for_once_more(goal: str, more: dict[str, Any]) -> None:
    assert judged(goal, **more) is not None
    assert judged(goal, Verified(theirs=("src/a.py",)), **more) is None
    assert judged(goal, replace(COMMENTS, theirs=("src/a.py",)), **more) is None


@pytest.mark.parametrize("theirs", ["b.py", "src/aa.py", "a.py/b"])
def test_another_file_of_another_run_excuses_nothing(theirs: str) -> None:
    assert judged("Fix a.py", Verified(theirs=(theirs,))) is not None
