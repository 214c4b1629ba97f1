"""The graph for LangGraph Studio: plain data as context, schemas that answer, and nodes that run as `run` does."""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import urllib.error
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from langgraph.channels import LastValue
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.store.memory import InMemoryStore
from langgraph_sdk import Auth
from langgraph_sdk.runtime import AccessContext, _ExecutionRuntime, _ReadRuntime
from tests.api.on_stage import DONE, Stage, stage
from tests.api.studio_server import studio_server
from tests.cli.command import ROOT
from tests.scripted_provider import say

from profile_router import resume
from profile_router.api.studio import StudioContext, StudioInput, fields_of_task, graph
from profile_router.api.studio_door import STUDIO, auth
from profile_router.errors import RouterError, UsageError, WorkspaceError
from profile_router.ledger.history import SqliteHistory
from profile_router.verify.verifier import WorkspaceVerifier
from profile_router_graphs.router import build
from profile_router_graphs.router import graph as router

GOAL: StudioInput = {"goal": "fix add in calc.py", "files": ["calc.py"]}
SHIPPED = ROOT / "skill/profile_router/policies/default_policy.yaml"
SCHEMAS = {"verdict", "result", "told"}


def looked_at(why: AccessContext = "assistants.read") -> Any:
    return graph(_ReadRuntime(access_context=why, user=None, store=InMemoryStore()))


def to_run() -> Any:
    return graph(
        _ExecutionRuntime(
            access_context="threads.create_run", user=None, store=InMemoryStore(), context=StudioContext()
        )
    )


async def walked(given: StudioInput, context: Any, saver: Any = None, thread: str = "t") -> list[Any]:
    """Return what the graph streams of a run, as the server has it: with the server's own checkpointer."""
    async with to_run() as made:
        at = {"configurable": {"thread_id": thread}} if saver else None
        streamed = made.copy({"checkpointer": saver}).astream(
            given, at, context=context, stream_mode=["custom", "updates", "values"]
        )
        return [one async for one in streamed]


@pytest.fixture
def on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    with stage(tmp_path, *DONE, say("It adds.")) as made:
        for name, value in made.environ.items():
            monkeypatch.setenv(name, value)
        yield made


def history(on: Stage) -> SqliteHistory:
    return SqliteHistory(state=Path(on.environ["PROFILE_ROUTER_STATE"]))


def test_the_file_of_the_server_names_this_graph() -> None:
    (named,) = json.loads((ROOT / "graphs" / "langgraph.json").read_text())["graphs"].values()
    module, _, name = named.partition(":")
    assert getattr(importlib.import_module(module), name) is graph


@pytest.mark.parametrize("why", ["assistants.read", "threads.read", "threads.update"])
def test_it_is_drawn_with_every_node_of_the_router_and_begins_no_run(why: AccessContext, tmp_path: Path) -> None:
    async def drawn() -> Any:
        async with looked_at(why) as made:
            return made.get_graph()

    theirs, ours = build().compile().get_graph(), asyncio.run(drawn())
    assert set(ours.nodes) == {*theirs.nodes, "begin", "end"}
    inside = {
        (edge.source, edge.target) for edge in theirs.edges if edge.source != "__start__" and edge.target != "__end__"
    }
    ends = {("__start__", "begin"), ("begin", "parent"), ("merge", "end"), ("end", "__end__")}
    assert {(edge.source, edge.target) for edge in ours.edges} == inside | ends
    assert not Path(os.environ["PROFILE_ROUTER_STATE"]).exists()


def test_its_schemas_are_plain_data_that_a_form_can_show() -> None:
    async def schemas() -> Any:
        async with looked_at() as made:
            return made.get_context_jsonschema(), made.get_input_jsonschema(), made.get_output_jsonschema()

    context, given, output = asyncio.run(schemas())
    kinds = {name: one.get("type") for name, one in context["properties"].items()}
    assert kinds == {"workspace": "string", "local_only": "boolean", "max_cost": None}
    assert (set(given["properties"]), given["required"]) == ({"goal", "files"}, ["goal"])
    assert set(output["properties"]) == SCHEMAS


@pytest.mark.parametrize(
    ("context", "thread", "fields"),
    [
        (StudioContext(), None, {"max_cost": None}),
        (
            StudioContext(workspace="/w", local_only=True),
            None,
            {"workspace": "/w", "local_only": True, "max_cost": None},
        ),
        (StudioContext(max_cost=0.5), "t", {"max_cost": 0.5, "thread": "t"}),
    ],
    ids=str,
)
def test_the_context_becomes_fields_of_the_task(
    context: StudioContext, thread: str | None, fields: dict[str, Any]
) -> None:
    given = {"files": ["calc.py"], **fields}
    assert fields_of_task({"goal": "x", "files": ["calc.py"]}, context, thread) == given


def test_each_value_that_the_nodes_hand_on_is_the_last_one_that_was_said() -> None:
    """In Studio the state goes on beside LangGraph's channels: a reducer would be left out there."""
    handed = [channel for name, channel in router.channels.items() if not name.startswith(("__", "branch:"))]
    assert {type(channel) for channel in handed} == {LastValue}


