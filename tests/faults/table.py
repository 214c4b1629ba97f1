"""Play the matrix and print it: `python3 tests/faults/table.py [pytest's arguments]`. Also a plugin: `-p tests.faults.table`.

A row is a fault with its cause, a column a stage and tier. A cell shows the steps taken, and the chat requests of each
server that got any. Servers stand in the order local, cheap, burst, second; `·`: it cannot be, `~`: another fault of
its cause stands for it. All are played, as with `--nightly`; as a plugin it shows what was played.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import pytest  # noqa: E402 - as a script it finds the tests first

MARK = "fault-cell"
_SEEN: dict[str, dict[str, str]] = {}


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Keep the cell that a test reports; with xdist each comes from its worker."""
    played: list[Any] = [value for name, value in report.user_properties if name == MARK and report.when == "call"]
    for fault, _, column, shown in played:
        _SEEN.setdefault(fault, {})[column] = shown if report.passed else f"FAILED {shown}"


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print the table of what was played."""
    if _SEEN:
        terminalreporter.section("cause x stage x tier")
        for line in lines(_SEEN):
            terminalreporter.write_line(line)


def lines(seen: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    """Yield the table's lines."""
    from typing import get_args

    from tests.faults.expected import MEANS, Column, impossible, stands_for

    def cell(fault: str, column: str) -> str:
        missing = "·" if impossible(fault, column) else "~" if stands_for(fault, column) else "not played"
        return seen[fault].get(column, missing)

    columns = get_args(Column)
    rows = [["fault", "cause", *columns]]
    rows += [
        [fault, row.cause or "none", *(cell(fault, column) for column in columns)]
        for fault, row in MEANS.items()
        if fault in seen
    ]
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    for row in rows:
        yield "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
    cells = [shown for found in seen.values() for shown in found.values()]
    yield f"{len(cells)} cells, {sum(shown.startswith('FAILED') for shown in cells)} failed"


if __name__ == "__main__":
    matrix = str(Path(__file__).with_name("test_matrix.py"))
    sys.exit(pytest.main(["-p", "tests.faults.table", "-n", "2", "--nightly", matrix, *sys.argv[1:]]))
