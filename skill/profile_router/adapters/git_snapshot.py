"""Marks of a git work tree that leave no trace in it: a tree object of all files, kept in a folder of our own.

Of a large file that git does not track (a model, a data set) only size and times are marked: reading gigabytes before
and after each run would take longer than the run.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from profile_router.adapters.git import git
from profile_router.core.receipt import ChangedFile

LARGE = 64 * 1024 * 1024  # bytes: git reads some 200 MB a second into a mark
_MOST_LARGE = 100  # each is a name on a command line
_HEAD = re.compile(r"^(?=diff --git )", re.MULTILINE)


class GitSnapshots:
    """Takes and compares marks of *root*. *scratch* is a folder of ours: the repository itself is never written."""

    def __init__(self, root: Path, scratch: Path) -> None:
        self._root = root
        self._index = scratch / "index"
        objects = Path(git(root, "rev-parse", "--path-format=absolute", "--git-path", "objects").strip())
        (scratch / "objects").mkdir(exist_ok=True)
        self._env: Mapping[str, str] = {
            "GIT_INDEX_FILE": str(self._index),
            "GIT_OBJECT_DIRECTORY": str(scratch / "objects"),
            "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(objects),
        }

    def take(self) -> str:
        """Return a mark of all tracked and untracked files that are not ignored.

        Starts from a copy of the repository's index, so that only what changed is read.
        """
        real = Path(git(self._root, "rev-parse", "--path-format=absolute", "--git-path", "index").strip())
        if real.is_file():
            shutil.copy2(real, self._index)
        else:
            self._index.unlink(missing_ok=True)
        large = self._large()
        others = [f":(exclude,literal){name}" for name in large]
        git(self._root, "add", "--all", "--ignore-errors", "--", ".", *others, env=self._env, ok=(0, 1))
        self._add(large)
        return git(self._root, "write-tree", env=self._env).strip()

    def _large(self) -> dict[str, str]:
        """Return size and times of the large files that git neither tracks nor ignores, by path."""
        names = git(self._root, "ls-files", "-z", "--others", "--exclude-standard", env=self._env).split("\0")
        found: dict[str, str] = {}
        for name in filter(None, names):
            with suppress(OSError):
                facts = os.lstat(self._root / name)
                if stat.S_ISREG(facts.st_mode) and facts.st_size >= LARGE and len(found) < _MOST_LARGE:
                    found[name] = f"{facts.st_size} {facts.st_mtime_ns} {facts.st_ctime_ns}"
        return found

    def _add(self, large: Mapping[str, str]) -> None:
        """Let its facts stand for the content of each large file; a NUL makes git take them for a binary file."""
        if not large:
            return
        here = git(self._root, "rev-parse", "--show-prefix").removesuffix("\n")
        lines = []
        for name, facts in large.items():
            blob = git(self._root, "hash-object", "-w", "--stdin", env=self._env, send=f"\0{facts}").strip()
            lines.append(f"100644 {blob}\t{here}{name}\0")
        git(self._root, "update-index", "-z", "--index-info", env=self._env, send="".join(lines))

    def changes(self, before: str, after: str) -> tuple[ChangedFile, ...]:
        """Return the files that differ between two marks, with their lines, renames as a removal and an addition."""
        listed = git(
            self._root,
            "diff",
            "--numstat",
            "-z",
            "--relative",
            "--no-renames",
            "--no-ext-diff",
            "--no-textconv",
            before,
            after,
            env=self._env,
        )
        return tuple(_changed(entry) for entry in listed.split("\0") if entry)

    def patches(self, before: str, after: str) -> tuple[tuple[str, str], ...]:
        """Return the path of each file that differs between two marks, with its part of a patch.

        A file above a megabyte counts as binary, and a path that changed its kind (a file, now a link) has two parts.
        """
        listed = self._diff("--name-status", "-z", before, after).split("\0")
        names = [
            path for kind, path in zip(listed[::2], listed[1::2], strict=False) for _ in range(2 if kind == "T" else 1)
        ]
        # Names are quoted here, so that no line of a file, which begins with a blank, + or -, looks like a head.
        parts = _HEAD.split(self._diff("--patch", "--no-color", "--src-prefix=a/", "--dst-prefix=b/", before, after))
        return tuple(zip(names, parts[1:], strict=True))

    def _diff(self, *args: str) -> str:
        ways = ("--relative", "--no-renames", "--no-ext-diff", "--no-textconv")
        return git(self._root, "-c", "core.bigFileThreshold=1m", "diff", *ways, *args, env=self._env)


def _changed(entry: str) -> ChangedFile:
    added, removed, path = entry.split("\t", 2)
    return ChangedFile(
        path=path.encode("utf-8", "surrogateescape").decode("utf-8", "replace"),
        lines_added=None if added == "-" else int(added),
        lines_removed=None if removed == "-" else int(removed),
    )
