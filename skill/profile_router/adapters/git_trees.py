"""Trees of a work tree's files, taken, compared and laid out with the repository's own rules but not into it.

Objects and indexes live in a folder of ours; what the repository has is read through as an alternate. Nothing here
writes a ref, an index, a stash or an object of the repository.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from profile_router.adapters.git import git

_LONGEST_ARGUMENTS = 100_000  # bytes; Linux takes 128 KiB in one, POSIX promises far less than all systems give
_TIMEOUT_S = 300.0
_RULES = "rules"  # the index out of which .gitignore files of another time are written
GITLINK, LINK, PROGRAM = "160000", "120000", "100755"
_PATCH = ("--binary", "--full-index", "--no-renames", "--no-ext-diff", "--no-textconv", "--no-color",
          "--src-prefix=a/", "--dst-prefix=b/")  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """Where a repository is: the top of its work tree, its git folder, and the one that its work trees share."""

    top: Path
    git_dir: Path
    common: Path

    @property
    def objects(self) -> Path:
        """Return the folder of its objects."""
        return self.common / "objects"


@dataclass(frozen=True, slots=True)
class Entry:
    """One path in a tree: its mode as git writes it (`100644`) and its object."""

    mode: str
    object: str


def find_repository(folder: Path) -> Repository:
    """Return the repository whose work tree *folder* lies in. Raises WorkspaceError."""
    found = git(folder, "rev-parse", "--show-toplevel", "--absolute-git-dir", "--git-common-dir").split("\n")
    top, git_dir, common = (Path(os.path.realpath(folder / line)) for line in found[:3])
    return Repository(top=top, git_dir=git_dir, common=common)


class Trees:
    """Trees of *repository*'s files. *store* is a folder of ours for the objects and one index for each place."""

    def __init__(self, repository: Repository, store: Path) -> None:
        self.repository = repository
        self.objects = store / "objects"
        self._store = store
        self.objects.mkdir(mode=0o700, parents=True, exist_ok=True)

    def run(
        self, *args: str, files: Path | None = None, index: str = "index", ok: Sequence[int] = (0,), send: str = ""
    ) -> str:
        """Return what git prints with the folder *files* (default: the work tree) as its work tree, reading *send*."""
        place = files or self.repository.top
        env = self._environment(place, index)
        return git(place, *args, env=env, ok=ok, timeout_s=_TIMEOUT_S, send=send)

    def _environment(self, files: Path, index: str) -> Mapping[str, str]:
        return {
            "GIT_DIR": str(self.repository.git_dir),
            "GIT_WORK_TREE": str(files),
            "GIT_INDEX_FILE": str(self.index(index)),
            "GIT_OBJECT_DIRECTORY": str(self.objects),
            "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(self.repository.objects),
        }

    def index(self, name: str) -> Path:
        """Return the file of the index called *name*."""
        return self._store / name

    def take(self) -> str:
        """Return the tree of all files of the work tree that git does not ignore, tracked or not.

        Starts from a copy of the repository's index, so that only what changed is read.
        """
        real = self.repository.git_dir / "index"
        if real.is_file():
            shutil.copy2(real, self.index("index"))
        return self.take_of(self.repository.top, "index")

    def take_of(self, files: Path, index: str, leave_out: Sequence[str] = ()) -> str:
        """Return the tree of the files in the folder *files*, with the index of that name, without *leave_out*."""
        others = [f":(top,exclude,literal){name}" for name in leave_out]
        self.run("add", "--all", "--ignore-errors", "--", ".", *others, files=files, index=index, ok=(0, 1))
        return self.run("write-tree", files=files, index=index).strip()

    def lay_out(self, tree: str, files: Path, index: str) -> None:
        """Make the folder *files* hold *tree*, as a checkout would: with filters and line ends of the repository."""
        self.run("read-tree", "--reset", "-u", tree, files=files, index=index)

    def differences(self, before: str, after: str) -> dict[str, tuple[Entry | None, Entry | None]]:
        """Return what each path that differs between two trees was and is; None: it is not there."""
        listed = self.run("diff-tree", "-r", "-z", "--raw", "--no-renames", "--no-abbrev", before, after).split("\0")
        return {path: _entries(raw) for raw, path in zip(listed[::2], listed[1::2], strict=False)}

    def patch(self, before: str, after: str) -> bytes:
        """Return the difference between two trees as a patch that `git apply` takes."""
        return os.fsencode(self.run("diff", *_PATCH, before, after))

    def content(self, entry: Entry | None) -> bytes:
        """Return what git keeps of *entry*, nothing for one that is not there."""
        return b"" if entry is None else os.fsencode(self.run("cat-file", "blob", entry.object))

    def keep(self, file: Path) -> str:
        """Keep the bytes of *file* as they are; return the object."""
        return self.run("hash-object", "-w", "--no-filters", str(file)).strip()

    def write_out(self, paths: Sequence[str], index: str, folder: Path) -> None:
        """Write *paths* of the index of that name into *folder*, as a checkout into the work tree would."""
        for some in in_arguments(paths):
            self.run("checkout-index", "--force", "--quiet", f"--prefix={folder}/", "--", *some, index=index)

    def gitlinks(self, tree: str) -> tuple[str, ...]:
        """Return the paths in *tree* at which other repositories lie."""
        lines = self.run("ls-tree", "-r", "-z", tree).split("\0")
        return tuple(line.partition("\t")[2] for line in lines if line.startswith(GITLINK))

    def ignored_by(self, tree: str, paths: Collection[str]) -> frozenset[str]:
        """Return those of *paths* that the .gitignore files of *tree* (and the user's own rules) ignore."""
        names = self.run("ls-tree", "-r", "-z", "--name-only", tree).split("\0")
        rules = [path for path in names if path.rpartition("/")[2] == ".gitignore"]
        with tempfile.TemporaryDirectory(prefix="profile-router-") as folder:
            self.index(_RULES).unlink(missing_ok=True)
            self.run("read-tree", tree, index=_RULES)
            self.write_out(rules, _RULES, Path(folder))
            asked = "".join(f"{path}\0" for path in paths)
            said = self.run("check-ignore", "--no-index", "-z", "--stdin", files=Path(folder), ok=(0, 1), send=asked)
        return frozenset(said.split("\0")) - {""}

    def has_gitlink(self, tree: str) -> bool:
        """Tell whether *tree* holds another repository: its files are in none of our trees."""
        return bool(self.gitlinks(tree))


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
