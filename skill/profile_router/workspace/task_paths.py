"""The paths of a task, found once: what somebody wrote where they stand becomes paths below the root.

What they stand in wins: a name is looked for in their folder first, then from the root (`task_in_folder`). After this
nobody looks from that folder again: model, check and handoff mean the same file.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from profile_router.core.task import Task
from profile_router.values import frozen
from profile_router.workspace.folder import Workspace, place_below


@frozen
class Placed:
    """A task whose paths are below the root of its workspace, absolute outside of it, and what is worth saying."""

    task: Task
    notes: tuple[str, ...] = ()


def placed(task: Task, workspace: Workspace | None, cwd: Path) -> Placed:
    """Return *task*, given by somebody who stands in *cwd*, with its files, images and the paths in its goal placed.

    A task that was placed before stays as it is. What is nowhere stays as it was written: who opens it says so.
    Raises WorkspaceError where git fails.
    """
    if task.folder is not None:
        return Placed(task=task)
    if workspace is None:
        return Placed(task=replace(task, folder=""))
    from profile_router.workspace.task_in_folder import TaskInFolder  # many a route has no workspace

    here = Path(os.path.realpath(cwd))
    inside = place_below(here, workspace.root) if here.is_relative_to(workspace.root) else "."
    found = TaskInFolder(workspace=workspace, here=here, folder="" if inside == "." else inside)
    files = tuple(dict.fromkeys(found.given(value) for value in task.files))
    images = tuple(dict.fromkeys(found.given(value) for value in task.images))
    goal = found.text(task.goal)
    spelled = tuple(found.spelled)
    task = replace(task, goal=goal, files=files, images=images, folder=found.folder, spelled=spelled)
    return Placed(task=task, notes=tuple(found.notes))
