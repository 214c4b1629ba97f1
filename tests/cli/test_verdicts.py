"""`profile-router run` does not call `ok` what did nothing: a word without a change, a call as text, a bad ending."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.cli.command import Done, call
from tests.cli.stage import profile, workspace
from tests.examples import by_night
from tests.scripted_provider import Answer, ScriptedProvider, fail, say
from tests.scripted_provider import call as tool

BUG = "def add(a, b):\n    return a - b\n"
EDIT: dict[str, Any] = {"path": "calc.py", "old": "a - b", "new": "a + b"}
FIX = tool("edit_file", EDIT)
AS_TEXT = json.dumps({"name": "edit_file", "arguments": EDIT})
NOBODY: list[Answer] = []
FREE = ("--max-cost", "0")
DONE = "I found the mistake and corrected it."


NATIVE = "agent: {tool_format: native}\n"


def run(
    home: Path, *arguments: str, local: list[Answer], burst: list[Answer] = NOBODY, extra: str = ""
) -> tuple[Done, int]:
    """Return how the run ended, and how many requests the burst tier got."""
    repository = workspace(home / "ws", {"calc.py": BUG})
    with ScriptedProvider(local) as here, ScriptedProvider(burst) as there:
        profile(home, "coding-local", here.base_url, extra=extra)
        profile(home, "coding-burst", there.base_url)
        done = call("run", *arguments, "--json", home=home, cwd=repository)
        return done, len(there.chats)


def content(home: Path) -> str:
    return (home / "ws" / "calc.py").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["Fix add in calc.py"], id="named"),
        by_night(["Correct add", "--file", "calc.py"], name="by --file"),
    ],
)
def test_a_named_file_without_a_change_is_promoted_once(tmp_path: Path, arguments: list[str]) -> None:
    done, _ = run(tmp_path, *arguments, local=[say(DONE)], burst=[FIX, say("done")])
    assert done.code == 0, done.err
    assert done.json["steps"] == ["no file was changed → coding-burst, once"]
    assert content(tmp_path) == BUG.replace("-", "+")


def test_where_nobody_is_left_to_promote_to_it_has_failed(tmp_path: Path) -> None:
    done, asked = run(tmp_path, "Fix add in calc.py", local=[say(DONE)], burst=[say(DONE)])
    assert (done.code, done.json["status"], done.json["verdict"], asked) == (1, "failed", "no-change", 1)
    assert done.json["error"] == "calc.py was to be changed, and no file was"
    assert len(done.json["steps"]) == 2


def test_an_edit_of_another_file_than_the_named_one_is_repaired_where_no_test_helps(tmp_path: Path) -> None:
    other = tool("write_file", {"path": "notes.py", "content": "x = 1\n"})
    done, _ = run(tmp_path, "Fix the sum in calc.py", *FREE, local=[other, say(DONE), FIX, say("done")])
    assert (done.code, done.json["verdict"]) == (0, "unverified"), done.err
    assert done.json["steps"] == ["the verification failed → coding-local repairs it, once"]
    assert done.json["attempts"][0]["error"] == "calc.py was to be edited, and was not; changed instead: notes.py"
    assert content(tmp_path) == BUG.replace("-", "+")
    (related,) = (one for one in done.json["verified"]["weak"] if one["kind"] == "related")
    assert (related["passed"], related["said"]) == (False, "not named, and changed: notes.py")


def test_done_after_a_failed_edit_has_failed_though_no_file_is_named(tmp_path: Path) -> None:
    failing = tool("edit_file", EDIT | {"old": "nowhere"})
    done, _ = run(tmp_path, "Fix the mistake in add", *FREE, local=[failing, say("Done.")])
    assert done.code == 1
    assert done.json["error"] == "each of its edits failed, and no file was changed"


@pytest.mark.parametrize(
    "arguments",
    [["Explain calc.py"], by_night(["What does add do?", "--file", "calc.py"]), ["Review calc.py and fix any bugs"]],
)
def test_a_question_about_a_file_needs_no_change(tmp_path: Path, arguments: list[str]) -> None:
    done, asked = run(tmp_path, *arguments, local=[say("It adds.")], burst=[])
    assert (done.code, asked) == (0, 0), done.err


def test_a_call_as_text_is_carried_out_and_noted_once(tmp_path: Path) -> None:
    local = [say(f"```json\n{AS_TEXT}\n```"), say("done")]
    done, asked = run(tmp_path, "Fix add in calc.py", local=local, burst=[], extra=NATIVE)
    assert (done.code, asked, content(tmp_path)) == (0, 0, BUG.replace("-", "+")), done.err
    assert sum("as text" in note for note in done.json["notes"]) == 1
    assert done.json["verdict"] == "unverified"


def test_a_local_model_that_writes_a_call_as_text_goes_on_by_whole_files_visibly_and_once(tmp_path: Path) -> None:
    fixed = BUG.replace("-", "+")
    local = [say(f"```json\n{AS_TEXT}\n```"), say(f"```python\n{fixed}```")]
    done, asked = run(tmp_path, "Fix add in calc.py", local=local, burst=[])
    assert (done.code, asked, content(tmp_path)) == (0, 0, fixed), done.err
    said = "coding-local writes its tool calls as text: it goes on by whole files, which is remembered"
    assert said in done.err.replace("\n", " ")
    assert (done.json["steps"], said in done.json["notes"], len(done.json["attempts"])) == ([], True, 1)


def test_a_call_as_text_that_cannot_be_read_is_promoted_at_once(tmp_path: Path) -> None:
    local = [say(f"<tool_call>\n{AS_TEXT[:-9]}")]
    done, _ = run(tmp_path, "Fix the mistake in add", local=local, burst=[FIX, say("done")], extra=NATIVE)
    assert done.code == 0, done.err
    assert done.json["steps"] == ["the model writes its tool calls as text → coding-burst, once"]


@pytest.mark.parametrize("finish", [by_night("content_filter"), "error", by_night("abort")])
def test_a_bad_ending_is_not_an_answer(tmp_path: Path, finish: str) -> None:
    done, _ = run(tmp_path, "Explain calc.py", *FREE, local=[say("It", finish=finish)])
    assert done.code == 1
    assert f"(finish reason '{finish}')" in done.json["error"]


def test_a_model_without_tools_is_unfit_and_its_fix_is_told(tmp_path: Path) -> None:
    done, asked = run(
        tmp_path, "Fix add in calc.py", local=[fail(400, "x does not support tools")], burst=[FIX, say("ok")]
    )
    assert (done.code, asked) == (0, 2), done.err
    assert done.json["steps"] == ["the model cannot take the request → coding-burst, once"]
    assert (
        "it takes no tools; name a model that does in the config.yaml of coding-local"
        in done.json["attempts"][0]["error"]
    )


def test_a_thought_reaches_neither_the_summary_nor_the_next_model(tmp_path: Path) -> None:
    local = [tool("read_file", {"path": "calc.py"}, text="<think>PONDER</think>"), say("<think>PONDER</think>\nDone.")]
    done, _ = run(tmp_path, "Fix add in calc.py", local=local, burst=[FIX, say("<think>PONDER\n</think>\n\nfixed")])
    assert (done.code, done.json["summary"]) == (0, "fixed")
    assert "PONDER" not in done.out + done.err
