"""Our own count of what an answer took, in tokens, for where its server's figures cannot be (`core.attempt.usage`)."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

from profile_router.core.attempt.usage import SaidUsage, TokenUse, believed
from profile_router.core.routing.rate import Rate
from profile_router.prompting.tokens import exact_tokens

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage


def tokens_used(
    message: BaseMessage | None,
    said: SaidUsage,
    *,
    prompt: str,
    written: str = "",
    factor: float,
    most_out: int,
    rate: Rate,
) -> TokenUse:
    """Return what *message* took, of which the server *said* something; None: an answer that broke off.

    *prompt* is all that was sent. *written* is all that had come, thoughts included. *most_out* is the tokens that the
    answer was asked for. *factor* is how much higher than o200k the model is taken to count where it did not say.
    """
    answer = written if message is None or written else _written(message)

    def counted() -> tuple[int, int]:
        return math.ceil(exact_tokens(prompt) * factor), math.ceil(exact_tokens(answer) * factor)

    sent, came = (len(text.encode("utf-8", "replace")) for text in (prompt, answer))
    return believed(said, sent=sent, most_out=max(most_out, came), counted=counted, rate=rate)


def _written(message: BaseMessage) -> str:
    calls = [*getattr(message, "tool_calls", ()), *getattr(message, "invalid_tool_calls", ())]
    return "\n".join((message.text, *(json.dumps([call["name"], call["args"]], default=str) for call in calls)))
