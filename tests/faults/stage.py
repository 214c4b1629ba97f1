"""Run one task through the real parts here: a home on disk, a git workspace, four servers on loopback."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence, Set
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from tests.cli.stage import workspace
from tests.faults.expected import ASKS, BURST, CHEAP, LOCAL, NAMES, OF_TIER, SECOND, Column
from tests.faults.server import PROMPT, Fault, pages_of, standing
from tests.scripted_answers import Answer, Call, calls, say
from tests.scripted_answers import call as tool
from tests.scripted_provider import ScriptedProvider

from profile_router import RunResult, run
from profile_router.core.task import Facts, Task
from profile_router.policies.file import SHIPPED
from profile_router.runs.thread_session import checkpoints

WINDOWS = {LOCAL: 32_768, CHEAP: 65_536, BURST: 131_072}
SMALL = 8_192  # the window in the stage condense
STORY = "\n".join(f"On day {day} the valves were read, and number {day % 7} stood open." for day in range(900))
KEYS = {name: f"key-canary-of-{name}-5f3a9e" for name in NAMES}
PRIVATE = "PRIVATE-CANARY-91be44"
FILES = {"calc.py": "def add(a, b):\n    return a - b\n", ".env": f"NAME={PRIVATE}\n"}
EDIT = tool("edit_file", {"path": "calc.py", "old": "a - b", "new": "a + b"})
EDITED = "def add(a, b):\n    return a + b\n"
LOOKS = calls(Call(name="read_file", arguments={"path": ".env", "start": 1, "lines": 10}))
REPORT = "\n".join(f"Line {number} of the report says what was done." for number in range(30))
DONE = "It is done."
THREAD = "t"


@dataclass(slots=True, kw_only=True)
class Cell:
    """What one run left: its result, its events, and the requests of each server by profile."""

    result: RunResult
    home: Path
    events: list[Mapping[str, Any]]
    chats: Mapping[str, int]
    looks: Mapping[str, int]
    sent: Mapping[str, bytes]
    keys_seen: Mapping[str, set[str]]

    @property
    def receipts(self) -> list[tuple[str, str, str]]:
        """Return profile, step and outcome of each receipt."""
        return [(one["profile"], one["step"], one["outcome"]) for one in self.result.json["attempts"]]

    @property
    def steps(self) -> list[Mapping[str, Any]]:
        return [event for event in self.events if event["event"] == "ladder"]

    def file(self, name: str) -> str:
        return (self.home / "ws" / name).read_text(encoding="utf-8")

    def told(self) -> str:
        """Return all that the run said: events, receipts, errors, notes."""
        return json.dumps([self.events, self.result.json], ensure_ascii=False)

    def on_disk(self, *, threads: bool) -> bytes:
        """Return all that lies in the state folder; a thread's checkpoint only where *threads* are wanted."""
        files = [path for path in (self.home / "state").rglob("*") if path.is_file()]
        return b"\n".join(path.read_bytes() for path in files if threads or not path.name.startswith("threads.sqlite"))


def template(folder: Path) -> Path:
    """Make what every cell begins with: a workspace, and a thread on which one task was done."""
    workspace(folder / "ws", FILES)
    with ScriptedProvider(["It was begun."]) as local, ExitStack() as stack:
        servers = {LOCAL: local, **{name: stack.enter_context(ScriptedProvider()) for name in (CHEAP, BURST, SECOND)}}
        _profiles(folder, {name: server.base_url for name, server in servers.items()}, set(), WINDOWS)
        task = Task(goal="Begin.", workspace=str(folder / "ws"), thread=THREAD)
        run(task, policy=_policy(folder.parent, {}), cwd=folder, environ=_environ(folder))
    return folder


@dataclass(frozen=True, slots=True, kw_only=True)
class Staged:
    """A task that is ready to be run, and the servers that it will meet, by profile."""

    task: Task
    policy: str
    servers: Mapping[str, ScriptedProvider]


@contextmanager
def staged(fault: Fault, column: Column, home: Path, begun: Path) -> Iterator[Staged]:
    """Put *fault* into *column*, with the home *home* made from the template *begun*."""
    stage, _, tier = column.partition(" ")
    tier = tier or "cheap"
    failing = OF_TIER[tier]
    shutil.copytree(begun, home)
    with ExitStack() as stack:
        servers = {
            name: stack.enter_context(
                ScriptedProvider(
                    _script(fault, stage, tier) if name == failing else [DONE],
                    models=fault.models if name == failing else ("scripted",),
                    pages=pages_of(fault) if name == failing else None,
                )
            )
            for name in NAMES
        }
        addresses = {name: server.base_url for name, server in servers.items()}
        if fault.place != "server" and stage in ("probe", "dispatch"):
            addresses[failing] = stack.enter_context(standing(fault.place))
        keyless = {failing} if not fault.key else {LOCAL} - {failing} if stage == "condense" else set()
        windows = _windows(failing) if stage == "condense" else WINDOWS
        _profiles(home, addresses, keyless, windows, second=tier == "second")
        limits = {**fault.limits, **({"summary_tokens": 60} if stage == "summarize" else {})}
        policy = str(_policy(begun.parent, limits))
        yield Staged(task=_task(fault, stage, tier, home), policy=policy, servers=servers)


