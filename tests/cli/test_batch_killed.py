"""A batch that was killed: each task goes on in its copy, its work is merged once; nothing is left."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.cli.command import Done
from tests.cli.mortal import Moment, live
from tests.cli.test_resume import BEFORE, DONE, EDIT, LOOK, Stage, stage, timeless
from tests.examples import each
from tests.scripted_provider import Answer
from tests.scripted_provider import call as tool

CHECK = f"{sys.executable} -B -c 'import calc'"
AFTER = "def add(a, b):\n    pass\n    # once\n"
NEW = tool("write_file", {"path": "docs/new.md", "content": "new\n"})
TASK = {"goal": "comment add in calc.py", "profile": "coding-local", "thread": "t", "check": CHECK}
ANSWERS = [LOOK, EDIT, NEW, DONE]


@dataclass(slots=True)
class Batch:
    here: Stage

    def run(self, *tasks: Mapping[str, Any], moment: Moment | None = None) -> Done:
        (self.here.home / "tasks.json").write_text(json.dumps(tasks))
        return live("batch", "--tasks-json", "-", "--stream", home=self.here.home, cwd=self.here.ws, moment=moment,
                    stdin=(self.here.home / "tasks.json").read_bytes())  # fmt: skip

    @property
    def copies(self) -> list[str]:
        return [place.name for place in (self.here.home / "state" / "worktrees").iterdir() if place.is_dir()]

    @property
    def diffs(self) -> list[str]:
        folder = self.here.home / "state" / "diffs"
        return [file.read_text() for file in folder.iterdir()] if folder.exists() else []

    @property
    def status(self) -> list[str]:
        listed = ["git", "status", "--porcelain", "--untracked-files=all"]
        done = subprocess.run(listed, cwd=self.here.ws, capture_output=True, text=True, check=True)
        return done.stdout.splitlines()


def a_batch(home: Path, answers: list[Answer]) -> Batch:
    return Batch(stage(home, local=answers))


# Records: order, check before, 4 answers, 3 results, 2 edits, the attempt, its check, the result, two of the merge.
MOMENTS = [
    *(Moment("record", nth, "after") for nth in (1, 2, 9, 12, 15, 17, 18, 19)),
    *(Moment("half", 2, when) for when in ("before", "after")),
    *(Moment("whole", nth) for nth in range(12, 28)),
    Moment("merge", 1, "after"),
    Moment("end", 1),
]


@pytest.mark.parametrize("moment", each(5, MOMENTS, str))
def test_wherever_a_batch_is_killed_its_task_goes_on_in_the_copy_and_is_merged_once(
    tmp_path: Path, moment: Moment
) -> None:
    batch = a_batch(tmp_path, ANSWERS)
    with batch.here.local, batch.here.burst, batch.here.cheap:
        assert batch.run(TASK, moment=moment).code == -9
        assert batch.copies
        done = batch.here.resume()
        assert len(batch.here.local.chats) == 4
    assert done.code == 0, done.err
    result = timeless(done.json)
    assert (result["status"], result["merge"]) == ("ok", {"merged": True, "changed": ["calc.py", "docs/new.md"]})
    assert [one["path"] for one in result["verified"]["files_changed"]] == ["calc.py", "docs/new.md"]
    assert str(tmp_path / "state") not in done.out
    assert (batch.here.ws / "calc.py").read_text() == AFTER
    assert batch.status == [" M calc.py", "?? docs/new.md"]
    assert (batch.copies, batch.diffs) == ([], [])


def test_what_the_user_changed_meanwhile_wins_and_the_diff_is_kept(tmp_path: Path) -> None:
    batch = a_batch(tmp_path, ANSWERS)
    with batch.here.local, batch.here.burst, batch.here.cheap:
        assert batch.run(TASK, moment=Moment("record", 11, "after")).code == -9
        (batch.here.ws / "calc.py").write_text("mine = 1\n")
        done = batch.here.resume()
    assert done.code == 1
    assert (batch.here.ws / "calc.py").read_text() == "mine = 1\n"
    assert done.json["merge"]["conflicts"] == ["calc.py"]
    assert "+    # once" in Path(done.json["merge"]["diff"]).read_text()
    assert batch.copies == []


def test_other_batches_leave_a_copy_alone_that_can_be_gone_on_in(tmp_path: Path) -> None:
    batch = a_batch(tmp_path, [*ANSWERS[:2], *ANSWERS, *ANSWERS[2:]])
    with batch.here.local, batch.here.burst, batch.here.cheap:
        assert batch.run(TASK, moment=Moment("record", 9, "after")).code == -9
        left = batch.copies
        other = batch.run({**TASK, "thread": "other"})
        assert (other.code, batch.copies) == (0, left)
        done = batch.here.resume("t")
    assert done.code == 0, done.err
    assert (batch.here.ws / "calc.py").read_text() == AFTER


def test_a_copy_that_is_given_up_goes_and_what_was_done_in_it_is_kept_and_named(tmp_path: Path) -> None:
    batch = a_batch(tmp_path, [*ANSWERS[:2], *ANSWERS])
    with batch.here.local, batch.here.burst, batch.here.cheap:
        assert batch.run(TASK, moment=Moment("record", 10, "after")).code == -9
        again = batch.run(TASK)
    assert again.code == 0, again.err
    [diff] = batch.diffs
    assert "+    # once" in diff
    [saved] = [json.loads(line) for line in again.out.splitlines() if '"kept"' in line]
    assert Path(saved["diff"]).read_text() == diff
    assert batch.copies == []


def test_purge_removes_the_copy_with_the_thread(tmp_path: Path) -> None:
    batch = a_batch(tmp_path, ANSWERS)
    with batch.here.local, batch.here.burst, batch.here.cheap:
        assert batch.run(TASK, moment=Moment("record", 9, "after")).code == -9
        assert live("purge", "t", home=tmp_path, cwd=tmp_path).code == 0
    assert (batch.copies, batch.diffs) == ([], [])
    assert (batch.here.ws / "calc.py").read_text() == BEFORE


def test_the_next_run_in_the_workspace_mentions_the_interrupted_task_of_a_batch(tmp_path: Path) -> None:
    batch = a_batch(tmp_path, [*ANSWERS[:2], DONE])
    with batch.here.local, batch.here.burst, batch.here.cheap:
        assert batch.run(TASK, moment=Moment("record", 9, "after")).code == -9
        run = live("run", "x", "--profile", "coding-local", home=tmp_path, cwd=batch.here.ws)
    assert "thread t was interrupted; `profile-router resume t` goes on with it" in run.err


def test_a_copy_that_is_gone_is_said_with_what_to_do(tmp_path: Path) -> None:
    batch = a_batch(tmp_path, ANSWERS)
    with batch.here.local, batch.here.burst, batch.here.cheap:
        assert batch.run(TASK, moment=Moment("record", 9, "after")).code == -9
        [place] = batch.copies
        (tmp_path / "state" / "worktrees" / place).rename(tmp_path / "away")
        done = batch.here.resume("t")
    assert (done.code, done.out) == (2, "")
    assert "is gone" in done.err
    assert "hand the task over again" in done.err
