"""What `install` and `uninstall` mean to do, as values: the list that a person reads is what is done."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from profile_router.values import frozen

Kind = Literal["create", "change", "remove", "keep", "same"]

NEW_FOLDER = 0o755


@frozen
class Insertion:
    """Text put into a file: `at` counts the characters of the file before it was edited."""

    at: int
    text: str


@frozen
class Change:
    """One path and what becomes of it.

    `content` is what the file will hold, `before` what it must still hold when that happens (None: nothing is there).
    `insertions` says how an edit is undone: by taking the text out; then it holds `was` (None: `before`).
    """

    kind: Kind
    path: str
    note: str = ""
    folder: bool = False
    content: bytes | None = None
    before: bytes | None = None
    mode: int = 0o644
    insertions: tuple[Insertion, ...] = ()
    was: bytes | None = None

    @property
    def writes(self) -> bool:
        """Tell whether carrying it out touches the disk."""
        return self.kind in ("create", "change", "remove")


@frozen
class Plan:
    """All changes in the order in which they are carried out, what the user should know, and lines to paste."""

    changes: tuple[Change, ...] = ()
    notes: tuple[str, ...] = ()
    paste: tuple[str, ...] = ()

    @property
    def writing(self) -> tuple[Change, ...]:
        """Return the changes that touch the disk."""
        return tuple(change for change in self.changes if change.writes)


def inserted(text: str, insertions: Iterable[Insertion]) -> str:
    """Return *text* with *insertions* put in."""
    for insertion in sorted(insertions, key=lambda insertion: insertion.at, reverse=True):
        text = text[: insertion.at] + insertion.text + text[insertion.at :]
    return text


def without(text: str, insertions: Iterable[Insertion]) -> str | None:
    """Undo `inserted`; None where the text is not at its places any more."""
    for insertion in sorted(insertions, key=lambda insertion: insertion.at):
        end = insertion.at + len(insertion.text)
        if text[insertion.at : end] != insertion.text:
            return None
        text = text[: insertion.at] + text[end:]
    return text
