"""What the router relies on, asked of a real llama.cpp server: its window, its errors, its counts, its streams."""

import base64
import importlib
import json
import lzma
import time
from collections.abc import Container, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import httpx2
import pytest
import tiktoken
from tests.examples import by_night
from tests.llama.conftest import SLOTS, BuildModel
from tests.llama.sample_request import PYTHON_FILE, SYSTEM, TOOLS
from tests.llama.script import LIST_FILES, READ_README, SENTENCE, Script
from tests.llama.server import LlamaServer, flags, loading, running, stuck_loading
from tests.llama.vocabulary import RANKS

CHAT, COUNT = "/v1/chat/completions", "/v1/chat/completions/input_tokens"
ASK = [{"role": "user", "content": "What does this repository do?"}]
ESTIMATE = {
    "type": "object",
    "properties": {
        "complexity": {"enum": ["low", "medium", "high"]},
        "files": {"type": "integer", "minimum": 0},
        "why": {"type": "string", "maxLength": 80},
        "risks": {"type": "array", "items": {"type": "string"}, "maxItems": 3},
    },
    "required": ["complexity", "files", "why", "risks"],
    "additionalProperties": False,
}
BOUND = {"type": "json_schema", "json_schema": {"name": "estimate", "schema": ESTIMATE}}


def client_of(server: LlamaServer) -> httpx2.Client:
    """Open a connection for each request: the server may close one that it said it keeps (see the test below)."""
    return httpx2.Client(base_url=server.url, timeout=60, limits=httpx2.Limits(max_keepalive_connections=0))


@pytest.fixture
def at_32k(llama_32k: LlamaServer) -> Iterator[httpx2.Client]:
    with client_of(llama_32k) as client:
        yield client


@pytest.fixture
def at_8k(llama_8k: LlamaServer) -> Iterator[httpx2.Client]:
    with client_of(llama_8k) as client:
        yield client


@pytest.fixture
def o200k(monkeypatch: pytest.MonkeyPatch) -> tiktoken.Encoding:
    lines = lzma.decompress(RANKS.read_bytes()).splitlines()
    ranks = {base64.b64decode(token): int(rank) for token, rank in map(bytes.split, lines)}
    published: Any = importlib.import_module("tiktoken_ext.openai_public")
    monkeypatch.setattr(published, "load_tiktoken_bpe", lambda *_, **__: ranks)
    return tiktoken.Encoding(**published.o200k_base())


def post(client: httpx2.Client, path: str = CHAT, **body: Any) -> Any:
    response = client.post(path, json={"model": "tiny", "messages": ASK, "temperature": 0, **body})
    assert response.status_code == 200, response.text
    return response.json()


def prompt_of(client: httpx2.Client, tokens: int) -> list[dict[str, str]]:
    """Return messages that cost exactly so many tokens, by the server's own count."""
    missing = tokens - post(client, COUNT, messages=[{"role": "user", "content": ""}])["input_tokens"]
    messages = [{"role": "user", "content": " x" * missing}]
    assert post(client, COUNT, messages=messages)["input_tokens"] == tokens
    return messages


def until(client: httpx2.Client, path: str, statuses: Container[int]) -> httpx2.Response:
    """Return the first answer with one of these statuses; a refused connection is not an answer. Gives up after 60 s."""
    give_up = time.monotonic() + 60
    while time.monotonic() < give_up:
        with suppress(httpx2.ConnectError):
            response = client.get(path)
            if response.status_code in statuses:
                return response
    raise AssertionError(f"{path} never answered with one of {statuses}")


def events_of(client: httpx2.Client, **body: Any) -> list[Any]:
    """Return the stream's events, parsed; the closing [DONE] must be there and is left out."""
    request = {"model": "tiny", "messages": ASK, "temperature": 0, "stream": True, **body}
    with client.stream("POST", CHAT, json=request) as response:
        assert response.status_code == 200
        *events, done = [line.removeprefix("data: ") for line in response.iter_lines() if line]
    assert done == "[DONE]"
    return [json.loads(event) for event in events]


