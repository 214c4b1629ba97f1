"""Guard one command: what it started ends with it, and with whoever ordered it. Our python runs this file by its path.

Arguments: the descriptors of the lifeline and of the locks to hold, joined by commas; then the command's words. The
lifeline is a socket. When nothing more comes by it, whoever ordered is done or gone, and all is ended. By it is told
what could not be ended. What leaves the command's session, or outlives who started it, is a child of this process.

Imports are most of what a guard costs: `signal`, `ctypes` and `contextlib` would double it.
"""

# ruff: noqa: SIM105

from __future__ import annotations

import _signal  # type: ignore[import-not-found]
import os
import select
import sys

_BECOME_SUBREAPER = 36  # linux/prctl.h
_NOT_STARTED = 127


def main() -> None:
    """Run the command, end what it left, tell what could not be ended, and end as it ended."""
    lifeline, *locks = map(int, sys.argv[1].split(","))
    for number in (lifeline, *locks):
        os.set_inheritable(number, False)
    adopts = _adopt()
    woken = _woken_by_children()
    try:
        command = _spawned(sys.argv[2:])
    except OSError as error:
        os.write(2, f"{sys.argv[2]}: {error.strerror}\n".encode("utf-8", "backslashreplace"))
        _tell(lifeline, "")
        os._exit(_NOT_STARTED)
    status = _ended(command, lifeline, woken)
    left = "" if adopts and status is not None and _childless() else _end_rest(command)
    _tell(lifeline, left or ("" if adopts and _childless() else "?"))
    _end_as(_signal.SIGKILL if status is None else status)


def _spawned(words: list[str]) -> int:
    """Start *words* in a session of their own, or in a group where this system has no such start."""
    heard = (_signal.SIGPIPE, _signal.SIGXFSZ)  # our python ignores both
    try:
        return os.posix_spawnp(words[0], words, os.environ, setsid=True, setsigdef=heard)
    except NotImplementedError:
        return os.posix_spawnp(words[0], words, os.environ, setpgroup=0, setsigdef=heard)


def _adopt() -> bool:
    """Become the parent of what loses its own, and tell whether this system can do that."""
    try:
        import _ctypes

        call = _ctypes.dlsym(_ctypes.dlopen(None, 0), "prctl")  # type: ignore[arg-type]
        return bool(_ctypes.call_function(call, (_BECOME_SUBREAPER, 1, 0, 0, 0)) == 0)
    except (ImportError, OSError, AttributeError):  # a python without it, or another system
        return False


def _woken_by_children() -> int:
    """Return the descriptor that can be read when a child has ended."""
    woken, wake = os.pipe()
    os.set_blocking(woken, False)
    os.set_blocking(wake, False)
    _signal.signal(_signal.SIGCHLD, lambda *_: None)
    _signal.set_wakeup_fd(wake)
    return woken


def _ended(command: int, lifeline: int, woken: int) -> int | None:
    """Return the status by which *command* ended; None when nothing more comes by the *lifeline* before."""
    waiting = select.poll()
    waiting.register(lifeline, select.POLLIN)
    waiting.register(woken, select.POLLIN)
    while True:
        ready = {number for number, _ in waiting.poll()}
        if woken in ready:
            os.read(woken, 4096)
            while (found := _reaped())[0]:
                if found[0] == command:
                    return found[1]
        if lifeline in ready:
            return None


def _reaped() -> tuple[int, int]:
    """Return a child that has ended and its status; the child is 0 while there is none, -1 where there is no child."""
    try:
        return os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return -1, 0


def _childless() -> bool:
    while (pid := _reaped()[0]) > 0:
        pass
    return pid < 0


def _end_rest(command: int) -> str:
    """End what is left of *command* and of all that it started; return what could not be, joined by blanks."""
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120
    family = __import__("family")

    def left() -> frozenset[int]:
        return frozenset() if _childless() else family.descendants(os.getpid())

    family.end_group(command)
    return " ".join(map(str, sorted(family.end_all(left))))


def _tell(lifeline: int, survivors: str) -> None:
    try:
        os.write(lifeline, f"ended {survivors}".encode())
    except OSError:  # whoever ordered is gone
        pass


def _end_as(status: int) -> None:
    """End by the signal, or with the exit code, of *status*."""
    if not os.WIFSIGNALED(status):
        os._exit(os.WEXITSTATUS(status))
    import resource

    number = os.WTERMSIG(status)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if number != _signal.SIGKILL:
        _signal.signal(number, _signal.SIG_DFL)
    os.kill(os.getpid(), number)
    os._exit(128 + number)


if __name__ == "__main__":
    main()