def test_it_runs_a_task_node_by_node_as_run_does(on: Stage) -> None:
    saver = InMemorySaver()
    told = asyncio.run(walked(GOAL, {"workspace": str(on.root)}, saver))
    nodes = [name for mode, one in told if mode == "updates" for name in one]
    assert nodes == ["begin", "parent", "classify", "dispatch", "verify", "summarize", "merge", "end"]
    events = [one["event"] for mode, one in told if mode == "custom"]
    assert events[:3] == ["classify", "begin", "turn"]
    ended = told[-1][1]
    assert ended["result"]["summary"] == "`add` adds now."
    assert ended["result"]["verified"]["files_changed"]
    (row,) = history(on).runs(9)
    assert (row.id, row.thread, row.verdict) == (ended["result"]["run"], "t", ended["verdict"])
    states = [one.checkpoint["channel_values"] for one in saver.list({"configurable": {"thread_id": "t"}})]
    names = {name for one in states for name in one if not name.startswith(("__", "branch:"))}
    assert names <= {"goal", "files", *SCHEMAS}  # the server keeps nothing of what the nodes hand on


def test_a_thread_goes_on_with_its_conversation_and_with_nothing_else_of_the_task_before(on: Stage) -> None:
    saver, context = InMemorySaver(), {"workspace": str(on.root)}

    async def twice() -> None:
        await walked(GOAL, context, saver)
        await walked({"goal": "what does it do?"}, context, saver)

    asyncio.run(twice())
    assert "fix add in calc.py" in json.dumps(on.local.requests[-1].body)
    newest, first = history(on).runs(9)
    assert newest.thread == first.thread == "t"


@pytest.mark.parametrize(
    ("given", "context", "said"),
    [
        ({"goal": ""}, {}, "goal"),
        (GOAL, {"workspace": "/nowhere/at/all"}, "/nowhere/at/all"),
    ],
    ids=["no goal", "no folder"],
)
def test_what_cannot_be_run_is_said_in_one_line_and_leaves_no_run(
    given: Any, context: Any, said: str, on: Stage
) -> None:
    with pytest.raises(RouterError, match=said) as raised:
        asyncio.run(walked(given, {"workspace": str(on.root), **context}))
    assert "\n" not in str(raised.value)
    assert history(on).runs(9) == []


def test_a_run_that_was_begun_elsewhere_is_not_gone_on_with(on: Stage) -> None:
    async def gone_on() -> None:
        saver, at = InMemorySaver(), {"configurable": {"thread_id": "t"}}
        async with to_run() as made:
            here = made.copy({"checkpointer": saver})
            await here.ainvoke(GOAL, at, context={"workspace": str(on.root)}, interrupt_before=["dispatch"])
        async with to_run() as made:
            await made.copy({"checkpointer": saver}).ainvoke(None, at, context={"workspace": str(on.root)})

    with pytest.raises(UsageError, match="was begun elsewhere"):
        asyncio.run(gone_on())
    (row,) = history(on).runs(9)
    assert row.verdict == "interrupted"


@pytest.mark.nightly  # by day the row `interrupted` is held by the run that was begun elsewhere
def test_a_run_that_is_cancelled_is_interrupted_and_resume_goes_on_where_it_was(on: Stage) -> None:
    async def cancelled() -> Any:
        running: list[asyncio.Task[Any]] = []

        async def walk() -> None:
            async with to_run() as made:
                async for event in made.astream(GOAL, context={"workspace": str(on.root)}, stream_mode="custom"):
                    if event["event"] == "turn":
                        running[0].cancel()

        running.append(asyncio.ensure_future(walk()))
        await asyncio.wait(running)
        return running[0].cancelled()

    assert asyncio.run(cancelled())
    assert [row.verdict for row in history(on).runs(9)] == ["interrupted"]
    result = resume()
    assert (result.json["summary"], len(on.local.chats)) == ("`add` adds now.", 2)  # its first turn is not asked again
    assert [row.verdict for row in history(on).runs(9)] == [result.verdict]


def test_a_node_that_fails_is_an_error_of_the_run(on: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_: object, **__: object) -> None:
        raise WorkspaceError("the folder is gone")

    monkeypatch.setattr(WorkspaceVerifier, "verify", gone)
    with pytest.raises(WorkspaceError, match="the folder is gone"):
        asyncio.run(walked(GOAL, {"workspace": str(on.root)}))
    assert [row.verdict for row in history(on).runs(9)] == ["error"]


