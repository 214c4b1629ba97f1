"""Gather what a report tells: the ledger's totals, the budget of today, a proposal at hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from profile_router.core.days import DAY_S
from profile_router.core.operating.answers import CALIBRATE, BudgetLeft, OperatorAnswer, Replayed, answers
from profile_router.core.operating.totals import Totals
from profile_router.core.policy import Policy
from profile_router.core.policy.rules import LargeChangeRule
from profile_router.core.telling.envelope import enveloped
from profile_router.ledger.history import SqliteHistory
from profile_router.ledger.schema import day_of, moment
from profile_router.ledger.totals import totals_since
from profile_router.reporting.proposal import outcomes_missing
from profile_router.values import frozen

_LINES = 200  # where the policy has no rule for large changes


@frozen
class Summary:
    """All that a report tells of the last `days`. `made` is the moment, in seconds since 1970.

    So many outcomes are `missing` before `calibrate` proposes anything; it is asked only where it would be advised.
    """

    days: float
    made: float
    totals: Totals
    budget: BudgetLeft
    many_lines: int
    replayed: Replayed | None = None
    missing: int = 0

    @property
    def answers(self) -> tuple[OperatorAnswer, ...]:
        """Return what was saved, what went wrong, and what to change."""
        return answers(
            self.totals, self.budget, many_lines=self.many_lines, replayed=self.replayed, missing=self.missing
        )

    @property
    def to_be_shown(self) -> Summary:
        """Return it without paths of this machine: a page, and JSON for programs, are shown to others."""
        if self.replayed is None:
            return self
        return replace(self, replayed=replace(self.replayed, file="", over=""))


def summary_of(state: Path, policy: Policy, *, days: float, now: float, replayed: Replayed | None = None) -> Summary:
    """Return the summary of the ledger in *state* for the last *days* before the moment *now*. Raises StateError."""
    large = policy.rule("large-change")
    many = large.refactor.lines if isinstance(large, LargeChangeRule) else _LINES
    spent = SqliteHistory(state=state).spent_on(day_of(now))
    found = Summary(
        days=days,
        made=now,
        totals=totals_since(state, now - days * DAY_S, many_lines=many),
        budget=BudgetLeft(day_usd=policy.budget.day_usd, spent_usd=spent.spent_usd, reserved_usd=spent.reserved_usd),
        many_lines=many,
        replayed=None if replayed is None or replayed.digest == policy.digest else replayed,
    )
    if all(step.command != CALIBRATE for one in found.answers for step in one.advice):
        return found
    return replace(found, missing=outcomes_missing(state, policy, now=now))


def summary_json(summary: Summary) -> dict[str, Any]:
    """Return *summary* as JSON: figures, names of settings and ids of runs; no text of a task, no folder, no thread."""
    summary = summary.to_be_shown
    totals = summary.totals
    told = {
        "since": moment(totals.since),
        "since_days": summary.days,
        "runs": totals.runs,
        "cost_usd": totals.cost_usd,
        "exact": totals.exact,
        "budget": asdict(summary.budget) | {"left_usd": summary.budget.left_usd},
        "replayed": None if summary.replayed is None else asdict(summary.replayed),
        "answers": {
            one.id: {"said": list(one.said), "advice": [asdict(step) for step in one.advice]} for one in summary.answers
        },
    }
    figures: Mapping[str, Any] = {name: value for name, value in asdict(totals).items() if name != "since"}
    if twice := told.keys() & figures.keys():
        raise AssertionError(f"two figures of a report have the name {min(twice)}")
    return enveloped({**told, **figures}, time=moment(summary.made))
