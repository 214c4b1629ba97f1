"""Ask whoever is there, once, whether the workspace's own check may run.

It is settled before the run begins, so that a run that is resumed takes the same one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from weakref import WeakKeyDictionary

from profile_router.checks.consents import Consents
from profile_router.core.found_check import FoundCheck
from profile_router.core.task import Task
from profile_router.errors import StateError
from profile_router.ports import Approver
from profile_router.runs.own_check import check_for, declined, question, unasked
from profile_router.runs.setup import Setup

# One question at a time, also where the tasks of a batch begin together: the second finds the answer to the first.
_asking: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()


async def settled(task: Task, setup: Setup, approver: Approver | None) -> FoundCheck | None:
    """Return the check to be taken for *task*. Where nobody was asked yet, *approver* is, once for each check."""
    policy, workspace, state = setup.policy, setup.workspace, setup.state
    if workspace is None:
        return None
    async with _asking.setdefault(asyncio.get_running_loop(), asyncio.Lock()):
        near = partial(_near, task, setup)
        found = await asyncio.to_thread(check_for, task, policy, workspace, setup.environ, state, near)
        if found is None or approver is None or found.refused != unasked(found, workspace):
            return found
        agreed = await approver.allows(question(found, workspace))
        if agreed is None:
            return found
        try:
            Consents(state).keep(workspace.root, found, agreed=agreed)
        except StateError:
            if not agreed:
                return found
        return replace(found, refused="" if agreed else declined(found, workspace))


def _near(task: Task, setup: Setup) -> Sequence[str]:
    """Return the files of *task* that the repository is sure of: the tests that touch them are what to check by."""
    workspace, seconds = setup.workspace, setup.policy.repository.run_seconds
    if workspace is None or not workspace.git or seconds <= 0:
        return ()
    return setup.looked.located_in(task, workspace, setup.policy, setup.cache, seconds).sure