def play(fault: Fault, column: Column, home: Path, begun: Path) -> Cell:
    """Return what became of the task when *fault* stood in *column*. *begun* is the template."""
    events: list[Mapping[str, Any]] = []
    with staged(fault, column, home, begun) as ready:
        servers = ready.servers
        result = run(
            ready.task,
            policy=ready.policy,
            cwd=home,
            environ=_environ(home),
            on_event=lambda event: events.append(event.json),
        )
        return Cell(
            result=result,
            home=home,
            events=events,
            chats={name: len(server.chats) for name, server in servers.items()},
            looks={name: len(server.to("/v1/models")) for name, server in servers.items()},
            sent={name: b"\n".join(request.raw for request in server.requests) for name, server in servers.items()},
            keys_seen={name: _keys_in(server) for name, server in servers.items()},
        )


def conversation(home: Path) -> int:
    """Return how many turns the thread has by its last checkpoint."""

    async def look() -> int:
        async with checkpoints(home / "state", _environ(home)) as keeping:
            found = await keeping.saver.aget({"configurable": {"thread_id": THREAD}})
        return len(found["channel_values"]["conversation"]) if found else 0

    return asyncio.run(look())


def _script(fault: Fault, stage: str, tier: str) -> Sequence[Answer]:
    """Return what the failing server answers, from the run's first chat request on."""
    answers = list(fault.answers)
    if fault.name == "asks for another profile":
        answers = [tool("ask_for_profile", {"profile": ASKS[tier], "reason": "it knows better"})]
    gone = fault.place == "nobody"
    if stage == "probe":
        return [] if fault.place != "server" or not fault.key else answers[:1] * 2
    if stage == "condense":
        return answers[:1]
    if stage == "edited":
        return [_last(EDIT, gone), *answers]
    if stage == "summarize":
        return [_last(say(REPORT), gone), *answers[:1]]
    return [LOOKS, *answers] if tier == "private" else answers


def _last(answer: Answer, gone: bool) -> Answer:
    return replace(answer, leaves=gone)


def _task(fault: Fault, stage: str, tier: str, home: Path) -> Task:
    private = tier == "private"
    wanted: dict[str, Any] = {
        "goal": f"Look after add in calc.py; {PROMPT}.",
        "workspace": str(home / "ws"),
        "thread": None if private else THREAD,
        "local_only": private,
        **fault.task,
    }
    if stage == "condense":
        wanted["context"] = STORY
    if stage == "probe":
        wanted["facts"] = Facts(files_to_read=25)
    elif not private:
        wanted["profile"] = OF_TIER[tier]
    return Task(**wanted)


def _profiles(
    home: Path, addresses: Mapping[str, str], keyless: Set[str], windows: Mapping[str, int], *, second: bool = False
) -> None:
    for name, window in windows.items():
        folder = home / "hermes" / "profiles" / name
        folder.mkdir(parents=True, exist_ok=True)
        config: dict[str, Any] = {
            "model": {
                "provider": "custom",
                "base_url": addresses[name],
                "default": "scripted",
                "context_length": window,
                "api_key": "${MAIN_KEY}",
            },
            "agent": {"tool_format": "native"},  # so that a call as text is a fault of the local tier too
        }
        if second and name == BURST:
            config["fallback_providers"] = [
                {"provider": "custom", "base_url": addresses[SECOND], "model": "scripted", "api_key": "${OTHER_KEY}"}
            ]
        (folder / "config.yaml").write_text(json.dumps(config), encoding="utf-8")
        keys = "" if name in keyless else f"MAIN_KEY={KEYS[name]}\n"
        (folder / ".env").write_text(f"{keys}OTHER_KEY={KEYS[SECOND]}\n", encoding="utf-8")


def _windows(failing: str) -> Mapping[str, int]:
    """Return windows of which those of cheaper profiles than *failing* are smaller, and its own is small."""
    names = list(WINDOWS)
    return {
        name: SMALL if name == failing else SMALL // 2 if names.index(name) < names.index(failing) else window
        for name, window in WINDOWS.items()
    }


def _policy(folder: Path, limits: Mapping[str, float]) -> Path:
    """Write the shipped policy with *limits*, the embedded runner, and a price that nobody is asked for."""
    return _policy_file(folder, tuple(sorted(limits.items())))


@cache
def _policy_file(folder: Path, limits: tuple[tuple[str, float], ...]) -> Path:
    text = SHIPPED.read_text(encoding="utf-8")
    text = text.replace("  seconds: 60 ", "  seconds: 1.5 ")  # of a probe
    for name, value in (*limits, ("ask_above_usd", 1_000_000), ("summary_seconds", 1.5)):
        text, found = re.subn(rf"^  {name}: \S+", f"  {name}: {value}", text, flags=re.MULTILINE)
        assert found == 1, name
    path = folder / f"policy-{len(list(folder.glob('policy-*')))}.yaml"
    path.write_text(text.replace("\nrunner: auto", "\nrunner: embedded"), encoding="utf-8")
    return path


def _environ(home: Path) -> dict[str, str]:
    return {
        "HOME": str(home),
        "HERMES_HOME": str(home / "hermes"),
        "PROFILE_ROUTER_STATE": str(home / "state"),
        "PROFILE_ROUTER_HERMES_PYTHON": "none",
        "LC_ALL": "C.UTF-8",
    }


def _keys_in(server: ScriptedProvider) -> set[str]:
    """Return whose keys *server* was sent."""
    headers = " ".join(str(request.headers) for request in server.requests)
    return {name for name, key in KEYS.items() if key in headers}
