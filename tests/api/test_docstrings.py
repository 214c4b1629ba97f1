"""The docstrings of the public functions tell each argument, each unit and each error: here they are held to it."""

from __future__ import annotations

import asyncio
import inspect
import re
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.api.on_stage import DONE, Stage, stage

import profile_router
from profile_router import RunEvent, TaskFields, errors, run

FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    name: one for name in profile_router.__all__ if inspect.isfunction(one := getattr(profile_router, name))
}
GOAL = "fix add in calc.py"
ONE_TASK = ["route", "run", "arun", "stream", "astream"]
ERRORS = [name for name, one in vars(errors).items() if inspect.isclass(one) and issubclass(one, errors.RouterError)]
_UNITS = {
    "context": "MB",
    "max_cost": "USD",
    "timeout": "seconds",
    "max_turns": "model calls",
    "facts": "files and lines",
}


def told(name: str) -> str:
    """Return the docstring of *name*, in one line, with that of the function that it says to be like."""
    own = " ".join(inspect.getdoc(FUNCTIONS[name]).split())  # type: ignore[union-attr]
    like = re.search(r"(?:are those of|as in) `(\w+)`", own)
    return own + told(like[1]) if like else own


def raised(name: str) -> set[str]:
    """Return the classes that the docstring of *name* itself says are raised."""
    own = " ".join(inspect.getdoc(FUNCTIONS[name]).split())  # type: ignore[union-attr]
    return {one for one in ERRORS if one in re.findall(r"\w+", own.partition("aises ")[2])} - {"RouterError"}


def test_these_are_the_functions_of_the_interface() -> None:
    waiting = {name for name, one in FUNCTIONS.items() if name.startswith("a")}
    assert {*FUNCTIONS} == {"route", *waiting, *(name.removeprefix("a") for name in waiting)}
    assert {name.removeprefix("a") for name in waiting} == {"run", "stream", "batch", "resume"}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_each_argument_is_named_and_what_is_counted_has_its_unit_and_source(name: str) -> None:
    own = inspect.getdoc(FUNCTIONS[name]) or ""
    missing = [one for one in inspect.signature(FUNCTIONS[name]).parameters if f"*{one}*" not in own]
    assert missing == []
    assert [word for word in ("USD", "seconds", "_source`", "by name", "path") if word not in told(name)] == []


@pytest.mark.parametrize("name", TaskFields.__annotations__)
def test_each_field_of_a_task_is_told_with_its_unit(name: str) -> None:
    doc = " ".join((TaskFields.__doc__ or "").split())
    assert f"`{name}`" in doc
    assert _UNITS.get(name, "") in doc


def ended(name: str, *given: Any, **named: Any) -> BaseException | None:
    """Call the function *name* to its end; return what it raised."""

    async def waited() -> None:
        found = FUNCTIONS[name](*given, **named)
        if isinstance(found, AsyncIterator):
            async for _ in found:
                pass
        else:
            await found

    try:
        if name.startswith("a"):
            asyncio.run(waited())
        else:
            found = FUNCTIONS[name](*given, **named)
            if isinstance(found, Iterator):
                list(found)
    except Exception as error:
        return error
    return None


def wrong_calls(on: Stage, folder: Path) -> list[dict[str, Any]]:
    """Return arguments of a call, each set with one thing wrong."""
    file = folder / "file"
    file.write_text("rules: 5\n")
    environ = on.environ
    return [
        {"policy": file},
        {"policy": folder / "none.yaml"},
        {"policy": 5},
        {"policy": "a\0b"},
        {"environ": 5},
        {"environ": {**environ, "HOME": 5}},
        {"environ": {**environ, "PROFILE_ROUTER_POLICY": str(file)}},
        {"environ": {**environ, "PROFILE_ROUTER_STATE": str(file)}},
    ]


