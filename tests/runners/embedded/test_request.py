"""The first request is measured as it will be sent, and measuring it touches neither files nor a jail."""

from pathlib import Path
from typing import Any, Literal

import pytest
from tests.core.cases import POLICY
from tests.fakes import an_order
from tests.runners.embedded.a_runner import local, run
from tests.scripted_provider import ScriptedProvider

from profile_router.core.task import Task
from profile_router.runners.embedded.request import request_body
from profile_router.runners.tools import terminal
from profile_router.runners.tools.fence import Fence
from profile_router.runners.tools.tools import described_tools

TOOLSETS: list[tuple[str, ...] | None] = [None, ("file",), ("file", "terminal"), ("terminal",), ("web",), ()]


def _refuse(*_args: object, **_options: object) -> Any:
    raise AssertionError("a prompt was measured by what it could do")


@pytest.mark.parametrize("toolsets", TOOLSETS, ids=str)
@pytest.mark.parametrize("place", ["workspace", "none"])
def test_measuring_a_prompt_builds_no_file_fence_and_probes_no_jail(
    toolsets: tuple[str, ...] | None,
    place: Literal["workspace", "none"],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Fence, "__init__", _refuse)
    monkeypatch.setattr(terminal, "jail_problem", _refuse)
    order = an_order(Task(goal="do it", toolsets=toolsets))
    root = tmp_path if place == "workspace" else None
    body = request_body(order, local("http://127.0.0.1:9/v1"), POLICY, root, tmp_path)
    names = {tool["function"]["name"] for tool in body["tools"]}
    assert ("read_file" in names) is (root is not None and (toolsets is None or "file" in toolsets))
    assert "ask_for_profile" in names


@pytest.mark.parametrize("toolsets", [None, ("file",), ("web",)], ids=str)
def test_what_is_measured_is_what_is_sent(toolsets: tuple[str, ...] | None, tmp_path: Path) -> None:
    order = an_order(Task(goal="do it", toolsets=toolsets))
    with ScriptedProvider(["done"]) as provider:
        profile = local(provider.base_url)
        run(profile, order, workspace=tmp_path)
    sent = provider.chats[0]
    assert request_body(order, profile, POLICY, tmp_path, tmp_path) == {
        "messages": sent["messages"],
        "tools": sent["tools"],
    }


def test_a_terminal_counts_where_nothing_but_the_jail_could_refuse_it(tmp_path: Path) -> None:
    order = an_order(Task(goal="do it", toolsets=("file", "terminal")))
    profile = local("http://127.0.0.1:9/v1", toolsets=("file", "terminal"))
    body = request_body(order, profile, POLICY, tmp_path, tmp_path)
    assert body["tools"] == described_tools(files=True, terminal=True)
    assert "There is no terminal here" not in body["messages"][0]["content"]
