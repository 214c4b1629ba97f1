"""Notice a model that cannot handle its tools: made-up names, arguments that do not fit, one failing call repeated.

A mistake is answered and forgiven. The same kind, as often as the policy's `bad_calls` says, ends the attempt. A better
model is cheaper than a patient one.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from profile_router.core.ladder.causes import Cause, detail_of

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage

TOOL_FAILED = "error:"  # begins the result of a call that came to nothing


class ToolMistakes:
    """Counts the mistakes of one attempt over its messages. *limit* of a kind are too many."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._counts: Counter[tuple[Cause, str]] = Counter()
        self._seen = 0

    def look(self, messages: Sequence[BaseMessage], offered: frozenset[str]) -> tuple[Cause, str] | None:
        """Return the kind of mistake that has come too often by now, and what to say of it; None where none has.

        *messages* are all of the attempt so far, each looked at once; *offered* the names of its tools.
        """
        fresh, self._seen = messages[self._seen :], len(messages)
        for cause, name, call in _mistakes(fresh, offered):
            self._counts[cause, call] += 1
            if self._counts[cause, call] >= self._limit:
                return cause, detail_of(cause, times=self._limit, name=name[:60])
        return None


def _mistakes(messages: Sequence[BaseMessage], offered: frozenset[str]) -> Iterator[tuple[Cause, str, str]]:
    """Yield each mistake with the name of its tool, and with the whole call where each call counts for itself."""
    from langchain_core.messages import AIMessage, ToolMessage

    calls = {call["id"]: call for message in messages if isinstance(message, AIMessage) for call in message.tool_calls}
    for message in messages:
        if not isinstance(message, ToolMessage):
            continue
        call = calls.get(message.tool_call_id)
        name = call["name"] if call else message.name or "unknown"
        if name not in offered:
            yield "unknown-tool", name, ""
        elif message.status == "error":  # LangChain's own mark of arguments that the tool's schema refused
            yield "bad-arguments", name, ""
        if call and str(message.content).lower().startswith(TOOL_FAILED):
            yield "repeated-call", name, f"{name} {json.dumps(call['args'], sort_keys=True)}"
