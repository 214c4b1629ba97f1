"""A stage for runs on a real server: a workspace with a bug, scripts that fix it, an in-process run."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
from tests.cli.command import environment
from tests.cli.stage import profile, workspace
from tests.fakes import Heard
from tests.llama.recording_proxy import Exchange, RecordingProxy, recording
from tests.llama.script import Call, Script
from tests.llama.server import flags, running
from tests.scripted_provider import CHAT, COUNT, Answer, ScriptedProvider

import profile_router_graphs.router  # noqa: F401 - a second at first use: a server that loads would be ready by then
from profile_router import RunResult, run
from profile_router.core.task import Task
from profile_router.core.telling.decision import Json
from profile_router.policies.file import SHIPPED

MODEL = "tiny"
SENTENCE = "In calc.py the function add now adds its two numbers; nothing else was touched."
CHECK = f"{sys.executable} -c 'import calc; assert calc.add(1, 2) == 3'"
GOAL = "Fix add in calc.py"
LIST = Call(tool="list_files", arguments={"path": "."})
READ = Call(tool="read_file", arguments={"path": "calc.py", "start": 1, "lines": 40})
EDIT = Call(tool="edit_file", arguments={"path": "calc.py", "old": "return a - b", "new": "return a + b"})
FIX = Script(calls=(LIST, READ, EDIT), sentence=SENTENCE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A home with profiles, a workspace, and the burst provider; `local` is what stands before the real server."""

    home: Path
    repository: Path
    burst: ScriptedProvider
    local: RecordingProxy
    heard: Heard = field(default_factory=Heard)

    def run(self, goal: str = GOAL, *, policy: Mapping[str, str] | None = None, **changes: Any) -> RunResult:
        """Run a task in this process, under the shipped policy with these texts in it replaced."""
        file = None if policy is None else str(changed_policy(self.home / "policy.yaml", policy))
        task = Task(goal=goal, **{"check": CHECK, **changes})
        return run(
            task,
            policy=file,
            cwd=self.repository,
            environ=environment(self.home),
            on_event=lambda event: self.heard(event.json),
        )

    @property
    def chats(self) -> list[Exchange]:
        return self.local.to(CHAT)

    def counted(self, url: str) -> list[int]:
        """Return how long the server at *url* itself counts each chat request that was sent."""
        with httpx2.Client(base_url=url, timeout=60, limits=httpx2.Limits(max_keepalive_connections=0)) as client:
            return [client.post(COUNT, json=chat.json).json()["input_tokens"] for chat in self.chats]

    def statuses(self) -> set[int | None]:
        return {exchange.status for exchange in self.local.exchanges}


@contextmanager
def stage(
    folder: Path,
    upstream: str,
    *burst_answers: Answer,
    then: str | None = None,
    files: Mapping[str, str] | None = None,
    model: str = MODEL,
) -> Iterator[Stage]:
    """Put the local profile before *upstream* (a server's URL) and the burst profile before scripted answers.

    After its first answer the server *then* stands in its place, where one is given.
    """
    repository = workspace(folder / "ws", {"calc.py": "def add(a, b):\n    return a - b\n", **(files or {})})
    with recording(upstream, then=then) as local, ScriptedProvider(burst_answers) as burst:
        profile(folder, "coding-local", local.base_url, model=model)
        profile(folder, "coding-burst", burst.base_url)
        yield Stage(home=folder, repository=repository, burst=burst, local=local)


@contextmanager
def scripted_server(model: Path, **options: Any) -> Iterator[str]:
    """Run llama.cpp's server on *model* and give its URL."""
    with running(flags(model, **options)) as server:
        yield server.url


def changed_policy(path: Path, changes: Mapping[str, str]) -> Path:
    """Write the shipped policy with each text replaced by another; each must stand in it once."""
    text = SHIPPED.read_text(encoding="utf-8")
    for old, new in changes.items():
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")
    return path


def window(result: RunResult, name: str = "coding-local") -> Json:
    """Return what the route's evidence says of the window of profile *name*."""
    found: list[Json] = [each for each in result.json["route"]["evidence"]["windows"] if each["profile"] == name]
    return found[0]
