"""Hermes' own tools show a local model a private file: no model elsewhere gets what it makes of that."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.cli.command import call
from tests.cli.stage import without_repair, workspace
from tests.cli.test_taint import ADDS, BEFORE, CHECK, PROGRAM
from tests.fakes import BURST, LOCAL, a_task
from tests.git.git_repository import run_git
from tests.runners.hermes.installed import installed_hermes
from tests.runners.hermes.stage import Stage, an_errand, tool_results
from tests.runners.hermes.versions import EITHER, in_turn
from tests.scripted_provider import Answer, ScriptedProvider, say
from tests.scripted_provider import call as tool

from profile_router.machine.hermes_program import HERMES_VARIABLE

WORDS = ("Umbra", "Lumen", "Friday")
PLAN = "{} buys {} on {}".format(*WORDS)
REVERSED = PLAN[::-1]
PLACE = "secrets/plan.txt"
LEFT = "notes.txt"
YESTERDAY = time.time() - 86_400
NOTHING_YET = "nothing yet\n"
IGNORED = {"tracked": "__pycache__/\n", "ignored by git": "secrets/\n__pycache__/\n"}
# Hermes 0.22 writes over no file that its model has not seen.
SEES = [tool("read_file", {"path": "calc.py"}), tool("read_file", {"path": LEFT})]
# The model elsewhere looks wherever a trace could be, and then does the task.
SHOWS = tool("terminal", {"command": f"git show HEAD:{PLACE}"})
DOES = [tool("read_file", {"path": LEFT}), tool("search_files", {"pattern": "."}), ADDS, say("It adds.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """A run that was promoted: its JSON, what Hermes' tools told the local model, and all that went elsewhere."""

    result: Any
    shown: str
    sent: bytes


@contextmanager
def stage_of(version: str, folder: Path, by: str) -> Iterator[Stage]:
    """Give a stage with the Hermes *version* and a repository in which the plan is in git as *by* says."""
    files = {"calc.py": BEFORE, "check.py": PROGRAM, LEFT: NOTHING_YET, ".gitignore": IGNORED[by], PLACE: f"{PLAN}\n"}
    with Stage(folder / "stage", installed_hermes(version)) as stage:
        workspace(stage.workspace, files)
        # As of yesterday: Hermes' `git status` opens each tracked file that is as new as git's index, and so may differ.
        for name in files:
            os.utime(stage.workspace / name, (YESTERDAY, YESTERDAY))
        run_git(stage.workspace, "update-index", "--refresh")
        yield stage


def promoted(stage: Stage, turn: Sequence[Answer]) -> Ran:
    """Run a task of which Hermes' *turn* under the local profile fails the check, up to the model elsewhere."""
    with ScriptedProvider(turn) as local, ScriptedProvider(DOES) as burst:
        stage.profile(local.base_url)
        stage.profile(burst.base_url, BURST)
        wanted = ("run", "fix add in calc.py", "--toolsets", "file,terminal", "--check", CHECK, "--json")
        extra = {**stage.environ, HERMES_VARIABLE: str(stage.hermes.python)}
        more = ("--workspace", str(stage.workspace), "--policy", without_repair(stage.folder))
        done = call(*wanted, *more, "--yes", home=stage.folder, extra=extra)
    assert done.code == 0, done.err
    sent = (f"{request.path}\n{request.headers}\n".encode() + request.raw for request in burst.requests)
    ran = Ran(result=done.json, shown="".join(tool_results(local.chats[-1])), sent=b"".join(sent))
    tried = [(attempt["profile"], attempt["runner"]) for attempt in done.json["attempts"]]
    assert tried == [(LOCAL, "hermes"), (BURST, "embedded")]
    assert (len(burst.chats), done.json["summary"]) == (len(DOES), "It adds.")
    return ran


@pytest.mark.parametrize(("version", "by"), in_turn(EITHER, {by: (by,) for by in IGNORED}, each=2))
def test_what_hermes_read_of_a_private_file_goes_nowhere_else(tmp_path: Path, version: str, by: str) -> None:
    writes = tool("write_file", {"path": LEFT, "content": f"{REVERSED}\n"})
    shows = [SHOWS] if by == "tracked" else []
    turn = [*SEES, tool("read_file", {"path": PLACE}), *shows, writes, say(f"It says {REVERSED}")]
    with stage_of(version, tmp_path, by) as stage:
        ran = promoted(stage, turn)
        assert ran.shown.count(PLAN) == 1 + len(shows)
        assert not [text for word in WORDS for text in (word, word[::-1]) if text.encode() in ran.sent]
        assert (stage.workspace / LEFT).read_text() == NOTHING_YET
        (diff,) = (stage.folder / "state" / "diffs").iterdir()
        assert REVERSED in diff.read_text()
    here, there = ran.result["attempts"]
    opened = {PLACE, ".git"} if shows else {PLACE}
    assert ({taint["path"] for taint in here["taints"]}, there["taints"]) == (opened, [])
    assert any(PLACE in note and "--local-only" in note for note in ran.result["notes"])


@pytest.mark.nightly
@pytest.mark.parametrize(("version", "by"), in_turn(EITHER, {by: (by,) for by in IGNORED}, each=2))
def test_what_hermes_made_of_public_files_goes_on_with_its_diff(tmp_path: Path, version: str, by: str) -> None:
    writes = tool("write_file", {"path": LEFT, "content": "multiply first\n"})
    turn = [*SEES, writes, say("I wrote it down.")]
    with stage_of(version, tmp_path, by) as stage:
        ran = promoted(stage, turn)
        assert (stage.workspace / LEFT).read_text() == "multiply first\n"
    assert BEFORE.splitlines()[0] in ran.shown
    assert [attempt["taints"] for attempt in ran.result["attempts"]] == [[], []]
    assert b"I wrote it down." in ran.sent
    assert b"+multiply first" in ran.sent


@pytest.mark.nightly  # by day a run that is promoted has it
@pytest.mark.parametrize("version", EITHER)
def test_what_hermes_tools_take_out_of_the_history_is_told(tmp_path: Path, version: str) -> None:
    with stage_of(version, tmp_path, "tracked") as stage, ScriptedProvider([SHOWS, say("done")]) as local:
        stage.profile(local.base_url)
        attempt = stage.run(an_errand(a_task(toolsets=("terminal",))), unattended=True)
        assert PLAN in "".join(tool_results(local.chats[-1]))
    assert [taint.path for taint in attempt.receipt.taints] == [".git"]
