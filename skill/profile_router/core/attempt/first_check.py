"""The check before any work: whether it may lack what it runs. Pure."""

from __future__ import annotations

import shlex

from profile_router.core.attempt.unable_check import Lacking, may_be_made
from profile_router.core.language.path_words import path_words
from profile_router.core.task import Task

_SHELLS = frozenset({"sh", "bash", "dash", "zsh", "ksh", "source", "."})


def may_lack(task: Task, lack: Lacking | None) -> bool:
    """Tell whether the check of *task* may lack *lack*, as the task may be to make that. None: unknown."""
    return names_what_it_runs(task) if lack is None else may_be_made(task, lack)


def names_what_it_runs(task: Task) -> bool:
    """Tell whether the check of *task* runs a file that the task names. The task may be to make that file."""
    try:
        words = shlex.split(task.check or "")[:2]
    except ValueError:  # a quote that does not end
        return False
    run = words[1:] if words and _name(words[0]) in _SHELLS else words[:1]
    named = {_name(word.text) for word in path_words(task.goal)} | {_name(file) for file in task.files}
    return any(_name(word) in named for word in run)


def _name(path: str) -> str:
    return path.rpartition("/")[2]
