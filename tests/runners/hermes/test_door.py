"""Whatever of Hermes asks a model, it asks the routed endpoint, or nothing goes out and that is told."""

from __future__ import annotations

import asyncio
import http.client
import json
import struct
import urllib.request
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from tests.fakes import BURST, BURST_ORDER, LOCAL, MODEL, Heard, a_task
from tests.runners.hermes.stage import Stage, an_errand
from tests.runners.hermes.versions import TRIED, hermes_of
from tests.scripted_provider import ScriptedProvider, call, redirect, say

from profile_router.runners.hermes.child.door import Door, Elsewhere
from profile_router.runners.hermes.child.turn import _same_place
from profile_router.runners.hermes.turn_account import Account

HERE = "http://127.0.0.1:8080/v1"
CHATS = "https://cloud.example/v1/chat/completions"
PRIVATE = "PRIVATE-77zz"
TURN = {"model": MODEL, "messages": [{"role": "user", "content": PRIVATE}]}


def a_door(base_url: str = HERE, *, local: bool = True) -> tuple[Door, list[dict[str, Any]]]:
    told: list[dict[str, Any]] = []
    expected = {"base_url": base_url, "model": MODEL, "local": local}
    return Door(lambda event, **values: told.append({"event": event, **values}), expected, None), told


def refused(door: Door, url: str, body: Any = None, method: str = "POST") -> bool:
    try:
        door.look(method, url, None if body is None else json.dumps(body).encode())
    except Elsewhere:
        return True
    return False


@pytest.mark.parametrize(
    ("url", "body"),
    [
        (CHATS, TURN),
        ("https://cloud.example/v1/responses", {"model": "gpt", "input": PRIVATE}),
        ("https://cloud.example/v1/messages?beta=true", {}),
        ("https://cloud.example/backend-api/codex/responses/", {}),
        ("https://cloud.example/v1beta/models/gemini:streamGenerateContent?alt=sse", {}),
        ("https://cloud.example/odd", {"contents": [{"parts": []}]}),
        ("https://cloud.example/model/anthropic.claude/converse", {}),
        ("https://cloud.example/v1/audio/transcriptions", None),
        ("https://queue.cloud.example/flux", {"prompt": PRIVATE}),
        ("https://cloud.example/embed", {"model": "e", "input": [PRIVATE]}),
        ("http://127.0.0.1:8081/v1/chat/completions", TURN),
        ("https://127.0.0.1:8080/v1/chat/completions", TURN),
        ("http://localhost:8080/v1/chat/completions", TURN),
        ("http://127.0.0.1:8080@cloud.example/v1/chat/completions", TURN),
        ("http://cloud.example:99999/v1/chat/completions", TURN),
    ],
)
@pytest.mark.parametrize("local", [True, False])
def test_a_model_is_asked_at_the_routed_endpoint_or_not_at_all(url: str, body: Any, local: bool) -> None:
    door, told = a_door(local=local)
    assert refused(door, url, body)
    assert [event["event"] for event in told] == ["elsewhere"]
    assert PRIVATE not in str(told)
    assert "@" not in told[0]["place"]


@pytest.mark.parametrize(
    ("url", "body", "method"),
    [
        (f"{HERE}/chat/completions", TURN, "POST"),
        ("http://127.0.0.1:8080/api/show", {"model": "another"}, "POST"),
        ("https://cloud.example/v1/models", None, "GET"),
        ("https://search.example/search", {"query": "how", "contents": {"text": True}}, "POST"),
        ("https://tools.example/mcp", {"jsonrpc": "2.0", "method": "tools/call", "params": {"name": "x"}}, "POST"),
        ("https://cloud.example/oauth/token", {"grant_type": "refresh_token"}, "POST"),
    ],
)
def test_what_asks_no_other_model_goes_out(url: str, body: Any, method: str) -> None:
    door, told = a_door()
    assert not refused(door, url, body, method)
    assert told == []


@pytest.mark.parametrize("agreed", [True, False])
def test_what_else_is_sent_leaves_this_machine_where_whoever_ordered_the_turn_agrees(agreed: bool) -> None:
    asked: list[str] = []
    expected = {"base_url": HERE, "model": MODEL, "local": True}

    def may_leave(what: str) -> bool:
        asked.append(what)
        return agreed

    door = Door(lambda *_, **__: None, expected, None, may_leave)
    assert refused(door, "https://traces.example/batch", {"events": [PRIVATE]}) is not agreed
    assert not refused(door, "https://docs.example/page", method="GET")
    assert not refused(door, "http://127.0.0.1:9222/json/new", {}, "PUT")
    assert not refused(door, f"{HERE}/tokenize", {"content": PRIVATE})
    assert asked == ["request to traces.example"]


