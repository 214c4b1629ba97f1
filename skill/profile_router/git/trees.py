"""Git trees of a work tree's files: made, compared and laid out by the repository's rules, without writing to it.
Objects and indexes live in a folder of ours; git reads the repository's objects as an alternate. This module never
writes a ref, index, stash or object of the repository. It runs no program that the repository's settings name.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NewType

from profile_router.git.command import git
from profile_router.git.repository import GitSettings, Repository, copy_index, own_git, read_git_settings
from profile_router.state.folder import usable
from profile_router.values import frozen

FilesTree = NewType("FilesTree", str)  # a tree: every entry is the real content of a file
_TIMEOUT_S = 300.0
_RULES = "rules"  # the index for writing .gitignore files of an earlier time
GITLINK_MODE, LINK_MODE, PROGRAM_MODE = "160000", "120000", "100755"
_PATCH = ("--binary", "--full-index", "--no-renames", "--no-ext-diff", "--no-textconv", "--no-color",
          "--src-prefix=a/", "--dst-prefix=b/")  # fmt: skip


@frozen(kw_only=False)
class Entry:
    """One path in a tree: its mode as git writes it (`100644`) and its object."""

    mode: str
    object: str


class Trees:
    """Trees of *repository*'s files. *store* is our folder for objects, with one index per place."""

    def __init__(self, repository: Repository, store: Path) -> None:
        self.repository = repository
        self.objects = store / "objects"
        self.store = store
        self.objects.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._settings: GitSettings | None = None
        self._git_environment: Mapping[str, str] | None = None

    @property
    def settings(self) -> GitSettings:
        """Return the settings of the repository. Raises WorkspaceError where git cannot read them."""
        if self._settings is None:
            self._settings = read_git_settings(self.repository)
        return self._settings

    def run(
        self, *args: str, files: Path | None = None, index: str = "index", ok: Sequence[int] = (0,), send: str = ""
    ) -> str:
        """Return git's output with *files* (default: the work tree) as its work tree and *send* as its input."""
        place = files or self.repository.top
        env = {**self._environment(), "GIT_WORK_TREE": str(place), "GIT_INDEX_FILE": str(self.index(index))}
        return git(place, *args, env=env, ok=ok, timeout_s=_TIMEOUT_S, send=send)

    def _environment(self) -> Mapping[str, str]:
        if self._git_environment is None:
            settings = self.settings
            with usable(self.store):
                self._git_environment = own_git(self.repository, settings, self.store / "git", self.objects)
        return self._git_environment

    def index(self, name: str) -> Path:
        """Return the file of the index called *name*."""
        return self.store / name

    def users_index(self, name: str) -> None:
        """Copy the repository's own index to that name, so that git reads only changed files."""
        self._environment()
        self.unlock(name)
        with usable(self.store):
            copy_index(self.repository, self.store / "git", self.index(name))

    def empty_index(self, name: str) -> None:
        """Empty the index of that name, with what a killed process left of it."""
        self.unlock(name)
        self.index(name).unlink(missing_ok=True)

    def unlock(self, name: str) -> None:
        """Remove the lock that a killed process left on the index of that name: nobody but us uses it."""
        self.index(f"{name}.lock").unlink(missing_ok=True)

    def write(self, index: str, files: Path | None = None) -> FilesTree:
        """Return the tree of the index of that name. Raises WorkspaceError if it is in conflict."""
        return FilesTree(self.run("write-tree", "--missing-ok", files=files, index=index).strip())

    def lay_out(self, tree: FilesTree, files: Path, index: str) -> None:
        """Make the folder *files* hold *tree*, as a checkout would: with line ends of the repository."""
        self.unlock(index)
        self.run("read-tree", "--reset", "-u", tree, files=files, index=index)

    def differences(self, before: FilesTree, after: FilesTree) -> dict[str, tuple[Entry | None, Entry | None]]:
        """Return the old and new entry of each path that differs between two trees; None: it does not exist."""
        if before == after:
            return {}
        listed = self.run("diff-tree", "-r", "-z", "--raw", "--no-renames", "--no-abbrev", before, after).split("\0")
        return {path: _entries(raw) for raw, path in zip(listed[::2], listed[1::2], strict=False)}

    def patch(self, before: FilesTree, after: FilesTree) -> bytes:
        """Return the difference between two trees as a patch that `git apply` takes."""
        return os.fsencode(self.run("diff", *_PATCH, before, after))

    def content(self, entry: Entry | None) -> bytes:
        """Return the content git stores for *entry*; empty if it does not exist."""
        return b"" if entry is None else os.fsencode(self.run("cat-file", "blob", entry.object))

    def store_text(self, text: str) -> str:
        """Store *text* unchanged; return the object."""
        return self.run("hash-object", "-w", "--stdin", "--no-filters", send=text).strip()

    def staged(self, index: str, *args: str, files: Path | None = None) -> Iterator[tuple[str, int, Entry]]:
        """Yield what `ls-files args` lists of the index of that name: path, stage (0: no conflict) and entry."""
        for line in self.run("ls-files", "-z", "--stage", *args, files=files, index=index).split("\0")[:-1]:
            entry, _, path = line.partition("\t")
            mode, name, stage = entry.split(" ")
            yield path, int(stage), Entry(mode, name)

    def listed(self, index: str) -> list[str]:
        """Return the paths in the index of that name."""
        return self.run("ls-files", "-z", index=index).split("\0")[:-1]

    def put(self, entries: Mapping[str, Entry | None], index: str, files: Path | None = None) -> None:
        """Set *entries* in the index of that name; a path with None leaves it."""
        gone = [path for path, entry in entries.items() if entry is None]
        if gone:
            self.run("update-index", "-z", "--force-remove", "--stdin", files=files, index=index, send=_words(gone))
        lines = [f"{entry.mode} {entry.object}\t{path}" for path, entry in entries.items() if entry is not None]
        if lines:
            self.run("update-index", "-z", "--index-info", files=files, index=index, send=_words(lines))

    def write_out(self, paths: Collection[str], index: str, folder: Path) -> None:
        """Write *paths* of the index of that name into *folder*, as a checkout into the work tree would."""
        words = ("checkout-index", "--force", "--quiet", f"--prefix={folder}/", "-z", "--stdin")
        self.run(*words, index=index, send=_words(paths))

    def names(self, tree: FilesTree) -> list[str]:
        """Return the paths of all files in *tree*."""
        return self.run("ls-tree", "-r", "-z", "--name-only", tree).split("\0")[:-1]

    def folders(self, tree: FilesTree) -> list[str]:
        """Return the paths of all folders in *tree*."""
        return self.run("ls-tree", "-r", "-d", "-z", "--name-only", tree).split("\0")[:-1]

    def gitlinks(self, tree: FilesTree) -> tuple[str, ...]:
        """Return the paths in *tree* at which other repositories lie."""
        lines = self.run("ls-tree", "-r", "-z", tree).split("\0")
        return tuple(line.partition("\t")[2] for line in lines if line.startswith(GITLINK_MODE))

    def ignored_by(self, tree: FilesTree, paths: Collection[str]) -> frozenset[str]:
        """Return those of *paths* that the .gitignore files of *tree* (and the user's own rules) ignore."""
        rules = [path for path in self.names(tree) if path.rpartition("/")[2] == ".gitignore"]
        with tempfile.TemporaryDirectory(prefix="profile-router-") as folder:
            self.empty_index(_RULES)
            self.run("read-tree", tree, index=_RULES)
            self.write_out(rules, _RULES, Path(folder))
            words = ("check-ignore", "--no-index", "-z", "--stdin")
            said = self.run(*words, files=Path(folder), ok=(0, 1), send=_words(paths))
        return frozenset(said.split("\0")) - {""}

    def filters_of(self, paths: Collection[str]) -> dict[str, str]:
        """Return those of *paths* that git stores through a filter, each with the filter's name. Git's stored content
        differs from the work tree: for git-lfs it is a pointer.
        """
        drivers = self.settings.filters
        if not drivers or not paths:
            return {}
        words = self.run("check-attr", "-z", "--stdin", "filter", send=_words(paths)).split("\0")
        return {path: name for path, name in zip(words[::3], words[2::3], strict=False) if name in drivers}

    def start(self, root: Path) -> str:
        """Return what the paths of the files below *root* begin with; empty for the top of the work tree."""
        above = os.path.relpath(root, self.repository.top)
        return "" if above == "." else f"{above}/"


def _entries(raw: str) -> tuple[Entry | None, Entry | None]:
    """Read `:100644 100755 <before> <after> M`; mode 000000 means that the path does not exist."""
    modes, objects = raw.lstrip(":").split(" ")[:2], raw.split(" ")[2:4]
    before, after = (Entry(mode, name) if mode != "000000" else None for mode, name in zip(modes, objects, strict=True))
    return before, after


def _words(words: Collection[str]) -> str:
    """Return *words* as git reads them with `-z`."""
    return "".join(f"{word}\0" for word in words)
