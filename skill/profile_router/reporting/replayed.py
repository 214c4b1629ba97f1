"""Replay the ledger under another policy, and keep what came of it for the next report."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

from profile_router.core.days import DAY_S
from profile_router.core.operating.answers import Replayed
from profile_router.core.operating.replay import Replay, replay
from profile_router.core.policy import Policy
from profile_router.core.task import Task
from profile_router.ledger.past_tasks import past_tasks
from profile_router.policies.file import SHIPPED, find_policy, own_policy
from profile_router.runs.setup import Setup, prepare
from profile_router.state.folder import state_dir, usable
from profile_router.state.json_files import read_state_json, write_state_json
from profile_router.values import frozen

MOST_TASKS = 20_000
_FILE = "replayed.json"
_NO_TASK = Task(goal="any")  # what is prepared is the same for all tasks of no workspace


@frozen
class ReplayedPolicy:
    """What came of replaying a policy: `now` is the one in force."""

    now: Policy
    new: Policy
    replay: Replay


def replay_policy(policy_file: str, environ: Mapping[str, str], *, days: float, now: float) -> ReplayedPolicy:
    """Return what the policy in *policy_file* would have done with the tasks of the last *days*. Raises RouterError."""
    in_force, wanted = (setup_alone(name, environ) for name in (None, policy_file))
    tasks = past_tasks(state_dir(environ), now - days * DAY_S, MOST_TASKS)
    candidates = {**in_force.candidates, **wanted.candidates}
    return ReplayedPolicy(
        now=in_force.policy, new=wanted.policy, replay=replay(tasks, in_force.policy, wanted.policy, candidates)
    )


def setup_alone(policy_file: str | None, environ: Mapping[str, str]) -> Setup:
    """Return policy and profiles where no workspace tightens them. Raises RouterError."""
    return prepare(_NO_TASK, policy_file, environ, Path(Path.cwd().anchor))


def keep_replay(done: ReplayedPolicy, policy_file: Path, environ: Mapping[str, str], *, now: float) -> None:
    """Keep figures of *done*, of the policy in *policy_file*, for the next report. Raises StateError.

    A policy that moves nothing is not a proposal: nothing is kept, of an earlier one neither.
    """
    file = state_dir(environ) / _FILE
    if not done.replay.moved:
        with usable(file):
            file.unlink(missing_ok=True)
        return
    told = {
        "file": str(policy_file.absolute()),
        "digest": done.new.digest,
        "rows": done.replay.rows,
        "moved": len(done.replay.moved),
        "saved_usd": done.replay.saved_usd,
        "at": now,
    }
    write_state_json(file, told)


def kept_replay(environ: Mapping[str, str]) -> Replayed | None:
    """Return the newest replay that was kept, None without one that can be read, whose policy is still there."""
    found = read_state_json(state_dir(environ) / _FILE)
    try:
        file = Path(str(found["file"]))
        told = Replayed(
            name=file.name[:80],
            digest=str(found["digest"]),
            rows=int(found["rows"]),
            moved=int(found["moved"]),
            saved_usd=float(found["saved_usd"]),
            age_s=max(0.0, time.time() - float(found["at"])),
            file=str(file),
            over=str(_to_replace(environ)),
        )
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
    return told if told.moved and file.is_file() else None


def _to_replace(environ: Mapping[str, str]) -> Path:
    """Return the file over which a policy is copied to be in force: the shipped one is never written over."""
    found = find_policy(None, environ)
    return (own_policy(environ) if found == SHIPPED else found).absolute()
