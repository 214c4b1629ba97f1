"""What tasks that run at the same time may do to each other, and how a batch ended. Pure."""

from __future__ import annotations

from profile_router.core.task import Task

# Toolsets of Hermes 0.19 (toolsets.py) of which no tool changes a file of the workspace. All others count as writing:
# file, terminal and code_execution do, and what a plugin or a newer Hermes brings is not known here.
READING = frozenset({
    "clarify", "context_engine", "memory", "search", "session_search", "todo", "video", "vision", "web", "x_search",
})  # fmt: skip


def may_write(task: Task) -> bool:
    """Tell whether *task* could change files. Without toolsets of its own it has the profile's, and those may; its
    check is a shell command, and may as well."""
    return not task.toolsets or task.check is not None or not READING.issuperset(task.toolsets)
