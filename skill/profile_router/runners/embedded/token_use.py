"""What an answer took, in tokens: as the provider says, or by our own count where it says nothing that can be.

A budget must not hang on what a provider likes to send: none, nothing but zeros or less than nothing would make every
answer free.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from profile_router.prompting.tokens import exact_tokens

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenUse:
    """The tokens of one prompt and its answer. `said`: by the provider's own count."""

    tokens_in: int
    tokens_out: int
    said: bool = True


def tokens_used(message: BaseMessage | None, *, prompt: str, written: str = "", factor: float) -> TokenUse:
    """Return what *message* took; None: an answer that broke off. *written* is all that had come, thoughts included.

    *factor* is how much higher than o200k the model is taken to count *prompt* and answer where it did not say.
    """
    usage: Mapping[str, Any] = getattr(message, "usage_metadata", None) or {}
    tokens_in, tokens_out = int(usage.get("input_tokens") or 0), int(usage.get("output_tokens") or 0)
    if tokens_in > 0 and tokens_out >= 0:
        return TokenUse(tokens_in=tokens_in, tokens_out=tokens_out)
    answer = written if message is None or written else _written(message)
    return TokenUse(
        tokens_in=max(tokens_in, math.ceil(exact_tokens(prompt) * factor)),
        tokens_out=max(tokens_out, math.ceil(exact_tokens(answer) * factor)),
        said=False,
    )


def _written(message: BaseMessage) -> str:
    calls = [*getattr(message, "tool_calls", ()), *getattr(message, "invalid_tool_calls", ())]
    return "\n".join((message.text, *(json.dumps([call["name"], call["args"]], default=str) for call in calls)))
