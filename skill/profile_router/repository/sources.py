"""Where files are listed and read from: a work tree on the disk, or a commit of a bare clone.

A work tree is told by the stamps of its files (size, times, entry), as git tells it. So new files and edits that nobody
staged count, and what git ignores does not. No filter of the repository is run. Only plain files that are there are
listed. Links, pipes, and other repositories inside this one are left out.
"""

from __future__ import annotations

import os
import stat
import time
from array import array
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

from profile_router.core.locating.rankable import MOST_RANKED_BYTES, SORTS, Sort, sort_of
from profile_router.core.privacy.findings import private_glob
from profile_router.digests import blake2b, sha256
from profile_router.errors import WorkspaceError
from profile_router.git.command import git
from profile_router.outside.plain_file import read_plain
from profile_router.repository.seen_tree import GONE, UNREAD, SeenTree
from profile_router.values import frozen
from profile_router.workspace.folder import FileList, Workspace, names_listed, unlisted

MOST_INDEXED_FILES = 50_000  # above, an index may be larger than MOST_INDEX_BYTES
MOST_LOOSE = 5_000  # without git: the walk of more ends somewhere, and half an index points at the wrong files
_FRESH_NS = 2_000_000_000  # a file that changed this short before it is looked at may change again under the same stamp
_AT_ONCE = 200  # blobs


class ListedFile(NamedTuple):
    """A file that ranks, to be read. `blob` is the name of its content where it is known unread."""

    path: str
    sort: Sort
    blob: bytes = b""


@frozen(kw_only=False)
class Listing:
    """The files that rank, sorted, and the paths of all others. `digest` names all paths together.

    `sorts`, `stamps` and `blobs` go by the place of a file: see `SeenTree`. `blobs` are names of contents, where they
    are known unread.
    """

    digest: bytes
    paths: Sequence[str]
    others: Collection[str]
    sorts: bytes
    stamps: array[int]
    blobs: Sequence[bytes] = ()

    def file(self, at: int) -> ListedFile:
        """Return the file at the place *at*."""
        return ListedFile(self.paths[at], SORTS[self.sorts[at]], self.blobs[at] if self.blobs else b"")


def _sorted_out(
    paths: Sequence[str], seen: SeenTree, sort: Callable[[str], Sort | None], may_name: Callable[[str], bool]
) -> tuple[list[str], list[str], bytes]:
    """Return those of *paths* that rank, the others that one *may name*, and the sort of each that ranks (SORTS)."""
    known, no = dict(zip(seen.paths, seen.sorts, strict=True)), frozenset(seen.others)
    ranking: list[str] = []
    others: list[str] = []
    sorts = bytearray()
    for path in paths:
        place = known.get(path)
        if place is None and path not in no and (found := sort(path)) is not None:
            place = SORTS.index(found)
        if place is None:
            if path in no or may_name(path):
                others.append(path)
        else:
            ranking.append(path)
            sorts.append(place)
    return ranking, others, bytes(sorts)


def _listing_digest(told: bytes) -> bytes:
    return blake2b(told, digest_size=16).digest()


class FileSource(Protocol):
    """Lists and reads files. `key` names the index, `tree` what is listed; in `root` git is asked for `head`.

    `sort` says what the file at a path is for, of the past too; None: it does not rank, or may not be named. `listed`
    may take *until* a moment (monotonic s).
    """

    @property
    def key(self) -> str: ...  # noqa: D102
    @property
    def tree(self) -> str: ...  # noqa: D102
    @property
    def root(self) -> Path | None: ...  # noqa: D102
    @property
    def head(self) -> str: ...  # noqa: D102
    @property
    def words(self) -> tuple[str, ...]: ...  # noqa: D102
    def sort(self, path: str) -> Sort | None: ...  # noqa: D102
    def listed(self, seen: SeenTree, until: float | None = None) -> Listing: ...  # noqa: D102
    def read(self, files: Sequence[ListedFile]) -> Iterator[tuple[ListedFile, bytes, bytes]]: ...  # noqa: D102


