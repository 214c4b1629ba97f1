"""Whatever a program or a model hands over as a task, the result is a task or an error line."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.examples import examples
from tests.fuzz.mutations import octets, trees

from profile_router.api.task_fields import task_from_json, tasks_from_json
from profile_router.core.task import Task
from profile_router.errors import UsageError
from profile_router.hermes_older import middleware
from profile_router.hermes_older.middleware import on_tool_middleware
from profile_router.hermes_plugin.arguments import tasks_of
from profile_router.hermes_plugin.private import looks_private
from profile_router.hermes_plugin.settings import Settings, plugin_settings

TASK: dict[str, Any] = {
    "goal": "Make the retry delay configurable",
    "context": "see src/http.py",
    "files": ["src/http.py"],
    "images": [],
    "workspace": "/w",
    "toolsets": ["file"],
    "max_turns": 5,
    "profile": "coding-local",
    "thread": "t1",
    "facts": {"files_to_read": 3},
    "local_only": False,
    "check": "true",
    "timeout": 60,
    "max_cost": 0.5,
    "conversation": [{"role": "user", "text": "hello"}, {"role": "assistant", "text": "yes"}],
    "sessions": ["20261128_1", "20261127_9"],
}
DEEP = "[" * 50_000
NESTED = "[" * 900 + "]" * 900  # can be read
TOKEN = "ghp_" + "a1B2c3D4e5" * 3 + "f6G7h8"


def is_one_line(error: UsageError) -> None:
    message = str(error)
    assert message.startswith(("--task-json", "--tasks-json"))
    assert message.isprintable(), "what was given drives no terminal"
    assert len(message) < 1_000


def read(raw: bytes) -> None:
    try:
        task = task_from_json(raw)
    except UsageError as error:
        is_one_line(error)
    else:
        usable(task)
    try:
        found = tasks_from_json(raw)
    except UsageError as error:
        is_one_line(error)
    else:
        for one in found:
            usable(one) if isinstance(one, Task) else is_one_line(one)


def usable(task: Task) -> None:
    assert task.goal.strip()
    repr(task).encode()
    assert task.timeout_s is None or 0 < task.timeout_s < 10**8
    assert task.max_cost_usd is None or 0 <= task.max_cost_usd < 10**10


@examples(150)
@given(octets(json.dumps(TASK).encode()))
def test_damaged_json_is_a_task_or_a_refusal(raw: bytes) -> None:
    read(raw)


@examples(150)
@given(trees({"one": TASK}))
def test_odd_values_are_a_task_or_a_refusal(tree: Any) -> None:
    for found in (tree.get("one"), [TASK, tree.get("one")]):
        read(json.dumps(found).encode())


@pytest.mark.parametrize(
    "value",
    [DEEP, NESTED, "1" * 4_000, "1" * 5_000, "-1e999", '"' + "x" * 10**6 + '"', "{" * 99],
    ids=["deep", "nested", "long", "too long", "beyond", "large", "open"],
)
@pytest.mark.parametrize("key", [*TASK, "unheard-of\u2028\x1b[2J"], ids=ascii)
def test_what_is_too_deep_or_too_large_is_read_or_refused(key: str, value: str) -> None:
    for raw in (f'{{"goal": "x", {json.dumps(key)}: {value}}}', f"[{value}]", value):
        read(raw.encode())


ARGUMENTS: dict[str, Any] = {
    "goal": "Fix the typo",
    "context": "in README.md",
    "profile": "coding-burst",
    "toolsets": "file, terminal",
    "max_turns": 60,
    "tasks": [{"goal": "a"}, {"goal": "b", "context": "c", "toolsets": ["file"], "timeout": 5, "local_only": False}],
}


@examples(150)
@given(trees({"args": ARGUMENTS}))
def test_arguments_of_a_model_are_whole_tasks_or_hermes_own_to_refuse(tree: Any) -> None:
    tasks = tasks_of(tree.get("args"))
    for task in tasks or ():
        assert str(task["goal"]).strip()
        assert "check" not in task, "a command of a model is Hermes' to approve"
        read(json.dumps(task).encode())


@pytest.mark.parametrize("tasks", [DEEP, NESTED, "[" + "1" * 5_000 + "]", "{}", "[[]]", "null", "[null]", "\ud800"])
def test_a_list_of_tasks_as_text_may_be_anything(tasks: str) -> None:
    assert isinstance(
        on_tool_middleware(tool_name="delegate_task", args={"goal": "x", "tasks": tasks}, next_call=str), str
    )


@examples(120)
@given(tree=trees({"args": ARGUMENTS}), way=st.sampled_from(["goal", "context", "deep", "key", "label", "path"]))
def test_hermes_never_gets_a_private_task_where_the_router_does_not_answer(tree: Any, way: str) -> None:
    args = tree.get("args")
    if not isinstance(args, dict):
        return
    secrets: dict[str, dict[str, Any]] = {
        "goal": {"goal": f"use {TOKEN}"},
        "context": {"context": f"export TOKEN={TOKEN}"},
        "deep": {"facts": {"a": [{"b": [TOKEN]}]}, "tasks": []},
        "key": {"context": "-----BEGIN PRIVATE KEY-----", "tasks": []},
        "label": {"local_only": True},
        "path": {"goal": "read ./.env", "tasks": []},
    }
    secret = secrets[way]
    passed: list[Any] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(middleware, "plugin_settings", lambda: Settings(problem="there is no router"))
        answer = on_tool_middleware(
            tool_name="delegate_task", args={**args, **secret}, next_call=lambda given: passed.append(given)
        )
    tasks = tasks_of({**args, **secret})
    if tasks and any(looks_private(task, ()) for task in tasks):
        assert not passed
        assert TOKEN not in str(answer)
    if tasks and way in ("deep", "key", "label", "path"):
        assert not passed


ROUTER = {
    "command": ["/bin/true"],
    "limit_seconds": 1200,
    "start_seconds": 60,
    "private_paths": ["a/**"],
    "if_broken": "error",
}


@examples(150)
@given(st.one_of(octets(json.dumps(ROUTER).encode()), trees(ROUTER).map(lambda tree: json.dumps(tree).encode())))
def test_settings_that_cannot_be_read_never_let_hermes_delegate(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "router.json").write_bytes(content)
        settings = plugin_settings(Path(folder))
        assert 0 < settings.limit_s <= 10**7
        assert 0 < settings.start_s <= 10**7
        assert settings.if_broken in ("hermes", "error")
        if "cannot be used" in settings.problem:
            assert settings.if_broken == "error"


def test_there_is_no_depth_at_which_reading_succeeds_and_refusing_fails() -> None:
    for depth in range(800, 1_000):
        read(b'{"goal": "x", "context": ' + b"[" * depth + b"]" * depth + b"}")


def test_a_label_of_the_call_is_taken_back_by_none_of_its_tasks() -> None:
    tasks = tasks_of({"local_only": True, "tasks": [{"goal": "a", "local_only": False}, {"goal": "b"}]})
    assert tasks is not None
    assert [task["local_only"] for task in tasks] == [True, True]
