"""Wait at a socket and fork for each request. The parent reads nothing of it, so nothing of it stays behind.

One thread, no event loop, no open database: what is here is copied into every fork.
"""

from __future__ import annotations

import gc
import os
import select
import signal
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from profile_router.adapters.worker.request import become
from profile_router.errors import StateError
from profile_router.hermes_plugin.worker import inherited, locked, opened, peer

Main = Callable[[Sequence[str]], int]
_BETWEEN_LOOKS_S = 5.0
_WAITING = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """Serves at the socket *file* until nobody has asked for *idle_s* seconds.

    `warm` imports what requests need, `main` is the command line, `code` identifies the code on disk.
    """

    file: Path
    idle_s: float
    warm: Callable[[], None]
    main: Main
    code: Callable[[], object]
    ready: Callable[[], None] = field(default=lambda: None)

    def serve(self) -> bool:
        """Serve, and return True at the end; False at once where another one serves there. Raises StateError.

        It ends when idle, by SIGTERM or Ctrl-C, when its code on disk is another, and when its socket is not its own
        any more. What it has forked goes on.
        """
        try:
            self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with opened(self.file.parent) as place:
                lock = locked(place / f"{self.file.stem}.lock")
                if lock is None:
                    return False
                try:
                    self._serve(place / self.file.name, lock)
                finally:
                    os.close(lock)
        except OSError as error:
            raise StateError(
                f"the worker cannot serve at {self.file} ({error.strerror or error}); its folder must be yours alone "
                "(mode 0700): name another with --socket FILE"
            ) from None
        return True

    def _serve(self, at: Path, lock: int) -> None:
        os.ftruncate(lock, 0)
        os.write(lock, b"%d\n" % os.getpid())
        code = self.code()
        with suppress(_Ended), _ended_by_signals():
            self.warm()
            _alone()
            with _bound(at) as listener:
                mine = _inode(at)
                self.ready()
                deadline = time.monotonic() + self.idle_s
                while (left := deadline - time.monotonic()) > 0 and _inode(at) == mine:
                    if not select.select([listener], [], [], min(left, _BETWEEN_LOOKS_S))[0]:
                        continue
                    if self.code() != code:
                        return
                    self._take(listener)
                    deadline = time.monotonic() + self.idle_s

    def _take(self, listener: socket.socket) -> None:
        with suppress(BlockingIOError, ConnectionError):
            line, _ = listener.accept()
            with line:
                if not _is_like_us(line):
                    return
                with _no_signal():
                    if os.fork() == 0:
                        _forked(line, self.main)


class _Ended(Exception):
    """A signal asks the worker to end."""


def _forked(line: socket.socket, main: Main) -> NoReturn:
    """Be the process of a request. Never returns: what cleans up further up is the parent's."""
    try:
        become(line, main)
    finally:
        os._exit(1)


def _alone() -> None:
    """Make what was imported ready to be shared. Raises StateError where an import has started a thread."""
    threads = len(list(Path("/proc/self/task").iterdir()))
    if threads > 1:
        raise StateError(f"an import has started {threads - 1} threads, which no fork keeps: there can be no worker")
    gc.collect()
    gc.freeze()  # else each fork's collector would touch, and so copy, all of it


@contextmanager
def _bound(at: Path) -> Iterator[socket.socket]:
    """Listen at *at*, for its owner only; whatever was left there is replaced: the lock is ours."""
    with socket.socket(socket.AF_UNIX) as listener:
        at.unlink(missing_ok=True)
        before = os.umask(0o177)
        try:
            listener.bind(str(at))
        finally:
            os.umask(before)
        mine = _inode(at)
        try:
            listener.listen(_WAITING)
            listener.setblocking(False)
            yield listener
        finally:
            if mine is not None and _inode(at) == mine:
                at.unlink(missing_ok=True)


def _inode(at: Path) -> tuple[int, int] | None:
    try:
        found = at.lstat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _is_like_us(line: socket.socket) -> bool:
    """Tell whether a process of ours can stand in for one of theirs: same user, rights, limits, namespaces."""
    try:
        pid, user = peer(line)
        return user == os.geteuid() and inherited(pid) == inherited()
    except OSError:
        return False


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    def ended(*_: object) -> NoReturn:
        raise _Ended

    signals = {name: signal.signal(name, ended) for name in (signal.SIGTERM, signal.SIGINT)}
    children = signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them: they report for themselves
    try:
        yield
    finally:
        for name, before in {**signals, signal.SIGCHLD: children}.items():
            signal.signal(name, before)


@contextmanager
def _no_signal() -> Iterator[None]:
    """Hold signals back around a fork: in the child they mean something else."""
    held = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, held)