def test_no_one_is_there_to_approve_and_the_expensive_model_is_not_asked(
    tmp_path: Path, on: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = tmp_path / "asks.yaml"
    policy.write_text(SHIPPED.read_text(encoding="utf-8").replace("ask_above_usd: 1 ", "ask_above_usd: 0 "))
    monkeypatch.setenv("PROFILE_ROUTER_POLICY", str(policy))
    context = {"workspace": str(on.root)}
    ended = asyncio.run(walked({"goal": "refactor the whole code base"}, context))[-1][1]
    assert (ended["verdict"], ended["result"]["route"]["profile"]) == ("unapproved", "coding-burst")
    assert history(on).runs(9)[0].verdict == "unapproved"


def test_a_run_goes_to_no_tracer(on: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    from langsmith import utils

    monkeypatch.setenv("LANGSMITH_TRACING", "true")
    monkeypatch.setenv("LANGSMITH_ENDPOINT", on.local.base_url)
    monkeypatch.setenv("LANGSMITH_API_KEY", "k")
    utils.get_env_var.cache_clear()  # type: ignore[attr-defined]  # it remembers the environment

    async def traced() -> bool:
        async with to_run():
            return bool(utils.tracing_is_enabled())

    try:
        assert utils.tracing_is_enabled()
        assert not asyncio.run(traced())
    finally:
        utils.get_env_var.cache_clear()  # type: ignore[attr-defined]


@pytest.mark.parametrize("page", [b"https://evil.example", b"null", b"http://127.0.0.1:3000", b"", b"\xff"])
def test_a_web_page_that_is_not_studios_starts_nothing(page: bytes) -> None:
    door: Any = auth._authenticate_handler
    with pytest.raises(Auth.exceptions.HTTPException, match="no other web page"):
        asyncio.run(door({b"origin": page}))


@pytest.mark.parametrize(
    "host", [b"evil.example", b"evil.example:2024", b"127.0.0.1.evil.example", b"evil.example@127.0.0.1", b"", b"\xff"]
)
@pytest.mark.parametrize("origin", [{}, {b"origin": STUDIO.encode()}], ids=["no origin", "Studio"])
def test_a_web_page_whose_name_leads_here_reads_nothing(host: bytes, origin: dict[bytes, bytes]) -> None:
    door: Any = auth._authenticate_handler
    with pytest.raises(Auth.exceptions.HTTPException, match="by no other name"):
        asyncio.run(door({b"host": host, **origin}))


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {b"origin": STUDIO.encode()},
        *({b"host": host} for host in (b"127.0.0.1:2024", b"localhost:2024", b"[::1]:2024", b"LOCALHOST")),
    ],
    ids=str,
)
def test_a_program_and_studio_are_answered(headers: dict[bytes, bytes]) -> None:
    door: Any = auth._authenticate_handler
    assert asyncio.run(door(headers))["identity"] == "operator"


def test_the_server_lets_no_other_page_than_studio_read_and_asks_our_door() -> None:
    told = json.loads((ROOT / "graphs" / "langgraph.json").read_text())
    assert told["http"]["cors"]["allow_origins"] == [STUDIO]
    assert told["auth"] == {"path": "profile_router.api.studio_door:auth", "disable_studio_auth": True}


@pytest.mark.nightly
def test_the_server_of_langgraph_answers_schemas_and_runs_a_task(tmp_path: Path, on: Stage) -> None:
    environ = {
        **on.environ,
        "LANGSMITH_TRACING": "true",
        "LANGSMITH_ENDPOINT": on.local.base_url,
        "LANGSMITH_API_KEY": "k",
    }
    with studio_server(tmp_path, environ) as server:
        (named,) = server.asked("/assistants/search", {})
        schemas = server.asked(f"/assistants/{named['assistant_id']}/schemas")
        drawn = server.asked(f"/assistants/{named['assistant_id']}/graph")
        task = {"assistant_id": "profile-router", "input": GOAL, "context": {"workspace": str(on.root)}}
        ended = server.asked("/runs/wait", task)
        thread = server.asked("/threads", {})["thread_id"]
        streamed = server.asked(
            f"/threads/{thread}/runs/stream",
            {**task, "stream_mode": ["updates"], "input": {"goal": "what does it do?"}},
        )
        state = server.asked(f"/threads/{thread}/state")
        for page in ("https://evil.example", "null", "http://127.0.0.1:1"):
            with pytest.raises(urllib.error.HTTPError, match="403"):
                server.asked("/runs/wait", task, {"origin": page, "content-type": "text/plain"})
        for path, body in (("/assistants/search", {}), (f"/threads/{thread}/state", None), ("/runs/wait", task)):
            with pytest.raises(urllib.error.HTTPError, match="403"):
                server.asked(path, body, {"host": f"evil.example:{server.port}"})
        assert server.asked("/assistants/search", {}, {"origin": STUDIO})
    assert schemas["input_schema"]["required"] == ["goal"]
    assert set(schemas["context_schema"]["properties"]) == {"workspace", "local_only", "max_cost"}
    assert {one["id"] for one in drawn["nodes"]} == set(build().nodes) | {"__start__", "__end__", "begin", "end"}
    assert ended["result"]["summary"] == "`add` adds now."
    assert [one["path"] for one in ended["result"]["verified"]["files_changed"]] == ["calc.py"]
    assert '{"dispatch":' in streamed
    assert set(state["values"]) <= SCHEMAS
    assert not [one.path for one in on.local.requests if "/runs" in one.path]  # so a tracer's requests are called
    assert {row.thread for row in history(on).runs(9)} >= {thread}
