"""Where a profile insists on calls, one written as text is carried out and noted; what cannot be read ends the attempt."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.fakes import a_task, an_order
from tests.runners.answers.families import FAMILIES, UNREADABLE, E, J
from tests.runners.embedded.a_runner import failed, local, run
from tests.scripted_answers import Answer, call
from tests.scripted_provider import ScriptedProvider

from profile_router.core.ladder.receipt import Attempt

BUG = "def add(a, b):\n    return a - b\n"
NOTE = "coding-local wrote tool calls as text: they were read there and carried out"


def attempt(folder: Path, *answers: Answer | str, goal: str = "Fix add") -> tuple[Attempt, ScriptedProvider]:
    (folder / "a.py").write_text(BUG, encoding="utf-8")
    with ScriptedProvider(answers) as provider:
        return run(local(provider.base_url, tool_format="native"), an_order(goal), workspace=folder), provider


@pytest.mark.parametrize("family", FAMILIES)
def test_a_call_of_every_family_reaches_the_tool(family: str, tmp_path: Path) -> None:
    done, provider = attempt(tmp_path, FAMILIES[family], "done")
    assert (done.failure, done.text) == (None, "done")
    results = [message["content"] for message in provider.chats[-1]["messages"] if message["role"] == "tool"]
    assert results
    assert not any(result.startswith("error") for result in results)


def test_an_edit_that_was_written_as_text_is_made_and_noted_once(tmp_path: Path) -> None:
    done, provider = attempt(tmp_path, f"I look.\n{J}", f"```json\n{E}\n```", "done")
    assert (tmp_path / "a.py").read_text(encoding="utf-8") == BUG.replace("-", "+")
    assert done.notes.count(NOTE) == 1
    assert (done.text, done.wrote, done.in_vain) == ("done", ("a.py",), False)
    said = [message for message in provider.chats[-1]["messages"] if message["role"] == "assistant"]
    assert [(one["content"], len(one["tool_calls"])) for one in said] == [("I look.", 1), (None, 1)]


@pytest.mark.parametrize("text", UNREADABLE.values(), ids=UNREADABLE)
def test_what_cannot_be_read_ends_the_attempt_and_says_why(text: str, tmp_path: Path) -> None:
    done, _ = attempt(tmp_path, text)
    assert failed(done) == ("calls-as-text", "failed")
    assert done.failure is not None
    assert "wrote a tool call into its answer that cannot be carried out: " in done.failure.message
    assert (tmp_path / "a.py").read_text(encoding="utf-8") == BUG


@pytest.mark.parametrize(
    ("goal", "answer"),
    [
        ("Show me an example tool call that fixes add", f"```json\n{E}\n```"),
        ("What does a call of edit_file look like?", E),
        ("Explain the syntax of function calls in Hermes", f"<tool_call>\n{E}\n</tool_call>"),
        ("Fix add", f"Here is an example of what could be done:\n```json\n{E}\n```"),
    ],
)
def test_an_example_in_an_answer_is_not_carried_out(goal: str, answer: str, tmp_path: Path) -> None:
    done, _ = attempt(tmp_path, answer, goal=goal)
    assert (done.failure, done.text) == (None, answer)
    assert NOTE not in done.notes
    assert (tmp_path / "a.py").read_text(encoding="utf-8") == BUG


def test_a_call_by_the_protocol_is_noted_nowhere(tmp_path: Path) -> None:
    done, _ = attempt(tmp_path, call("read_file", {"path": "a.py"}), "done")
    assert done.notes == ()


def test_an_attempt_whose_every_edit_failed_says_so(tmp_path: Path) -> None:
    edit = {"path": "a.py", "old": "nowhere", "new": "x"}
    done, _ = attempt(tmp_path, call("edit_file", edit), "Done.")
    assert (done.text, done.wrote, done.in_vain) == ("Done.", (), True)


@pytest.mark.parametrize(
    ("toolsets", "command"),
    [(("file",), "python3 -c 1"), (("file", "terminal"), "rm a.py"), (("file", "terminal"), "ls; rm a.py")],
    ids=["not offered", "not allowed", "of a shell"],
)
def test_a_command_that_never_ran_leaves_it_known_which_files_were_written(
    toolsets: tuple[str, ...], command: str, tmp_path: Path
) -> None:
    (tmp_path / "a.py").write_text(BUG, encoding="utf-8")
    edit = call("edit_file", {"path": "a.py", "old": "-", "new": "+"})
    with ScriptedProvider([call("run_command", {"command": command}), edit, "done"]) as provider:
        order = an_order(a_task("Fix add", toolsets=toolsets))
        done = run(local(provider.base_url, tool_format="native"), order, workspace=tmp_path)
    assert (done.failure, done.wrote) == (None, ("a.py",))
