"""A router that dies, hangs or answers nonsense: what may have been dispatched is not done again."""

from __future__ import annotations

import sys
import types
from pathlib import Path
from typing import Any

import pytest
from tests.hermes_plugin.a_rig import ANSWERS, HEARS, Rig
from tests.processes import is_gone

from profile_router.hermes_older import middleware
from profile_router.hermes_plugin import pipes, process
from profile_router.hermes_plugin.calls import verdict
from profile_router.hermes_plugin.settings import FIX, Settings


@pytest.mark.parametrize(
    ("after", "status", "says"),
    [
        ("sys.exit(1)", "error", "ended with 1 and without a result after it had decided"),
        ("time.sleep(60)", "timeout", "it took longer than the limit"),
    ],
)
def test_hermes_does_not_get_what_may_have_been_dispatched(rig: Rig, after: str, status: str, says: str) -> None:
    rig.router(HEARS + "say('classify', line='there', rule='borderline')\n" + after, limit_s=2.0)
    [entry] = rig.delegate(goal="fix the typo in README.md")["results"]
    assert rig.native == []
    assert (entry["status"], entry["so_far"]) == (status, ["classify: there"])
    assert says in entry["error"]
    assert entry["thread"]


def test_a_decision_that_came_too_late_to_be_seen_counts(rig: Rig) -> None:
    late = "signal.signal(signal.SIGINT, lambda *_: None)\nsys.stdin.buffer.read()\n"
    rig.router("import signal\n" + HEARS + late + "say('classify', line='there', rule='vision')", start_s=2.0)
    rig.monkeypatch.setattr(pipes, "_CLOSING_S", 20.0)
    [entry] = rig.delegate(goal="fix the typo in README.md")["results"]
    assert (rig.native, entry["so_far"]) == ([], ["classify: there"])


@pytest.mark.parametrize(("most", "much"), [("_MOST_EVENTS", 300), ("_MOST_BYTES", 30_000)])
@pytest.mark.parametrize("tasks", [1, 2])
def test_a_router_that_does_not_stop_talking_is_ended_and_not_kept_in_memory(
    rig: Rig, most: str, much: int, tasks: int
) -> None:
    heard: list[object] = []
    hear = process.Ran.hear

    def listening(ran: process.Ran, event: dict[str, Any]) -> None:
        heard.append(event)
        hear(ran, event)

    rig.monkeypatch.setattr(process.Ran, "hear", listening)
    rig.monkeypatch.setattr(pipes, most, much)
    talks = "say('classify', line='there', rule='borderline', task_index=0)\nwhile True:\n    "
    rig.router(HEARS + talks + "say('turn', line='x' * 80, task_index=0)")
    args: dict[str, Any] = {"goal": "do it"} if tasks == 1 else {"tasks": [{"goal": "one"}, {"goal": "two"}]}
    entry = rig.delegate(**args)["results"][0]
    assert (rig.native, entry["status"]) == ([], "error")
    assert "it did not stop talking: more than 50,000 events" in entry["error"]
    assert len(entry["so_far"]) == 20
    assert len(heard) < 700


def test_of_a_batch_whose_router_dies_the_answers_stand_and_the_rest_is_an_error(rig: Rig) -> None:
    dies = """
say("classify", line="there", rule="borderline", task_index=1)
say("classify", line="here", rule="borderline", task_index=2)
say("result", status="ok", summary="did two", attempts=[], task_index=1, seconds=3.5)
sys.exit(1)
"""
    rig.router(HEARS + dies)
    entries = rig.delegate(tasks=[{"goal": "one"}, {"goal": "two"}, {"goal": "three"}])["results"]
    assert rig.native == []
    assert [(entry["task_index"], entry["status"]) for entry in entries] == [
        (0, "error"),
        (1, "completed"),
        (2, "error"),
    ]
    assert (entries[1]["summary"], entries[1]["duration_seconds"]) == ("did two", 3.5)
    assert "the task may have been begun" in entries[2]["error"]
    assert "begun" not in entries[0]["error"]
    assert entries[2]["so_far"] == ["classify: here"]


