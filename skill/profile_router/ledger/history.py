"""Read the ledger: the newest runs, runs by what they have in common, and the whole story of one."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Any

from profile_router.core.ladder.account import (
    AttemptRow,
    CheckRow,
    DaySpent,
    Grouping,
    RunGroup,
    RunRow,
    StepRow,
    Story,
)
from profile_router.core.telling.ways_out import RUNS_ARE_LISTED
from profile_router.core.text import USD_DIGITS, shown
from profile_router.errors import UsageError
from profile_router.ledger.schema import LEDGER_FILE
from profile_router.ledger.sound import sound_rows, sound_sums
from profile_router.ledger.totals import NOT_BY_PROVIDERS, UNDOS_OF_THREAD, standing_undos
from profile_router.ledger.words import REFUSED_STAGE, Seal, sealed_for
from profile_router.outside.json_reader import UnreadableJson, read_json
from profile_router.values import frozen

_RUN = ", ".join(RunRow.__dataclass_fields__)
_COLUMN_OF: Mapping[Grouping, str] = {
    "day": "day", "profile": "profile", "tier": "tier", "verdict": "verdict", "repository": "workspace"
}  # fmt: skip
_USD = f"round(sum(cost_usd), {USD_DIGITS}), {NOT_BY_PROVIDERS}, coalesce(sum(saved_usd), 0)"
_SUMS = f"count(*), sum(tokens_in), sum(tokens_out), {_USD}, max(started)"
_LISTED = 5  # runs that an ambiguous id names


@frozen
class SqliteHistory:
    """The ledger in the state folder *state*, to be read. `seal` opens the words of a story. All raise StateError."""

    state: Path
    seal: Seal = field(default_factory=lambda: Seal(None))

    def runs(self, limit: int, *, routes: bool = False) -> list[RunRow]:
        """Return the *limit* newest runs, the newest first; *routes*: and what `route` answered."""
        more = ", 'route'" if routes else ""
        where = f"WHERE +kind IN ('run', 'undo'{more})"  # a column with + has no index: they are read by moment
        said = f"SELECT {_RUN} FROM runs {where} ORDER BY started DESC, id LIMIT ?"  # noqa: S608 - words of ours
        return [_run(row) for row in self._whole("runs", said, limit)]

    def grouped(self, by: Grouping, limit: int) -> list[RunGroup]:
        """Return all runs by what they have in common, at most *limit* groups: the one with the newest run first."""
        column = _COLUMN_OF[by]
        found: dict[str, list[tuple[Any, ...]]] = {}
        places = "1" if column == "verdict" else "1, 2"  # by one column twice SQLite would sort
        ordered = f"FROM runs INDEXED BY runs_by_{column} WHERE kind = 'run' GROUP BY {places}"
        said = f"SELECT {column}, verdict, {_SUMS} {ordered}"
        for name, *rest in self._rows(said):
            found.setdefault(str(name), []).append(tuple(rest))
        newest = sorted(found.items(), key=lambda one: max(row[-1] for row in one[1]), reverse=True)
        return [_group(name, rows) for name, rows in newest[:limit]]

    def find(self, wanted: str) -> RunRow:
        """Return the run whose id begins with *wanted*, else the answer of `route`, else the child of Hermes' own.

        Where there is none it is the newest run of the thread of that name.

        Raises UsageError for none, or several.
        """
        like = wanted.lower()
        known = like and all(char in "0123456789abcdef" for char in like)
        found: list[sqlite3.Row] = []
        for kind in ("run", "undo", "route", "observed") if known else ():
            by_id = f"SELECT {_RUN} FROM runs WHERE +kind = ? AND id >= ? AND id < ? ORDER BY +started DESC LIMIT ?"  # noqa: S608
            found = found or self._whole("runs", by_id, kind, like, f"{like}g", _LISTED + 1)
        if not found and wanted:
            newest = "ORDER BY kind = 'route', started DESC LIMIT 1"
            named = f"SELECT {_RUN} FROM runs WHERE thread = ? AND kind <> 'undo' {newest}"  # noqa: S608
            found = self._whole("runs", named, wanted)
        if len(found) > 1:
            listed = ", ".join(str(row["id"]) for row in found[:_LISTED])
            more = " and more" if len(found) > _LISTED else ""
            raise UsageError(f"several runs begin with {shown(wanted, 40)}: {listed}{more}; give more of the id")
        if not found:
            raise UsageError(f"the ledger has no run {shown(wanted, 40)}; {RUNS_ARE_LISTED}")
        return _run(found[0])

    def story(self, wanted: str) -> Story:
        """Return all that is known of the run *wanted*, as `find` takes it. Raises UsageError."""
        run = self.find(wanted)
        details = self._whole("details", "SELECT * FROM details WHERE run = ?", run.id)
        told: Mapping[str, Any] = dict(details[0]) if details else dict.fromkeys(("policy", "program"), "")
        spent = self._rows(
            "SELECT coalesce(sum(spent), 0), coalesce(sum(reserved * (spent IS NULL)), 0) FROM reservations "
            "JOIN spending ON id = spending WHERE instr(name, ?) = 1",
            f"{run.id}/",
        )
        return Story(
            run=run,
            policy=told["policy"],
            program=told["program"],
            task=_figures(details, "task"),
            evidence=_figures(details, "evidence"),
            estimate=_figures(details, "estimate"),
            refused=self.seal.opened(told.get("words"), f"{run.id} {REFUSED_STAGE}") or {},
            attempts=tuple(self._attempt(row) for row in self._of("attempts", "number", run)),
            steps=tuple(self._step(row) for row in self._of("steps", "number", run)),
            checks=tuple(self._check(row) for row in self._of("verifications", "after, stage DESC", run)),
            paid=round(spent[0][0], USD_DIGITS),
            reserved=round(spent[0][1], USD_DIGITS),
            undone_by=self.undone_by(run.id, run.thread),
        )

    def undone_by(self, run: str, thread: str) -> str:
        """Return the id of the undo that took *run* of *thread* back, and was not undone itself; empty without one."""
        return self._undos(thread).get(run, "")

    def undone_runs(self, thread: str) -> frozenset[str]:
        """Return the ids of the runs of *thread* that an undo took back, and was not undone itself."""
        return frozenset(self._undos(thread))

    def _undos(self, thread: str) -> dict[str, str]:
        """Return the id of the undo that stands, by what it took back."""
        return standing_undos(self._whole("runs", UNDOS_OF_THREAD, thread))

    def by_thread(self) -> Mapping[str, tuple[int, float, bool]]:
        """Return how many runs each thread had, what they cost in USD, and whether all of that is exact."""
        rows = self._rows(
            f"SELECT thread, count(*), round(sum(cost_usd), {USD_DIGITS}), {NOT_BY_PROVIDERS} "  # noqa: S608
            "FROM runs INDEXED BY runs_by_thread WHERE kind = 'run' GROUP BY 1"
        )
        return {str(thread): (int(runs), float(usd), not ours) for thread, runs, usd, ours in rows}

    def spent_on(self, day: str) -> DaySpent:
        """Return what *day* (UTC, `YYYY-MM-DD`) has cost so far."""
        rows = self._rows(
            "SELECT profile, coalesce(sum(spent), 0), coalesce(sum(reserved * (spent IS NULL)), 0) "
            "FROM spending WHERE day = ? GROUP BY profile ORDER BY 2 DESC",
            day,
        )
        return DaySpent(
            day=day,
            spent_usd=round(sum(row[1] for row in rows), USD_DIGITS),
            reserved_usd=round(sum(row[2] for row in rows), USD_DIGITS),
            profiles={str(profile): round(spent, USD_DIGITS) for profile, spent, _ in rows},
        )

    def _of(self, table: str, order: str, run: RunRow) -> list[sqlite3.Row]:
        return self._whole(table, f"SELECT * FROM {table} WHERE run = ? ORDER BY {order}", run.id)  # noqa: S608

    def _whole(self, table: str, said: str, *values: object) -> list[sqlite3.Row]:
        """Return rows of *table* as they stand there; where one is damaged, as `_rows` repairs them."""
        if not (self.state / LEDGER_FILE).exists():
            return []
        rows = sound_rows(self.state, table, said, values)
        return self._rows(said, *values) if rows is None else rows

    def _rows(self, said: str, *values: object) -> list[sqlite3.Row]:
        if not (self.state / LEDGER_FILE).exists():
            return []
        return sound_sums(self.state, said, values)

    def _words(self, row: sqlite3.Row, of: str) -> dict[str, Any] | None:
        return self.seal.opened(row["words"], f"{row['run']} {of}")

    def _attempt(self, row: sqlite3.Row) -> AttemptRow:
        from profile_router.ledger.receipts import receipt_of_row  # `history` lists runs without it

        receipt = receipt_of_row(dict(row), self._words(row, str(row["number"])))
        return AttemptRow(number=row["number"], started=row["started"], ended=row["ended"], receipt=receipt)

    def _step(self, row: sqlite3.Row) -> StepRow:
        plain = {name: row[name] for name in StepRow.__dataclass_fields__ if name != "reason"}
        words = self._words(row, f"step {row['number']}")
        return StepRow(**plain, reason=words["reason"] if words else None)

    def _check(self, row: sqlite3.Row) -> CheckRow:
        plain = {name: row[name] for name in CheckRow.__dataclass_fields__ if name != "words"}
        plain["passed"] = None if row["passed"] is None else bool(row["passed"])
        return CheckRow(**plain, words=self._words(row, sealed_for(row["stage"], row["after"])))


def _run(row: sqlite3.Row) -> RunRow:
    return RunRow(**{name: row[name] for name in RunRow.__dataclass_fields__})


def _figures(details: list[sqlite3.Row], name: str) -> dict[str, Any]:
    try:
        found = read_json(details[0][name]) if details else {}
    except UnreadableJson:
        return {}
    return found if isinstance(found, dict) else {}


def _group(name: str, rows: list[tuple[Any, ...]]) -> RunGroup:
    return RunGroup(
        name=name,
        runs=sum(row[1] for row in rows),
        verdicts={str(row[0]): int(row[1]) for row in rows},
        tokens_in=sum(row[2] for row in rows),
        tokens_out=sum(row[3] for row in rows),
        cost_usd=round(sum(row[4] for row in rows), USD_DIGITS),
        exact=not any(row[5] for row in rows),
        saved_usd=round(sum(row[6] for row in rows), USD_DIGITS),
    )
