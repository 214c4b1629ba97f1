"""Providers answer the same protocol in different ways; here the differences end.

Each rule was seen on a real server:

- content null beside tool calls;
- thoughts in a field of their own, or in front of the answer;
- call ids that are missing, doubled, or refused by a chat template;
- arguments that are not JSON (llama.cpp refuses a history that repeats them), or JSON twice over;
- names such as `functions.read_file`;
- images sent to a text model.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from itertools import count
from typing import TYPE_CHECKING, Any

from profile_router.core.text import utf8
from profile_router.expressions import expression
from profile_router.runners.answers.call_names import arguments_of, offered_name
from profile_router.runners.answers.thoughts import without_thoughts
from profile_router.values import mutable

if TYPE_CHECKING:
    from langchain_core.messages import AIMessage, BaseMessage

_EXTRAS = frozenset({"refusal"})
_ID = expression(r"[A-Za-z0-9]{9}")  # what every server and chat template takes: Mistral's take nothing else


@mutable
class RawCall:
    """A tool call as it was streamed: `arguments` is the text that came, whole JSON or not."""

    index: object
    name: str = ""
    arguments: str = ""
    id: str = ""


def normalize_answer(
    message: AIMessage,
    seen_ids: set[str],
    raw: Sequence[RawCall] = (),
    *,
    offered: Collection[str] = (),
    thoughts: Mapping[str, str] | None = None,
) -> AIMessage:
    """Return *message* with text content without thoughts, and whole tool calls under ids never used before.

    A call whose arguments are not JSON becomes a call without arguments. The tool then says what is missing, and the
    history stays valid for every server. Where the calls were streamed, they are *raw*. LangChain closes brackets that
    never came, so half a file would be written as if it were whole. *seen_ids* is extended. A name means one of
    *offered* where it can. *thoughts* came in fields of their own: they stand beside calls, to be sent back.
    """
    from langchain_core.messages import AIMessage

    calls: list[dict[str, Any]] = [
        {"name": call.name or "unknown", "args": arguments_of(call.arguments) or {}, "id": call.id} for call in raw
    ]
    if not raw:
        calls += [{"name": call["name"], "args": call["args"], "id": call["id"]} for call in message.tool_calls]
        calls += [
            {"name": call["name"] or "unknown", "args": {}, "id": call["id"]} for call in message.invalid_tool_calls
        ]
    extras = {key: value for key, value in message.additional_kwargs.items() if key in _EXTRAS}
    beside = {name: utf8(text) for name, text in (thoughts or {}).items() if text} if calls else {}
    answer = AIMessage(
        content=utf8(without_thoughts(message.text)),
        usage_metadata=message.usage_metadata,
        response_metadata=message.response_metadata,
        additional_kwargs={**extras, **beside},
        id=message.id,
    )
    named = [{**call, "name": offered_name(call["name"], offered)} for call in calls]
    return with_calls(answer, named, seen_ids, content=answer.text)


def with_calls(answer: AIMessage, calls: Sequence[Mapping[str, Any]], seen_ids: set[str], *, content: str) -> AIMessage:
    """Return *answer* with *content* and *calls*, each with `name`, `args` and perhaps `id`. *seen_ids* is extended."""
    made = [
        {
            "name": utf8(call["name"]),
            "args": _sendable(dict(call["args"])),
            "id": _fresh_id(call.get("id"), seen_ids),
            "type": "tool_call",
        }
        for call in calls
    ]
    return answer.model_copy(update={"content": utf8(content), "tool_calls": made})


def _sendable(arguments: dict[str, Any]) -> dict[str, Any]:
    """Return *arguments* without lone surrogates, wherever in them: the history must be sent again."""
    cleaned: dict[str, Any] = json.loads(utf8(json.dumps(arguments, ensure_ascii=False)))
    return cleaned


def _fresh_id(given: Any, seen: set[str]) -> str:
    if isinstance(given, str) and _ID.fullmatch(given) and given not in seen:
        chosen = given
    else:
        chosen = next(made for number in count(len(seen) + 1) if (made := f"call{number:05}") not in seen)
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
