"""Exchanges recorded from a real llama.cpp server are played to the project's own code, exactly and once each."""

import json
import re
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest
import yaml
from tests.cassettes.record import record
from tests.cassettes.scenarios import BUG, FOLDER, GOAL, PLAYED_AT, SCENARIOS, attempt, cassette
from tests.examples import by_night
from tests.llama.router_stage import SENTENCE
from vcr.cassette import Cassette
from vcr.errors import CannotOverwriteExistingCassetteException

AGAIN = "record it anew: PYTHONPATH=skill:graphs:. python -m tests.cassettes.record"


def played(name: str, folder: Path) -> tuple[Any, Cassette]:
    """Play a scenario from its cassette and return what came of it."""
    with cassette(FOLDER / f"{name}.yaml") as tape:
        result = SCENARIOS[name].act(PLAYED_AT, folder)
    assert tape.all_played, f"{name}: {tape.play_count} of {len(tape)} exchanges were played; {AGAIN}"
    assert tape.play_count == len(tape) > 0
    return result, tape


def test_every_cassette_has_a_scenario_and_every_scenario_a_cassette() -> None:
    assert {path.stem for path in FOLDER.glob("*.yaml")} == set(SCENARIOS)


def test_where_cassettes_are_played_nobody_listens() -> None:
    with socket.socket() as nobody:
        assert nobody.connect_ex(("127.0.0.1", 9)) != 0


def test_an_agent_run_is_played_turn_by_turn(tmp_path: Path) -> None:
    result, tape = played("agent_run", tmp_path)
    assert (result.failure, result.text, result.receipt.turns) == (None, SENTENCE, len(tape))
    assert (tmp_path / "calc.py").read_text() == BUG.replace("-", "+")
    usages = [usage_in(response["body"]["string"]) for response in tape.responses]
    assert result.receipt.tokens_in == sum(usage["prompt_tokens"] for usage in usages)
    assert result.receipt.tokens_out == sum(usage["completion_tokens"] for usage in usages)


def test_a_probe_is_played(tmp_path: Path) -> None:
    result, _ = played("probe", tmp_path)
    assert (result.complexity.score, result.problem) == (3, "")
    assert [(receipt.outcome, receipt.model_served) for receipt in result.receipts] == [("ok", "tiny")]


def test_an_overflow_is_played_and_means_over_window(tmp_path: Path) -> None:
    result, tape = played("overflow", tmp_path)
    assert [response["status"]["code"] for response in tape.responses] == [200, 400]  # its own count, then the refusal
    assert result.failure.cause == "over-window"
    assert "exceeds the available context size (2048 tokens)" in result.failure.message


def test_a_server_that_loads_is_played_and_means_loading(tmp_path: Path) -> None:
    result, tape = played("loading", tmp_path)
    assert (result.failure.cause, len(tape)) == ("loading", 1)
    assert "HTTP 503 Loading model" in result.failure.message


@pytest.mark.parametrize(
    ("change", "plays"),
    [
        pytest.param(lambda body: body, True, id="nothing"),
        pytest.param(lambda body: body.replace(b"calc.py", b"talc.py"), False, id="the body"),
        pytest.param(lambda body: body.replace(b"2048", b"2049"), False, id="one figure of it"),
    ],
)
def test_a_request_that_differs_is_not_answered(change: Callable[[bytes], bytes], plays: bool) -> None:
    with cassette(FOLDER / "loading.yaml") as tape, httpx2.Client() as client:
        (request,) = tape.requests
        content = change(request.body)
        if plays:
            assert client.post(request.uri, content=content, headers=request.headers).status_code == 503
            with pytest.raises(CannotOverwriteExistingCassetteException):  # once, not twice
                client.post(request.uri, content=content, headers=request.headers)
        for method, path in (("POST", request.path), ("PUT", request.path), ("POST", "/v1/completions")):
            with pytest.raises(CannotOverwriteExistingCassetteException):
                client.request(method, f"http://127.0.0.1:9{path}", content=content, headers=request.headers)


def test_another_task_finds_no_answer_in_a_cassette(tmp_path: Path) -> None:
    with cassette(FOLDER / "agent_run.yaml") as tape, pytest.raises(CannotOverwriteExistingCassetteException):
        attempt(PLAYED_AT, tmp_path, goal=f"{GOAL}!")
    assert tape.play_count == 0


@pytest.mark.parametrize("name", [name if name == "probe" else by_night(name) for name in SCENARIOS])
def test_recording_again_gives_the_same_exchanges_but_for_ids_and_times(name: str, tmp_path: Path) -> None:
    anew, committed = (shape(path) for path in (record(name, tmp_path), FOLDER / f"{name}.yaml"))
    assert anew == committed, f"the real server and {name}.yaml differ; {AGAIN}"


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_cassette_tells_nothing_of_the_machine_it_was_recorded_on(name: str) -> None:
    text = (FOLDER / f"{name}.yaml").read_text(encoding="utf-8")
    found = yaml.safe_load(text)["interactions"]
    headers = {header.lower() for each in found for side in ("request", "response") for header in each[side]["headers"]}
    assert headers == {"content-type"}
    assert {each["request"]["uri"].split("/v1/")[0] for each in found} == {"http://127.0.0.1:9"}
    assert not re.search(r"/(?:home|root|tmp|usr|Users)/|[Bb]earer|api[-_]key", text)
    assert socket.gethostname() not in text


def usage_in(stream: bytes) -> dict[str, int]:
    """Return the usage that a stream ends with."""
    events = [line.removeprefix("data: ") for line in stream.decode().splitlines() if line.startswith("data: {")]
    usage: dict[str, int] = json.loads(events[-1])["usage"]
    return usage


def shape(path: Path) -> list[tuple[str, str, str, int, str]]:
    """Return each exchange of a cassette without ids, times and the speeds that the server tells."""
    exchanges = yaml.safe_load(path.read_text(encoding="utf-8"))["interactions"]
    return [
        (
            each["request"]["method"],
            each["request"]["uri"],
            masked(each["request"]["body"]),
            each["response"]["status"]["code"],
            "".join(said_in(each["response"]["body"]["string"])),
        )
        for each in exchanges
    ]


def masked(request: str) -> str:
    """Return a request without the call ids that the server made up."""
    return re.sub(r'"(id|tool_call_id)":"\w+"', r'"\1":"…"', request)


def said_in(body: str) -> list[str]:
    """Return what a stream says, whatever pieces it came in; another body as it is."""
    events = [json.loads(line[6:]) for line in body.splitlines() if line.startswith("data: {") and '"choices"' in line]
    deltas = [choice["delta"] for event in events for choice in event["choices"]]
    calls = [call["function"] for delta in deltas for call in delta.get("tool_calls", ())]
    said = [delta.get("content") or "" for delta in deltas]
    return [*said, *(f"{call.get('name') or ''}{call.get('arguments') or ''}" for call in calls)] if events else [body]
