"""What the repository told of a task in a run. Whoever needs it first asks; nobody asks again."""

from __future__ import annotations

from dataclasses import field
from pathlib import Path

from profile_router.core.locating.located import Located
from profile_router.core.policy import Policy
from profile_router.core.task import Task
from profile_router.values import frozen
from profile_router.workspace.folder import Workspace


@frozen(kw_only=False)
class FirstLook:
    """Remembers what was told. A copy of the workspace is the same as the workspace: paths are below its root."""

    _told: dict[tuple[str, str], Located] = field(default_factory=dict)

    def located_in(
        self,
        task: Task,
        workspace: Workspace,
        policy: Policy,
        cache: Path,
        seconds: float,
        *,
        copied_from: Path | None = None,
    ) -> Located:
        """Return what *workspace* tells of *task*: what it told before, or what it tells now in *seconds*."""
        from profile_router.evidence.locating import located_in  # only a repository is asked

        key = task.goal, task.context
        if key not in self._told:
            self._told[key] = located_in(task, workspace, policy, cache, seconds, copied_from=copied_from)
        return self._told[key]
