"""Sizes and times of the files that git ignores: a check may read them, and no mark has them."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

from profile_router.digests import sha256
from profile_router.errors import WorkspaceError
from profile_router.git.command import git

MOST_IGNORED = 50_000  # files that are looked at: some 0.3 s
# What tools make anew at each run, and read only to be faster.
_MADE_ANEW = frozenset({"__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis"})
_LISTED = ("ls-files", "-z", "--others", "--ignored", "--exclude-standard")


def ignored_facts(root: Path) -> str | None:
    """Return a word that changes once an ignored file below *root* changes; None where there are too many, or no
    git."""
    try:
        names = [name for name in git(root, *_LISTED).split("\0") if name and _MADE_ANEW.isdisjoint(name.split("/"))]
    except WorkspaceError:
        return None
    if len(names) > MOST_IGNORED:
        return None
    found = sha256()
    for name in names:
        found.update(os.fsencode(f"{name}\0{_facts(os.path.join(root, name))}\0"))  # noqa: PTH118
    return found.hexdigest()


def _facts(path: str) -> str:
    """Return the size and times of *path*. A link, such as a copy of ours has to an environment, counts as its
    target."""
    with suppress(OSError):
        facts = os.lstat(path)
        if not stat.S_ISLNK(facts.st_mode):
            return f"{facts.st_size} {facts.st_mtime_ns}"
        inside = sorted(Path(path).glob("lib/python*/site-packages"))
        times = [one.stat().st_mtime_ns for one in (Path(path), *inside)]
        return f"{os.path.realpath(path)} {times}"
    return "gone"
