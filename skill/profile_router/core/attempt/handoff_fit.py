"""As much of a handoff as a window has room for, its tokens counted in, and what is missing said. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

from profile_router.core.attempt.handoff import Handoff
from profile_router.core.attempt.order import Order
from profile_router.core.evidence import Evidence, TokenCount
from profile_router.core.policy import Counting
from profile_router.core.routing.window_fit import needed_tokens
from profile_router.core.text import counted

HANDOFF_SHARE = 4  # a handoff takes a quarter of the window at most: the task and the work need the rest
FRAME_TOKENS = 160  # what the template says around it, at most
LEAST_TOKENS = 48  # less than that is not worth a line
_NAMED = 12  # files that are only named

_Count = Callable[[str], int]


def with_handoff(
    order: Order, evidence: Evidence, handoff: Handoff | None, counting: Counting, count: _Count
) -> tuple[Order, Evidence]:
    """Return *order* with as much of *handoff* as its window has room for, and *evidence* with its tokens counted in.

    *count* returns the o200k tokens of a text. A quarter of the window is the most, and never more than fits beside
    the prompt; where that is next to nothing, both are returned as they are.
    """
    if handoff is None:
        return order, evidence
    window = evidence.window(order.profile)
    size = order.window if window is None else window.tokens
    free = size if window is None else size - needed_tokens(evidence, window, counting)
    room = math.floor(min(free, size // HANDOFF_SHARE) / counting.tokenizer_factor) - FRAME_TOKENS
    if room < LEAST_TOKENS:
        return order, evidence
    fitted = shrunk(handoff, room, count)
    more = handoff_tokens(fitted, count) + FRAME_TOKENS
    windows = [
        replace(each, prompt_tokens=each.prompt_tokens + math.ceil(more * counting.tokenizer_factor))
        if each.prompt_tokens is not None
        else each
        for each in evidence.windows
    ]
    tokens = TokenCount(evidence.tokens.low + more, evidence.tokens.high + more, evidence.tokens.source)
    return replace(order, handoff=fitted), replace(evidence, tokens=tokens, windows=tuple(windows))


def handoff_tokens(handoff: Handoff, count: _Count) -> int:
    """Return the tokens of *handoff* without what the template says around it."""
    lines = (*handoff.tried, *handoff.errors, *handoff.left_out)
    return _lines(lines, count) + (count(handoff.diff) if handoff.diff else 0)


def shrunk(handoff: Handoff, room: int, count: _Count) -> Handoff:
    """Return *handoff* in at most *room* tokens.

    Errors get a half, what was tried gets a half of the rest, and the diff gets what is left. Of an error the end
    stays, of the diff the start; `left_out` says what is missing.
    """
    if handoff_tokens(handoff, count) <= room:
        return handoff
    names = tuple(handoff.left_out[:_NAMED])
    if len(handoff.left_out) > _NAMED:
        names = (*names, f"{len(handoff.left_out) - _NAMED} more files")
    if _lines((*names, *_CUT.values()), count) > room // HANDOFF_SHARE:
        names = (counted(len(handoff.left_out), "file"),) if handoff.left_out else ()
    left = room - _lines((*names, *_CUT.values()), count)
    errors = _newest(handoff.errors, left // 2, count)
    left -= _lines(errors, count)
    # The last line of `tried` is the newest.
    tried = _newest(tuple(reversed(handoff.tried)), left // 2, count)[::-1]
    left -= _lines(tried, count)
    diff = _start(handoff.diff, left, count)
    parts = {"errors": errors, "tried": tried, "diff": diff}
    cut = [words for name, words in _CUT.items() if parts[name] != getattr(handoff, name)]
    said = (*names, *cut) if _lines((*names, *cut), count) <= room else ()
    return replace(handoff, errors=errors, tried=tried, diff=diff, left_out=said)


_CUT = {
    "errors": "the start of the last error, and older ones",
    "tried": "the attempts before, or the end of what is said of them",
    "diff": "the end of the diff: look at the files",
}


def _lines(lines: Sequence[str], count: _Count) -> int:
    return sum(count(f"- {line}\n") for line in lines)


def _newest(texts: Sequence[str], room: int, count: _Count) -> tuple[str, ...]:
    """Return as many of *texts* from the first on as *room* holds; of the first that does not fit, the end."""
    fitting: list[str] = []
    for text in texts:
        free = room - _lines(fitting, count)
        if _lines((text,), count) <= free:
            fitting.append(text)
            continue
        size = _most(len(text), lambda size, text=text, free=free: _lines((text[-size:],), count) <= free)  # type: ignore[misc]
        end = _from_line(text[-size:]) if size else ""
        if end and _lines((end,), count) <= free:
            fitting.append(end)
        break
    return tuple(fitting)


def _from_line(text: str) -> str:
    _, _, rest = text.partition("\n")
    return rest or text


def _start(diff: str, room: int, count: _Count) -> str:
    """Return the whole lines from the start of *diff* that *room* holds."""
    lines = diff.splitlines(keepends=True)
    return "".join(lines[: _most(len(lines), lambda size: not size or count("".join(lines[:size])) <= room)])


def _most(top: int, fits: Callable[[int], bool]) -> int:
    """Return a number up to *top* that *fits*, the largest where all smaller ones do; 0 where none does."""
    low, high = 0, top
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(middle) else (low, middle - 1)
    return low
