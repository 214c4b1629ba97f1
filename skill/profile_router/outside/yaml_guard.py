"""The one guard before YAML from outside: how deep it is nested, how much it unfolds to, its aliases.

A composer calls itself once for each level, and the one in C ends the process where the stack does. PyYAML bounds the
levels since 6.0.4 and words that in its own way. Older ones, which our ranges allow, do not. A scanner reads up to
1,024 characters ahead of its events, because a bracket may still begin a key. Hence the look at what it was reading.
Who reads a file words a refusal, with the file and what to do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Literal

from profile_router.core.language.anchored import Anchored

# Quoted text and comments, which count only where YAML lets one begin, and the brackets outside of them.
_PIECES = Anchored(
    r"""(?:(?<=[\s,:\[\]{}?])|^)
    (?: "(?:[^"\\]|\\.)*(?:"|\Z) | '(?:[^']|'')*(?:'|\Z) | \#[^\n]* )
    | ([\[{]) | ([\]}])""",
    flags=re.DOTALL | re.VERBOSE,
)


class Hostile(Exception):
    """The text is not built. `line` is 1-based."""

    def __init__(self, what: Literal["levels", "values", "alias"], line: int) -> None:
        super().__init__(f"{what} on line {line}")
        self.what = what
        self.line = line


def safe_loader() -> Any:
    """Return the loader of plain values, in C where PyYAML has it."""
    import yaml  # 50 ms: only who reads a file pays for it

    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def refuse_hostile(text: str, *, levels: int, values: int = 0) -> None:
    """Raise Hostile where *text* is nested beyond *levels*, or stands for more than *values*, else yaml.YAMLError.

    An alias needs its anchor before it, and counts as all that it stands for. So a small text cannot unfold into a
    large one. With no *values* no alias is allowed.
    """
    import yaml

    sizes: dict[str, int] = {}  # anchor → the values it stands for
    unfinished: list[tuple[str | None, int]] = [(None, 0)]  # anchor and values so far of each collection
    for event in _events_within(text, levels):
        if isinstance(event, yaml.AliasEvent) and event.anchor not in sizes:
            raise Hostile("alias", _line(event))
        if isinstance(event, yaml.CollectionStartEvent):
            unfinished.append((event.anchor, 1))
            continue
        if isinstance(event, yaml.CollectionEndEvent):
            anchor, size = unfinished.pop()
        elif isinstance(event, yaml.AliasEvent):
            anchor, size = None, sizes[str(event.anchor)]
        else:
            anchor, size = (event.anchor, 1) if isinstance(event, yaml.ScalarEvent) else (None, 0)
        if anchor is not None and values:
            sizes[anchor] = size
        outer, so_far = unfinished.pop()
        unfinished.append((outer, so_far + size))
        if values and so_far + size > values:
            raise Hostile("values", _line(event))


def _events_within(text: str, levels: int) -> Iterator[Any]:
    """Yield the parser's events of *text*. Raises Hostile at the first collection beyond *levels*, else yaml.YAMLError.

    Where both hold, the depth is the answer: what a library refuses, and in which words, differs by its version.
    """
    import yaml

    depth = read_to = 0
    events: Iterator[Any] = yaml.parse(text, Loader=safe_loader())
    try:
        for event in events:
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > levels:
                raise Hostile("levels", _line(event))
            read_to = max(read_to, int(event.end_mark.index))
            yield event
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        _refuse_open_brackets(text, read_to, mark.index if mark else len(text), levels - depth)
        raise


def _refuse_open_brackets(text: str, start: int, end: int, allowed: int) -> None:
    """Raise Hostile where more than *allowed* brackets are open at once between the indexes *start* and *end*."""
    depth = 0
    for piece in _PIECES.finditer(text, start, end + 1):
        depth += bool(piece[1]) - bool(piece[2])
        if depth > allowed:
            raise Hostile("levels", text.count("\n", 0, piece.start()) + 1)


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1
