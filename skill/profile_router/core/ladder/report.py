"""What the runner of a check reported: how many tests ran, and which failed. Pure."""

from __future__ import annotations

from profile_router.values import frozen

MOST_FAILED = 1_000


@frozen
class CheckReport:
    """The report of one run. `failed` are the ids of the tests that failed, as the runner writes them.

    `ran` is how many came to an end, skipped ones not counted; None: the runner does not say. `whole`: all there are
    ran, and all that failed are listed, so that two reports can be compared.
    """

    runner: str
    failed: tuple[str, ...] = ()
    ran: int | None = None
    whole: bool = True
