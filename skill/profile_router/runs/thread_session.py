"""Open what keeps the threads, and close a run: what its next task needs stays, all else goes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from profile_router.machine.imports import gather_late, import_large
from profile_router.state.database import BUSY_S
from profile_router.threads.file import ThreadFile
from profile_router.threads.key import KEY_VARIABLE, NoThreadKey, read_key
from profile_router.threads.threads import Run, Threads
from profile_router.values import frozen

if TYPE_CHECKING:
    from langchain_core.runnables import RunnableConfig
    from langgraph.checkpoint.base import BaseCheckpointSaver
    from langgraph.checkpoint.serde.base import SerializerProtocol as Serializer

# LangGraph takes one name of each: of the client of LangSmith, and of that of a LangGraph server. A run asks neither,
# and both packages gather hundreds of modules: a third of what a run imports.
_NEVER_ASKED = ("langsmith.types", "langgraph_sdk")


@frozen
class Keeping:
    """The threads and LangGraph's checkpointer, which has a database by itself."""

    threads: Threads
    saver: BaseCheckpointSaver[str]

    @property
    def warnings(self) -> tuple[str, ...]:
        """Say what was set aside, and whether nothing is kept."""
        why = self.threads.why
        return (*self.threads.file.notices, *((f"this thread cannot be resumed: {why}",) if why else ()))


def import_graph() -> None:
    """Import LangGraph with our graph, and of what it imports no client of services that no run ever asks."""
    gather_late(*_NEVER_ASKED)
    import_large("profile_router.threads.checkpoints", "profile_router_graphs.router", "aiosqlite")


@asynccontextmanager
async def checkpoints(state: Path, environ: Mapping[str, str]) -> AsyncIterator[Keeping]:
    """Open the threads of *state*, encrypted with this user's key; where no key can be kept, nothing is.

    A database that cannot be read is set aside. Raises StateError.
    """
    import_graph()
    import aiosqlite
    from langgraph.checkpoint.memory import InMemorySaver

    from profile_router.threads.checkpoints import LastCheckpoints, encrypted, plain_serializer
    from profile_router_graphs.state import checkpointed_types

    serializer: Serializer | None = None
    why = ""
    try:
        serializer = encrypted(read_key(environ), checkpointed_types())
    except NoThreadKey as error:
        why = (
            f"it is held in memory only, because no key can be kept ({error}); {KEY_VARIABLE}=FILE names another place"
        )
    file = ThreadFile(state=state)
    with file.door():
        file.make_ready(serializer)
    threads = Threads(file=file, serializer=serializer, why=why)
    if serializer is None:
        yield Keeping(threads=threads, saver=InMemorySaver(serde=plain_serializer(checkpointed_types())))
        return
    connection = aiosqlite.connect(file.checkpoints, timeout=BUSY_S)
    try:
        await _undivided(connection)
        await connection.execute("PRAGMA secure_delete = ON")
        yield Keeping(threads=threads, saver=LastCheckpoints(connection, serde=serializer))
    finally:
        await _undivided(connection.close())


async def _undivided(work: Awaitable[object]) -> None:
    """Wait for the end of *work*, also where we are cancelled meanwhile.

    A thread opens and closes the database, and tells the loop when it has. One that is closed by then, it complains of.
    """

    async def whole() -> None:
        await work

    doing = asyncio.ensure_future(whole())
    cancelled: asyncio.CancelledError | None = None
    while not doing.done():
        try:
            await asyncio.shield(doing)
        except asyncio.CancelledError as error:
            cancelled = error
    doing.result()
    if cancelled is not None:
        raise cancelled


async def close(keeping: Keeping, run: Run, state: Mapping[str, object]) -> None:
    """End *run*: of its last *state*, the thread keeps the conversation and its privacy, in one checkpoint."""
    from langgraph.checkpoint.memory import InMemorySaver

    from profile_router_graphs.router import with_checkpoints

    at: RunnableConfig = {"configurable": {"thread_id": run.thread, "checkpoint_ns": ""}}
    memory = InMemorySaver(serde=keeping.saver.serde)
    if lasting := outliving(state):
        await with_checkpoints(memory).aupdate_state(at, lasting, as_node="merge")
        if (last := await memory.aget_tuple(at)) is not None:
            await keeping.saver.aput(at, last.checkpoint, last.metadata, {})
    else:
        await keeping.saver.adelete_thread(run.thread)
    await asyncio.to_thread(keeping.threads.end, run)


def outliving(state: Mapping[str, object]) -> dict[str, object]:
    """Return of *state* what outlives a run: the conversation, and whether the thread is private."""
    return {name: state[name] for name in ("conversation", "private_thread") if name in state}
