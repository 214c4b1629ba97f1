"""A git repository: its folders, settings and lock, and the git folder that our git uses instead of its own.

Settings of a repository can name programs: filters, hooks, monitors, drivers for diffs and merges. Overriding each one
would miss the next. So git gets a folder of ours with only the settings of an allow-list. Settings of the user and the
machine are left out too. A user's filter, such as git-lfs, runs programs that the repository names. Attributes and
ignore rules count as they do for the user.
"""

from __future__ import annotations

import fcntl
import os
import stat
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import field
from pathlib import Path

from profile_router.errors import WorkspaceError
from profile_router.folders import users_folder
from profile_router.git.command import git
from profile_router.state.copy_folders import WORKTREES_FOLDER
from profile_router.state.folder import private_folder
from profile_router.state.whole_files import copy_whole, write_whole
from profile_router.values import frozen

LOCK_S = 60.0
# Settings that decide how files are read and written. None can name a program; all others are ignored. We
# ask the file system itself what it can do. By a setting that says less, a mark would not see a link or a mode.
CARRIED = frozenset({
    "core.autocrlf", "core.eol", "core.precomposeunicode", "core.checkstat", "core.excludesfile", "core.attributesfile",
    "core.repositoryformatversion", "extensions.objectformat",
})  # fmt: skip
_FILTER = "filter."
_OFF = ("", "false", "no", "off", "0")
_RULES = ("info/exclude", "info/attributes")


@frozen
class Repository:
    """Where a repository is: its work tree's top, its git folder, and that common to its work trees."""

    top: Path
    git_dir: Path
    common: Path

    @property
    def objects(self) -> Path:
        """Return the folder of its objects."""
        return self.common / "objects"


@frozen
class GitSettings:
    """The settings in force, from every source. `carried` say how files are read and written; `named` name the
    committer. `filters` are the names of the filter drivers that git would run. `sparse`: files may be left out of the
    work tree."""

    carried: Mapping[str, str] = field(default_factory=dict)
    named: Mapping[str, str] = field(default_factory=dict)
    filters: frozenset[str] = frozenset()
    sparse: bool = False


def find_repository(folder: Path) -> Repository:
    """Return the repository around *folder*. Raises WorkspaceError."""
    found = git(folder, "rev-parse", "--show-toplevel", "--absolute-git-dir", "--git-common-dir").split("\n")
    top, git_dir, common = (Path(os.path.realpath(folder / line)) for line in found[:3])
    return Repository(top=top, git_dir=git_dir, common=common)


def read_git_settings(repository: Repository) -> GitSettings:
    """Return the settings of *repository*, of its user and of included files. Raises WorkspaceError if git cannot read
    them.
    """
    listed = git(repository.top, "config", "--list", "-z")
    values = {name: value for name, _, value in (line.partition("\n") for line in listed.split("\0")) if name}
    # A name without `=` means true, and prints without a value.
    bare = {line for line in listed.split("\0") if line and "\n" not in line}
    carried = {name: "true" if name in bare else value for name, value in values.items() if name in CARRIED}
    named = {name: value for name, value in values.items() if name in {"user.name", "user.email"}}
    carried |= _abilities(repository)
    drivers = (name.removeprefix(_FILTER).rpartition(".")[0] for name in values if name.startswith(_FILTER))
    sparse = "core.sparsecheckout" in bare or values.get("core.sparsecheckout", "").lower() not in _OFF
    return GitSettings(carried=_with_files(carried), named=named, filters=frozenset(drivers), sparse=sparse)


def _abilities(repository: Repository) -> dict[str, str]:
    """Return what the file system of *repository* can do, as `git init` asks it: by files that git made itself."""
    try:
        modes = not (repository.git_dir / "HEAD").lstat().st_mode & stat.S_IXUSR  # no such file is a program
    except OSError:
        modes = True
    same_case = os.path.lexists(repository.common / "CoNfIg")
    return {"core.filemode": str(modes).lower(), "core.ignorecase": str(same_case).lower()}


def _with_files(carried: dict[str, str]) -> dict[str, str]:
    """Return *carried* with the full paths of the user's ignore and attribute files: git finds them through HOME."""
    usual = users_folder("CONFIG", os.environ) / "git"
    for name, file in (("core.excludesfile", "ignore"), ("core.attributesfile", "attributes")):
        carried[name] = os.path.expanduser(carried.get(name) or usual / file)  # noqa: PTH111 - may have no home
    return carried


def own_git(repository: Repository, settings: GitSettings, folder: Path, objects: Path) -> Mapping[str, str]:
    """Make *folder* a git folder for *repository*'s files; return the environment that makes git use it. New objects go
    to *objects*. Raises OSError if the folder cannot be written.
    """
    for name in ("objects", "refs", "info"):
        (folder / name).mkdir(mode=0o700, parents=True, exist_ok=True)
    write_whole(folder / "config", _written(settings.carried))
    write_whole(folder / "HEAD", b"ref: refs/heads/none\n")
    for name in _RULES:
        _follow(repository.common / name, folder / name)
    return {
        "GIT_DIR": str(folder),
        "GIT_OBJECT_DIRECTORY": str(objects),
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": _quoted(repository.objects),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_COUNT": "0",
        "GIT_CONFIG_PARAMETERS": "",
        "HOME": str(folder),  # for git before 2.32, which ignores GIT_CONFIG_GLOBAL
        "XDG_CONFIG_HOME": str(folder),
    }


def copy_index(repository: Repository, folder: Path, index: Path) -> None:
    """Copy *repository*'s own index to *index*; remove *index* if it has none."""
    try:
        copy_whole(repository.git_dir / "index", index)
    except FileNotFoundError:
        index.unlink(missing_ok=True)
        return
    for part in repository.git_dir.glob("sharedindex.*"):  # a split index names its other part relative to git's folder
        copy_whole(part, folder / part.name)


def _follow(there: Path, here: Path) -> None:
    """Link *here* to *there*, so that both always have the same content."""
    if not here.is_symlink():
        here.symlink_to(there)


def _quoted(objects: Path) -> str:
    """Return *objects* quoted for GIT_ALTERNATE_OBJECT_DIRECTORIES, a colon-separated list (git(1))."""
    text = str(objects)
    if not text.startswith('"') and ":" not in text and "\n" not in text:
        return text
    return '"{}"'.format(text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n"))


def _written(values: Mapping[str, str]) -> bytes:
    """Return *values* as a git configuration; names are `section.key`."""
    lines = []
    for name, value in values.items():
        section, _, key = name.partition(".")
        escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
        lines.append(f'[{section}]\n\t{key} = "{escaped}"\n')
    return os.fsencode("".join(lines))


@contextmanager
def locked_repository(repository: Repository, state: Path) -> Iterator[None]:
    """Hold the lock of *repository*, one for all processes of this user, while merging or looking."""
    folder = private_folder(Path(os.path.realpath(state)) / WORKTREES_FOLDER)
    name = "".join(char if char.isalnum() else "-" for char in str(repository.common))[-200:]
    deadline = time.monotonic() + LOCK_S
    with (folder / f"{name}.lock").open("ab") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise WorkspaceError(
                        f"another profile-router has been busy with {repository.top} for {LOCK_S:g} s; "
                        f"end it, or see who holds {file.name}"
                    ) from None
                time.sleep(0.02)
        yield
