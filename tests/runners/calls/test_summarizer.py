"""A summary keeps its budget: as it is, by one more call, or cut with a note that says so."""

from __future__ import annotations

import asyncio
import re
import stat
from pathlib import Path
from typing import Any

import pytest
from tests.fakes import a_policy, an_order
from tests.runners.embedded.a_runner import cloud, cloud_order, local
from tests.scripted_provider import Answer, ScriptedProvider, fail, raw, say

from profile_router.core.attempt.order import Order
from profile_router.core.ladder.receipt import Receipt
from profile_router.core.profile import Profile
from profile_router.prompting.tokens import exact_tokens
from profile_router.runners.calls.call import RecordedCalls
from profile_router.runners.calls.summarizer import EmbeddedSummarizer

BUDGET = 400
LONG = "".join(f"In step {number} I changed file_{number}.py, naïvely 🦘.\n" for number in range(200))


def summarize(
    profile: Profile, folder: Path, text: str = LONG, order: Order | None = None, **limits: Any
) -> tuple[str, Receipt | None]:
    summarizer = EmbeddedSummarizer(
        calls=RecordedCalls(load={profile.name: profile}.__getitem__, policy=a_policy(limits=limits)),
        whole_text=folder / "texts" / "thread-1.txt",
    )
    return asyncio.run(summarizer.summarize(text, order or an_order()))


def test_a_text_within_the_budget_is_left_as_it_is(tmp_path: Path) -> None:
    with ScriptedProvider() as provider:
        assert summarize(local(provider.base_url), tmp_path, "I did it.") == ("I did it.", None)
    assert provider.requests == []


def test_over_the_budget_one_more_call_to_the_same_provider_shortens_it(tmp_path: Path) -> None:
    with ScriptedProvider([say("Short.", usage=(900, 9))]) as provider:
        summary, receipt = summarize(local(provider.base_url), tmp_path)
    assert summary == "Short."
    assert receipt is not None
    assert (receipt.step, receipt.outcome, receipt.tokens_in, receipt.cost_usd) == ("summarize", "ok", 900, 0.0)
    (body,) = provider.chats
    assert LONG.strip() in body["messages"][0]["content"]
    assert body["max_tokens"] == BUDGET
    assert not (tmp_path / "texts").exists()


FAILING = {
    "an error": fail(500),
    "a reset": Answer(drop=True),
    "a cut stream": say("half", ends="cut"),
    "the token limit": say("half", finish="length"),
    "nothing": say(""),
    "nonsense": raw(b"data: [1]\n\n"),
    "too long again": say("word " * 500),
}


@pytest.mark.parametrize("answer", FAILING.values(), ids=FAILING)
def test_where_that_fails_the_head_is_kept_with_a_note_where_the_whole_is(answer: Answer, tmp_path: Path) -> None:
    with ScriptedProvider([answer, "a retry would get this"]) as provider:
        summary, receipt = summarize(local(provider.base_url), tmp_path)
    head, shown, total, path = cut(summary)
    assert LONG.startswith(head)
    assert (shown, total) == (exact_tokens(head), exact_tokens(LONG))
    assert exact_tokens(summary) <= BUDGET
    assert shown > BUDGET * 0.7
    assert path.read_text(encoding="utf-8") == LONG
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert receipt is not None
    assert len(provider.chats) == 1


def test_the_policy_says_how_long_a_summary_may_take(tmp_path: Path) -> None:
    with ScriptedProvider([Answer(stall=True)]) as provider:
        summary, receipt = summarize(local(provider.base_url), tmp_path, summary_seconds=0.1)
    assert LONG.startswith(cut(summary)[0])
    assert receipt is not None
    assert receipt.error == f"coding-local at 127.0.0.1:{provider.base_url.split(':')[2][:-3]}: the time is up"


def cut(summary: str) -> tuple[str, int, int, Path]:
    """Take a cut summary apart: its head, the tokens kept, all tokens, and the file with the whole text."""
    found = re.fullmatch(r"(?s)(.*)\n\[cut: (\d+) of (\d+) tokens; whole text: ([^\]\n]+)\]", summary)
    assert found is not None, summary
    return found.group(1), int(found.group(2)), int(found.group(3)), Path(found.group(4))


@pytest.mark.parametrize("changes", [{"seconds": 0.0}, {"window": 2_048}])
def test_without_time_or_room_no_call_is_made(changes: dict[str, Any], tmp_path: Path) -> None:
    with ScriptedProvider() as provider:
        summary, receipt = summarize(local(provider.base_url), tmp_path, order=an_order(**changes))
    assert cut(summary)[2] == exact_tokens(LONG)
    assert receipt is None
    assert provider.requests == []


@pytest.mark.parametrize("text", ["漢字" * 2_000, "🦘" * 1_500, "x" * 60_000, "word\r\n" * 3_000, "\n" * 9_000 + "end"])
def test_any_text_is_cut_between_characters_and_within_the_budget(text: str, tmp_path: Path) -> None:
    with ScriptedProvider([fail(500)]) as provider:
        summary, _ = summarize(local(provider.base_url), tmp_path, text)
    assert exact_tokens(summary) <= BUDGET
    assert "\ufffd" not in summary
    assert text.replace("\r\n", "\n").startswith(cut(summary)[0].replace("\r\n", "\n"))


def test_a_cloud_summary_costs_its_tiers_price(tmp_path: Path) -> None:
    with ScriptedProvider([say("Short.", usage=(900, 100))]) as provider:
        _, receipt = summarize(cloud(provider.base_url), tmp_path, order=cloud_order())
    assert receipt is not None
    assert receipt.cost_usd == 0.009


def test_a_private_report_is_never_sent_elsewhere(tmp_path: Path) -> None:
    with ScriptedProvider() as provider, pytest.raises(AssertionError, match="private"):
        summarize(cloud(provider.base_url), tmp_path, order=cloud_order(private=True))
    assert provider.requests == []
