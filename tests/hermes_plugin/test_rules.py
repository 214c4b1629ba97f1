"""The plugin's own rules: its router does as a test says, its Hermes only notes what it is asked."""

from __future__ import annotations

import ast
import json
import sys
import types
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from tests.hermes_plugin.parent import PLUGIN, POLICY, program
from tests.processes import is_gone

from profile_router import hermes_plugin
from profile_router.hermes_older import middleware
from profile_router.hermes_plugin import pipes, process, surfaces
from profile_router.hermes_plugin.arguments import tasks_of
from profile_router.hermes_plugin.calls import verdict
from profile_router.hermes_plugin.private import PATHS, looks_private
from profile_router.hermes_plugin.results import entry_of
from profile_router.hermes_plugin.settings import FIX, Settings, plugin_settings
from profile_router.policies.file import read_policy

HEARS = """\
import json, os, sys, time
task = json.loads(sys.stdin.buffer.readline())
def say(event, **values):
    print(json.dumps({"event": event, **values}), flush=True)
say("plugin", mode="on", private_paths=["*.secret"])
"""
ANSWERS = """\
for index, one in enumerate(task if isinstance(task, list) else [task]):
    say("classify", line="coding-local", rule="small-change", task_index=index)
    say("result", status="ok", summary="did " + one["goal"], route={"profile": "coding-local"}, attempts=[],
        thread="t1", task_index=index,
        given={"task": one, "argv": sys.argv[1:], "cwd": os.getcwd(), "environ": dict(os.environ)})
say("batch", status="ok")
"""
NATIVE = '{"results": [{"summary": "by Hermes"}]}'


@dataclass
class Rig:
    """Calls the middleware as Hermes does. `native` notes the arguments of each delegation that Hermes made itself."""

    folder: Path
    monkeypatch: pytest.MonkeyPatch
    native: list[Any] = field(default_factory=list)

    def router(self, code: str, **settings: Any) -> None:
        wanted = Settings(command=program(self.folder, code), **settings)
        self.monkeypatch.setattr(middleware, "plugin_settings", lambda: wanted)

    def delegate(self, **args: Any) -> Any:
        return json.loads(middleware.on_tool_middleware(tool_name="delegate_task", args=args, next_call=self.by_hermes))

    def by_hermes(self, args: Any) -> str:
        self.native.append(args)
        return NATIVE


@pytest.fixture
def rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Rig:
    monkeypatch.setattr(pipes, "_CLOSING_S", 0.2)
    monkeypatch.setattr(middleware, "GRACE_S", 0.0)
    monkeypatch.setattr(middleware, "_seen_private_paths", ())
    return Rig(tmp_path, monkeypatch)


@pytest.fixture
def given(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[dict[str, Any]]]:
    """Return what a call makes of itself for the router: one mapping per task."""
    rig.router(HEARS + ANSWERS)
    heard: list[dict[str, Any]] = []

    def listening(index: int, ran: process.Ran, thread: str, *, seconds: float) -> dict[str, Any]:
        assert ran.result is not None
        heard.append(dict(ran.result["given"]))
        return entry_of(index, ran, thread, seconds=seconds)

    monkeypatch.setattr(middleware, "entry_of", listening)

    def ask(**args: Any) -> list[dict[str, Any]]:
        rig.delegate(**args)
        return heard

    return ask


