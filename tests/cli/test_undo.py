"""`undo` takes a run back that worked in place, and says where it cannot."""

from __future__ import annotations

import json
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from tests.api.forms import unlike
from tests.cli.command import call
from tests.cli.mortal import Moment, live
from tests.cli.stage import nobody, profile, workspace
from tests.scripted_provider import ScriptedProvider, say
from tests.scripted_provider import call as tool

from profile_router.core.conversation import UNDONE

EDIT = tool("edit_file", {"path": "a.py", "old": "x = 1", "new": "y = 1"})
EDIT_MORE = tool("edit_file", {"path": "a.py", "old": "y = 1", "new": "z = 1"})
MAKE = tool("write_file", {"path": "new/c.py", "content": "c = 1\n"})


def test_a_run_is_taken_back_once_and_again_by_its_own_id(tmp_path: Path) -> None:
    ws = workspace(tmp_path / "ws", {"a.py": "x = 1\n"})
    with ScriptedProvider([EDIT, MAKE, say("done")]) as local, nobody() as burst:
        profile(tmp_path, "coding-local", local.base_url)
        profile(tmp_path, "coding-burst", burst)
        done = call("run", "Rename x to y in a.py", "--json", home=tmp_path, cwd=ws)
    run = done.json["run"]
    undone = call("undo", run[:8], home=tmp_path, cwd=ws)
    assert (undone.code, undone.err) == (0, "")
    assert undone.out.startswith(f"as before run {run[:8]}: a.py, new/c.py\n`profile-router undo ")
    assert ((ws / "a.py").read_text(), (ws / "new").exists()) == ("x = 1\n", False)
    again = call("undo", run, home=tmp_path)
    newest, first = call("history", "--json", home=tmp_path).json["runs"]
    assert (newest["kind"], newest["verdict"], newest["rule"], first["id"]) == ("undo", "undone", run, run)
    assert f"undid       the run {run}" in call("show", newest["id"], home=tmp_path).out
    way_back = f"`profile-router undo {newest['id'][:8]}` brings it back"
    assert (again.code, again.err) == (
        2,
        f"profile-router: run {run[:8]} is undone already; {way_back}\n",
    )
    assert f"undone      {way_back}\n" in call("show", run, home=tmp_path).out
    ended = call("resume", call("show", run, "--json", home=tmp_path).json["thread"], "--json", home=tmp_path).json
    assert ended["notes"] == [f"what it changed was undone since; {way_back}"]
    back = call("undo", newest["id"], "--json", home=tmp_path).json
    assert (back["status"], back["files"], unlike("undo", back)) == ("ok", ["a.py", "new/c.py"], [])
    assert ((ws / "a.py").read_text(), (ws / "new/c.py").read_text()) == ("y = 1\n", "c = 1\n")


def test_a_killed_run_that_was_undone_goes_on_only_once_its_work_is_back(tmp_path: Path) -> None:
    ws = workspace(tmp_path / "ws", {"a.py": "x = 1\n"})
    here = partial(call, home=tmp_path, cwd=ws)
    with ScriptedProvider([EDIT, say("done")]) as local, ScriptedProvider() as burst:
        profile(tmp_path, "coding-local", local.base_url)
        profile(tmp_path, "coding-burst", burst.base_url)
        killed = live(
            "run", "Rename x to y in a.py", "--thread", "t", home=tmp_path, cwd=ws, moment=Moment("record", 7)
        )
        undo = here("undo", "t", "--json").json["id"]
        assert (killed.code, (ws / "a.py").read_text()) == (-9, "x = 1\n")
        for words in (("resume", "t"), ("undo", "t", "--all")):
            stopped = here(*words)
            assert (stopped.code, f"`profile-router undo {undo[:8]}`" in stopped.err) == (2, True)
        assert "nothing to resume" in here("resume").err
        [thread] = here("threads", "--json").json["threads"]
        assert (thread["status"], undo[:8] in thread["why"]) == ("undone", True)
        here("undo", undo)
        assert here("resume", "t", "--json").json["status"] == "ok"
    assert ((ws / "a.py").read_text(), burst.requests) == ("y = 1\n", [])
    assert here("undo", "t").code == 0
    assert (ws / "a.py").read_text() == "x = 1\n"


def test_a_run_that_was_killed_before_its_first_edit_says_how_it_goes_on(tmp_path: Path) -> None:
    ws = workspace(tmp_path / "ws", {"a.py": "x = 1\n"})
    with ScriptedProvider([EDIT, say("done")]) as local, nobody() as burst:
        profile(tmp_path, "coding-local", local.base_url)
        profile(tmp_path, "coding-burst", burst)
        run = ("run", "Rename x to y in a.py", "--thread", "t")
        assert live(*run, home=tmp_path, cwd=ws, moment=Moment("record", 3)).code == -9
    undone = call("undo", "t", home=tmp_path, cwd=ws)
    on = "`profile-router resume t` goes on with it; `profile-router purge t` drops it\n"
    assert undone.code == 2
    assert undone.err.endswith(f"as far as known it had changed no file when it was killed; {on}")