@frozen
class WorkTreeFiles:
    """The files of *workspace*; those that one of the globs *private* matches are neither read nor told.

    `original`: the folder that the workspace is a copy of, whose index serves both. `now_ns` is since 1970.
    """

    workspace: Workspace
    now_ns: int
    private: tuple[str, ...] = ()
    original: Path | None = None
    head: str = "HEAD"
    words: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """Return the name of the index: the folder, or a copy's original, and a digest of what is private."""
        return f"tree {self.original or self.workspace.root} {self._globs}"

    @property
    def tree(self) -> str:
        """Return the folder."""
        return str(self.workspace.root).encode("utf-8", "backslashreplace").decode()

    @property
    def _globs(self) -> str:
        return sha256("\0".join(self.private).encode("utf-8", "replace")).hexdigest()[:12]

    @property
    def root(self) -> Path | None:
        """Return the folder in which git is asked, None without git."""
        return self.workspace.root if self.workspace.git else None

    def listed(self, seen: SeenTree, until: float | None = None) -> Listing:
        """Return the files. Raises WorkspaceError where git fails or takes too long, or above MOST_INDEXED_FILES."""
        with FileList(self.workspace) as files:
            paths, others, sorts = seen.paths, seen.others, seen.sorts
            stamps = self._stamps(paths, until)  # while git works; most calls meet the same files as the one before
            told = files.told(until)
        digest = _listing_digest(told)
        if digest != seen.digest:
            tracked = names_listed(told)
            if len(tracked) > MOST_INDEXED_FILES:
                raise WorkspaceError(
                    f"{self.workspace.root} has more than {MOST_INDEXED_FILES:,} files; they are not indexed"
                )
            if not self.workspace.git and len(tracked) > MOST_LOOSE:
                raise WorkspaceError(f"{self.workspace.root} has over {MOST_LOOSE:,} files, and no git: not indexed")
            paths, others, sorts = _sorted_out(
                tracked, seen, self.sort, lambda path: not private_glob(path, self.private)
            )
            stamps = self._stamps(paths, until, dict(zip(seen.paths, stamps, strict=True)))
        return Listing(digest, paths, others, sorts, stamps)

    def _stamps(self, paths: Sequence[str], until: float | None, known: Mapping[str, int] | None = None) -> array[int]:
        """Return the stamp of each of *paths*. Raises WorkspaceError where it takes longer than *until* a moment."""
        above, settled = f"{self.workspace.root}/", self.now_ns - _FRESH_NS
        stamps = array("q")
        for at in range(0, len(paths), _AT_ONCE):
            if until is not None and time.monotonic() > until:
                raise unlisted(self.workspace.root)
            some = paths[at : at + _AT_ONCE]
            if known:
                stamps.extend([known[path] if path in known else _stamps([above + path], settled)[0] for path in some])
            else:
                stamps.extend(_stamps([above + path for path in some], settled))
        return stamps

    def sort(self, path: str) -> Sort | None:
        """Return what the file at *path* is for; None also where it is private."""
        return None if private_glob(path, self.private) else sort_of(path)

    def read(self, files: Sequence[ListedFile]) -> Iterator[tuple[ListedFile, bytes, bytes]]:
        """Yield each of *files* with the name of its blob and its content; without those that cannot be read."""
        from hashlib import sha1  # of OpenSSL: a route reads few files or none

        for file in files:
            try:
                content = read_plain(self.workspace.root / file.path, MOST_RANKED_BYTES, links=False)
            except (OSError, ValueError):
                continue
            if content is not None:
                header = b"blob %d\0" % len(content)
                yield file, sha1(header + content, usedforsecurity=False).digest(), content


