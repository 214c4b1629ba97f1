"""What `run` looks up, `route` knows afterwards: it reads what is kept, and never the table itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.fakes import BURST, CHEAP, LOCAL

from profile_router.core.routing.rate import rate_at
from profile_router.core.routing.route import Route
from profile_router.core.task import Task
from profile_router.prices import table
from profile_router.runs.route import route_task
from profile_router.runs.setup import prepare


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    return {"HOME": str(tmp_path), "PATH": "", "PROFILE_ROUTER_HERMES_PYTHON": "none"}


def sources(home: dict[str, str], *, to_run: bool) -> list[str]:
    setup = prepare(Task(goal="x"), None, home, Path(home["HOME"]), to_run=to_run)
    return [rate_at(setup.candidates[name], 0, setup.policy).named for name in (LOCAL, BURST, CHEAP)]


def test_the_shipped_profiles_are_priced_by_the_table_from_their_first_run_on(
    home: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert sources(home, to_run=False) == ["free", "tier's price", "tier's price"]
    assert sources(home, to_run=True) == ["free", "table, 2026-11", "table, 2026-11"]
    monkeypatch.delattr(table, "look_up")
    assert sources(home, to_run=False) == ["free", "table, 2026-11", "table, 2026-11"]


def test_route_shows_the_range_and_says_by_which_table(home: dict[str, str]) -> None:
    sources(home, to_run=True)
    decision = route_task(Task(goal="refactor the whole code base"), None, home, Path(home["HOME"])).decision
    assert isinstance(decision, Route)
    cost = decision.estimate.cost
    assert 0 < cost.low < cost.middle < cost.high
    assert cost.said.endswith("(table, 2026-11)")
