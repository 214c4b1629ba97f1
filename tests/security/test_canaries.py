"""What is private leaves no trace outside its workspace and its server, whatever way a task goes.

Three words stand nowhere else. One is in the text of the task, one in a file that is private by its path. One is in a
file of which only a tool shows that it holds a secret. They are looked for while a model thinks, and at the end. That
is in every file that was made, in what was printed, and in the requests to servers elsewhere. It is also in the
arguments and environments of all processes.
"""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from tests.cli import forked
from tests.cli.command import call, environment
from tests.cli.stage import profile, workspace
from tests.examples import by_night
from tests.scripted_provider import CHAT, Answer, ScriptedProvider, say
from tests.scripted_provider import call as tool

from profile_router.policies.file import SHIPPED

_BESIDE = Path(tempfile.gettempdir())
FAILS = f'{sys.executable} -c "raise SystemExit(1)"'


@dataclass(slots=True)
class Looks(threading.Event):
    """An answer that is held back until its scene was looked at."""

    scene: Scene

    def __post_init__(self) -> None:
        threading.Event.__init__(self)

    __hash__ = threading.Event.__hash__

    def wait(self, timeout: float | None = None) -> bool:
        if not self.scene.held.is_set():
            # A task of a batch works in its owner's copy of the work tree, which is gone at the end.
            self.scene.traces += [place for place in self.scene.seen() if "/state/worktrees/" not in place]
            self.scene.held.set()
        return True


@dataclass(slots=True)
class Scene:
    """A workspace with private files, a local server, one elsewhere, and what was found where it must not be."""

    home: Path
    mark: str = field(default_factory=lambda: uuid.uuid4().hex)
    private: bool = True
    traces: list[str] = field(default_factory=list)
    held: threading.Event = field(default_factory=threading.Event)
    began: float = field(default_factory=time.time)
    beside: frozenset[Path] = field(default_factory=lambda: frozenset(_BESIDE.iterdir()))
    out: str = ""

    @property
    def asked(self) -> str:
        return f"marigold{self.mark}"

    @property
    def filed(self) -> str:
        return f"larkspur{self.mark}7"

    @property
    def found(self) -> str:
        return f"ghp_{self.mark}Ab12"

    @property
    def words(self) -> tuple[str, ...]:
        return (self.asked, self.filed, self.found) if self.private else (self.filed, self.found)

    @property
    def ws(self) -> Path:
        return self.home / "ws"

    def task(self, **more: Any) -> dict[str, Any]:
        goal = f"note {self.asked} in the plan" if self.private else "look at the plan"
        return {"goal": goal, "local_only": self.private, "toolsets": ["file", "terminal"], "thread": "t", **more}

    def at_work(self) -> list[Answer]:
        """Return what a local model does: it reads what is private both ways, and thinks meanwhile."""
        return [
            tool("read_file", {"path": "secrets/plan.txt"}),
            tool("run_command", {"command": "cat secrets/plan.txt notes.txt"}),
            tool("read_file", {"path": "notes.txt"}, gate=Looks(self)),
            say("done"),
        ]

    def seen(self) -> list[str]:
        """Return the places that hold one of the words."""
        return [*self._in_files(), *self._in_processes()]

    def _holds(self, content: bytes) -> bool:
        return any(word.encode() in content for word in self.words)

    def _in_files(self) -> Iterator[str]:
        ours = [path for top in self.home.iterdir() if top != self.ws for path in _files(top)]
        for paths in (ours, self._changed_beside()):
            for path in paths:
                with suppress(OSError):
                    found = os.lstat(path)
                    new = stat.S_ISREG(found.st_mode) and found.st_ctime >= self.began - 1
                    if new and self._holds(Path(path).read_bytes()):
                        yield path

    def _changed_beside(self) -> Iterator[str]:
        """Yield each file of what is new in the folder for temporary files, or got or lost an entry.

        Of a folder that stood there before it is what is new in it, or got or lost an entry. All else is other
        programs'.
        """
        for top in _BESIDE.iterdir():
            with suppress(OSError):
                if top.name.startswith("pytest-") or top.lstat().st_ctime < self.began - 1:
                    continue
                stood = top in self.beside and top.is_dir() and not top.is_symlink()
                for place in top.iterdir() if stood else [top]:
                    if place.lstat().st_ctime >= self.began - 1:
                        yield from _files(place)

    def _in_processes(self) -> Iterator[str]:
        for process in Path("/proc").iterdir():
            for name in ("cmdline", "environ") if process.name.isdigit() else ():
                with suppress(OSError):
                    if self._holds((process / name).read_bytes()):
                        yield f"{name} of {(process / 'comm').read_text()}"

    def run(self, *arguments: str, stdin: object = None, python: tuple[str, ...] | None = None) -> int:
        """Run the command line in a fork, or by *python*. Whatever it starts is a process with a line of its own."""
        told = json.dumps(stdin).encode() + b"\n"
        done = call(*arguments, home=self.home, cwd=self.ws, extra=self._extra, stdin=told, python=python)
        self.out += done.out + done.err
        return done.code

    @property
    def _extra(self) -> dict[str, str]:
        scratch = self.home / "scratch"
        scratch.mkdir(exist_ok=True)
        return {"TMPDIR": str(scratch)}


