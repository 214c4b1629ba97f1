"""Write down what a run does, each thing before the next is done. After a crash the ledger tells all that was begun."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import field
from pathlib import Path
from typing import Any

from profile_router import __version__
from profile_router.core.attempt.saving import NOT_WELL, Saving
from profile_router.core.ladder.receipt import Receipt, Verified
from profile_router.core.ladder.run_kinds import UNFINISHED, Stage
from profile_router.core.ladder.steps import TakenStep
from profile_router.core.policy.private import NO_CONFIDENTIAL, Confidential
from profile_router.core.privacy.findings import masked_json
from profile_router.core.routing.route import Decision
from profile_router.core.task import Task
from profile_router.core.telling.figures import task_figures
from profile_router.core.telling.verdict import WELL, LedgerVerdict
from profile_router.core.telling.ways_out import go_on
from profile_router.core.telling.work import verified_json
from profile_router.core.text import USD_DIGITS
from profile_router.errors import StateError
from profile_router.git.undo import Undo
from profile_router.ledger.listed import AT_THE_TASK
from profile_router.ledger.receipts import COLUMNS, columns_of, receipt_of_row
from profile_router.ledger.retention import expire, forget
from profile_router.ledger.routes import decided_row
from profile_router.ledger.schema import LEDGER_FILE, day_of, make_ready, moments
from profile_router.ledger.undoing import put_undo
from profile_router.ledger.words import REFUSED_STAGE, Seal, sealed_for
from profile_router.state.database import BUSY_S, reading, transaction
from profile_router.values import mutable

_TOTALS = f"""UPDATE runs SET
  attempts = (SELECT count(*) FROM attempts WHERE run = id),
  tokens_in = (SELECT coalesce(sum(tokens_in), 0) FROM attempts WHERE run = id),
  tokens_out = (SELECT coalesce(sum(tokens_out), 0) FROM attempts WHERE run = id),
  cost_usd = (SELECT round(coalesce(sum(cost_usd), 0), {USD_DIGITS}) FROM attempts WHERE run = id),
  cost_source = (SELECT CASE count(DISTINCT cost_source) WHEN 0 THEN '' WHEN 1 THEN max(cost_source) ELSE 'several' END
                 FROM attempts WHERE run = id AND cost_usd > 0),
  profile = coalesce((SELECT profile FROM attempts WHERE run = id AND {AT_THE_TASK}
                      ORDER BY number DESC LIMIT 1), profile)
  WHERE id = ?"""  # noqa: S608 - words of ours
_CAUSE = f"""coalesce((SELECT verdict FROM attempts WHERE run = id AND {AT_THE_TASK}
  AND verdict NOT IN ('ok', '{UNFINISHED}') ORDER BY number DESC LIMIT 1), '')"""  # noqa: S608 - words of ours
# The last moment known of a run that goes on: its end, or what was noted before it was killed.
_LAST = """coalesce(runs.ended, max(runs.started,
  ifnull((SELECT max(max(started, ifnull(ended, 0))) FROM attempts WHERE run = runs.id), 0),
  ifnull((SELECT max(at) FROM steps WHERE run = runs.id), 0),
  ifnull((SELECT max(at) FROM verifications WHERE run = runs.id), 0)))"""
_PUT = (
    f"INSERT INTO attempts (run, number, started, ended, words, {', '.join(COLUMNS)}) "  # noqa: S608
    f"VALUES (?, ?, ?, ?, ?, {', '.join('?' * len(COLUMNS))}) ON CONFLICT (run, number) DO UPDATE SET "
    f"ended = coalesce(ended, excluded.ended), words = excluded.words, "
    f"{', '.join(f'{name} = excluded.{name}' for name in COLUMNS)}"
)


@mutable
class SqliteRunLedger:
    """The rows of the run *run* on *thread*, in the state folder *state*; `clock` tells seconds since 1970.

    Each call is one transaction, and may be made again after a crash: nothing is then there twice.
    """

    state: Path
    run: str
    thread: str
    clock: Callable[[], float]
    seal: Seal
    confidential: Confidential = NO_CONFIDENTIAL
    _put: dict[int, Receipt] = field(default_factory=dict, init=False)
    _said: dict[int, Mapping[str, Any]] = field(default_factory=dict, init=False)
    _next: int | None = field(default=None, init=False)
    _open: sqlite3.Connection | None = field(default=None, init=False)

    def begun(self, task: Task, workspace: str, *, policy: str, keep_days: float) -> None:
        """Note that the run begins, or goes on; take out what began *keep_days* ago. *policy* is a digest."""
        now = self.clock()
        with self._writing() as database:
            expire(database, now, keep_days)
            row = (self.run, now, day_of(now), UNFINISHED, self.thread, workspace)
            database.execute(
                "INSERT INTO runs (id, kind, started, day, verdict, thread, workspace) VALUES (?, 'run', ?, ?, ?, ?, ?)"  # noqa: S608
                " ON CONFLICT (id) DO UPDATE SET ended = NULL, verdict = excluded.verdict, cause = '', "
                f"paused_s = paused_s + max(0, ? - {_LAST})",
                (*row, now),
            )
            details = (self.run, policy, __version__, json.dumps(task_figures(task)))
            database.execute("INSERT OR IGNORE INTO details VALUES (?, ?, ?, ?, '{}', '{}', NULL)", details)
        self._hold_open()

    def routed(self, decision: Decision) -> None:
        """Note the route, and the evidence as figures."""
        said = decided_row(decision)
        with self._writing() as database:
            database.execute(
                "UPDATE runs SET profile = ?, tier = ?, rule = ? WHERE id = ?",
                (said.profile, said.tier, said.rule, self.run),
            )
            database.execute(
                "UPDATE details SET evidence = ?, estimate = ?, policy = ? WHERE run = ?",
                (said.evidence, said.estimate, decision.policy, self.run),
            )

    def asks(self, *, profile: str, model: str, provider: str, step: str, tier: str = "", task_size: str = "") -> int:
        """Note that a model is about to be asked, and return the number of its row."""
        with self._writing() as database:
            number = self._number(database)
            database.execute(
                "INSERT OR IGNORE INTO attempts (run, number, started, profile, model_asked, provider, runner, step, "
                "verdict, tier, size) VALUES (?, ?, ?, ?, ?, ?, '', ?, ?, ?, ?)",
                (self.run, number, self.clock(), profile, model, provider, step, UNFINISHED, tier, task_size),
            )
            database.execute(_TOTALS, (self.run,))
        self._next = number + 1
        return number

    def ends(self, number: int, receipt: Receipt) -> None:
        """Note how what `asks` gave *number* ended."""
        with self._writing() as database:
            self._write(database, number, receipt)
            database.execute(_TOTALS, (self.run,))

    def stopped(self, number: int, receipt: Receipt) -> None:
        """Note what *number* has taken so far; it has not ended, and may go on in another process."""
        taken = (receipt.tokens_in, receipt.tokens_out, receipt.cost_usd, self.run, number)
        with self._writing() as database:
            database.execute(
                "UPDATE attempts SET tokens_in = ?, tokens_out = ?, cost_usd = ? WHERE run = ? AND number = ?", taken
            )
            database.execute(_TOTALS, (self.run,))

    def answered(self, receipts: Sequence[Receipt]) -> None:
        """Note *receipts*, all of the run so far in order: what was asked and has none is taken out."""
        fresh = [(number, one) for number, one in enumerate(receipts) if self._put.get(number) != one]
        if not fresh and self._next == len(receipts):
            return
        with self._writing() as database:
            for number, receipt in fresh:
                self._write(database, number, receipt)
            database.execute("DELETE FROM attempts WHERE run = ? AND number >= ?", (self.run, len(receipts)))
            database.execute(_TOTALS, (self.run,))
        self._next = len(receipts)

    def stepped(self, steps: Sequence[TakenStep], *, after: int) -> None:
        """Note the last of *steps*, all steps of the run so far. *after* is the number of receipts before it."""
        number, taken = len(steps) - 1, steps[-1]
        words = self.seal.sealed(masked_json({"reason": taken.reason}, self.confidential), f"{self.run} step {number}")
        row = (
            self.run,
            number,
            after,
            self.clock(),
            taken.step,
            taken.cause,
            taken.profile or "",
            taken.action,
            taken.wait_s,
        )
        with self._writing() as database:
            database.execute("INSERT OR REPLACE INTO steps VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", (*row, words))
            if taken.profile is not None:
                database.execute("UPDATE runs SET tier = ? WHERE id = ?", (taken.tier or "", self.run))

    def verified(self, found: Verified, *, after: int, stage: Stage = "after") -> None:
        """Note what was *found* by looking at the work, or before there was any. *after*: the receipts before it."""
        said = masked_json(verified_json(found) | {"absent": list(found.absent)}, self.confidential)
        check = found.check
        row = (
            self.run,
            after,
            stage,
            self.clock(),
            len(found.files_changed),
            found.lines_added,
            found.lines_removed,
            len(found.unverified),
            len(found.absent),
            None if check is None or check.inconclusive else int(check.passed),
            None if check is None else check.exit_code,
            None if check is None else check.seconds,
            self.seal.sealed(said, f"{self.run} {sealed_for(stage, after)}"),
        )
        with self._writing() as database:
            marks = ", ".join("?" * len(row))
            database.execute(f"INSERT OR REPLACE INTO verifications VALUES ({marks})", row)  # noqa: S608

    def receipts(self) -> list[dict[str, Any]]:
        """Return the receipts of the run as `run --json` prints them, with their moments."""
        with reading(self.state / LEDGER_FILE, make_ready) as database:
            database.row_factory = sqlite3.Row
            rows = database.execute("SELECT * FROM attempts WHERE run = ? ORDER BY number", (self.run,)).fetchall()
        return [receipt_of_row(dict(row), self._words(row)) | moments(row["started"], row["ended"]) for row in rows]

    def lasted_s(self) -> float:
        """Return the seconds since the run began, without its pauses. Screen and ledger both tell this figure."""
        said = "SELECT started + paused_s FROM runs WHERE id = ?"
        with reading(self.state / LEDGER_FILE, make_ready) as database:
            [started] = database.execute(said, (self.run,)).fetchone()
        return max(0.0, self.clock() - float(started))

    def ended(
        self,
        verdict: LedgerVerdict,
        saved: Saving = NOT_WELL,
        undo: Undo | None = None,
        cause: str = "",
        words: Mapping[str, Any] | None = None,
        *,
        seconds: float | None = None,
    ) -> None:
        """Note that the run has ended, with its *verdict*, what it *saved*, and what takes it back.

        Without a *cause* it is that of the last attempt that failed. *words* say why it was refused, or what kept a
        private task here, and what would unblock it. *seconds* is what its result says that it
        took; None: it ends now.
        """
        why = "''" if verdict in WELL else f"coalesce(nullif(?, ''), {_CAUSE})"
        with self._writing() as database:
            database.execute(_TOTALS, (self.run,))
            database.execute(
                "UPDATE runs SET verdict = ?, ended = coalesce(started + paused_s + ?, ?), saved_usd = ?, "  # noqa: S608
                f"if_burst_usd = ?, saved_by = ?, cause = {why} WHERE id = ?",
                (
                    verdict,
                    seconds,
                    self.clock(),
                    saved.usd,
                    saved.if_burst_usd,
                    saved.source or saved.why,
                    *(() if verdict in WELL else (cause,)),
                    self.run,
                ),
            )
            sealed = self.seal.sealed(masked_json(words or {}, self.confidential), f"{self.run} {REFUSED_STAGE}")
            database.execute("UPDATE details SET words = ? WHERE run = ?", (sealed, self.run))
            if undo is not None:
                put_undo(database, self.run, undo, self.seal)

    def called_wrongly(self) -> None:
        """Note that the run ends because it was called wrongly. Where no model was asked, it is not a run."""
        self.ended("error")
        with self._writing() as database:
            forget(database, self.run)

    def close(self) -> None:
        """Let the file go."""
        if self._open is not None:
            self._open.close()
            self._open = None

    def _hold_open(self) -> None:
        """Keep the file open as long as the run lasts. Whoever closes it last writes all of it anew."""
        if self._open is None:
            self._open = sqlite3.connect(self.state / LEDGER_FILE, timeout=BUSY_S, check_same_thread=False)
            self._open.execute("SELECT count(*) FROM runs").fetchall()

    def _words(self, row: sqlite3.Row) -> Mapping[str, Any] | None:
        said = self._said.get(row["number"])
        return self.seal.opened(row["words"], f"{self.run} {row['number']}") if said is None else said

    def _number(self, database: sqlite3.Connection) -> int:
        if self._next is None:
            ended = "SELECT count(*) FROM attempts WHERE run = ? AND ended IS NOT NULL"
            self._next = int(database.execute(ended, (self.run,)).fetchone()[0])
        return self._next

    def _write(self, database: sqlite3.Connection, number: int, receipt: Receipt) -> None:
        values, words = columns_of(receipt, self.confidential)
        now = self.clock()
        sealed = self.seal.sealed(words, f"{self.run} {number}")
        database.execute(_PUT, (self.run, number, now - receipt.seconds, now, sealed, *values))
        self._put[number], self._said[number] = receipt, words

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """Open the ledger for one transaction. Raises StateError, which says how the run goes on."""
        try:
            with transaction(self.state / LEDGER_FILE, make_ready) as database:
                yield database
        except StateError as error:
            raise StateError(f"{error}; {go_on(self.thread)}") from None
