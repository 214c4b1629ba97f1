"""What holds for every tool: no answer is longer than agreed, whatever a model passes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain.agents import create_agent
from langchain_core.language_models.fake_chat_models import FakeMessagesListChatModel
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from tests.runners.tools.file_tools import ROOM, Call, caller

from profile_router.runners.tools.fence import Fence
from profile_router.runners.tools.tools import WantsProfile, build_tools


@pytest.mark.parametrize("room", [200, 400, 6_000])
def test_no_answer_is_longer_than_agreed(root: Path, room: int) -> None:
    for number in range(50):
        (root / f"{number:02}-{'n' * 120}.txt").write_text("hit and some more text\n" * 30)
    (root / "src" / ".env").write_text("x")
    call = caller(Fence(root, private_globs=[".env*"]), room)
    answers = [
        call("list_files"),
        call("search", pattern="hit"),
        call("read_file", path=f"00-{'n' * 120}.txt"),
        call("read_file", path="/" * 3_000 + "x"),
        call("read_file", path=["x" * 5_000]),
        call("write_file", path="x" * 5_000, content=""),
        call("ask_for_profile", profile="p" * 5_000, reason=""),
    ]
    assert [len(answer) <= room for answer in answers] == [True] * len(answers)
    assert all("[cut: " in answer for answer in answers[:2])


@given(
    tool=st.sampled_from(["list_files", "search", "read_file", "write_file", "edit_file"]),
    arguments=st.dictionaries(
        st.sampled_from(["path", "pattern", "glob", "start", "lines", "content", "old", "new"]),
        st.text() | st.integers() | st.none() | st.lists(st.text(), max_size=2),
    ),
)
def test_whatever_a_model_passes_is_answered_with_text(call: Call, tool: str, arguments: dict[str, Any]) -> None:
    answer = call(tool, **arguments)
    answer.encode()
    assert len(answer) <= ROOM


def test_another_profile_ends_the_attempt(call: Call) -> None:
    with pytest.raises(WantsProfile) as asked:
        call("ask_for_profile", profile="coding-burst", reason="needs a larger window\0")
    assert (asked.value.profile, asked.value.reason) == ("coding-burst", "needs a larger window")


def test_an_unknown_profile_is_answered_with_the_known_ones(call: Call) -> None:
    assert call("ask_for_profile", profile="gpt", reason="x") == (
        "error: profile 'gpt' cannot be asked for; known: coding-burst, coding-local"
    )


@pytest.mark.parametrize(("toolsets", "with_fence"), [(frozenset(), True), (frozenset({"file"}), False)])
def test_without_the_file_toolset_or_a_workspace_only_asking_is_left(
    fence: Fence, toolsets: frozenset[str], with_fence: bool
) -> None:
    tools = build_tools(fence if with_fence else None, result_chars=ROOM, profiles=[], toolsets=toolsets)
    assert [tool.name for tool in tools] == ["ask_for_profile"]


class Scripted(FakeMessagesListChatModel):
    def bind_tools(self, *_: Any, **__: Any) -> Scripted:
        return self


def turn(*calls: tuple[str, dict[str, Any]]) -> AIMessage:
    return AIMessage(
        "", tool_calls=[{"name": name, "args": args, "id": str(n)} for n, (name, args) in enumerate(calls)]
    )


def test_in_the_agent_loop_errors_are_answers_and_asking_ends_it(fence: Fence, root: Path) -> None:
    tools = build_tools(fence, result_chars=ROOM, profiles=["coding-burst"], toolsets=frozenset({"file"}))
    model = Scripted(
        responses=[
            turn(
                ("read_file", {"path": "../x"}),
                ("read_file", {}),
                ("write_file", {"path": "a.txt", "content": "1"}),
                ("write_file", {"path": "b.txt", "content": "2"}),
            ),
            AIMessage("done"),
        ]
    )
    messages = create_agent(model, tools).invoke({"messages": [HumanMessage("go")]})["messages"]
    answers = [message.content for message in messages if isinstance(message, ToolMessage)]
    assert [str(answer).split(":")[0] for answer in answers] == [
        "error",
        "error",
        "wrote a.txt (1 line, new file)",
        "wrote b.txt (1 line, new file)",
    ]
    assert fence.before == {"a.txt": None, "b.txt": None}
    asking = Scripted(responses=[turn(("ask_for_profile", {"profile": "coding-burst", "reason": "too hard"}))])
    with pytest.raises(WantsProfile, match="too hard"):
        create_agent(asking, tools).invoke({"messages": [HumanMessage("go")]})
