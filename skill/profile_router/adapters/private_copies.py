"""Does a text repeat what stands in a private file? A local model may read those, and may write down what it read.

What has the shape of a secret is found without this. Here it is whole lines, and the values of `NAME=value`: word for
word but for white space. What was put in other words is not found.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from profile_router.adapters.content import Unusable, encoding_of, first_bytes, shown
from profile_router.adapters.private_scan import SCAN_BYTES
from profile_router.adapters.workspace import Workspace, private_files

MOST_FILES = 200
_SHORTEST_LINE = 24  # characters; shorter ones are anybody's
_SHORTEST_VALUE = 8
_VALUE = re.compile(r"[\w.-]+\s*[=:]\s*[\"']?([^\s\"'#]+)")


def private_pieces(workspace: Workspace, globs: Sequence[str]) -> Mapping[str, str]:
    """Return what to look for, each with the file that it is from. Raises WorkspaceError where git fails."""
    found: dict[str, str] = {}
    for path in private_files(workspace, globs)[:MOST_FILES]:
        head = first_bytes(workspace.root / path, SCAN_BYTES)
        if not isinstance(head, Unusable):
            for piece in _pieces(head.data.decode(encoding_of(head.data), "replace")):
                found.setdefault(piece, shown(path))
    return found


def copied_from(text: str, pieces: Mapping[str, str]) -> str:
    """Return the file of which *text*, which may be a diff, repeats a piece; empty where it repeats none."""
    lines = (line[1:] if line[:1] in "+-" else line for line in text.split("\n"))
    folded = " ".join(" ".join(lines).split())
    return next((path for piece, path in pieces.items() if piece in folded), "")


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