def test_a_ready_server_is_healthy(at_8k: httpx2.Client) -> None:
    response = at_8k.get("/health")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


def test_the_window_is_divided_by_the_slots(at_8k: httpx2.Client, at_32k: httpx2.Client) -> None:
    props = [client.get("/props").json() for client in (at_8k, at_32k)]
    assert [each["total_slots"] for each in props] == [SLOTS, SLOTS]
    assert [each["default_generation_settings"]["n_ctx"] for each in props] == [8192 // SLOTS, 32768 // SLOTS]


def test_every_slot_has_its_share_and_is_idle(at_8k: httpx2.Client) -> None:
    slots = at_8k.get("/slots").json()
    assert [(slot["id"], slot["n_ctx"]) for slot in slots] == [(at, 2048) for at in range(SLOTS)]


def test_more_requests_than_slots_are_queued_not_refused(at_8k: httpx2.Client) -> None:
    with ThreadPoolExecutor(2 * SLOTS) as pool:
        answers = list(pool.map(lambda _: post(at_8k), range(2 * SLOTS)))
    assert {answer["choices"][0]["message"]["content"] for answer in answers} == {SENTENCE}


@pytest.mark.parametrize("stream", [False, True])
def test_a_prompt_over_the_window_is_a_400_that_says_both_sizes(at_8k: httpx2.Client, stream: bool) -> None:
    messages = [{"role": "user", "content": " x" * 3000}]
    cost = post(at_8k, COUNT, messages=messages)["input_tokens"]
    response = at_8k.post(CHAT, json={"messages": messages, "stream": stream})
    error = response.json()["error"]
    assert response.status_code == error["code"] == 400
    assert error["type"] == "exceed_context_size_error"
    assert (error["n_prompt_tokens"], error["n_ctx"]) == (cost, 2048)
    assert error["message"] == (
        f"request ({cost} tokens) exceeds the available context size (2048 tokens), try increasing it"
    )


def test_the_last_prompt_that_fits_is_one_token_short_of_the_window(at_8k: httpx2.Client) -> None:
    fits = post(at_8k, messages=prompt_of(at_8k, 2047))
    assert (fits["choices"][0]["finish_reason"], fits["usage"]["completion_tokens"]) == ("length", 1)
    refused = at_8k.post(CHAT, json={"messages": prompt_of(at_8k, 2048)})
    assert (refused.status_code, refused.json()["error"]["n_prompt_tokens"]) == (400, 2048)


def test_an_answer_that_meets_the_windows_end_is_cut_off_not_refused(at_8k: httpx2.Client) -> None:
    answer = post(at_8k, messages=prompt_of(at_8k, 2040), max_tokens=500)
    assert answer["choices"][0]["finish_reason"] == "length"
    assert answer["usage"]["total_tokens"] == 2048


@pytest.mark.parametrize("extra", [{}, {"tools": TOOLS}], ids=["plain", "with tools"])
def test_the_count_asked_for_before_is_the_one_billed_after(at_32k: httpx2.Client, extra: dict[str, Any]) -> None:
    body = {"messages": [{"role": "system", "content": SYSTEM}, {"role": "user", "content": PYTHON_FILE}], **extra}
    before = post(at_32k, COUNT, **body)["input_tokens"]
    assert before == post(at_32k, **body)["usage"]["prompt_tokens"] > 1000


def test_the_tiny_vocabulary_costs_at_most_half_as_much_again(at_32k: httpx2.Client, o200k: tiktoken.Encoding) -> None:
    messages = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": PYTHON_FILE}]
    texts = [SYSTEM, PYTHON_FILE, json.dumps(TOOLS)]
    counted = sum(len(o200k.encode_ordinary(text)) for text in texts)
    assert counted < post(at_32k, COUNT, messages=messages, tools=TOOLS)["input_tokens"] <= 1.5 * counted
    for text in texts:
        alone = len(at_32k.post("/tokenize", json={"content": text}).json()["tokens"])
        assert alone <= 1.5 * len(o200k.encode_ordinary(text)), text[:40]


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        by_night(Script(), {"complexity": "low", "files": 30, "why": "low", "risks": []}),
        by_night(Script(word="high", number=7), {"complexity": "high", "files": 7, "why": "high", "risks": []}),
        (Script(thought="How large is it?"), {"complexity": "low", "files": 30, "why": "low", "risks": []}),
    ],
    ids=["low", "high", "after a thought"],
)
def test_a_schema_binds_the_answer(tiny_model: BuildModel, script: Script, expected: dict[str, object]) -> None:
    with running(flags(tiny_model(script))) as server, client_of(server) as client:
        choice = post(client, response_format=BOUND)["choices"][0]
    assert json.loads(choice["message"]["content"]) == expected
    assert choice["finish_reason"] == "stop"


