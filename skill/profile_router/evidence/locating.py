"""Ask the repository where a task works, within its time. What is not ready is told, and goes on with the next call."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

from profile_router.core.evidence import Evidence
from profile_router.core.locating.located import Located
from profile_router.core.policy import Policy
from profile_router.core.task import Task
from profile_router.evidence.measure import Surroundings
from profile_router.repository.locate import locate
from profile_router.repository.sources import WorkTreeFiles
from profile_router.workspace.folder import Workspace

INDEX_FOLDER = "repositories"  # of our cache


def with_located(
    task: Task,
    evidence: Evidence,
    around: Surroundings,
    policy: Policy,
    cache: Path,
    seconds: float | None,
    look: Callable[..., Located] | None = None,
) -> Evidence:
    """Return *evidence* with what the repository tells in *seconds* (None: all); its index lies in a folder of *cache*.

    *look* is asked in place of `located_in`.
    """
    if around.workspace is None:
        return evidence
    look = look or located_in
    found = look(task, around.workspace, policy, cache, seconds, copied_from=around.copied_from)
    of_it = "of the repository" if around.workspace.git else "of the folder:"
    notes = [f"{of_it} {missing}" for missing in found.missing]
    return replace(evidence, located=found, notes=(*evidence.notes, *notes))


def located_in(
    task: Task,
    workspace: Workspace,
    policy: Policy,
    cache: Path,
    seconds: float | None,
    *,
    copied_from: Path | None = None,
) -> Located:
    """Return what *workspace* tells of *task* in *seconds*. What matches the policy's private paths is left out."""
    rules = policy.repository
    source = WorkTreeFiles(
        workspace=workspace, now_ns=time.time_ns(), private=policy.private_paths, original=copied_from
    )
    found = locate(
        source,
        f"{task.goal}\n{task.context}",
        cache / INDEX_FOLDER,
        weights=asdict(rules.weights),
        large_from=rules.large_from,
        seconds=seconds,
    )
    if not (workspace.root / ".gitmodules").is_file():
        return found
    return replace(found, missing=(*found.missing, "what its submodules hold was not looked into"))
