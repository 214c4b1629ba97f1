"""Route a task: measure it, decide, and nothing else. Offline, without LangGraph, LangChain or a tokenizer's load."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from profile_router.core.found_check import FoundCheck
from profile_router.core.locating.located import Located
from profile_router.core.policy import Policy
from profile_router.core.routing.decide import decide, stays_here
from profile_router.core.routing.estimate import ladder_cost
from profile_router.core.routing.route import Decision, Refusal
from profile_router.core.routing.task_size import task_size_of
from profile_router.core.task import Task
from profile_router.core.telling.decision import Json, check_json, decision_json
from profile_router.core.telling.envelope import enveloped
from profile_router.errors import StateError
from profile_router.evidence.conversation import share
from profile_router.evidence.measure import Surroundings, may_be_located, measure
from profile_router.ledger.routes import note_route
from profile_router.ledger.schema import moment
from profile_router.runs.past import has_hermes, past_runs
from profile_router.runs.setup import Setup, prepare
from profile_router.threads.parent_sessions import ParentSessions
from profile_router.values import frozen
from profile_router.workspace.folder import listed_once


@frozen
class Quote:
    """Where a task would go, and `usd`, what its ladder is expected to cost at most: never over its cap.

    `profile` is None for a task that is refused. `asks` is the question about running code that nobody answered yet,
    as a run asks it of programs; empty without one.
    """

    profile: str | None
    rule: str
    usd: float
    asks: str = ""


def quote(task: Task, policy_file: str | None, environ: Mapping[str, str], cwd: Path) -> Quote:
    """Return what *task* would cost; nothing is written down. Raises RouterError for bad input."""
    setup = prepare(task, policy_file, environ, cwd)
    decision = _decided(setup.task, setup)
    if isinstance(decision, Refusal):
        return Quote(profile=None, rule=decision.rule, usd=0.0)
    from profile_router.core.ladder.spending import cap_of  # a route says no cap

    private = bool(decision.evidence.private) or setup.task.local_only
    usd = ladder_cost(decision.estimate, decision.profile, setup.policy, private=private)
    most = min(usd, cap_of(setup.task, setup.policy.budget))
    return Quote(profile=decision.profile, rule=decision.rule, usd=most, asks=_asks(setup, decision))


def _asks(setup: Setup, decision: Decision) -> str:
    check = _check(setup, decision, try_jail=True)  # nobody is asked about what no jail can run
    if check is None or setup.workspace is None or check.unagreed != "unasked":
        return ""
    from profile_router.runs.own_check.workspace_check import question_before_check

    return question_before_check(check, setup.workspace).for_programs


@frozen
class Routed:
    """Where a task would go, the policy that says so, and the check that was found, if it names none.

    `at` is its moment in seconds since 1970, `run` its id in the ledger. `unnoted` says why the ledger lacks it; empty:
    the ledger has it.
    """

    decision: Decision
    policy: Policy
    check: FoundCheck | None
    at: float
    run: str | None
    unnoted: str

    @property
    def json(self) -> Json:
        """Return it as `route --json` prints it."""
        told = {**decision_json(self.decision), "check": check_json(self.check)}
        return enveloped(told, time=moment(self.at), run=self.run)


def route_task(
    task: Task, policy_file: str | None, environ: Mapping[str, str], cwd: Path, *, wait: bool = False
) -> Routed:
    """Return where *task* would go. Raises RouterError for bad input.

    *wait*: the index of the repository is made whole first, however long that takes.
    """
    with listed_once():
        setup = prepare(task, policy_file, environ, cwd)
        decision = _decided(setup.task, setup, wait=wait)
        check, at = _check(setup, decision, try_jail=False), time.time()
    run, unnoted = _noted(setup.task, decision, setup, at)
    return Routed(decision=decision, policy=setup.policy, check=check, at=at, run=run, unnoted=unnoted)


def _check(setup: Setup, decision: Decision, *, try_jail: bool) -> FoundCheck | None:
    """Return the check that a run would take, by the files that the repository is sure of."""
    if setup.workspace is None:
        return None
    from profile_router.runs.own_check.workspace_check import check_for  # only a workspace has one

    located = decision.evidence.located
    sure = located.sure if located else ()
    task, policy, workspace = setup.task, setup.policy, setup.workspace
    return check_for(task, policy, workspace, setup.environ, setup.state, lambda: sure, try_jail=try_jail)


def decide_alone(
    task: Task, policy_file: str | None, environ: Mapping[str, str], cwd: Path, located: Callable[[], Located]
) -> Decision:
    """Return where *task* would go; nothing is written down. Raises RouterError for bad input.

    *located* tells where it works, in place of an index of the workspace with its deadline.
    """
    setup = prepare(task, policy_file, environ, cwd)
    return _decided(setup.task, setup, located)


def observe_task(task: Task, policy_file: str | None, environ: Mapping[str, str], cwd: Path) -> tuple[Decision, str]:
    """Return where *task* would go, which Hermes begins by itself now, and the id under which the ledger has it.

    Raises RouterError for bad input, or where the ledger cannot have it.
    """
    setup = prepare(task, policy_file, environ, cwd)
    decision = _decided(setup.task, setup)
    return decision, _note(setup.task, decision, setup, time.time(), observed=True)


def _decided(task: Task, setup: Setup, located: Callable[[], Located] | None = None, *, wait: bool = False) -> Decision:
    around = Surroundings(workspace=setup.workspace, cwd=setup.cwd, windows=setup.windows())
    said = share(task, (), setup.policy, ParentSessions(state=setup.state))
    evidence = measure(task, setup.policy, around, conversation=said.turns).hearing(said)
    seconds = setup.policy.repository.route_seconds
    if not may_be_located(evidence, around, seconds):
        pass
    elif located is not None:
        evidence = replace(evidence, located=located())
    else:
        from profile_router.evidence.locating import with_located  # only a repository is asked

        evidence = with_located(task, evidence, around, setup.policy, setup.cache, None if wait else seconds)
    past = past_runs(setup.state, hermes=has_hermes(setup))(task_size_of(evidence, setup.policy))
    decision = decide(task, evidence, setup.policy, setup.candidates, past)
    return replace(decision, warnings=(*decision.warnings, *setup.warnings))


def _noted(task: Task, decision: Decision, setup: Setup, at: float) -> tuple[str | None, str]:
    """Write *decision* into the ledger; return its id there, or why that cannot be: the answer stands."""
    try:
        return _note(task, decision, setup, at), ""
    except StateError as error:
        return None, f"this route is not in the ledger: {error}"


def _note(task: Task, decision: Decision, setup: Setup, at: float, *, observed: bool = False) -> str:
    place, keep = str(setup.workspace.root) if setup.workspace else "", setup.policy.ledger.keep_days
    return note_route(setup.state, task, decision, place, now=at, keep_days=keep, observed=observed)


def measured_as_local(setup: Setup) -> bool:
    """Tell whether the task of *setup* is meant for this machine. Raises RouterError for bad input."""
    around = Surroundings(workspace=setup.workspace, cwd=setup.cwd, windows=())
    return stays_here(setup.task, measure(setup.task, setup.policy, around), setup.candidates, setup.policy)
