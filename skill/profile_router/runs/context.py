"""The composition root of a run: everything that the graph's nodes are given to work with."""

from __future__ import annotations

import asyncio
import time
from collections.abc import MutableMapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from profile_router.core.ladder.spending import cap_of
from profile_router.core.policy import Policy
from profile_router.core.profile import Profile
from profile_router.core.task import Task
from profile_router.errors import UsageError
from profile_router.evidence.measurer import LiveMeasurer
from profile_router.ledger.purse import LedgerPurse, Nobody
from profile_router.ledger.spending import Ledger
from profile_router.ports import Approver, Runner
from profile_router.runners.calls.call import RecordedCalls
from profile_router.runners.calls.condenser import EmbeddedCondenser
from profile_router.runners.calls.prober import EmbeddedProber
from profile_router.runners.calls.summarizer import EmbeddedSummarizer
from profile_router.runners.choice import ChosenRunner
from profile_router.runners.embedded.request import request_body
from profile_router.runners.embedded.runner import EmbeddedRunner
from profile_router.runners.hermes.installation import VARIABLE, find_hermes
from profile_router.runners.hermes.runner import HermesRunner
from profile_router.runners.once import KeptRunner
from profile_router.runs.setup import Setup
from profile_router.servers.backends import LiveBackends
from profile_router.servers.health import LiveHealth
from profile_router.servers.health_store import HealthStore
from profile_router.threads.records import Before, Records, Scoped
from profile_router.threads.threads import Run
from profile_router.verify.verifier import WorkspaceVerifier
from profile_router.withheld.file_secrets import Known
from profile_router.withheld.survey import Survey, private_survey
from profile_router.workspace.folder import base_of, tracked_files


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


def _purse(setup: Setup, task: Task, run: Run, approver: Approver | None) -> LedgerPurse:
    purse = LedgerPurse(
        cap=cap_of(task, setup.policy.budget),
        rules=setup.policy.budget,
        ledger=Ledger(state=setup.state, clock=time.time),
        approver=approver or Nobody(),
        run=run.id,
    )
    if run.resumed:
        purse.recall()
    return purse


_TEXTS = "texts"


@dataclass(frozen=True, kw_only=True)
class Parts:
    """Make the parts of one run's context."""

    setup: Setup
    run: Run
    purse: LedgerPurse

    @cached_property
    def backends(self) -> LiveBackends:
        """What asks the local servers; one for all, since it remembers what they said."""
        setup = self.setup
        return LiveBackends(policy=setup.policy, profiles=setup.profiles, candidates=setup.candidates)

    @cached_property
    def _journal(self) -> MutableMapping[str, bytes | None]:
        """Return what tells how the files were before; where there is git, its own objects do."""
        workspace = self.setup.workspace
        return {} if workspace and workspace.git else Before(self.run.records)

    @cached_property
    def _calls(self) -> RecordedCalls:
        return RecordedCalls(load=self._load, policy=self.setup.policy, purse=self.purse, records=self.run.records)

    @cached_property
    def _known_secrets(self) -> Known:
        """Return what stands in files as they are: looked for once, whoever asks."""
        return {}

    @property
    def _root(self) -> Path | None:
        return self.setup.workspace.root if self.setup.workspace else None

    @property
    def _base(self) -> Path:
        return base_of(self.setup.workspace, self.setup.cwd)

    def _load(self, name: str) -> Profile:
        return self.setup.profiles[name]

    def measurer(self) -> LiveMeasurer:
        """Return what measures the task and asks the local servers."""
        setup = self.setup
        return LiveMeasurer(
            policy=setup.policy,
            profiles=setup.profiles,
            candidates=setup.candidates,
            backends=self.backends,
            workspace=setup.workspace,
            cwd=setup.cwd,
            state=setup.state,
            windows=setup.windows(),
            body=lambda order, profile: request_body(order, profile, setup.policy, self._root, self._base),
        )

    def health(self) -> LiveHealth:
        """Return what remembers which servers and keys failed."""
        store = HealthStore(state=self.setup.state, rules=self.setup.policy.health, clock=time.time)
        return LiveHealth(store=store, profiles=self.setup.profiles)

    def runner(self) -> ChosenRunner:
        """Return what runs a subagent. Raises UsageError where the policy wants a Hermes that is not there."""
        workspace, policy = self.setup.workspace, self.setup.policy
        return ChosenRunner(
            choice=policy.runner,
            embedded=EmbeddedRunner(
                load=self._load,
                policy=policy,
                workspace=self._root,
                base=self._base,
                known_files=lambda: tracked_files(workspace) if workspace else (),
                journal=self._journal,
                records=self.run.records,
                known_secrets=self._known_secrets,
            ),
            hermes=self._hermes(Scoped(self.run.records, "hermes ")),
            survey=lambda: private_survey(workspace, policy.private_paths) if workspace else Survey(),
        )

    def prober(self) -> EmbeddedProber:
        """Return what asks a model how hard the task is."""
        return EmbeddedProber(calls=self._calls, root=self._base)

    def condenser(self) -> EmbeddedCondenser:
        """Return what makes a context fit a window."""
        return EmbeddedCondenser(calls=self._calls, workspace=self._root, base=self._base)

    def summarizer(self) -> EmbeddedSummarizer:
        """Return what shortens a subagent's last words for its parent."""
        whole_text = self.setup.state / _TEXTS / f"{self.run.thread}-{self.run.id}.txt"
        return EmbeddedSummarizer(calls=self._calls, whole_text=whole_text)

    def verifier(self) -> WorkspaceVerifier:
        """Return what looks at the work itself."""
        setup, run = self.setup, self.run
        return WorkspaceVerifier(
            workspace=setup.workspace,
            scratch=run.folder,
            environ=setup.environ,
            journal=self._journal,
            private=setup.policy.private_paths,
            confidential=setup.policy.confidential,
            state=setup.state,
            name=run.thread,
            records=run.records,
            known=self._known_secrets,
        )

    def _hermes(self, records: Records) -> Runner | None:
        """Return the Hermes runner, None where it is not wanted or not there. Raises UsageError where it must be.

        Without a Hermes home there is none either: the profiles that come with the program are not a place to run in.
        """
        setup, policy = self.setup, self.setup.policy
        if policy.runner == "embedded":
            return None
        found = find_hermes(setup.environ, policy.hermes.python)
        if found is None or setup.home.root is None:
            if policy.runner == "hermes":
                raise _no_hermes(policy, "hermes on PATH" if found is None else "Hermes home")
            return None
        hermes = HermesRunner(
            load=self._load,
            policy=policy,
            hermes=found,
            root=setup.home.root,
            environ=setup.environ,
            workspace=self._root,
            base=self._base,
            unattended=policy.hermes.unattended_approval,
            passed=policy.hermes.pass_environment,
            records=records,
            known_secrets=self._known_secrets,
        )
        return KeptRunner(inner=hermes, records=records)  # what Hermes declines goes on under the embedded runner


def _no_hermes(policy: Policy, missing: str) -> UsageError:
    return UsageError(
        f"{policy.source} says `runner: hermes`, but there is no {missing}; install it with "
        f"`pip install hermes-agent` and `hermes setup`, name its python in {VARIABLE}, or write `runner: auto`"
    )