def _stamps(paths: Sequence[str], settled: int) -> list[int]:
    """Return the stamp of the file at each of *paths*. UNREAD: it changed after *settled* (ns); GONE: it does not rank.

    It is one loop, as a function called for each of 50,000 files takes a tenth of a call.
    """
    stamps: list[int] = []
    ask, kind, regular = os.lstat, stat.S_IFMT, stat.S_IFREG
    for path in paths:
        try:
            found = ask(path)
        except OSError:
            stamps.append(GONE)
            continue
        size = found.st_size
        if kind(found.st_mode) != regular or size > MOST_RANKED_BYTES:
            stamps.append(GONE)
            continue
        modified, changed = found.st_mtime_ns, found.st_ctime_ns
        if modified > settled or changed > settled:
            stamps.append(UNREAD)
        else:  # the hash of whole numbers is the same in each process
            stamps.append(hash((size, modified, changed, found.st_ino)) or 1)
    return stamps


@frozen
class CommitFiles:
    """The files of the commit *head* in the clone *clone*, which needs no work tree: for measuring on past commits."""

    clone: Path
    head: str

    @property
    def key(self) -> str:
        """Return the clone."""
        return f"clone {self.clone}"

    @property
    def tree(self) -> str:
        """Return the commit."""
        return self.head

    @property
    def root(self) -> Path | None:
        """Return the clone."""
        return self.clone

    @property
    def words(self) -> tuple[str, ...]:
        """Return the words by which git takes a bare clone."""
        return ("--git-dir=.",) if (self.clone / "HEAD").is_file() else ()

    def sort(self, path: str) -> Sort | None:
        """Return what the file at *path* is for."""
        return sort_of(path)

    def listed(self, seen: SeenTree, until: float | None = None) -> Listing:
        """Return the files, however long that takes. Raises WorkspaceError."""
        lines = git(self.clone, *self.words, "ls-tree", "-r", "-z", self.head).split("\0")
        named = {path: about for about, _, path in (line.partition("\t") for line in lines if line)}
        tracked = sorted(named)
        digest = _listing_digest(os.fsencode("\0".join(tracked)))
        paths, others, sorts = seen.paths, seen.others, seen.sorts
        if digest != seen.digest:
            paths, others, sorts = _sorted_out(tracked, seen, sort_of, lambda _: True)
        blobs = [bytes.fromhex(named[path].split(" ")[2]) for path in paths]
        plain = (named[path].startswith("100") for path in paths)
        stamps = [_blob_stamp(blob) if is_plain else GONE for blob, is_plain in zip(blobs, plain, strict=True)]
        return Listing(digest, paths, others, sorts, array("q", stamps), blobs)

    def read(self, files: Sequence[ListedFile]) -> Iterator[tuple[ListedFile, bytes, bytes]]:
        """Yield each of *files* with the name of its blob and its content; without those that are not in the clone."""
        for at in range(0, len(files), _AT_ONCE):
            fitting = self._there(files[at : at + _AT_ONCE])
            raw = os.fsencode(self._asked("--batch", fitting))
            place = 0
            for file in fitting:
                end = raw.index(b"\n", place)
                size = int(raw[place:end].rpartition(b" ")[2])
                yield file, file.blob, raw[end + 1 : end + 1 + size]
                place = end + 2 + size

    def _there(self, files: Sequence[ListedFile]) -> Sequence[ListedFile]:
        sizes = self._asked("--batch-check", files).splitlines()
        return [
            file
            for file, line in zip(files, sizes, strict=True)
            if not line.endswith(" missing") and int(line.rpartition(" ")[2]) <= MOST_RANKED_BYTES
        ]

    def _asked(self, way: str, files: Sequence[ListedFile]) -> str:
        return git(self.clone, *self.words, "cat-file", way, send="".join(f"{file.blob.hex()}\n" for file in files))


def _blob_stamp(blob: bytes) -> int:
    return 1 + int.from_bytes(blob[:7], "little")  # above all stamps that have a meaning
