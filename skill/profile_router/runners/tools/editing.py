"""What `write_file` and `edit_file` answer. An edit changes the span it replaces; all else keeps its bytes."""

from __future__ import annotations

import difflib
import re
from itertools import islice

from profile_router.core.text import shown
from profile_router.runners.tools.answers import ToolRefusal, counted, lines_of
from profile_router.runners.tools.fence import Fence
from profile_router.runners.tools.reading import is_binary

_NUMBERED = re.compile(r"^\d+\t")
_COMPARED = 5_000  # lines of the file that the hint looks at
_LONGEST_COMPARED = 300  # characters
_COUNTED = 100  # occurrences


def write_whole(fence: Fence, path: str, content: str) -> str:
    """Write the file and say how many lines it has and had."""
    old = fence.write_text(path, content)
    was = "new file" if old is None else f"was {len(lines_of(old))}"
    return f"wrote {shown(fence.name(path))} ({counted(len(lines_of(content.encode())), 'line')}, {was})"


def replace_once(fence: Fence, path: str, old: str, new: str) -> str:
    """Replace the one occurrence of *old* by *new* and say where.

    A line break in *old* matches LF and CRLF; those in *new* become what the replaced span, else the file, has.
    Raises ToolRefusal where *old* is empty, absent, ambiguous or the same as *new*, and for binary files.
    """
    name = shown(fence.name(path))
    where: list[int] = []

    def change(content: bytes) -> bytes:
        if is_binary(content) or b"\0" in content:
            raise ToolRefusal(f"{name} is binary ({len(content):,} bytes)")
        text = content.decode("utf-8", "surrogateescape")
        fence.shows(path, content, lambda seen: _answer(seen.decode("utf-8", "surrogateescape"), old, name))
        hidden = fence.seen(text)
        span = _only(hidden, old, name)
        if hidden != text and _count(text, old) != 1:
            raise ToolRefusal(f"old cannot be told from what is masked in {name}; give more of the text around it")
        span = _only(text, old, name)
        where.append(text.count("\n", 0, span.start()) + 1)
        fitting = _with_breaks_of(new, span.group() if "\n" in old else text)
        return (text[: span.start()] + fitting + text[span.end() :]).encode("utf-8", "surrogateescape")

    _check(old, new)
    fence.rewrite(path, change)
    was, now = (counted(len(lines_of(text.encode())), "line") for text in (old, new))
    return f"edited {name} at line {where[0]}: {was} replaced by {now}"


def _check(old: str, new: str) -> None:
    if not old:
        raise ToolRefusal("old is empty; give the text to replace, or use write_file for a whole file")
    if old == new:
        raise ToolRefusal("old and new are the same; nothing to change")
    for label, text in (("old", old), ("new", new)):
        if lone := next((char for char in text if "\ud800" <= char <= "\udfff"), None):
            raise ToolRefusal(f"{label} holds a lone surrogate ({shown(lone)}), no text")


def _pattern(old: str) -> re.Pattern[str]:
    return re.compile("\r?\n".join(re.escape(line) for line in old.replace("\r\n", "\n").split("\n")))


def _count(text: str, old: str) -> int:
    return sum(1 for _ in islice(_pattern(old).finditer(text), 2))


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
        lines = ", ".join(map(str, starts[:5])) + (", …" if len(starts) > 5 else "")
        many = f"{len(starts)}" if len(starts) < _COUNTED else f"{_COUNTED} or more"
        raise ToolRefusal(f"old occurs {many} times in {name} (lines {lines}); give more of the text around it")
    return first


def _answer(text: str, old: str, name: str) -> str:
    """Return what is told of *old* in *text*: why it cannot be replaced, nothing where it can."""
    try:
        _only(text, old, name)
    except ToolRefusal as refused:
        return str(refused)
    return ""


def _with_breaks_of(new: str, sample: str) -> str:
    plain = new.replace("\r\n", "\n")
    return plain.replace("\n", "\r\n") if sample.count("\r\n") * 2 > sample.count("\n") else plain


def _hint(text: str, old: str) -> str:
    if _NUMBERED.match(old):
        return "leave out the line numbers that read_file shows"
    wanted = next((line.strip() for line in old.splitlines() if line.strip()), "")
    lines = [line.strip()[:_LONGEST_COMPARED] for line in text.split("\n")[:_COMPARED]]
    near = difflib.get_close_matches(wanted[:_LONGEST_COMPARED], lines, n=1)
    if not near:
        return "no line is like its first one; read the file again"
    return f"the nearest line is {lines.index(near[0]) + 1}: '{shown(near[0])}'"
