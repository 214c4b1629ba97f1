"""The values of a report: sections with tables and figures. How they are drawn is said elsewhere."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from profile_router.pages.measured import Measured
from profile_router.values import frozen

Cell = str | int | float | Measured


@frozen
class ResultTable:
    """A table: the first column names the row."""

    name: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    said: str = ""

    def numbers(self, column: int) -> bool:
        """Tell whether *column* holds figures alone."""
        return all(not isinstance(row[column], str) or not row[column] for row in self.rows)


@frozen
class LinesFigure:
    """Lines or single points over two axes. `diagonal`: the line of a random choice is drawn."""

    name: str
    x: str
    y: str
    lines: Sequence[tuple[str, Sequence[tuple[float, float]]]]
    points: Sequence[tuple[str, float, float]] = ()
    diagonal: bool = False


@frozen
class BarsFigure:
    """Shares between 0 and 1 with their intervals."""

    name: str
    bars: Sequence[tuple[str, Measured]]


@frozen
class AmountsFigure:
    """Amounts from 0 up, each with the words that tell it, such as `$4.18`."""

    name: str
    bars: Sequence[tuple[str, float, str]]


Figure = LinesFigure | BarsFigure | AmountsFigure


@frozen
class Callout:
    """An answer that stands above all else: sentences, and what to do as pairs of a reason and a command.

    `id` is that of its element on the page.
    """

    id: str
    title: str
    said: Sequence[str]
    steps: Sequence[tuple[str, str]] = ()


@frozen
class Section:
    """One question and what was measured of it."""

    title: str
    said: str
    tables: Sequence[ResultTable] = ()
    figures: Sequence[Figure] = ()


@frozen
class Report:
    """`about`: what was measured with what. `run`: the machine, the day and the time, which differ from run to run."""

    title: str
    about: Mapping[str, str]
    run: Mapping[str, str]
    notes: Sequence[str]
    sections: Sequence[Section]
    callouts: Sequence[Callout] = ()


def worded(cell: Cell) -> str:
    """Return *cell* as people read it: a share has two or three digits and its interval, no figure a dash."""
    if isinstance(cell, Measured):
        return " ".join(share_and_interval(cell)) if cell.known else "–"
    if isinstance(cell, float):
        return "–" if math.isnan(cell) else _digits(cell)
    return f"{cell:,}" if isinstance(cell, int) else cell


def share_and_interval(cell: Measured) -> tuple[str, str]:
    """Return the figure of *cell*, which is known, and its interval."""
    return _digits(cell.value), f"[{_digits(cell.low)}, {_digits(cell.high)}]"


def _digits(value: float) -> str:
    text = f"{value:.3f}" if abs(value) < 10 else f"{value:,.1f}"
    return text.replace("-0.", "−.").replace("0.", ".", 1) if abs(value) < 1 else text.replace("-", "−")


def report_json(report: Report) -> dict[str, Any]:
    """Return *report* as JSON: each table a list of objects by column. Figures are for people."""
    return {
        "about": dict(report.about),
        "made": dict(report.run),  # `run` is the id of a run in the ledger, in every answer
        "notes": list(report.notes),
        "sections": [
            {"title": one.title, "tables": {table.name: _table_json(table) for table in one.tables}}
            for one in report.sections
        ],
    }


def _table_json(table: ResultTable) -> list[dict[str, Any]]:
    return [dict(_cells_json(table.columns, row)) for row in table.rows]


def _cells_json(columns: Sequence[str], row: Sequence[Cell]) -> Iterable[tuple[str, Any]]:
    for name, cell in zip(columns, row, strict=True):
        if isinstance(cell, Measured):
            yield name, {key: _plain(value) for key, value in asdict(cell).items()}
        else:
            yield name, _plain(cell)


def _plain(value: Any) -> Any:
    """JSON has no NaN; six digits are more than any interval leaves."""
    if isinstance(value, float):
        return None if math.isnan(value) else round(value, 6)
    return value
