"""A git repository: where its folders are, and which of its settings our git uses."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from profile_router.git.command import git

# Settings that decide how files are read and written. None can name a program; all others are ignored.
CARRIED = frozenset({
    "core.autocrlf", "core.eol", "core.filemode", "core.symlinks", "core.ignorecase", "core.precomposeunicode",
    "core.trustctime", "core.checkstat", "core.excludesfile", "core.attributesfile", "core.sparsecheckout",
    "core.sparsecheckoutcone", "core.repositoryformatversion", "extensions.objectformat",
})  # fmt: skip
_FILTER = "filter."


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """Where a repository is: the top of its work tree, its git folder, and the folder that all its work trees share."""

    top: Path
    git_dir: Path
    common: Path

    @property
    def objects(self) -> Path:
        """Return the folder of its objects."""
        return self.common / "objects"


@dataclass(frozen=True, slots=True, kw_only=True)
class GitSettings:
    """The settings in force, from every source. `carried` say how files are read and written; `named` name the
    committer. `filters` are the names of the filter drivers that git would run."""

    carried: Mapping[str, str] = field(default_factory=dict)
    named: Mapping[str, str] = field(default_factory=dict)
    filters: frozenset[str] = frozenset()


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
    drivers = (name.removeprefix(_FILTER).rpartition(".")[0] for name in values if name.startswith(_FILTER))
    return GitSettings(carried=_with_files(carried), named=named, filters=frozenset(drivers))


def _with_files(carried: dict[str, str]) -> dict[str, str]:
    """Return *carried* with the full paths of the user's ignore and attribute files: git finds them through HOME."""
    home = os.environ.get("XDG_CONFIG_HOME") or "~/.config"
    for name, usual in (("core.excludesfile", "ignore"), ("core.attributesfile", "attributes")):
        carried[name] = os.path.expanduser(carried.get(name) or f"{home}/git/{usual}")  # noqa: PTH111 - may have no home
    return carried