def test_the_router_gets_the_task_on_stdin_and_the_mark_against_recursion_in_its_environment(
    given: Callable[..., list[dict[str, Any]]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TERMINAL_CWD", str(tmp_path))
    monkeypatch.setenv("PYTHONHOME", "")
    [heard] = given(goal="do it", context="c" * 3_000_000, role="leaf", background=True, check="rm -rf /")
    assert heard["argv"] == ["run", "--task-json", "-", "--exit-with-stdin", "--from-hermes"]
    assert heard["cwd"] == str(tmp_path)
    assert heard["environ"]["PROFILE_ROUTER_DEPTH"] == "1"
    assert "PYTHONHOME" not in heard["environ"]
    assert heard["task"].pop("timeout") <= 1200
    assert len(heard["task"].pop("thread")) == 8
    # a model's command is none of a person's
    assert heard["task"] == {"goal": "do it", "context": "c" * 3_000_000, "proposed_check": "rm -rf /"}


def test_what_the_call_says_for_all_holds_where_a_task_says_nothing(given: Callable[..., list[dict[str, Any]]]) -> None:
    tasks = [{"goal": "one"}, {"goal": "two", "profile": "b", "toolsets": "web, file", "max_turns": 2, "files": "a.py"}]
    heard = given(tasks=json.dumps(tasks), profile="a", toolsets=["file"], max_turns=9, context="not theirs")
    own = [{k: v for k, v in one["task"].items() if k not in {"thread", "timeout"}} for one in heard]
    assert own == [
        {"goal": "one", "profile": "a", "toolsets": ["file"], "max_turns": 9},
        {"goal": "two", "profile": "b", "toolsets": ["web", "file"], "max_turns": 2, "files": ["a.py"]},
    ]


@pytest.mark.parametrize(
    ("wrote", "means"),
    [
        ({"toolsets": '["file", "web"]'}, {"toolsets": ["file", "web"]}),
        ({"toolsets": "file, web"}, {"toolsets": ["file", "web"]}),
        ({"files": '["a.py", "b, c.py"]'}, {"files": ["a.py", "b, c.py"]}),
        ({"files": "b, c.py"}, {"files": ["b, c.py"]}),
        ({"max_turns": "60"}, {"max_turns": 60}),
        ({"max_turns": 60.0}, {"max_turns": 60}),
        ({"max_turns": "many"}, {"max_turns": "many"}),
        ({"timeout": "5m"}, {"timeout": "5m"}),
        ({"timeout": "9"}, {"timeout": 9}),
        ({"local_only": "True"}, {"local_only": True}),
        ({"local_only": "false"}, {"local_only": False}),
        ({"profile": " coding-burst "}, {"profile": "coding-burst"}),
        ({"context": ["one", "two"]}, {"context": "one\ntwo"}),
        ({"context": {"file": "ä"}}, {"context": '{"file": "ä"}'}),
        ({"facts": '{"read_files": 3}'}, {"facts": {"read_files": 3}}),
        ({"tasks": "", "max_turns": 3}, {"max_turns": 3}),
        ({"tasks": "null", "max_turns": 3}, {"max_turns": 3}),
    ],
)
def test_what_a_model_writes_in_another_form_is_read_as_it_was_meant(
    wrote: dict[str, Any], means: dict[str, Any]
) -> None:
    [task] = tasks_of({"goal": "do it", **wrote}) or []
    assert task == {"goal": "do it", **means}


@pytest.mark.parametrize(
    ("args", "notes"),
    [
        ({"goal": "one", "role": "leaf", "background": False, "max_turns": 3, "model": None, "tasks": []}, []),
        (
            {"tasks": [{"goal": "one", "role": "orchestrator"}], "background": "true"},
            ["this call waited for its subagents", "no subagent delegates here"],
        ),
        ({"goal": "one", "model": "gpt", "budget": 3}, ["not used: budget, model (a task takes profile, "]),
        ({"goal": "one", "tasks": {"goal": "two"}}, ["not used: tasks (a task takes profile, "]),
        ({"tasks": [{"goal": "one"}], "profile": "a"}, []),
        (
            {"tasks": '[{"goal": "one", "model": "gpt"}]', "goal": "two", "context": "c"},
            ["context, goal beside tasks reached no subagent", "not used: model (a task takes profile, "],
        ),
    ],
)
def test_the_parent_is_told_what_of_its_call_reached_no_subagent(
    rig: Rig, args: dict[str, Any], notes: list[str]
) -> None:
    rig.router(HEARS + ANSWERS)
    told = rig.delegate(**args)
    assert [entry["status"] for entry in told["results"]] == ["completed"]
    assert [note[: len(begins)] for note, begins in zip(told.get("notes", []), notes, strict=True)] == notes


@pytest.mark.parametrize(
    "args",
    [
        {},
        {"goal": "  "},
        {"goal": None, "tasks": []},
        {"tasks": ["do it"]},
        {"tasks": [{"goal": "one"}, {"context": "no goal"}]},
        {"tasks": "[not json"},
        {"tasks": "[not json", "goal": "which was not all that was asked for"},
        {"tasks": '{"goal": "one"}', "goal": "two"},
    ],
)
def test_what_hermes_itself_refuses_is_left_to_hermes(rig: Rig, args: dict[str, Any]) -> None:
    rig.router("raise SystemExit('it was called')")
    assert rig.delegate(**args) == json.loads(NATIVE)
    assert rig.native == [args]


def test_other_tools_are_none_of_its_business(rig: Rig) -> None:
    rig.router("raise SystemExit('it was called')")
    assert middleware.on_tool_middleware(tool_name="terminal", args={"goal": "x"}, next_call=rig.by_hermes) == NATIVE


@pytest.mark.parametrize(
    "code",
    [
        HEARS + "say('line', line='hm'); sys.exit(1)",
        "import sys; sys.exit(2)",
        "import sys; sys.exit('usage: profile-router run: unrecognized arguments: --from-hermes')",
        "print('{' * 100_000); print('[1]'); print('{\"event\": 3}'); print('\\x00\\xff')",
        "import os; os.kill(os.getpid(), 9)",
    ],
)
def test_hermes_delegates_by_itself_where_nothing_was_decided(rig: Rig, code: str) -> None:
    rig.router(code)
    told = rig.delegate(goal="fix the typo in README.md")
    assert rig.native == [{"goal": "fix the typo in README.md"}]
    assert (told["results"], told["profile_router"]["mode"]) == (json.loads(NATIVE)["results"], "not used")


@pytest.mark.parametrize(
    "args",
    [
        {"goal": "rotate the key in config/.env.local"},
        {"goal": "tidy up", "files": ["deploy/id_rsa"]},
        {"goal": "tidy up", "context": "see `secrets/prod.yaml`."},
        {"goal": "tidy up", "local_only": True},
        {"goal": "tidy up", "thread": "an-older-one"},
        {"goal": "tidy up", "facts": {"note": "-----BEGIN RSA PRIVATE KEY-----"}},
        {"goal": "this is confidential: tidy up"},
        {"goal": "the api_key = hunter2 is wrong"},
        {"goal": "look at notes.secret"},
        {"tasks": [{"goal": "fix the typo in README.md"}, {"goal": "read .env"}]},
    ],
)
def test_hermes_does_not_get_what_looks_private(rig: Rig, args: dict[str, Any]) -> None:
    rig.router(HEARS + "sys.exit(1)")
    told = rig.delegate(**args)
    assert rig.native == []
    assert all("a task looks private" in entry["error"] for entry in told["results"])
    assert len(told["results"]) == len(args.get("tasks", [args]))


@pytest.mark.parametrize(
    "goal", ["fix the typo in README.md", "add a test for environment.py", "the secretary's form", "sort the keys"]
)
def test_an_ordinary_task_does_not_look_private(goal: str) -> None:
    assert looks_private({"goal": goal, "files": ["src/key.py"]}, ()) == ""


def test_its_private_paths_are_those_of_the_shipped_policy() -> None:
    assert read_policy(POLICY).private_paths == PATHS


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


@pytest.mark.parametrize("tasks", [1, 2])
def test_of_a_turn_the_parent_hears_nothing_and_of_its_file_no_name(rig: Rig, tasks: int) -> None:
    """The parent's model may be elsewhere, and the file that a local model opens may be private."""
    turn = "say('turn', turn=1, tools=['read_file'], file='keys/prod.pem', task_index=0)\n"
    rig.router(HEARS + "say('classify', line='there', rule='private', task_index=0)\n" + turn + "sys.exit(1)")
    args: dict[str, Any] = {"goal": "do it"} if tasks == 1 else {"tasks": [{"goal": "one"}, {"goal": "two"}]}
    told = rig.delegate(**args)
    assert told["results"][0]["so_far"] == ["classify: there"]
    assert "prod.pem" not in str(told)


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


def test_of_a_thousand_changed_files_the_parent_is_told_fifty_and_the_number(rig: Rig) -> None:
    verified = {"files_changed": [{"path": f"{number}.py"} for number in range(1_000)]}
    rig.router(HEARS + f"say('result', status='ok', summary='did it', verified={verified})")
    [entry] = rig.delegate(goal="do it")["results"]
    assert (len(entry["verified"]["files_changed"]), entry["verified"]["files_changed_in_all"]) == (50, 1_000)


CHECK = {"command": "pytest -q", "passed": True, "last_line": "14 passed"}
VERDICTS: list[tuple[dict[str, Any], str]] = [
    (
        {"status": "ok", "verdict": "verified", "verified": {"check": CHECK, "unverified": []}},
        "verified: pytest -q passed · 14 passed",
    ),
    ({"status": "ok", "verdict": "unverified", "verified": {"check": CHECK}}, "unverified: nothing confirms it"),
    ({"status": "ok", "verified": {"check": CHECK, "unverified": ["names x.py"]}}, "unverified: names x.py"),
    (
        {"status": "ok", "verified": {"unverified": ["no check command was named"]}},
        "unverified: no check command was named",
    ),
    ({"status": "ok"}, "unverified: nothing confirms it"),
    ({"status": "failed", "error": "pytest -q: exit 1 · 1 failed"}, "failed: pytest -q: exit 1 · 1 failed"),
    ({"status": "refused", "route": {"reasons": ["it is private"]}}, "refused: it is private"),
]


@pytest.mark.parametrize(("result", "verdict"), VERDICTS)
def test_the_parent_gets_the_verdict_and_what_was_verified_before_the_words_of_the_subagent(
    result: dict[str, Any], verdict: str
) -> None:
    ran = process.Ran(started=True)
    ran.result = {"summary": "All tests pass.", **result}
    entry = entry_of(0, ran, "t", seconds=1.0)
    assert entry["verdict"] == verdict
    assert list(entry)[:5] == ["task_index", "status", "verdict", "verified", "summary"]


def test_a_router_in_order_that_says_no_is_heard(rig: Rig) -> None:
    rig.router("import sys; print('profile-router: no profile x', file=sys.stderr); sys.exit(2)")
    [entry] = rig.delegate(goal="fix it", profile="x")["results"]
    assert (rig.native, entry["status"], entry["error"]) == ([], "error", "no profile x")


def test_several_tasks_are_one_run_of_the_router(given: Callable[..., list[dict[str, Any]]]) -> None:
    heard = given(tasks=[{"goal": "one"}, {"goal": "two", "thread": "mine"}])
    assert [one["argv"] for one in heard] == [["batch", "--tasks-json", "-", "--exit-with-stdin", "--from-hermes"]] * 2
    assert [one["task"]["goal"] for one in heard] == ["one", "two"]
    assert heard[1]["task"]["thread"] == "mine"
    assert len(heard[0]["task"]["thread"]) == 8
    assert all(0 < one["task"]["timeout"] <= 1200 for one in heard)


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


@pytest.mark.parametrize("code", ["sys.exit(1)", "say('classify', line='x', rule='vision', task_index=9); sys.exit(1)"])
def test_a_batch_of_which_nothing_was_decided_goes_to_hermes_whole(rig: Rig, code: str) -> None:
    rig.router(HEARS + code)
    told = rig.delegate(tasks=[{"goal": "one"}, {"goal": "two"}])
    assert rig.native == [{"tasks": [{"goal": "one"}, {"goal": "two"}]}]
    assert told["profile_router"]["mode"] == "not used"


@pytest.mark.parametrize("mode", ["off", "explain"])
def test_a_batch_stays_with_hermes_where_the_policy_leaves_it_there(rig: Rig, mode: str) -> None:
    says = f'print(\'{{"event": "plugin", "mode": "{mode}"}}\')\n'
    explains = """
for index in range(2):
    print('{"event": "result", "task_index": %d, "status": "explained", "route": {"profile": "p%d"}}' % (index, index))
"""
    rig.router(says + (explains if mode == "explain" else ""))
    told = rig.delegate(tasks=[{"goal": "one"}, {"goal": "read .env"}])
    assert len(rig.native) == 1
    routes = {"mode": "explain", "routes": [{"profile": "p0"}, {"profile": "p1"}]}
    assert told.get("profile_router") == (routes if mode == "explain" else None)


def test_a_conflict_is_told_with_where_the_change_is_kept(rig: Rig) -> None:
    merge = {"merged": False, "conflicts": ["a.py"], "diff": "/s/t.patch", "apply": "git …", "changed": ["a.py"] * 60}
    rig.router(HEARS + f"say('result', status='failed', error='not merged', attempts=[], merge={merge}, task_index=1)")
    entry = rig.delegate(tasks=[{"goal": "one"}, {"goal": "two"}])["results"][1]
    assert (entry["status"], entry["error"]) == ("failed", "not merged")
    assert entry["merge"]["diff"] == "/s/t.patch"
    assert (len(entry["merge"]["changed"]), entry["merge"]["changed_in_all"]) == (50, 60)


def shown(rig: Rig) -> list[str]:
    """Return where each line is put that Hermes' user is to see, once however often it is the last one."""
    lines: list[str] = []
    rig.monkeypatch.setattr(middleware, "alive_sign", lambda: lambda line: lines.append(line) if line else None)
    rig.monkeypatch.setattr(middleware, "tell_once", lines.append)
    return lines


def test_the_user_sees_how_each_task_of_a_batchis_gone(rig: Rig) -> None:
    lines = shown(rig)
    merge = {"merged": False, "conflicts": ["a.py"], "diff": "/s/t.patch", "changed": ["a.py"]}
    error = "not merged: a.py was changed in the workspace as well; what it did is kept, apply it with: git apply …"
    rig.router(
        HEARS
        + "say('result', status='ok', attempts=[], merge={'merged': True, 'changed': ['b.py']}, task_index=0)\n"
        + f"say('result', status='failed', error='{error}', attempts=[], merge={merge}, task_index=1)\n"
        + "say('result', status='refused', route={'reasons': ['too expensive']}, attempts=[], task_index=2)\n"
        + "say('batch', status='failed')"
    )
    rig.delegate(tasks=[{"goal": "one"}, {"goal": "two"}, {"goal": "three"}])
    assert list(dict.fromkeys(lines)) == [
        "1/3 result: ok, 1 file merged",
        "2/3 result: failed, its work is kept in /s/t.patch: not merged: a.py was changed in the workspace as well",
        "3/3 result: refused: too expensive",
    ]


def test_the_user_sees_why_a_task_was_refused(rig: Rig) -> None:
    lines = shown(rig)
    rig.router(HEARS + "say('result', status='refused', route={'reasons': ['too expensive']}, attempts=[])")
    rig.delegate(goal="one")
    assert lines == ["result: refused: too expensive"]


def test_the_user_sees_what_an_ended_router_says_last(rig: Rig) -> None:
    lines = shown(rig)
    rig.monkeypatch.setattr(pipes, "_CLOSING_S", 20.0)
    keeps = "sys.stdin.buffer.read()\nsay('kept', line='what it did so far: /s/t.patch', task_index=0)\n"
    rig.router("import signal\n" + HEARS + keeps, start_s=1.0)
    rig.delegate(tasks=[{"goal": "one"}, {"goal": "two"}])
    assert lines == [
        "1/2 kept: what it did so far: /s/t.patch",
        "Hermes delegates by itself: the router was ended, it did not decide within 1 s",
    ]


def test_the_user_sees_that_hermes_delegates_by_itself(rig: Rig) -> None:
    lines = shown(rig)
    rig.router("raise SystemExit('it fell over')")
    rig.delegate(goal="fix the typo in README.md")
    assert lines == ["Hermes delegates by itself: the router ended with 1: it fell over"]


def test_the_settings_can_forbid_hermes_own_delegation(rig: Rig) -> None:
    rig.router("raise SystemExit(1)", if_broken="error")
    [entry] = rig.delegate(goal="fix the typo in README.md")["results"]
    assert (rig.native, "forbid it" in entry["error"]) == ([], True)


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


@pytest.mark.parametrize(("mode", "noted"), [("off", False), ("explain", True)])
def test_a_private_task_stays_with_hermes_where_the_policy_leaves_it_there(rig: Rig, mode: str, noted: bool) -> None:
    says = f'print(\'{{"event": "plugin", "mode": "{mode}"}}\')\n'
    explains = 'print(\'{"event": "result", "status": "explained", "route": {"profile": "p"}}\')\n'
    rig.router(says + (explains if noted else ""))
    told = rig.delegate(goal="read .env")
    assert rig.native == [{"goal": "read .env"}]
    assert told.get("profile_router") == ({"mode": "explain", "routes": [{"profile": "p"}]} if noted else None)


def test_a_task_that_cannot_be_explained_is_noted_with_why(rig: Rig) -> None:
    rig.router(
        'print(\'{"event": "plugin", "mode": "explain"}\')\n'
        'print(\'{"event": "result", "status": "explained", "route": null, "error": "there is no profile nope"}\')\n'
    )
    told = rig.delegate(goal="do it")
    assert told["profile_router"] == {"mode": "explain", "routes": [{"error": "there is no profile nope"}]}
    assert rig.native == [{"goal": "do it"}]


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


def test_what_the_operator_has_paused_stays_paused(rig: Rig) -> None:
    paused = types.ModuleType("tools.delegate_tool")
    vars(paused)["is_spawn_paused"] = lambda: True
    rig.monkeypatch.setitem(sys.modules, "tools.delegate_tool", paused)
    rig.router("raise SystemExit('it was called')")
    assert "delegation is paused" in rig.delegate(goal="do it")["error"]
    assert rig.native == []


def test_hermes_activity_clock_is_kept_going(rig: Rig) -> None:
    touched: list[str] = []
    clock = types.ModuleType("tools.environments.base")
    vars(clock)["touch_activity_if_due"] = lambda state, label: touched.append(label)
    rig.monkeypatch.setitem(sys.modules, "tools.environments.base", clock)
    rig.router(HEARS + ANSWERS)
    rig.delegate(goal="do it")
    assert touched[-1] == "profile-router: classify: coding-local"


def test_a_mistake_while_a_task_runs_counts_as_dispatched(rig: Rig) -> None:
    def fails(*_: Any) -> None:
        raise RuntimeError("a mistake")

    rig.router(HEARS + ANSWERS)
    rig.monkeypatch.setattr(middleware, "run_router", fails)
    [entry] = rig.delegate(goal="do it")["results"]
    assert (rig.native, "may have been dispatched" in entry["error"]) == ([], True)


def test_what_hermes_own_delegation_raises_is_passed_on(rig: Rig) -> None:
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


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, "the router is not set up"),
        ("{", "cannot be used"),
        ("[]", "it must be a JSON object"),
        ('{"comand": []}', "unknown key 'comand'; allowed: command"),
        ('{"command": "x"}', "'command' must be a list of texts"),
        ('{"command": ["profile-router"]}', "not an absolute path"),
        ('{"command": ["/nowhere/it"]}', "is not at /nowhere/it"),
        ('{"if_broken": "maybe"}', "allowed: hermes, error"),
        ('{"limit_seconds": 0}', "must be seconds, more than 0"),
    ],
)
def test_settings_that_cannot_serve_say_why(tmp_path: Path, text: str | None, says: str) -> None:
    if text is not None:
        (tmp_path / "router.json").write_text(text)
    assert says in plugin_settings(tmp_path).problem


