"""Make everything that the graph's nodes are given to work with in a run."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from profile_router.core.ladder.spending import cap_of
from profile_router.errors import UsageError
from profile_router.evidence.measurer import RunMeasurer
from profile_router.git.between import marking
from profile_router.ledger.history import SqliteHistory
from profile_router.ledger.purse import LedgerPurse, Nobody
from profile_router.ledger.spending import Ledger
from profile_router.ledger.words import seal_of
from profile_router.machine.hermes_program import HERMES_VARIABLE, find_hermes
from profile_router.ports import RunLedger, Runner
from profile_router.runners.calls.call import RecordedCalls
from profile_router.runners.calls.condenser import EmbeddedCondenser
from profile_router.runners.calls.prober import EmbeddedProber
from profile_router.runners.calls.reviewer import EmbeddedReviewer
from profile_router.runners.calls.summarizer import EmbeddedSummarizer
from profile_router.runners.choice import ChosenRunner, RecordedRunner
from profile_router.runners.embedded.forms.remembered_forms import RememberedForms
from profile_router.runners.embedded.request import request_body
from profile_router.runners.embedded.runner import EmbeddedRunner
from profile_router.runners.hermes.runner import HermesRunner
from profile_router.runs.job import IN_PLACE, Job
from profile_router.runs.others import others_here
from profile_router.runs.past import past_runs, usual_here
from profile_router.runs.setup import Setup
from profile_router.servers.health import HealthStore, ProviderHealth
from profile_router.servers.inspect import ModelServers
from profile_router.threads.pulse import pulse
from profile_router.threads.records import Before, Scoped
from profile_router.threads.threads import Run
from profile_router.threads.traces import BY_HERMES
from profile_router.verify.changes.others_here import OthersHere
from profile_router.verify.checking.kept_checks import KeptChecks
from profile_router.verify.verifier import WorkspaceVerifier
from profile_router.withheld.survey import Survey, private_survey
from profile_router.withheld.whole_scan import Secrets
from profile_router.workspace.folder import base_of, standing_in, tracked_files

if TYPE_CHECKING:
    from profile_router_graphs.state import RunContext

_TEXTS = "texts"


def run_context(job: Job, run: Run, ledger: RunLedger) -> RunContext:
    """Return the context of *run*, at the site of *job*. Its attempts are made once, however often it is killed.

    The *ledger* hears of each before it is made.
    Raises UsageError where the policy wants a Hermes that is not there.
    """
    from profile_router_graphs.state import RunContext

    setup, real = job.site.setup(job.setup), job.setup
    policy, profiles, candidates, workspace = setup.policy, setup.profiles, setup.candidates, setup.workspace
    root, base = workspace.root if workspace else None, base_of(workspace, setup.cwd)
    journal = Before(run.records)
    secrets = Secrets(confidential=policy.confidential)  # one for all: each state of a file is looked into once
    backends = ModelServers(policy=policy, profiles=profiles, candidates=candidates)
    health = HealthStore(state=setup.state, rules=policy.health, clock=time.time)
    purse = _purse(job, run)
    take_mark = _mark(job, run)
    hermes = _hermes(setup, run, secrets, take_mark)
    calls = RecordedCalls(load=profiles.__getitem__, policy=policy, purse=purse, ledger=ledger, records=run.records)
    context = RunContext(
        policy=policy,
        candidates=candidates,
        measurer=_measurer(setup, backends, root, base),
        backends=backends,
        health=ProviderHealth(store=health, profiles=profiles),
        purse=purse,
        ledger=ledger,
        runner=_runner(setup, run, journal, secrets, hermes, real, take_mark),
        prober=EmbeddedProber(calls=calls, candidates=candidates, root=base),
        condenser=EmbeddedCondenser(calls=calls, workspace=root, base=base),
        reviewer=EmbeddedReviewer(calls=calls),
        summarizer=EmbeddedSummarizer(calls=calls, whole_text=setup.state / _TEXTS / f"{run.thread}-{run.id}.txt"),
        verifier=_verifier(job, setup, run, journal, secrets),
        clock=run.clock,
        sleep=asyncio.sleep,
        past=past_runs(setup.state, hermes=hermes is not None),
        run=run.id,
        undone=SqliteHistory(state=setup.state).undone_runs(run.thread),
        usual=usual_here(setup.state, str(real.workspace.root) if real.workspace else ""),
    )
    context = job.site.context(context)
    return replace(context, runner=RecordedRunner(inner=context.runner, records=run.records))


def _measurer(setup: Setup, backends: ModelServers, root: Path | None, base: Path) -> RunMeasurer:
    return RunMeasurer(
        policy=setup.policy,
        profiles=setup.profiles,
        candidates=setup.candidates,
        backends=backends,
        workspace=setup.workspace,
        cwd=setup.cwd,
        state=setup.state,
        cache=setup.cache,
        windows=setup.windows(),
        first_look=setup.first_look,
        body=lambda order, profile: request_body(order, profile, setup.policy, root, base),
    )


def _runner(
    setup: Setup,
    run: Run,
    journal: Before,
    secrets: Secrets,
    hermes: Runner | None,
    real: Setup,
    take_mark: Callable[[], str],
) -> ChosenRunner:
    """Return what makes each attempt, by Hermes or embedded. *real* is the setup of the folder that this one copies."""
    workspace = setup.workspace
    embedded = EmbeddedRunner(
        load=setup.profiles.__getitem__,
        policy=setup.policy,
        workspace=workspace.root if workspace else None,
        base=base_of(workspace, setup.cwd),
        known_files=lambda: tracked_files(workspace) if workspace else (),
        journal=journal,
        records=run.records,
        secrets=secrets,
        take_mark=take_mark,
        pulse=partial(pulse, run.folder),
        memory=RememberedForms(
            state=setup.state,
            max_age_s=setup.policy.limits.measurement_max_age_hours * 3600,
            clock=time.time,
        ),
    )
    return ChosenRunner(
        choice=setup.policy.runner,
        embedded=embedded,
        hermes=hermes,
        # Links lead out of a copy: private files of the workspace count, though no copy has them.
        survey=lambda: private_survey(real.workspace, setup.policy.private_paths) if real.workspace else Survey(),
    )


def _verifier(job: Job, setup: Setup, run: Run, journal: Before, secrets: Secrets) -> WorkspaceVerifier:
    """Return what looks at the work in the folder of *setup*, which may be a copy of the job's."""
    original = job.setup.workspace
    return WorkspaceVerifier(
        workspace=setup.workspace,
        folder=standing_in(setup.workspace, setup.cwd),
        scratch=run.folder,
        environ=setup.environ,
        journal=journal,
        private=setup.policy.private_paths,
        state=setup.state,
        name=run.thread,
        records=run.records,
        secrets=secrets,
        kept_checks=KeptChecks(state=setup.state, seal=seal_of(setup.environ, make=True), clock=time.time),
        jail=setup.policy.terminal,
        linter=job.task.linter,
        all_tests_seconds=setup.policy.limits.all_tests_seconds,
        original=original.root if original else None,
        others=_others(setup, run),
    )


