"""A finished answer is kept whatever usage its server sends with it, and its cost stays in bounds."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from tests.fakes import PAID, a_policy
from tests.runners.embedded.a_runner import cloud, cloud_order, run
from tests.scripted_provider import ScriptedProvider, raw, say

from profile_router.runners.calls.call import RecordedCalls, SingleCall

ODD: list[Any] = [
    {"prompt_tokens": 10**12, "completion_tokens": 10**12, "total_tokens": 10**12},
    {"prompt_tokens": 10**29, "completion_tokens": 5},
    {"prompt_tokens": 10**30, "completion_tokens": 5},
    {"prompt_tokens": 10.5, "completion_tokens": 5.5, "total_tokens": 16.0},
    {"prompt_tokens": "10", "completion_tokens": "many", "total_tokens": None},
    {"prompt_tokens": True, "completion_tokens": False},
    {"prompt_tokens": {"n": 10}, "completion_tokens": [5]},
    {"prompt_tokens": 10, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": "x"}},
    {"prompt_tokens": 10, "completion_tokens": 5, "prompt_tokens_details": [1], "completion_tokens_details": "x"},
    {"prompt_tokens": float("nan"), "completion_tokens": float("inf")},
    {"prompt_tokens": -5, "completion_tokens": -5, "cost": -1},
]


@pytest.mark.parametrize("usage", ODD, ids=lambda usage: json.dumps(usage)[:60])
def test_no_usage_throws_a_finished_answer_away(usage: Any) -> None:
    with ScriptedProvider([say("done well", usage=usage)] * 2) as provider:
        attempt = run(cloud(provider.base_url), cloud_order())
        profile = cloud(provider.base_url)
        call = SingleCall(
            profile=profile, rate=PAID, local=False, step="probe", prompt="x", max_tokens=16, seconds=20.0
        )
        answer, receipt = asyncio.run(RecordedCalls(load=lambda _: profile, policy=a_policy()).ask(call))
    assert (attempt.failure, attempt.text, answer) == (None, "done well", "done well")
    for one in (attempt.receipt, receipt):
        assert 0 < one.cost_usd < 0.1
        assert (one.tokens_in, one.tokens_out) == (10, 5) or one.doubts


@pytest.mark.parametrize("usage", ["all of it", [10, 5], 7, {"n": 1}], ids=repr)
def test_nor_does_one_that_is_not_an_object_or_stands_with_the_choice(usage: Any) -> None:
    delta = {"choices": [{"index": 0, "delta": {"content": "done"}, "finish_reason": "stop", "usage": usage}]}
    body = f"data: {json.dumps(delta)}\n\ndata: {json.dumps({'choices': [], 'usage': usage})}\n\ndata: [DONE]\n\n"
    with ScriptedProvider([raw(body.encode())]) as provider:
        attempt = run(cloud(provider.base_url), cloud_order())
    assert (attempt.failure, attempt.text) == (None, "done")
    assert "by our own count" in " ".join(attempt.notes)
    assert attempt.receipt.tokens_in > 100


def test_a_usage_beside_the_choice_counts() -> None:
    usage = {"prompt_tokens": 321, "completion_tokens": 3, "prompt_tokens_details": {"cached_tokens": 300}}
    delta = {"choices": [{"index": 0, "delta": {"content": "done"}, "finish_reason": "stop", "usage": usage}]}
    with ScriptedProvider([raw(f"data: {json.dumps(delta)}\n\ndata: [DONE]\n\n".encode())]) as provider:
        receipt = run(cloud(provider.base_url), cloud_order()).receipt
    assert (receipt.tokens_in, receipt.tokens_out, receipt.tokens_cached, receipt.doubts) == (321, 3, 300, ())
