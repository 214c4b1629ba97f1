"""Providers answer one protocol in different ways; the subagent's history does not show it.

Shapes: `content: null` beside tool calls, ids, partial arguments and the reasoning field as llama.cpp's server b11549
sent them (captures in the tests of a real server, tests/llama); doubled and missing ids are those captures, altered.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage
from tests.adapters.embedded.a_runner import local, run
from tests.scripted_provider import Call, ScriptedProvider, call, calls, raw

from profile_router.adapters.embedded.quirks import normalize_answer, utf8, without_images

LLAMA_ID = "5VNw3W2xrfutbAnTHDoG3Xo8nixiLSrw"
LISTING = {"path": "."}


def second_request(first: Any, tmp_path: Path) -> list[dict[str, Any]]:
    """Return the messages after the task that the second request holds when the model began with *first*."""
    with ScriptedProvider([first, "done"]) as provider:
        assert run(local(provider.base_url), workspace=tmp_path).text == "done"
    return [message for message in provider.chats[1]["messages"] if message["role"] not in {"system", "user"}]


def test_content_null_beside_tool_calls_stays_valid(tmp_path: Path) -> None:
    asked, answered = second_request(call("list_files", LISTING), tmp_path)
    assert asked["content"] in (None, "")
    assert answered["role"] == "tool"


@pytest.mark.parametrize(
    "given",
    [(LLAMA_ID, LLAMA_ID), ("", ""), (LLAMA_ID, ""), ("call_1", "call_1"), ("call_2", ""), ("", "call_1")],
)
def test_every_call_has_an_id_of_its_own_that_its_result_repeats(given: tuple[str, str], tmp_path: Path) -> None:
    both = calls(*(Call(name="list_files", arguments=LISTING, id=one) for one in given))
    asked, *answered = second_request(both, tmp_path)
    ids = [one["id"] for one in asked["tool_calls"]]
    assert len(set(ids)) == 2
    assert all(ids)
    assert [one["tool_call_id"] for one in answered] == ids


def test_an_id_used_in_an_earlier_turn_is_not_used_again(tmp_path: Path) -> None:
    again = calls(Call(name="list_files", arguments=LISTING, id=LLAMA_ID))
    with ScriptedProvider([again, again, "done"]) as provider:
        run(local(provider.base_url), workspace=tmp_path)
    ids = [one["id"] for message in provider.chats[2]["messages"] for one in message.get("tool_calls", ())]
    assert len(set(ids)) == len(ids) == 2


@pytest.mark.parametrize("arguments", ['{"path": "a', "not json", "[1]", '"text"', "5", "null"])
def test_arguments_that_are_no_json_object_come_back_as_an_error_the_model_can_mend(
    arguments: str, tmp_path: Path
) -> None:
    asked, answered = second_request(call("read_file", arguments), tmp_path)
    assert json.loads(asked["tool_calls"][0]["function"]["arguments"]) == {}
    assert answered["content"].startswith("error: read_file: path")


def test_half_a_file_is_not_written_where_the_arguments_broke_off(tmp_path: Path) -> None:
    second_request(call("write_file", '{"path": "a.py", "content": "def half('), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_parallel_calls_under_one_index_are_two_calls(tmp_path: Path) -> None:
    pieces = [
        {"index": 0, "id": one, "type": "function", "function": {"name": "list_files", "arguments": '{"path": "."}'}}
        for one in ("a", "b")
    ]
    events = [{"choices": [{"index": 0, "delta": {"tool_calls": [piece]}, "finish_reason": None}]} for piece in pieces]
    events.append({"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]})
    asked, *answered = second_request(
        raw("".join(f"data: {json.dumps(event)}\n\n" for event in events).encode()), tmp_path
    )
    assert [one["function"]["name"] for one in asked["tool_calls"]] == ["list_files", "list_files"]
    assert [one["tool_call_id"] for one in answered] == ["a", "b"]


def test_an_unknown_tool_comes_back_as_an_error(tmp_path: Path) -> None:
    _, answered = second_request(call("rm_rf", {}), tmp_path)
    assert "rm_rf" in answered["content"]
    assert answered["role"] == "tool"


def test_reasoning_is_not_sent_back(tmp_path: Path) -> None:
    asked, _ = second_request(call("list_files", LISTING, reasoning="I wonder about quokkas"), tmp_path)
    assert "quokkas" not in str(asked)


def test_lone_surrogates_of_an_answer_are_not_sent_back(tmp_path: Path) -> None:
    bad = call("read_file", '{"path": "caf\\ud83d.txt", "more": ["\\udc00"]}', text="so \ud83d it is")
    asked, _ = second_request(bad, tmp_path)
    assert asked["content"] == "so ? it is"
    assert json.loads(asked["tool_calls"][0]["function"]["arguments"])["path"] == "caf?.txt"


def test_an_empty_name_does_not_break_the_history() -> None:
    broken = AIMessage("", invalid_tool_calls=[{"name": None, "args": "{", "id": None, "error": None}])
    assert normalize_answer(broken, set()).tool_calls == [
        {"name": "unknown", "args": {}, "id": "call_1", "type": "tool_call"}
    ]


def test_images_become_a_line_of_text_for_a_text_model() -> None:
    seen = HumanMessage(
        [{"type": "text", "text": "look"}, {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}]
    )
    (told, plain) = without_images([seen, HumanMessage("as it is")])
    assert told.content == "look\n[an image is left out: this model reads text only]"
    assert plain.content == "as it is"


def test_utf8_keeps_what_is_valid() -> None:
    assert utf8("naïve 🦘 \ud83d") == "naïve 🦘 ?"
