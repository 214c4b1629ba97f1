"""An attempt's history is trimmed by real counts before it can overflow."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage
from tests.fakes import an_order
from tests.runners.embedded.a_runner import cloud, cloud_order, failed, local, run
from tests.scripted_provider import COUNT, Answer, ScriptedProvider, call

from profile_router.prompting.tokens import exact_tokens
from profile_router.runners.embedded.message_history import History

WINDOW, REPLY = 2_048, 256
BUDGET = WINDOW - REPLY
TASK = "read all of them and say what they have in common"


def counted(body: Any) -> int:
    """Count as a server whose tokenizer runs 1.2 times higher than o200k."""
    return round(exact_tokens(json.dumps({"messages": body["messages"], "tools": body["tools"]})) * 1.2)


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    for number in range(6):
        lines = [f"line {line} of file {number} speaks of nothing in particular\n" for line in range(60)]
        (tmp_path / f"f{number}.txt").write_text("".join(lines))
    return tmp_path


def reading() -> list[Answer | str]:
    return [*(call("read_file", {"path": f"f{number}.txt"}) for number in range(6)), "they speak of nothing"]


def test_no_request_ever_holds_more_than_the_budget_by_the_servers_count(workspace: Path) -> None:
    with ScriptedProvider(reading(), count=counted) as provider:
        attempt = run(local(provider.base_url, max_tokens=REPLY), an_order(TASK, window=WINDOW), workspace=workspace)
    assert attempt.text == "they speak of nothing"
    assert max(counted(body) for body in provider.chats) <= BUDGET
    assert "left out to fit the window" in str(provider.chats[-1])
    assert provider.to(COUNT)


def test_task_and_newest_turn_stay_whole(workspace: Path) -> None:
    with ScriptedProvider(reading(), count=counted) as provider:
        run(local(provider.base_url, max_tokens=REPLY), an_order(TASK, window=WINDOW), workspace=workspace)
    for number, body in enumerate(provider.chats[1:]):
        messages = body["messages"]
        assert [message["content"] for message in messages if message["role"] == "user"] == [TASK]
        assert messages[-1]["role"] == "tool"
        assert f"1\tline 0 of file {number} " in messages[-1]["content"]
        assert messages[-2]["tool_calls"][0]["id"] == messages[-1]["tool_call_id"]


def test_without_a_server_that_counts_usage_teaches_the_factor(workspace: Path) -> None:
    with ScriptedProvider([]) as provider:
        answers = reading()
        for number, answer in enumerate(answers[:-1]):
            # A tokenizer that runs twice as high as o200k, and a provider that only says so in its usage.
            assert isinstance(answer, Answer)
            object.__setattr__(answer, "usage", (1_400 + 400 * min(number, 2), 5))
        provider._answers = [answer if isinstance(answer, Answer) else Answer(text=answer) for answer in answers]
        profile = cloud(provider.base_url, max_tokens=REPLY)
        attempt = run(profile, cloud_order(window=4_096), workspace=workspace)
    assert attempt.text == "they speak of nothing"
    assert "left out to fit the window" in str(provider.chats[-1])
    assert provider.to(COUNT) == []  # a cloud is sent the task, and nothing is counted there


@pytest.mark.parametrize(("stated", "window"), [(1_536, 4_096), (None, 6_144), (512, 4_096), (9_999, 8_192)])
def test_prompt_and_the_answer_that_is_asked_for_fit_the_window_together(
    workspace: Path, stated: int | None, window: int
) -> None:
    with ScriptedProvider(reading(), count=counted) as provider:
        attempt = run(local(provider.base_url, max_tokens=stated), an_order(TASK, window=window), workspace=workspace)
    assert attempt.text == "they speak of nothing"
    taken = [counted(body) + body["max_tokens"] for body in provider.chats]
    assert max(taken) <= window
    assert all(body["max_tokens"] >= min(stated or 1_024, window // 2) for body in provider.chats)


@pytest.mark.parametrize("counts", [True, False])
def test_a_task_too_large_by_itself_is_refused_before_any_request(counts: bool) -> None:
    with ScriptedProvider([], count=counted if counts else None) as provider:
        attempt = run(local(provider.base_url, max_tokens=REPLY), an_order("word " * 3_000, window=WINDOW))
    assert failed(attempt) == ("over-window", "unavailable")
    assert provider.chats == []
    assert attempt.receipt.turns == 0


def a_history(budget: int, **more: Any) -> History:
    return History(budget=budget, system="be good", schemas=[], factor=1.0, **more)


def turn(number: int, size: int = 40) -> list[BaseMessage]:
    asked = AIMessage("", tool_calls=[{"name": "read_file", "args": {}, "id": f"c{number}", "type": "tool_call"}])
    return [asked, ToolMessage("word " * size, tool_call_id=f"c{number}", name="read_file")]


def fit(history: History, messages: list[BaseMessage]) -> list[BaseMessage] | None:
    return asyncio.run(history.fit(messages))


def test_what_fits_is_left_as_it_is() -> None:
    messages = [HumanMessage("task"), *turn(1), *turn(2)]
    assert fit(a_history(10_000), messages) == messages


def test_old_results_go_before_old_turns_and_the_oldest_first() -> None:
    messages = [HumanMessage("task"), *turn(1, 300), *turn(2, 300), *turn(3, 300)]
    rest = fit(a_history(900), messages)
    assert rest is not None
    assert [message.text[:9] for message in rest if isinstance(message, ToolMessage)] == [
        "[left out",
        "word word",
        "word word",
    ]


def test_a_newest_result_too_long_by_itself_is_cut_and_says_so() -> None:
    messages = [HumanMessage("task"), *turn(1, 900), *turn(2, 900)]
    rest = fit(a_history(500), messages)
    assert rest is not None
    assert rest[0] == messages[0]
    assert rest[-2] == messages[-2]
    assert messages[-1].text.startswith(rest[-1].text.split("\n[cut")[0])
    assert rest[-1].text.endswith("[cut to fit the window; ask for less at a time]")


def test_only_an_exact_count_teaches_the_factor() -> None:
    history = a_history(20_000)
    fit(history, [HumanMessage("word " * 500)])
    history.learn(5_000)
    assert history.factor == 1.0  # bounds were enough to see that it fits: nothing was counted
    fit(history, [HumanMessage("word " * 15_000)])
    history.learn(30_000)
    assert 1.9 < history.factor < 2.0


def test_whole_turns_go_when_no_result_is_left_to_shorten() -> None:
    many = [message for number in range(40) for message in turn(number, 1)]
    rest = fit(a_history(700), [HumanMessage("task"), *many])
    assert rest is not None
    assert len(rest) < 60
    assert rest[0].text == "task"
    assert isinstance(rest[1], AIMessage)
    assert rest[-2:] == many[-2:]


def test_a_dropped_turn_takes_its_results_with_it() -> None:
    many = [message for number in range(40) for message in turn(number, 1)]
    rest = fit(a_history(700), [HumanMessage("task"), *many])
    assert rest is not None
    asked = [call["id"] for message in rest if isinstance(message, AIMessage) for call in message.tool_calls]
    assert asked == [message.tool_call_id for message in rest if isinstance(message, ToolMessage)]


def test_the_shared_conversation_is_never_trimmed() -> None:
    shared = [HumanMessage("first task"), AIMessage("first summary " * 20)]
    messages = [*shared, HumanMessage("task"), *turn(1, 300), *turn(2, 100)]
    rest = fit(a_history(400), messages)
    assert rest is not None
    assert rest[:3] == messages[:3]


def test_a_count_that_fails_falls_back_on_our_own() -> None:
    async def dead(body: Any) -> int | None:
        return None

    assert fit(a_history(400, count=dead), [HumanMessage("word " * 1_000)]) is None
    assert fit(a_history(4_000, count=dead), [HumanMessage("word " * 1_000)]) is not None
