"""Does a text repeat what stands in a private file? A local model may read those, and may write down what it read.

What has the shape of a secret is found without this. Here it is whole lines, and the values of `NAME=value`: word for
word but for white space. What was put in other words is not found.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field

from profile_router.core.text import shown
from profile_router.expressions import expression
from profile_router.values import frozen
from profile_router.withheld.survey import Survey, private_survey
from profile_router.workspace.content import Unusable, encoding_of, first_bytes
from profile_router.workspace.folder import Workspace

MOST_COPIED_FILES = 2_000
MOST_COPIED_BYTES = 16 * 1024 * 1024  # of all private files; they are held in memory as long as a text is looked at
_SHORTEST_LINE = 24  # characters; shorter ones are anybody's
_SHORTEST_VALUE = 8
_VALUE = expression(r"[\w.-]+\s*[=:]\s*[\"']?([^\s\"'#]+)")


@frozen(kw_only=False)
class PrivatePieces:
    """What private files hold, each piece with its file, by its first characters. `unread` says which part of them is
    not known, empty where all is: then any text may repeat it."""

    by_head: Mapping[str, Sequence[tuple[str, str]]] = field(default_factory=dict)
    unread: str = ""


def private_pieces(workspace: Workspace, globs: Sequence[str]) -> PrivatePieces:
    """Return what to look for, as it is now. Raises WorkspaceError where git fails."""
    survey = private_survey(workspace, globs)
    found: dict[str, str] = {}
    left, unread = MOST_COPIED_BYTES, _unread(survey)
    for file in survey.files[:MOST_COPIED_FILES]:
        read = first_bytes(workspace.root / file.path, left + 1)
        if isinstance(read, Unusable):  # what cannot be read was not read by a model of the same user either
            continue
        left -= len(read.data)
        if left < 0:
            unread = unread or f"together they have more than {MOST_COPIED_BYTES:,} bytes"
            break
        for piece in _pieces(read.data.decode(encoding_of(read.data), "replace")):
            found.setdefault(piece, shown(file.path))
    by_head: dict[str, list[tuple[str, str]]] = {}
    for piece, path in found.items():
        by_head.setdefault(piece[:_SHORTEST_VALUE], []).append((piece, path))
    return PrivatePieces(by_head, unread)


def first_copied(workspace: Workspace, globs: Sequence[str], texts: Sequence[str]) -> str:
    """Return the private file that one of *texts* repeats something of; empty where none does."""
    pieces = private_pieces(workspace, globs)
    return next((path for text in texts if (path := copied_from(text, pieces))), "")


def _unread(survey: Survey) -> str:
    # A folder that cannot be read was not read by a model of the same user either.
    if survey.missed:
        return f"not all of the workspace was looked at: {survey.missed}"
    return f"there are more than {MOST_COPIED_FILES:,}" if len(survey.files) > MOST_COPIED_FILES else ""


def copied_from(text: str, pieces: PrivatePieces) -> str:
    """Return the file of which *text*, which may be a diff, repeats a piece; empty where it repeats none.

    Where some of what private files hold is unknown, any text but an empty one may repeat it. The answer says so.
    """
    lines = (line[1:] if line[:1] in "+-" else line for line in text.split("\n"))
    folded = " ".join(" ".join(lines).split())
    for start in range(len(folded) if pieces.by_head else 0):
        for piece, path in pieces.by_head.get(folded[start : start + _SHORTEST_VALUE], ()):
            if folded.startswith(piece, start):
                return path
    return f"perhaps a private file ({pieces.unread})" if pieces.unread and folded else ""


def _pieces(text: str) -> Iterator[str]:
    for line in text.splitlines():
        folded = " ".join(line.split())
        if len(folded) >= _SHORTEST_LINE:
            yield folded
        if (named := _VALUE.match(folded)) and _telling(named[1]):
            yield named[1]


def _telling(value: str) -> bool:
    mixed = any(char.isdigit() for char in value) and any(char.isalpha() for char in value)
    return mixed and len(value) >= _SHORTEST_VALUE
