"""What `write_file` and `edit_file` answer. An edit changes the span it replaces; all else keeps its bytes."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence

from profile_router.core.text import counted, shown
from profile_router.expressions import expression
from profile_router.runners.tools.answer_shape import ToolRefusal, lines_of
from profile_router.runners.tools.fence import Fence
from profile_router.runners.tools.reading import starts_binary

_NUMBERED = expression(r"^\d+\t")
_COMPARED = 5_000  # lines of the file that the hint looks at
_LONGEST_COMPARED = 300  # characters
_COUNTED = 100  # occurrences
_NAMED = 5  # of the lines where something is
_CANDIDATES = 20  # lines that may be where the nearest ones begin
_SHOWN_LINES = 12


def write_and_count(fence: Fence, path: str, content: str) -> str:
    """Write the file and say how many lines it has and had.

    Raises ToolRefusal where that changes nothing, and the first time where it drops most of the file.
    """
    old = fence.write_text(path, content)
    was = "new file" if old is None else f"was {len(lines_of(old))}"
    return f"wrote {shown(fence.name(path))} ({counted(len(lines_of(content.encode())), 'line')}, {was})"


def replace(fence: Fence, path: str, old: str, new: str, *, every: bool = False) -> str:
    """Replace the one occurrence of *old* by *new*, or *every* one, and say where.

    A line break in *old* matches LF and CRLF; those in *new* become what the replaced span, else the file, has.
    Raises ToolRefusal where *old* is empty, absent, ambiguous or the same as *new*, and for binary files.
    """
    name = shown(fence.name(path))
    where: list[int] = []

    def change(content: bytes) -> bytes:
        if starts_binary(content) or b"\0" in content:
            raise ToolRefusal(f"{name} is binary ({len(content):,} bytes)")
        text = content.decode("utf-8", "surrogateescape")
        fence.shows(path, content, lambda seen: _answer(seen.decode("utf-8", "surrogateescape"), old, name, every))
        hidden = fence.seen(text)
        spans = _spans(hidden, old, name, every)
        if hidden != text and len(_found(text, old)) != len(spans):
            raise ToolRefusal(f"old cannot be told from what is masked in {name}; give more of the text around it")
        spans = _spans(text, old, name, every)
        where.extend(text.count("\n", 0, span.start()) + 1 for span in spans)
        return _replaced(text, spans, new, "\n" in old).encode("utf-8", "surrogateescape")

    _check(old, new)
    fence.rewrite(path, change)
    was, now = (counted(len(lines_of(text.encode())), "line") for text in (old, new))
    if len(where) > 1:
        lines = ", ".join(map(str, where[:_NAMED])) + (", …" if len(where) > _NAMED else "")
        return f"edited {name} at {len(where)} places (lines {lines}): {was} replaced by {now} at each"
    return f"edited {name} at line {where[0]}: {was} replaced by {now}"


def _replaced(text: str, spans: Sequence[re.Match[str]], new: str, whole_lines: bool) -> str:
    parts, at = [], 0
    for span in spans:
        parts += [text[at : span.start()], with_breaks_of(new, span.group() if whole_lines else text)]
        at = span.end()
    return "".join((*parts, text[at:]))


def _check(old: str, new: str) -> None:
    if not old:
        raise ToolRefusal("old is empty; give the text to replace, or use write_file for a whole file")
    if old == new:
        raise ToolRefusal("old and new are the same; nothing to change")
    for label, text in (("old", old), ("new", new)):
        if lone := next((char for char in text if "\ud800" <= char <= "\udfff"), None):
            raise ToolRefusal(f"{label} holds a lone surrogate ({shown(lone)}), not text")


def _pattern(old: str) -> re.Pattern[str]:
    return re.compile("\r?\n".join(re.escape(line) for line in old.replace("\r\n", "\n").split("\n")))


def _found(text: str, old: str) -> list[re.Match[str]]:
    return list(_pattern(old).finditer(text))


def _spans(text: str, old: str, name: str, every: bool) -> list[re.Match[str]]:
    """Return what of *text* is to be replaced: the one *old* in it, or every one. Raises ToolRefusal."""
    if every:
        if found := _found(text, old):
            return found
        raise ToolRefusal(f"old does not occur in {name}; {_hint(text, old)}")
    return [_only(text, old, name)]


def _only(text: str, old: str, name: str) -> re.Match[str]:
    pattern = _pattern(old)
    starts: list[int] = []
    found = first = pattern.search(text)
    while found and len(starts) < _COUNTED:
        starts.append(text.count("\n", 0, found.start()) + 1)
        found = pattern.search(text, found.start() + 1)
    if first is None:
        raise ToolRefusal(f"old does not occur in {name}; {_hint(text, old)}")
    if len(starts) > 1:
        lines = ", ".join(map(str, starts[:_NAMED])) + (", …" if len(starts) > _NAMED else "")
        many = f"{len(starts)}" if len(starts) < _COUNTED else f"{_COUNTED} or more"
        fix = "give more of the text around it, or all: true for every one"
        raise ToolRefusal(f"old occurs {many} times in {name} (lines {lines}); {fix}")
    return first


def _answer(text: str, old: str, name: str, every: bool) -> str:
    """Return what is told of *old* in *text*: why it cannot be replaced, nothing where it can."""
    try:
        _spans(text, old, name, every)
    except ToolRefusal as refused:
        return str(refused)
    return ""


def with_breaks_of(new: str, sample: str) -> str:
    """Return *new* with the line breaks that most lines of *sample* have."""
    plain = new.replace("\r\n", "\n")
    return plain.replace("\n", "\r\n") if sample.count("\r\n") * 2 > sample.count("\n") else plain


def _hint(text: str, old: str) -> str:
    """Return the lines of *text* that are the nearest to *old*, as many as it has, with their numbers."""
    if _NUMBERED.match(old):
        return "leave out the line numbers that read_file shows"
    lines = text.split("\n")[:_COMPARED]
    short = [line.strip()[:_LONGEST_COMPARED] for line in lines]
    wanted = [line.strip()[:_LONGEST_COMPARED] for line in old.strip("\r\n").split("\n")]
    first = next((place for place, line in enumerate(wanted) if line), 0)
    near = difflib.get_close_matches(wanted[first], list(dict.fromkeys(short)), n=_CANDIDATES)
    if not near:
        return "no line is like its first one; read the file again"
    places = [place for place, line in enumerate(short) if line in near][:_CANDIDATES]
    best = max(places, key=lambda place: _likeness(wanted, short, place - first))
    start = max(0, best - first)
    end = min(start + min(len(wanted), _SHOWN_LINES), len(lines))
    told = "\n".join(f"{place + 1}\t{shown(lines[place].rstrip(), _LONGEST_COMPARED)}" for place in range(start, end))
    which = f"line is {start + 1}" if end - start == 1 else f"lines are {start + 1}-{end}"
    return f"the nearest {which}, the number first:\n{told}"


def _likeness(wanted: Sequence[str], lines: Sequence[str], start: int) -> float:
    """Return how like *wanted* the *lines* from *start* on are, line by line."""
    beside = lines[max(0, start) : max(0, start) + _SHOWN_LINES]
    return sum(difflib.SequenceMatcher(None, *pair).ratio() for pair in zip(wanted, beside, strict=False))
