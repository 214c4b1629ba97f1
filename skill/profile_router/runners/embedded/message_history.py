"""Keep an attempt's inner history within its window, by real counts, before it can overflow.

The count is the server's own where it counts requests (llama.cpp); else o200k times a factor learned from the last
answer's usage. Old thoughts go first, then old tool results, the ends of long new ones, and whole old turns; the task
and the shared conversation stay.
"""

from __future__ import annotations

import json
import math
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import field
from typing import TYPE_CHECKING, Any

from profile_router.prompting.tokens import count_tokens, exact_tokens
from profile_router.runners.embedded.model.returned_thoughts import put_back, thoughts_of, without_thoughts_beside
from profile_router.values import mutable

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage

ServerCount = Callable[[Mapping[str, Any]], Awaitable[int | None]]
_NEAR = 0.5
_WORTH_ELIDING = 200  # characters: the note that stands for a shorter result would be as long
_READABLE, _SHORTEST = 1_200, 200  # characters of a result that is not cut: before and after turns are dropped
_SMALLEST_WINDOW, _BYTES_PER_TOKEN, _FEWEST = 1_024, 6, 0.6
_LEFT_OUT = "[left out to fit the window"
_CUT = "\n[cut to fit the window; ask for less at a time]"


@mutable
class History:
    """Trims the messages of one attempt.

    `budget` is the tokens a prompt may have (window less the reply). `schemas` are the tools as sent. `factor` is how
    much higher than o200k this model counts until usage tells. `count` is the server's own counter or None. `spell`
    makes what is sent of the messages, one for one. `tokens` is the upper bound of the prompt that was fitted last.
    """

    budget: int
    system: str
    schemas: Sequence[Mapping[str, Any]]
    factor: float
    count: ServerCount | None = None
    spell: Callable[[Sequence[BaseMessage]], list[BaseMessage]] | None = None
    tokens: int = field(default=0, init=False)
    _counted_o200k: int = field(default=0, init=False)
    _learned: bool = field(default=False, init=False)

    async def fit(self, messages: Sequence[BaseMessage]) -> list[BaseMessage] | None:
        """Return *messages*, trimmed as little as needed to fit the budget; None where nothing is left to trim."""
        self.tokens = await self._tokens(messages)
        if self.tokens <= self.budget:
            return list(messages)
        shorter = list(_shorter_and_shorter(list(messages)))
        low, high = 0, len(shorter)  # a count may be a request: 180 steps take 8 of them
        while low < high:
            middle = (low + high) // 2
            if await self._tokens(shorter[middle]) <= self.budget:
                high = middle
            else:
                low = middle + 1
        if low == len(shorter):
            return None
        self._counted_o200k = exact_tokens(self.text(shorter[low]))
        self.tokens = min(self.tokens, self.budget)
        return shorter[low]

    def cut_short(self, messages: Sequence[BaseMessage], said: int) -> str | None:
        """Return what shows that the server cut the prompt, going by its own count *said*; None where nothing does."""
        return cut_short("\n".join((self.system, *(message.text for message in messages))), said)

    def learn(self, prompt_tokens: int) -> None:
        """Take the provider's usage for the last request as the measure of its tokenizer."""
        if prompt_tokens > 0 and self._counted_o200k > 0:
            self._learned = True
            self.factor = max(1.0, prompt_tokens / self._counted_o200k)

    async def _tokens(self, messages: Sequence[BaseMessage]) -> int:
        text = self.text(messages)
        rough = count_tokens((text,), (math.floor(self.budget * _NEAR / self.factor),))
        self._counted_o200k = rough.high if rough.low == rough.high else 0  # a bound would teach too low a factor
        # A server that counts is asked while its tokenizer is unknown, but not where one token a byte fits.
        sure = self.count is None or self._learned or len(text.encode("utf-8", "replace")) <= self.budget
        if sure and rough.high * self.factor <= self.budget * _NEAR:
            return math.ceil(rough.high * self.factor)
        self._counted_o200k = exact_tokens(text)
        if self.count is not None:
            said = await self.count(self.request(messages))
            if said is not None:
                return said
        return math.ceil(self._counted_o200k * self.factor)

    def text(self, messages: Sequence[BaseMessage]) -> str:
        """Return all that *messages* send, as one text to be counted."""
        return json.dumps(self.request(messages), ensure_ascii=False)

    def request(self, messages: Sequence[BaseMessage]) -> dict[str, Any]:
        """Return the request body that *messages* make, as the server would count it."""
        from langchain_core.messages import SystemMessage, convert_to_openai_messages

        every = [SystemMessage(self.system), *(self.spell(messages) if self.spell else messages)]
        converted: Any = convert_to_openai_messages(every)
        put_back(converted, every)
        return {"messages": converted, "tools": list(self.schemas)}


