"""Trees of a work tree's files, compared and laid out with the repository's own rules but not into it.

Objects and indexes live in a folder of ours; what the repository has is read through as an alternate. Nothing here
writes a ref, an index, a stash or an object of the repository, and no program runs that its settings name.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NewType

from profile_router.errors import StateError
from profile_router.git.command import git
from profile_router.git.own_folder import copy_index, own_git
from profile_router.git.repository import GitSettings, Repository, read_git_settings

FilesTree = NewType("FilesTree", str)  # a tree in which every entry is a file's real content
_LONGEST_ARGUMENTS = 100_000  # bytes; Linux takes 128 KiB in one, POSIX promises far less than all systems give
_TIMEOUT_S = 300.0
_RULES = "rules"  # the index out of which .gitignore files of another time are written
GITLINK, LINK, PROGRAM = "160000", "120000", "100755"
_PATCH = ("--binary", "--full-index", "--no-renames", "--no-ext-diff", "--no-textconv", "--no-color",
          "--src-prefix=a/", "--dst-prefix=b/")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entry:
    """One path in a tree: its mode as git writes it (`100644`) and its object."""

    mode: str
    object: str


class Trees:
    """Trees of *repository*'s files. *store* is a folder of ours for the objects and one index for each place."""

    def __init__(self, repository: Repository, store: Path) -> None:
        self.repository = repository
        self.objects = store / "objects"
        self.store = store
        self.objects.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._settings: GitSettings | None = None
        self._own: Mapping[str, str] | None = None

    @property
    def settings(self) -> GitSettings:
        """Return the settings of the repository. Raises WorkspaceError where git cannot read them."""
        if self._settings is None:
            self._settings = read_git_settings(self.repository)
        return self._settings

    def run(
        self, *args: str, files: Path | None = None, index: str = "index", ok: Sequence[int] = (0,), send: str = ""
    ) -> str:
        """Return what git prints with the folder *files* (default: the work tree) as its work tree, reading *send*."""
        place = files or self.repository.top
        env = {**self._environment(), "GIT_WORK_TREE": str(place), "GIT_INDEX_FILE": str(self.index(index))}
        return git(place, *args, env=env, ok=ok, timeout_s=_TIMEOUT_S, send=send)

    def _environment(self) -> Mapping[str, str]:
        if self._own is None:
            settings = self.settings
            with _told(self.store):
                self._own = own_git(self.repository, settings, self.store / "git", self.objects)
        return self._own

    def index(self, name: str) -> Path:
        """Return the file of the index called *name*."""
        return self.store / name

    def users_index(self, name: str) -> None:
        """Make the index of that name a copy of the repository's own, so that only what changed is read."""
        self._environment()
        with _told(self.store):
            copy_index(self.repository, self.store / "git", self.index(name))

    def empty_index(self, name: str) -> None:
        """Make the index of that name an empty one; what a killed process left of it is gone."""
        self.unlock(name)
        self.index(name).unlink(missing_ok=True)

    def unlock(self, name: str) -> None:
        """Remove the lock that a killed process left on the index of that name: nobody but us uses it."""
        self.index(f"{name}.lock").unlink(missing_ok=True)

    def write(self, index: str, files: Path | None = None) -> FilesTree:
        """Return the tree that the index of that name holds. Raises WorkspaceError for one in conflict."""
        return FilesTree(self.run("write-tree", "--missing-ok", files=files, index=index).strip())

    def lay_out(self, tree: FilesTree, files: Path, index: str) -> None:
        """Make the folder *files* hold *tree*, as a checkout would: with line ends of the repository."""
        self.unlock(index)
        self.run("read-tree", "--reset", "-u", tree, files=files, index=index)

    def differences(self, before: FilesTree, after: FilesTree) -> dict[str, tuple[Entry | None, Entry | None]]:
        """Return what each path that differs between two trees was and is; None: it is not there."""
        listed = self.run("diff-tree", "-r", "-z", "--raw", "--no-renames", "--no-abbrev", before, after).split("\0")
        return {path: _entries(raw) for raw, path in zip(listed[::2], listed[1::2], strict=False)}

    def patch(self, before: FilesTree, after: FilesTree) -> bytes:
        """Return the difference between two trees as a patch that `git apply` takes."""
        return os.fsencode(self.run("diff", *_PATCH, before, after))

    def content(self, entry: Entry | None) -> bytes:
        """Return what git keeps of *entry*, nothing for one that is not there."""
        return b"" if entry is None else os.fsencode(self.run("cat-file", "blob", entry.object))

    def keep_text(self, text: str) -> str:
        """Keep *text* as it is; return the object."""
        return self.run("hash-object", "-w", "--stdin", "--no-filters", send=text).strip()

    def keep(self, file: Path) -> str:
        """Keep the bytes of *file* as they are; return the object."""
        return self.run("hash-object", "-w", "--no-filters", str(file)).strip()

    def write_out(self, paths: Sequence[str], index: str, folder: Path) -> None:
        """Write *paths* of the index of that name into *folder*, as a checkout into the work tree would."""
        for some in in_arguments(paths):
            self.run("checkout-index", "--force", "--quiet", f"--prefix={folder}/", "--", *some, index=index)

    def gitlinks(self, tree: FilesTree) -> tuple[str, ...]:
        """Return the paths in *tree* at which other repositories lie."""
        lines = self.run("ls-tree", "-r", "-z", tree).split("\0")
        return tuple(line.partition("\t")[2] for line in lines if line.startswith(GITLINK))

    def ignored_by(self, tree: FilesTree, paths: Collection[str]) -> frozenset[str]:
        """Return those of *paths* that the .gitignore files of *tree* (and the user's own rules) ignore."""
        names = self.run("ls-tree", "-r", "-z", "--name-only", tree).split("\0")
        rules = [path for path in names if path.rpartition("/")[2] == ".gitignore"]
        with tempfile.TemporaryDirectory(prefix="profile-router-") as folder:
            self.empty_index(_RULES)
            self.run("read-tree", tree, index=_RULES)
            self.write_out(rules, _RULES, Path(folder))
            asked = "".join(f"{path}\0" for path in paths)
            said = self.run("check-ignore", "--no-index", "-z", "--stdin", files=Path(folder), ok=(0, 1), send=asked)
        return frozenset(said.split("\0")) - {""}

    def filters_of(self, paths: Collection[str]) -> dict[str, str]:
        """Return those of *paths* that git keeps through a filter of the repository or its user, each with its name.

        What git keeps of them is not what is in the work tree: of a file of git-lfs, a pointer.
        """
        drivers = self.settings.filters
        if not drivers or not paths:
            return {}
        asked = "".join(f"{path}\0" for path in paths)
        words = self.run("check-attr", "-z", "--stdin", "filter", send=asked).split("\0")
        return {path: name for path, name in zip(words[::3], words[2::3], strict=False) if name in drivers}

    def has_gitlink(self, tree: FilesTree) -> bool:
        """Tell whether *tree* holds another repository: its files are in none of our trees."""
        return bool(self.gitlinks(tree))


@contextmanager
def _told(store: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StateError(f"{store} cannot be written ({error.strerror}); make room there") from None


def _entries(raw: str) -> tuple[Entry | None, Entry | None]:
    """Read `:100644 100755 <before> <after> M`; mode 000000 stands for nothing."""
    modes, objects = raw.lstrip(":").split(" ")[:2], raw.split(" ")[2:4]
    before, after = (Entry(mode, name) if mode != "000000" else None for mode, name in zip(modes, objects, strict=True))
    return before, after


def in_arguments(paths: Sequence[str]) -> Iterator[list[str]]:
    """Yield *paths* in parts that a command line takes."""
    part: list[str] = []
    size = 0
    for path in paths:
        if part and size + len(path) * 4 > _LONGEST_ARGUMENTS:
            yield part
            part, size = [], 0
        part.append(path)
        size += len(path) * 4
    if part:
        yield part
