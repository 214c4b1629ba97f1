"""An isolated copy of a git work tree as it is now, in which one writer cannot tread on another.

It is a repository of its own that borrows the objects of the user's. Several `git worktree`s of one repository share
its stash, branches and configuration, and a crash leaves an entry behind. Here all that a child commits, stashes or
breaks stays in a folder of ours. The user's repository is only read.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from profile_router.core.text import shown
from profile_router.errors import WorkspaceError
from profile_router.git.command import git
from profile_router.git.marks import facts_of, take_copy, take_mark
from profile_router.git.repository import Repository, locked_repository
from profile_router.git.trees import FilesTree, Trees
from profile_router.state.copy_folders import WORKTREES_FOLDER, door, hold, remove, tidy_up
from profile_router.state.folder import private_folder
from profile_router.state.whole_files import copy_whole
from profile_router.values import frozen
from profile_router.workspace.content import shown_size

# What checks need and git ignores by custom: dependencies, too large to copy. They are linked, so an installation in
# one shows in all, as it would without copies. Nothing else that git ignores is there: no `.env`, no build output.
LINKED = ("node_modules", ".venv", "venv", "vendor")
# As `git init` makes them.
_AS_GIT_MAKES_THEM = (
    *("core.repositoryformatversion", "extensions.objectformat"),
    *("core.filemode", "core.ignorecase"),
)
_IDENTITY = ("-c", "user.name=profile-router", "-c", "user.email=profile-router@localhost")


@frozen
class Copy:
    """A copy of a work tree. `top` is its folder, `base` the tree it began with, `links` what leads out of it.
    `left_out` are the files, with their sizes, that were too large to copy."""

    trees: Trees
    top: Path
    base: FilesTree
    links: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()

    def folder(self, original: Path) -> Path:
        """Return where *original*, a folder of the work tree, is in this copy."""
        place = self.top / original.relative_to(self.trees.repository.top)
        place.mkdir(parents=True, exist_ok=True)
        return place

    def tree(self) -> FilesTree:
        """Return the tree of the copy as it is now, by the rules of the user's repository."""
        return take_copy(self.trees, self.top, "copy", self.links)


def why_in_place(repository: Repository, state: Path) -> str:
    """Return why a copy of *repository* would not be whole; empty where it would. Raises WorkspaceError."""
    if Path(os.path.realpath(state)).is_relative_to(repository.top):
        return f"the state folder {state} lies inside of it"
    for partly in ("core.sparseCheckout", "extensions.partialClone"):
        if git(repository.top, "config", "--get", partly, ok=(0, 1)).strip().lower() not in ("", "false"):
            return f"the repository is only partly here ({partly})"
    listed = git(repository.top, "ls-files", "-z", "--stage")
    if any(entry.startswith("160000 ") for entry in listed.split("\0")):
        return "it has submodules"
    others = git(repository.top, "ls-files", "-z", "--others", "--exclude-standard").split("\0")
    inner = next((name for name in others if name.endswith("/")), "")
    return f"{shown(inner)} in it is a repository of its own" if inner else ""


@contextmanager
def opened_copy(repository: Repository, state: Path, *, tidy: Callable[[Path], object] = remove) -> Iterator[Copy]:
    """Give a copy of *repository*'s work tree as it is now, below *state*, and *tidy* it up afterwards.

    It has tracked and untracked files, and of ignored ones the folders of LINKED alone. Copies that dead processes left
    are tidied up first. Raises WorkspaceError where git fails.
    """
    place, alive = _new_place(private_folder(Path(os.path.realpath(state)) / WORKTREES_FOLDER), tidy)
    try:
        trees = Trees(repository, place / "store")
        with locked_repository(repository, state):
            mark = take_mark(trees)
        base = mark.files
        if trees.gitlinks(base):
            raise WorkspaceError(f"{repository.top} holds another repository; name the one to work in by --workspace")
        top = place / (repository.top.name or "files")
        links = _linked_folders(repository)
        _lay_out(trees, base, top, links)
        left_out = tuple(f"{shown(path)} ({shown_size(fact.size)})" for path, fact in facts_of(trees, mark).items())
        yield Copy(trees=trees, top=top, base=base, links=links, left_out=left_out)
    finally:
        tidy(place)
        alive.close()


def _new_place(home: Path, tidy: Callable[[Path], object]) -> tuple[Path, IO[bytes]]:
    """Make a folder for one copy, with a lock in it that is held while this process lives; *tidy* those of the dead."""
    with door(home):
        tidy_up(home, tidy)
        place = home / secrets.token_hex(4)
        place.mkdir(mode=0o700)
        return place, hold(place)


def _linked_folders(repository: Repository) -> tuple[str, ...]:
    """Return the folders of LINKED that git ignores, wherever they are."""
    listed = git(repository.top, "ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--directory")
    folders = (name.removesuffix("/") for name in listed.split("\0") if name.endswith("/"))
    return tuple(name for name in folders if name.rpartition("/")[2] in LINKED)


def _lay_out(trees: Trees, base: FilesTree, top: Path, links: tuple[str, ...]) -> None:
    """Make *top* a repository of its own, and put the files of *base* there. Its one commit, of *base*, follows the
    user's."""
    repository = trees.repository
    top.mkdir(mode=0o700)
    form = git(repository.top, "rev-parse", "--show-object-format").strip()
    git(top, "init", "--quiet", "--template=", f"--object-format={form}")
    git_folder = top / ".git"
    (git_folder / "info").mkdir(exist_ok=True)
    (git_folder / "objects" / "info").mkdir(parents=True, exist_ok=True)
    (git_folder / "objects" / "info" / "alternates").write_text(f"{trees.objects}\n{repository.objects}\n")
    _copy_settings(trees, git_folder, links)
    (git_folder / "HEAD").write_text(f"{_commit(trees, base)}\n")
    trees.lay_out(base, top, "copy")
    copy_whole(trees.index("copy"), git_folder / "index")
    for name in links:
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).symlink_to(repository.top / name)


def _commit(trees: Trees, tree: FilesTree) -> str:
    head = git(trees.repository.top, "rev-parse", "--quiet", "--verify", "HEAD^{commit}", ok=(0, 1)).strip()
    parents = ("-p", head) if head else ()
    message = "The work tree as the task found it"
    return trees.run(*_IDENTITY, "commit-tree", "--no-gpg-sign", *parents, "-m", message, tree).strip()


def _copy_settings(trees: Trees, git_folder: Path, links: tuple[str, ...]) -> None:
    """Give the copy the settings that say how files are read and written. No filter: what it holds is unfiltered."""
    repository = trees.repository
    for name, value in {**trees.settings.carried, **trees.settings.named}.items():
        if name not in _AS_GIT_MAKES_THEM:
            git(git_folder.parent, "config", name, value)
    git(git_folder.parent, "config", "commit.gpgSign", "false")  # no one is there to unlock a key
    for name in ("info/exclude", "info/attributes", "shallow"):
        if (repository.common / name).is_file():
            shutil.copy2(repository.common / name, git_folder / name)
    with (git_folder / "info" / "exclude").open("a", encoding="utf-8", errors="surrogateescape") as file:
        # a pattern that ends in a slash means folders, and these are links
        file.writelines(f"\n/{name}\n" for name in links)
