"""`batch` runs several tasks at once, and `resume` goes on with one, over a real server on loopback."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from tests.api.forms import wrong_in
from tests.api.on_stage import DONE, stage
from tests.api.test_routing import same
from tests.cli.command import call
from tests.scripted_provider import say

from profile_router import RouterError, RunEvent, Task, abatch, aresume, batch, resume, run
from profile_router.errors import UsageError

GOAL = "fix add in calc.py"


def test_each_task_of_a_batch_has_its_result_and_a_wrong_one_says_what_is_wrong(tmp_path: Path) -> None:
    events: list[RunEvent] = []
    given = [{"goal": GOAL, "files": ["calc.py"]}, {"goal": GOAL, "fils": []}, UsageError("not read"), 5, " "]
    with stage(tmp_path, *DONE) as on:
        done = batch(given, cwd=on.root, environ=on.environ, on_event=events.append)  # type: ignore[arg-type]
    assert (done.status, done.tasks, done.cost_usd) == ("failed", 5, 0)
    same(done, done.json)
    assert wrong_in("batch", done.json) == []
    first, *wrong = done.results
    assert (first.verdict, first.workspace, first.summary) == ("unverified", str(on.root), "`add` adds now.")
    assert [(one.status, one.route, (one.error or "")[:33]) for one in wrong] == [
        ("failed", None, "task 2: a task has no field 'fils"),
        ("failed", None, "not read"),
        ("failed", None, "task 4: it is a int (allowed: a g"),
        ("failed", None, "task 5: the task: goal is missing"),
    ]
    results = sorted((one.json for one in events if one.event == "result"), key=lambda one: int(one["task_index"]))
    assert [one["task_index"] for one in results] == [0, 1, 2, 3, 4]
    assert [wrong for one in events for wrong in wrong_in("events", one.json)] == []


@pytest.mark.parametrize("tasks", ["a goal", {"goal": "x"}, [], (), None, 5, {"a goal"}])
def test_a_batch_of_no_list_of_tasks_is_refused(tasks: Any, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="a list of one or more tasks"):
        batch(tasks, cwd=tmp_path, environ={})


@pytest.mark.parametrize("timeout", [0, -1, float("nan"), "5", 1j, True])
def test_the_time_of_a_batch_is_above_nothing(timeout: Any, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="seconds above 0"):
        batch([GOAL], cwd=tmp_path, environ={}, timeout=timeout)


@pytest.mark.parametrize(
    "given", [{"policy": "\ud800"}, {"cwd": "\ud800"}, {"environ": {"HERMES_HOME": "\ud800"}}, {"environ": {"A": "\0"}}]
)
def test_what_no_system_takes_is_a_wrong_argument(given: Any, tmp_path: Path) -> None:
    with stage(tmp_path) as on, pytest.raises(UsageError, match="whole characters, without NUL"):
        batch([GOAL], **{"cwd": on.root, "environ": on.environ, **given})


@pytest.mark.parametrize("thread", [5, [], "t" * 5000, "a\0b"])
def test_a_thread_of_any_kind_is_a_short_line(thread: Any, tmp_path: Path) -> None:
    with stage(tmp_path) as on, pytest.raises(UsageError, match=r"is not a name|no thread is named") as wrong:
        resume(thread, environ=on.environ)
    assert (len(str(wrong.value)) < 300, str(wrong.value).isprintable()) == (True, True)


@pytest.mark.nightly
def test_a_batch_in_an_event_loop_takes_tasks_and_ends_in_its_time(tmp_path: Path) -> None:
    with stage(tmp_path, say("it adds")) as on:
        tasks = [Task(goal="what does add in calc.py do?"), Task(goal="what does it do?")]
        done = asyncio.run(abatch(tasks, cwd=on.root, environ=on.environ, timeout=0.000001))
    assert {one.error for one in done.results} == {"the batch's time was over before this task began"}


@pytest.mark.parametrize("named", [True, pytest.param(False, marks=pytest.mark.nightly)])
def test_resume_goes_on_where_a_run_was_broken_off_and_pays_for_no_answer_twice(tmp_path: Path, named: bool) -> None:
    events: list[RunEvent] = []

    def breaks_off(event: RunEvent) -> None:
        if event.event == "turn":
            raise InterruptedError

    with stage(tmp_path, *DONE) as on:
        with pytest.raises(InterruptedError):
            run(GOAL, files=["calc.py"], thread="t", cwd=on.root, environ=on.environ, on_event=breaks_off)
        if named:
            done = resume("t", environ=on.environ, on_event=events.append)
        else:
            done = asyncio.run(aresume(environ=on.environ, on_event=events.append))
        assert len(on.local.chats) == 2
    assert (done.status, done.thread, done.summary) == ("ok", "t", "`add` adds now.")
    assert wrong_in("run", done.json) == []
    assert {one.run for one in events} == {done.run}
    assert [row["verdict"] for row in call("history", "--json", home=tmp_path).json["runs"]] == [done.verdict]


@pytest.mark.parametrize("thread", ["none", None])
def test_what_cannot_be_resumed_is_an_error(thread: str | None, tmp_path: Path) -> None:
    with stage(tmp_path) as on, pytest.raises(RouterError, match=r"no thread is named none|no run was interrupted"):
        resume(thread, environ=on.environ)
