"""One round trip of a tool: ask for a call, give its result back. Says what of it a model or its server cannot do."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from profile_router.runners.answers.call_names import arguments_of, offered_name
from profile_router.runners.answers.text_calls import text_calls
from profile_router.runners.answers.thoughts import THOUGHT_FIELDS, without_thoughts

ROUND_TRIP_TOKENS = 512  # of one answer: some think before they call
_NAME, _RESULT, _ID = "look_up", "pear", "call00001"
_ASKED = "Call the tool look_up with the number 7. Then answer with the word that it returns."
_TOOL = {
    "type": "function",
    "function": {
        "name": _NAME,
        "description": "Return the word that stands for a number.",
        "parameters": {"type": "object", "properties": {"number": {"type": "integer"}}, "required": ["number"]},
    },
}


def first_request() -> dict[str, Any]:
    """Return messages and tools of a request to which the answer is a call."""
    messages = [{"role": "system", "content": "You use tools."}, {"role": "user", "content": _ASKED}]
    return {"messages": messages, "tools": [_TOOL]}


def second_request(message: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return what gives the result of the call back that *message* makes; None where it makes none that fits."""
    calls = message.get("tool_calls")
    call = calls[0] if isinstance(calls, list) and calls and isinstance(calls[0], dict) else {}
    function = call.get("function")
    if not isinstance(function, dict) or offered_name(str(function.get("name")), (_NAME,)) != _NAME:
        return None
    arguments = arguments_of(function.get("arguments"))
    if arguments is None or not _fits(arguments):
        return None
    made = {"id": _ID, "type": "function", "function": {"name": _NAME, "arguments": json.dumps(arguments)}}
    thoughts = {name: message[name] for name in THOUGHT_FIELDS if isinstance(message.get(name), str) and message[name]}
    first = first_request()
    answered = [
        {"role": "assistant", "content": "", "tool_calls": [made], **thoughts},
        {"role": "tool", "tool_call_id": _ID, "content": _RESULT},
    ]
    return {**first, "messages": [*first["messages"], *answered]}


def instead_of_a_call(message: Mapping[str, Any]) -> str:
    """Say what *message*, which makes no call that fits, is instead."""
    content = message.get("content")
    found = text_calls(without_thoughts(content if isinstance(content, str) else ""), {_NAME: _fits})
    if found is not None and found.calls:
        return "writes its tool calls as text: they are read there"
    if found is not None or message.get("tool_calls"):
        return "makes a tool call that does not fit the tool it was offered"
    return "makes no tool call when asked for one"


def _fits(arguments: Mapping[str, Any]) -> bool:
    return str(arguments.get("number")) == "7"
