"""The composition root of a run: everything that the graph's nodes are given to work with."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import Any

from profile_router.adapters.kept_runner import KeptRunner
from profile_router.adapters.ledger import Ledger
from profile_router.adapters.purse import Nobody, Purse
from profile_router.adapters.threads import Run
from profile_router.core.spending import cap_of
from profile_router.core.task import Task
from profile_router.ports import Approver
from profile_router.wiring.parts import Parts
from profile_router.wiring.setup import Setup


def run_context(setup: Setup, task: Task, run: Run, approver: Approver | None) -> Any:
    """Return the context of *run*. Raises UsageError where the policy wants a Hermes that is not there."""
    from profile_router_graphs.state import RunContext

    parts = Parts(setup=setup, run=run, purse=_purse(setup, task, run, approver))
    return RunContext(
        policy=setup.policy,
        candidates=setup.candidates,
        measurer=parts.measurer(),
        backends=parts.backends,
        health=parts.health(),
        purse=parts.purse,
        runner=parts.runner(),
        prober=parts.prober(),
        condenser=parts.condenser(),
        summarizer=parts.summarizer(),
        verifier=parts.verifier(),
        clock=run.clock,
        sleep=asyncio.sleep,
    )


def made_once(context: Any, run: Run) -> Any:
    """Return *context* with a runner whose attempts are made once. To be put around whatever else is around it."""
    return replace(context, runner=KeptRunner(inner=context.runner, records=run.records))


def _purse(setup: Setup, task: Task, run: Run, approver: Approver | None) -> Purse:
    purse = Purse(
        cap=cap_of(task, setup.policy.budget),
        rules=setup.policy.budget,
        ledger=Ledger(state=setup.state, clock=time.time),
        approver=approver or Nobody(),
        run=run.id,
    )
    if run.resumed:
        purse.recall()
    return purse
