"""A review by the cheap tier is one more weak check: asked for by the policy alone, shown nothing withheld."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.fakes import (
    CHANGED,
    CHEAP,
    LOCAL,
    PRIVATE,
    Fails,
    FakeBackends,
    FakeHealth,
    FakeMeasurer,
    FakeRunner,
    FakeVerifier,
    Reads,
    a_policy,
    a_receipt,
    a_task,
    evidence,
)
from tests.graphs.a_run import Rig, steps

from profile_router.core.attempt.handoff import FileDiff
from profile_router.core.attempt.order import Order
from profile_router.core.attempt.review import ReviewedWork, ReviewOutcome, ReviewWord, reviewed
from profile_router.core.ladder.receipt import CheckResult, Verified
from profile_router.core.policy import Policy, Review
from profile_router.core.privacy.taint import Taint

TASK = "Fix add in a.py"
NO_TEST = CheckResult(command="make", exit_code=0, seconds=0.1, last_line="", inconclusive="no test was found")


class FakeReviewer:
    """Review: the scripted verdict. `seen` is what it was shown, by which order."""

    def __init__(self, word: ReviewWord | str = "right") -> None:
        self.word = word
        self.seen: list[tuple[ReviewedWork, Order]] = []

    async def review(self, work: ReviewedWork, order: Order) -> ReviewOutcome:
        self.seen.append((work, order))
        receipts = (a_receipt(order.profile, step=order.step, cost_usd=0.001),)
        if self.word not in ("right", "wrong", "unsure"):
            return ReviewOutcome(receipts=receipts, problem=self.word)
        check = reviewed(order.profile, self.word, "so it is", work, cut=False)
        return ReviewOutcome(check=check, receipts=receipts)


def asks(**changes: Any) -> Policy:
    return a_policy(review=Review(by="cheap"), **changes)


def rig(word: str = "right", **parts: Any) -> Rig:
    return Rig(**{"policy": asks(), "reviewer": FakeReviewer(word), **parts})


def test_by_default_nobody_reviews() -> None:
    one = rig(policy=a_policy())
    final = one.run(a_task(TASK))
    assert (one.reviewer.seen, steps(final["receipts"])) == ([], [(LOCAL, "route", "ok")])


@pytest.mark.parametrize(("word", "passed"), [("right", True), ("wrong", False), ("unsure", False)])
def test_a_verdict_is_told_as_weak_has_a_receipt_and_decides_nothing(word: str, passed: bool) -> None:
    one = rig(word)
    final = one.run(a_task(TASK))
    assert steps(final["receipts"]) == [(LOCAL, "route", "ok"), (CHEAP, "review", "ok")]
    (check,) = [each for each in final["verified"].weak if each.kind == "reviewed"]
    assert (check.passed, check.trusted, final["status"]) == (passed, False, "ok")
    assert any(str(event.get("line")).startswith("weak: ") and "ran nothing" in event["line"] for event in one.events)
    work, order = one.reviewer.seen[0]
    assert (work.files, order.profile, order.step, order.conversation, order.handoff) == (1, CHEAP, "review", (), None)
    assert one.health.held == []


def test_a_policy_may_trust_it() -> None:
    final = rig(policy=asks(trust=("reviewed",))).run(a_task(TASK))
    (check,) = [each for each in final["verified"].weak if each.kind == "reviewed"]
    assert check.trusted


def test_private_work_is_reviewed_on_this_machine_or_not_at_all() -> None:
    private = FakeMeasurer(evidence(private=(PRIVATE,)))
    one = rig(measurer=private)
    final = one.run(a_task(TASK))
    assert one.reviewer.seen == []
    assert "not reviewed: the task is private and review-cheap is not local" in final["verified"].unverified
    here = "http://127.0.0.1:9090/v1"
    two = rig(measurer=private, policy=asks(local_endpoints=("http://127.0.0.1:8080/v1", here)))
    two.candidates = {**two.candidates, CHEAP: replace(two.candidates[CHEAP], base_url=here)}
    two.run(a_task(TASK))
    assert [(order.local, order.private) for _, order in two.reviewer.seen] == [(True, True)]


def test_what_goes_on_from_a_private_file_is_not_shown_elsewhere() -> None:
    one = rig(runner=FakeRunner(Reads(end="done")))
    final = one.run(a_task(TASK))
    assert one.reviewer.seen == []
    said = "not reviewed: an attempt or the check read a private file, and review-cheap is elsewhere"
    assert said in final["verified"].unverified


def test_what_a_check_may_have_written_of_a_private_file_is_not_shown_elsewhere() -> None:
    verified = Verified(files_changed=CHANGED, check=replace(NO_TEST, taints=(Taint(path=".env", why="is private"),)))
    one = rig(verifier=FakeVerifier(verified=verified))
    final = one.run(a_task(TASK, check="make"))
    assert one.reviewer.seen == []
    said = "not reviewed: an attempt or the check read a private file, and review-cheap is elsewhere"
    assert said in final["verified"].unverified
    clean = rig(verifier=FakeVerifier(verified=replace(verified, check=NO_TEST)))
    clean.run(a_task(TASK, check="make"))
    assert len(clean.reviewer.seen) == 1


def test_a_withheld_file_of_the_changes_is_never_shown() -> None:
    withheld = FileDiff(path=".env", form="private", holds="path (policy: .env*)")
    one = rig(verifier=FakeVerifier(work=(FileDiff(path="a.py", text="+1\n"), withheld)))
    one.run(a_task(TASK))
    assert one.reviewer.seen[0][0] == ReviewedWork(patch="+1\n", files=2, withheld=1)
    alone = rig(verifier=FakeVerifier(work=(withheld,)))
    final = alone.run(a_task(TASK))
    assert alone.reviewer.seen == []
    assert "not reviewed: nothing of the changes may be shown to review-cheap" in final["verified"].unverified


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        ({"backends": FakeBackends(keyless=[CHEAP])}, "review-cheap has no key"),
        ({"health": FakeHealth({CHEAP: "server-error"})}, "on cooldown"),
        ({"policy": asks(tiers=replace(a_policy().tiers, cheap=None))}, "the policy has no cheap tier"),
    ],
)
def test_whoever_cannot_be_asked_is_said(parts: Any, says: str) -> None:
    one = rig(**parts)
    final = one.run(a_task(TASK))
    assert one.reviewer.seen == []
    assert any(says in point for point in final["verified"].unverified if point.startswith("not reviewed: "))


def test_a_review_that_came_to_nothing_keeps_its_receipt_and_says_why() -> None:
    final = rig("no answer").run(a_task(TASK))
    assert "not reviewed: no answer" in final["verified"].unverified
    assert [one.step for one in final["receipts"]] == ["route", "review"]


@pytest.mark.parametrize(
    ("parts", "task"),
    [
        ({"verifier": FakeVerifier(0)}, {"check": "make check"}),
        ({"verifier": FakeVerifier(changed=()), "runner": FakeRunner("done", Fails(cause="bad-request"))}, {}),
        ({"runner": FakeRunner(Fails(cause="bad-request"))}, {}),
    ],
    ids=["a check told", "no change", "it did not finish"],
)
def test_nobody_is_asked_where_a_review_says_no_more(parts: Any, task: Any) -> None:
    one = rig(**parts)
    one.run(a_task(TASK, files=("a.py",), **task))
    assert one.reviewer.seen == []


def test_the_verifier_is_told_what_the_attempts_wrote() -> None:
    one = rig(policy=a_policy())
    one.run(a_task(TASK))
    assert one.verifier.wrote == [None]
