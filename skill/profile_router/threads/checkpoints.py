"""The checkpointer: LangGraph's own for SQLite, of which only the last checkpoint of a thread is kept.

Imports LangGraph, as the modules that only list or remove threads do not.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import ChannelVersions, Checkpoint, CheckpointMetadata, CheckpointTuple
from langgraph.checkpoint.serde.base import SerializerProtocol
from langgraph.checkpoint.serde.encrypted import EncryptedSerializer
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

from profile_router.threads.cipher import Cipher


def encrypted(key: bytes, types: list[tuple[str, str]]) -> SerializerProtocol:
    """Return LangGraph's serializer, which takes the registered *types* alone and encrypts with *key*."""
    return EncryptedSerializer(Cipher(key), plain_serializer(types))


def plain_serializer(types: list[tuple[str, str]]) -> JsonPlusSerializer:
    """Return the serializer that takes the registered *types* alone, for what does not leave the memory."""
    return JsonPlusSerializer(allowed_msgpack_modules=types)


_RENAMED = {"hops": "steps"}  # channels of a run that 0.1 began


class LastCheckpoints(AsyncSqliteSaver):
    """Keeps one checkpoint of a thread, its last, with the writes that belong to it: what was before is deleted."""

    async def aget_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """Return the checkpoint that *config* names, its channels by their names of today; None where none is kept."""
        found = await super().aget_tuple(config)
        if found is None:
            return None
        writes = [(task, _RENAMED.get(channel, channel), value) for task, channel, value in found.pending_writes or ()]
        return found._replace(checkpoint=_of_today(found.checkpoint), pending_writes=writes)

    async def aput(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        """Save *checkpoint*, then delete those before it."""
        saved = await super().aput(config, checkpoint, metadata, new_versions)
        at: dict[str, Any] = saved["configurable"]
        where = (str(at["thread_id"]), at["checkpoint_ns"], at["checkpoint_id"])
        async with self.lock:
            for table in ("checkpoints", "writes"):
                await self.conn.execute(
                    f"DELETE FROM {table} WHERE thread_id = ? AND checkpoint_ns = ? AND checkpoint_id <> ?",  # noqa: S608
                    where,
                )
            await self.conn.commit()
        return saved


def _of_today(checkpoint: Checkpoint) -> Checkpoint:
    def renamed(channels: Mapping[str, Any]) -> dict[str, Any]:
        return {_RENAMED.get(name, name): value for name, value in channels.items()}

    return {
        **checkpoint,
        "channel_values": renamed(checkpoint["channel_values"]),
        "channel_versions": renamed(checkpoint["channel_versions"]),
    }
