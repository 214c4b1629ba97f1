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
from profile_router.runs.own_check.workspace_check import check_for, declined, question_before_check
from profile_router.runs.setup import Setup

# One question at a time, also where a batch's tasks begin together: the second finds the first's answer.
_asking: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()


async def settled(task: Task, setup: Setup, approver: Approver | None) -> FoundCheck | None:
    """Return the check to be taken for *task*. Where nobody was asked yet, *approver* is, once for each check."""
    if setup.workspace is None or task.check is not None:  # nor does one wait for what others are asked
        return None
    async with _asking.setdefault(asyncio.get_running_loop(), asyncio.Lock()):
        found, answered = await _answered(task, setup, approver)
        if answered and task.proposed_check is not None and found is not None and not found.proposed:
            found, _ = await _answered(task, setup, approver)  # what a model wants comes after the workspace's own
        return found


async def _answered(task: Task, setup: Setup, approver: Approver | None) -> tuple[FoundCheck | None, bool]:
    """Return the check that comes first for *task*, and whether *approver* just gave an answer to it that is kept."""
    policy, workspace, state = setup.policy, setup.workspace, setup.state
    if workspace is None:
        return None, False
    near = partial(_near, task, setup)
    found = await asyncio.to_thread(check_for, task, policy, workspace, setup.environ, state, near)
    if found is None or approver is None or found.unagreed != "unasked":
        return found, False
    agreed = await approver.allows(question_before_check(found, workspace))
    if agreed is None:
        return found, False
    said = replace(found, refused="", unagreed=None) if agreed else declined(found, workspace)
    try:
        Consents(state).keep(workspace.root, found, agreed=agreed)
    except StateError:
        return (said if agreed else found), False
    return said, True


def _near(task: Task, setup: Setup) -> Sequence[str]:
    """Return the files of *task* that the repository is sure of: the check takes the tests that touch them."""
    workspace, seconds = setup.workspace, setup.policy.repository.run_seconds
    if workspace is None or not workspace.git or seconds <= 0:
        return ()
    return setup.first_look.located_in(task, workspace, setup.policy, setup.cache, seconds).sure
