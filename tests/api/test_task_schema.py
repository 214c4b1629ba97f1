"""The program tells what a task may hold: an example, a schema, a file, the near word for a typo."""

import json
import re
from pathlib import Path

import pytest
from tests.cli.command import call

from profile_router.api.task_fields import TASK, task_from_json, tasks_from_json
from profile_router.api.task_schema import task_schema, tasks_schema
from profile_router.cli.spelling import COMMANDS
from profile_router.core.task import Task
from profile_router.errors import UsageError

VALUES = {
    "string": "x",
    "boolean": True,
    "integer": 7,
    "number": 0.5,
    "array": [],
    "object": {},
}


def test_the_schema_has_every_field_and_no_other() -> None:
    schema = task_schema()
    assert list(schema["properties"]) == [one.key for one in TASK]
    assert (schema["required"], schema["additionalProperties"]) == (["goal"], False)


@pytest.mark.parametrize("key", [one.key for one in TASK])
def test_each_type_of_the_schema_is_taken_and_each_other_is_refused(key: str) -> None:
    types = task_schema()["properties"][key]["type"]
    taken = {types} if isinstance(types, str) else set(types)
    for name, value in VALUES.items():
        task = json.dumps({"goal": "x", key: value}).encode()
        if name in taken or (name == "integer" and "number" in taken):
            assert isinstance(task_from_json(task), Task), name
        else:
            with pytest.raises(UsageError):
                task_from_json(task)


def test_the_examples_of_the_schemas_are_tasks() -> None:
    for example in task_schema()["examples"]:
        assert task_from_json(json.dumps(example).encode()).goal
    for example in tasks_schema()["examples"]:
        assert all(isinstance(one, Task) for one in tasks_from_json(json.dumps(example).encode()))


@pytest.mark.parametrize(("command", "kind"), [("route", "object"), ("run", "object"), ("batch", "array")])
def test_a_flag_prints_it_and_stops(command: str, kind: str, tmp_path: Path) -> None:
    done = call(command, "--schema", home=tmp_path)
    assert (done.code, done.json["type"], done.err) == (0, kind, "")


def test_the_help_of_batch_has_an_example_that_is_a_list_of_tasks(tmp_path: Path) -> None:
    out = call("batch", "--help", home=tmp_path).out
    example = re.search(r"echo\s+'(\[.*?\])'", out, re.DOTALL)
    assert example is not None
    assert all(isinstance(one, Task) for one in tasks_from_json(example[1].encode()))


@pytest.mark.parametrize("columns", ["40", "60", "80"])
def test_no_option_and_no_command_is_broken_in_a_help(columns: str, tmp_path: Path) -> None:
    for command in ("batch", "run"):
        out = call(command, "--help", home=tmp_path, extra={"COLUMNS": columns}).out
        assert [line for line in out.splitlines() if re.search(r"\w-$", line)] == []


def test_a_task_may_be_a_file_for_run_and_route(tmp_path: Path) -> None:
    (tmp_path / "task.json").write_text('{"goal": "fix the typo"}')
    done = call("route", "--task-json", "task.json", "--json", home=tmp_path, extra={"HERMES_HOME": ""})
    assert done.json["profile"] == "coding-local"
    (tmp_path / "task.json").write_text("[")
    assert "--task-json: task.json holds no JSON object" in call("route", "--task-json", "task.json", home=tmp_path).err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["rnu", "x"], "there is no 'rnu'; did you mean 'run'?"),
        (["bacth"], "there is no 'bacth'; did you mean 'batch'?"),
        (["run", "x", "--chek", "pytest"], "unrecognized arguments: --chek; did you mean '--check'?"),
        (["batch", "--task-json", "-"], "unrecognized arguments: --task-json; did you mean '--tasks-json'?"),
        (["doctor", "--jsn"], "unrecognized arguments: --jsn; did you mean '--json'?"),
        (["policy", "shwo"], "there is no 'shwo'; did you mean 'show'?"),
        (["policy", "show", "--rule-s"], "did you mean '--rules'?"),
        (["zzz"], f"there is no 'zzz'; allowed: {', '.join(COMMANDS)}"),
        (
            ["fix the typo in README.md"],
            "a text of 25 characters is none of them; is it a task? `profile-router run TASK`",
        ),
        (["run", "x", "--profile", "coding-locl"], "did you mean 'coding-local'?"),
    ],
)
def test_a_misspelt_word_is_told_which_may_be_meant(words: list[str], told: str, tmp_path: Path) -> None:
    done = call(*words, home=tmp_path, extra={"HERMES_HOME": ""})
    assert (done.code, done.out, len(done.err.splitlines())) == (2, "", 1)
    assert told in done.err


def test_a_misspelt_key_of_a_task_is_told_which_may_be_meant() -> None:
    with pytest.raises(UsageError, match=r"unknown key 'gaol' .*; did you mean 'goal'"):
        task_from_json(b'{"gaol": "x"}')
