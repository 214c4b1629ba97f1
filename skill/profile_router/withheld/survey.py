"""Which files of a workspace are withheld from a model elsewhere by their names? Was the whole workspace looked at?

Everything on the disk counts, whatever git says of it: tracked, new, ignored one by one or by the folder. Nested
repositories, submodules and folders behind links count too. Git's own data is left out. A name that git tracks also
counts where its file was deleted: the history has it.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import field
from functools import lru_cache
from pathlib import Path

from profile_router.core.privacy.findings import last_parts, private_by, private_glob, private_text
from profile_router.core.text import shown
from profile_router.expressions import expression
from profile_router.git.command import git
from profile_router.values import frozen, mutable
from profile_router.workspace.content import Unusable, first_bytes
from profile_router.workspace.folder import Workspace

MOST_SURVEYED = 500_000
SURVEY_SECONDS = 10.0  # some 100,000 entries a second are looked at
_LOOKED_UP = 1_000  # entries between two looks at the clock
_CLOCK = 0.1  # seconds that the clock of a file system may be behind
_LARGEST_BUNDLE = 4 * 1024 * 1024
INSTALLED = frozenset({"site-packages", "dist-packages", "node_modules"})
# What files of installed packages may hold and be public all the same: certificates, comments and plain settings. The
# whole file is looked at; anything else in it (a key, a name, a text) makes it private again.
_CERTIFICATE = expression(
    rb"-----BEGIN (?P<kind>(?:TRUSTED |X509 )?CERTIFICATE)-----[A-Za-z0-9+/=\s]++-----END (?P=kind)-----"
)
_PLAIN = rb"(?:#[^\n]*+|[a-z-]{1,40}+[ \t]*+=[ \t]*+(?:true|false|[0-9]{1,6}+|https://[a-z0-9.-]{1,100}+/?))?[ \t]*+\r?"
_SETTINGS = expression(rb"(?:[ \t]*+%b\n)*+[ \t]*+%b" % (_PLAIN, _PLAIN))

Inode = tuple[int, int]  # st_dev, st_ino


@frozen(kw_only=False)
class WithheldFile:
    """A file that a model elsewhere is not shown. `path` is relative to the workspace (POSIX).

    `reason` goes on from the path in a sentence (`is private (policy: .env)`).
    """

    path: str
    reason: str


@frozen
class Survey:
    """The files of a workspace that are withheld, sorted by path.

    `missed` says why the look ended before all was seen. `closed` are the folders that cannot be read, where nothing
    else is missing. Where something is missing there may be more such files: whoever asks must go on as if there were.
    `linked` are those of the files that have other names (hard links), by what all their names lead to.
    """

    files: tuple[WithheldFile, ...] = ()
    missed: str = ""
    closed: tuple[str, ...] = ()
    linked: Mapping[Inode, str] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """Tell whether all of the workspace was looked at."""
        return not (self.missed or self.closed)

    @property
    def why(self) -> str:
        """Return what was not looked at, empty where all was."""
        return self.missed or (f"{shown(self.closed[0])} cannot be read" if self.closed else "")

    @property
    def clear(self) -> bool:
        """Tell whether it is known that nothing is withheld."""
        return self.complete and not self.files


def private_survey(workspace: Workspace, globs: Sequence[str]) -> Survey:
    """Return what *globs*, the policy's, withhold in *workspace*. Raises WorkspaceError where git fails."""
    tracked = git(workspace.root, "ls-files", "-z", "--cached").split("\0") if workspace.git else ()
    return survey(workspace.root, globs, tracked=tracked)


