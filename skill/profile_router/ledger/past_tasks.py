"""Read tasks back as figures, to decide them again: the newest first, none of their words."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from profile_router.core.ladder.run_kinds import UNFINISHED
from profile_router.core.operating.replay import PastTask
from profile_router.core.telling.figures import Figures
from profile_router.ledger.listed import AT_THE_TASK
from profile_router.ledger.schema import LEDGER_FILE
from profile_router.ledger.sound import reading_sound
from profile_router.ledger.words import Seal
from profile_router.outside.json_reader import UnreadableJson, read_json

_TASKS = f"""SELECT id, profile, tier, rule, verdict, cost_usd, task, evidence,
  (SELECT tokens_in || ' ' || tokens_out || ' ' || tokens_cached FROM attempts WHERE run = id AND turns > 0
    AND {AT_THE_TASK} ORDER BY number DESC LIMIT 1),
  (SELECT group_concat(attempts.verdict) FROM attempts WHERE run = id AND attempts.tier = 'local'
    AND {AT_THE_TASK}),
  (SELECT total(seconds) FROM attempts WHERE run = id AND attempts.tier = 'local' AND {AT_THE_TASK}),
  (SELECT turns FROM attempts WHERE run = id AND attempts.tier = 'local' AND {AT_THE_TASK}
    ORDER BY number LIMIT 1)
  FROM runs JOIN details ON run = id WHERE kind = 'run' AND started >= ? AND verdict <> '{UNFINISHED}'
  ORDER BY started DESC LIMIT ?"""  # noqa: S608 - words of ours

_SCORED = f"""SELECT run, number, words FROM runs JOIN attempts ON run = id WHERE kind = 'run' AND runs.started >= ?
  AND attempts.tier = 'local' AND {AT_THE_TASK} AND words IS NOT NULL
  ORDER BY runs.started DESC, number LIMIT ?"""  # noqa: S608
EarlySigns = Mapping[str, float]  # the points of each sign of an attempt that gets nowhere


class _TaskRow(NamedTuple):
    """A row of `_TASKS`. The last three are of its local attempts: their verdicts, their seconds, the first's turns."""

    run: str
    profile: str
    tier: str
    rule: str
    verdict: str
    usd: float
    task: str
    evidence: str
    tokens: str | None
    ends: str | None
    seconds: float
    turns: int | None


def past_tasks(state: Path, since: float, most: int) -> list[PastTask]:
    """Return the newest tasks that came to an end and began at the moment *since* or later, at most *most*.

    What of a row cannot be read is empty there. Raises StateError.
    """
    if not (state / LEDGER_FILE).exists():
        return []
    with reading_sound(state, "runs", "details", "attempts") as database:
        rows = database.execute(_TASKS, (since, most)).fetchall()
    return [_task(_TaskRow(*row)) for row in rows]


def early_scores(state: Path, since: float, most: int, seal: Seal) -> dict[str, EarlySigns]:
    """Return the last score of each task's first local attempt, by the id of its run.

    Tasks without such a score are left out. Scores are kept encrypted: without the key none is returned. Only the
    newest *most* attempts are looked at. Raises StateError.
    """
    if not (state / LEDGER_FILE).exists():
        return {}
    with reading_sound(state, "runs", "attempts") as database:
        rows = database.execute(_SCORED, (since, most)).fetchall()
    found: dict[str, EarlySigns] = {}
    for run, number, words in rows:
        early = (seal.opened(words, f"{run} {number}") or {}).get("early")
        if run not in found and isinstance(early, dict):
            with suppress(KeyError, TypeError, ValueError, AttributeError):
                found[run] = {str(term["sign"]): float(term["points"]) for term in early["terms"]}
    return found


def _task(row: _TaskRow) -> PastTask:
    sent, got, cached = _counts(row.tokens)
    return PastTask(
        id=row.run,
        profile=row.profile,
        tier=row.tier,
        rule=row.rule,
        verdict=row.verdict,
        cost_usd=row.usd,
        task=_figures(row.task),
        evidence=_figures(row.evidence),
        tokens_in=sent,
        tokens_out=got,
        tokens_cached=cached,
        local_ends=tuple((row.ends or "").split(",")) if row.ends else (),
        local_s=row.seconds or 0.0,
        local_turns=row.turns or 0,
    )


def _counts(tokens: str | None) -> tuple[int, int, int]:
    try:
        sent, got, cached = (max(int(one), 0) for one in (tokens or "0 0 0").split())
    except ValueError:  # written by another hand
        return 0, 0, 0
    return sent, got, cached


def _figures(text: str) -> Figures:
    try:
        found = read_json(text)
    except UnreadableJson:
        return {}
    return found if isinstance(found, dict) else {}
