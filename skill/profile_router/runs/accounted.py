"""A run stands in the ledger from its beginning to its end, whoever brings it there."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal

from profile_router.core.policy.private import NO_CONFIDENTIAL, Confidential
from profile_router.errors import PolicyError, ProfileError, RouterError, UsageError
from profile_router.ledger.words import seal_of
from profile_router.ledger.writing import SqliteRunLedger
from profile_router.runs.job import Job
from profile_router.threads.threads import Run

_CALLED_WRONGLY = (UsageError, PolicyError, ProfileError)  # a git that fails, say, ends a run that was called rightly


def run_ledger(
    state: Path, environ: Mapping[str, str], run: Run, confidential: Confidential = NO_CONFIDENTIAL
) -> SqliteRunLedger:
    """Return what writes the rows of *run*."""
    seal = seal_of(environ, make=True)
    return SqliteRunLedger(
        state=state, run=run.id, thread=run.thread, clock=time.time, seal=seal, confidential=confidential
    )


@contextmanager
def accounted(ledger: SqliteRunLedger, job: Job) -> Iterator[None]:
    """Note that the run of *job* begins or goes on; without a result, note why. Raises StateError.

    Its end with a result is for whoever has the result to note.
    """
    policy, workspace = job.setup.policy, job.setup.workspace
    place = str(workspace.root) if workspace else ""
    ledger.begun(job.task, place, policy=policy.digest, keep_days=policy.ledger.keep_days)
    try:
        yield
    except _CALLED_WRONGLY:
        with suppress(RouterError):
            ledger.called_wrongly()
        raise
    except BaseException as error:
        # A process that could not write goes on to say so; what it could not note is `unfinished`, which is true.
        with suppress(RouterError):
            ledger.ended(_why(error))
        raise
    finally:
        ledger.close()


def _why(error: BaseException) -> Literal["interrupted", "error"]:
    return "interrupted" if isinstance(error, asyncio.CancelledError | KeyboardInterrupt) else "error"
