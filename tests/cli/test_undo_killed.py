"""A run that is killed within a command is taken back unasked, but for what came after it."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli import forked
from tests.cli.command import call, environment
from tests.cli.mortal import killed_at_work
from tests.cli.stage import nobody, profile, workspace
from tests.scripted_provider import ScriptedProvider, say
from tests.scripted_provider import call as tool

EDIT = tool("edit_file", {"path": "a.py", "old": "x = 1", "new": "y = 1"})
WORK = "import os, time; open('a.py', 'a').write('z = 2'); os.remove('b.py'); open('n.txt', 'w'); time.sleep(60)"
RUN = ("run", "Rename x in a.py", "--toolsets", "file,terminal", "--thread", "t", "--json")
FILES = {"a.py": "x = 1\n", "b.py": "b\n", "mine.py": "m\n"}


def stood(ws: Path) -> dict[str, str]:
    """Return the files that a run could have touched."""
    return {path.name: path.read_text() for path in ws.iterdir() if path.is_file()}


@pytest.mark.jail
@pytest.mark.nightly
@pytest.mark.parametrize("since", ["", "mine.py"])
def test_killed_within_a_command_only_what_changed_since_is_asked_about(tmp_path: Path, since: str) -> None:
    ws = workspace(tmp_path / "ws", FILES)
    ran = tool("run_command", {"command": f'python3 -c "{WORK}"'})
    with ScriptedProvider([EDIT, ran, say("done")]) as local, nobody() as burst:
        profile(tmp_path, "coding-local", local.base_url)
        profile(tmp_path, "coding-burst", burst)
        with forked.start(*RUN, cwd=ws, environ=environment(tmp_path)) as fork:
            killed_at_work(fork, ws / "n.txt", tmp_path)
    if since:
        (ws / since).write_text("changed since\n")
        asked = call("undo", "t", home=tmp_path)
        assert (asked.code, "so nobody knows who changed these last: mine.py" in asked.out) == (1, True), asked.out
        assert (ws / "a.py").read_text() == "y = 1\nz = 2"
        (ws / since).write_text(FILES[since])
    back = call("undo", "t", "--json", home=tmp_path).json
    assert (back["status"], back["files"]) == ("ok", ["a.py", "b.py", "n.txt"])
    assert stood(ws) == FILES
    call("undo", back["id"], home=tmp_path)
    assert stood(ws) == {"a.py": "y = 1\nz = 2", "n.txt": "", "mine.py": "m\n"}
