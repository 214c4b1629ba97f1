"""How an answer ended: the few words of servers for a good end, and what all others mean."""

from __future__ import annotations

from collections.abc import Mapping

from profile_router.core.ladder.causes import Cause, detail_of
from profile_router.core.text import shown

# As OpenAI's protocol has them, then as servers behind gateways pass their own on (TGI, Anthropic, Cohere).
GOOD = frozenset({
    *("stop", "tool_calls", "function_call"),
    *("eos", "eos_token", "end_turn", "tool_use", "stop_sequence", "complete", "completed"),
})  # fmt: skip
_BAD: Mapping[str, Cause] = {
    "length": "truncated",
    "max_tokens": "truncated",
    "max_output_tokens": "truncated",
    "model_length": "truncated",
    "error": "stream-error",
    "server_error": "stream-error",
    "network_error": "stream-error",
}
_WORD_CHARS = 40


def is_good(reason: str) -> bool:
    """Tell whether *reason*, a server's finish reason, is one of a whole answer."""
    return reason.lower() in GOOD


def bad_ending(reason: object) -> tuple[Cause, str] | None:
    """Return what the finish *reason* of an answer means, and what to say of it; None for a good end.

    No reason at all is an answer that broke off, and so is a word that nobody here knows.
    """
    if not isinstance(reason, str) or not reason:
        return "cut-short", detail_of("cut-short")
    if is_good(reason):
        return None
    cause = _BAD.get(reason.lower(), "cut-short")
    return cause, f"{detail_of(cause)} (finish reason {shown(reason[:_WORD_CHARS])!a})"
