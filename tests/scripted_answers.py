"""What a scripted provider can answer, and how it looks on the wire.

Streams have the shape that llama.cpp's server sends (`content: null` first, usage alone in the last chunk).
"""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """Name a tool and its arguments; a string is sent as it is, so that it need not be JSON. `id` None: a new one."""

    name: str
    arguments: Mapping[str, Any] | str
    id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer. With `status` or `body` it is that response; else a chat completion, streamed where it is asked for.

    `gate` is waited for before the first byte; `stall` sends nothing at all, and `trickle` comments without end, until
    the client hangs up; `drop` resets the connection. `ends` says how a stream ends. It is whole, `cut` in the middle
    of the transfer, or `reset` there. It is `silent` (properly, but without a finish reason), or `stalls` (nothing more
    comes). Or it is `error`: an error object inside the 200 stream. `leaves`: from this answer on nobody listens at the
    port any more.
    """

    text: str | None = None
    calls: tuple[Call, ...] = ()
    reasoning: str | None = None
    finish: str | None = None
    usage: tuple[int, int] | Mapping[str, Any] | None = (10, 5)
    model: str | None = None
    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    gate: threading.Event | None = None
    stall: bool = False
    trickle: bool = False
    drop: bool = False
    leaves: bool = False
    ends: str = "whole"
    error: Mapping[str, Any] | None = None


def say(text: str, **more: Any) -> Answer:
    return Answer(text=text, **more)


def call(name: str, arguments: Mapping[str, Any] | str | None = None, **more: Any) -> Answer:
    return Answer(calls=(Call(name=name, arguments={} if arguments is None else arguments),), **more)


def calls(*wanted: Call, **more: Any) -> Answer:
    return Answer(calls=wanted, **more)


def fail(status: int, message: str = "it failed", *, headers: Mapping[str, str] | None = None, **error: Any) -> Answer:
    body = {"error": {"message": message, "code": status, "type": "server_error", **error}}
    return Answer(status=status, body=body, headers=headers or {})


def raw(body: bytes, *, status: int = 200, content_type: str = "text/event-stream") -> Answer:
    return Answer(status=status, body=body, headers={"Content-Type": content_type})


def redirect(to: str, status: int = 307) -> Answer:
    return Answer(status=status, body=b"", headers={"Location": to})


def stream_error(message: str, *, code: int = 500, text: str = "I beg") -> Answer:
    return Answer(text=text, ends="error", error={"code": code, "message": message, "type": "server_error"})


def _tool_calls(answer: Answer) -> list[dict[str, Any]]:
    """Return the calls of *answer*. Each has an id of its own: of two results with one id, Hermes keeps one."""
    return [
        {
            "index": place,
            "id": f"id-{secrets.randbelow(10**15):015}-{place}" if wanted.id is None else wanted.id,
            "type": "function",
            "function": {
                "name": wanted.name,
                "arguments": wanted.arguments if isinstance(wanted.arguments, str) else json.dumps(wanted.arguments),
            },
        }
        for place, wanted in enumerate(answer.calls)
    ]


def _finish(answer: Answer) -> str:
    return answer.finish or ("tool_calls" if answer.calls else "stop")


def _usage(answer: Answer) -> dict[str, Any]:
    if answer.usage is None:
        return {}
    if isinstance(answer.usage, Mapping):
        return {"usage": dict(answer.usage)}
    tokens_in, tokens_out = answer.usage
    return {
        "usage": {
            "prompt_tokens": tokens_in,
            "completion_tokens": tokens_out,
            "total_tokens": tokens_in + tokens_out,
        }
    }


def completion(answer: Answer) -> dict[str, Any]:
    """Return *answer* as one JSON object."""
    message: dict[str, Any] = {"role": "assistant", "content": answer.text}
    message |= {"tool_calls": _tool_calls(answer)} if answer.calls else {}
    message |= {"reasoning_content": answer.reasoning} if answer.reasoning else {}
    choice = {"index": 0, "finish_reason": _finish(answer), "message": message}
    head = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": answer.model}
    return head | {"choices": [choice]} | _usage(answer)


def events(answer: Answer, with_usage: bool) -> Iterator[str]:
    """Yield *answer* as the data of server-sent events."""
    head = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": answer.model}

    def event(delta: Mapping[str, Any], finish: str | None = None) -> str:
        return json.dumps(head | {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})

    yield event({"role": "assistant", "content": None})
    if answer.reasoning:
        yield event({"reasoning_content": answer.reasoning})
    text = answer.text or ""
    for piece in (text[: len(text) // 2], text[len(text) // 2 :]):
        if piece:
            yield event({"content": piece})
    for wanted in _tool_calls(answer):
        arguments = wanted["function"]["arguments"]
        wanted["function"]["arguments"] = ""
        yield event({"tool_calls": [wanted]})
        yield event({"tool_calls": [{"index": wanted["index"], "function": {"arguments": arguments}}]})
    if answer.ends == "error":
        yield json.dumps({"error": answer.error})
        return
    if answer.ends in ("cut", "reset", "stalls"):
        return
    if answer.ends == "whole":
        yield event({}, _finish(answer))
    if with_usage and answer.usage is not None:
        yield json.dumps(head | {"choices": []} | _usage(answer))
    yield "[DONE]"
