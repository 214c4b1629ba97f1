"""Note in the ledger what Hermes delegated by itself: where we would have sent it, and what it cost."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from profile_router.core.ladder.observed import ObservedCalls, ObservedChild, ObservedGroup
from profile_router.core.profile import address
from profile_router.core.routing.rate import Rate
from profile_router.core.text import USD_DIGITS
from profile_router.errors import UsageError
from profile_router.ledger.schema import LEDGER_FILE, make_ready
from profile_router.ledger.sound import reading_sound
from profile_router.state.database import transaction

_ENDS = {"completed": "ok", "interrupted": "interrupted"}  # Hermes' word, ours; any other is a failure
_HERMES = "hermes"  # stands where a profile would: the child had none
_COLUMNS = (
    "run, number, started, ended, profile, model_asked, provider, host, runner, step, tokens_in, tokens_out, "
    "tokens_cached, tokens_source, cost_usd, cost_source, seconds, turns, outcome, verdict"
)
_GROUPS = (
    "SELECT profile, max(tier), count(*), count(ended), "
    "total(iif(ended IS NOT NULL AND json_valid(estimate), json_extract(estimate, '$.usd'), 0)), "
    "coalesce(sum(cost_usd), 0), coalesce(sum(tokens_in), 0), coalesce(sum(tokens_out), 0) "
    "FROM runs JOIN details ON run = id WHERE kind = 'observed' AND started >= ? GROUP BY profile ORDER BY 3 DESC, 1"
)


def note_ended(state: Path, child: ObservedChild, priced: Sequence[tuple[ObservedCalls, Rate]], *, now: float) -> None:
    """Write down how *child* ended at the moment *now*, and what each of its calls cost. A second time changes nothing.

    Raises UsageError for one whose start is not in the ledger, and StateError.
    """
    verdict = _ENDS.get(child.status, "failed")
    with transaction(state / LEDGER_FILE, make_ready) as database:
        found = database.execute(
            "SELECT started, ended FROM runs WHERE id = ? AND kind = 'observed'", (child.id,)
        ).fetchone()
        if found is None:
            raise UsageError(f"the ledger has no observed child {child.id[:40]}; its start was not noted, or is gone")
        if found[1] is not None:
            return
        for number, (calls, rate) in enumerate(priced):
            cost = rate.cost(calls.tokens_in, calls.tokens_out, calls.tokens_cached)
            row = (
                *(child.id, number, found[0], now, _HERMES, calls.model, calls.provider, address(calls.base_url)),
                *(_HERMES, "observed", calls.tokens_in, calls.tokens_out, calls.tokens_cached, "provider"),
                *(cost, rate.named, child.seconds, calls.turns, "ok" if verdict == "ok" else "failed", verdict),
            )
            marks = ", ".join("?" * len(row))
            database.execute(f"INSERT INTO attempts ({_COLUMNS}) VALUES ({marks})", row)  # noqa: S608 - words of ours
        database.execute(
            "UPDATE runs SET ended = ?, verdict = ?, attempts = ?, "  # noqa: S608 - words of ours
            "tokens_in = (SELECT coalesce(sum(tokens_in), 0) FROM attempts WHERE run = id), "
            "tokens_out = (SELECT coalesce(sum(tokens_out), 0) FROM attempts WHERE run = id), "
            f"cost_usd = (SELECT round(coalesce(sum(cost_usd), 0), {USD_DIGITS}) FROM attempts WHERE run = id) "
            "WHERE id = ?",
            (now, "unverified" if verdict == "ok" else verdict, len(priced), child.id),
        )


def observed_since(state: Path, moment: float) -> list[ObservedGroup]:
    """Return the children since *moment*, in seconds since 1970, by where they would have gone. Raises StateError."""
    if not (state / LEDGER_FILE).exists():
        return []
    with reading_sound(state, "runs", "details", "attempts") as database:
        rows = database.execute(_GROUPS, (moment,)).fetchall()
    return [
        ObservedGroup(
            profile=profile, tier=tier, children=children, ended=ended, expected_usd=round(expected, USD_DIGITS),
            paid_usd=round(paid, USD_DIGITS), tokens_in=sent, tokens_out=got,
        )
        for profile, tier, children, ended, expected, paid, sent, got in rows
    ]  # fmt: skip
