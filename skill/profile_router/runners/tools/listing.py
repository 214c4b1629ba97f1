"""What `list_files` answers: the whole tree where it is small, else one level of it with counts."""

from __future__ import annotations

import stat
from collections import Counter

from profile_router.core.text import counted, shown
from profile_router.runners.tools.answer_shape import ToolRefusal
from profile_router.runners.tools.fence import Fence

SMALL_FOLDER = 60  # files; up to here a tree is shown whole, which saves the model its turns


def list_folder(fence: Fence, path: str) -> str:
    """Return the files below the folder *path* with their sizes, folders with their number of files.

    Files that git ignores are listed only when their own folder is asked for. Raises ToolRefusal where *path* is
    not a folder.
    """
    name = shown(fence.name(path))
    kind = fence.look(path)
    if kind is None:
        raise FileNotFoundError
    if not stat.S_ISDIR(kind.st_mode):
        raise ToolRefusal(f"'{name}' is not a folder; read_file reads a file, list_files its folder")
    found = fence.files(path)
    if not found.paths:
        return f"{name} holds no files"
    head = f"{name}: {counted(len(found.paths), 'file')}" + (", the first of more" if found.cut else "")
    folders, files = (
        ([], list(found.paths)) if len(found.paths) <= SMALL_FOLDER else _one_level(found.paths, fence.name(path))
    )
    return fence.seen("\n".join([head, *folders, *(_file_row(fence, file) for file in files)]))


def _one_level(paths: tuple[str, ...], top: str) -> tuple[list[str], list[str]]:
    start = 0 if top == "." else len(top) + 1
    below = Counter(path[: path.index("/", start) + 1] for path in paths if "/" in path[start:])
    folders = [f"{shown(folder)} ({counted(count, 'file')})" for folder, count in sorted(below.items())]
    return folders, [path for path in paths if "/" not in path[start:]]


def _file_row(fence: Fence, path: str) -> str:
    try:
        kind = fence.look(path)
    except (ToolRefusal, OSError):
        return f"{shown(path)} (cannot be opened)"
    if kind is None:
        return f"{shown(path)} (deleted)"
    what = counted(kind.st_size, "byte") if stat.S_ISREG(kind.st_mode) else "not a regular file"
    return f"{shown(path)} ({what})"