@pytest.mark.parametrize("seed", range(5))
def test_a_schema_binds_the_answer_at_any_temperature(at_8k: httpx2.Client, seed: int) -> None:
    choice = post(at_8k, response_format=BOUND, temperature=1.5, seed=seed)["choices"][0]
    answer = json.loads(choice["message"]["content"])
    assert set(answer) == {"complexity", "files", "why", "risks"}
    assert answer["complexity"] in {"low", "medium", "high"}


def test_a_schema_bound_answer_that_is_cut_off_is_not_json(at_8k: httpx2.Client) -> None:
    choice = post(at_8k, response_format=BOUND, max_tokens=5)["choices"][0]
    assert choice["finish_reason"] == "length"
    with pytest.raises(json.JSONDecodeError):
        json.loads(choice["message"]["content"])


def test_a_stream_starts_with_null_content_and_ends_with_the_usage(at_8k: httpx2.Client) -> None:
    first, *middle, last = events_of(at_8k, stream_options={"include_usage": True})
    assert first["choices"][0]["delta"] == {"role": "assistant", "content": None}
    assert "".join(event["choices"][0]["delta"].get("content") or "" for event in middle) == SENTENCE
    assert middle[-1]["choices"][0]["finish_reason"] == "stop"
    assert (last["choices"], last["usage"]["total_tokens"]) == ([], post(at_8k)["usage"]["total_tokens"])


def health_over(connection: HTTPConnection) -> int:
    connection.request("GET", "/health")
    with connection.getresponse() as answer:
        answer.read()
        return answer.status


def test_after_a_stream_the_connection_is_closed_though_keep_alive_is_promised(llama_8k: LlamaServer) -> None:
    with closing(HTTPConnection(llama_8k.url.removeprefix("http://"))) as connection:
        for stream in (False, True):
            connection.request("POST", CHAT, json.dumps({"messages": ASK, "temperature": 0, "stream": stream}))
            answer = connection.getresponse()
            assert answer.headers["Keep-Alive"] == "timeout=5, max=100"
            assert SENTENCE.split()[-1] in answer.read().decode()
            if not stream:
                assert health_over(connection) == 200
        with pytest.raises(ConnectionError):
            health_over(connection)


def test_a_thought_comes_as_reasoning_content(tiny_model: BuildModel) -> None:
    model = tiny_model(Script(thought="First I think, then I answer."))
    with running(flags(model)) as server, client_of(server) as client:
        message = post(client)["choices"][0]["message"]
        deltas = [event["choices"][0]["delta"] for event in events_of(client)]
    assert (message["reasoning_content"].strip(), message["content"]) == ("First I think, then I answer.", SENTENCE)
    assert "".join(delta.get("reasoning_content", "") for delta in deltas) == message["reasoning_content"]


def test_the_script_calls_its_tools_one_a_turn_and_then_says_its_sentence(at_32k: httpx2.Client) -> None:
    messages: list[Any] = [{"role": "system", "content": SYSTEM}, *ASK]
    for expected in (LIST_FILES, READ_README):
        choice = post(at_32k, messages=messages, tools=TOOLS)["choices"][0]
        (call,) = choice["message"]["tool_calls"]
        assert choice["finish_reason"] == "tool_calls"
        assert call["function"]["name"] == expected.tool
        assert json.loads(call["function"]["arguments"]) == expected.arguments
        messages += [choice["message"], {"role": "tool", "tool_call_id": call["id"], "content": "README.md"}]
    last = post(at_32k, messages=messages, tools=TOOLS)["choices"][0]
    assert (last["finish_reason"], last["message"]["content"]) == ("stop", SENTENCE)
    assert "tool_calls" not in last["message"]
    again = post(at_32k, messages=[*messages, last["message"], *ASK], tools=TOOLS)
    assert again["choices"][0]["message"]["tool_calls"][0]["function"]["name"] == LIST_FILES.tool


