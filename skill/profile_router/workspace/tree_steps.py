"""How many steps may look at syntax trees, and the text of a node without a copy of its file.

An attempt can write any nesting, so who walks a tree that it wrote walks `at_most` so many steps.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Node

MOST_STEPS = 1_500_000  # three seconds at most, or so; a file of 100 KB as people write it takes a third
_BYTES_A_STEP = 64  # to copy so much text takes as long as to look at a node
_BYTES_PARSED_A_STEP = 16  # a megabyte is parsed in about a quarter of a second, as 65,536 steps take
_left: ContextVar[list[int] | None] = ContextVar("steps_left", default=None)
_source: ContextVar[bytes] = ContextVar("source")


class TooManyStepsError(Exception):
    """A file would take longer to be looked at than all files of an attempt may. An attempt can write any nesting."""


@contextmanager
def at_most(steps: int | None = None) -> Iterator[None]:
    """Let what is looked at within take *steps* together, unless something around it has its own bound already.

    Without a number they are MOST_STEPS.
    """
    if _left.get() is not None:
        yield
        return
    token = _left.set([MOST_STEPS if steps is None else steps])
    try:
        yield
    finally:
        _left.reset(token)


@contextmanager
def looking_at(source: bytes) -> Iterator[None]:
    """Let the nodes within be those of *source*. To ask a node for its text copies all of its file."""
    token = _source.set(source)
    try:
        yield
    finally:
        _source.reset(token)


def count_steps(steps: int) -> None:
    """Count *steps*. Raises TooManyStepsError where no more are left."""
    left = _left.get()
    if left is None:
        return
    left[0] -= steps
    if left[0] < 0:
        raise TooManyStepsError


def count_parse(source: bytes) -> None:
    """Count what it takes to parse *source*. Raises TooManyStepsError where no more steps are left."""
    count_steps(len(source) // _BYTES_PARSED_A_STEP)


def text_of(node: Node | None) -> bytes:
    """Return the source of *node*, `looking_at` its file; empty without one. Raises TooManyStepsError."""
    if node is None:
        return b""
    start, end = node.start_byte, node.end_byte
    count_steps((end - start) // _BYTES_A_STEP)
    return _source.get()[start:end]
