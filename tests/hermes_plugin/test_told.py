"""What the parent and the user are told of a delegated task."""

from __future__ import annotations

from typing import Any

import pytest
from tests.hermes_plugin.a_rig import ANSWERS, HEARS, Rig

from profile_router.hermes_older import middleware
from profile_router.hermes_plugin import pipes, process
from profile_router.hermes_plugin.results import entry_of


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


@pytest.mark.parametrize("tasks", [1, 2])
def test_of_a_turn_the_parent_hears_nothing_and_of_its_file_no_name(rig: Rig, tasks: int) -> None:
    """The parent's model may be elsewhere, and the file that a local model opens may be private."""
    turn = "say('turn', turn=1, tools=['read_file'], file='keys/prod.pem', task_index=0)\n"
    rig.router(HEARS + "say('classify', line='there', rule='private', task_index=0)\n" + turn + "sys.exit(1)")
    args: dict[str, Any] = {"goal": "do it"} if tasks == 1 else {"tasks": [{"goal": "one"}, {"goal": "two"}]}
    told = rig.delegate(**args)
    assert told["results"][0]["so_far"] == ["classify: there"]
    assert "prod.pem" not in str(told)


def test_of_a_thousand_changed_files_the_parent_is_told_fifty_and_the_number(rig: Rig) -> None:
    ignored = [f"{number}.log" for number in range(60)]
    verified = {"files_changed": [{"path": f"{number}.py"} for number in range(1_000)], "ignored": ignored}
    rig.router(HEARS + f"say('result', status='ok', summary='did it', verified={verified})")
    [entry] = rig.delegate(goal="do it")["results"]
    assert (len(entry["verified"]["files_changed"]), entry["verified"]["files_changed_in_all"]) == (50, 1_000)
    assert (entry["verified"]["ignored"], entry["verified"]["ignored_in_all"]) == (ignored[:50], 60)


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


def test_the_user_sees_how_each_task_of_a_batch_ended(rig: Rig) -> None:
    lines = shown(rig)
    why = "not merged: a.py was changed in the workspace as well"
    merge = {"merged": False, "why": why, "conflicts": ["a.py"], "diff": "/s/t.patch", "changed": ["a.py"]}
    error = f"{why}; what it did is kept, apply it with: git apply …"
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


def test_a_task_that_cannot_be_explained_is_noted_with_why(rig: Rig) -> None:
    rig.router(
        'print(\'{"event": "plugin", "mode": "explain"}\')\n'
        'print(\'{"event": "result", "status": "explained", "route": null, "error": "there is no profile nope"}\')\n'
    )
    told = rig.delegate(goal="do it")
    assert told["profile_router"] == {"mode": "explain", "routes": [{"error": "there is no profile nope"}]}
    assert rig.native == [{"goal": "do it"}]