def test_outside_of_git_what_its_tools_wrote_is_taken_back(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.mkdir()
    (plain / "a.py").write_text("x = 1\n")
    with ScriptedProvider([EDIT, say("done")]) as local, nobody() as burst:
        profile(tmp_path, "coding-local", local.base_url)
        profile(tmp_path, "coding-burst", burst)
        call("run", "Rename x to y in a.py", "--file", "a.py", "--thread", "t", home=tmp_path, cwd=plain)
    back = call("undo", "t", "--json", home=tmp_path, cwd=plain).json
    assert ((plain / "a.py").read_text(), back["files"]) == ("x = 1\n", ["a.py"])
    (plain / "a.py").write_text("mine\n")
    assert call("undo", back["id"], "--json", home=tmp_path, cwd=plain).json["conflicts"] == ["a.py"]


@pytest.mark.nightly  # test_a_task_is_told_of_each_earlier_one_that_was_undone, by day
def test_the_next_tasks_of_a_thread_are_told_what_was_undone(tmp_path: Path) -> None:
    ws = workspace(tmp_path / "ws", {"a.py": "x = 1\n"})
    with ScriptedProvider([EDIT, say("y it is"), say("fine"), say("still fine")]) as local, nobody() as burst:
        profile(tmp_path, "coding-local", local.base_url)
        profile(tmp_path, "coding-burst", burst)
        ran = partial(call, "run", "--thread", "t", home=tmp_path, cwd=ws)
        ran("Rename x to y in a.py")
        call("undo", "t", home=tmp_path, cwd=ws)
        ran("say whether a.py is fine")
        ran("say it again")
        told = [json.dumps(chat["messages"]) for chat in local.chats]
    assert [UNDONE in one for one in told] == [False, False, True, True]
    assert told[-1].count(UNDONE) == 1


@pytest.mark.nightly  # test_a_task_is_told_of_each_earlier_one_that_was_undone, by day
@pytest.mark.parametrize(
    ("second", "undone", "behind"),
    [([say("fine")], "1", ["did 1"]), ([EDIT_MORE, say("did 2")], "21", ["did 1", "did 2"])],
    ids=["a question stands between", "two edits"],
)
def test_a_task_that_was_undone_is_told_though_another_came_after_it(
    second: list[Any], undone: str, behind: list[str], tmp_path: Path
) -> None:
    ws = workspace(tmp_path / "ws", {"a.py": "x = 1\n"})
    with ScriptedProvider([EDIT, say("did 1"), *second, say("last")]) as local, nobody() as burst:
        profile(tmp_path, "coding-local", local.base_url)
        profile(tmp_path, "coding-burst", burst)
        ran = partial(call, "run", "--thread", "t", "--json", home=tmp_path, cwd=ws)
        ids = {str(number): ran("do a task on a.py").json["run"] for number in (1, 2)}
        for number in undone:
            assert call("undo", ids[number], home=tmp_path, cwd=ws).code == 0
        ran("say whether a.py is fine")
        said = [str(message["content"]) for message in local.chats[-1]["messages"]]
    assert (ws / "a.py").read_text() == "x = 1\n"
    assert [before for before, after in pairwise(said) if UNDONE in after] == behind


@pytest.mark.nightly
def test_a_task_of_a_batch_is_taken_back_where_its_work_was_merged(tmp_path: Path) -> None:
    ws = workspace(tmp_path / "ws", {"a.py": "x = 1\n"})
    tasks = json.dumps([{"goal": "Rename x to y in a.py", "files": ["a.py"]}]).encode()
    with ScriptedProvider([EDIT, MAKE, say("done")]) as local, nobody() as burst:
        profile(tmp_path, "coding-local", local.base_url)
        profile(tmp_path, "coding-burst", burst)
        [done] = call("batch", "--tasks-json", "-", "--json", home=tmp_path, cwd=ws, stdin=tasks).json["results"]
    assert (ws / "a.py").read_text() == "y = 1\n"
    assert call("undo", done["run"], "--json", home=tmp_path).json["files"] == ["a.py", "new/c.py"]
    assert ((ws / "a.py").read_text(), (ws / "new").exists()) == ("x = 1\n", False)


@pytest.mark.jail
@pytest.mark.nightly
def test_what_a_command_wrote_is_taken_back_unasked_and_what_its_user_wrote_stays(tmp_path: Path) -> None:
    ws = workspace(tmp_path / "ws", {"a.py": "x = 1\n", "mine.py": "m\n", ".gitignore": ".env\n"})
    (ws / ".env").write_text("A=1\n")
    ran = tool(
        "run_command",
        {"command": "python3 -c \"open('a.py', 'a').write('z = 2'); open('n.txt', 'w'); open('.env', 'w')\""},
    )
    with ScriptedProvider([EDIT, ran, say("done")]) as local, nobody() as burst:
        profile(tmp_path, "coding-local", local.base_url)
        profile(tmp_path, "coding-burst", burst)
        done = call("run", "Rename x in a.py", "--toolsets", "file,terminal", "--json", home=tmp_path, cwd=ws)
    told = "ignored files changed: .env; `undo` does not have them"
    assert (done.json["verified"]["ignored"], told in call("show", done.json["run"], home=tmp_path).out) == (
        [".env"],
        True,
    )
    (ws / "mine.py").write_text("changed since\n")
    back = call("undo", done.json["run"], "--json", home=tmp_path).json
    assert (back["status"], back["files"], back["during"]) == ("ok", ["a.py", "n.txt"], ["n.txt"])
    assert ((ws / "a.py").read_text(), (ws / "n.txt").exists()) == ("x = 1\n", False)
    assert (ws / "mine.py").read_text() == "changed since\n"
    assert back["left"] == [".env"]
    call("undo", back["id"], home=tmp_path)
    assert ((ws / "a.py").read_text(), (ws / "n.txt").exists()) == ("y = 1\nz = 2", True)
