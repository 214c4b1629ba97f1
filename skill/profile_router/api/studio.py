"""A graph for LangGraph Studio and its server (`langgraph dev`) that runs a task as `run` does.

Its context is plain data. Of that the call makes all that a run works with: profiles, servers, budget, ledger, threads.
The state machine itself, drawn whole, is `profile_router_graphs.router`.
"""

from __future__ import annotations

from typing import Any, NotRequired

from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime
from typing_extensions import TypedDict

from profile_router.api.given import TaskFields
from profile_router.api.running import arun
from profile_router.values import frozen

NAME = "profile-router-run"


@frozen
class StudioContext:
    """Where a task is run: the folder to work in, the policy to decide by; empty: as on the command line.

    `local_only`: it never leaves this machine. `max_cost`: USD at most, None: what the policy says.
    """

    workspace: str = ""
    policy: str = ""
    local_only: bool = False
    max_cost: float | None = None


class StudioInput(TypedDict):
    """A task: its goal, the files that it names, and the command that must succeed afterwards."""

    goal: str
    files: NotRequired[list[str]]
    check: NotRequired[str | None]


class StudioOutput(TypedDict):
    """How it ended: in a word, in words, and whole, as `run --json` prints it."""

    verdict: str
    summary: str
    result: dict[str, Any]


class StudioState(StudioInput, StudioOutput):
    """Both."""


def fields_of_task(state: StudioInput, context: StudioContext) -> TaskFields:
    """Return the fields of the task that *state* describes, at the place that *context* names."""
    fields: TaskFields = {"files": state.get("files"), "check": state.get("check"), "max_cost": context.max_cost}
    if context.workspace:
        fields["workspace"] = context.workspace
    if context.local_only:
        fields["local_only"] = True
    return fields


async def run(state: StudioInput, runtime: Runtime[StudioContext]) -> StudioOutput:
    """Run the task of *state*, and tell each event of it on the graph's custom stream."""
    context = runtime.context or StudioContext()
    result = await arun(
        state["goal"],
        policy=context.policy or None,
        on_event=lambda event: runtime.stream_writer(event.json),
        **fields_of_task(state, context),
    )
    return {"verdict": result.verdict, "summary": result.summary, "result": result.json}


def _built() -> StateGraph[StudioState, StudioContext, StudioInput, StudioOutput]:
    builder = StateGraph(
        StudioState, context_schema=StudioContext, input_schema=StudioInput, output_schema=StudioOutput
    )
    builder.add_node("run", run)
    builder.add_edge(START, "run")
    builder.add_edge("run", END)
    return builder


graph = _built().compile(name=NAME)
