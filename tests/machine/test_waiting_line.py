"""Many runs of one process end well: so many are at work at once, and the others wait in line."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from tests.api.on_stage import DONE, FIX, stage
from tests.cli.stage import workspace
from tests.scripted_provider import Answer, Request

from profile_router import arun
from profile_router.ledger.schema import make_ready
from profile_router.machine.waiting_line import WaitingLine
from profile_router.state.database import BUSY_S


def test_no_more_than_its_places_are_at_work_and_the_first_who_came_is_the_first() -> None:
    at_work, most, order = 0, 0, []

    async def one(line: WaitingLine, number: int) -> None:
        nonlocal at_work, most
        async with line.place():
            at_work += 1
            most = max(most, at_work)
            order.append(number)
            await asyncio.sleep(0)
            at_work -= 1

    async def all_of_them(line: WaitingLine) -> None:
        await asyncio.gather(*(one(line, number) for number in range(20)))

    line = WaitingLine(3)
    asyncio.run(all_of_them(line))
    assert (most, order, line.free) == (3, list(range(20)), 3)


@pytest.mark.parametrize("too_late", [False, True])
def test_who_is_cancelled_in_line_takes_no_place_from_the_next(too_late: bool) -> None:
    """Or is cancelled as its turn comes."""

    async def all_of_them() -> list[str]:
        line, came = WaitingLine(1), []

        async def one(name: str) -> None:
            async with line.place():
                came.append(name)

        async with line.place():
            cut, last = (asyncio.create_task(one(name)) for name in ("cut", "last"))
            await asyncio.sleep(0)
            if not too_late:
                cut.cancel()
                await asyncio.sleep(0)
        if too_late:
            cut.cancel()
        await asyncio.gather(cut, last, return_exceptions=True)
        assert line.free == 1
        return came

    assert asyncio.run(asyncio.wait_for(all_of_them(), 20)) == ["last"]


def test_the_line_is_one_for_the_event_loops_of_all_threads() -> None:
    line, came = WaitingLine(1), []
    held, done = threading.Event(), threading.Event()

    async def hold() -> None:
        async with line.place():
            held.set()
            await asyncio.to_thread(done.wait, 20)

    async def come() -> None:
        waiting = asyncio.create_task(wait())
        await asyncio.sleep(0)
        done.set()
        await waiting

    async def wait() -> None:
        async with line.place():
            came.append(done.is_set())

    other = threading.Thread(target=lambda: asyncio.run(hold()))
    other.start()
    held.wait(20)
    asyncio.run(come())
    other.join(20)
    assert (came, line.free) == ([True], 1)


def test_the_ledger_has_the_patience_of_all_our_databases(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "x.sqlite", isolation_level=None)) as database, database:
        make_ready(database)
        assert database.execute("PRAGMA busy_timeout").fetchone()[0] == BUSY_S * 1000


@pytest.mark.nightly
def test_fifty_runs_of_one_process_all_end(tmp_path: Path) -> None:
    with stage(tmp_path) as on:

        def take(request: Request) -> Answer:
            if not request.path.endswith("/chat/completions"):
                return usual(request)
            answered = request.body["messages"][-1]["role"] == "tool"
            return replace(DONE[1] if answered else FIX, model="scripted")

        usual = on.local.take
        on.local.take = take  # type: ignore[method-assign]
        roots = [workspace(tmp_path / f"ws{at}", {"calc.py": "def add(a, b):\n    return a - b\n"}) for at in range(50)]

        async def all_of_them() -> list[str]:
            goal = "fix add in calc.py"
            runs = (arun(goal, files=["calc.py"], cwd=root, environ=on.environ) for root in roots)
            return [one.status for one in await asyncio.gather(*runs)]

        assert asyncio.run(all_of_them()) == ["ok"] * 50
    assert all("a + b" in (root / "calc.py").read_text(encoding="utf-8") for root in roots)
