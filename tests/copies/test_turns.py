"""Among all processes: a writer without a copy writes alone; whoever waits for readers waits for all of them."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from profile_router.copies.turns import alone_in, reading_in, unread


@pytest.mark.parametrize(("other", "order"), [("a", ["in", "out", "in", "out"]), ("b", ["in", "in", "out", "out"])])
def test_two_writers_take_turns_in_one_folder_and_not_in_two(tmp_path: Path, other: str, order: list[str]) -> None:
    seen: list[str] = []

    async def write(name: str, reached: asyncio.Event, go_on: asyncio.Event) -> None:
        async with alone_in(tmp_path / name, tmp_path / "state"):
            seen.append("in")
            reached.set()
            await go_on.wait()
            seen.append("out")

    async def both() -> None:
        first_in, second_in, go_on = asyncio.Event(), asyncio.Event(), asyncio.Event()
        first = asyncio.create_task(write("a", first_in, go_on))
        await first_in.wait()
        second = asyncio.create_task(write(other, second_in, go_on))
        if other != "a":
            await second_in.wait()
        go_on.set()
        await asyncio.gather(first, second)

    asyncio.run(both())
    assert seen == order


def test_a_writer_that_is_cancelled_while_it_waits_takes_no_turn(tmp_path: Path) -> None:
    async def waits() -> None:
        async with alone_in(tmp_path / "a", tmp_path / "state"):
            raise AssertionError("it had its turn")

    async def both() -> None:
        async with alone_in(tmp_path / "a", tmp_path / "state"):
            waiting = asyncio.create_task(waits())
            await asyncio.wait([waiting], timeout=0)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting

    asyncio.run(both())


def test_readers_do_not_wait_for_each_other_and_who_waits_for_them_waits_for_the_last(tmp_path: Path) -> None:
    async def all_three() -> None:
        async with reading_in(tmp_path / "a", tmp_path / "state"):
            async with reading_in(tmp_path / "a", tmp_path / "state"):
                waiting = asyncio.create_task(unread(tmp_path / "a", tmp_path / "state"))
                await unread(tmp_path / "b", tmp_path / "state")
            await asyncio.wait([waiting], timeout=0)
            assert not waiting.done()
        await waiting

    asyncio.run(all_three())
