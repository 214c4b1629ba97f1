"""Run the command line in a process that ends itself by SIGKILL at an exact moment: nothing is cleaned up."""

from __future__ import annotations

import atexit
import functools
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from tests.cli import forked
from tests.cli.command import Done, environment

from profile_router.threads.pulse import last_pulse

_PLACES = {
    "record": ("profile_router.threads.records", "StoredRecords", "keep"),
    "edit": ("profile_router.runners.tools.openat", None, "put_at"),
    "rename": ("os", None, "replace"),
    "checkpoint": ("langgraph.checkpoint.sqlite.aio", "AsyncSqliteSaver", "aput"),
    "writes": ("langgraph.checkpoint.sqlite.aio", "AsyncSqliteSaver", "aput_writes"),
    "settle": ("profile_router.ledger.spending", "Ledger", "settle"),
    "commit": ("profile_router.state.database", None, "_commit"),
    "end": ("profile_router.threads.threads", "Threads", "end"),
    "merge": ("profile_router.git.merge", None, "write_all"),
    "half": ("profile_router.git.writes", None, "_put"),
    "whole": ("profile_router.state.whole_files", None, "_name"),
    "copy": ("profile_router.copies.copy", None, "_lay_out"),
}


@dataclass(frozen=True, slots=True)
class Moment:
    """Before or after the *nth* time that *what* is done; or an event, `event NAME`, when it has been printed."""

    what: str
    nth: int
    when: str = "before"

    def __str__(self) -> str:
        return f"{self.when} {self.what} {self.nth}"


def live(
    *arguments: str, home: Path, cwd: Path, moment: Moment | None = None, stdin: bytes = b"", **extra: str
) -> Done:
    """Run `profile-router arguments`; the exit code is -9 where it came to *moment*."""
    with forked.start(*arguments, cwd=cwd, environ=environment(home, extra), before=partial(_watched, moment)) as fork:
        outputs = fork.communicate(stdin)
        return Done.of(fork.wait(0), *outputs)


def killed_at_work(fork: forked.Fork, made: Path, home: Path) -> None:
    """Kill *fork*, whose run is on thread `t`, once its work made the file *made*, and its pulse beat since."""
    ends = time.monotonic() + 120
    while not made.exists() or last_pulse(home / "state/runs/t") <= made.stat().st_ctime_ns:
        fork.process.join(0.01)
        assert fork.process.exitcode is None, fork.stdout.read()
        assert time.monotonic() < ends, "it did not come to its work"
    os.kill(fork.process.pid or 0, signal.SIGKILL)
    assert fork.wait(60) == -signal.SIGKILL


def counted(*arguments: str, home: Path, cwd: Path) -> Mapping[str, int]:
    """Run to the end, and return how often each place was passed."""
    done = live(*arguments, home=home, cwd=cwd, COUNT_TO=str(home / "count.json"))
    assert done.code == 0, done.err
    found: Mapping[str, int] = json.loads((home / "count.json").read_text())
    return found


def _watched(moment: Moment | None) -> None:
    counts: dict[str, int] = {}
    for what, place in _PLACES.items():
        _watch(what, place, moment, counts)
    _watch_events(moment, counts)
    if path := os.environ.get("COUNT_TO"):
        atexit.register(lambda: Path(path).write_text(json.dumps(counts)))


def _watch(what: str, place: tuple[str, str | None, str], moment: Moment | None, counts: dict[str, int]) -> None:
    module, owner, name = place
    holder: Any = sys.modules.get(module) or __import__(module, fromlist=["x"])
    holder = getattr(holder, owner) if owner else holder
    done: Callable[..., Any] = getattr(holder, name)

    def passed(when: str) -> None:
        if moment == Moment(what, counts[what], when):
            os.kill(os.getpid(), signal.SIGKILL)

    if name.startswith("a") and owner:

        @functools.wraps(done)
        async def later(*args: Any, **named: Any) -> Any:
            counts[what] = counts.get(what, 0) + 1
            passed("before")
            found = await done(*args, **named)
            passed("after")
            return found

        setattr(holder, name, later)
        return

    @functools.wraps(done)
    def now(*args: Any, **named: Any) -> Any:
        if what == "rename" and not str(args[0]).startswith(".profile-router-"):
            return done(*args, **named)
        counts[what] = counts.get(what, 0) + 1
        passed("before")
        found = done(*args, **named)
        passed("after")
        return found

    setattr(holder, name, now)


def _watch_events(moment: Moment | None, counts: dict[str, int]) -> None:
    write = sys.stdout.write

    def watched(text: str) -> int:
        length = write(text)
        if text.startswith('{"v"') and '"event"' in text:
            name = f"event {json.loads(text)['event']}"
            counts[name] = counts.get(name, 0) + 1
            sys.stdout.flush()
            if moment == Moment(name, counts[name], "after"):
                os.kill(os.getpid(), signal.SIGKILL)
        return length

    sys.stdout.write = watched  # type: ignore[method-assign]
