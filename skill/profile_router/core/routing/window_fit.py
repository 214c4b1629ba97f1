"""Does a prompt fit a window? One arithmetic for the rules, the refusals and the limits that counting stops at."""

from __future__ import annotations

import math
from collections.abc import Iterable

from profile_router.core.evidence import Evidence, Window
from profile_router.core.policy import Counting

LEAST_ROOM = 256  # tokens: condensing a context to less would leave nothing of it


def reply_room(tokens: int, stated: int, counting: Counting) -> int:
    """Return the room for an answer in a window of *tokens*: what the profile *stated*, if it did.

    No profile gets more than half of its window as room, however much it states.
    """
    return max(counting.reply_reserve, min(stated, tokens // 2))


def _reply_room(window: Window, counting: Counting) -> int:
    return reply_room(window.tokens, window.reply, counting)


def needed_tokens(evidence: Evidence, window: Window, counting: Counting) -> int:
    """Return the tokens that the prompt and its reply take in *window*.

    The server's own count is taken as it is; an o200k count is multiplied by the tokenizer factor. A prompt is
    counted at its upper bound: what might not fit does not fit.
    """
    prompt = window.prompt_tokens
    if prompt is None:
        prompt = math.ceil(evidence.tokens.high * counting.tokenizer_factor)
    return prompt + _reply_room(window, counting)


def fits(evidence: Evidence, window: Window, counting: Counting) -> bool:
    """Tell whether prompt and reply fit *window*."""
    return needed_tokens(evidence, window, counting) <= window.tokens


def condensable(evidence: Evidence, window: Window, counting: Counting) -> bool:
    """Tell whether *window* would hold what condensing does not shorten, and there is something else to condense."""
    fixed = math.ceil((evidence.fixed.high + LEAST_ROOM) * counting.tokenizer_factor) + _reply_room(window, counting)
    return fixed <= window.tokens and evidence.fixed.low < evidence.tokens.high


def usable_tokens(window: Window, counting: Counting) -> int:
    """Return the largest prompt that fits *window*, in the tokens that it is counted in: the server's, or o200k."""
    if window.prompt_tokens is not None:
        return max(0, window.tokens - _reply_room(window, counting))
    return max(0, usable_o200k(window, counting))


def usable_o200k(window: Window, counting: Counting) -> int:
    """Return the largest prompt in o200k tokens that fits *window*; less than 0 where not even the reply does."""
    return math.floor((window.tokens - _reply_room(window, counting)) / counting.tokenizer_factor)


def counting_limits(windows: Iterable[Window], counting: Counting, above_tokens: int | None) -> tuple[int, ...]:
    """Return the o200k counts at which a decision may turn: counting may stop once none of them is in doubt."""
    limits = {usable_o200k(window, counting) for window in windows}
    if above_tokens is not None:
        limits.add(above_tokens)
    return tuple(sorted(limit for limit in limits if limit >= 0))


def fits_text(evidence: Evidence, window: Window, counting: Counting) -> str:
    """Say in words how the prompt compares with *window*, for a reason or a refusal."""
    needed = needed_tokens(evidence, window, counting)
    if window.prompt_tokens is not None:
        how = f"{window.prompt_tokens:,} tokens by the server's count"
    else:
        how = f"{evidence.tokens.high:,} × {counting.tokenizer_factor:g}"
    relation = "≤" if needed <= window.tokens else ">"
    return (
        f"{how} + {_reply_room(window, counting):,} for the answer {relation} {window.tokens:,} "
        f"({window.profile}, {window.source})"
    )
