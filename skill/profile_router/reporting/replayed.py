"""Replay the ledger under another policy, and keep what came of it for the next report."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path

from profile_router.core.operating.answers import Replayed
from profile_router.core.operating.replay import Replay, replay
from profile_router.core.policy import Policy
from profile_router.core.task import Task
from profile_router.ledger.past_tasks import past_tasks
from profile_router.outside.json_reader import UnreadableJson, read_json
from profile_router.runs.setup import Setup, prepare
from profile_router.state.folder import private_folder, state_dir
from profile_router.state.whole_files import write_whole
from profile_router.values import frozen

MOST_TASKS = 20_000
_FILE = "replayed.json"
_MOST_BYTES = 10_000
_NO_TASK = Task(goal="any")  # what is prepared is the same for all tasks of no workspace


@frozen
class ReplayedPolicy:
    """What came of replaying a policy: `now` is the one in force."""

    now: Policy
    new: Policy
    found: Replay


def replay_policy(policy_file: str, environ: Mapping[str, str], *, days: float, now: float) -> ReplayedPolicy:
    """Return what the policy in *policy_file* would have done with the tasks of the last *days*. Raises RouterError."""
    in_force, wanted = (setup_alone(name, environ) for name in (None, policy_file))
    tasks = past_tasks(state_dir(environ), now - days * 86_400.0, MOST_TASKS)
    candidates = {**in_force.candidates, **wanted.candidates}
    return ReplayedPolicy(
        now=in_force.policy, new=wanted.policy, found=replay(tasks, in_force.policy, wanted.policy, candidates)
    )


def setup_alone(policy_file: str | None, environ: Mapping[str, str]) -> Setup:
    """Return policy and profiles where no workspace tightens them. Raises RouterError."""
    return prepare(_NO_TASK, policy_file, environ, Path(Path.cwd().anchor))


def keep_replay(done: ReplayedPolicy, name: str, environ: Mapping[str, str], *, now: float) -> None:
    """Keep figures of *done* for the next report; *name* is the policy's file. Raises StateError."""
    kept = {
        "name": name[:80],
        "digest": done.new.digest,
        "rows": done.found.rows,
        "moved": len(done.found.moved),
        "saved_usd": done.found.saved_usd,
        "at": now,
    }
    write_whole(private_folder(state_dir(environ)) / _FILE, json.dumps(kept).encode())


def kept_replay(environ: Mapping[str, str], *, now: float | None = None) -> Replayed | None:
    """Return the newest replay that was kept, None without one that can be read."""
    try:
        with (state_dir(environ) / _FILE).open("rb") as file:
            found = read_json(file.read(_MOST_BYTES))
        at = time.time() if now is None else now
        return Replayed(
            name=str(found["name"]),
            digest=str(found["digest"]),
            rows=int(found["rows"]),
            moved=int(found["moved"]),
            saved_usd=float(found["saved_usd"]),
            age_s=max(0.0, at - float(found["at"])),
        )
    except (OSError, UnreadableJson, KeyError, TypeError, ValueError):
        return None
