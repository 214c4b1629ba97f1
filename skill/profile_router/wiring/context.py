"""The composition root of a run: everything that the graph's nodes are given to work with."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, MutableMapping
from dataclasses import replace
from typing import Any

from profile_router.adapters.embedded.condenser import EmbeddedCondenser
from profile_router.adapters.embedded.kept_calls import KeptCalls
from profile_router.adapters.embedded.prober import EmbeddedProber
from profile_router.adapters.embedded.runner import EmbeddedRunner
from profile_router.adapters.embedded.summarizer import EmbeddedSummarizer
from profile_router.adapters.health_store import HealthStore
from profile_router.adapters.hermes.choice import ChosenRunner
from profile_router.adapters.hermes.installation import VARIABLE, find_hermes
from profile_router.adapters.hermes.runner import HermesRunner
from profile_router.adapters.kept_runner import KeptRunner
from profile_router.adapters.ledger import Ledger
from profile_router.adapters.live import LiveBackends, LiveHealth, LiveMeasurer
from profile_router.adapters.purse import Nobody, Purse
from profile_router.adapters.records import Before, Records, Scoped
from profile_router.adapters.threads import Run
from profile_router.adapters.verifier import WorkspaceVerifier
from profile_router.adapters.workspace import base_of, private_files, tracked_files
from profile_router.core.profile import Profile
from profile_router.core.spending import cap_of
from profile_router.core.task import Task
from profile_router.errors import UsageError
from profile_router.ports import Approver, Runner
from profile_router.wiring.setup import Setup

_TEXTS = "texts"


def run_context(setup: Setup, task: Task, run: Run, approver: Approver | None) -> Any:
    """Return the context of *run*. Raises UsageError where the policy wants a Hermes that is not there."""
    from profile_router_graphs.state import RunContext

    workspace = setup.workspace
    root, base = workspace.root if workspace else None, base_of(workspace, setup.cwd)
    load: Callable[[str], Profile] = setup.profiles.__getitem__
    purse = Purse(
        cap=cap_of(task, setup.policy.budget),
        rules=setup.policy.budget,
        ledger=Ledger(state=setup.state, clock=time.time),
        approver=approver or Nobody(),
        thread=run.thread,
        run=run.id,
    )
    if run.resumed:
        purse.recall()
    # Where there is git, its own objects tell what was there before.
    journal: MutableMapping[str, bytes | None] = {} if workspace and workspace.git else Before(run.records)
    calls = KeptCalls(records=run.records)
    backends = LiveBackends(policy=setup.policy, profiles=setup.profiles, candidates=setup.candidates)
    return RunContext(
        policy=setup.policy,
        candidates=setup.candidates,
        measurer=LiveMeasurer(
            policy=setup.policy,
            profiles=setup.profiles,
            candidates=setup.candidates,
            backends=backends,
            workspace=workspace,
            cwd=setup.cwd,
            state=setup.state,
            windows=setup.windows(),
        ),
        backends=backends,
        health=LiveHealth(
            store=HealthStore(state=setup.state, rules=setup.policy.health, clock=time.time), profiles=setup.profiles
        ),
        purse=purse,
        runner=ChosenRunner(
            choice=setup.policy.runner,
            embedded=EmbeddedRunner(
                load=load,
                policy=setup.policy,
                workspace=root,
                base=base,
                known_files=lambda: tracked_files(workspace) if workspace else (),
                journal=journal,
                records=run.records,
            ),
            hermes=_hermes(setup, load, Scoped(run.records, "hermes ")),
            private_files=lambda: private_files(workspace, setup.policy.private_paths) if workspace else (),
        ),
        prober=EmbeddedProber(load=load, policy=setup.policy, root=base, purse=purse, kept=calls),
        condenser=EmbeddedCondenser(load=load, policy=setup.policy, workspace=root, base=base, purse=purse, kept=calls),
        summarizer=EmbeddedSummarizer(
            load=load,
            policy=setup.policy,
            whole_text=setup.state / _TEXTS / f"{run.thread}-{run.id}.txt",
            purse=purse,
            kept=calls,
        ),
        verifier=WorkspaceVerifier(
            workspace=workspace,
            scratch=run.folder,
            environ=setup.environ,
            journal=journal,
            private=setup.policy.private_paths,
            state=setup.state,
            name=run.thread,
            records=run.records,
        ),
        clock=run.clock,
        sleep=asyncio.sleep,
    )


def made_once(context: Any, run: Run) -> Any:
    """Return *context* with a runner whose attempts are made once. To be put around whatever else is around it."""
    return replace(context, runner=KeptRunner(inner=context.runner, records=run.records))


def _hermes(setup: Setup, load: Callable[[str], Profile], records: Records) -> Runner | None:
    """Return the Hermes runner, None where there is no Hermes or it is not wanted. Raises UsageError where it must be.

    Without a Hermes home there is none either: the profiles that come with the program are no place to run in.
    """
    policy = setup.policy
    if policy.runner == "embedded":
        return None
    found = find_hermes(setup.environ, policy.hermes.python)
    if found is None or setup.home.root is None:
        if policy.runner == "hermes":
            raise UsageError(
                f"{policy.source} says `runner: hermes`, but there is no "
                f"{'hermes on PATH' if found is None else 'Hermes home'}; install it with `pip install hermes-agent` "
                f"and `hermes setup`, name its python in {VARIABLE}, or write `runner: auto`"
            )
        return None
    hermes = HermesRunner(
        load=load,
        policy=policy,
        hermes=found,
        root=setup.home.root,
        environ=setup.environ,
        workspace=setup.workspace.root if setup.workspace else None,
        base=base_of(setup.workspace, setup.cwd),
        unattended=policy.hermes.unattended_approval,
        passed=policy.hermes.pass_environment,
        records=records,
    )
    return KeptRunner(inner=hermes, records=records)  # what Hermes declines goes on under the embedded runner