def _files(top: Path) -> Iterator[str]:
    """Yield what is *top* or below it, but for folders. By `os`, for there may be much of it."""
    if top.is_symlink() or not top.is_dir():
        yield str(top)
    for folder, _, names in os.walk(top):
        yield from (f"{folder}/{name}" for name in names)


def run(scene: Scene) -> None:
    """Run it in a process of its own: by night, for it costs as much as all the others."""
    assert scene.run("run", "--task-json", "-", "--stream", stdin=scene.task(), python=()) == 0


def batch(scene: Scene) -> None:
    """As Hermes' plugin calls it."""
    tasks = [scene.task(), {"goal": "do", "workspace": 3}]
    assert scene.run("batch", "--tasks-json", "-", "--stream", "--from-hermes", stdin=tasks) == 1


def process(*arguments: str, cwd: Path, environ: dict[str, str]) -> subprocess.Popen[bytes]:
    """Start what `forked.start` does as a process of its own: /proc shows its arguments and its environment."""
    command = [sys.executable, "-m", "profile_router", *arguments]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=cwd, env=environ, stdin=pipe, stdout=pipe, stderr=pipe)


def killed_and_resumed(begin: Callable[..., Any], python: tuple[str, ...] | None) -> Callable[[Scene], None]:
    def way(scene: Scene) -> None:
        wanted = ("run", "--task-json", "-", "--stream")
        with begin(*wanted, cwd=scene.ws, environ=environment(scene.home, scene._extra)) as begun:
            begun.stdin.write(json.dumps(scene.task()).encode())
            begun.stdin.close()
            assert scene.held.wait(60)
            begun.send_signal(signal.SIGKILL)
            begun.wait(60)
            scene.out += (begun.stdout.read() + begun.stderr.read()).decode()
        scene.traces += scene.seen()
        assert scene.run("resume", "t", "--stream", python=python) == 0

    return way


def promoted(tree: str) -> Callable[[Scene], None]:
    def way(scene: Scene) -> None:
        scene.private = False
        policy = scene.home / "policy.yaml"
        policy.write_text(SHIPPED.read_text().replace("  tree: keep\n", f"  tree: {tree}\n"))
        task = scene.task(check=FAILS)
        assert scene.run("run", "--task-json", "-", "--policy", str(policy), "--stream", stdin=task) == 1

    return way


@contextmanager
def servers(scene: Scene, local: list[Answer], elsewhere: list[Answer]) -> Iterator[tuple[ScriptedProvider, ...]]:
    with ScriptedProvider(local) as here, ScriptedProvider(elsewhere) as there:
        profile(scene.home, "coding-local", here.base_url)
        for name in ("coding-burst", "review-cheap"):
            profile(scene.home, name, there.base_url)
        yield here, there


WAYS = {
    "a run": (run, 4, 0),
    "a batch": (batch, 4, 0),
    "a run that is killed and resumed": (killed_and_resumed(forked.start, None), 5, 0),
    "one that is killed as a process of its own": (killed_and_resumed(process, ()), 5, 0),
    "a handoff with the tree kept": (promoted("keep"), 4, 3),
    "a handoff with a clean tree": (promoted("clean"), 4, 3),
}


# A run passes the places of one that is killed. A handoff passes the same ones with either tree. Of what is killed by
# day, /proc does not show the arguments and the environment.
NIGHT = ("a run", "one that is killed as a process of its own", "a handoff with a clean tree")


@pytest.mark.parametrize("way", [by_night(way) if way in NIGHT else way for way in WAYS])
def test_nothing_private_is_left_or_told_on_the_way(tmp_path: Path, way: str) -> None:
    act, here, there = WAYS[way]
    scene = Scene(tmp_path)
    workspace(scene.ws, {"a.py": "x = 1\n", "notes.txt": f"token = {scene.found}\n"})
    (scene.ws / "secrets").mkdir()
    (scene.ws / "secrets" / "plan.txt").write_text(f"DOOR={scene.filed}\n")
    work = scene.at_work()
    elsewhere = [work[0], work[2], say("done")][:there]
    again = work[2:3] if here == 5 else []
    repairs = [say("no better")] if there else []
    with servers(scene, [*work[:2], *again, *work[2:], *repairs], elsewhere) as (local, burst):
        act(scene)
        assert scene.held.is_set()
        told = b"".join(request.raw for request in local.to(CHAT))
        assert all(word.encode() in told for word in scene.words), "what must not leak was not met at all"
        assert len(burst.to(CHAT)) == there
        assert not [request.path for request in burst.requests if scene._holds(request.raw)]
    assert [*scene.traces, *scene.seen()] == []
    assert not [word for word in scene.words if word in scene.out]
