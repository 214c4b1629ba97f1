"""The report for a screen: the answers, then the tables; 60 columns are enough."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from profile_router.cli.progress import folded
from profile_router.cli.screens import printable
from profile_router.cli.spelling import as_called
from profile_router.core.telling.layout import table_lines, wrapped
from profile_router.pages.report import Callout, Report, ResultTable, worded

_LABEL = 10


def screen_lines(report: Report, width: int) -> Iterator[str]:
    """Yield *report* for a screen of *width* columns: the answers, then the tables; 60 columns are enough."""
    yield from (_told(name, value) for name, value in report.about.items())
    for callout in report.callouts:
        yield ""
        yield from _answer(callout)
    for section in (one for one in report.sections if one.tables):  # what is drawn alone, the page has
        yield ""
        yield section.title
        for table in section.tables:
            yield from (f"  {line}" for line in _table(table, width - 2))


def _answer(callout: Callout) -> Iterator[str]:
    yield callout.title
    for line in callout.said:
        yield folded(f"  {as_called(printable(line))}", sys.stdout, indent=4)
    for why, command in callout.steps:
        yield folded(f"  → {printable(why)}", sys.stdout, indent=4)
        yield f"    {as_called(command)}"


def _told(label: str, text: str) -> str:
    return folded(f"{label:<{_LABEL}} {printable(text)}", sys.stdout, indent=_LABEL + 1)


def _table(table: ResultTable, width: int) -> Iterator[str]:
    if table.said:
        yield from wrapped(table.said, width)
    figures = next((at for at in range(1, len(table.columns)) if table.numbers(at)), None)
    rows = [list(table.columns), *([printable(worded(cell)) for cell in row] for row in table.rows)]
    yield from table_lines(rows, width, figures=figures)
