"""What the newest attempts took: for the estimate of the next, and for what is usual in a repository."""

from __future__ import annotations

from pathlib import Path

from profile_router.core.policy import Tier
from profile_router.core.routing.loop import PastLoop
from profile_router.core.routing.task_size import TaskSize
from profile_router.errors import StateError
from profile_router.ledger.schema import LEDGER_FILE, make_ready
from profile_router.state.database import reading

_NEWEST = 400
# How an agent's loop ends by itself, or by a limit of ours. A loop that broke off tells nothing of its length.
_ENDED = "('ok', 'verification-failed', 'no-change', 'turn-limit', 'over-budget')"
_SAID = (
    "SELECT runner, tier, turns, tokens_in, tokens_out, tokens_cached, seconds FROM attempts "  # noqa: S608
    f"INDEXED BY attempts_by_size WHERE size = ? AND turns > 0 AND verdict IN {_ENDED} ORDER BY started DESC LIMIT ?"
)

_MOST = 1e9  # of any figure of one attempt

# Of a repository, among the newest runs of all: the query may not grow with the ledger.
_RUNS = 2_000
_USUAL = (
    "SELECT turns FROM attempts JOIN (SELECT id, workspace FROM runs WHERE kind = 'run' ORDER BY started DESC LIMIT ?) "
    "ON run = id WHERE workspace = ? AND tier = ? AND verdict = 'ok' AND turns > 0 ORDER BY started DESC LIMIT ?"
)


def turns_in(state: Path, workspace: str, tier: Tier) -> tuple[int, ...]:
    """Return how many turns the newest attempts at *tier* took that ended well in *workspace*; none where the ledger
    cannot be read."""
    if not workspace or not (state / LEDGER_FILE).exists():
        return ()
    try:
        with reading(state / LEDGER_FILE, make_ready) as database:
            rows = database.execute(_USUAL, (_RUNS, workspace, tier, _NEWEST)).fetchall()
    except StateError:
        return ()
    return tuple(turns for (turns,) in rows if _are_figures(turns))


def past_loops(state: Path, task_size: TaskSize) -> tuple[PastLoop, ...]:
    """Return the newest attempts at tasks of *task_size*, whoever made them; none where the ledger cannot be read."""
    if not (state / LEDGER_FILE).exists():
        return ()
    try:
        with reading(state / LEDGER_FILE, make_ready) as database:
            rows = database.execute(_SAID, (task_size, _NEWEST)).fetchall()
    except StateError:  # who writes there next hears of it
        return ()
    return tuple(
        PastLoop(
            runner=runner,
            tier=tier,
            turns=turns,
            tokens_in=tokens_in,
            tokens_out=tokens_out,
            tokens_cached=cached,
            seconds=seconds,
        )
        for runner, tier, turns, tokens_in, tokens_out, cached, seconds in rows
        if _are_figures(turns, tokens_in, tokens_out, cached, seconds)
    )


def _are_figures(*cells: object) -> bool:
    """Tell whether *cells* are figures that an attempt can have: another program may have written there.

    `route` checks these cells alone. It does not look through the whole table (`sound`).
    """
    return all(isinstance(cell, int | float) and 0 <= cell <= _MOST for cell in cells)
