"""Files that a user names for what is to be written. A file that is there and is not ours is not changed."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path

from profile_router.core.text import shown
from profile_router.errors import PolicyError, UsageError
from profile_router.outside.plain_file import read_plain
from profile_router.policies.file import read_policy
from profile_router.state.whole_files import PRIVATE_MODE, write_whole
from profile_router.values import frozen

_LARGEST_PAGE = 100_000_000
_READABLE = 0o644  # a page is there to be shown


@frozen
class OutputFile:
    """The file *path* that the *option* names. `mode` is its own where it is there, else that of its kind."""

    option: str
    path: Path
    mode: int

    def write(self, text: str) -> None:
        """Write *text*, whole or not at all. Raises UsageError where the file cannot be written."""
        try:
            write_whole(self.path, text.encode(), mode=self.mode)
            self.path.chmod(self.mode)  # the umask may have taken of it
        except OSError as error:
            raise UsageError(f"{self.option} {shown(str(self.path))} cannot be written ({error.strerror})") from None


def page_file(given: str) -> OutputFile:
    """Return the file *given* for a page: new, empty, or a page of ours. Raises UsageError."""
    return _output_file("--html", given, _READABLE, _is_page, "a page of profile-router")


def policy_file(given: str) -> OutputFile:
    """Return the file *given* for a policy: new, empty, or a policy. Raises UsageError."""
    return _output_file("--write", given, PRIVATE_MODE, _is_policy, "a policy")


def tell_page(given: str) -> None:
    """Say that the page is in the file *given*."""
    print(f"profile-router: the page is {given}", file=sys.stderr)


def _output_file(option: str, given: str, mode: int, ours: Callable[[Path], bool], what: str) -> OutputFile:
    if not given:
        raise UsageError(f"{option} is empty; name a file")
    try:
        path = Path(os.path.realpath(Path(given).absolute()))
        if not path.parent.is_dir():
            raise UsageError(f"{option} {shown(given)}: its folder is not there; make it first")
        found = path.stat() if os.path.lexists(path) else None
        if found is None:
            umask = os.umask(0)
            os.umask(umask)
            return OutputFile(option=option, path=path, mode=mode & ~umask)
        if not stat.S_ISREG(found.st_mode):
            raise UsageError(f"{option} {shown(given)} is not a plain file; name another one")
        if found.st_size and not ours(path):
            raise UsageError(f"{option} {shown(given)} is there and is not {what}; name another file, or remove it")
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise UsageError(f"{option} {shown(given)} cannot be used ({why}); name another file") from None
    return OutputFile(option=option, path=path, mode=stat.S_IMODE(found.st_mode))


def _is_page(path: Path) -> bool:
    from profile_router.pages.html import PAGE_BEGIN  # and its plots: only where there is a page already

    return (read_plain(path, _LARGEST_PAGE) or b"").startswith(PAGE_BEGIN.encode())


def _is_policy(path: Path) -> bool:
    try:
        read_policy(path)
    except PolicyError:
        return False
    return True
