"""`profile-router batch` as a process: writers of one batch each work apart, and what they did meets in order."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.api.forms import wrong_in
from tests.cli import forked
from tests.cli.command import Done, call, environment
from tests.cli.stage import Gate, profile, workspace
from tests.examples import by_night, each
from tests.scripted_provider import Answer, ScriptedProvider, fail, say
from tests.scripted_provider import call as tool

from profile_router.api.task_fields import tasks_from_json
from profile_router.cli.commands.batch import allowed_told_once
from profile_router.core.task import Task
from profile_router.git.marks import LARGE

LOCAL, BURST, CHEAP = "coding-local", "coding-burst", "review-cheap"
TEXT = "".join(f"line {number}\n" for number in range(1, 10))
FILES = {"calc.py": "def add(a, b):\n    return a - b\n", "text.md": TEXT, ".gitignore": "*.log\n"}


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return workspace(tmp_path / "ws", FILES)


@contextmanager
def servers(home: Path, **scripts: list[Answer]) -> Iterator[dict[str, ScriptedProvider]]:
    """Serve a script for each of local, burst and cheap; one that is left out must not be asked."""
    with ExitStack() as open_servers:
        found = {}
        for name in (LOCAL, BURST, CHEAP):
            found[name] = open_servers.enter_context(ScriptedProvider(scripts.get(name.partition("-")[2], [])))
            profile(home, name, found[name].base_url)
        yield found


def edit(old: str, new: str, path: str = "text.md") -> Answer:
    return tool("edit_file", {"path": path, "old": old, "new": new})


def to(name: str, goal: str = "change it", **more: Any) -> dict[str, Any]:
    return {"goal": goal, "profile": name, **more}


def batch(home: Path, cwd: Path, *tasks: Any, how: str = "--json", extra: Mapping[str, str] | None = None) -> Done:
    stdin = json.dumps(tasks).encode()
    return call("batch", "--tasks-json", "-", how, home=home, cwd=cwd, stdin=stdin, extra=extra)


def left_behind(home: Path) -> list[str]:
    """Return the copies of work trees that are still there."""
    places = home / "state" / "worktrees"
    return [place.name for place in places.iterdir() if place.is_dir()] if places.exists() else []


def status(repository: Path) -> str:
    done = subprocess.run(["git", "status", "--porcelain"], cwd=repository, capture_output=True, text=True, check=True)
    return done.stdout


def test_three_writers_of_one_file_in_different_places_all_land(tmp_path: Path, repository: Path) -> None:
    scripts = {
        "local": [edit("line 1\n", "LINE 1\n"), say("one")],
        "burst": [edit("line 5", "LINE 5"), say("two")],
        "cheap": [edit("line 9", "LINE 9"), say("three")],
    }
    with servers(tmp_path, **scripts):
        done = batch(tmp_path, repository, to(LOCAL), to(BURST), to(CHEAP))
    assert done.code == 0, done.err
    results = done.json["results"]
    assert [result["summary"] for result in results] == ["one", "two", "three"]
    assert [result["attempts"][0]["profile"] for result in results] == [LOCAL, BURST, CHEAP]
    assert [result["merge"] for result in results] == [{"merged": True, "changed": ["text.md"]}] * 3
    changed = [{"path": "text.md", "lines_added": 1, "lines_removed": 1}]
    assert [result["verified"]["files_changed"] for result in results] == [changed] * 3
    text = (repository / "text.md").read_text()
    assert text == TEXT.replace("line 1\n", "LINE 1\n").replace("line 5", "LINE 5").replace("line 9", "LINE 9")
    assert status(repository) == " M text.md\n"
    assert left_behind(tmp_path) == []


def test_of_two_that_contradict_the_first_wins_and_the_others_diff_is_kept(tmp_path: Path, repository: Path) -> None:
    scripts = {
        "local": [edit("line 5", "FIRST"), say("one")],
        "burst": [
            edit("line 5", "SECOND"),
            tool("write_file", {"path": "new.md", "content": "n\n"}),
            say("two"),
        ],
    }
    with servers(tmp_path, **scripts):
        done = batch(tmp_path, repository, to(LOCAL), to(BURST))
    assert done.code == 1
    first, second = done.json["results"]
    assert (first["status"], second["status"]) == ("ok", "failed")
    assert (repository / "text.md").read_text() == TEXT.replace("line 5", "FIRST")
    assert not (repository / "new.md").exists()
    merge = second["merge"]
    assert (merge["merged"], merge["conflicts"], merge["changed"]) == (False, ["text.md"], ["new.md", "text.md"])
    assert second["verified"]["files_changed"] == []
    assert second["error"] == f"{merge['why']}; what it did is kept, apply it with: {merge['apply']}"
    diff = Path(merge["diff"])
    assert diff.stat().st_mode & 0o777 == 0o600
    assert "+SECOND" in diff.read_text()
    subprocess.run(merge["apply"], shell=True, capture_output=True, check=False)
    assert (repository / "new.md").read_text() == "n\n"
    assert "SECOND" in (repository / "text.md.rej").read_text()


def test_the_children_run_at_the_same_time_and_are_merged_in_the_order_of_the_tasks(
    tmp_path: Path, repository: Path
) -> None:
    slow, fast = Gate(), Gate()
    scripts = {
        "local": [edit("line 5", "FIRST"), say("one", gate=slow)],
        "burst": [edit("line 5", "SECOND"), say("two", gate=fast)],
    }

    def both() -> None:
        slow.reached.wait(20)
        fast.reached.wait(20)
        fast.set()
        slow.set()

    with servers(tmp_path, **scripts):
        together = threading.Thread(target=both)
        together.start()
        done = batch(tmp_path, repository, to(LOCAL), to(BURST))
        together.join()
    assert slow.reached.is_set()
    assert fast.reached.is_set()
    assert [result["status"] for result in done.json["results"]] == ["ok", "failed"], done.err


def test_each_check_runs_over_what_its_own_child_did(tmp_path: Path, repository: Path) -> None:
    check = f"{sys.executable} -c 'import calc; assert calc.add(1, 2) == 3'"
    scripts = {
        "local": [edit("a - b", "a + b", "calc.py"), say("fixed")],
        "burst": [edit("line 1\n", "x\n"), say("no")],
    }
    with servers(tmp_path, **scripts):
        done = batch(tmp_path, repository, to(LOCAL, check=check), to(BURST, check=check))
    good, bad = done.json["results"]
    assert (good["status"], good["verified"]["check"]["passed"]) == ("ok", True), done.err
    assert (bad["status"], bad["verified"]["check"]["passed"]) == ("failed", False)
    assert (repository / "text.md").read_text() == TEXT
    assert "+x" in Path(bad["merge"]["diff"]).read_text()


def test_paths_of_the_workspace_lead_into_the_copy_and_come_back_as_they_were(tmp_path: Path, repository: Path) -> None:
    text = f"{repository}/text.md"
    script = [edit("line 1\n", "x\n"), say(f"changed {text}"), say("two")]
    with servers(tmp_path, local=script) as at:
        tasks = to(LOCAL, f"look at {text}", thread="t", files=[text], check="pwd"), to(LOCAL, "go on", thread="t")
        done = batch(tmp_path, repository, *tasks)
        first, _, last = ([message["content"] for message in body["messages"][1:]] for body in at[LOCAL].chats)
    result, _ = done.json["results"]
    assert text not in first[0]
    assert first[0].startswith(f"look at {tmp_path}/state/worktrees/")
    assert result["summary"] == f"changed {text}"
    assert result["verified"]["check"]["last_line"] == str(repository)
    assert result["route"]["evidence"]["files"][0]["path"] == "text.md"
    assert "worktrees" not in done.out
    # the next task on the thread reads of its own copy, not of one that is gone
    copies = [told.partition("/state/worktrees/")[2].partition("/")[0] for told in (first[0], *last[:2])]
    assert copies[0] != copies[1] == copies[2] != ""


def test_outside_of_git_one_writes_at_a_time_and_in_order(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.mkdir()
    (plain / "text.md").write_text(TEXT)
    scripts = {"local": [edit("line 5", "FIRST"), say("one")], "burst": [edit("FIRST", "SECOND"), say("two")]}
    with servers(tmp_path, **scripts):
        done = batch(tmp_path, plain, to(LOCAL, workspace=str(plain)), to(BURST, workspace=str(plain)))
    assert done.code == 0, done.out + done.err
    assert "SECOND" in (plain / "text.md").read_text()
    for result in done.json["results"]:
        assert f"one writer at a time: {plain} is in no git repository" in result["notes"]


@pytest.mark.parametrize(
    ("prepare", "task", "because"),
    [
        ("x.log", {"files": ["x.log"]}, "git ignores"),
        by_night("x.log", {"goal": "sum up x.log"}, "git ignores"),
        ("model [1].bin", {"files": ["model [1].bin"]}, "which the task names, is too large to copy"),
        (".gitmodules", {}, "it has submodules"),
    ],
)
def test_what_no_copy_would_have_is_done_in_place(
    tmp_path: Path, repository: Path, prepare: str, task: dict[str, Any], because: str
) -> None:
    (repository / prepare).write_text("")
    if prepare.endswith(".bin"):
        os.truncate(repository / prepare, LARGE)
    if prepare == ".gitmodules":
        head = subprocess.run(
            ["git", "rev-parse", "HEAD"], cwd=repository, capture_output=True, text=True
        ).stdout.strip()
        link = ["git", "update-index", "--add", "--cacheinfo", f"160000,{head},sub"]
        subprocess.run(link, cwd=repository, check=True)
    with servers(tmp_path, local=[edit("line 1\n", "x\n"), say("done"), say("done")]):
        done = batch(
            tmp_path, repository, to(LOCAL, **{"goal": "change it", **task}), to(LOCAL, **{**task, "goal": "read it"})
        )
    assert done.code == 0, done.out + done.err
    first, _ = done.json["results"]
    assert any(because in note for note in first["notes"])
    assert "merge" not in first
    assert first["verified"]["files_changed"][0]["path"] == "text.md"


def test_a_large_file_is_left_out_of_a_copy_stays_where_it_is_and_that_is_said(
    tmp_path: Path, repository: Path
) -> None:
    (repository / "data.bin").touch()
    os.truncate(repository / "data.bin", LARGE)
    gone = f"{sys.executable} -c 'import os; assert not os.path.exists(\"data.bin\")'"
    with servers(tmp_path, local=[edit("line 1\n", "x\n"), say("done")]):
        done = batch(tmp_path, repository, to(LOCAL, check=gone))
    assert done.code == 0, done.out + done.err
    (result,) = done.json["results"]
    assert result["merge"] == {"merged": True, "changed": ["text.md"]}
    assert "not in the copy that it worked in, because too large: data.bin (67.1 MB)" in result["notes"]
    assert (repository / "data.bin").stat().st_size == LARGE


def test_a_task_that_cannot_write_works_beside_a_writer_that_is_in_the_middle(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.mkdir()
    held = Gate()

    class Opens(Gate):
        def wait(self, timeout: float | None = None) -> bool:
            held.reached.wait(20)
            held.set()
            return True

    scripts = {"local": [say("wrote", gate=held)], "burst": [say("read", gate=Opens())]}
    with servers(tmp_path, **scripts):
        reads = to(BURST, toolsets=["web"], workspace=str(plain))
        done = batch(tmp_path, plain, to(LOCAL, workspace=str(plain)), reads)
    assert [result["summary"] for result in done.json["results"]] == ["wrote", "read"], done.err
    assert not any("one writer" in note for note in done.json["results"][1]["notes"])


def a_policy(folder: Path, old: str, new: str) -> Path:
    """Write the shipped policy with *new* for *old* and return the file."""
    shipped = Path(__file__).parents[2] / "skill/profile_router/policies/default_policy.yaml"
    text = shipped.read_text()
    assert old in text
    policy = folder / "policy.yaml"
    policy.write_text(text.replace(old, new))
    return policy


def test_no_more_run_at_once_than_the_policy_says(tmp_path: Path, repository: Path) -> None:
    policy = {"PROFILE_ROUTER_POLICY": str(a_policy(tmp_path, "  parallel: 3 ", "  parallel: 1 "))}
    first = Gate()
    with servers(tmp_path, local=[say("one", gate=first)], burst=[say("two")]) as at:
        seen: list[int] = []

        def look() -> None:
            first.reached.wait(20)
            seen.append(len(at[BURST].chats))
            first.set()

        watching = threading.Thread(target=look)
        watching.start()
        done = batch(tmp_path, repository, to(LOCAL), to(BURST), extra=policy)
        watching.join()
    assert (done.code, seen) == (0, [0]), done.err


def test_every_event_names_its_task_and_the_last_line_is_the_batchs(tmp_path: Path, repository: Path) -> None:
    with servers(tmp_path, local=[say("one")], burst=[say("two")]):
        done = batch(tmp_path, repository, to(LOCAL), to(BURST), how="--stream")
    events = [json.loads(line) for line in done.out.splitlines()]
    assert {event["task_index"] for event in events[:-1]} == {0, 1}
    results = [(event["task_index"], event["summary"]) for event in events if event["event"] == "result"]
    assert sorted(results) == [(0, "one"), (1, "two")]
    assert (events[-1]["event"], events[-1]["status"], events[-1]["tasks"]) == ("batch", "ok", 2)


def test_what_is_wrong_with_one_task_is_its_result_and_the_others_run(tmp_path: Path, repository: Path) -> None:
    tasks = [to("nobody"), {"goal": ""}, {"gaol": "x"}, to(LOCAL, files=["absent.py"]), to(LOCAL)]
    with servers(tmp_path, local=[say("done")]):
        done = batch(tmp_path, repository, *tasks)
        people = batch(tmp_path, repository, *tasks[:4], how="--stream")
    assert done.code == 1
    *wrong, right = done.json["results"]
    says = [
        "task 1: profile 'nobody' (profile) ",
        "goal is missing",
        "unknown key 'gaol'",
        "task 4: files 'absent.py' ",
    ]
    assert not any(option in result["error"] for option in ("--file", "--profile") for result in wrong)
    assert all(word in result["error"] for word, result in zip(says, wrong, strict=True))
    assert "worktrees" not in done.out
    assert right["summary"] == "done"
    assert people.code == 2, "no task was begun"


@pytest.mark.parametrize("given", each(3, [b"", b"{}", b"[]", b"[1", b'[{"goal": "x", "goal": "y"}]'], repr))
def test_what_is_not_a_list_of_tasks_is_refused_in_one_line(tmp_path: Path, given: bytes) -> None:
    done = call("batch", "--tasks-json", "-", home=tmp_path, stdin=given)
    assert (done.code, done.out) == (2, "")
    assert "--tasks-json: stdin" in done.err
    assert len(done.err.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("tasks", "said"),
    [
        ([{"gaol": "x"}], "--tasks-json, task 1: unknown key 'gaol'"),
        ([{"goal": " "}], "--tasks-json, task 1: goal is missing"),
        (["x"], "--tasks-json, task 1 must be a JSON object"),
        ([{"goal": "x", "files": 3}, 1], "--tasks-json, task 1: files is 3"),
    ],
)
def test_a_batch_without_one_task_to_run_is_a_wrong_call(tmp_path: Path, tasks: list[object], said: str) -> None:
    done = call("batch", "--tasks-json", "-", home=tmp_path, stdin=json.dumps(tasks).encode())
    assert (done.code, done.out) == (2, "")
    assert said in done.err
    assert "--task-json" not in done.err


def test_a_person_sees_each_line_with_the_number_of_its_task(tmp_path: Path, repository: Path) -> None:
    with servers(tmp_path, local=[say("one")], burst=[fail(400)]):
        stdin = json.dumps([to(LOCAL), to(BURST), to("nobody")]).encode()
        done = call("batch", "--tasks-json", "-", home=tmp_path, cwd=repository, stdin=stdin)
    assert done.code == 1
    assert all(f"[{number}]" in done.err for number in (1, 2))
    assert done.out.startswith("3 tasks: 1 unverified, 2 failed\n\n[1]\n! unverified  no file changed · ")
    assert "\n\none\n\n" in done.out
    assert "\n[3]\n✗ failed      not begun\n  because     " in done.out
    marks = {line[0] for line in done.err.splitlines() if "[1] unverified: " in line}
    assert marks == {"!"}


@pytest.mark.parametrize(("switch", "told"), [("explain", ["explained", "explained"]), by_night("off", [])])
def test_hermes_is_told_the_routes_or_nothing_where_the_policy_does_not_switch_it_on(
    tmp_path: Path, repository: Path, switch: str, told: list[str]
) -> None:
    policy = {"PROFILE_ROUTER_POLICY": str(a_policy(tmp_path, "hermes_plugin: on", f"hermes_plugin: {switch}"))}
    with servers(tmp_path):
        done = batch(tmp_path, repository, to(LOCAL), to("nobody"), how="--from-hermes", extra=policy)
    first, *results = [json.loads(line) for line in done.out.splitlines()]
    assert (done.code, first["event"], first["mode"]) == (0, "plugin", switch)
    assert [result["status"] for result in results] == told
    assert [wrong for one in results for wrong in wrong_in("events", one)] == []
    assert [one["route"] and one["route"]["profile"] for one in results] == [LOCAL, None][: len(told)]
    assert ["nobody" in (one.get("error") or "") for one in results] == [False, True][: len(told)]


def test_what_hermes_waits_for_ends_in_time_whatever_is_left(tmp_path: Path, repository: Path) -> None:
    policy = {"PROFILE_ROUTER_POLICY": str(a_policy(tmp_path, "  parallel: 3 ", "  parallel: 1 "))}
    with servers(tmp_path, local=[Answer(stall=True)]):
        tasks = to(LOCAL, timeout=3), to(BURST, timeout=3)
        done = batch(tmp_path, repository, *tasks, how="--from-hermes", extra=policy)
    results = [json.loads(line) for line in done.out.splitlines() if '"result"' in line]
    results.sort(key=lambda result: result["task_index"])  # the second may be told first
    assert results[0]["status"] != "ok"
    assert "the batch's time was over before this task began" in results[1]["error"]


def test_ctrl_c_ends_all_keeps_what_was_done_and_leaves_no_copy(tmp_path: Path, repository: Path) -> None:
    gates = Gate(), Gate()
    scripts = {
        "local": [edit("line 5", "HALF"), say("late", gate=gates[0])],
        "burst": [say("late", gate=gates[1])],
    }
    with servers(tmp_path, **scripts):
        words = ("batch", "--tasks-json", "-", "--exit-with-stdin", "--stream")
        with forked.start(*words, cwd=repository, environ=environment(tmp_path)) as process:
            process.stdin.write(json.dumps([to(LOCAL), to(BURST)]).encode() + b"\n")
            process.stdin.flush()
            assert all(gate.reached.wait(20) for gate in gates)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=60)
            code = process.wait(0)
        for gate in gates:
            gate.set()
    assert code == 130, err
    assert b"Traceback" not in err
    assert left_behind(tmp_path) == []
    assert (repository / "text.md").read_text() == TEXT
    [saved] = [json.loads(line) for line in out.splitlines() if b'"kept"' in line]
    assert (saved["task_index"], "+HALF" in Path(saved["diff"]).read_text()) == (0, True)
    folder = str(Path(saved["diff"]).parent)
    said = (
        f"the batch was stopped, and what was done by then, if anything, is kept in {folder}; hand the task over again"
    )
    assert err.decode().rstrip().endswith(f"cannot be resumed: {said}")
    rows = call("threads", "--json", home=tmp_path).json["threads"]
    assert [(row["status"], row["why"]) for row in rows] == [("stopped", said)] * 2
    assert said in " ".join(call("threads", home=tmp_path).out.split())
    assert f"next it cannot be resumed: {said}" in " ".join(call("show", rows[0]["run"], home=tmp_path).out.split())
    assert "nothing to resume" in call("resume", home=tmp_path).err


def test_a_file_of_tasks_is_read_and_one_that_is_not_there_is_one_line(tmp_path: Path, repository: Path) -> None:
    (repository / "tasks.json").write_text(json.dumps([to(LOCAL)]))
    with servers(tmp_path, local=[say("one")]):
        done = call("batch", "--tasks-json", "tasks.json", "--json", home=tmp_path, cwd=repository)
    assert [result["summary"] for result in done.json["results"]] == ["one"]
    done = call("batch", "--tasks-json", "task.json", home=tmp_path, cwd=repository)
    assert (done.code, done.out, len(done.err.strip().splitlines())) == (2, "", 1)
    assert "--tasks-json task.json cannot be read (No such file or directory); give a file, or - for stdin" in done.err


@pytest.mark.parametrize("check", ["", by_night("  "), by_night("\n")])
def test_a_check_of_nothing_is_refused_before_anything_is_asked(tmp_path: Path, repository: Path, check: str) -> None:
    with servers(tmp_path) as models:
        done = batch(tmp_path, repository, to("coding-local", check=check))
    assert "task 1: check is empty" in done.out
    assert [model.requests for model in models.values()] == [[] for _ in models]


def test_a_list_of_what_is_allowed_is_told_once() -> None:
    rows = b'[{"goal": "a", "chek": "x"}, {"goal": "b"}, {"goal": "c", "chek": "x"}, {"goal": "d", "fils": []}]'
    first, task, same, other = allowed_told_once(tasks_from_json(rows, plugins=False))
    assert "(allowed: goal, " in str(first)
    assert str(same) == "--tasks-json, task 3: unknown key 'chek': allowed is what task 1 was told"
    assert "(allowed: goal, " in str(other)
    assert isinstance(task, Task)
