"""Meter Hermes' model requests where they leave its loop: each one is counted, and none is sent again unseen.

Loaded by the child, inside Hermes' python. Hermes' own totals leave out answers that were cut off.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

Say = Callable[..., None]
Ask = Callable[..., Any]
_WAITS = ("retry-after", "x-ratelimit-reset", "ratelimit-reset")
_METHODS = ("_interruptible_streaming_api_call", "_interruptible_api_call")


class BrokeOff(ConnectionError):
    """The answer ended in the middle."""


class Meter:
    """Counts the requests of one agent and says `asked`, then `answered` or `refused`, for each."""

    def __init__(self, agent: Any, say: Say) -> None:
        self._agent = agent
        self._say = say
        self._asking = False
        self._turns = self._tokens_in = self._tokens_out = 0
        self._stub = import_module("agent.chat_completion_helpers").PARTIAL_STREAM_STUB_ID
        self._normalize = import_module("agent.usage_pricing").normalize_usage
        for name in _METHODS:
            setattr(agent, name, self._metered(getattr(agent, name)))

    def _metered(self, ask: Ask) -> Ask:
        def metered(*arguments: Any, **named: Any) -> Any:
            if self._asking:  # one of the two calls the other
                return ask(*arguments, **named)
            self._asking = True
            try:
                return self._ask(ask, *arguments, **named)
            finally:
                self._asking = False

        return metered

    def _ask(self, ask: Ask, *arguments: Any, **named: Any) -> Any:
        self._turns += 1
        self._say("asked", turn=self._turns)
        began, first = time.monotonic(), []
        if heard := named.get("on_first_delta"):

            def on_first_delta() -> None:
                first.append(time.monotonic() - began)
                heard()

            named["on_first_delta"] = on_first_delta
        try:
            response = ask(*arguments, **named)
            if getattr(response, "id", None) == self._stub:  # Hermes would ask for the rest by itself
                raise BrokeOff("the answer broke off in the middle")
        except Exception as error:
            self._say(
                "refused", status=getattr(error, "status_code", None), kinds=list(_kinds(error)), waits=_waits(error)
            )
            raise
        self._count(getattr(response, "usage", None))
        self._say(
            "answered",
            tokens_in=self._tokens_in,
            tokens_out=self._tokens_out,
            model_served=getattr(response, "model", None),
            first_s=first[0] if first else None,
            tools=[_name(call) for call in _calls(response)],
            turn=self._turns,
        )
        return response

    def _count(self, usage: Any) -> None:
        if usage:
            agent = self._agent
            counted = self._normalize(usage, provider=agent.provider, api_mode=agent.api_mode)
            self._tokens_in += counted.prompt_tokens
            self._tokens_out += counted.output_tokens


def _kinds(error: BaseException) -> Iterator[str]:
    link: BaseException | None = error
    while link is not None:
        yield type(link).__name__
        link = link.__cause__ or link.__context__


def _waits(error: BaseException) -> dict[str, str]:
    """Return the headers that may say how long to wait."""
    headers = getattr(getattr(error, "response", None), "headers", None) or {}
    return {str(name).lower(): str(value) for name, value in headers.items() if str(name).lower().startswith(_WAITS)}


def _calls(response: Any) -> list[Any]:
    """Return the tool calls of a chat completion; other protocols tell none here."""
    choices = getattr(response, "choices", None) or ()
    return [call for choice in choices for call in getattr(getattr(choice, "message", None), "tool_calls", None) or ()]


def _name(call: Any) -> str:
    return getattr(getattr(call, "function", None), "name", None) or "?"
