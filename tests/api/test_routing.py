"""`route` answers a program as `route --json` answers a shell, and a wrong call in one line."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.api.forms import wrong_in
from tests.cli.command import ROOT, call, environment
from tests.cli.stage import profile, workspace

import profile_router
from profile_router import RouterError, Task, TaskFields, route
from profile_router.api.given import task_given
from profile_router.api.task_fields import TASK
from profile_router.api.value import Value
from profile_router.errors import UsageError

MOVES = ("time", "run")


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    for name in ("coding-local", "coding-burst"):
        profile(tmp_path, name, "http://127.0.0.1:9/v1")
    return environment(tmp_path)


def same(value: Any, told: Any) -> None:
    """Fail where an attribute of *value* is not what *told* has by its name."""
    if isinstance(value, Value):
        for name, one in told.items():
            same(getattr(value, name), one)
    elif isinstance(value, tuple):
        assert len(value) == len(told)
        for one, other in zip(value, told, strict=True):
            same(one, other)
    else:
        assert (dict(value) if isinstance(value, Mapping) else value) == told


@pytest.mark.parametrize(
    ("goal", "fields"),
    [
        ("fix the typo in calc.py", {}),
        ("fix the typo", {"files": ["calc.py"], "facts": {"files_to_edit": 1}}),
        ("fix the typo", {"files": [Path("calc.py")], "local_only": True}),
        ("refactor all modules", {"facts": {"files_to_edit": 30, "lines_to_edit": 900}}),
    ],
)
def test_each_key_of_the_json_is_an_attribute(
    goal: str, fields: TaskFields, tmp_path: Path, environ: dict[str, str]
) -> None:
    root = workspace(tmp_path / "ws", {"calc.py": "X = 1\n", "tests/test_calc.py": "def test_x(): pass\n"})
    found = route(goal, cwd=root, environ=environ, **fields)
    same(found, found.json)
    assert wrong_in("route", found.json) == []
    assert (found.v, found.status, found.profile) == (1, "routed", found.json["profile"])


def test_a_refusal_is_an_answer(tmp_path: Path) -> None:
    found = route("word " * 25_000, local_only=True, environ=environment(tmp_path), cwd=tmp_path)
    assert (found.status, found.profile, found.estimate) == ("refused", None, None)
    assert found.unblock
    same(found, found.json)
    assert wrong_in("route", found.json) == []


def test_the_command_prints_what_the_call_gives(tmp_path: Path, environ: dict[str, str]) -> None:
    root = workspace(tmp_path / "ws", {"calc.py": "X = 1\n"})
    printed = call("route", "fix the typo", "--file", "calc.py", "--json", home=tmp_path, cwd=root).json
    given = route("fix the typo", files=["calc.py"], cwd=root, environ=environ).json
    assert given | dict.fromkeys(MOVES) == printed | dict.fromkeys(MOVES)


def test_the_answer_is_in_the_ledger_by_its_run(tmp_path: Path, environ: dict[str, str]) -> None:
    run = route("fix the typo", cwd=tmp_path, environ=environ).run
    assert run is not None
    assert call("show", run[:8], "--json", home=tmp_path).json["id"] == run


def test_the_fields_are_those_of_a_task_in_json() -> None:
    assert {one.key for one in TASK} == {"goal", *TaskFields.__annotations__}


@pytest.mark.parametrize(
    ("goal", "fields", "said"),
    [
        (" ", {}, "goal is missing or empty"),
        ("x", {"fils": ["a"]}, "a task has no field 'fils'"),
        ("x", {"files": 3}, "files is 3"),
        ("x", {"max_turns": 0}, "max_turns is 0"),
        ("x", {"profile": "nope"}, "profile 'nope'"),
        (Task(goal="x"), {"files": ["a"]}, "a Task has its fields already"),
        (Task(goal="x" * 1_000_001), {}, "the task is longer than 1 MB"),
    ],
)
def test_a_wrong_call_is_one_line(goal: Any, fields: Any, said: str, tmp_path: Path, environ: dict[str, str]) -> None:
    with pytest.raises(RouterError, match=said) as raised:
        route(goal, cwd=tmp_path, environ=environ, **fields)
    assert "\n" not in str(raised.value)


def test_the_face_gives_each_name_and_no_other() -> None:
    for name in profile_router.__all__:
        assert getattr(profile_router, name).__name__ == name
    with pytest.raises(AttributeError, match="nothing"):
        _ = getattr(profile_router, "nothing")  # noqa: B009 - a type checker refuses it, too


def test_a_type_checker_is_told_the_same_names_from_the_same_modules() -> None:
    stub = ast.parse((ROOT / "skill" / "profile_router" / "__init__.pyi").read_text(encoding="utf-8"))
    told = {name.name: str(one.module) for one in stub.body if isinstance(one, ast.ImportFrom) for name in one.names}
    assert told == {name: getattr(profile_router, name).__module__ for name in profile_router.__all__}


def test_the_public_face_imports_no_room_so_that_the_floors_hold_without_an_exception() -> None:
    face = ast.parse((ROOT / "skill" / "profile_router" / "__init__.py").read_text(encoding="utf-8"))
    modules = {one.module for one in ast.walk(face) if isinstance(one, ast.ImportFrom)}
    assert not [name for name in modules if name and name.startswith("profile_router")]
    assert "ignore_imports" not in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def test_importing_the_package_imports_nothing_of_ours() -> None:
    program = "import sys, profile_router; print([name for name in sys.modules if name.startswith('profile_router.')])"
    done = subprocess.run(
        [sys.executable, "-c", program], env={"PYTHONPATH": str(ROOT / "skill")}, capture_output=True, check=True
    )
    assert done.stdout.strip() == b"[]"


def holds_itself() -> list[object]:
    held: list[object] = []
    held.append(held)
    return held


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"files": {"calc.py"}}, "files has a set"), ({"files": (one for one in ["calc.py"])}, "files has a generator"),
        ({"files": [b"calc.py"]}, "files has a bytes"), ({"files": bytearray(b"x")}, "files has a bytearray"),
        ({"conversation": holds_itself()}, "conversation is nested deeper"), ({"facts": {1: 2}}, "key of the kind int"),
        ({"facts": {"files_to_read": 1j}}, "facts has a complex"), ({"context": object()}, "context has a object"),
    ],
)  # fmt: skip
def test_a_value_that_json_has_not_is_refused_with_its_field(fields: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        task_given("fix it", fields)