def wrong_tasks(on: Stage, folder: Path) -> list[dict[str, Any]]:
    """Return arguments of a call with one task, each set with one thing wrong."""
    return [
        {"task": " "},
        {"task": 5},
        {"files": ["none.py"]},
        {"check": 5},
        {"max_cost": -1},
        {"cwd": 5},
        {"nothing": 1},
        {"profile": "none"},
        {"workspace": folder / "none"},
        {"workspace": "a\0b"},
        {"environ": {**on.environ, "HERMES_HOME": str(folder / "file")}},
    ]


def held_to(name: str, errors_raised: list[BaseException]) -> None:
    """Fail where *name* raised what its docstring does not name, or never what it does name."""
    kinds = [{one.__name__ for one in type(error).__mro__} for error in errors_raised]
    assert [error for error, names in zip(errors_raised, kinds, strict=True) if not names & raised(name)] == []
    assert raised(name) - set().union(*kinds) == set()


@pytest.mark.parametrize("name", ["route", "run", pytest.param("arun", marks=pytest.mark.nightly), "stream", "astream"])
def test_what_a_wrong_task_raises_is_named_and_nothing_else_is(name: str, tmp_path: Path) -> None:
    found = []
    with stage(tmp_path) as on:
        for wrong in (*wrong_calls(on, tmp_path), *wrong_tasks(on, tmp_path)):
            named = {"cwd": on.root, "environ": on.environ, **wrong}
            found.append(ended(name, named.pop("task", GOAL), **named))
    held_to(name, [one for one in found if one is not None])
    assert found.count(None) == (name == "route")  # it needs no state folder


@pytest.mark.parametrize("name", ["batch", "abatch"])
def test_what_a_wrong_batch_raises_is_named_and_nothing_else_is(name: str, tmp_path: Path) -> None:
    with stage(tmp_path) as on:
        usual: dict[str, Any] = {"cwd": on.root, "environ": on.environ}
        wrongs = [*wrong_calls(on, tmp_path), {"cwd": 5}, {"timeout": -1}]
        found = [ended(name, [GOAL], **{**usual, **wrong}) for wrong in wrongs]
        no_tasks: list[Any] = ["one goal", [], 5]
        found += [ended(name, tasks, **usual) for tasks in no_tasks]
    assert None not in found
    held_to(name, [one for one in found if one is not None])


@pytest.mark.parametrize("name", ["resume", pytest.param("aresume", marks=pytest.mark.nightly)])
def test_what_a_wrong_resume_raises_is_named_and_nothing_else_is(name: str, tmp_path: Path) -> None:
    def breaks_off(event: RunEvent) -> None:
        if event.event == "turn":
            raise InterruptedError

    found = []
    with stage(tmp_path, *DONE[:1]) as on:
        with pytest.raises(InterruptedError):
            run(GOAL, files=["calc.py"], thread="t", cwd=on.root, environ=on.environ, on_event=breaks_off)
        for wrong in wrong_calls(on, tmp_path):
            if "PROFILE_ROUTER_POLICY" not in str(wrong):  # it goes on under the policy of its own
                found.append(ended(name, "t", **{"environ": on.environ, **wrong}))
        found.append(ended(name, "another", environ=on.environ))
        found.append(ended(name, "t", environ={**on.environ, "HERMES_HOME": str(tmp_path / "file")}))
        for folder in (tmp_path / "hermes/profiles/coding-local", on.root):
            gone = folder.rename(tmp_path / "gone")
            found.append(ended(name, "t", environ=on.environ))
            gone.rename(folder)
    assert None not in found
    held_to(name, [one for one in found if one is not None])


@pytest.mark.parametrize("name", [one for one in FUNCTIONS if f"a{one}" in FUNCTIONS and one != "stream"])
def test_within_an_event_loop_the_one_that_waits_is_to_be_called(name: str) -> None:
    async def within() -> None:
        with pytest.raises(RuntimeError, match=f"running event loop; await a{name} there"):
            FUNCTIONS[name]([GOAL])

    asyncio.run(within())
    assert f"RuntimeError inside a running event loop, where `a{name}` is to be awaited" in told(name)
