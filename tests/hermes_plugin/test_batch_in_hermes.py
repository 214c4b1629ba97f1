"""Three writers of one batch, delegated by the real Hermes: none treads on another, and the parent is told."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.examples import by_night
from tests.fakes import BURST, CHEAP, LOCAL
from tests.hermes_plugin.parent import KEYS, Parent, delegates, keys_sent, server
from tests.runners.hermes.stage import Stage
from tests.scripted_provider import Answer, ScriptedProvider, call, say

TYPO = {"goal": "Find the typo in README.md"}
REFACTOR = {"goal": "Refactor the session handling across all 60 files of the service"}
LINT = {"goal": "Lint auth.py"}
TASKS = (TYPO, REFACTOR, LINT)
NOTES = "".join(f"line {number}\n" for number in range(1, 10))


def edit(path: str, old: str, new: str) -> Answer:
    return call("edit_file", {"path": path, "old": old, "new": new})


def git_state(workspace: Path) -> str:
    """Return what a merge must leave alone: HEAD, branches, the index, the stash."""
    asked = (["rev-parse", "HEAD"], ["for-each-ref"], ["ls-files", "--stage"], ["stash", "list"], ["worktree", "list"])
    return "\n".join(
        subprocess.run(["git", *words], cwd=workspace, capture_output=True, text=True, check=True).stdout
        for words in asked
    )


@pytest.mark.parametrize(
    "how", [by_night(("-z", "please do it"), name="-z"), by_night(("chat", "-Q", "-q", "please do it"), name="chat")]
)
def test_three_writers_of_one_batch_work_apart_and_all_of_it_lands(stage: Stage, how: Sequence[str]) -> None:
    fixes = [edit("README.md", "tpyo", "typo"), edit("notes.md", "line 1\n", "LINE 1\n"), say("local did it")]
    refactors = [edit("notes.md", "line 9", "LINE 9"), say("burst did it")]
    lints = [edit("auth.py", "return True", "return 1"), say("cheap did it")]
    with (
        ScriptedProvider(delegates(tasks=TASKS)) as model,
        server(*fixes) as local,
        server(*refactors) as burst,
        server(*lints) as cheap,
    ):
        servers = {LOCAL: local, BURST: burst, CHEAP: cheap}
        parent = Parent(stage, model)
        parent.set_up()
        (stage.workspace / "notes.md").write_text(NOTES)
        before = git_state(stage.workspace)
        parent.profiles(servers)
        parent.say(*how)
        told = parent.told
    for task, (name, its) in zip(TASKS, servers.items(), strict=True):
        others = [other["goal"] for other in TASKS if other is not task]
        for body in its.chats:
            said = json.dumps(body["messages"])
            assert task["goal"] in said
            assert not any(goal in said for goal in others)
            assert body["model"] == f"model-of-{name}"
        assert keys_sent(its) == {f"Bearer {KEYS[name]}"}
    entries = told["results"]
    assert [entry["task_index"] for entry in entries] == [0, 1, 2]
    assert [entry["status"] for entry in entries] == ["completed"] * 3
    assert [entry["summary"] for entry in entries] == ["local did it", "burst did it", "cheap did it"]
    assert [[receipt["profile"] for receipt in entry["receipts"]] for entry in entries] == [[LOCAL], [BURST], [CHEAP]]
    assert [entry["merge"]["changed"] for entry in entries] == [["README.md", "notes.md"], ["notes.md"], ["auth.py"]]
    assert told["total_duration_seconds"] > 0
    assert (stage.workspace / "README.md").read_text() == "# A typo\n"
    assert "return 1" in (stage.workspace / "auth.py").read_text()
    notes = NOTES.replace("line 1\n", "LINE 1\n").replace("line 9", "LINE 9")
    assert (stage.workspace / "notes.md").read_text() == notes
    assert git_state(stage.workspace) == before
    assert len(model.chats) == 2


@pytest.mark.nightly
def test_of_two_that_contradict_the_parent_is_told_where_the_losers_work_is(stage: Stage) -> None:
    with (
        ScriptedProvider(delegates(tasks=TASKS)) as model,
        server(edit("README.md", "# A tpyo", "# A typo"), say("local did it")) as local,
        server(edit("README.md", "# A tpyo", "# Session handling"), say("burst did it")) as burst,
        server(edit("auth.py", "return True", "return 1"), say("cheap did it")) as cheap,
    ):
        parent = Parent(stage, model)
        parent.set_up()
        parent.profiles({LOCAL: local, BURST: burst, CHEAP: cheap})
        parent.say()
        won, lost, beside = parent.told["results"]
    assert [entry["status"] for entry in (won, lost, beside)] == ["completed", "failed", "completed"]
    assert (stage.workspace / "README.md").read_text() == "# A typo\n"
    assert lost["merge"]["conflicts"] == ["README.md"]
    assert lost["merge"]["diff"] in lost["error"]
    assert "+# Session handling" in Path(lost["merge"]["diff"]).read_text()
    assert len(lost["receipts"]) == 1
    assert not [place for place in (stage.folder / "state" / "worktrees").iterdir() if place.is_dir()]


@pytest.mark.nightly
def test_children_that_are_hermes_themselves_write_in_their_copies_too(stage: Stage) -> None:
    """Hermes' file tools go wherever an absolute path leads: it must lead into the copy."""
    file = stage.workspace / "notes.md"
    tasks = [
        {"goal": f"Put a title into {file}", "profile": BURST, "toolsets": ["file"]},
        {"goal": f"Put an end to {file}", "profile": CHEAP, "toolsets": ["file"]},
    ]

    def patch(old: str, new: str) -> Answer:
        return call("patch", {"mode": "replace", "path": "notes.md", "old_string": old, "new_string": new})

    with (
        ScriptedProvider(delegates(tasks=tasks)) as model,
        server(patch("line 1\n", "# Title\n"), say("titled")) as burst,
        server(patch("line 9", "the end"), say("ended")) as cheap,
        server() as local,
    ):
        parent = Parent(stage, model)
        parent.set_up()
        parent.policy(ask_above_usd="5")  # a Hermes child of a model without a price likely costs more than 1
        file.write_text(NOTES)
        stage.environ["PROFILE_ROUTER_HERMES_PYTHON"] = str(stage.hermes.python)
        parent.profiles({LOCAL: local, BURST: burst, CHEAP: cheap}, window=128_000)
        parent.say()
        entries = parent.told["results"]
        asked = json.dumps([burst.chats[0]["messages"], cheap.chats[0]["messages"]])
    assert [entry["receipts"][0]["runner"] for entry in entries] == ["hermes", "hermes"], entries
    assert [entry["status"] for entry in entries] == ["completed", "completed"], entries
    assert str(file) not in asked
    assert "state/worktrees/" in asked
    assert file.read_text() == NOTES.replace("line 1\n", "# Title\n").replace("line 9", "the end")
    assert "worktrees" not in json.dumps(entries)