def _others(setup: Setup, run: Run) -> Callable[[], OthersHere]:
    """Return what tells of the runs that work in the folder of *setup* beside this one."""
    if setup.workspace is None:
        return OthersHere
    return partial(others_here, setup.state, seal_of(setup.environ, make=False), run, setup.workspace.root)


def _mark(job: Job, run: Run) -> Callable[[], str]:
    """Return what marks the work tree around a command, for `undo`: a copy is taken back otherwise."""
    workspace = job.setup.workspace
    if job.site is not IN_PLACE or workspace is None or not workspace.git:
        return str
    return marking(workspace.root, run.folder)


def _purse(job: Job, run: Run) -> LedgerPurse:
    rules = job.setup.policy.budget
    purse = LedgerPurse(
        cap=cap_of(job.task, rules),
        rules=rules,
        ledger=Ledger(state=job.setup.state, clock=time.time),
        approver=job.approver or Nobody(),
        run=run.id,
    )
    if run.resumed:
        purse.recall()
    return purse


def _hermes(setup: Setup, run: Run, secrets: Secrets, take_mark: Callable[[], str]) -> Runner | None:
    """Return the Hermes runner, None where it is not wanted or not installed. Raises UsageError where it must be.

    It needs a Hermes home: the profiles that come with the program are not a place to run in.
    """
    policy = setup.policy
    if policy.runner == "embedded":
        return None
    found = find_hermes(setup.environ, policy.hermes.python)
    if found is None or setup.home.root is None:
        if policy.runner == "hermes":
            missing = "hermes on PATH" if found is None else "Hermes home"
            raise UsageError(
                f"{policy.source} says `runner: hermes`, but there is no {missing}; install it with "
                f"`pip install hermes-agent` and `hermes setup`, name its python in {HERMES_VARIABLE}, or write "
                "`runner: auto`"
            )
        return None
    records = Scoped(run.records, BY_HERMES)
    hermes = HermesRunner(
        load=setup.profiles.__getitem__,
        policy=policy,
        hermes=found,
        root=setup.home.root,
        environ=setup.environ,
        workspace=setup.workspace.root if setup.workspace else None,
        base=base_of(setup.workspace, setup.cwd),
        unattended=policy.hermes.unattended_approval,
        pass_environment=policy.hermes.pass_environment,
        records=records,
        secrets=secrets,
        take_mark=take_mark,
        pulse=partial(pulse, run.folder),
    )
    return RecordedRunner(inner=hermes, records=records)  # what Hermes declines goes on under the embedded runner
