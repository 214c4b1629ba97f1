"""What a message tells somebody to call next, where several messages say it. Pure."""

from __future__ import annotations

from profile_router.core.text import short_id

RUNS_ARE_LISTED = "`profile-router history` lists the runs with their ids"
A_RUN_IS_TOLD = "`profile-router show ID` tells all about a run"
INTO_VENV = "install it into .venv of the workspace"
HAND_OVER_AGAIN = "hand the task over again"


def bring_back(undo: str) -> str:
    """Return how the work comes back that the undo with the id *undo* took."""
    return f"`profile-router undo {short_id(undo)}` brings it back"


def show_run(run: str) -> str:
    """Return the command that tells all of the run with the id *run*."""
    return f"`profile-router show {short_id(run)}`"


def give_up(thread: str) -> str:
    """Return what is left where *thread* lacks what it goes on with: bring that back, or drop the thread."""
    return f"bring it back, or give the run up with `profile-router purge {thread}`"


def go_on(thread: str) -> str:
    """Return how *thread* goes on, whose run had to end early."""
    return f"what it did is kept: `profile-router resume {thread}`"


def drop(thread: str) -> str:
    """Return how *thread* is dropped."""
    return f"`profile-router purge {thread}` drops it"
