"""What a program gives: the task, as a text with fields or as a Task, and what surrounds it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from profile_router.api.task_bounds import within_bounds
from profile_router.api.task_fields import TASK, task_from, whole_characters, with_known_toolsets
from profile_router.core.task import Task
from profile_router.core.text import shown
from profile_router.errors import UsageError

_DEEPEST = 20  # levels of lists and mappings in one field
_ALLOWED = "a text, a number, true or false, None, a path, and lists, tuples and mappings of them"


def task_given(task: str | Task, fields: Mapping[str, Any]) -> Task:
    """Return the task of the goal or Task *task* and *fields*, read as strictly as `--task-json`.

    Raises UsageError for an empty goal, a field that no task has, or a value of a wrong kind.
    """
    if isinstance(task, Task):
        if fields:
            raise UsageError(f"a Task has its fields already ({', '.join(fields)} came besides); give a text with them")
        return within_bounds(task, "the task")
    known = {one.key for one in TASK}
    for name in fields:
        if name not in known - {"goal"}:
            raise UsageError(f"a task has no field '{name}' (allowed: {', '.join(sorted(known - {'goal'}))})")
    given = {name: whole_characters(_plain(value, name)) for name, value in {"goal": task, **fields}.items()}
    return with_known_toolsets(task_from(given, "the task"), "the task.toolsets")


def path_given(path: object, name: str) -> str | None:
    """Return *path*, the argument *name*, as text; None where it is left out. Raises UsageError for no path."""
    if path is None:
        return None
    text = os.fspath(path) if isinstance(path, os.PathLike) else path
    if not isinstance(text, str) or not _for_system(text):
        raise UsageError(
            f"{name}={shown(repr(path))} is not a path (allowed: a text or path of whole characters, without NUL; None)"
        )
    return text


def thread_given(thread: object) -> str | None:
    """Return *thread*, a name of one; None where it is left out. Raises UsageError for anything but a text."""
    if thread is None or isinstance(thread, str):
        return thread
    raise UsageError(f"thread={shown(repr(thread))} is not a name (allowed: a text, or None)")


def seconds_given(timeout: object) -> float | None:
    """Return *timeout*, in seconds; None where it is left out. Raises UsageError for anything not above 0."""
    if timeout is None or (isinstance(timeout, int | float) and not isinstance(timeout, bool) and timeout > 0):
        return timeout
    raise UsageError(f"timeout={shown(repr(timeout))} cannot bound a batch (allowed: seconds above 0, or None)")


def folder_given(cwd: object) -> Path:
    """Return the folder that paths start from: *cwd*, else the current one. Raises UsageError for no path."""
    text = path_given(cwd, "cwd")
    return Path.cwd() if text is None else Path(text)


def environment_given(environ: object, whole: Mapping[str, str]) -> dict[str, str]:
    """Return *environ*, or *whole* where it is left out, as a copy. Raises UsageError for anything but texts by name.

    A value is not shown: it may be a key.
    """
    if environ is None:
        return dict(whole)
    if not isinstance(environ, Mapping):
        raise UsageError(f"environ is a {type(environ).__name__} (allowed: a mapping of texts to texts, or None)")
    for name, value in environ.items():
        if not (isinstance(name, str) and isinstance(value, str)):
            raise UsageError(f"environ[{shown(repr(name))}] is a {type(value).__name__} (allowed: a text)")
        if not (_for_system(name) and _for_system(value)):
            raise UsageError(
                f"environ[{shown(repr(name))}] is refused (allowed: a text of whole characters, without NUL)"
            )
    return dict(environ)


def _for_system(text: str) -> bool:
    """Tell whether the system takes *text*: JSON can spell halves of characters, which have no bytes."""
    try:
        return b"\0" not in os.fsencode(text)
    except UnicodeEncodeError:
        return False


def _plain(value: Any, name: str, level: int = 0) -> Any:
    """Return *value*, of the field *name*, as JSON has it: paths as texts, sequences as lists. Raises UsageError."""
    if level > _DEEPEST:
        raise UsageError(f"the task.{name} is nested deeper than {_DEEPEST} levels, or holds itself")
    if isinstance(value, os.PathLike):
        value = os.fspath(value)
    if isinstance(value, Mapping):
        return {_key(key, name): _plain(one, name, level + 1) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one, name, level + 1) for one in value]
    if value is None or isinstance(value, str | int | float):
        return value
    raise UsageError(f"the task.{name} has a {type(value).__name__} (allowed: {_ALLOWED})")


def _key(key: object, name: str) -> str:
    if not isinstance(key, str):
        raise UsageError(f"the task.{name} has a key of the kind {type(key).__name__} (allowed: a text)")
    return key