def survey(root: Path, globs: Sequence[str], *, tracked: Sequence[str] = ()) -> Survey:
    """Return what *globs* withhold below *root*, a folder without links; *tracked* are names that git knows.

    Nothing is opened but folders, and what may be a bundle of public certificates among installed packages. At most
    MOST_SURVEYED entries are looked at, for at most SURVEY_SECONDS.
    """
    deadline = time.monotonic() + SURVEY_SECONDS
    walk = _FolderWalk(os.fspath(root), tuple(globs), deadline)
    found = dict(walk.withheld())
    missed, closed = walk.missed, tuple(walk.closed)
    if walk.linked:
        again = _FolderWalk(walk.root, (), deadline)
        for path, inode in again.inodes():
            if path not in found and (first := walk.linked.get(inode)) is not None:
                found[path] = f"is another name of {shown(first)}, which {found[first]}"
        missed = missed or again.missed
    deleted = (name for name in tracked if name and not os.path.lexists(f"{walk.root}/{name}"))
    found |= {name: private_by(glob) for name in deleted if (glob := private_glob(f"{walk.root}/{name}", walk.globs))}
    files = tuple(WithheldFile(path, reason) for path, reason in sorted(found.items()))
    return Survey(files=files, missed=missed, closed=() if missed else closed, linked=walk.linked)


def public_names(root: Path, globs: Sequence[str], inodes: Collection[Inode]) -> dict[Inode, str] | None:
    """Return by which public name below *root* each of the regular files *inodes* goes, if it has one.

    None where not all was looked at: MOST_SURVEYED and SURVEY_SECONDS hold here, too.
    """
    walk = _FolderWalk(os.fspath(root), tuple(globs), time.monotonic() + SURVEY_SECONDS)
    found = {inode: path for path, inode in walk.public(inodes)}
    return None if walk.missed else found


@mutable(kw_only=False)
class NamesOfFiles:
    """Tells of files with several names (hard links) in the workspace `root` whether one of the names is private.

    The workspace is looked through for the first such file. It is looked through again for a file that may have got a
    name since.
    """

    root: Path
    globs: Sequence[str]
    _survey: Survey | None = None
    _since: float = 0.0

    def reason(self, found: os.stat_result) -> str | None:
        """Return why *found* is withheld for another name of it, None where it is not."""
        if found.st_nlink < 2 or not stat.S_ISREG(found.st_mode):
            return None
        if self._survey is None or found.st_ctime > self._since - _CLOCK:  # a new name changes st_ctime
            self._since = time.time()
            self._survey = survey(self.root, self.globs)
        if first := self._survey.linked.get((found.st_dev, found.st_ino)):
            return f"is another name of {shown(first)}, which is private"
        return None if self._survey.complete else f"has several names, one of which may be private: {self._survey.why}"


def _glob_of(path: str, globs: tuple[str, ...]) -> str | None:
    return private_glob(path, globs) if _may_match(path.rpartition("/")[2], last_parts(globs)) else None


@lru_cache(maxsize=100_000)
def _may_match(name: str, lasts: tuple[str, ...]) -> bool:
    """Tell whether a path that ends in *name* may match. It is cached, as names come again and paths do not."""
    return private_glob(name, lasts) is not None


