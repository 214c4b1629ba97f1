"""What `search` answers. Pattern and glob come from a model: both are matched under one deadline."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Iterator
from itertools import islice

import regex

from profile_router.core.text import counted, shown, too_many_files
from profile_router.expressions import expression
from profile_router.runners.tools.answer_shape import ToolRefusal, fitted_answer, lines_of
from profile_router.runners.tools.fence import Fence, text_of_bytes
from profile_router.runners.tools.reading import starts_binary
from profile_router.values import mutable

SEARCH_SECONDS = 10.0  # for one search, all files together
MOST_SEARCH_HITS = 100
MOST_SEARCHED_BYTES = 50 * 1024 * 1024
LARGEST_FILE = 8 * 1024 * 1024
_LONGEST_PATTERN = 500
_LONGEST_TEXT = 200  # characters of a hit's line
_MOST_STATES = 500_000  # regex unrolls counted repeats: (?:(?:a?){1000}){1000} costs it 600 MB
_REPEAT = expression(r"\{\s*(\d*)\s*,?\s*(\d*)\s*\}")
_RECURSION = expression(r"\(\?(?:R|[+-]?\d|&|P>)")
# Matching holds the interpreter's lock; what takes longer than this goes on without it, so that Ctrl-C gets through.
_HELD_SECONDS = 0.05
_GLOB = expression(r"\*\*/?|\[!?\]?[^\]]*\]|.", re.DOTALL)
_GLOB_PARTS = {"**/": "(?:[^/]+/)*", "**": "(?s:.*)", "*": "[^/]*", "?": "[^/]", "{": "(?:", "}": ")"}
_TOO_LONG = "the search took too long"


@mutable
class _Tally:
    """What one search met. `stopped` says why it ended early, if it did; `deadline` is on the monotonic clock."""

    deadline: float
    files: int = 0
    bytes: int = 0
    private: int = 0
    large: int = 0
    stopped: str = ""

    def left(self) -> float:
        """Return the seconds left. Raises TimeoutError where there are none."""
        if (left := self.deadline - time.monotonic()) <= 0:
            raise TimeoutError
        return left


def search_files(fence: Fence, pattern: str, glob: str, room: int) -> str:
    """Return `path:line: text` for each line that *pattern* matches in the files that *glob* matches.

    Raises ToolRefusal for a pattern that is wrong, or takes too long before it matched anything.
    """
    wanted = _compiled(pattern)
    tally = _Tally(deadline=time.monotonic() + SEARCH_SECONDS)
    found = fence.files()
    chosen = _chosen(found.paths, glob, tally)
    if not chosen:
        return f"no file matches the glob '{shown(glob)}' ({counted(len(found.paths), 'file')} in the workspace)"
    hits = list(islice(_hits(fence, wanted, chosen, tally), MOST_SEARCH_HITS + 1))
    if not hits and tally.stopped == _TOO_LONG:
        raise ToolRefusal(
            f"{_TOO_LONG} ({SEARCH_SECONDS:g} s); use a simpler pattern or a narrower glob than '{shown(glob)}'"
        )
    if len(hits) > MOST_SEARCH_HITS:
        tally.stopped = f"more than {MOST_SEARCH_HITS} matches"
    if found.cut and not tally.stopped:
        tally.stopped = too_many_files(len(found.paths))
    notes = "".join(f"\n[{note}]" for note in _notes(tally))
    lines = hits[:MOST_SEARCH_HITS] or [f"no match in {counted(tally.files, 'file')}"]
    return fitted_answer(fence.seen("\n".join(lines)), room - len(notes), "narrow the pattern or the glob") + notes


def _notes(tally: _Tally) -> Iterator[str]:
    if tally.private:
        yield f"{counted(tally.private, 'private file')} withheld; only a local profile may search them"
    if tally.large:
        yield f"{counted(tally.large, 'file')} above {LARGEST_FILE:,} bytes not searched"
    if tally.stopped:
        yield f"stopped: {tally.stopped}; narrow the pattern or the glob"


def _compiled(pattern: str) -> regex.Pattern[str]:
    counts = [int(most or least or 1) for least, most in _REPEAT.findall(pattern[:_LONGEST_PATTERN])]
    refused = {
        "it is empty": not pattern,
        f"at most {_LONGEST_PATTERN} characters": len(pattern) > _LONGEST_PATTERN,
        "each line is searched by itself, so a line break never matches": "\n" in pattern or r"\n" in pattern,
        "its counted repeats are too many": math.prod(max(count, 1) for count in counts) * len(pattern) > _MOST_STATES,
        "recursion is not allowed": bool(_RECURSION.search(pattern)),
    }
    if why := next((why for why, applies in refused.items() if applies), None):
        raise ToolRefusal(f"pattern '{shown(pattern)}': {why}")
    try:
        return regex.compile(pattern)
    except (regex.error, RecursionError, ValueError, OverflowError) as error:  # `{0i<` is a ValueError of regex's own
        raise ToolRefusal(f"pattern '{shown(pattern)}' is not a regular expression: {error}") from error


def _chosen(paths: tuple[str, ...], glob: str, tally: _Tally) -> list[str]:
    """Return the *paths* that *glob* matches; the name of a folder stands for all that is in it."""
    named = glob.removeprefix("./").rstrip("/")
    if named in {"", "."}:
        return list(paths)
    if folder := [path for path in paths if path.startswith(f"{named}/")]:
        return folder
    try:
        wanted = regex.compile(translated(named))
        return [path for path in paths if wanted.fullmatch(path, timeout=tally.left())]
    except (regex.error, TimeoutError, MemoryError, RecursionError, ValueError, OverflowError) as error:
        raise ToolRefusal(f"glob '{shown(glob)}' cannot be used; write it with **, *, ?, [abc] and {{a,b}}") from error


def translated(glob: str) -> str:
    """Return *glob* as a regular expression for a whole relative path.

    `**` is any number of folders, `*` and `?` stay within one name, `{a,b}` is a choice. A glob without a slash holds
    in every folder.
    """
    if len(glob) > _LONGEST_PATTERN:
        raise ToolRefusal(f"glob '{shown(glob)}': at most {_LONGEST_PATTERN} characters")
    depth, parts = 0, ["" if "/" in glob else _GLOB_PARTS["**/"]]
    for piece in _GLOB.findall(glob):
        depth += {"{": 1, "}": -1}.get(piece, 0)
        if piece == "," and depth:
            parts.append("|")
        elif len(piece) > 1 and piece.startswith("["):
            inside = re.sub(r"([\\\[\]^&|~])", r"\\\1", piece[1:-1])
            parts.append(f"[^/{inside[1:]}]" if inside.startswith("!") else f"[{inside}]")
        else:
            parts.append(_GLOB_PARTS.get(piece) or regex.escape(piece))
    return "".join(parts)


def _hits(fence: Fence, wanted: regex.Pattern[str], paths: list[str], tally: _Tally) -> Iterator[str]:
    try:
        for path in paths:
            tally.left()  # files without a line cost time as well
            content = _content(fence, path, tally)
            hits = _matching(wanted, content, tally)
            if hits and (hidden := fence.release_masked(path, content)) != content:
                hits = _matching(wanted, hidden, tally)  # else a pattern could ask a secret for its letters
            if hits:
                fence.shows(path, content, lambda seen: _matching(wanted, seen, tally))
            yield from (f"{shown(path, len(path))}:{number}: {text}" for number, text in hits)
            if tally.stopped:
                return
    except (TimeoutError, MemoryError):  # regex gives up on a pattern's memory by itself
        tally.stopped = _TOO_LONG


def _matching(wanted: regex.Pattern[str], content: bytes, tally: _Tally) -> list[tuple[int, str]]:
    found = []
    for number, line in enumerate(lines_of(content), 1):
        text = line.decode("utf-8", "replace").removesuffix("\r")
        if match := _match(wanted, text, tally):
            found.append((number, _around(text, match.start())))
            if len(found) > MOST_SEARCH_HITS:
                break
    return found


def _match(wanted: regex.Pattern[str], text: str, tally: _Tally) -> regex.Match[str] | None:
    left = tally.left()
    try:
        return wanted.search(text, timeout=min(left, _HELD_SECONDS))
    except TimeoutError:
        return wanted.search(text, timeout=max(left - _HELD_SECONDS, _HELD_SECONDS), concurrent=True)


def _around(text: str, at: int) -> str:
    start = 0 if at < _LONGEST_TEXT else at - _LONGEST_TEXT // 4
    cut = text[start : start + _LONGEST_TEXT]
    return ("…" if start else "") + cut.strip() + ("…" if start + len(cut) < len(text) else "")


def _content(fence: Fence, path: str, tally: _Tally) -> bytes:
    """Return the text of *path*, nothing where it is binary, withheld, too large or gone."""
    try:
        if fence.withhold(path):
            tally.private += 1
            return b""
        with fence.opened(path) as (file, size):
            content = file.read(min(size, LARGEST_FILE + 1))
    except (ToolRefusal, OSError):  # a link, a name that no tool takes, a file gone meanwhile
        return b""
    if len(content) > LARGEST_FILE:
        tally.large += 1
        return b""
    tally.files += 1
    tally.bytes += len(content)
    if tally.bytes > MOST_SEARCHED_BYTES:
        tally.stopped = f"{MOST_SEARCHED_BYTES:,} bytes were searched"
    if starts_binary(content):
        return b""
    if fence.keeps_key(text_of_bytes(content)):
        tally.private += 1
        return b""
    return content
