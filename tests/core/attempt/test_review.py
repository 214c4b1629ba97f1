"""A reviewer elsewhere sees nothing of what is withheld, and a verdict says how weak it is."""

from __future__ import annotations

from typing import Any

import pytest
from tests.core.privacy.secret_samples import TOKENS
from tests.fakes import CHANGED, CHEAP

from profile_router.core.attempt.handoff import FileDiff
from profile_router.core.attempt.review import ReviewedWork, is_due, reviewed, shown_to
from profile_router.core.ladder.receipt import CheckResult, Verified
from profile_router.core.ladder.weak_check import WeakCheck
from profile_router.core.policy.private import NO_CONFIDENTIAL, Confidential, PrivateRules

OPEN = FileDiff(path="a.py", text="diff --git a/a.py b/a.py\n-1\n+2\n")
TOKEN = next(iter(TOKENS.values()))
CLIENTS = Confidential(policy=PrivateRules(words=("Acme",)), workspace=PrivateRules())


@pytest.mark.parametrize(
    "withheld",
    [
        FileDiff(path=".env", form="private", holds="path (policy: .env*)"),
        FileDiff(path="b.py", text="+copied words\n", holds="what .env says"),
        FileDiff(path="c.py", text="+Acme pays\n"),
        FileDiff(path="acme.py", text="+1\n"),
        FileDiff(path="x.png", form="binary"),
        FileDiff(path="y.sql", form="large", holds="more than can be checked"),
    ],
    ids=lambda file: file.path,
)
def test_nothing_of_a_file_that_is_withheld_is_shown_elsewhere_and_no_name_of_it(withheld: FileDiff) -> None:
    work = shown_to((OPEN, withheld), CLIENTS, local=False)
    assert work == ReviewedWork(patch=OPEN.text, files=2, withheld=1)


def test_a_secret_in_a_diff_keeps_its_file_back() -> None:
    found = FileDiff(path="d.py", text=f"+key = '{TOKEN}'\n")
    assert shown_to((OPEN, found), NO_CONFIDENTIAL, local=False).patch == OPEN.text


def test_a_reviewer_on_this_machine_sees_what_is_text() -> None:
    found = FileDiff(path="c.py", text="+Acme pays\n")
    assert shown_to((OPEN, found), CLIENTS, local=True).patch == OPEN.text + found.text


@pytest.mark.parametrize(
    ("verified", "due"),
    [
        (Verified(files_changed=CHANGED), True),
        (Verified(), False),
        (Verified(files_changed=CHANGED, check=CheckResult(command="c", exit_code=0, seconds=1, last_line="")), False),
        (
            Verified(
                files_changed=CHANGED,
                check=CheckResult(command="c", exit_code=1, seconds=1, last_line="", inconclusive="no pytest"),
            ),
            True,
        ),
        (Verified(files_changed=CHANGED, weak=(WeakCheck(kind="linted", passed=False, said="x"),)), False),
    ],
    ids=["no check", "no change", "a check told", "a check told nothing", "a weak check failed"],
)
def test_a_review_is_due_where_it_would_say_more(verified: Verified, due: bool) -> None:
    assert is_due(verified) is due


@pytest.mark.parametrize(("word", "passed"), [("right", True), ("wrong", False), ("unsure", False)])
def test_a_verdict_says_that_a_model_gave_it_and_of_what(word: Any, passed: bool) -> None:
    check = reviewed(CHEAP, word, "so\nit is \x1b[31m" + "x" * 900, ReviewedWork(files=3, withheld=1), cut=True)
    assert (check.kind, check.passed, check.proves_it_wrong) == ("reviewed", passed, False)
    assert check.said.startswith("review-cheap, a model that read task and changes and ran nothing, ")
    assert "(1 of 3 files were not shown to it; it saw the beginning of the changes alone): so it is" in check.said
    assert "\x1b" not in check.said
    assert len(check.said) < 500