@mutable(kw_only=False)
class _FolderWalk:
    """One look through the folder `root`. `missed` says why it was ended; `closed`, `linked`: see Survey."""

    root: str
    globs: tuple[str, ...]
    deadline: float
    missed: str = ""
    closed: list[str] = field(default_factory=list)
    linked: dict[Inode, str] = field(default_factory=dict)
    _entries: int = 0
    _ended: bool = False
    _folders: set[Inode] = field(default_factory=set)

    def withheld(self) -> Iterator[tuple[str, str]]:
        """Yield path and reason of each file that its own name, or that of a folder around it, withholds."""
        glob = private_glob(self.root, self.globs)
        for path, entry, reason in self._everything(private_by(glob) if glob else ""):
            if reason:
                if (inode := _several_names(entry)) is not None:
                    self.linked.setdefault(inode, path)
                yield path, reason

    def inodes(self) -> Iterator[tuple[str, Inode]]:
        """Yield each regular file that has other names, and what they all lead to."""
        for path, entry, _ in self._everything(""):
            if (inode := _several_names(entry)) is not None:
                yield path, inode

    def public(self, wanted: Collection[Inode]) -> Iterator[tuple[str, Inode]]:
        """Yield each file that has no private name and is one of *wanted*."""
        numbers = {number for _, number in wanted}
        for path, entry, reason in self._everything(""):
            if not reason and entry.inode() in numbers:
                inode = inode_of(entry.path)
                if inode is not None and inode in wanted:
                    yield path, inode

    def _everything(self, reason: str) -> Iterator[tuple[str, os.DirEntry[str], str]]:
        """Yield each entry below the root but folders: path, entry, and why it is withheld (empty if it is not)."""
        waiting = [(self.root, "", reason)]
        while waiting and not self._ended:
            place, above, around = waiting.pop()
            for entry in self._listed(place, above):
                path = f"{above}{entry.name}"
                folder = self._is_folder(entry)
                why = around or self._reason(path, entry, folder=folder)
                if folder:
                    waiting.append((entry.path, f"{path}/", why))
                else:
                    yield path, entry, why

    def _listed(self, place: str, above: str) -> Iterator[os.DirEntry[str]]:
        """Yield what is in the folder *place*, git's own data left out."""
        try:
            with os.scandir(place) as entries:
                if not self._is_new(place):
                    return
                for entry in entries:
                    if self._is_over():
                        return
                    if entry.name.casefold() != ".git":
                        yield entry
        except (FileNotFoundError, NotADirectoryError):  # gone meanwhile
            return
        except OSError:
            self.closed.append(above.rstrip("/") or ".")

    def _is_new(self, place: str) -> bool:
        """Tell whether the folder *place* was not looked at yet: links may lead to it by several ways."""
        found = os.stat(place)  # noqa: PTH116 - hundreds of thousands of these
        known = (found.st_dev, found.st_ino) in self._folders
        self._folders.add((found.st_dev, found.st_ino))
        return not known

    def _is_over(self) -> bool:
        """Count one more entry; tell whether no more are looked at."""
        self._entries += 1
        if self._entries > MOST_SURVEYED:
            self.missed, self._ended = f"it has more than {MOST_SURVEYED:,} files and folders", True
        elif self._entries % _LOOKED_UP == 0 and time.monotonic() > self.deadline:
            self.missed, self._ended = f"to look through it takes more than {SURVEY_SECONDS:g} s", True
        return self._ended

    def _is_folder(self, entry: os.DirEntry[str]) -> bool:
        """Tell whether *entry* is a folder to look into. A link to a folder is one where it leads out of the root."""
        try:
            if not entry.is_symlink():
                return entry.is_dir(follow_symlinks=False)
            return entry.is_dir() and not _is_below(os.path.realpath(entry.path), self.root)
        except OSError:
            return False

    def _reason(self, path: str, entry: os.DirEntry[str], *, folder: bool) -> str:
        if glob := _glob_of(f"{self.root}/{path}", self.globs):
            return "" if not folder and _is_public(path, entry.path) else private_by(glob)
        if self.globs and entry.is_symlink():
            target = os.path.realpath(entry.path)
            if glob := private_glob(target, self.globs):
                return f"leads to {shown(target)}, which {private_by(glob)}"
        return ""


def _several_names(entry: os.DirEntry[str]) -> Inode | None:
    """Return what all names of the regular file *entry* lead to, None where it has only one."""
    try:
        if not entry.is_file(follow_symlinks=False):
            return None
        found = entry.stat(follow_symlinks=False)
    except OSError:
        return None
    return (found.st_dev, found.st_ino) if found.st_nlink > 1 else None


def inode_of(path: str) -> Inode | None:
    """Return what the name *path* of a regular file leads to. None: it is not a regular file; a link is not one."""
    try:
        found = os.lstat(path)
    except (OSError, ValueError):
        return None
    return (found.st_dev, found.st_ino) if stat.S_ISREG(found.st_mode) else None


def _is_below(path: str, root: str) -> bool:
    return path == root or path.startswith(f"{root.rstrip('/')}/")


def _is_public(path: str, place: str) -> bool:
    """Tell whether *path* is a file of an installed package that holds public certificates or plain settings alone.

    `*.pem` and `.npmrc` are private, and each Python environment and most of Node's have such a file.
    """
    if INSTALLED.isdisjoint(path.split("/")[:-1]):
        return False
    found = first_bytes(Path(place), _LARGEST_BUNDLE + 1)
    if isinstance(found, Unusable) or len(found.data) > _LARGEST_BUNDLE:
        return False
    rest = _CERTIFICATE.sub(b"", found.data)
    return bool(_SETTINGS.fullmatch(rest)) and private_text(rest.decode("utf-8", "replace")) is None
