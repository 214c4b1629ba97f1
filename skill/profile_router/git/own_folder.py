"""A git folder of our own: git works on a repository's files without the repository's settings. Settings of a
repository can name programs: filters, hooks, monitors, drivers for diffs and merges. Overriding each one would miss the
next. So git gets a folder with only the settings of an allow-list. Settings of the user and the machine are left out
too: a user's filter, such as git-lfs, runs programs that the repository names. Attributes and ignore rules count as
they do for the user.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from profile_router.git.repository import GitSettings, Repository
from profile_router.state.whole_files import copy_whole, write_whole

_NOWHERE = os.devnull
_RULES = ("info/exclude", "info/attributes")


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
    _follow(repository.git_dir / "info/sparse-checkout", folder / "info/sparse-checkout")
    return {
        "GIT_DIR": str(folder),
        "GIT_OBJECT_DIRECTORY": str(objects),
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": _quoted(repository.objects),
        "GIT_CONFIG_GLOBAL": _NOWHERE,
        "GIT_CONFIG_SYSTEM": _NOWHERE,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_COUNT": "0",
        "GIT_CONFIG_PARAMETERS": "",
        "HOME": str(folder),  # for git before 2.32, which ignores GIT_CONFIG_GLOBAL
        "XDG_CONFIG_HOME": str(folder),
    }


def copy_index(repository: Repository, folder: Path, index: Path) -> None:
    """Copy *repository*'s own index to *index*; do nothing if it has none."""
    index.with_name(f"{index.name}.lock").unlink(
        missing_ok=True
    )  # left by a killed process of ours: nobody else uses it
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