def test_a_tool_call_streams_its_name_first_and_its_arguments_in_parts(at_32k: httpx2.Client) -> None:
    deltas = [event["choices"][0]["delta"] for event in events_of(at_32k, tools=TOOLS)]
    parts = [part for delta in deltas for part in delta.get("tool_calls", [])]
    assert (parts[0]["index"], parts[0]["type"], parts[0]["function"]["name"]) == (0, "function", LIST_FILES.tool)
    assert all("id" not in part and "name" not in part["function"] for part in parts[1:])
    assert json.loads("".join(part["function"].get("arguments", "") for part in parts)) == LIST_FILES.arguments


def test_a_tool_that_is_not_offered_is_never_called(at_32k: httpx2.Client) -> None:
    search = next(tool for tool in TOOLS if tool["function"]["name"] == "search")
    choice = post(at_32k, tools=[search])["choices"][0]
    (call,) = choice["message"]["tool_calls"]
    assert (choice["finish_reason"], call["function"]["name"]) == ("tool_calls", "search")
    assert set(json.loads(call["function"]["arguments"])) == {"pattern", "glob"}


def test_an_unknown_model_is_answered_by_the_one_that_is_loaded(at_8k: httpx2.Client, llama_8k: LlamaServer) -> None:
    answer = post(at_8k, model="a-model-nobody-loaded")
    assert (answer["model"], answer["choices"][0]["message"]["content"]) == (llama_8k.alias, SENTENCE)
    assert [model["id"] for model in at_8k.get("/v1/models").json()["data"]] == [llama_8k.alias]


def test_a_server_that_loads_says_503_on_every_path(tmp_path: Path) -> None:
    with stuck_loading(tmp_path) as server, client_of(server) as client:
        early = [until(client, path, range(600)) for path in ("/health", "/v1/models", "/no-such-path")]
    refusal = {"error": {"message": "Loading model", "type": "unavailable_error", "code": 503}}
    assert [(answer.status_code, answer.json()) for answer in early] == [(503, refusal)] * 3


def test_a_server_that_has_loaded_answers(tiny_model: BuildModel) -> None:
    with loading(flags(tiny_model())) as server, client_of(server) as client:
        assert until(client, "/health", range(500)).status_code == 200
        assert client.get("/v1/models").status_code == 200


def test_a_unified_cache_promises_every_slot_the_whole_window(tiny_model: BuildModel) -> None:
    arguments = flags(tiny_model(), context=4096, kv_unified=True)
    with running(arguments) as server, client_of(server) as client:
        props = client.get("/props").json()
    assert (props["total_slots"], props["default_generation_settings"]["n_ctx"]) == (SLOTS, 4096)


def test_a_key_is_asked_for_everywhere_but_at_health(tiny_model: BuildModel) -> None:
    arguments = flags(tiny_model(), api_key="the-key")
    with running(arguments) as server, client_of(server) as client:
        assert client.get("/health").status_code == 200
        refused = client.post(CHAT, json={"messages": ASK})
        client.headers["Authorization"] = "Bearer the-key"
        post(client)
    assert (refused.status_code, refused.json()["error"]["type"]) == (401, "authentication_error")


def test_the_server_counts_the_tokens_it_has_seen(at_8k: httpx2.Client) -> None:
    def predicted() -> int:
        lines = at_8k.get("/metrics").text.splitlines()
        return int(next(line.split()[1] for line in lines if line.startswith("llamacpp:tokens_predicted_total ")))

    before = predicted()
    answer = post(at_8k)
    assert predicted() - before == answer["usage"]["completion_tokens"]
