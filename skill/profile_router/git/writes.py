"""Write several files of a work tree, all or none. A file that changed since the decision to write stops all of
them."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from profile_router.values import frozen


@frozen(kw_only=False)
class Found:
    """The content at a path: the bytes of a file, or the target of a `link`. `mode` holds the permission bits."""

    content: bytes
    mode: int = 0o644
    link: bool = False

    def same(self, other: Found | None) -> bool:
        """Tell whether *other* has the same kind, content and executable bit."""
        if other is None or (self.link, self.content) != (other.link, other.content):
            return False
        return self.link or bool(self.mode & stat.S_IXUSR) == bool(other.mode & stat.S_IXUSR)


class Changed(Exception):
    """A path changed, or something is in its way. Nothing was written, or it was undone."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


def found_at(top: Path, path: str) -> Found | None:
    """Return the content at *path* below *top*, None if it does not exist. Raises Changed for a folder and the like.

    What is behind a linked folder is outside of the tree, and does not exist in it, as for git.
    """
    place = top / path
    if is_behind_link(top, path):
        return None
    try:
        found = place.lstat()
        if stat.S_ISLNK(found.st_mode):
            return Found(os.fsencode(place.readlink()), link=True)
        if stat.S_ISREG(found.st_mode):
            return Found(place.read_bytes(), stat.S_IMODE(found.st_mode))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError:
        raise Changed(path) from None
    raise Changed(path)


def is_nothing_of_git(place: Path) -> bool:
    """Tell whether at *place* there is what git takes for nothing: a folder, a pipe, a socket or a device."""
    try:
        mode = place.lstat().st_mode
    except OSError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISLNK(mode))


def is_folder(place: Path) -> bool:
    """Tell whether *place* is a folder, not a link to one."""
    return place.is_dir() and not place.is_symlink()


def is_behind_link(top: Path, path: str) -> bool:
    """Tell whether a folder between *top* and *path* is a link: it leads anywhere."""
    return any_behind_link(top, (path,))


def any_behind_link(top: Path, paths: Iterable[str]) -> bool:
    """Tell whether one of *paths*, which may be all of a work tree, is behind a link below *top*."""
    folders: set[str] = set()
    for path in paths:
        above = os.path.dirname(path)  # noqa: PTH120 - of each file of a work tree
        while above and above not in folders:
            folders.add(above)
            above = os.path.dirname(above)  # noqa: PTH120
    return any(os.path.islink(f"{top}/{folder}") for folder in folders)  # noqa: PTH114 - no error


def write_all(
    top: Path,
    before: Mapping[str, Found | None],
    after: Mapping[str, Found | None],
    paths: Sequence[str],
    modes: Mapping[str, int] | None = None,
    *,
    narrow: bool = False,
) -> None:
    """Bring each path of *paths* from its content in *before* to that in *after* (None: gone). Each is checked once
    more right before it is replaced. On Changed everything is undone, except files that somebody else has written
    since. A file that is there keeps its mode; one that is not gets that in *modes*, else the usual one. With *narrow*
    a file that is there keeps of its mode what that in *after* allows.
    """
    done: list[str] = []
    made: list[Path] = []
    try:
        for path in paths:
            was, will_be, mode = before[path], after[path], (modes or {}).get(path)
            if was is not None and not was.link:
                mode = was.mode & will_be.mode if narrow and will_be is not None and not will_be.link else None
            _step(top, path, was, will_be, made, mode)
            done.append(path)
    except (Changed, OSError) as error:
        for path in reversed(done):
            with suppress(Changed, OSError):
                was = before[path]
                _step(top, path, after[path], was, [], was.mode if was else None)
        for folder in reversed(made):
            with suppress(OSError):
                folder.rmdir()
        if isinstance(error, Changed):
            raise
        raise Changed(path) from error
    for path in paths:
        if after[path] is None:
            _drop_empty_folders(top, path)


def sweep(top: Path, paths: Iterable[str]) -> None:
    """Remove temporary files that a killed writer of *paths* left beside them."""
    for folder in {(top / path).parent for path in paths if not is_behind_link(top, path)}:
        for left in folder.glob(".profile-router-*.tmp"):
            with suppress(OSError):
                left.unlink()


def _step(top: Path, path: str, before: Found | None, after: Found | None, made: list[Path], mode: int | None) -> None:
    place = top / path
    _make_folders(top, path, made)
    if after is None:
        _expect(top, path, before)
        place.unlink(missing_ok=True)
        return
    fresh = place.parent / f".profile-router-{secrets.token_hex(8)}.tmp"
    try:
        _put(fresh, after, before, mode)
        if before is None and is_folder(place):
            for folder, _, _ in os.walk(place, topdown=False):
                with suppress(OSError):
                    Path(folder).rmdir()
        elif before is None and is_nothing_of_git(place):  # a pipe or the like: it holds nothing
            place.unlink()
        _expect(top, path, before)
        fresh.replace(place)
    finally:
        fresh.unlink(missing_ok=True)


def _expect(top: Path, path: str, before: Found | None) -> None:
    now = found_at(top, path)
    if not (now is None if before is None else before.same(now)):
        raise Changed(path)


def _put(fresh: Path, after: Found, before: Found | None, mode: int | None) -> None:
    """Write *after* to *fresh* with *mode*; None: with that of the file *before*, else as new files are."""
    if after.link:
        fresh.symlink_to(os.fsdecode(after.content))
        return
    fresh.touch()
    if mode is None:
        mode = stat.S_IMODE(fresh.stat().st_mode) if before is None or before.link else before.mode
    fresh.chmod(0o600)  # nobody else reads it while it is written
    fresh.write_bytes(after.content)
    readable = (mode & 0o444) >> 2
    fresh.chmod(mode | readable if after.mode & stat.S_IXUSR else mode & ~0o111)


def _make_folders(top: Path, path: str, made: list[Path]) -> None:
    """Make the folders above *path*. A link or a file among them is in the way: it would lead elsewhere."""
    folder = top
    for part in path.split("/")[:-1]:
        folder = folder / part
        try:
            if not stat.S_ISDIR(folder.lstat().st_mode):
                raise Changed(path)
        except FileNotFoundError:
            folder.mkdir()
            made.append(folder)


def _drop_empty_folders(top: Path, path: str) -> None:
    """Remove the folders above *path* that are now empty: git does not track empty folders."""
    if is_behind_link(top, path):
        return
    for folder in (top / path).parents:
        if folder == top:
            return
        try:
            folder.rmdir()
        except OSError:
            return