@pytest.mark.parametrize("former", [True, False, "yes"])
def test_a_setting_that_only_earlier_versions_had_means_nothing(tmp_path: Path, former: object) -> None:
    (tmp_path / "router.json").write_text(json.dumps({"command": [sys.executable], "worker": former}))
    assert plugin_settings(tmp_path) == Settings(command=(sys.executable,))


def test_the_environment_can_name_the_router(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROFILE_ROUTER_COMMAND", sys.executable)
    (tmp_path / "router.json").write_text('{"command": ["/nowhere/it"], "limit_seconds": 60}')
    assert plugin_settings(tmp_path) == Settings(command=(sys.executable,), limit_s=60)


class Hermes:
    """Notes what a plugin registers."""

    def __init__(self) -> None:
        self.registered: list[str] = []

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda first, *_, **__: self.registered.append(f"{name} {first}")


@pytest.mark.parametrize("mark", ["", "PROFILE_ROUTER_DEPTH", "PROFILE_ROUTER_CHILD"])
def test_within_a_subagent_it_registers_nothing(mark: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if mark:
        monkeypatch.setenv(mark, "1")
    hermes = Hermes()
    hermes_plugin.register(hermes)
    expected = [
        "register_cli_command profile-router",
        "register_command profile-router",
        "register_hook subagent_start",
        "register_hook post_api_request",
        "register_hook subagent_stop",
        "register_middleware tool_request",
        "register_hook subagent_start",
        "register_hook subagent_stop",
        "register_hook transform_llm_output",
        "register_hook pre_tool_call",
        "register_hook post_approval_response",
        "register_tool route_task",
        "register_middleware tool_execution",
    ]
    assert hermes.registered == ([] if mark else expected)


def test_it_is_made_of_the_standard_library_alone() -> None:
    allowed = sys.stdlib_module_names | {"", "agent", "hermes_cli", "hermes_constants", "providers"}
    # the last four are Hermes' own, of which the catalog's test knows what is public
    of_the_dashboard = {PLUGIN / "dashboard/plugin_api.py": {"fastapi"}}  # which loads it and is made of that
    for file in PLUGIN.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            names: list[str] = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [] if node.level else [node.module or ""]
            assert {name.partition(".")[0] for name in names} <= allowed | of_the_dashboard.get(file, set()), file


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("fix the 'typo", ["route", "--", "fix the 'typo"]),
        ("profiles --json", ["profiles", "--json"]),
        ("run rm it", ["route", "--", "run rm it"]),
        ("--help", ["route", "--", "--help"]),
    ],
)
def test_a_chat_may_only_ask(rig: Rig, text: str, words: list[str]) -> None:
    wanted = Settings(command=program(rig.folder, "import sys; print(sys.argv[1:])"))
    rig.monkeypatch.setattr(surfaces, "plugin_settings", lambda: wanted)
    assert surfaces.in_chat(text) == str(words)


def test_a_router_that_cannot_be_started_is_named_with_what_makes_one(rig: Rig, tmp_path: Path) -> None:
    broken = tmp_path / "router"
    broken.write_text("#!/no/such/python\n")
    broken.chmod(0o700)
    rig.monkeypatch.setattr(middleware, "plugin_settings", lambda: Settings(command=(str(broken),)))
    because = rig.delegate(goal="do it")["profile_router"]["because"]
    assert because.startswith("the router cannot be started (")
    assert because.endswith(FIX)
