"""Which check a task that names none would get: the workspace's own, and what keeps it from running. Offline."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from profile_router.core.found_check import UNAGREED, CheckQuestion, FoundCheck
from profile_router.core.policy import Policy, Terminal
from profile_router.core.task import Task
from profile_router.core.text import exactly, shown
from profile_router.digests import sha256
from profile_router.policies.file import found_policy
from profile_router.policies.workspace_rules import tightened_by
from profile_router.state.folder import state_dir
from profile_router.values import frozen
from profile_router.workspace.folder import Workspace, find_workspace
from profile_router.workspace.task_paths import placed

_ALLOW = "`profile-router check --allow` in {folder}"
_UNASKED = f"{UNAGREED['unasked']}; {_ALLOW} allows it, as does `check: auto` in the policy"
# A model's own is allowed by an answer to the question alone.
_UNASKED_OF_MODEL = f"{UNAGREED['unasked']}; a terminal chat of Hermes asks for that"
_DECLINED_OF_MODEL = f"{UNAGREED['declined']}; `profile-router check --forget` in {{folder}} forgets that"
_DIGEST = 16  # digits
_DECLINED = f"{UNAGREED['declined']}; {_ALLOW} allows it"


def check_for(
    task: Task,
    policy: Policy,
    workspace: Workspace | None,
    environ: Mapping[str, str],
    state: Path,
    near: Callable[[], Sequence[str]] = tuple,
    *,
    try_jail: bool = True,
) -> FoundCheck | None:
    """Return the check that would be run for *task*, whose `refused` says why not; None where none is looked for.

    *near* gives the files of a task that names none. The workspace's own comes before one that a model wants. What runs
    of it judges, and until somebody was asked about it, that is the first question. Without *try_jail* no process is
    started to learn whether this Linux has a jail.
    """
    if task.check is not None or workspace is None or (policy.check == "off" and task.proposed_check is None):
        return None
    from profile_router.checks.find_check import find_check  # `route` without a workspace does without

    allowed = partial(_allowed, policy=policy, workspace=workspace, state=state, try_jail=try_jail)
    if task.proposed_check is None:
        return allowed(find_check(task, workspace, environ, near))
    from profile_router.checks.proposed import proposed_check

    wanted = allowed(proposed_check(task.proposed_check, task.folder or ""))
    if policy.check == "off":
        return wanted
    found = allowed(find_check(task, workspace, environ, near))
    if found is None or found.weak or wanted is None:
        return wanted
    if not found.refused:
        wanted = replace(wanted, refused=wanted.refused or "the workspace's own judges")
        return replace(found, source=f"{found.source}; {wanted.unrun}")
    return found if found.unagreed == "unasked" else wanted


def _allowed(
    found: FoundCheck | None, *, policy: Policy, workspace: Workspace, state: Path, try_jail: bool
) -> FoundCheck | None:
    """Return *found*, its `refused` saying what keeps it from running."""
    if found is None or found.refused:
        return found
    if policy.check == "off":
        return replace(found, refused=f"the policy says `check: off` ({policy.source})")
    from profile_router.checks.consents import Consents

    if problem := _jail_problem(try_jail):
        return replace(found, refused=f"it runs in a jail only, and {problem}")
    for folder in (Path.home(), state):  # a jail shows all of the workspace, and lets it be written
        if Path(os.path.realpath(folder)).is_relative_to(workspace.root):
            return replace(found, refused=f"the workspace holds {shown(str(folder))}, which no jail would keep from it")
    if policy.check == "auto" and not found.proposed:  # it agrees to what is in the workspace, to no model's command
        return found
    if found.too_long:
        return replace(found, refused=f"nobody can be asked about it: {found.too_long}")
    said = Consents(state).of(workspace.root, found)
    if said is None:
        return unasked(found, workspace)
    return found if said else declined(found, workspace)


def _jail_problem(try_jail: bool) -> str | None:
    if not try_jail and sys.platform == "linux":
        return None
    from profile_router.jail.view import jail_problem

    return jail_problem()


def question_before_check(found: FoundCheck, workspace: Workspace) -> CheckQuestion:
    """Return what somebody is asked before *found* runs for the first time. It holds all of the command."""
    what = "a check that the model wants" if found.proposed else "this repository's own check"
    place = _place(found, workspace)
    digest = sha256(json.dumps([place, *found.whole]).encode()).hexdigest()[:_DIGEST]
    why = f"{shown(found.source)}; jailed: no network, no keys"
    return CheckQuestion(asked=f"run {what}: `{found.asked}` in {place}?", why=why, digest=digest)


def _place(found: FoundCheck, workspace: Workspace) -> str:
    return exactly(str(workspace.root / found.folder) if found.folder else str(workspace.root))


def unasked(found: FoundCheck, workspace: Workspace) -> FoundCheck:
    """Return *found* as it is as long as nobody was asked: it does not run."""
    said = _UNASKED_OF_MODEL if found.proposed else _UNASKED
    return replace(found, refused=said.format(folder=_place(found, workspace)), unagreed="unasked")


def declined(found: FoundCheck, workspace: Workspace) -> FoundCheck:
    """Return *found* as it is once somebody said no: it does not run."""
    said = _DECLINED_OF_MODEL if found.proposed else _DECLINED
    return replace(found, refused=said.format(folder=_place(found, workspace)), unagreed="declined")


@frozen
class LookedUpCheck:
    """The check of a workspace. `open` is the same where nothing but somebody's answer is missing, or says no; `none`
    says why there is none. `terminal` are the limits of its jail."""

    workspace: Workspace | None
    check: FoundCheck | None
    open: FoundCheck | None
    none: str
    terminal: Terminal = Terminal()


def look_at_check(
    files: Sequence[str], folder: str | None, policy_file: str | None, environ: Mapping[str, str], cwd: Path
) -> LookedUpCheck:
    """Return the check of the workspace *folder*, None: of the one around *cwd*, for a task that names *files*.

    Raises RouterError for bad input.
    """
    workspace = find_workspace(folder, cwd)
    policy, _ = tightened_by(found_policy(policy_file, environ), workspace)
    if workspace is None:
        return LookedUpCheck(
            workspace=None,
            check=None,
            open=None,
            none=f"{cwd} is not in a git repository: name the workspace with --workspace DIR",
        )
    task = placed(Task(goal="", files=tuple(files)), workspace, cwd).task
    check = check_for(task, policy, workspace, environ, state_dir(environ))
    off = f"the policy says `check: off` ({policy.source})"
    none = (
        off
        if policy.check == "off"
        else f"no check was found in {workspace.root}: name one: `profile-router run --check COMMAND`"
    )
    open_check = check if check and check.unagreed else None
    return LookedUpCheck(workspace=workspace, check=check, open=open_check, none=none, terminal=policy.terminal)