@pytest.mark.parametrize(("local", "model", "out"), [(True, "a:cloud", False), (True, MODEL, True), (False, "b", True)])
def test_a_local_server_is_asked_for_the_routed_model_alone(local: bool, model: str, out: bool) -> None:
    """It may pass another model's requests on to a cloud, as Ollama does by a model's name."""
    door, _ = a_door(local=local)
    assert refused(door, f"{HERE}/chat/completions", {**TURN, "model": model}) is not out


@pytest.mark.parametrize("local", [True, False])
def test_a_model_goes_by_the_name_that_hermes_has_for_it_at_the_routed_place_alone(local: bool) -> None:
    door, _ = a_door(local=local)
    door.also("vendor/its-name")
    assert not refused(door, f"{HERE}/chat/completions", {**TURN, "model": "its-name"})
    assert refused(door, "https://other.example/v1/chat/completions", {**TURN, "model": "its-name"})


@pytest.mark.parametrize("local", [True, False])
@pytest.mark.parametrize(
    ("found", "same"),
    [(HERE, True), ("http://127.0.0.1:8080", True), ("https://api.cloud.example/v1", False), ("", False)],
)
def test_no_turn_begins_where_hermes_finds_the_provider_elsewhere(found: str, same: bool, local: bool) -> None:
    expected = {"base_url": HERE, "model": MODEL, "local": local}
    if same:
        _same_place(expected, found)
    else:
        with pytest.raises(LookupError, match="state `provider: custom` beside `base_url`"):
            _same_place(expected, found)


def test_an_auxiliary_call_of_a_local_turn_is_one_to_its_own_endpoint() -> None:
    named = {"task": "vision", "provider": "openrouter", "model": "cloudy", "api_key": "sk-cloud", "messages": []}
    with a_door()[0].auxiliary((), named) as given:
        assert given == {**named, "provider": "custom", "base_url": HERE, "model": MODEL, "api_key": "no-key-required"}
    with a_door(local=False)[0].auxiliary((), named) as given:
        assert given == named


class Transport(httpx.HTTPTransport): ...


class AsyncTransport(httpx.AsyncHTTPTransport): ...


class Connection(http.client.HTTPConnection): ...


class Handler(urllib.request.HTTPHandler):
    def http_open(self, req: urllib.request.Request) -> Any:
        return self.do_open(Connection, req)


class OtherConnection(Connection):
    """One with a `request` of its own, as urllib3 has: that of the standard library is not called."""

    def request(self, method: str, url: str, body: Any = None, headers: Any = None, **_: Any) -> None:
        self.putrequest(method, url)
        for name, value in (headers or {}).items():
            self.putheader(name, value)
        self.endheaders()
        self.send(body)


class OtherHandler(urllib.request.HTTPHandler):
    def http_open(self, req: urllib.request.Request) -> Any:
        return self.do_open(OtherConnection, req)


def by_httpx(url: str, model: str = MODEL) -> None:
    with httpx.Client(transport=Transport(), follow_redirects=True) as client:
        client.post(url, json={**TURN, "model": model})


def by_httpx_in_a_loop(url: str, model: str = MODEL) -> None:
    async def ask() -> None:
        async with httpx.AsyncClient(transport=AsyncTransport(), follow_redirects=True) as client:
            await client.post(url, json={**TURN, "model": model})

    asyncio.run(ask())


def by_the_standard_library(url: str, model: str = MODEL) -> None:
    urllib.request.build_opener(Handler).open(url, json.dumps({**TURN, "model": model}).encode()).read()


def by_another_kind_of_connection(url: str, model: str = MODEL) -> None:
    urllib.request.build_opener(OtherHandler).open(url, json.dumps({**TURN, "model": model}).encode()).read()


CLIENTS = (by_httpx, by_httpx_in_a_loop, by_the_standard_library, by_another_kind_of_connection)


@pytest.mark.parametrize(
    ("base_url", "asked"), [(HERE, False), ("https://a.example/v1", False), ("acp://copilot", True)]
)
def test_a_program_is_asked_as_a_model_where_it_is_the_routed_one(base_url: str, asked: bool) -> None:
    class Program:
        def ask(self, **_: Any) -> str:
            return "answered"

    door, told = a_door(base_url, local=False)
    door.stand_at(Program, "ask")
    if asked:
        assert Program().ask(model="m") == "answered"
    else:
        with pytest.raises(Elsewhere, match="Program was not asked"):
            Program().ask(model="m")
    assert [event["place"] for event in told] == ["Program"] * (not asked)


