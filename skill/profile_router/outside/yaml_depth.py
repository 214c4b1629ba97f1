"""Bound how deep a YAML text is nested, before anything is built from it, and with an answer of our own.

A composer calls itself once for each level, and the one in C ends the process where the stack does. PyYAML bounds the
levels since 6.0.4 and words that in its own way; older ones, which our ranges allow, do not. A scanner reads up to
1,024 characters ahead of its events, because a bracket may still begin a key: hence the look at what it was reading.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

# Quoted text and comments, which count only where YAML lets one begin, and the brackets outside of them.
_PIECES = re.compile(
    r"""(?:(?<=[\s,:\[\]{}?])|^)
    (?: "(?:[^"\\]|\\.)*(?:"|\Z) | '(?:[^']|'')*(?:'|\Z) | \#[^\n]* )
    | ([\[{]) | ([\]}])""",
    re.DOTALL | re.VERBOSE,
)


class TooDeep(Exception):  # no error of its own: who reads the file words it, with the file and what to do
    """The text is nested deeper than allowed. `line` is 1-based."""

    def __init__(self, line: int) -> None:
        super().__init__(f"nested too deep on line {line}")
        self.line = line


def events_within(text: str, levels: int) -> Iterator[Any]:
    """Yield the parser's events of *text*. Raises TooDeep at the first collection beyond *levels*, else yaml.YAMLError.

    Where both hold, the depth is the answer: what a library refuses, and in which words, differs by its version.
    """
    import yaml  # 50 ms: only who reads a file pays for it

    depth = read_to = 0
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    events: Iterator[Any] = yaml.parse(text, Loader=loader)
    try:
        for event in events:
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > levels:
                raise TooDeep(int(event.start_mark.line) + 1)
            read_to = max(read_to, int(event.end_mark.index))
            yield event
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        _refuse_open_brackets(text, read_to, mark.index if mark else len(text), levels - depth)
        raise


def _refuse_open_brackets(text: str, start: int, end: int, allowed: int) -> None:
    """Raise TooDeep where more than *allowed* brackets are open at once between the indexes *start* and *end*."""
    depth = 0
    for piece in _PIECES.finditer(text, start, end + 1):
        depth += bool(piece[1]) - bool(piece[2])
        if depth > allowed:
            raise TooDeep(text.count("\n", 0, piece.start()) + 1)
