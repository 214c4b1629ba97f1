"""How figures are drawn."""

from __future__ import annotations

import re

import pytest

from profile_router.pages.html import page_of
from profile_router.pages.plots import svg_of
from profile_router.pages.report import LinesFigure, Report, ResultTable, Section


@pytest.mark.parametrize("count", [2, 8, 9, 13, 32])
def test_no_two_lines_of_a_figure_look_alike(count: int) -> None:
    drawn = svg_of(LinesFigure(name="f", x="x", y="y", lines=[(str(one), [(0, 0), (1, 1)]) for one in range(count)]))
    keys = re.findall(r'class="key".*?</svg>', drawn)
    assert len(keys) == len(set(keys)) == count


def test_what_is_said_of_a_table_is_folded_where_the_table_is_wider_than_the_screen() -> None:
    table = ResultTable(name="t", said="A long sentence.", columns=("a",), rows=[("b",)])
    page = page_of(
        Report(title="r", about={}, run={}, notes=[], sections=[Section(title="s", said="", tables=[table])])
    )
    assert '<div class="wide"><p class="said">A long sentence.</p><table>' in page
