"""A worker for one test: started as the shim starts it, around a router that tells what it is, and ended afterwards."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from profile_router.hermes_plugin import worker
from profile_router.hermes_plugin.settings import Settings, environment

ROOT = Path(__file__).resolve().parents[2]
PATHS = [str(ROOT / "skill"), str(ROOT / "graphs")]
# Notes each start as a process: what the worker serves is none.
_NOTED = f"""\
import sys
sys.path[:0] = {PATHS!r}
with open({{starts!r}}, "a") as starts:
    starts.write(sys.argv[1] + "\\n")
"""
REAL = _NOTED + "from profile_router.cli import main\nsys.exit(main())\n"
# Tells what a process has; serves with nothing to warm up, and by what stands in its folder.
TELLS = (
    _NOTED
    + """\
import json, os, random, signal, subprocess, tempfile, threading
from pathlib import Path
from profile_router.adapters.worker import server
folder = Path(__file__).parent
def told():
    umask = os.umask(0)
    os.umask(umask)
    return {
        "argv": sys.argv[1:], "cwd": os.getcwd(), "environ": dict(os.environ), "umask": umask,
        "leads": (os.getpgrp() == os.getpid(), os.getsid(0) == os.getpid()),
        "fds": sorted(int(fd) for fd in os.listdir("/proc/self/fd") if os.path.exists("/proc/self/fd/" + fd)),
        "threads": threading.active_count(), "masked": [int(one) for one in signal.pthread_sigmask(signal.SIG_BLOCK, [])],
        "handlers": [str(signal.getsignal(one)) for one in (signal.SIGTERM, signal.SIGCHLD, signal.SIGHUP)],
        "streams": [(one.encoding, one.errors, one.line_buffering, one.write_through) for one in (sys.stdin, sys.stdout, sys.stderr)],
        "scratch": tempfile.gettempdir(),
    }
def say(event, **values):
    print(json.dumps({"event": event, **values}), flush=True)
def main(arguments):
    act, *more = arguments
    if act == "tell":
        print(json.dumps(told()))
    elif act == "random":
        print(random.random())
    elif act == "run":
        task = json.loads(sys.stdin.readline())
        say("plugin", mode="on")
        say("classify", line="there", rule="small-change")
        if task["goal"] == "be killed":
            os.kill(os.getpid(), signal.SIGKILL)
        if task["goal"] == "start something and hang":
            started = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
            say("turn", line=str(started.pid))
            signal.pause()
        say("result", status="ok", summary="done", route={}, attempts=[], thread="t")
    elif act == "hear":
        sys.stderr.write("heard " + sys.stdin.read())
    elif act == "raise":
        raise LookupError("a bug")
    elif act == "leave":
        sys.exit(" ".join(more) or None)
    return 7 if act == "hear" else 0
if sys.argv[1] != "serve":
    sys.exit(main(sys.argv[1:]))
server._BETWEEN_LOOKS_S = 0.05
if (folder / "other user").exists():
    server.peer = lambda line: (os.getpid(), os.geteuid() + 1)
def code():
    return (folder / "code").read_text() if (folder / "code").exists() else ""
