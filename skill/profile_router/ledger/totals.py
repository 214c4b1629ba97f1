"""Add up the runs of a span of time, in SQL: a report must answer at once over many runs.

Nothing of what is read here is a word of a task, a folder or a thread.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from profile_router.core.ladder.run_kinds import UNFINISHED
from profile_router.core.operating.totals import (
    NO_CHOICE,
    SMALL_EDIT_LINES,
    Compared,
    DaySum,
    Latency,
    MisrouteKind,
    Misroutes,
    Notable,
    RunPart,
    StepSum,
    Totals,
)
from profile_router.core.telling.verdict import WELL
from profile_router.core.text import MOST_USD, USD_DIGITS
from profile_router.ledger.listed import AT_THE_TASK, sql_list
from profile_router.ledger.schema import LEDGER_FILE
from profile_router.ledger.sound import reading_sound

_MOST = 5  # runs of one list that are named
NOT_BY_PROVIDERS = "max(cost_usd > 0 AND cost_source <> 'provider')"  # not all of it is what providers say
# The runs that are looked at, read once. All else is added up from what is held of them in memory.
# How soon one was refused says nothing of work.
# A sum of money that no run can cost was written by another hand, and counts as none.
_CHOSEN = f"""CREATE TEMP TABLE these AS SELECT id, started,
  iif(verdict IN ('refused', 'unapproved'), NULL, ended - started - paused_s) AS took, day, verdict, cause, profile,
  tier, rule, attempts, iif(abs(cost_usd) <= {MOST_USD}, cost_usd + 0.0, 0.0) AS cost_usd, cost_source,
  iif(abs(if_burst_usd) <= {MOST_USD}, if_burst_usd + 0.0, NULL) AS if_burst_usd, saved_by,
  verdict IN {sql_list(WELL)} AS well FROM runs WHERE kind = 'run' AND started >= ?"""  # noqa: S608 - words of ours, here and below
_PARTS = f"SELECT tier, rule, verdict, count(*), sum(cost_usd), {NOT_BY_PROVIDERS} FROM these GROUP BY 1, 2, 3"  # noqa: S608
_DAYS = "SELECT day, count(*), sum(cost_usd), total(if_burst_usd) FROM these GROUP BY 1 ORDER BY 1"
_UNKNOWN = "SELECT saved_by, count(*) FROM these WHERE if_burst_usd IS NULL AND well GROUP BY 1 ORDER BY 2 DESC"
_KNOWN = "SELECT count(*), total(cost_usd), total(if_burst_usd) FROM these WHERE if_burst_usd IS NOT NULL"
# Always-local would also have done what ended well at the local tier. What that tier lost may have ended elsewhere.
_LOCAL = f"""SELECT total(well AND tier = 'local'), total(NOT well AND tier = 'local' AND verdict <> '{UNFINISHED}') +
  total(tier <> 'local' AND these.attempts > 1 AND EXISTS (SELECT 1 FROM attempts WHERE run = id
    AND attempts.tier = 'local' AND {AT_THE_TASK})) FROM these WHERE these.attempts > 0"""  # noqa: S608
_TIERS = """SELECT tier, count(*) FROM these WHERE took IS NOT NULL AND attempts > 0 GROUP BY 1 ORDER BY 2 DESC"""
_PLACED = """SELECT took FROM these WHERE took IS NOT NULL AND attempts > 0 AND tier = ? ORDER BY 1 LIMIT 1 OFFSET ?"""
_STEPS = """SELECT steps.step, steps.cause, count(*), count(DISTINCT run), count(DISTINCT CASE WHEN well
  THEN run END) FROM these JOIN steps ON run = id WHERE steps.step <> 'stop'
  GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2"""
_CAUSES = "SELECT cause, count(*) FROM these WHERE cause <> '' AND NOT well GROUP BY 1 ORDER BY 2 DESC, 1"
_UNDOS = "SELECT id, rule FROM runs WHERE {} kind = 'undo' AND verdict = 'undone' ORDER BY started DESC, id DESC"
UNDOS, UNDOS_OF_THREAD = _UNDOS.format(""), _UNDOS.format("thread = ? AND")  # for `standing_undos`
_UNCHECKED = """SELECT count(*) FROM these WHERE verdict = 'unverified' AND NOT EXISTS (SELECT 1 FROM verifications
  WHERE run = id AND stage = 'after' AND passed IS NOT NULL)"""
_NOTABLE = "id, profile, rule, verdict, took, cost_usd, cost_source"
_SLOWEST = f"SELECT {_NOTABLE}, 0 FROM these WHERE took IS NOT NULL ORDER BY took DESC, id LIMIT {_MOST}"  # noqa: S608
_MOST_EXPENSIVE = f"SELECT {_NOTABLE}, 0 FROM these WHERE cost_usd > 0 ORDER BY cost_usd DESC, id LIMIT {_MOST}"  # noqa: S608
# What the last look at the work of a run found. A run that one tier did alone was its route's own doing.
_EDITED = f"""FROM these JOIN verifications AS seen ON seen.run = id AND stage = 'after' AND seen.after =
  (SELECT max(after) FROM verifications WHERE run = id AND stage = 'after')
  WHERE tier = ? AND rule NOT IN {sql_list(NO_CHOICE)} AND verdict <> '{UNFINISHED}'
  AND NOT EXISTS (SELECT 1 FROM steps WHERE steps.run = id AND steps.profile <> '')
  AND seen.files_changed > 0 AND seen.lines_added + seen.lines_removed"""  # noqa: S608
_LINES = "seen.lines_added + seen.lines_removed"


def standing_undos(newest_first: Iterable[Sequence[Any]]) -> dict[str, str]:
    """Return the id of the undo that stands, by what it took back. Each row has an undo and what it took back."""
    stands: dict[str, str] = {}
    for undo, undid, *_ in newest_first:
        if str(undo) not in stands:  # what was taken back later is not there any more
            stands.setdefault(str(undid), str(undo))  # of two the later one tells of the earlier
    return stands


def totals_since(state: Path, since: float, *, many_lines: int) -> Totals:
    """Return the totals of the runs that began at the moment *since* or later, seconds since 1970.

    A local run that edited more than *many_lines* counts as a misroute. Raises StateError.
    """
    if not (state / LEDGER_FILE).exists():
        return Totals(since=since, compared=Compared(unknown={}), causes={})
    with reading_sound(state, "runs", "attempts", "steps", "verifications") as database:
        return _Adding(database, since).totals(many_lines)


class _Adding:
    """One state of the ledger that is added up."""

    def __init__(self, database: sqlite3.Connection, since: float) -> None:
        self._database = database
        self._since = since
        database.execute("PRAGMA temp_store = MEMORY")
        database.execute(_CHOSEN, (since,))

    def totals(self, many_lines: int) -> Totals:
        """Return all of it."""
        return Totals(
            since=self._since,
            parts=tuple(self._parts()),
            days=tuple(DaySum(day=day, runs=n, cost_usd=usd, if_burst_usd=burst) for day, n, usd, burst in self(_DAYS)),
            compared=self._compared(),
            latencies=tuple(self._latencies()),
            steps=tuple(StepSum(step=a, cause=b, times=c, runs=d, well=e) for a, b, c, d, e in self(_STEPS)),
            causes=self._counts(_CAUSES),
            misroutes=(
                self._misroutes("local-large", "local", f"> {int(many_lines)}"),
                self._misroutes("burst-small", "burst", f"BETWEEN 1 AND {SMALL_EDIT_LINES}"),
            ),
            slowest=self._notable(_SLOWEST),
            most_expensive=self._notable(_MOST_EXPENSIVE),
            undone=self._undone(),
            unchecked=int(self(_UNCHECKED)[0][0]),
        )

    def __call__(self, said: str, *more: object) -> Sequence[Any]:
        return self._database.execute(said, more).fetchall()

    def _parts(self) -> Iterator[RunPart]:
        for tier, rule, verdict, runs, usd, ours in self(_PARTS):
            yield RunPart(tier=tier, rule=rule, verdict=verdict, runs=runs, cost_usd=usd, exact=not ours)

    def _latencies(self) -> Iterator[Latency]:
        for tier, runs in self(_TIERS):
            middle, ninth = (self(_PLACED, tier, place)[0][0] for place in ((runs - 1) // 2, (runs * 9 - 1) // 10))
            yield Latency(tier=tier or "none", runs=runs, middle_s=middle, ninth_s=ninth)

    def _counts(self, said: str) -> Mapping[str, int]:
        return {str(name): int(count) for name, count in self(said)}

    def _undone(self) -> int:
        """Return how many runs are taken back now. An undo that was undone itself does not count."""
        taken_back = standing_undos(self(UNDOS))
        return sum(run in taken_back for (run,) in self("SELECT id FROM these")) if taken_back else 0

    def _compared(self) -> Compared:
        known, spent, burst = self(_KNOWN)[0]
        alone, failed = self(_LOCAL)[0]
        return Compared(
            known=known,
            spent_usd=round(spent, USD_DIGITS),
            if_burst_usd=round(burst, USD_DIGITS),
            unknown=self._counts(_UNKNOWN),
            by_local=int(alone),
            local_failed=int(failed),
        )

    def _misroutes(self, kind: MisrouteKind, tier: str, lines: str) -> Misroutes:
        self._database.execute("DROP TABLE IF EXISTS found")
        self._database.execute(
            f"CREATE TEMP TABLE found AS SELECT these.*, {_LINES} AS lines {_EDITED} {lines}", (tier,)
        )
        by_rule = self("SELECT rule, count(*) FROM found GROUP BY 1 ORDER BY 2 DESC")
        newest = self._notable(f"SELECT {_NOTABLE}, lines FROM found ORDER BY started DESC LIMIT {_MOST}")  # noqa: S608
        return Misroutes(kind=kind, by_rule=dict(by_rule), newest=newest)

    def _notable(self, said: str, *more: object) -> Sequence[Notable]:
        return tuple(
            Notable(
                id=name,
                profile=profile,
                rule=rule,
                verdict=verdict,
                seconds=seconds,
                cost_usd=usd,
                exact=usd == 0 or source == "provider",
                lines=lines,
            )
            for name, profile, rule, verdict, seconds, usd, source, lines in self(said, *more)
        )