def test_a_router_that_does_not_decide_is_ended_with_all_its_group(rig: Rig) -> None:
    code = (
        "import os, time, pathlib; a = os.fork(); open('pid%d' % bool(a), 'w').write(str(os.getpid())); time.sleep(60)"
    )
    rig.monkeypatch.chdir(rig.folder)
    rig.monkeypatch.delenv("TERMINAL_CWD", raising=False)
    rig.router(code, start_s=2.0)
    told = rig.delegate(goal="x" * 200_000)  # which it never reads
    assert "it did not decide within 2 s" in told["profile_router"]["because"]
    for name in ("pid0", "pid1"):
        assert is_gone(int((rig.folder / name).read_text()))


def test_an_interrupt_ends_all_tasks(rig: Rig) -> None:
    stopped = types.ModuleType("tools.interrupt")
    vars(stopped)["is_interrupted"] = lambda: True
    rig.monkeypatch.setitem(sys.modules, "tools.interrupt", stopped)
    rig.router("import time; time.sleep(60)")
    entries = rig.delegate(tasks=[{"goal": "one"}, {"goal": "two"}])["results"]
    assert [(entry["status"], entry["error"][:11]) for entry in entries] == [("interrupted", "the run was")] * 2
    assert rig.native == []


def test_an_answer_that_cannot_be_read_counts_as_dispatched(rig: Rig) -> None:
    rig.router(HEARS + "say('result', status='ok', attempts=[3])")
    [entry] = rig.delegate(goal="do it")["results"]
    assert (rig.native, "may have been dispatched" in entry["error"]) == ([], True)


def test_a_mistake_in_the_last_check_is_an_error_result_as_well(rig: Rig) -> None:
    def fails(*_: Any) -> None:
        raise RecursionError("too deep")

    rig.router("raise SystemExit(1)")
    rig.monkeypatch.setattr(verdict, "looks_private", fails)
    assert "too deep" in rig.delegate(goal="do it")["results"][0]["error"]
    assert rig.native == []


def test_a_mistake_while_a_task_runs_counts_as_dispatched(rig: Rig) -> None:
    def fails(*_: Any) -> None:
        raise RuntimeError("a mistake")

    rig.router(HEARS + ANSWERS)
    rig.monkeypatch.setattr(middleware, "run_router", fails)
    [entry] = rig.delegate(goal="do it")["results"]
    assert (rig.native, "may have been dispatched" in entry["error"]) == ([], True)


def test_what_hermes_own_delegation_raises_is_raised_again(rig: Rig) -> None:
    def fails(args: Any) -> str:
        raise LookupError("Hermes' own")

    rig.router("raise SystemExit(1)")
    with pytest.raises(LookupError, match="Hermes' own"):
        middleware.on_tool_middleware(tool_name="delegate_task", args={"goal": "do it"}, next_call=fails)


def test_an_exception_of_its_own_is_an_error_result(rig: Rig) -> None:
    def fails(args: Any) -> None:
        raise RuntimeError("a mistake")

    rig.monkeypatch.setattr(middleware, "tasks_of", fails)
    assert "a mistake" in rig.delegate(goal="do it")["results"][0]["error"]
    assert rig.native == []


def test_a_router_that_cannot_be_started_is_named_with_what_makes_one(rig: Rig, tmp_path: Path) -> None:
    broken = tmp_path / "router"
    broken.write_text("#!/no/such/python\n")
    broken.chmod(0o700)
    rig.monkeypatch.setattr(middleware, "plugin_settings", lambda: Settings(command=(str(broken),)))
    because = rig.delegate(goal="do it")["profile_router"]["because"]
    assert because.startswith("the router cannot be started (")
    assert because.endswith(FIX)