@pytest.fixture
def stood() -> Iterator[Callable[[str], list[dict[str, Any]]]]:
    """Return what lets a door to *base_url* stand at classes of the test's own; they are as before in the end."""
    before = [
        (kind, name, vars(kind).get(name), getattr(kind, name))
        for kind, name in (
            (Transport, "handle_request"),
            (AsyncTransport, "handle_async_request"),
            (Connection, "request"),
            (Connection, "putrequest"),
            (OtherConnection, "request"),
        )
    ]

    def stand(base_url: str) -> list[dict[str, Any]]:
        door, told = a_door(base_url)
        door.stand(Transport, AsyncTransport, Connection, OtherConnection)
        return told

    yield stand
    for kind, name, _, was in before:
        setattr(kind, name, was)


@pytest.mark.parametrize("ask", CLIENTS)
def test_no_client_reaches_another_model(ask: Callable[..., None], stood: Callable[[str], Any]) -> None:
    with ScriptedProvider([say("here")]) as here, ScriptedProvider() as other:
        told = stood(here.base_url)
        ask(f"{here.base_url}/chat/completions")
        for url, model in (
            (f"{other.base_url}/chat/completions", MODEL),
            (f"{other.base_url}/a-path-that-nobody-knows", "m"),
            (f"{here.base_url}/chat/completions", "a:cloud"),
            (f"{here.base_url}/a-path-that-nobody-knows", "a:cloud"),
        ):
            with pytest.raises(OSError, match="was not asked"):
                ask(url, model)
        assert (len(here.chats), other.requests) == (1, [])
    assert [event["event"] for event in told] == ["elsewhere"] * 4


@pytest.mark.parametrize("kind", [Connection, OtherConnection])
@pytest.mark.parametrize("body", [(), (iter([b"{}"]),)])
def test_a_local_model_is_not_asked_by_what_is_not_seen(kind: Any, body: Any, stood: Callable[[str], Any]) -> None:
    with ScriptedProvider() as here:
        told = stood(here.base_url)
        address = urlsplit(here.base_url)
        connection = kind(address.hostname, address.port)
        with pytest.raises(Elsewhere):
            (connection.request if body else connection.putrequest)("POST", "/v1/chat/completions", *body)
        assert here.requests == []
    assert [event["event"] for event in told] == ["elsewhere"]


@pytest.mark.parametrize("ask", [by_httpx, by_httpx_in_a_loop])
def test_a_redirect_leads_to_no_other_model(ask: Callable[[str], None], stood: Callable[[str], Any]) -> None:
    with ScriptedProvider() as other, ScriptedProvider([redirect(f"{other.base_url}/chat/completions")]) as here:
        stood(here.base_url)
        with pytest.raises(Elsewhere):
            ask(f"{here.base_url}/chat/completions")
        assert other.requests == []


def test_each_refusal_is_told_once_with_what_allows_it() -> None:
    hear = Account(emit=Heard())
    for task in ("vision", "vision", ""):
        hear({"event": "elsewhere", "place": "cloud.example", "model": "cloudy", "task": task})
    one, two = hear.refused_elsewhere()
    assert "cloudy at cloud.example for vision (2 times)" in one
    assert "`auxiliary.vision.provider: main`" in one
    assert "cloudy at cloud.example (1 time)" in two


# A plugin of the profile asks OTHER in each way that Hermes itself has.
WAYS = """\
import json, os, urllib.request
BODY = {"model": "cloudy", "messages": [{"role": "user", "content": "PRIVATE-77zz"}]}

def by_a_task(task):
    from agent.auxiliary_client import call_llm
    return call_llm(task=task, messages=BODY["messages"]).choices[0].message.content

def by_openai():
    from openai import OpenAI
    return OpenAI(base_url=os.environ["OTHER"], api_key="sk-x", max_retries=0).chat.completions.create(**BODY)

def by_requests():
    import requests
    return requests.post(os.environ["OTHER"] + "/chat/completions", json=BODY, timeout=5).text

def by_urllib():
    return urllib.request.urlopen(os.environ["OTHER"] + "/chat/completions", json.dumps(BODY).encode(), 5).read()

def by_a_program():
    from agent.copilot_acp_client import CopilotACPClient
    client = CopilotACPClient(api_key="k", base_url="acp://copilot", command="/bin/true", args=[])
    return client.chat.completions.create(**BODY)

def by_a_client():
    from agent.auxiliary_client import resolve_provider_client
    client, model = resolve_provider_client("custom", "cloudy", explicit_base_url=os.environ["OTHER"])
    return client.chat.completions.create(**BODY)

WAYS = [lambda: by_a_task("compression"), lambda: by_a_task("mcp"), by_openai, by_requests, by_urllib, by_a_client, by_a_program]

def register(ctx):
    def before(**_):
        if os.path.exists("told.txt"):
            return
        for number, way in enumerate(WAYS):
            try:
                said = f"got {way()}"
            except Exception as error:
                said = f"refused {type(error).__name__} {error} {error.__cause__}"
            with open("told.txt", "a") as file:
                file.write(f"{number} {said}\\n")
    ctx.register_hook("pre_api_request", before)
"""


