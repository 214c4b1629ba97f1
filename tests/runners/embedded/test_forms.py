"""A local model acts in the form that it can: by calls, by whole files or by JSON actions; it changes once, visibly."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.fakes import Heard, a_task, an_order
from tests.runners.answers.families import E
from tests.runners.embedded.a_runner import a_runner, cloud, cloud_order, failed, local
from tests.scripted_answers import Answer, call, say
from tests.scripted_provider import ScriptedProvider

from profile_router.core.attempt.order import Order
from profile_router.core.ladder.receipt import Attempt
from profile_router.core.profile import Profile
from profile_router.prompting.tokens import exact_tokens
from profile_router.runners.embedded.forms.remembered_forms import FormMemory, FormsOfThisRun, RememberedForms
from profile_router.runners.embedded.forms.whole_file_form import WholeFiles
from profile_router.threads.records import MemoryRecords, Records

BUG = "def add(a, b):\n    return a - b\n"
FIXED = BUG.replace("-", "+")
WHOLE = f"```python\n{FIXED}```"
GOAL = "Fix add in a.py"
LONG = "".join(f"value_{number} = {number}\n" for number in range(301))


def attempt(
    folder: Path,
    answers: Sequence[Answer | str],
    *,
    order: Order | None = None,
    memory: FormMemory | None = None,
    records: Records | None = None,
    make: Any = local,
    **profile: Any,
) -> tuple[Attempt, ScriptedProvider, Heard]:
    """Return how the attempt at the task ended, who was asked, and what was heard of it."""
    if not (folder / "a.py").exists():
        (folder / "a.py").write_text(BUG, encoding="utf-8")
    heard = Heard()
    with ScriptedProvider(answers) as provider:
        asked: Profile = make(provider.base_url, **profile)
        runner = replace(a_runner(asked, folder), memory=memory or FormsOfThisRun(), records=records or MemoryRecords())
        done = asyncio.run(runner.run(order or an_order(GOAL, files=("a.py",)), heard))
    return done, provider, heard


class Knows:
    """A memory of every model, which notes what it is told."""

    def __init__(self, *, all_write: bool = False) -> None:
        self.all_write = all_write
        self.noted: list[str] = []

    def writes_calls(self, profile: Profile) -> bool:
        return self.all_write

    def keep(self, profile: Profile) -> None:
        self.noted.append(profile.endpoint.model)


def action(name: str, **arguments: Any) -> Answer:
    return say(json.dumps({"name": name, "arguments": arguments}))


# whole files


def test_the_file_of_the_task_is_written_whole_without_any_tool(tmp_path: Path) -> None:
    done, provider, _ = attempt(tmp_path, [f"Here:\n{WHOLE}\nNot tested."], tool_format="whole-file")
    assert (tmp_path / "a.py").read_text() == FIXED
    assert (done.failure, done.wrote, done.notes) == (None, ("a.py",), ())
    assert done.text == "a.py: rewritten whole, 1 line gone, 1 line added. The model said: Here: Not tested."
    (sent,) = provider.chats
    assert "tools" not in sent
    assert "response_format" not in sent
    assert f"\na.py (2 lines):\n```\n{BUG}```\n" in sent["messages"][-1]["content"]
    assert sent["messages"][-1]["content"].endswith("Write the whole new content of a.py, in one fence.")
    assert exact_tokens(json.dumps(sent["messages"])) < 330


def test_each_file_is_one_completion_that_sees_what_was_written_before(tmp_path: Path) -> None:
    (tmp_path / "b.py").write_text("from a import add\n")
    order = an_order("Rename add to plus in a.py and b.py", files=("a.py", "b.py"))
    renamed = BUG.replace("add", "plus")
    done, provider, _ = attempt(tmp_path, [f"```\n{renamed}```", "UNCHANGED"], order=order, tool_format="whole-file")
    assert renamed in provider.chats[1]["messages"][-1]["content"]
    assert "If the task needs no change in b.py, answer with the one word UNCHANGED." in str(provider.chats[1])
    assert done.text == "a.py: rewritten whole, 1 line gone, 1 line added.\nb.py: unchanged."
    assert done.wrote == ("a.py",)


def test_one_file_that_is_to_be_made_is_asked_for_too(tmp_path: Path) -> None:
    order = an_order("Write a function that doubles a number into src/double.py")
    done, provider, _ = attempt(
        tmp_path, ["```py\ndef f(x):\n    return 2 * x\n```"], order=order, tool_format="whole-file"
    )
    assert (tmp_path / "src/double.py").read_text() == "def f(x):\n    return 2 * x\n"
    assert "src/double.py is not there yet. Write its whole content, in one fence." in str(provider.chats[0])
    assert done.text == "src/double.py: new, 2 lines added."


@pytest.mark.parametrize(
    ("first", "told"),
    [
        ("I fixed the sign.", "it has no fence with the file"),
        ("```\ndef add(a, b):\n    # ... rest of the code unchanged\n```", "it leaves lines out ('# ... rest of the"),
    ],
)
def test_an_answer_without_the_whole_file_is_asked_for_once_more_and_told_why(
    first: str, told: str, tmp_path: Path
) -> None:
    done, provider, _ = attempt(tmp_path, [first, WHOLE], tool_format="whole-file")
    assert (tmp_path / "a.py").read_text() == FIXED
    again = provider.chats[1]["messages"]
    assert [message["role"] for message in again] == ["system", "user"]
    assert f"An answer before this one was refused: {told}" in again[-1]["content"]
    assert done.receipt.turns == 2


def test_two_answers_without_it_end_the_attempt(tmp_path: Path) -> None:
    done, _, _ = attempt(tmp_path, ["I fixed it.", "It is fixed."], tool_format="whole-file")
    assert failed(done) == ("invalid-json", "failed")
    assert done.failure is not None
    assert "no answer held the whole a.py: it has no fence with the file" in done.failure.message
    assert (tmp_path / "a.py").read_text() == BUG


def test_a_gutted_file_is_asked_for_again_with_its_size(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(LONG[:2_000])
    done, provider, _ = attempt(tmp_path, ["```\nvalue_0 = 1\n```"] * 2, tool_format="whole-file")
    assert "was refused: a.py has 139 lines (2,000 bytes), and this would leave 1 line" in str(provider.chats[1])
    assert done.failure is None


def test_an_answer_that_is_the_file_as_it_was_changes_nothing_and_says_so(tmp_path: Path) -> None:
    done, _, _ = attempt(tmp_path, [f"```\n{BUG}```"], tool_format="whole-file")
    assert (done.text, done.wrote) == ("a.py: the answer is the file as it was.", ())


def test_line_breaks_stay_those_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(BUG.replace("\n", "\r\n").encode())
    attempt(tmp_path, [WHOLE], tool_format="whole-file")
    assert (tmp_path / "a.py").read_bytes() == FIXED.replace("\n", "\r\n").encode()


def test_a_file_of_300_lines_leaves_room_for_its_answer(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(LONG[: LONG.index("value_300")])
    done, provider, _ = attempt(tmp_path, [f"```\n{LONG}```"], tool_format="whole-file", max_tokens=500)
    assert done.failure is None
    assert provider.chats[0]["max_tokens"] > 2_000


@pytest.mark.parametrize(
    ("order", "content"),
    [
        (an_order(GOAL, files=("a.py",)), LONG),
        (an_order("Explain what a.py does", files=("a.py",)), BUG),
        (an_order("Fix the bug"), BUG),
        (an_order(GOAL, files=("a.py",) * 1 + tuple(f"f{n}.py" for n in range(4))), BUG),
        (an_order(GOAL, files=("a.py",), window=2_048), LONG[:3_000]),
        (an_order(GOAL, files=("a.py",)), "caf\udce9 = 1\n"),
    ],
    ids=["too long", "asks for no change", "names none", "too many", "over the window", "not UTF-8"],
)
def test_what_cannot_be_written_whole_is_done_by_actions_and_says_so(
    order: Order, content: str, tmp_path: Path
) -> None:
    (tmp_path / "a.py").write_bytes(content.encode("utf-8", "surrogateescape"))
    done, provider, _ = attempt(tmp_path, [action("finish", summary="done")], order=order, tool_format="whole-file")
    assert (done.text, "response_format" in provider.chats[0]) == ("done", True)
    assert done.notes == (
        "coding-local works by JSON actions: the task asks for no change of a few small files, as whole-file needs",
    )


def test_a_model_elsewhere_is_shown_no_secret_and_writes_no_mask(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text('token = "ghp_0123456789abcdefghijABCDEFGHIJ012345"\n')
    done, provider, _ = attempt(
        tmp_path,
        [action("finish", summary="done")],
        order=cloud_order(task=a_task(GOAL), files=("a.py",)),
        make=cloud,
        tool_format="whole-file",
    )
    assert done.text == "done"
    assert "ghp_0123456789" not in str(provider.chats)


# JSON actions


def test_actions_are_carried_out_one_by_one_until_it_finishes(tmp_path: Path) -> None:
    done, provider, _ = attempt(
        tmp_path,
        [
            action("read_file", path="a.py"),
            action("edit_file", path="a.py", old="a - b", new="a + b"),
            action("finish", summary="add adds. Not tested."),
        ],
        tool_format="json",
    )
    assert (tmp_path / "a.py").read_text() == FIXED
    assert (done.text, done.wrote, done.receipt.turns, done.notes) == ("add adds. Not tested.", ("a.py",), 3, ())
    said = provider.chats[2]["messages"]
    assert [message["role"] for message in said] == ["system", "user", "assistant", "user", "assistant", "user"]
    assert json.loads(said[2]["content"]) == {"name": "read_file", "arguments": {"path": "a.py"}}
    assert said[5]["content"].startswith("Result of edit_file:\nedited a.py at line 2")
    assert all("tools" not in chat for chat in provider.chats)


def test_the_schema_takes_the_offered_tools_alone_and_the_prompt_has_an_example_of_each_but_the_asking(
    tmp_path: Path,
) -> None:
    _, provider, _ = attempt(tmp_path, [action("finish", summary="x")], tool_format="json", toolsets=("file",))
    (sent,) = provider.chats
    schema = sent["response_format"]["json_schema"]
    assert schema["strict"] is True
    actions = {one["properties"]["name"]["const"]: one["properties"]["arguments"] for one in schema["schema"]["anyOf"]}
    names = ["list_files", "search", "read_file", "write_file", "edit_file", "ask_for_profile", "finish"]
    assert list(actions) == names
    assert actions["edit_file"] == {
        "type": "object",
        "properties": {
            "path": {"type": "string"},
            "old": {"type": "string"},
            "new": {"type": "string"},
            "all": {"type": "boolean"},
        },
        "required": ["path", "old", "new"],
        "additionalProperties": False,
    }
    assert actions["ask_for_profile"]["properties"] == {
        "profile": {"type": "string", "enum": ["coding-burst", "review-cheap"]},
        "reason": {"type": "string"},
    }
    system = sent["messages"][0]["content"]
    shown = [json.loads(line)["name"] for line in system.splitlines() if line.startswith("{")]
    assert shown == [name for name in names if name != "ask_for_profile"]  # a small model copies what it sees
    assert "`ask_for_profile`, with one of " in system
    assert exact_tokens(system) < 420


@pytest.mark.parametrize(
    "text", ['```json\n{"name": "finish", "arguments": {"summary": "ok"}}\n```', '<tool_call>{"name": "finish", "arguments": {"summary": "ok"}}</tool_call>']
)  # fmt: skip
def test_an_action_is_found_where_a_server_enforces_no_schema(text: str, tmp_path: Path) -> None:
    assert attempt(tmp_path, [text], tool_format="json")[0].text == "ok"


@pytest.mark.parametrize("text", ["I fixed it.", '{"name": "fly", "arguments": {}}', '{"name": "read_file"}', "[1, 2]"])
def test_what_is_not_an_action_ends_the_attempt(text: str, tmp_path: Path) -> None:
    assert failed(attempt(tmp_path, [text], tool_format="json")[0]) == ("invalid-json", "failed")


def test_another_profile_can_be_asked_for_by_an_action(tmp_path: Path) -> None:
    asked = action("ask_for_profile", profile="coding-burst", reason="too deep")
    assert failed(attempt(tmp_path, [asked], tool_format="json")[0])[0] == "asked-for-profile"


# auto


@pytest.mark.parametrize(
    "first",
    [f"```json\n{E}\n```", f"<tools>\n{E}\n</tools>", '<tool_call>{"name": "fly"', WHOLE, f"Do this:\n{WHOLE}"],
    ids=["fence", "tag", "unreadable", "code", "prose and code"],
)
def test_a_local_model_that_writes_calls_as_text_goes_on_by_whole_files(first: str, tmp_path: Path) -> None:
    memory = Knows()
    done, provider, heard = attempt(tmp_path, [first, WHOLE], memory=memory)
    assert (tmp_path / "a.py").read_text() == FIXED
    line = "coding-local writes its tool calls as text: it goes on by whole files, which is remembered"
    assert done.notes == (line,)
    assert {"event": "form", "line": line} in heard.events
    assert ["tools" in chat for chat in provider.chats] == [True, False]
    assert (done.failure, done.receipt.turns, done.receipt.tokens_in) == (None, 2, 20)
    assert memory.noted == ["scripted"]
    again, provider, _ = attempt(tmp_path, [f"```\n{BUG}```"], memory=Knows(all_write=True))
    assert "tools" not in provider.chats[0]
    assert again.notes == ("coding-local works by whole files: its model wrote tool calls as text before",)


def test_where_no_small_file_is_named_it_goes_on_by_actions(tmp_path: Path) -> None:
    written = f"```json\n{E}\n```"
    done, provider, _ = attempt(tmp_path, [written, action("finish", summary="done")], order=an_order("Fix the bug"))
    assert done.text == "done"
    assert "it goes on by JSON actions" in done.notes[0]
    assert [("tools" in chat, "response_format" in chat) for chat in provider.chats] == [(True, False), (False, True)]


def test_it_changes_once(tmp_path: Path) -> None:
    done, _, heard = attempt(tmp_path, [f"```json\n{E}\n```", f"```json\n{E}\n```", f"```json\n{E}\n```"])
    assert failed(done)[0] == "invalid-json"
    assert sum(event["event"] == "form" for event in heard.events) == 1


@pytest.mark.parametrize(
    ("takes_tools", "sends"), [(False, False), (True, True), (None, True)], ids=["has none", "has", "not told"]
)
def test_a_template_without_tools_is_known_before_the_first_turn(
    takes_tools: bool | None, sends: bool, tmp_path: Path
) -> None:
    order = an_order(GOAL, files=("a.py",), takes_tools=takes_tools)
    done, provider, _ = attempt(tmp_path, ["done" if sends else WHOLE], order=order)
    assert ("tools" in provider.chats[0]) is sends
    note = "coding-local works by whole files: the chat template of its server takes no tools"
    assert done.notes == (() if sends else (note,))


def test_a_model_that_calls_its_tools_keeps_them(tmp_path: Path) -> None:
    answers: list[Answer | str] = [call("read_file", {"path": "a.py"}), f"Done:\n{WHOLE}"]
    done, provider, _ = attempt(tmp_path, answers)
    assert done.text.startswith("Done:")
    assert all("tools" in chat for chat in provider.chats)
    assert done.notes == ()


@pytest.mark.parametrize("tool_format", ["auto", "native"])
def test_a_model_elsewhere_keeps_its_tools_whatever_it_writes(tool_format: Any, tmp_path: Path) -> None:
    order = cloud_order(task=a_task(GOAL), files=("a.py",), takes_tools=False)
    done, provider, _ = attempt(
        tmp_path, [f"```json\n{E}\n```", "done"], order=order, make=cloud, tool_format=tool_format
    )
    assert (tmp_path / "a.py").read_text() == FIXED
    assert all("tools" in chat for chat in provider.chats)
    assert done.notes == ("coding-burst wrote tool calls as text: they were read there and carried out",)


def test_an_attempt_begun_by_another_process_goes_on_in_the_form_it_began_in(tmp_path: Path) -> None:
    records, memory = MemoryRecords(), FormsOfThisRun()
    first, _, _ = attempt(tmp_path, [f"```json\n{E}\n```", WHOLE], memory=memory, records=records)
    again, provider, _ = attempt(tmp_path, [], memory=memory, records=records)
    assert provider.requests == []
    assert (again.failure, again.wrote, again.receipt.turns) == (None, ("a.py",), first.receipt.turns)
    assert (tmp_path / "a.py").read_text() == FIXED


def test_what_a_model_writes_is_remembered_by_model_and_endpoint_for_as_long_as_a_measurement(tmp_path: Path) -> None:
    now = [1_000.0]
    memory = RememberedForms(state=tmp_path / "state", max_age_s=60.0, clock=lambda: now[0])
    one = local("http://127.0.0.1:9/v1", model="small")
    memory.keep(one)
    assert memory.writes_calls(one)
    assert not memory.writes_calls(local("http://127.0.0.1:9/v1", model="large"))
    assert not memory.writes_calls(local("http://127.0.0.1:8/v1", model="small"))
    now[0] += 61
    assert not memory.writes_calls(one)
    (file,) = (tmp_path / "state").iterdir()
    assert file.stat().st_mode & 0o077 == 0
    for damage in ("", "[]", '{"http://127.0.0.1:9/v1 small": true}', "{"):
        file.write_text(damage)
        assert not memory.writes_calls(one)


@pytest.mark.parametrize("becomes", ["a folder", "a link out", "unreadable"])
def test_a_file_that_cannot_be_read_any_more_ends_the_attempt_by_its_cause(
    becomes: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "a.py"

    def now(self: WholeFiles, path: str, refused: str) -> str:
        turn = asked(self, path, refused)
        target.unlink()
        if becomes == "a folder":
            target.mkdir()
        elif becomes == "a link out":
            target.symlink_to("/etc/hostname")
        else:
            os.mkfifo(target)
        return turn

    asked = WholeFiles._turn
    monkeypatch.setattr(WholeFiles, "_turn", now)
    done, _, _ = attempt(tmp_path, [WHOLE], tool_format="whole-file")
    assert failed(done) == ("no-change", "failed")
    assert done.failure is not None
    assert "a.py was not written: " in done.failure.message
