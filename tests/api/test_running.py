"""`run`, `stream`, `arun` and `astream` run one task each way, over a real server on loopback."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import Callable, Coroutine
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from tests.api.forms import wrong_in
from tests.api.on_stage import DONE, FIX, Stage, stage
from tests.api.test_routing import same
from tests.cli.command import ROOT, call
from tests.scripted_provider import Answer

from profile_router import CheckQuestion, RouterError, RunEvent, RunResult, astream, run, stream
from profile_router.api import running

GOAL = "fix add in calc.py"
EXAMPLE = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "api.md").read_text(encoding="utf-8"), re.DOTALL)[0]


def verified(result: RunResult) -> None:
    """Fail where *result* is not that of a task done well, or not what its JSON says."""
    assert (result.status, result.cost_usd, result.summary) == ("ok", 0, "`add` adds now.")
    assert [(one.path, one.lines_added) for one in result.verified.files_changed] == [("calc.py", 1)]
    assert result.route is not None
    assert result.attempts[0].profile == result.route.profile == "coding-local"
    same(result, result.json)
    assert wrong_in("run", result.json) == []


def test_run_gives_the_end_and_tells_each_event_with_its_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://elsewhere.invalid")
    events: list[RunEvent] = []
    with stage(tmp_path, *DONE) as on:
        result = run(GOAL, files=["calc.py"], cwd=on.root, environ=on.environ, on_event=events.append)
    verified(result)
    assert {(one.v, one.run) for one in events} == {(1, result.run)}
    assert [one.event for one in events] == ["classify", "begin", "turn", "turn", "attempt", *["verify"] * 3]
    assert [wrong for one in events for wrong in wrong_in("events", one.json)] == []
    assert result.workspace == str(on.root)
    assert os.environ["OPENAI_BASE_URL"] == "http://elsewhere.invalid"


@pytest.mark.nightly
def test_a_stream_yields_the_events_and_ends_with_the_result(tmp_path: Path) -> None:
    with stage(tmp_path, *DONE) as on:
        *events, last = stream(GOAL, files=["calc.py"], cwd=on.root, environ=on.environ)
    assert [one.event for one in events][:1] == ["classify"]
    assert all(one.result is None for one in events)
    assert last.result is not None
    verified(last.result)


def test_an_event_loop_is_told_the_same(tmp_path: Path) -> None:
    async def events() -> list[RunEvent]:
        with stage(tmp_path, *DONE) as on:
            return [one async for one in astream(GOAL, cwd=on.root, environ=on.environ)]

    *_, last = asyncio.run(events())
    assert last.result is not None
    verified(last.result)
    assert wrong_in("events", last.json) == []


class Closes:
    """An approver whom nobody asks."""

    async def agrees(self, question: str) -> bool | None:
        return None

    async def allows(self, question: CheckQuestion) -> bool | None:
        return None


def test_closing_a_stream_ends_the_run_and_keeps_its_thread(tmp_path: Path) -> None:
    with stage(tmp_path, FIX, Answer(stall=True)) as on:
        events = stream(GOAL, files=["calc.py"], thread="t", cwd=on.root, environ=on.environ, approver=Closes())
        assert [next(events).event for _ in range(3)] == ["classify", "begin", "turn"]
        events.close()
    assert call("threads", "--json", home=tmp_path).json


async def _deadline(closing: Coroutine[Any, Any, None]) -> None:
    async with asyncio.timeout(0):
        await closing


async def _cancel(closing: Coroutine[Any, Any, None]) -> None:
    task = asyncio.ensure_future(closing)
    asyncio.get_running_loop().call_soon(task.cancel)
    await task


async def _cancel_twice(closing: Coroutine[Any, Any, None]) -> None:
    task = asyncio.ensure_future(closing)
    asyncio.get_running_loop().call_soon(task.cancel)
    asyncio.get_running_loop().call_soon(lambda: asyncio.get_running_loop().call_soon(task.cancel))
    await task


async def _await(closing: Coroutine[Any, Any, None]) -> None:
    await closing


@pytest.mark.parametrize(
    ("close", "raises"),
    [
        (_deadline, TimeoutError),
        (_cancel, asyncio.CancelledError),
        (_cancel_twice, asyncio.CancelledError),
        (_await, None),
    ],
)
def test_a_cancellation_of_closing_is_heard_once_the_run_has_ended(
    close: Callable[[Coroutine[Any, Any, None]], Any],
    raises: type[BaseException] | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ended: list[str] = []

    async def slow_to_end(*_: object, on_event: Any, **__: object) -> None:
        on_event(RunEvent.of({"event": "classify"}))
        try:
            await asyncio.Event().wait()
        finally:
            for _turn in range(20):
                await asyncio.sleep(0)
            ended.append("the run")

    async def main() -> None:
        events = astream(GOAL)
        assert (await anext(events)).event == "classify"
        with nullcontext() if raises is None else pytest.raises(raises):
            await close(events.aclose())
        assert ended == ["the run"]

    monkeypatch.setattr(running, "arun", slow_to_end)
    asyncio.run(main())


def test_a_deadline_on_closing_leaves_nothing_of_a_real_run(tmp_path: Path) -> None:
    async def main(on: Stage) -> None:
        events = astream(GOAL, files=["calc.py"], cwd=on.root, environ=on.environ)
        while (await anext(events)).event != "turn":
            pass
        with pytest.raises(TimeoutError):
            await _deadline(events.aclose())
        assert asyncio.all_tasks() == {asyncio.current_task()}

    with stage(tmp_path, FIX, Answer(stall=True)) as on:
        asyncio.run(main(on))


@pytest.mark.parametrize("ask", [run, stream])
def test_a_wrong_call_raises_where_it_is_made(ask: Any, tmp_path: Path) -> None:
    with pytest.raises(RouterError, match="goal is missing"):
        list(ask(" ", cwd=tmp_path, environ={}))


@pytest.mark.nightly
def test_the_example_of_the_page_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: dict[str, Any] = {}
    exec(EXAMPLE, made)
    with stage(tmp_path, *DONE) as on:
        for name, value in on.environ.items():
            monkeypatch.setenv(name, value)
        verified(made["fix"](GOAL, "calc.py", str(on.root)))


@pytest.mark.nightly
def test_the_example_of_the_page_is_right_in_the_eyes_of_mypy(tmp_path: Path) -> None:
    right, wrong = tmp_path / "right.py", tmp_path / "wrong.py"
    right.write_text(EXAMPLE)
    wrong.write_text(
        "from profile_router import route\n"
        "where = route('x', fils=['a'])\n"
        "where.profile = 'y'\n"
        "print(where.estimate.usd, where.nothing)\n"
    )
    environ = {**os.environ, "MYPYPATH": f"{ROOT / 'skill'}{os.pathsep}{ROOT / 'graphs'}"}
    check = [
        sys.executable,
        "-m",
        "mypy",
        "--strict",
        "--follow-imports=silent",
        "--config-file=",
        "--cache-dir",
        str(tmp_path / "cache"),
    ]
    good = subprocess.run([*check, str(right)], env=environ, capture_output=True, text=True, check=False)
    assert good.returncode == 0, good.stdout
    bad = subprocess.run([*check, str(wrong)], env=environ, capture_output=True, text=True, check=False)
    lines = {line.split(":")[1] for line in bad.stdout.splitlines() if ": error:" in line}
    assert lines >= {"2", "3", "4"}, bad.stdout
