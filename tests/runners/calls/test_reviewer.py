"""The review asks for a schema-bound verdict on task and changes, with a receipt of its own, and stops nothing."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest
from tests.fakes import CHEAP, FakePurse, a_policy, a_profile, a_task, an_order, candidates
from tests.scripted_provider import Answer, ScriptedProvider, fail, say

from profile_router.core.attempt.order import Order
from profile_router.core.attempt.review import ReviewedWork, ReviewOutcome
from profile_router.core.policy import Policy
from profile_router.core.routing.rate import rate_at
from profile_router.runners.calls.call import RecordedCalls
from profile_router.runners.calls.reviewer import EmbeddedReviewer, read_review, review_schema

PATCH = "diff --git a/calc.py b/calc.py\n-    return a - b\n+    return a + b\n"
GOOD = json.dumps({"verdict": "right", "reason": "The sign is turned."})
WORK = ReviewedWork(patch=PATCH, files=1)
ELSEWHERE = an_order(
    a_task("Fix add in calc.py", context="It is used by the shop."),
    profile=CHEAP,
    step="review",
    local=False,
    rate=rate_at(candidates()[CHEAP], 0, a_policy()),
)


def review(
    base_url: str,
    work: ReviewedWork = WORK,
    order: Order = ELSEWHERE,
    policy: Policy | None = None,
    purse: FakePurse | None = None,
) -> ReviewOutcome:
    profile = a_profile(base_url, name=CHEAP, provider="openrouter", key="the-cheap-key")
    calls = RecordedCalls(load={CHEAP: profile}.__getitem__, policy=policy or a_policy(), purse=purse)
    return asyncio.run(EmbeddedReviewer(calls=calls).review(work, order))


def test_task_and_changes_are_sent_with_the_schema_and_no_tools() -> None:
    purse = FakePurse()
    with ScriptedProvider([say(GOOD, usage=(900, 100))]) as provider:
        outcome = review(provider.base_url, purse=purse)
    (body,) = provider.chats
    wanted = {"name": "review", "strict": True, "schema": review_schema()}
    assert body["response_format"] == {"type": "json_schema", "json_schema": wanted}
    (message,) = body["messages"]
    assert all(part in message["content"] for part in ("Fix add in calc.py", "used by the shop", PATCH.strip()))
    assert "tools" not in body
    assert outcome.check is not None
    assert (outcome.check.passed, outcome.check.said.endswith("finds it right: The sign is turned.")) == (True, True)
    (receipt,) = outcome.receipts
    assert (receipt.step, receipt.profile, receipt.outcome, receipt.cost_usd) == ("review", CHEAP, "ok", 0.003)
    assert (len(purse.taken), purse.settled) == (1, [0.003])


def test_a_purse_that_refuses_pays_for_no_review() -> None:
    with ScriptedProvider([GOOD]) as provider:
        outcome = review(provider.base_url, purse=FakePurse(refuses="over-budget"))
    assert provider.chats == []
    assert (outcome.check, outcome.receipts[0].verdict) == (None, "over-budget")
    assert "costs" in outcome.problem


@pytest.mark.parametrize(
    "answer",
    ["It looks right.", '{"verdict": "good", "reason": "x"}', '{"verdict": "right"}', '{"verdict": "right", "reason": ""}',
     '{"verdict": "right", "reason": "x", "score": 1}'],
)  # fmt: skip
def test_an_invalid_verdict_is_asked_for_once_more_and_then_there_is_none(answer: str) -> None:
    with ScriptedProvider([answer, answer]) as provider:
        outcome = review(provider.base_url)
    assert (len(provider.chats), outcome.check, len(outcome.receipts)) == (2, None, 2)
    assert outcome.problem.startswith("2 invalid answers: ")
    with ScriptedProvider([answer, f"```json\n{GOOD}\n```"]) as provider:
        assert review(provider.base_url).check is not None


def test_a_server_that_fails_is_asked_once_and_said() -> None:
    with ScriptedProvider([fail(500)]) as provider:
        outcome = review(provider.base_url)
    assert (len(provider.chats), outcome.check, len(outcome.receipts)) == (1, None, 1)
    assert outcome.problem


def test_long_changes_are_cut_to_what_the_policy_lets_be_read_and_the_verdict_says_so() -> None:
    policy = a_policy(review=replace(a_policy().review, max_tokens=300))
    with ScriptedProvider([GOOD]) as provider:
        outcome = review(provider.base_url, replace(WORK, patch=PATCH * 200), policy=policy)
    text = provider.chats[0]["messages"][0]["content"]
    assert "Changes (cut):" in text
    assert len(text) < 3_000
    assert outcome.check is not None
    assert "it saw the beginning of the changes alone" in outcome.check.said


@pytest.mark.parametrize(("order", "says"), [({"window": 100}, "do not fit"), ({"seconds": 0.0}, "time is used up")])
def test_without_room_or_time_nobody_is_asked(order: dict[str, Any], says: str) -> None:
    with ScriptedProvider([GOOD]) as provider:
        outcome = review(provider.base_url, order=replace(ELSEWHERE, **order))
    assert (provider.chats, outcome.receipts) == ([], ())
    assert says in outcome.problem


def test_a_review_ends_when_its_time_is_up() -> None:
    policy = a_policy(review=replace(a_policy().review, seconds=0.1))
    with ScriptedProvider([Answer(stall=True)]) as provider:
        assert "the time is up" in review(provider.base_url, policy=policy).problem


def test_private_work_is_never_handed_elsewhere() -> None:
    with pytest.raises(AssertionError, match="not local"):
        review("http://127.0.0.1:1/v1", order=replace(ELSEWHERE, private=True))


def test_a_verdict_may_stand_in_a_fence() -> None:
    assert read_review(f"```json\n{GOOD}\n```")[0] == ("right", "The sign is turned.")
