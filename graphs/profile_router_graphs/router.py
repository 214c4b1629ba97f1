"""Put the nodes together. `graph` is the compiled graph without a checkpointer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph

from profile_router_graphs.nodes.closing import merge, summarize, verify
from profile_router_graphs.nodes.condense import condense
from profile_router_graphs.nodes.deciding import classify, parent, probe
from profile_router_graphs.nodes.dispatch import dispatch
from profile_router_graphs.nodes.reroute import reroute
from profile_router_graphs.state import RunContext, RunInput, RunOutput, RunState

GRAPH_NAME = "profile-router"
GraphNode = Callable[..., Awaitable[Any]]


def build() -> StateGraph[RunState, RunContext, RunInput, RunOutput]:
    """Return the graph, not yet compiled: whoever compiles it brings the checkpointer."""
    builder = StateGraph(RunState, RunContext, input_schema=RunInput, output_schema=RunOutput)
    first, last = with_nodes(builder, lambda node: node)
    builder.add_edge(START, first)
    builder.add_edge(last, END)
    return builder


def with_nodes(builder: StateGraph[Any, Any, Any, Any], bound: Callable[[GraphNode], GraphNode]) -> tuple[str, str]:
    """Add the nodes to *builder*, each as *bound* makes it, and return the names of the first and the last."""
    for node in (parent, classify, probe, condense, dispatch, reroute, verify, summarize, merge):
        builder.add_node(node.__name__, bound(node))
    builder.add_edge("parent", "classify")
    return "parent", "merge"


def mermaid() -> str:
    """Return the graph as Mermaid text, as it stands in the README."""
    return str(build().compile(name=GRAPH_NAME).get_graph().draw_mermaid(with_styles=False))


graph = build().compile(name=GRAPH_NAME)


def with_checkpoints(
    checkpointer: BaseCheckpointSaver[Any],
) -> CompiledStateGraph[RunState, RunContext, RunInput, RunOutput]:
    """Return the graph with *checkpointer*. To compile it again takes 20 ms, and a run needs it twice."""
    return graph.copy({"checkpointer": checkpointer})