def cut_short(text: str, said: int) -> str | None:
    """Return a sentence where a server that counted *said* tokens cannot have read all of *text*, else None.

    Ollama cuts a prompt that is over its window without a word, and then counts what is left. No tokenizer makes less
    than six tenths of what o200k makes of a text; a figure below any window is not a count of this prompt at all.
    """
    if not _SMALLEST_WINDOW <= said < len(text.encode("utf-8", "replace")) / _BYTES_PER_TOKEN:
        return None
    least = math.floor(exact_tokens(text) * _FEWEST)
    return f"the server cut the prompt: it counted {said:,} of at least {least:,} tokens" if said < least else None


def _shorter_and_shorter(messages: list[BaseMessage]) -> Iterator[list[BaseMessage]]:
    """Yield *messages* trimmed by one step, by two, and so on to the last that there is."""
    last = messages
    while shorter := (
        _forget_oldest_thought(last)
        or _elide_oldest_result(last)
        or _cut_longest_result(last, _READABLE)
        or _drop_oldest_turn(last)
        or _cut_longest_result(last, _SHORTEST)
    ):
        yield shorter
        last = shorter


def _forget_oldest_thought(messages: list[BaseMessage]) -> list[BaseMessage] | None:
    """Drop the oldest thought, but never the newest: some servers refuse a turn without it."""
    thoughtful = [place for place, message in enumerate(messages) if thoughts_of(message)]
    if len(thoughtful) < 2:
        return None
    place = thoughtful[0]
    return [*messages[:place], without_thoughts_beside(messages[place]), *messages[place + 1 :]]


def _elide_oldest_result(messages: list[BaseMessage]) -> list[BaseMessage] | None:
    """Replace the oldest whole tool result, but never one of the newest turn."""
    from langchain_core.messages import AIMessage, ToolMessage

    newest = max((place for place, message in enumerate(messages) if isinstance(message, AIMessage)), default=0)
    for place, message in enumerate(messages[:newest]):
        text = message.text
        if isinstance(message, ToolMessage) and len(text) > _WORTH_ELIDING and not text.startswith(_LEFT_OUT):
            what = f"{len(text):,} characters of {message.name or 'a tool'}"
            note = f"{_LEFT_OUT}: {what}; call it again if needed]"
            return [*messages[:place], message.model_copy(update={"content": note}), *messages[place + 1 :]]
    return None


def _drop_oldest_turn(messages: list[BaseMessage]) -> list[BaseMessage] | None:
    """Drop the oldest assistant turn with its tool results, but never the newest one."""
    from langchain_core.messages import AIMessage, ToolMessage

    turns = [place for place, message in enumerate(messages) if isinstance(message, AIMessage) and message.tool_calls]
    if len(turns) < 2:
        return None
    end = turns[0] + 1
    while end < len(messages) and isinstance(messages[end], ToolMessage):
        end += 1
    return [*messages[: turns[0]], *messages[end:]]


def _cut_longest_result(messages: list[BaseMessage], shortest: int) -> list[BaseMessage] | None:
    """Cut the longest tool result to half: a turn may have asked for many files at once."""
    from langchain_core.messages import ToolMessage

    lengths = {place: len(message.text) for place, message in enumerate(messages) if isinstance(message, ToolMessage)}
    longest = max(lengths, key=lengths.__getitem__, default=None)
    if longest is None or lengths[longest] <= shortest:
        return None
    head = messages[longest].text.removesuffix(_CUT)[: (lengths[longest] - len(_CUT)) // 2]
    cut = messages[longest].model_copy(update={"content": head + _CUT})
    return [*messages[:longest], cut, *messages[longest + 1 :]]
