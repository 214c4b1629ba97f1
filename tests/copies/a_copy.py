"""A repository, a copy of it, and acts that change files."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.git.git_repository import write_files

from profile_router.copies.copy import Copy
from profile_router.git.merge import Merge, merge_trees

LINES = "".join(f"line {number}\n" for number in range(1, 10))


FILES: dict[str, str | bytes] = {
    "a.txt": LINES,
    "bin.dat": b"\0\1\2",
    "gone.txt": "g\n",
    "run.sh": "#!/bin/sh\n",
    "dos.txt": b"one\r\ntwo\r\nthree\r\n",
    "bare.txt": "no newline at the end",
    "deep/er/file.txt": "deep\n",
    ".gitignore": "*.log\nnode_modules/\n.env\n",
}


ROOT = Path(__file__).resolve().parents[2]


def bring_back(copy: Copy, state: Path) -> Merge:
    return merge_trees(copy.trees, copy.base, copy.tree(), state, "t")


def files_of(root: Path) -> dict[str, tuple[object, ...]]:
    """Return every file below *root* but git's own: content or target of a link, and mode."""
    found: dict[str, tuple[object, ...]] = {}
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        if name.split("/")[0] != ".git" and (path.is_symlink() or path.is_file()):
            content = str(path.readlink()) if path.is_symlink() else path.read_bytes()
            found[name] = (content, stat.S_IMODE(path.lstat().st_mode))
    return found


def git_folder(root: Path) -> list[tuple[str, bytes]]:
    return sorted((str(path), path.read_bytes()) for path in (root / ".git").rglob("*") if path.is_file())


def change_all_kinds(root: Path) -> None:
    write_files(root, {"a.txt": LINES.replace("line 5", "LINE 5"), "bin.dat": b"\0\3", "sub/new.bin": b"\xff\0"})
    write_files(root, {"dos.txt": b"one\r\n2\r\nthree\r\n", "bare.txt": "still none", "name with\nbreak": "x"})
    (root / "gone.txt").unlink()
    (root / "run.sh").chmod(0o755)
    (root / "deep/er/file.txt").rename(root / "moved.txt")
    (root / "link").symlink_to("../outside")
    (root / "bin.dat").rename(root / os.fsdecode(b"\xe9.dat"))


Act = Callable[[Path], Any]


def put(name: str, content: str | bytes) -> Act:
    return lambda root: write_files(root, {name: content})


def drop(name: str) -> Act:
    return lambda root: (root / name).unlink()


def mode(name: str) -> Act:
    return lambda root: (root / name).chmod(0o755)


def link(name: str, target: str) -> Act:
    def act(root: Path) -> None:
        (root / name).unlink(missing_ok=True)
        (root / name).symlink_to(target)

    return act


FIRST, LAST = LINES.replace("line 1\n", "first\n"), LINES.replace("line 9", "last")


def process(code: str, *arguments: object) -> subprocess.Popen[bytes]:
    paths = [str(ROOT / "skill"), str(ROOT)]
    head = f"""import sys; sys.path[:0] = {paths!r}
from pathlib import Path
from profile_router.git.merge import merge_trees
from profile_router.git.repository import find_repository
from profile_router.copies.copy import opened_copy
repo, state = find_repository(Path(sys.argv[1])), Path(sys.argv[2])
"""
    return subprocess.Popen(
        [sys.executable, "-c", head + code, *map(str, arguments)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
