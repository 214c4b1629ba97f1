"""A run that an older version began goes on: what has another name now is read by it."""

from __future__ import annotations

import asyncio
from typing import Any

import aiosqlite
import pytest
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import CheckpointTuple, empty_checkpoint

from profile_router.core.ladder.steps import TakenStep
from profile_router.threads.checkpoints import LastCheckpoints, plain_serializer
from profile_router_graphs.state import checkpointed_types

STEP = TakenStep(step="repair", cause="turn-limit", profile="coding-local", tier="local", reason="it was cut")
AT: RunnableConfig = {"configurable": {"thread_id": "t", "checkpoint_ns": ""}}


async def read_back(channels: dict[str, Any], writes: list[tuple[str, Any]]) -> CheckpointTuple | None:
    """Return what is read of a checkpoint that was kept with *channels*, and with *writes* after it."""
    async with aiosqlite.connect(":memory:") as connection:
        saver = LastCheckpoints(connection, serde=plain_serializer(checkpointed_types()))
        checkpoint = empty_checkpoint() | {"channel_values": channels, "channel_versions": dict.fromkeys(channels, 1)}
        saved = await saver.aput(AT, checkpoint, {}, dict.fromkeys(channels, 1))
        if writes:
            await saver.aput_writes(saved, writes, "task")
        return await saver.aget_tuple(AT)


@pytest.mark.parametrize("name", ["hops", "steps"])
def test_the_steps_of_a_run_are_found_by_their_old_name_too(name: str) -> None:
    found = asyncio.run(read_back({name: (STEP,), "summary": "x"}, [(name, (STEP,)), ("notes", ())]))
    assert found is not None
    values = found.checkpoint["channel_values"]
    assert (tuple(values.pop("steps")), values) == ((STEP,), {"summary": "x"})
    assert set(found.checkpoint["channel_versions"]) == {"steps", "summary"}
    assert [channel for _, channel, _ in found.pending_writes or ()] == ["steps", "notes"]


def test_a_step_is_read_by_the_name_that_its_class_had() -> None:
    serializer = plain_serializer(checkpointed_types())
    try:
        TakenStep.__name__ = "Hop"
        written = serializer.dumps_typed(STEP)
    finally:
        TakenStep.__name__ = "TakenStep"
    assert b"Hop" in written[1]
    assert serializer.loads_typed(written) == STEP


def test_a_thread_without_a_checkpoint_has_none() -> None:
    async def looked() -> CheckpointTuple | None:
        async with aiosqlite.connect(":memory:") as connection:
            return await LastCheckpoints(connection, serde=plain_serializer([])).aget_tuple(AT)

    assert asyncio.run(looked()) is None
