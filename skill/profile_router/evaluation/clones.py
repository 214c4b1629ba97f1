"""Lay out a row's repository as it was at its base commit, from a clone that is only read.

Each repository gets one scratch folder with a git folder of ours. That borrows the clone's objects, and takes none of
its settings. Going from commit to commit rewrites only what differs. Links become plain files: no path leads outside.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

from profile_router.errors import WorkspaceError
from profile_router.git.command import git
from profile_router.state.whole_files import write_whole
from profile_router.values import frozen

_TIMEOUT_S = 300.0
_ODD = frozenset({"", ".", ".."})  # in a tree no part of a path is called so
_CONFIG = b"[core]\n\trepositoryformatversion = 0\n\tbare = false\n\tsymlinks = false\n\tfilemode = false\n"
_ALONE = {
    "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull, "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_COUNT": "0", "GIT_CONFIG_PARAMETERS": "", "GIT_ATTR_NOSYSTEM": "1",
}  # fmt: skip


@frozen
class PastTree:
    """A repository as it was at *commit*: git reads it in the git folder `clone`; `lay_out` makes a folder of it."""

    clone: Path
    commit: str
    lay_out: Callable[[], Path]

    def has(self, paths: Collection[str]) -> list[str]:
        """Return those of *paths* that are files of the commit. Raises WorkspaceError where the commit is not there."""
        wanted = [path for path in paths if "\n" not in path and not _ODD & {*path.split("/")}]
        send = "".join(f"{self.commit}:{path}\n" for path in wanted)
        env = {**_ALONE, "GIT_DIR": str(self.clone)}
        if git(self.clone, "cat-file", "-t", self.commit, env=env, ok=(0, 128)).strip() != "commit":
            raise WorkspaceError(
                f"{self.clone} lacks the commit {self.commit}; fetch it: git fetch origin {self.commit}"
            )
        said = git(self.clone, "cat-file", "--batch-check=%(objecttype)", env=env, send=send).splitlines()
        return [path for path, line in zip(wanted, said, strict=True) if line == "blob"]


class Clones:
    """The clones below *repos*, bare or not: as `OWNER/NAME`, `OWNER+NAME`, `OWNER__NAME` or `NAME`.

    *scratch* is a folder of ours, which the caller removes.
    """

    def __init__(self, repos: Path, scratch: Path) -> None:
        self._repos, self._scratch = repos, scratch
        self._found: dict[str, Path | None] = {}

    def has(self, repo: str) -> bool:
        """Tell whether there is a clone of *repo* (`owner/name`)."""
        return self._objects(repo) is not None

    def tree(self, repo: str, commit: str) -> PastTree:
        """Return *repo* as it was at *commit*. Raises WorkspaceError without a clone."""
        objects = self._objects(repo)
        if objects is None:
            raise WorkspaceError(f"no clone of {repo} below {self._repos}; clone it there as {repo}")
        return PastTree(clone=objects.parent, commit=commit, lay_out=lambda: self.at(repo, commit))

    def at(self, repo: str, commit: str) -> Path:
        """Return a folder with the files of *repo* at *commit*, good until the next call for that *repo*.

        Raises WorkspaceError without a clone, or where the commit is not in it.
        """
        objects = self._objects(repo)
        if objects is None:
            raise WorkspaceError(f"no clone of {repo} below {self._repos}; clone it there as {repo}")
        place = self._scratch / repo.replace("/", "+")
        if not (place / ".git").exists():
            _borrow(objects, place / ".git")
        env = {**_ALONE, "GIT_DIR": str(place / ".git"), "GIT_WORK_TREE": str(place)}
        if git(place, "cat-file", "-t", commit, env=env, ok=(0, 128)).strip() != "commit":
            raise WorkspaceError(f"the clone of {repo} lacks the commit {commit}; fetch it: git fetch origin {commit}")
        write_whole(place / ".git" / "HEAD", f"{commit}\n".encode())
        _lay_out(place, commit, env)
        return place

    def _objects(self, repo: str) -> Path | None:
        if repo not in self._found:
            self._found[repo] = next(filter(None, map(_objects_of, _places(self._repos, repo))), None)
        return self._found[repo]


def _places(repos: Path, repo: str) -> list[Path]:
    owner, _, name = repo.partition("/")
    names = (f"{owner}/{name}", f"{owner}+{name}/repo", f"{owner}+{name}", f"{owner}__{name}", name)
    return [repos / f"{one}{end}" for one in names for end in ("", ".git")]


def _objects_of(place: Path) -> Path | None:
    """Return the folder of objects of the repository at *place*; None without one."""
    for folder in (place / ".git", place):
        if (folder / "objects").is_dir() and (folder / "HEAD").is_file():
            return folder / "objects"
    return None


def _borrow(objects: Path, folder: Path) -> None:
    """Make *folder* a git folder that reads *objects*, and knows where a shallow history ends."""
    for name in ("objects/info", "refs", "info"):
        (folder / name).mkdir(mode=0o700, parents=True, exist_ok=True)
    write_whole(folder / "config", _CONFIG)
    write_whole(folder / "HEAD", b"ref: refs/heads/none\n")
    write_whole(folder / "objects/info/alternates", os.fsencode(objects.resolve()) + b"\n")
    write_whole(folder / "info/exclude", b".aider*\n")  # what a peer keeps beside the files
    shallow = objects.parent / "shallow"
    if shallow.is_file():
        write_whole(folder / "shallow", shallow.read_bytes())


def _lay_out(place: Path, commit: str, env: Mapping[str, str]) -> None:
    (place / ".git" / "index.lock").unlink(missing_ok=True)
    try:
        git(place, "read-tree", "--reset", "-u", commit, env=env, timeout_s=_TIMEOUT_S)
    except WorkspaceError:  # a clone may lack its largest files
        git(place, "read-tree", "--reset", "-u", _without_absent(place, commit, env), env=env, timeout_s=_TIMEOUT_S)


def _without_absent(place: Path, commit: str, env: Mapping[str, str]) -> str:
    """Return a tree like that of *commit*, without the files whose content the clone lacks."""
    beside = {**env, "GIT_INDEX_FILE": str(place / ".git" / "index.part")}
    git(place, "read-tree", "--reset", commit, env=beside)
    listed = [line.partition("\t") for line in git(place, "ls-files", "-z", "--stage", env=beside).split("\0")[:-1]]
    names = [about.split(" ")[1] for about, _, _ in listed]
    said = git(place, "cat-file", "--batch-check", env=env, send="".join(f"{name}\n" for name in names)).splitlines()
    gone = [path for (_, _, path), line in zip(listed, said, strict=True) if line.endswith(" missing")]
    send = "".join(f"{path}\0" for path in gone)
    git(place, "update-index", "-z", "--force-remove", "--stdin", env=beside, send=send)
    return git(place, "write-tree", "--missing-ok", env=beside).strip()
