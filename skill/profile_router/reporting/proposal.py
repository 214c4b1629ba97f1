"""Make a proposal of what outcomes say: the policy with other numbers, as a text and as a difference."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path

from profile_router.core.days import DAY_S
from profile_router.core.policy import Policy
from profile_router.errors import PolicyError
from profile_router.ledger.past_tasks import early_scores, past_tasks
from profile_router.ledger.words import seal_of
from profile_router.outside.strict_yaml import Refused
from profile_router.policies.edited import with_numbers
from profile_router.policies.file import find_policy, read_policy
from profile_router.policies.grammar import policy_in
from profile_router.reporting.calibrating import JudgedNumber, calibrate
from profile_router.reporting.replayed import MOST_TASKS
from profile_router.state.folder import state_dir
from profile_router.values import frozen

SINCE_DAYS = 90.0  # whose tasks `calibrate` looks at where nobody says otherwise
_FIRST = 500  # tasks
_SCORED = 5_000  # attempts whose score is looked at: each has to be decrypted


@frozen
class Proposal:
    """What `tasks` tasks say: `text` is the policy `file` with the numbers that change, empty where none does."""

    file: str
    tasks: int
    outcomes: int
    findings: Sequence[JudgedNumber]
    text: str = ""
    diff: str = ""

    @property
    def too_little(self) -> bool:
        """Tell whether not one number could be judged."""
        return all(one.missing for one in self.findings)


def propose(policy_file: str | None, environ: Mapping[str, str], *, days: float, now: float) -> Proposal:
    """Return what the tasks of the last *days* say of the policy in force, or of *policy_file*. Raises RouterError."""
    path = find_policy(policy_file, environ)
    policy = read_policy(path)
    since, state = now - days * DAY_S, state_dir(environ)
    tasks = past_tasks(state, since, MOST_TASKS)
    signs = early_scores(state, since, _SCORED, seal_of(environ, make=False))
    findings = calibrate(tasks, policy, signs)
    numbers = {one.place: one.to for one in findings if one.to is not None}
    outcomes = sum(task.local_won is not None for task in tasks)
    if not numbers:
        return Proposal(file=str(path), tasks=len(tasks), outcomes=outcomes, findings=findings)
    before = path.read_text(encoding="utf-8")
    text = _edited(before, numbers, path)
    return Proposal(
        file=str(path),
        tasks=len(tasks),
        outcomes=outcomes,
        findings=findings,
        text=text,
        diff="".join(
            difflib.unified_diff(
                before.splitlines(keepends=True), text.splitlines(keepends=True), path.name, f"{path.name} (proposed)"
            )
        ),
    )


def outcomes_missing(state: Path, policy: Policy, *, now: float) -> int:
    """Return how many more outcomes are needed before one limit of *policy* can be judged; 0: none is needed.

    Weights need more outcomes than limits do. A few tasks are read first: mostly they are enough. Raises StateError.
    """
    for most in (_FIRST, MOST_TASKS):
        findings = calibrate(past_tasks(state, now - SINCE_DAYS * DAY_S, most), policy, {})
        if not (missing := min((one.missing for one in findings), default=0)):
            break
    return missing


def _edited(before: str, numbers: Mapping[tuple[str, ...], float], path: Path) -> str:
    """Return the policy text with *numbers*, once it is read and right. Raises PolicyError."""
    try:
        text = with_numbers(before, numbers)
    except Refused as refused:
        raise PolicyError(refused.message, file=str(path), line=refused.line) from None
    policy_in(text, str(path))
    return text
