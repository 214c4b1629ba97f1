"""Globs over POSIX paths. Pure. Matching is linear in the path, whatever the glob: a task's text is not trusted."""

from __future__ import annotations

import re
from functools import lru_cache

from profile_router.core.language.anchored import Anchored
from profile_router.expressions import expression

_MOST_BRACES = 64
_LONGEST = 1_024
_BRACES = Anchored(r"\{([^{},]*,[^{}]*)\}")
_WILD = expression(r"[*?/]+")
_CLASS = expression(r"\[([!^]?)([^\[\]/!^\\][^\[\]/\\]*)\]")


def expand_braces(glob: str) -> tuple[str, ...]:
    """Return *glob* with every `{a,b}` spelled out, at most 64 globs."""
    ready: list[str] = []
    waiting = [glob]
    while waiting and len(ready) + len(waiting) <= _MOST_BRACES:
        current = waiting.pop(0)
        braces = _BRACES.search(current)
        if braces is None:
            ready.append(current)
            continue
        waiting += [current[: braces.start()] + one + current[braces.end() :] for one in braces.group(1).split(",")]
    return tuple((ready + waiting)[:_MOST_BRACES])


@lru_cache(maxsize=256)
def glob_regex(glob: str) -> Anchored | None:
    """Return the expression that the paths of *glob* match as a whole; None where *glob* cannot be read.

    `*` and `?` stay within one part of the path. `**` stands for any number of parts, `[abc]` for one character.
    Braces are not known here: see `expand_braces`.
    """
    if len(glob) > _LONGEST:
        return None
    try:
        blocks = _blocks(glob)
    except re.error:
        return None
    pattern = "/".join(blocks[0])
    if len(blocks) > 1:
        pattern += "/" if blocks[0] else ""
        # Atomic: the first place where a middle block fits is as good as any later one. So no place is tried twice.
        pattern += "".join(rf"(?>(?:[^/]++/)*?{'/'.join(block)}/)" for block in blocks[1:-1])
        pattern += "(?:[^/]++/)*" + ("/".join(blocks[-1]) or "[^/]+")
    literal = literal_of(glob)
    return Anchored(rf"(?s:{pattern})\Z", anchors=(literal,) if literal else ())


def literal_of(glob: str) -> str:
    """Return the longest literal that stands in each path of *glob*; empty where none does."""
    return max(_WILD.split(_CLASS.sub("*", glob) if "[" in glob else glob), key=len)


def _blocks(glob: str) -> list[list[str]]:
    """Return the parts between the `**`, as expressions; an empty list at an end where the glob has a `**`."""
    blocks: list[list[str]] = [[]]
    previous = ""
    for part in glob.split("/"):
        if part == "**":
            if previous != "**":
                blocks.append([])
        else:
            blocks[-1].append(_part(part))
        previous = part
    return blocks


def _part(part: str) -> str:
    chunks = [_literal(chunk) for chunk in re.split(r"\*+", part)]
    if len(chunks) == 1:
        return chunks[0]
    middle = "".join(rf"(?>[^/]*?{chunk})" for chunk in chunks[1:-1])
    return rf"{chunks[0]}{middle}[^/]*{chunks[-1]}"


def _literal(chunk: str) -> str:
    out, at = [], 0
    for found in _CLASS.finditer(chunk):
        # `re` reserves `--`, `&&` and the like inside a set. Only a single dash between two others is a range.
        dashed = re.sub(r"(?<=.)-(?=.)", "\0", re.sub("-{2,}", "-", found.group(2)))
        inside = "".join("-" if char == "\0" else re.escape(char) for char in dashed)
        one = f"[{'^' if found.group(1) else ''}{inside}]"
        re.compile(one)  # the only piece that may be wrong: `[z-a]`
        out += [_plain(chunk[at : found.start()]), f"(?!/){one}"]
        at = found.end()
    return "".join([*out, _plain(chunk[at:])])


def _plain(text: str) -> str:
    return "".join("[^/]" if char == "?" else re.escape(char) for char in text)
