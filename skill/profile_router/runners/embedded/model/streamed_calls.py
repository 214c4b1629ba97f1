"""What an answer brings while it comes: its calls, all its words, its usage, and the model that claims it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from langchain_core.callbacks import AsyncCallbackHandler
from langchain_core.messages import BaseMessage

from profile_router.core.attempt.usage import SaidUsage, said_usage
from profile_router.runners.answers.endings import is_good
from profile_router.runners.answers.thoughts import THOUGHT_FIELDS
from profile_router.runners.embedded.model.quirks import RawCall

_WRITTEN = ("content", *THOUGHT_FIELDS, "refusal")  # each of them is paid for


class StreamedCalls(AsyncCallbackHandler):
    """Keeps the last answer as it was streamed. `calls` are its tool calls, empty where there were none.

    `began`: something came of it. `written` are its pieces, those of its thoughts and calls too. `model` is who the
    server says answered it. `usage` is what the server says that it took.
    """

    def __init__(self) -> None:
        self.calls: list[RawCall] = []
        self.written: list[str] = []
        self.began = False
        self.model: str | None = None
        self._thoughts: dict[str, list[str]] = {}
        self._ended = False
        self.usage = SaidUsage()
        self._pieces: list[list[str]] = []
        self._places: dict[str, int] = {}

    async def on_chat_model_start(
        self, serialized: dict[str, Any], messages: list[list[BaseMessage]], **_: Any
    ) -> None:
        """Forget the answer before."""
        self.calls, self.written, self.began = [], [], False
        self._thoughts, self._ended = {}, False
        self._pieces, self._places = [], {}
        self.usage = SaidUsage()

    @property
    def thoughts(self) -> dict[str, str]:
        """Return the thoughts that came in fields of their own, by the field's name."""
        return {name: "".join(pieces) for name, pieces in self._thoughts.items()}

    def again(self, calls: Sequence[RawCall], written: str, thoughts: Mapping[str, str], usage: SaidUsage) -> None:
        """Be as after an answer that is kept: with its *calls*, its *thoughts* and its *usage*. *written* is the text
        of all."""
        self.calls, self.written, self.began = list(calls), [written], True
        self._thoughts = {name: [text] for name, text in thoughts.items()}
        self.usage = usage
        self._pieces = [[call.arguments] for call in calls]

    def take(self, event: dict[str, Any]) -> int:
        """Take what *event*, a chunk of the answer, brings, and return how many characters that is.

        The arguments of its calls are taken out of it. LangChain would read them again with each further piece of them.
        It would go through a long text that is not JSON once for each of its characters. The usage is taken out, too:
        LangChain ends an answer whose usage it cannot add up.
        """
        before = len(self.written)
        self._take_usage(event)
        for delta in self._deltas(event):
            self.began = True
            self.written += (text for name in _WRITTEN if isinstance(text := delta.get(name), str))
            for name in THOUGHT_FIELDS:
                if isinstance(text := delta.get(name), str):
                    self._thoughts.setdefault(name, []).append(text)
            delta.pop("function_call", None)  # of an older protocol; nobody here reads it
            for part in _parts(delta):
                self._take_part(part)
        return sum(map(len, self.written[before:]))

    def _take_usage(self, event: dict[str, Any]) -> None:
        for place in (event, *_choices(event)):  # some send it with the choice
            if (usage := place.pop("usage", None)) is not None:
                self.usage = said_usage(usage)

    def whole(self) -> list[RawCall]:
        """Return the calls with their arguments as one text each."""
        for call, pieces in zip(self.calls, self._pieces, strict=False):
            call.arguments = "".join(pieces)
        return self.calls

    def _deltas(self, event: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        for choice in _choices(event):
            choice.pop("logprobs", None)
            self._take_end(choice)
            if isinstance(delta := choice.get("delta"), dict):
                yield delta

    def _take_end(self, choice: dict[str, Any]) -> None:
        """Let a good end be said once: LangChain joins the words of all events, and "stopstop" is not a word."""
        reason = choice.get("finish_reason")
        if isinstance(reason, str) and reason:
            if self._ended and is_good(reason):
                choice["finish_reason"] = None
            self._ended = True

    def _take_part(self, part: dict[str, Any]) -> None:
        """Add a *part* of a call to its call, which a new index or a new id begins."""
        function, index, given = part["function"], part.get("index"), part.get("id")
        name, arguments = function.get("name"), function.get("arguments")
        name, given = (value if isinstance(value, str) else "" for value in (name, given))
        if not isinstance(arguments, str):  # some send the object itself, and an empty one ahead of it
            arguments = json.dumps(arguments) if arguments else ""
        place = self._places.get(str(index))
        if place is None or (given and name and self.calls[place].id not in ("", given)):
            place = self._places[str(index)] = len(self.calls)
            self.calls.append(RawCall(index=index))
            self._pieces.append([])
        self.calls[place].name += name
        self.calls[place].id = self.calls[place].id or given
        self._pieces[place].append(arguments)
        self.written += (name, arguments)
        function["arguments"] = ""


def _choices(event: Mapping[str, Any]) -> list[dict[str, Any]]:
    choices = event.get("choices")
    return [choice for choice in choices if isinstance(choice, dict)] if isinstance(choices, list) else []


def _parts(delta: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    parts = delta.get("tool_calls")
    for part in parts if isinstance(parts, list) else ():
        if isinstance(part, dict) and isinstance(part.get("function"), dict):
            yield part
