"""Providers answer the same protocol in different ways; here the differences end.

Each rule was seen on a real server: content null beside tool calls, reasoning in a field of its own, missing or doubled
call ids, arguments that are not JSON (llama.cpp refuses a history that repeats them), images sent to a text model.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from profile_router.core.text import utf8
from profile_router.outside.json_reader import UnreadableJson, read_json

if TYPE_CHECKING:
    from langchain_core.messages import AIMessage, BaseMessage

_KEPT_EXTRAS = frozenset({"refusal"})


@dataclass(slots=True, kw_only=True)
class RawCall:
    """A tool call as it was streamed: `arguments` is the text that came, whole JSON or not."""

    index: object
    name: str = ""
    arguments: str = ""
    id: str = ""


def normalize_answer(message: AIMessage, seen_ids: set[str], raw: Sequence[RawCall] = ()) -> AIMessage:
    """Return *message* with text content, whole tool calls under ids never used before, and no reasoning fields.

    A call whose arguments are not JSON is kept as a call without arguments: the tool then says what is missing, and
    the history stays valid for every server. Where the calls were streamed, *raw* are they: LangChain closes brackets
    that never came, so half a file would be written as if it were whole. *seen_ids* is extended.
    """
    from langchain_core.messages import AIMessage

    calls: list[dict[str, Any]] = [
        {"name": call.name or "unknown", "args": _arguments(call.arguments), "id": call.id} for call in raw
    ]
    if not raw:
        calls += [{"name": call["name"], "args": call["args"], "id": call["id"]} for call in message.tool_calls]
        calls += [
            {"name": call["name"] or "unknown", "args": {}, "id": call["id"]} for call in message.invalid_tool_calls
        ]
    return AIMessage(
        content=utf8(message.text),
        tool_calls=[
            {
                "name": utf8(call["name"]),
                "args": _sendable(call["args"]),
                "id": _fresh_id(call["id"], seen_ids),
                "type": "tool_call",
            }
            for call in calls
        ],
        usage_metadata=message.usage_metadata,
        response_metadata=message.response_metadata,
        additional_kwargs={key: value for key, value in message.additional_kwargs.items() if key in _KEPT_EXTRAS},
        id=message.id,
    )


def _arguments(text: str) -> dict[str, Any]:
    try:
        found = read_json(text, strict=False)
    except UnreadableJson:
        return {}
    return found if isinstance(found, dict) else {}


def _sendable(arguments: dict[str, Any]) -> dict[str, Any]:
    """Return *arguments* without lone surrogates, wherever in them: the history must be sent again."""
    cleaned: dict[str, Any] = json.loads(utf8(json.dumps(arguments, ensure_ascii=False)))
    return cleaned


def _fresh_id(given: Any, seen: set[str]) -> str:
    chosen = given if isinstance(given, str) and given and given not in seen else f"call_{len(seen) + 1}"
    while chosen in seen:
        chosen = f"{chosen}_"
    seen.add(chosen)
    return chosen


def without_images(messages: Sequence[BaseMessage]) -> list[BaseMessage]:
    """Return *messages* with every image replaced by a line of text, for a model that reads text only."""
    return [_text_only(message) for message in messages]


def _text_only(message: BaseMessage) -> BaseMessage:
    if isinstance(message.content, str):
        return message
    parts = [
        part if isinstance(part, str) else part.get("text", "[an image is left out: this model reads text only]")
        for part in message.content
    ]
    return message.model_copy(update={"content": "\n".join(str(part) for part in parts)})
