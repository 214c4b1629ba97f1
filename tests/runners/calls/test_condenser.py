"""A summary that runs past its bound is taken so far: within the bound, marked, with the lost names."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.examples import examples
from tests.fakes import LOCAL, Heard, a_policy, a_task, an_order
from tests.runners.embedded.a_runner import local
from tests.scripted_provider import Answer, ScriptedProvider, say

from profile_router.core.condense.cut_summary import cut_summary
from profile_router.core.condense.result import CondenseOutcome, Helper
from profile_router.core.routing.rate import FREE
from profile_router.prompting.tokens import exact_tokens, head_of
from profile_router.runners.calls.call import RecordedCalls
from profile_router.runners.calls.condenser import EmbeddedCondenser

NAMES = ("src/cache.py", "evict_oldest", "CACHE_BYTES")
TEXT = "".join(f"Meeting {n}: nobody spoke of the colour of door {n}.\n" for n in range(500))
CONTEXT = f"{TEXT}`evict_oldest` in src/cache.py obeys CACHE_BYTES.\n"
BOUND = 1_000  # what the plan gives one summary here


def condense(answer: Answer, folder: Path) -> tuple[CondenseOutcome, Heard, int]:
    with ScriptedProvider([answer]) as provider:
        calls = RecordedCalls(load=lambda _: local(provider.base_url), policy=a_policy())
        condenser = EmbeddedCondenser(calls=calls, workspace=folder, base=folder)
        order = an_order(a_task("Paint the roof", context=CONTEXT), window=8_192)
        heard = Heard()
        helper = Helper(profile=LOCAL, window=32_768, rate=FREE, local=True)
        outcome = asyncio.run(condenser.condense(order, [helper], heard))
        return outcome, heard, provider.chats[0]["max_tokens"]


PAST = {
    "it copies the text": say(TEXT[:5_000], finish="length"),
    "it repeats itself": say("Nothing was decided on any of the days. I say it again.\n" * 80, finish="length"),
    "it writes one line without an end": say("and then " * 900, finish="max_tokens"),
    "its server lets it write on": say(f"Nothing much.\n{TEXT}"),
}


@pytest.mark.parametrize("answer", PAST.values(), ids=PAST)
def test_a_summary_past_its_bound_is_cut_there_and_keeps_the_names(answer: Answer, tmp_path: Path) -> None:
    outcome, heard, bound = condense(answer, tmp_path)
    assert bound == BOUND
    assert outcome.condensed is not None, outcome.failure
    context = outcome.condensed.context
    assert [name for name in NAMES if name not in context] == []
    assert "[cut: this summary ran past its 1,000 tokens and may miss what came later; it names " in context
    assert exact_tokens(context) <= BOUND + 100
    assert context.count("I say it again.") <= 1
    assert [event["line"] for event in heard.events] == [f"{LOCAL} · 1 of 1 · ran past its 1,000 tokens, cut"]


def test_its_receipt_says_that_the_server_cut_it(tmp_path: Path) -> None:
    outcome, _, _ = condense(PAST["it copies the text"], tmp_path)
    assert [(one.outcome, one.verdict) for one in outcome.receipts] == [("failed", "truncated")]
    assert "finish reason 'length'" in str(outcome.receipts[0].error)


def test_thoughts_that_took_the_bound_leave_no_summary(tmp_path: Path) -> None:
    outcome, _, _ = condense(say("So the", finish="length"), tmp_path)
    assert outcome.condensed is None
    assert outcome.failure is not None
    assert outcome.failure.cause == "over-window"


def test_a_summary_that_ends_within_its_bound_is_left_as_it_is(tmp_path: Path) -> None:
    outcome, _, _ = condense(say("Nothing.\n\nNothing."), tmp_path)
    assert outcome.condensed is not None
    assert outcome.condensed.context.endswith("\nNothing.\n\nNothing.")


@examples(25)
@given(st.text(max_size=600), st.text(max_size=400), st.integers(100, 300))
def test_a_cut_summary_is_within_any_bound(summary: str, text: str, bound: int) -> None:
    found = cut_summary(summary * 5, text, bound, exact_tokens, head_of)
    assert exact_tokens(found) <= bound
    assert "[cut: " in found
