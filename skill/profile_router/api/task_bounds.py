"""How long the texts of a task may be, whoever gives it.

No window holds more, and to look through more takes long. Files that a task names have bounds of their own, where
they are read.
"""

from __future__ import annotations

from profile_router.core.task import Task
from profile_router.errors import UsageError

MOST_OF_A_GOAL = 1_000_000  # characters, or bytes of stdin: more than the windows of most models hold
MOST_OF_A_CONTEXT = 8_000_000  # characters, or bytes of a file: some two million tokens, as the largest windows hold


def within_bounds(task: Task, where: str) -> Task:
    """Return *task*, which stands at *where*. Raises UsageError where it is longer than what a route looks through."""
    if len(task.goal) > MOST_OF_A_GOAL:
        raise UsageError(goal_too_long(f"{where}: goal"))
    said = sum(len(turn.text) for turn in task.conversation)
    for name, size in (("context", len(task.context)), ("conversation", said)):
        if size > MOST_OF_A_CONTEXT:
            raise UsageError(context_too_long(f"{where}: {name}", size))
    return task


def goal_too_long(where: str) -> str:
    """Return why a task *where* is refused: to look through all of it takes longer than a route may."""
    most = MOST_OF_A_GOAL // 1_000_000
    return f"{where}: the task is longer than {most} MB; say there what to do, and name its material: `--file FILE`"


def context_too_long(what: str, size: int) -> str:
    """Return why a context or conversation, called *what*, of *size* bytes or characters is refused."""
    most = MOST_OF_A_CONTEXT // 1_000_000
    told = f"{what} is {size / 1e6:,.1f} MB, more than any window holds (allowed: up to {most} MB)"
    return f"{told}; give the part that counts, or name its file: `--file FILE`"
