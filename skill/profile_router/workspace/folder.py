"""The workspace: which folder it is, which files it tracks, and how a written path is found in it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from profile_router.core.text import shown
from profile_router.errors import WorkspaceError
from profile_router.git.command import TIMEOUT_S, GitAtWork, folder_with_git, has_git, work_tree
from profile_router.outside.places import is_file_named
from profile_router.values import frozen

MOST_WALKED = 20_000
_LEAST_S = 0.1  # in less git lists nothing
_HINT = "name a readable folder, or leave it out to use the git repository around the current folder"


_LISTED: ContextVar[dict[Workspace, tuple[str, ...]] | None] = ContextVar("listed", default=None)


@frozen(kw_only=False)
class Workspace:
    """A folder to work in. `root` is absolute and free of symlinks; `git`: it lies inside a git work tree."""

    root: Path
    git: bool


def find_workspace(named: str | None, cwd: Path) -> Workspace | None:
    """Return the folder *named* (relative to *cwd*), else the git repository around *cwd*, else None.

    Where git is not installed a repository is a plain folder: its own rules and private files still count.
    Raises WorkspaceError where *named* is not a readable folder, or git refuses to read the repository.
    """
    if named is None:
        here = Path(os.path.realpath(cwd))
        top = work_tree(here)
        if top is not None:
            return Workspace(Path(os.path.realpath(top)), git=True)
        plain = None if has_git() else folder_with_git(here)
        return None if plain is None else Workspace(plain, git=False)
    root = _folder(named, cwd)
    return Workspace(root, git=work_tree(root) is not None)


def workspace_of_files(files: Sequence[str], cwd: Path) -> Workspace | None:
    """Return the workspace that the named *files* lie in: the repository around them, else their common folder.

    None where none of them is there. None too where the folder would hold the user's home: no task works in that.
    Raises WorkspaceError as `find_workspace` does.
    """
    places = [Path(os.path.realpath(cwd / expanded(value))) for value in files if value and "\0" not in value]
    folders = [str(place.parent) for place in places if is_file_named(str(place))]
    if not folders:
        return None
    folder = Path(os.path.commonpath(folders))
    found = find_workspace(None, folder) or Workspace(folder, git=False)
    home = os.path.realpath(os.path.expanduser("~"))  # noqa: PTH111 - Path's raises without a home
    return None if Path(home).is_relative_to(found.root) else found


def _folder(named: str, cwd: Path) -> Path:
    try:
        path = Path(os.path.realpath(cwd / expanded(named), strict=True))
        reason = None if path.is_dir() else "is not a folder"
        if reason is None and not os.access(path, os.R_OK | os.X_OK):
            reason = "cannot be read: permission denied"
    except FileNotFoundError:
        reason = "does not exist"
    except (OSError, ValueError) as error:
        reason = f"cannot be read: {(getattr(error, 'strerror', None) or str(error)).lower()}"
    if not named:
        reason = "is empty"
    if reason is not None:
        raise WorkspaceError(f"--workspace '{shown(named)}' {reason}; {_HINT}")
    return path


def tracked_files(workspace: Workspace) -> tuple[str, ...]:
    """Return the workspace's files, sorted, relative to its root, POSIX; names that are not UTF-8 as surrogates.

    In a git work tree: what is tracked or new, but not ignored. Elsewhere: what a walk finds in folders whose name
    doesn't begin with a dot, at most MOST_WALKED. Raises WorkspaceError where git fails.
    """
    known = _LISTED.get()
    found = None if known is None else known.get(workspace)
    if found is None:
        with FileList(workspace) as files:
            found = names_listed(files.told())
        if known is not None:
            known[workspace] = found
    return found


@contextmanager
def listed_once() -> Iterator[None]:
    """Have `tracked_files` list a workspace once while the block lasts: for an answer of one moment."""
    before = _LISTED.set({})
    try:
        yield
    finally:
        _LISTED.reset(before)


class FileList:
    """The listing of a workspace's files: git works on it while we do something else, until the block ends."""

    def __init__(self, workspace: Workspace) -> None:
        self._root = workspace.root
        words = ("ls-files", "-z", "--cached", "--others", "--exclude-standard")
        self._git = GitAtWork(workspace.root, *words) if workspace.git else None

    def __enter__(self) -> FileList:
        return self

    def __exit__(self, *_: object) -> None:
        if self._git is not None:
            self._git.__exit__()

    def told(self, until: float | None = None) -> bytes:
        """Return the files as `names_listed` takes them: the same files give the same bytes.

        Raises WorkspaceError where git fails, and where it takes longer than *until* a moment (monotonic s).
        """
        if self._git is None:
            return os.fsencode("\0".join(_walked(self._root, until)))
        return self._git.output(TIMEOUT_S if until is None else max(until - time.monotonic(), _LEAST_S))


def names_listed(told: bytes) -> tuple[str, ...]:
    """Return the names of what `FileList` *told*, sorted."""
    # A name that ends in a slash is an untracked repository inside this one; unmerged files are listed thrice.
    return tuple(sorted({name for name in os.fsdecode(told).split("\0") if name and not name.endswith("/")}))


def unlisted(root: Path) -> WorkspaceError:
    """Return the error of a listing of *root* that took too long."""
    return WorkspaceError(f"files of {root} were not listed in the time that the policy allows")


def _walked(root: Path, until: float | None) -> tuple[str, ...]:
    found: list[str] = []
    seen = 0
    for folder, folders, names in os.walk(root):
        if until is not None and time.monotonic() > until:
            raise unlisted(root)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        above = os.path.relpath(folder, root)
        found += [name if above == "." else f"{above}/{name}" for name in sorted(names)]
        seen += len(folders) + len(names)
        if seen >= MOST_WALKED:
            break
    return tuple(sorted(found[:MOST_WALKED]))


def base_of(workspace: Workspace | None, cwd: Path) -> Path:
    """Return the folder that paths in the evidence are relative to: the workspace's root, else *cwd*."""
    return workspace.root if workspace else Path(os.path.realpath(cwd))


def standing_in(workspace: Workspace | None, cwd: Path) -> Path:
    """Return the folder that the user stands in, where it is in the workspace; else what paths are relative to."""
    base, here = base_of(workspace, cwd), Path(os.path.realpath(cwd))
    return here if here.is_relative_to(base) else base


def place_below(path: Path, base: Path) -> str:
    """Return the resolved *path* relative to *base*, or absolute where it lies outside of it; POSIX."""
    return path.relative_to(base).as_posix() if path.is_relative_to(base) else path.as_posix()


def written_path(value: str, workspace: Workspace | None, cwd: Path) -> Path:
    """Return where *value*, a path that somebody wrote, leads: from *cwd* if it exists there, else from the root."""
    here = cwd / expanded(value)
    there = here if workspace is None else workspace.root / expanded(value)
    return there if not os.path.lexists(here) and os.path.lexists(there) else here


def expanded(value: str) -> str:
    """Return *value* with a leading `~/` as the home folder: in `--file=~/x` no shell does it."""
    return os.path.expanduser(value) if value.startswith("~/") else value  # noqa: PTH111 - Path's raises without a home
