"""The graph for LangGraph Studio and its server (`langgraph dev`): all nodes, in a run as `run` makes it.

The server asks `graph` for each use. To draw it or to tell its schemas begins no run. In a run the node `begin` opens
what `run` works with: profiles, servers, budget, ledger and thread. The node `end` notes the result.

The server keeps its state, unencrypted. So that holds what was given, told and returned, of which the last two are
masked. What the nodes hand on may be private, and stays with the run.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import field
from typing import Annotated, Any, NotRequired, cast

from langgraph.channels import EphemeralValue
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime
from langgraph.types import Command
from langgraph_sdk.runtime import ServerRuntime
from typing_extensions import TypedDict

from profile_router.api.given import task_given
from profile_router.api.run_values import RunEvent
from profile_router.api.running import job_for
from profile_router.api.surroundings import foreign_held_back
from profile_router.api.task_schema import TaskFields
from profile_router.errors import UsageError
from profile_router.runs.opened import NODES_AT_MOST, Opened
from profile_router.runs.run import session
from profile_router.values import frozen, mutable
from profile_router_graphs.router import GraphNode, with_nodes
from profile_router_graphs.state import RunState

STUDIO_GRAPH_NAME = "profile-router-run"


@frozen
class StudioContext:
    """Where a task is run: the folder to work in; empty: that of the server. The policy is that of the server.

    `local_only`: it never leaves this machine. `max_cost`: USD at most, None: what the policy says.
    """

    workspace: str = ""
    local_only: bool = False
    max_cost: float | None = None


class StudioInput(TypedDict):
    """A task: its goal, and the files that it names. Its check is the workspace's own, if somebody agreed to that.

    No request names a command: the server has no login. It is given anew with each run.
    """

    goal: Annotated[str, EphemeralValue]
    files: NotRequired[Annotated[list[str], EphemeralValue]]


class StudioOutput(TypedDict):
    """How it ended, in a word and whole as `run --json` prints it, and the events of the last node."""

    verdict: str
    result: dict[str, Any]
    told: list[dict[str, Any]]


class StudioState(StudioInput, StudioOutput):
    """Both."""


Graph = CompiledStateGraph[StudioState, StudioContext, StudioInput, StudioOutput]


def fields_of_task(state: StudioInput, context: StudioContext, thread: str | None = None) -> TaskFields:
    """Return the fields of the task that *state* describes, at the place that *context* names, on *thread*."""
    fields: TaskFields = {"files": state.get("files"), "max_cost": context.max_cost}
    if context.workspace:
        fields["workspace"] = context.workspace
    if context.local_only:
        fields["local_only"] = True
    if thread:
        fields["thread"] = thread
    return fields


@mutable
class Session:
    """One walk through the graph: the run that `begin` opens, its state, and the nodes bound to both."""

    environ: Mapping[str, str]
    stack: AsyncExitStack = field(default_factory=AsyncExitStack)
    opened: Opened | None = None
    state: dict[str, Any] = field(default_factory=dict)
    told: list[dict[str, Any]] = field(default_factory=list)
    failed: Exception | None = None
    done: bool = False

    async def begin(self, state: StudioInput, runtime: Runtime[StudioContext]) -> dict[str, Any]:
        """Open the run of the task that *state* describes, on the thread that the server names."""

        def tell(event: RunEvent) -> None:
            self.told.append(event.json)
            runtime.stream_writer(event.json)

        context = runtime.context or StudioContext()
        thread = runtime.execution_info.thread_id if runtime.execution_info else None
        task = task_given(state.get("goal", ""), fields_of_task(state, context, thread))
        job = await asyncio.to_thread(job_for, task, None, None, self.environ, tell, None)
        with self._noticing():
            self.opened = opened = await self.stack.enter_async_context(session(job))
            self.state = {"task": opened.job.task, **await opened.from_thread()}
            await self.stack.enter_async_context(opened.asking(self._state))
        return {"told": self._taken()}

    def bound(self, node: GraphNode) -> GraphNode:
        """Return *node* as it works in the run. The server sees only the events that it told."""

        @functools.wraps(node)
        async def at_work(state: StudioState, runtime: Runtime[Any]) -> Command[Any]:
            opened = self._opened()
            there = runtime.override(context=opened.context, stream_writer=opened.tell)
            with self._noticing():
                came = await node(self.state, there)
            command = came if isinstance(came, Command) else Command(update=came)
            self.state |= cast("dict[str, Any]", command.update or {})
            return Command(goto=command.goto, update={"told": self._taken()})

        # By these LangGraph knows what a node is given, and where it leads.
        at_work.__annotations__ = {**node.__annotations__, "state": StudioState}
        return at_work

    async def end(self, state: StudioState) -> StudioOutput:
        """Note the end of the run, and return its result."""
        with self._noticing():
            result = await self._opened().ended(cast("RunState", self.state))
        self.done = True
        return {"verdict": result.verdict, "result": result.json, "told": self._taken()}

    async def leave(self) -> None:
        """Close what `begin` opened. A run without an end was interrupted, unless one of its nodes failed."""
        why = None if self.done or self.opened is None else self.failed or asyncio.CancelledError()
        await self.stack.__aexit__(type(why) if why else None, why, why.__traceback__ if why else None)

    def _opened(self) -> Opened:
        if self.opened is None:
            raise UsageError(
                "this run was begun elsewhere, and Studio cannot go on with it; begin a new one from the node `begin`, "
                "or go on with it by `profile-router resume`"
            )
        return self.opened

    async def _state(self) -> Mapping[str, Any]:
        return self.state

    def _taken(self) -> list[dict[str, Any]]:
        """Return what was told since the last node."""
        told, self.told = self.told, []
        return told

    @contextmanager
    def _noticing(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            self.failed = error
            raise


def drawn(walk: Session) -> Graph:
    """Return the graph whose nodes work in the run of *walk*."""
    builder = StateGraph(StudioState, StudioContext, input_schema=StudioInput, output_schema=StudioOutput)
    builder.add_node("begin", walk.begin)
    first, last = with_nodes(builder, walk.bound)
    builder.add_node("end", walk.end)
    for edge in ((START, "begin"), ("begin", first), (last, "end"), ("end", END)):
        builder.add_edge(*edge)
    return builder.compile(name=STUDIO_GRAPH_NAME).with_config(recursion_limit=NODES_AT_MOST)


@asynccontextmanager
async def graph(runtime: ServerRuntime[StudioContext]) -> AsyncIterator[Graph]:
    """Give the graph for what the server wants it for: *runtime* says whether it is run, or only looked at."""
    if runtime.execution_runtime is None:
        yield drawn(Session(environ={}))
        return
    from langsmith import tracing_context

    # Of a run nothing goes to LangSmith, whatever the environment says: a private task may be among it.
    with foreign_held_back() as whole, tracing_context(enabled=False):
        walk = Session(environ=whole)
        try:
            yield drawn(walk)
        finally:
            await walk.leave()