@pytest.mark.nightly
@pytest.mark.parametrize("version", list(TRIED))
@pytest.mark.parametrize("local", [True, False])
def test_whatever_way_hermes_goes_the_other_model_hears_nothing(tmp_path: Path, version: str, local: bool) -> None:
    with (
        Stage(tmp_path / "stage", hermes_of(version, tmp_path)) as stage,
        ScriptedProvider(models=("cloudy",)) as other,
        ScriptedProvider([say("done")] * 8) as here,
    ):
        name = LOCAL if local else BURST
        to_other = {"provider": "custom", "base_url": other.base_url, "model": "cloudy", "api_key": "sk-other"}
        tasks = dict.fromkeys(("compression", "mcp", "vision"), to_other)
        stage.profile(
            here.base_url,
            name,
            auxiliary=tasks,
            plugins={"enabled": ["ways"]},
            fallback_providers=[to_other],
        )
        plugin = stage.root / "profiles" / name
        with (plugin / ".env").open("a") as env:
            env.write(f"OTHER={other.base_url}\n")
        folder = plugin / "plugins" / "ways"
        folder.mkdir(parents=True)
        (folder / "plugin.yaml").write_text("name: ways\nversion: '1'\nprovides_hooks: [pre_api_request]\n")
        (folder / "__init__.py").write_text(WAYS)
        attempt = stage.run(
            an_errand(a_task("do it", toolsets=("file",), max_turns=14), **({} if local else BURST_ORDER))
        )
        said = (stage.workspace / "told.txt").read_text().splitlines()
        assert other.chats == [], said
    assert attempt.failure is None
    ended = [line.split()[1] for line in said]
    assert ended[2:] == ["refused"] * 5
    assert ended[:2] == ["got"] * 2 or not local  # 0.22.2 goes back to the profile's own endpoint by itself
    assert [note for note in attempt.notes if "wanted to ask cloudy" in note]


@pytest.mark.nightly
@pytest.mark.parametrize("version", list(TRIED))
def test_a_look_at_an_image_under_a_local_profile_goes_to_its_own_model(tmp_path: Path, version: str) -> None:
    with (
        Stage(tmp_path / "stage", hermes_of(version, tmp_path)) as stage,
        ScriptedProvider(models=("cloudy",)) as other,
    ):
        shot = stage.workspace / "shot.png"
        shot.write_bytes(a_picture(64, 64))
        asks = {"image_url": str(shot), "question": f"what of {PRIVATE}"}
        turn = [call("read_file", {"path": "notes.env"}), call("vision_analyze", asks), say("grey"), say("done")]
        with ScriptedProvider(turn) as here:
            sees = {"provider": "custom", "base_url": other.base_url, "model": "cloudy", "api_key": "sk-other"}
            stage.profile(here.base_url, auxiliary={"vision": sees})
            (stage.workspace / "notes.env").write_text(f"DB_PASSWORD={PRIVATE}\n")
            attempt = stage.run(an_errand(a_task("look", toolsets=("file", "vision"), max_turns=9)))
            assert "image_url" in str(here.chats[2]["messages"])
        assert other.chats == []
    assert (attempt.failure, attempt.text, attempt.receipt.turns) == (None, "done", 4)


def a_picture(wide: int, high: int) -> bytes:
    """Return a grey PNG."""

    def part(name: bytes, of: bytes) -> bytes:
        return struct.pack(">I", len(of)) + name + of + struct.pack(">I", zlib.crc32(name + of))

    head = struct.pack(">IIBBBBB", wide, high, 8, 2, 0, 0, 0)
    rows = zlib.compress((b"\0" + b"\x80" * 3 * wide) * high)
    return b"\x89PNG\r\n\x1a\n" + part(b"IHDR", head) + part(b"IDAT", rows) + part(b"IEND", b"")
