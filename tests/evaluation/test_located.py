"""How many files a task reads and changes is measured beside what is told of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.evaluation.made_rows import row, written

from profile_router.evaluation.answers import RowAnswers
from profile_router.evaluation.located import located
from profile_router.evaluation.locators import Ranking, ranking_of
from profile_router.evaluation.rows import read_rows
from profile_router.evaluation.signals import RouteOf
from profile_router.pages.measured import Measured
from profile_router.pages.report import BarsFigure

OURS = Ranking(paths=["a.py", "b.py", "c.py"], sure="sure", to_read=2, to_edit=(1, 2))


@pytest.fixture
def answers(tmp_path: Any) -> list[RowAnswers]:
    """Rows that changed a.py alone, a.py with c.py, and three files; no history tells of the last."""
    changed = [["a.py"], ["a.py", "c.py"], ["a.py", "b.py", "c.py"], ["a.py"]]
    rows = read_rows(
        [
            written(
                tmp_path / "made.dev.jsonl",
                [row(f"acme/{at}", "x", files=files, files_changed=len(files)) for at, files in enumerate(changed)],
            )
        ]
    )
    rankings = [OURS, OURS, OURS, Ranking(paths=["a.py"], sure="sure", to_read=1)]
    return [
        RowAnswers(row=one, route=RouteOf(), placed=True, files=frozenset(files), rankings={"ours": ranking})
        for one, files, ranking in zip(rows, changed, rankings, strict=True)
    ]


def values(table: list[Any]) -> list[Any]:
    return [[round(cell.value, 2) if isinstance(cell, Measured) else cell for cell in line] for line in table]


def test_the_share_of_gold_among_what_is_read_and_of_counts_within_the_range_are_told(
    answers: list[RowAnswers],
) -> None:
    section = located(answers, "ours", ["ours"])
    assert section is not None
    tables = {table.name: values(list(table.rows)) for table in section.tables}
    assert tables["to read"] == [
        ["made", "sure", 4, 2.0, 2.0, 1.0, 0.79],
        ["made", "all", 4, 2.0, 2.0, 1.0, 0.79],
    ]
    assert tables["to edit"] == [["made", 3, 0.67, 1 / 3, 2.0]]


def test_who_was_asked_about_some_rows_is_compared_on_those_alone(answers: list[RowAnswers]) -> None:
    right, wrong = Ranking(paths=["a.py"]), Ranking(paths=["b.py"])
    asked = [
        replace(one, rankings={**one.rankings, "quick": right} | ({"slow": wrong} if at < 2 else {}))
        for at, one in enumerate(answers)
    ]
    section = located(asked, "ours", ["ours", "quick", "slow"])
    assert section is not None
    tables = {table.name: values(list(table.rows)) for table in section.tables}
    assert [line[:4] for line in tables["localisation"]] == [
        ["made", "ours", 4, 1.0],
        ["made", "quick", 4, 1.0],
        ["made, asked of slow", "ours", 2, 1.0],
        ["made, asked of slow", "quick", 2, 1.0],
        ["made, asked of slow", "slow", 2, 0.0],
    ]
    assert [line[:4] for line in tables["paired"]] == [
        ["made", "quick", 4, 0.0],
        ["made, asked of slow", "quick", 2, 0.0],
        ["made, asked of slow", "slow", 2, 1.0],
    ]
    assert [line[0] for line in tables["named"] if line[1] == "slow"] == ["names none, asked of slow"]
    assert {line[0]: line[1] for line in tables["time"]} == {"ours": 4, "quick": 4, "slow": 2}
    figure = section.figures[0]
    assert isinstance(figure, BarsFigure)
    assert [name for name, _ in figure.bars] == ["ours", "quick", "slow (2 rows)"]


def test_a_ranking_of_before_that_knows_no_range_is_still_read() -> None:
    plain = {name: value for name, value in OURS.plain.items() if name not in ("to_read", "to_edit")}
    assert ranking_of(plain).to_read == 0
    assert ranking_of(OURS.plain) == Ranking(**{**OURS.plain, "to_edit": [1, 2]})
