"""A report as lines of text: sections, and tables with aligned columns."""

from __future__ import annotations

from collections.abc import Iterator

from profile_router.core.telling.layout import width_of
from profile_router.pages.report import Report, ResultTable, worded

_BETWEEN = "  "


def report_lines(report: Report) -> Iterator[str]:
    """Yield the lines of *report*."""
    for name, value in (*report.about.items(), *report.run.items()):
        yield f"{name:<10} {value}"
    for note in report.notes:
        yield f"note       {note}"
    for section in report.sections:
        yield ""
        yield section.title
        yield f"  {section.said}"
        for table in section.tables:
            yield ""
            yield from (f"  {line}" for line in _table_lines(table))


def _table_lines(table: ResultTable) -> Iterator[str]:
    if table.said:
        yield table.said
    cells = [list(table.columns), *([worded(cell) for cell in row] for row in table.rows)]
    widths = [max(width_of(row[column]) for row in cells) for column in range(len(table.columns))]
    right = [table.numbers(column) for column in range(len(table.columns))]
    for row in cells:
        yield _BETWEEN.join(
            _padded(cell, width, right=to_right) for cell, width, to_right in zip(row, widths, right, strict=True)
        ).rstrip()


def _padded(text: str, width: int, *, right: bool) -> str:
    blanks = " " * (width - width_of(text))
    return blanks + text if right else text + blanks
