"""Ask git, safely: the repository is the user's, but anybody may have written its configuration.

Git started here runs no hook, file system monitor, pager, external diff or transport. It takes no optional lock, asks
no question on the terminal and fetches no missing object. Commands that read or write file *contents* (add, diff of the
work tree, checkout) would also run `filter.*` programs. Those commands go through `own_git`, which has no such
configuration. Git itself refuses repositories that belong to another user (safe.directory), and that stays so.
"""

from __future__ import annotations

import os
from collections.abc import Container, Mapping
from pathlib import Path

from profile_router.errors import WorkspaceError
from profile_router.outside.places import is_place_named

TIMEOUT_S = 30.0

_SETTINGS = (
    "safe.bareRepository=explicit",
    "core.fsmonitor=false",
    "core.splitIndex=false",
    "core.hooksPath=/dev/null",
    "core.quotePath=false",
    "log.showSignature=false",
    "submodule.recurse=false",
    "diff.ignoreSubmodules=dirty",
)
_NO_WORK_TREE = ("must be run in a work tree", "not a git repository", "cannot use bare repository")
_SAFE = ("--no-pager", *(word for setting in _SETTINGS for word in ("-c", setting)))
_SET = {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "GIT_NO_LAZY_FETCH": "1", "GIT_ALLOW_PROTOCOL": "none",
        "LC_ALL": "C"}  # fmt: skip
# The variables that `git rev-parse --local-env-vars` lists, without the configuration, and those that change git's
# output.
_DROPPED = frozenset({
    "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_COMMON_DIR", "GIT_DIR", "GIT_GRAFT_FILE", "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE", "GIT_NAMESPACE", "GIT_NO_REPLACE_OBJECTS", "GIT_OBJECT_DIRECTORY", "GIT_PREFIX",
    "GIT_REPLACE_REF_BASE", "GIT_SHALLOW_FILE", "GIT_WORK_TREE", "GIT_DIFF_OPTS", "GIT_EXTERNAL_DIFF",
    "GIT_GLOB_PATHSPECS", "GIT_ICASE_PATHSPECS", "GIT_LITERAL_PATHSPECS", "GIT_NOGLOB_PATHSPECS",
})  # fmt: skip


def has_git() -> bool:
    """Tell whether there is a git on PATH."""
    # `shutil.which` imports the packers of its archives, for two milliseconds.
    programs = (os.path.join(folder, "git") for folder in os.get_exec_path())  # noqa: PTH118
    return any(os.path.isfile(one) and os.access(one, os.X_OK) for one in programs)  # noqa: PTH113


def git(
    root: Path,
    *args: str,
    timeout_s: float = TIMEOUT_S,
    ok: Container[int] = (0,),
    env: Mapping[str, str] | None = None,
    send: str = "",
) -> str:
    """Return the output of `git -C root args`; names that are not UTF-8 come as surrogates.

    Raises WorkspaceError for an exit code outside *ok*, without git, and after *timeout_s* seconds. *env* is added to
    the environment, for example GIT_INDEX_FILE. Git reads *send* on its standard input.
    """
    with GitAtWork(root, *args, env=env) as asked:
        return os.fsdecode(asked.output(timeout_s, ok=ok, send=send))


class GitAtWork:
    """A git that works while we do something else. It ends with the block. Raises WorkspaceError without git."""

    def __init__(self, root: Path, *args: str, env: Mapping[str, str] | None = None) -> None:
        import subprocess  # saves 10 ms for a route outside of a repository

        self._root, self._command = root, args[0]
        words = ["git", "-C", os.fspath(root), *_SAFE, *args]
        try:
            self._process = subprocess.Popen(
                words,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=_environment() | dict(env or {}),
            )
        except (OSError, ValueError) as error:
            raise WorkspaceError(f"git cannot be run in {root}: {error}; install git, or check PATH") from None

    def __enter__(self) -> GitAtWork:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.__exit__(None, None, None)

    def output(self, timeout_s: float = TIMEOUT_S, *, ok: Container[int] = (0,), send: str = "") -> bytes:
        """Return what git said, after *timeout_s* more seconds at the most. Raises WorkspaceError as `git` does."""
        import subprocess

        try:
            told, complaint = self._process.communicate(os.fsencode(send), timeout_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            raise WorkspaceError(
                f"git {self._command} in {self._root} took more than {timeout_s:g} s; "
                "try it there, or leave --workspace out"
            ) from None
        except (OSError, ValueError) as error:
            raise WorkspaceError(f"git cannot be run in {self._root}: {error}; install git, or check PATH") from None
        if self._process.returncode not in ok:
            raise WorkspaceError(_complaint(self._root, self._command, self._process.returncode, complaint))
        return told


def folder_with_git(folder: Path) -> Path | None:
    """Return the nearest folder around *folder* that has a `.git`, without asking git; None if it has none."""
    return next((place for place in (folder, *folder.parents) if is_place_named(str(place / ".git"))), None)


def work_tree(folder: Path) -> Path | None:
    """Return the top of the git work tree around *folder*; None outside of one, or without git.

    A repository that git refuses to read (owned by another user, damaged) raises WorkspaceError.
    """
    if folder_with_git(folder) is None or not has_git():
        return None
    try:
        inside, _, top = git(folder, "rev-parse", "--is-inside-work-tree", "--show-toplevel").partition("\n")
    except WorkspaceError as error:
        if any(said in str(error) for said in _NO_WORK_TREE):
            return None
        raise
    return Path(top.removesuffix("\n")) if inside == "true" else None


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in _DROPPED} | _SET


def _complaint(root: Path, command: str, code: int, stderr: bytes) -> str:
    lines = [line for line in stderr.decode("utf-8", "backslashreplace").splitlines() if line.strip()]
    said = next((line for line in lines if line.startswith(("fatal:", "error:"))), lines[0] if lines else "no message")
    if "dubious ownership" in said:
        owned = said.partition("repository at '")[2].rstrip("'") or root
        return f"{owned} belongs to another user; if you trust it: git config --global --add safe.directory '{owned}'"
    return f"git {command} failed in {root} (exit {code}): {said}; see what `git -C '{root}' status` says"
