"""A field of a task has the same values as an option and in JSON."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from profile_router.api.given import task_given
from profile_router.api.task_bounds import MOST_OF_A_CONTEXT
from profile_router.api.task_fields import (
    FACTS,
    ROUTED_FIELDS,
    RUN,
    Number,
    TaskField,
    task_from_json,
    tasks_from_json,
)
from profile_router.cli.app import parser
from profile_router.cli.options import MOST_OF_TASKS, json_of, task_of
from profile_router.core.task import Task
from profile_router.errors import UsageError

NUMBERS = [one for one in (*FACTS, *RUN) if isinstance(one.read, Number)]
NAMED = st.text(st.characters(codec="utf-8", exclude_characters="-@,\0"), min_size=1)
WORDS = [one for one in (*ROUTED_FIELDS, *RUN) if one.key not in ("goal", "context", "toolsets") and one not in NUMBERS]


def by_option(*words: str) -> Task | str:
    return outcome(lambda: task_of(parser("run").parse_args(["run", "fix it", *words])))


def by_json(field: TaskField, value: object) -> Task | str:
    said = {"facts": {field.key: value}} if field in FACTS else {field.key: value}
    return outcome(lambda: task_from_json(json.dumps({"goal": "fix it", **said}).encode()))


def outcome(read: Callable[[], Task]) -> Task | str:
    """Return the task, or what is wrong with the value, without the name of the option or key."""
    try:
        return read()
    except UsageError as error:
        return str(error).partition(" is ")[2]


@pytest.mark.parametrize("field", NUMBERS, ids=lambda field: field.key)
@given(value=st.one_of(st.integers(), st.floats()))
def test_a_number_is_the_same_task_or_the_same_refusal_both_ways(field: TaskField, value: float) -> None:
    found = by_option(f"{field.option}={value}")
    assert found
    assert found == by_json(field, value)


@pytest.mark.parametrize("field", WORDS, ids=lambda field: field.key)
@given(name=NAMED)
def test_a_word_is_the_same_task_both_ways(field: TaskField, name: str) -> None:
    if field.key == "local_only":
        assert by_option(field.option) == by_json(field, True)
    elif name.strip() == name:
        value = [name] if field.key in ("files", "images") else name
        assert by_option(f"{field.option}={name}") == by_json(field, value)


OVER = "x" * (MOST_OF_A_CONTEXT + 1)


@pytest.mark.parametrize(
    ("key", "value"),
    [("context", OVER), ("conversation", [{"role": "user", "text": half} for half in (OVER[1::2], OVER[::2], "x")])],
    ids=["one text", "turns that are too long together"],
)
@pytest.mark.parametrize(
    "read",
    [
        lambda key, value: task_from_json(json.dumps({"goal": "fix it", key: value}).encode()),
        lambda key, value: task_given("fix it", {key: value}),
    ],
    ids=["JSON", "a program"],
)
def test_what_no_window_holds_is_refused_with_its_size_before_it_is_looked_through(
    read: Callable[[str, object], Task], key: str, value: object
) -> None:
    with pytest.raises(UsageError, match=rf"{key} is 8\.0 MB, more than any .*up to 8 MB.*`--file FILE`"):
        read(key, value)


def test_a_task_that_a_program_made_has_the_same_bound() -> None:
    with pytest.raises(UsageError, match="the task: context is 8\\.0 MB"):
        task_given(Task(goal="fix it", context=OVER), {})
    whole = Task(goal="fix it", context=OVER[1:])
    assert task_given(whole, {}) is whole


def test_a_context_file_that_is_too_large_is_refused_unread_and_the_largest_is_read(tmp_path: Path) -> None:
    file = tmp_path / "log.txt"
    file.write_text(OVER)
    words = ["route", "x", "--context", f"@{file}"]
    with pytest.raises(UsageError, match=r"log.txt is 8\.0 MB, more than any window holds \(allowed: up to 8 MB\)"):
        task_of(parser("route").parse_args(words))
    os.truncate(file, MOST_OF_A_CONTEXT)
    assert len(task_of(parser("route").parse_args(words)).context) == MOST_OF_A_CONTEXT


@pytest.mark.parametrize("option", ["--task-json", "--tasks-json", "--ended-json"])
def test_a_file_of_json_that_is_too_large_is_called_so(option: str, tmp_path: Path) -> None:
    file = tmp_path / "tasks.json"
    file.touch()
    os.truncate(file, 2_000_000_000)
    with pytest.raises(
        UsageError, match=f"{option} .*tasks.json is larger than 100 MB, the most that is read; give less"
    ):
        json_of(option, str(file), line=False, most=MOST_OF_TASKS)


def test_a_toolset_that_there_is_none_of_is_refused_unless_a_plugin_of_hermes_may_have_it() -> None:
    with pytest.raises(UsageError, match=r"--toolsets names no toolset: 'nope' \(allowed: file, terminal, "):
        task_of(parser("run").parse_args(["run", "fix it", "--toolsets", "file,nope"]))
    raw = json.dumps([{"goal": "fix it", "toolsets": ["nope"]}, {"goal": "fix it", "toolsets": ["file"]}]).encode()
    wrong, right = tasks_from_json(raw, plugins=False)
    assert isinstance(right, Task)
    assert str(wrong).startswith("--tasks-json, task 1: toolsets names no toolset: 'nope' ")
    assert all(isinstance(one, Task) for one in tasks_from_json(raw))


@pytest.mark.parametrize(("hermes", "refused"), [([], True), (["--from-hermes"], False)])
def test_so_it_is_in_a_task_that_is_given_whole(hermes: list[str], refused: bool, tmp_path: Path) -> None:
    file = tmp_path / "task.json"
    file.write_text('{"goal": "fix it", "toolsets": ["nope"]}')
    found = outcome(lambda: task_of(parser("run").parse_args(["run", "--task-json", str(file), *hermes])))
    assert isinstance(found, Task) is not refused
