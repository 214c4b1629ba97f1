"""Which texts may name a file of the workspace. Pure text rules: nothing is looked up or opened here."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence

LONGEST_PATH = 4_096
LONGEST_NAME = 255
_SHOWN = 120


class ToolRefusal(Exception):
    """A tool will not do what was asked. The message is for the model: what, the value, what is allowed."""


def shown(text: str, longest: int = _SHOWN) -> str:
    """Return *text* on one line, unprintable characters escaped, at most *longest* characters of it."""
    cut = text if len(text) <= longest else f"{text[:longest]}… ({len(text):,} characters)"
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in cut)


def names_git(part: str) -> bool:
    """Tell whether some file system takes *part* for `.git`.

    Windows drops trailing dots and blanks, has the short name `git~1` and streams after a colon; HFS+ ignores
    zero-width characters; many fold case. Git itself guards its checkouts against the same list.
    """
    folded = unicodedata.normalize("NFKC", part).casefold()
    visible = "".join(char for char in folded if unicodedata.category(char) != "Cf")
    return visible.split(":")[0].rstrip(" .") in {".git", "git~1"}


def _unencodable(part: str) -> bool:
    return any(unicodedata.category(char) == "Cs" for char in part)


def _controls(part: str) -> bool:
    return any(unicodedata.category(char) in {"Cc", "Zl", "Zp"} for char in part)


_REFUSED: tuple[tuple[Callable[[str], bool], str], ...] = (
    (lambda part: part == "..", "'..' leaves its folder; name the path from the top of the workspace"),
    (lambda part: part == "~", "'~' is not expanded; name the path from the top of the workspace"),
    (_unencodable, "it is not valid Unicode; file names are UTF-8"),
    (_controls, "names may not hold control characters or line breaks"),
    (lambda part: "\\" in part, "use / between folders"),
    (names_git, "git's own data is off limits"),
    (lambda part: len(part.encode(errors="replace")) > LONGEST_NAME, f"a name is at most {LONGEST_NAME} bytes"),
)


def workspace_parts(path: str, roots: Sequence[str]) -> tuple[str, ...]:
    """Return the parts of *path* below the workspace, `()` for the workspace itself.

    An absolute path is taken only where it lies below one of *roots*, the absolute spellings of the workspace.
    Raises ToolRefusal for every other absolute path and for any part that could lead out or into git's data.
    """
    if len(path) > LONGEST_PATH:
        raise ToolRefusal(f"path {shown(path)}: a path is at most {LONGEST_PATH:,} characters")
    below = _below(path, roots) if path.startswith("/") else path
    parts = tuple(part for part in below.split("/") if part not in {"", "."})
    for part in parts:
        for refused, why in _REFUSED:
            if refused(part):
                raise ToolRefusal(f"path '{shown(path)}': {why}")
    return parts


def _below(path: str, roots: Sequence[str]) -> str:
    for root in roots:
        if path == root or path.startswith(root.rstrip("/") + "/"):
            return path[len(root.rstrip("/")) :]
    raise ToolRefusal(f"path '{shown(path)}': it lies outside the workspace; use a relative path such as src/main.py")
