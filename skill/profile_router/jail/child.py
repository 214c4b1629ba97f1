"""Run one command in a jail. Our own python runs this file by its path, isolated; the order is JSON in its argument.

Three processes: the outer one waits; the first of the new process namespace builds the view, watches, and takes all
with it when it ends; the command is its child. What is not in the view does not exist for the command.
"""

# pathlib's import would be a third of what this child takes to start.
# ruff: noqa: PTH102, PTH103, PTH106, PTH110, PTH112, PTH114, PTH118, PTH120, PTH123, PTH208, PTH211

from __future__ import annotations

import importlib.util
import json
import os
import resource
import signal
import sys
from contextlib import suppress
from typing import Any

JAIL_FAILED, CROWDED, SWOLLEN, MISSING = 250, 251, 252, 127  # exit codes of ours; a command's own are below 128 + 64
NO_JAIL = "the jail could not be made"  # what `JAIL_FAILED` means
_EVERY_SECONDS = 0.02
_LEAST_PIDS = 301  # the kernel takes no less
_DEVICES = ("null", "zero", "full", "random", "urandom")
_OLD, _SCRATCH = "/.old", "/.scratch"
_STAGE = "/tmp"  # noqa: S108 - a folder that is there everywhere, covered by the new root before anything is put in it
_PAGES_PER_MB = 1024 * 1024 // resource.getpagesize()


def main() -> None:
    """Take the order, run the command in the jail, and end as it ended."""
    order = json.loads(sys.argv[1])
    try:
        kernel, locks = _beside("kernel"), _beside("locks")
        kernel.end_with_parent(lambda: os.getppid() == order["parent"])
        kernel.enter_namespaces(kernel.NEW_NAMESPACES | (0 if order["network"] else kernel.NEW_NETWORK))
        outer = os.getpid()
        first = os.fork()
        if first == 0:
            _be_first(order, kernel, locks, outer)
    except BaseException as error:
        _fail(error)
    os._exit(_code(os.waitpid(first, 0)[1]))


