"""Carry out a plan whole or not at all: what goes wrong in the middle, Ctrl-C too, puts everything back."""

from __future__ import annotations

import os
import re
import signal
import stat
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from profile_router.errors import UsageError
from profile_router.expressions import expression
from profile_router.install.changes import Change
from profile_router.machine.end_signals import ENDINGS, note_end
from profile_router.outside.plain_file import read_plain

_MOST_BYTES = 64_000_000  # of a file that is written or edited
_SIGNALS = (signal.SIGINT, *ENDINGS)
_TEMPORARY = (".profile-router.", ".half")
_LEFT = expression(rf"{re.escape(_TEMPORARY[0])}[a-z0-9_]{{8}}{re.escape(_TEMPORARY[1])}")  # as tempfile names them

_Undo = Callable[[], None]


def apply(changes: Iterable[Change]) -> None:
    """Carry out *changes* in their order.

    Raises UsageError, and KeyboardInterrupt for Ctrl-C, SIGTERM or SIGHUP; then nothing has changed.
    """
    undone: list[_Undo] = []
    with _deferred_signals() as check:
        try:
            for change in changes:
                check()
                undone.append(_carry_out(change))
            check()
        except BaseException as error:
            for undo in reversed(undone):
                with suppress(OSError):  # go on: the rest can still be put back
                    undo()
            if isinstance(error, OSError):
                raise UsageError(_error_said(error)) from None
            raise


def read_file(path: Path) -> bytes | None:
    """Return what the file *path* holds, None where nothing is there. Raises UsageError where it cannot be read."""
    try:
        return read_plain(path, _MOST_BYTES)
    except OSError as error:
        raise UsageError(_error_said(error)) from None


def leftovers(folders: Iterable[Path]) -> Iterator[Path]:
    """Yield the halves of files that a kill in the middle of writing has left in *folders*."""
    for folder in sorted(set(folders)):
        with suppress(OSError):
            found = [entry.path for entry in os.scandir(folder) if _LEFT.fullmatch(entry.name) and entry.is_file()]
            yield from map(Path, sorted(found))


def _error_said(error: OSError) -> str:
    place = error.filename2 or error.filename
    where = f"{place}: " if place else ""
    return f"{where}{error.strerror}; nothing was changed. Check it with `ls -ld` and `df`, then try again"


@contextmanager
def _deferred_signals() -> Iterator[Callable[[], None]]:
    """Hold back what would end us between two changes; what is yielded raises KeyboardInterrupt if one came.

    What is ignored, as `nohup` has it, stays so.
    """
    came: list[int] = []

    def check() -> None:
        if came:
            note_end(came[0])
            raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield check
        return
    taken = [number for number in _SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, lambda number, _frame: came.append(number)) for number in taken}
    try:
        yield check
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _carry_out(change: Change) -> _Undo:
    """Carry *change* out, and return what puts back what was there, with its mode."""
    path = Path(change.path)
    if change.folder:
        return _remove_folder(path) if change.kind == "remove" else _make_folder(path, change.mode)
    before = read_file(path)
    if before != change.before:
        raise UsageError(f"{path} has changed just now; nothing was changed. Try again")
    mode = change.mode & ~_umask() if before is None else stat.S_IMODE(path.stat().st_mode)
    if change.content is None:
        path.unlink()
    else:
        _replace(path, change.content, mode)
    return path.unlink if before is None else partial(_replace, path, before, mode)


def _make_folder(path: Path, mode: int) -> _Undo:
    path.mkdir(mode=mode)
    return path.rmdir


def _remove_folder(path: Path) -> _Undo:
    mode = stat.S_IMODE(path.stat().st_mode)
    path.rmdir()

    def undo() -> None:
        path.mkdir()
        path.chmod(mode)

    return undo


def _umask() -> int:
    umask = os.umask(0)
    os.umask(umask)
    return umask


def _replace(path: Path, content: bytes, mode: int) -> None:
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=_TEMPORARY[0], suffix=_TEMPORARY[1])
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            os.fchmod(file.fileno(), mode)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
