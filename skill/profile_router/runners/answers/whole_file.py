"""Find the whole new file in an answer: a fence's content, and what shows that it is not whole.

Small models leave lines out and say so in a comment. They show a second piece of code beside the file, or forget the
fence.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from profile_router.expressions import expression
from profile_router.runners.answers.json_calls import json_value
from profile_router.values import frozen

UNCHANGED = "UNCHANGED"
_OPENED = expression(r"[ \t]{0,3}(?P<fence>`{3,}|~{3,})(?P<info>[^`\n]*)")
_SAME_LINES = 0.6  # of an answer without a fence: so many stand in the file as it was
_PATH_CHARS = 200  # of the line above a fence
_COMMENT = r"[ \t]*(?:#|//|/\*|<!--|--|;|%|\*|\"\"\"|''')"
_DOTS = r"(?:\.{3}|…)"
_LEFT_OUT = expression(
    rf"{_COMMENT}[ \t]*{_DOTS}.*|[ \t]*{_DOTS}[ \t]*\(?(?:the |rest|remaining|existing|other|previous|unchanged).*"
    rf"|{_COMMENT}[ \t]*\(?(?:the )?(?:rest|remainder|remaining|existing|other|previous)\b.{{0,60}}?"
    r"\b(?:unchanged|here|same|as before|as is|remains?|stays?|goes|code|omitted)\b.*",
    re.IGNORECASE,
)


@frozen
class FileAnswer:
    """What an answer gives for a file: its whole `content`, or None and `why`; `unchanged` where it is to stay.

    `words` is what the answer says beside it.
    """

    content: str | None = None
    why: str = ""
    unchanged: bool = False
    words: str = ""


@frozen(kw_only=False)
class _Block:
    info: str
    above: str
    lines: tuple[str, ...]
    start: int
    end: int


def file_in(answer: str, path: str, old: str | None) -> FileAnswer:
    """Return what *answer*, a whole one without thoughts, gives for *path*; *old* is its content, None for a new one.

    The content ends in a line break, unless the *old* one does not.
    """
    lines = answer.replace("\r\n", "\n").split("\n")
    if answer.strip().strip("`*_.\"' ").upper() == UNCHANGED:
        return FileAnswer(unchanged=True)
    blocks = _blocks(lines, nested=_has_fences(path, old))
    block = _block_of(blocks, path)
    if block is None:
        if old is None or not _like(lines, old):
            return FileAnswer(why="it has no fence with the file", words=answer.strip())
        block = _Block("", "", tuple(lines), 0, len(lines))
    body = list(block.lines)
    if _is_call("\n".join(body)) and not _is_call(old or ""):
        return FileAnswer(why="it is a tool call, not the file")
    known = set((old or "").split("\n"))
    if body and body[0] not in known and _names_only(body[0], path):
        del body[0]
    if left_out := next((line for line in body if line not in known and _LEFT_OUT.fullmatch(line)), None):
        return FileAnswer(why=f"it leaves lines out ('{left_out.strip()[:60]}')")
    text = "\n".join(body).rstrip("\n")
    ends = old is None or not old or old.endswith("\n")
    words = "\n".join((*lines[: block.start], *lines[block.end :])).strip()
    return FileAnswer(content=text + "\n" * (ends and bool(text)), words=words)


def _is_call(text: str) -> bool:
    """Tell whether *text* is a call of a tool, as models write them."""
    value = json_value(text.strip()) if text.lstrip().startswith("{") else None
    return isinstance(value, dict) and "name" in value and bool({"arguments", "parameters"} & value.keys())


def _has_fences(path: str, old: str | None) -> bool:
    return path.lower().endswith((".md", ".mdx", ".markdown", ".rst")) or "\n```" in f"\n{old or ''}"


def _blocks(lines: Sequence[str], *, nested: bool) -> list[_Block]:
    """Return the fences of *lines*. *nested*: fences may stand in the file, so the first one ends with the last."""
    found: list[_Block] = []
    at = 0
    while at < len(lines):
        opened = _OPENED.fullmatch(lines[at])
        if opened is None:
            at += 1
            continue
        ends = [place for place in range(at + 1, len(lines)) if _closes(lines[place], opened["fence"])]
        end = (ends[-1] if nested else ends[0]) if ends else len(lines)
        above = next((line for line in reversed(lines[:at]) if line.strip()), "")
        found.append(_Block(opened["info"], above[:_PATH_CHARS], tuple(lines[at + 1 : end]), at, end + 1))
        at = end + 1
    return found


def _closes(line: str, fence: str) -> bool:
    text = line.strip()
    return len(text) >= len(fence) and set(text) == {fence[0]}


def _block_of(blocks: Sequence[_Block], path: str) -> _Block | None:
    """Return the block that is the file: the one that is called so, else the longest."""
    name = path.rpartition("/")[2]
    called = [block for block in blocks if name in block.info or name in block.above]
    return max(called or blocks, key=lambda block: sum(map(len, block.lines)), default=None)


def _names_only(line: str, path: str) -> bool:
    said = re.sub(rf"^{_COMMENT}|(?:\*/|-->)\s*$", "", line).strip().strip("`*: ")
    return said in (path, path.rpartition("/")[2])


def _like(lines: Sequence[str], old: str) -> bool:
    known = {line.strip() for line in old.split("\n") if line.strip()}
    said = [line.strip() for line in lines if line.strip()]
    return bool(said) and sum(line in known for line in said) >= len(said) * _SAME_LINES
