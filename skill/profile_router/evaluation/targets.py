"""What can be asked of a row's truth: a table of yes-or-no questions, with the limits that change a route."""

from __future__ import annotations

from collections.abc import Callable

from profile_router.evaluation.rows import KnownRow, Truth
from profile_router.values import frozen

HEAVY_READS, HEAVY_EDITS = 20, 15
BURST_FILES, BAND_FILES, BURST_LINES = 50, 20, 200  # the limits of the shipped policy


@frozen(kw_only=False)
class Question:
    """A question to the truth; the answer is None where the truth does not know."""

    name: str
    ask: Callable[[Truth], bool | None]

    def of(self, row: KnownRow) -> bool | None:
        """Return the answer for *row*; changes by bots are left out."""
        return None if row.truth.bot else self.ask(row.truth)


def _at_least(read: Callable[[Truth], int | None], limit: int) -> Callable[[Truth], bool | None]:
    def ask(truth: Truth) -> bool | None:
        value = read(truth)
        return None if value is None else value >= limit

    return ask


def _heavy(truth: Truth) -> bool | None:
    if truth.file_reads is None or truth.edit_calls is None:
        return None
    return truth.file_reads >= HEAVY_READS or truth.edit_calls >= HEAVY_EDITS


def _lines(truth: Truth) -> int | None:
    return truth.lines


def _files(truth: Truth) -> int | None:
    return truth.number_of_files


def _rank(truth: Truth) -> int | None:
    return truth.difficulty_rank


TARGET_QUESTIONS = (
    Question("≥ 200 lines", _at_least(_lines, BURST_LINES)),
    Question("≥ 5 files", _at_least(_files, 5)),
    Question("≥ 10 files", _at_least(_files, 10)),
    Question("≥ 20 files", _at_least(_files, BAND_FILES)),
    Question("≥ 15 min by a person", _at_least(_rank, 1)),
    Question("≥ 1 h by a person", _at_least(_rank, 2)),
    Question("heavy for an agent", _heavy),
)
LIMITS = (
    Question("≥ 20 files", _at_least(_files, BAND_FILES)),
    Question("> 50 files", _at_least(_files, BURST_FILES + 1)),
    Question("≥ 200 lines", _at_least(_lines, BURST_LINES)),
    Question("≥ 20 files or 200 lines", lambda truth: _either(truth)),
)


def _either(truth: Truth) -> bool | None:
    files, lines = _files(truth), _lines(truth)
    return None if files is None or lines is None else files >= BAND_FILES or lines >= BURST_LINES
