"""Sets of our words as SQL has them, and which of the ledger's attempts are those of the task itself."""

from __future__ import annotations

from collections.abc import Iterable

from profile_router.core.attempt.outcome import BESIDE


def sql_list(words: Iterable[str]) -> str:
    """Return *words* as SQL has a list of them: `('a', 'b')`."""
    return f"({', '.join(map(repr, sorted(words)))})"


AT_THE_TASK = f"step NOT IN {sql_list(BESIDE)}"  # calls beside the work, such as a review, are not attempts