def _beside(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(name, os.path.join(os.path.dirname(__file__), f"{name}.py"))
    if spec is None or spec.loader is None:
        raise ImportError(f"{name}.py is missing beside {__file__}")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _fail(error: BaseException) -> None:
    os.write(2, f"{error}\n".encode("utf-8", "backslashreplace"))
    os._exit(JAIL_FAILED)


def _code(status: int) -> int:
    return 128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


def _be_first(order: dict[str, Any], kernel: Any, locks: Any, outer: int) -> None:
    try:
        kernel.end_with_parent(lambda: os.path.exists(f"/proc/{outer}"))
        _build_view(order, kernel)
        if not order["network"]:
            kernel.loopback_up()
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
        command = os.fork()
        if command == 0:
            _be_command(order, kernel, locks)
        os._exit(_watch(command, order["processes"], order["memory_mb"]))
    except BaseException as error:
        _fail(error)


def _build_view(order: dict[str, Any], kernel: Any) -> None:
    """Make a root of our own out of the folders that the order names, in that order; nothing else is left in it."""
    kernel.mount("none", "/", flags=kernel.RECURSIVE | kernel.PRIVATE_MOUNT)
    size = f"mode=0755,size={order['scratch_mb']}m,nr_inodes=50000"
    kernel.mount("tmpfs", _STAGE, "tmpfs", kernel.NOSUID | kernel.NODEV, size)
    os.mkdir(f"{_STAGE}{_OLD}")
    kernel.change_root(_STAGE, f".{_OLD}")
    for folder in ("/proc", "/dev", "/dev/shm", "/tmp", "/tmp/home"):  # noqa: S108 - those of the new root
        os.mkdir(folder)
    for name, target in order["links"]:
        os.symlink(target, name)
    for name in _DEVICES:
        _place(f"{_OLD}/dev/{name}", f"/dev/{name}")
        kernel.mount(f"{_OLD}/dev/{name}", f"/dev/{name}", flags=kernel.BIND)
    for source, path, read_only in order["binds"]:
        _place(_OLD + source, path)
        kernel.bind(_OLD + source, path, read_only=read_only)
    for number, (source, path) in enumerate(order["lent"]):
        _place(_OLD + source, path)
        _lend(_OLD + source, path, f"{_SCRATCH}/{number}", kernel)
    for path in order["hidden"]:
        _hide(path, kernel)
    kernel.mount("proc", "/proc", "proc", kernel.NOSUID | kernel.NODEV | kernel.NOEXEC)
    for setting, value in (
        ("user/max_user_namespaces", "0"),
        ("kernel/pid_max", str(max(_LEAST_PIDS, order["tasks"]))),
    ):
        with suppress(OSError):  # the second is the namespace's own since Linux 6.14
            kernel.write(f"/proc/sys/{setting}", value)
    kernel.restrict("/proc", read_only=True)
    kernel.detach(_OLD)
    os.rmdir(_OLD)


def _lend(source: str, path: str, scratch: str, kernel: Any) -> None:
    """Let *source* be read at *path*, and what is written there go to *scratch*; no writing where the kernel cannot."""
    for part in ("new", "work"):
        os.makedirs(f"{scratch}/{part}")
    os.chdir(source)  # its name may hold what separates options
    try:
        layers = f"lowerdir=.,upperdir={scratch}/new,workdir={scratch}/work,userxattr"
        kernel.mount("overlay", path, "overlay", kernel.NOSUID | kernel.NODEV, layers)
    except OSError:
        kernel.bind(source, path, read_only=True)
    finally:
        os.chdir("/")


def _hide(path: str, kernel: Any) -> None:
    """Let something empty stand at *path*; it may be gone since the order was written."""
    with suppress(FileNotFoundError):
        if os.path.isdir(path) and not os.path.islink(path):
            kernel.mount("tmpfs", path, "tmpfs", kernel.NOSUID | kernel.NODEV, "size=4k,mode=0555")
        else:
            kernel.mount("/dev/null", path, flags=kernel.BIND)


def _place(source: str, target: str) -> None:
    """Make what *source* can be mounted on: a folder for a folder, an empty file for anything else."""
    if os.path.lexists(target):
        return
    folder = target if os.path.isdir(source) else os.path.dirname(target)
    os.makedirs(folder, exist_ok=True)
    if folder != target:
        os.close(os.open(target, os.O_CREAT | os.O_WRONLY, 0o600))


def _be_command(order: dict[str, Any], kernel: Any, locks: Any) -> None:
    try:
        os.chdir(order["stand"])
        kernel.give_up_privileges()
        locks.confine(kernel, [order["folder"], "/tmp", "/dev"])  # noqa: S108 - the jail's own
        locks.refuse_calls(kernel)
        for name, most in order["limits"].items():
            limit = getattr(resource, name)
            hard = resource.getrlimit(limit)[1]
            most = most if hard == resource.RLIM_INFINITY else min(most, hard)
            resource.setrlimit(limit, (most, most))
        for number in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
        _become(order["argv"], order["environment"])
    except FileNotFoundError:
        os.write(2, f"{order['argv'][0]}: no such program here\n".encode("utf-8", "backslashreplace"))
        os._exit(MISSING)
    except BaseException as error:
        _fail(error)


def _become(words: list[str], environment: dict[str, str]) -> None:
    """Become the program that *words* begin with, the first of that name on PATH. Raises OSError where none starts.

    os.execvpe imports a module before it looks. Here that fails for a Python whose folder the view does not show.
    """
    named = "/" in words[0]
    places = (
        words[:1] if named else [os.path.join(folder, words[0]) for folder in environment["PATH"].split(os.pathsep)]
    )
    missing, other = FileNotFoundError(words[0]), None
    for place in places:
        try:
            os.execve(place, words, environment)  # noqa: S606 - no shell is the point
        except (FileNotFoundError, NotADirectoryError) as error:
            missing = error if isinstance(error, FileNotFoundError) else missing
        except OSError as error:
            other = other or error
    raise other or missing


def _watch(command: int, most: int, memory_mb: int) -> int:
    """Wait for *command* and return its code. Return ours where there come to be too many processes, or too much
    memory."""
    while True:
        with suppress(ChildProcessError):
            while (found := os.waitpid(-1, os.WNOHANG))[0]:
                if found[0] == command:
                    return _code(found[1])
        running = [name for name in os.listdir("/proc") if name.isdigit()]
        if len(running) - 1 > most:
            return CROWDED
        if sum(map(_pages, running)) > memory_mb * _PAGES_PER_MB:
            return SWOLLEN
        signal.sigtimedwait({signal.SIGCHLD}, _EVERY_SECONDS)


def _pages(pid: str) -> int:
    try:
        with open(f"/proc/{pid}/statm", "rb") as file:
            return int(file.read().split()[1])
    except (OSError, IndexError):
        return 0


if __name__ == "__main__":
    main()
