"""A run as the graph tells it to the ledger, and what the ledger then says of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.fakes import BURST, LOCAL, a_policy, a_receipt, a_task, candidates, evidence

from profile_router.core.ladder.failure import Failure
from profile_router.core.ladder.receipt import ChangedFile, CheckResult, Receipt, Verified
from profile_router.core.ladder.steps import TakenStep
from profile_router.core.routing.decide import decide
from profile_router.core.routing.route import Decision
from profile_router.core.task import Task
from profile_router.core.telling.verdict import LedgerVerdict
from profile_router.ledger.words import Seal
from profile_router.ledger.writing import SqliteRunLedger

NOON = 1_790_000_000.0
SEAL = Seal(b"k" * 32)
RED = Failure(cause="verification-failed", message="pytest -q: exit 1 · 1 failed")
FIRST = a_receipt(LOCAL).failing(RED)
SECOND = a_receipt(BURST, step="promote", cost_usd=0.06, tokens_in=11_234, tokens_out=1_900)
STEP = TakenStep(
    step="promote", cause="verification-failed", profile=BURST, tier="burst", reason="the check failed → coding-burst"
)
CHECK = CheckResult(command="pytest -q tests/test_http.py", exit_code=1, seconds=1.5, last_line="1 failed")
FOUND = Verified(files_changed=(ChangedFile(path="src/http.py", lines_added=9, lines_removed=2),), check=CHECK)


class Clock:
    """Tells a second more each time it is asked."""

    def __init__(self, at: float = NOON) -> None:
        self.at = at

    def __call__(self) -> float:
        self.at += 1.0
        return self.at


def a_ledger(state: Path, run: str = "ab12" * 4, thread: str = "t", seal: Seal = SEAL, **more: Any) -> SqliteRunLedger:
    return SqliteRunLedger(state=state, run=run, thread=thread, clock=more.pop("clock", Clock()), seal=seal, **more)


def a_decision(task: Task | None = None, **measured: Any) -> Decision:
    return decide(task or a_task(), evidence(**measured), a_policy(), candidates())


def begin(ledger: SqliteRunLedger, workspace: str = "/home/u/repo", task: Task | None = None) -> SqliteRunLedger:
    """Let the run of *ledger* begin. The file is not held open as a run holds it: many tests end no run."""
    ledger.begun(task or a_task(), workspace, policy="p" * 12, keep_days=365)
    ledger.close()
    return ledger


def asked(ledger: SqliteRunLedger, receipt: Receipt) -> int:
    said = {"profile": receipt.profile, "model": receipt.model_asked, "provider": receipt.provider}
    return ledger.asks(**said, step=receipt.step)


def tell(ledger: SqliteRunLedger, verdict: LedgerVerdict = "verified") -> None:
    """Tell *ledger* of a run whose first attempt failed its check, in the order in which the graph does."""
    begin(ledger)
    ledger.routed(a_decision())
    asked(ledger, FIRST)
    ledger.answered((a_receipt(LOCAL),))
    ledger.verified(FOUND, after=1)
    ledger.answered((FIRST,))
    ledger.stepped((STEP,), after=1)
    asked(ledger, SECOND)
    ledger.answered((FIRST, SECOND))
    ledger.verified(Verified(), after=2)
    ledger.ended(verdict)