idle_s = float((folder / "idle").read_text()) if (folder / "idle").exists() else 600.0
server.Worker(file=Path(sys.argv[3]), idle_s=idle_s, warm=lambda: None, main=main, code=code).serve()
"""
)
Found = TypeVar("Found")


def until(look: Callable[[], Found | None], seconds: float = 60.0) -> Found:
    """Return what *look* finds, as soon as it finds anything."""
    end = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.01)
    return found


@dataclass(slots=True)
class Desk:
    """A router's program in *folder*, and its worker."""

    folder: Path
    code: str = TELLS
    pids: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "router.py").write_text(self.code.replace("{starts!r}", repr(str(self.folder / "starts"))))

    @property
    def command(self) -> tuple[str, str]:
        return sys.executable, str(self.folder / "router.py")

    @property
    def settings(self) -> Settings:
        return Settings(command=self.command, worker=True)

    @property
    def socket(self) -> Path:
        return worker.folder_of(environment()) / f"{worker.name_of(self.command, environment())}.sock"

    @property
    def starts(self) -> list[str]:
        """Return what it was started for, as a process, so far."""
        file = self.folder / "starts"
        return file.read_text().split() if file.exists() else []

    def start(self) -> int:
        """Start the worker, wait until it serves, and return its pid."""
        worker.start(self.command, environment())
        return self.serving()

    def serving(self) -> int:
        """Wait until there is a worker that serves, and return its pid."""
        until(self.answers)
        pid = int(self.socket.with_suffix(".lock").read_text())
        self.pids.append(pid)
        return pid

    def answers(self) -> bool:
        taken = self.ask("--version") if "profile_router.cli" in self.code else self.ask("tell")
        if taken is None:
            return False
        taken.stdin.close()
        taken.stdout.read()
        taken.stderr.read()
        finish(taken)
        return True

    def ask(self, *arguments: str, cwd: str = "/", **environ: str) -> worker.Taken | None:
        return worker.ask(self.command, arguments, cwd, {**environment(), **environ})

    def taken(self, *arguments: str, cwd: str = "/", **environ: str) -> worker.Taken:
        taken = self.ask(*arguments, cwd=cwd, **environ)
        assert taken is not None, "no worker took the request"
        return taken

    def served(self, *arguments: str, stdin: bytes = b"", cwd: str = "/", **environ: str) -> tuple[int, bytes, bytes]:
        """Return exit code, stdout and stderr of a request to the worker."""
        taken = self.taken(*arguments, cwd=cwd, **environ)
        with suppress(BrokenPipeError):  # not everything reads its stdin
            taken.stdin.write(stdin)
        taken.stdin.close()
        out, err = taken.stdout.read(), taken.stderr.read()
        return finish(taken), out, err

    def spawned(self, *arguments: str, stdin: bytes = b"", cwd: str = "/", **environ: str) -> tuple[int, bytes, bytes]:
        """Return the same of a process of its own."""
        done = subprocess.run(
            [*self.command, *arguments],
            input=stdin,
            cwd=cwd,
            env={**environment(), **environ},
            capture_output=True,
            start_new_session=True,
            check=False,
        )
        return done.returncode, done.stdout, done.stderr

    def told(self, *arguments: str, **environ: str) -> Any:
        return json.loads(self.served("tell", *arguments, **environ)[1])

    def end(self) -> None:
        """End the worker, if there is one, and wait until it is gone."""
        lock = self.socket.with_suffix(".lock")
        with_lock = [int(lock.read_text())] if lock.exists() and lock.read_text().strip() and held(lock) else []
        for pid in {*self.pids, *with_lock}:
            kill(pid, 15)


def held(lock: Path) -> bool:
    handle = worker.locked(lock)
    if handle is not None:
        os.close(handle)
    return handle is None


def kill(pid: int, signal: int) -> None:
    """Send *signal* to a worker and wait until it is gone. One that has ended already is no error."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        os.kill(pid, signal)
        assert select.select([handle], [], [], 60)[0], f"{pid} does not end"
    except ProcessLookupError:
        pass
    finally:
        os.close(handle)


def gone(pid: int, seconds: float = 60.0) -> bool:
    """Tell whether the process ends in time."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([handle], [], [], seconds)[0])
    finally:
        os.close(handle)


def finish(taken: worker.Taken) -> int:
    """Wait for the end, close what is open, and return the exit code."""
    for stream in (taken.stdin, taken.stdout, taken.stderr):
        stream.close()
    return taken.wait(60)


def without(told: dict[str, Any], *names: Sequence[str]) -> dict[str, Any]:
    return {name: value for name, value in told.items() if name not in names}
