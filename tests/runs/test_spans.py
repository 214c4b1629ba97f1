"""A run as OpenTelemetry spans: figures and names of settings, off unless somebody says where to."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import threading
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.sdk.trace.export import SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind
from tests.cli.command import ROOT, call
from tests.cli.stage import nobody, profile, workspace
from tests.environments import environment_with
from tests.runs.collector import collector
from tests.scripted_provider import ScriptedProvider, say

from profile_router.runs import spans as telling
from profile_router.runs.spans import SPANS_VARIABLE, run_spans, sent, tell_spans

SECRET = "what nobody may read"
RESULT: dict[str, Any] = {
    "run": "ab12", "status": "ok", "verdict": "verified", "cost_usd": 0.06, "cause": None, "summary": SECRET,
    "time": "2026-11-03T14:05:30.000Z",
    "thread": SECRET, "route": {"rule": "small-change", "reasons": [SECRET]},
}  # fmt: skip


def a_receipt(second: int, **changes: Any) -> dict[str, Any]:
    return {
        "profile": "coding-local", "model_asked": "gemma", "model_served": "gemma-4", "provider": f"custom#{SECRET}",
        "runner": "embedded", "host": "127.0.0.1:8080", "step": "route", "tokens_in": 100, "tokens_out": 10, "cost_usd": 0.0,
        "cost_source": "free", "tokens_cached": 5, "turns": 3, "verdict": "ok", "error": SECRET, "withheld": SECRET,
        "taints": [{"path": SECRET}], "doubts": [SECRET],
        "started": f"2026-11-03T14:05:{second:02}.000Z", "ended": f"2026-11-03T14:05:{second + 5:02}.500Z", **changes,
    }  # fmt: skip


def spans(*receipts: dict[str, Any], **changes: Any) -> list[Any]:
    return list(run_spans({**RESULT, **changes}, receipts))


def test_a_run_is_one_span_and_each_attempt_one_below_it_with_its_real_times() -> None:
    failed = a_receipt(0, verdict="verification-failed")
    *attempts, whole = spans(failed, a_receipt(10, profile="coding-burst", step="promote"))
    assert [one.name for one in (*attempts, whole)] == [
        "invoke_agent coding-local", "invoke_agent coding-burst", "invoke_agent hermes-profile-router",
    ]  # fmt: skip
    assert {one.parent.span_id for one in attempts} == {whole.context.span_id}
    assert [one.end_time - one.start_time for one in (*attempts, whole)] == [
        5_500_000_000,
        5_500_000_000,
        15_500_000_000,
    ]
    assert (attempts[0].attributes["error.type"], attempts[0].status.is_ok) == ("verification-failed", False)
    assert whole.attributes["profile_router.verdict"] == "verified"


def test_the_names_are_those_of_the_genai_conventions() -> None:
    probe, attempt, whole = spans(a_receipt(0, step="probe"), a_receipt(10))
    assert (probe.name, probe.attributes["gen_ai.operation.name"]) == ("chat gemma", "chat")
    wanted = {
        "gen_ai.operation.name": "invoke_agent", "gen_ai.provider.name": "custom", "gen_ai.request.model": "gemma",
        "gen_ai.response.model": "gemma-4", "gen_ai.usage.input_tokens": 100, "gen_ai.usage.output_tokens": 10,
        "gen_ai.usage.cache_read.input_tokens": 5, "gen_ai.agent.name": "coding-local",
        "server.address": "127.0.0.1", "server.port": 8080,
    }  # fmt: skip
    assert wanted.items() <= dict(attempt.attributes).items()
    assert (probe.kind, attempt.kind, whole.kind) == (SpanKind.CLIENT, SpanKind.INTERNAL, SpanKind.INTERNAL)
    for one in (probe, attempt, whole):  # what the conventions require of each
        assert {"gen_ai.operation.name", "gen_ai.provider.name"} <= set(one.attributes)


@pytest.mark.parametrize(
    ("ours", "theirs"), [("gemini", "gcp.gemini"), ("xai#2", "x_ai"), ("openrouter", "openrouter")]
)
def test_a_provider_that_the_conventions_name_has_their_name(ours: str, theirs: str) -> None:
    one, _ = spans(a_receipt(0, provider=ours))
    assert one.attributes["gen_ai.provider.name"] == theirs


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("/home/anna/models/gemma.gguf", "gemma.gguf"),
        ("C:\\Users\\anna\\gemma.gguf", "gemma.gguf"),
        ("~/models/gemma", "gemma"),
        ("anthropic/claude-sonnet-4", "anthropic/claude-sonnet-4"),
    ],
)
def test_a_model_that_is_a_file_is_told_without_its_folder(name: str, told: str) -> None:
    probe, attempt, _ = spans(a_receipt(0, step="probe", model_asked=name), a_receipt(10, model_served=name))
    assert (probe.name, probe.attributes["gen_ai.request.model"]) == (f"chat {told}", told)
    assert attempt.attributes["gen_ai.response.model"] == told


def test_the_span_of_the_run_has_the_time_of_the_run() -> None:
    *_, whole = spans(a_receipt(0), seconds=20.0)
    assert whole.end_time - whole.start_time == 20_000_000_000


def test_no_content_is_in_any_span() -> None:
    for one in spans(a_receipt(0, verdict="turn-limit"), status="failed", cause="turn-limit"):
        assert SECRET not in one.to_json()


@pytest.mark.parametrize("receipts", [[], [a_receipt(0, ended=None)]], ids=["nobody was asked", "nobody knows when"])
def test_a_run_without_an_attempt_is_one_span(receipts: list[dict[str, Any]]) -> None:
    [whole] = spans(*receipts, status="refused", cause="private")
    assert (whole.name, whole.end_time - whole.start_time) == ("invoke_agent hermes-profile-router", 0)
    assert whole.attributes["error.type"] == "private"


class Slow(InMemorySpanExporter):
    """Takes all spans of a call, and comes back when it is let go."""

    def __init__(self, result: SpanExportResult | Exception | None = SpanExportResult.SUCCESS) -> None:
        super().__init__()
        self.result, self.calls, self.let_go = result, 0, threading.Event()

    def export(self, spans: Any) -> SpanExportResult:
        self.calls += 1
        super().export(spans)
        if self.result is None:
            self.let_go.wait(60)
        if isinstance(self.result, Exception):
            raise self.result
        return self.result or SpanExportResult.SUCCESS


@pytest.mark.parametrize(
    ("result", "says"),
    [
        (SpanExportResult.SUCCESS, ""),
        (SpanExportResult.FAILURE, "no spans: nobody took them"),
        (OSError(SECRET), "no spans: OSError"),
        (None, "no spans: they were not sent within 0.05 s"),
    ],
    ids=str,
)
def test_spans_go_out_in_one_call_and_nobody_waits_for_it_for_long(
    result: SpanExportResult | Exception | None, says: str
) -> None:
    exporter = Slow(result)
    assert (
        sent(run_spans(RESULT, [a_receipt(0), a_receipt(10)]), exporter, seconds=0.05 if result is None else 30) == says
    )
    exporter.let_go.set()
    assert (exporter.calls, len(exporter.get_finished_spans())) == (1, 3)


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("", ""),
        ("off", ""),
        ("0", ""),
        ("jaeger", "allowed: console, otlp, off"),
        ("otlp", "is not installed; `pipx inject"),
    ],
)
def test_where_spans_go_is_said_by_one_variable_and_what_keeps_them_back_in_one_line(value: str, says: str) -> None:
    found = tell_spans(RESULT, [a_receipt(0)], {SPANS_VARIABLE: value})
    assert says in found if says else found == ""


@pytest.mark.nightly
def test_a_run_tells_its_spans_beside_its_answer(tmp_path: Path) -> None:
    ws = workspace(tmp_path / "ws", {"a.py": "x = 1\n"})
    with ScriptedProvider([say("done")]) as local:
        profile(tmp_path, "coding-local", local.base_url)
        done = call("run", "say what a.py does", "--json", home=tmp_path, cwd=ws, extra={SPANS_VARIABLE: "console"})
    assert done.code == 0, done.err
    assert json.loads(done.out)["verdict"] == "unverified"
    assert '"name": "invoke_agent hermes-profile-router"' in done.err
    assert done.json["notes"] == []
    assert "say what a.py does" not in done.err.partition('"name": "invoke_agent')[2]


@pytest.mark.nightly
def test_spans_that_cannot_be_sent_are_a_note_of_a_run_that_ended_well(tmp_path: Path) -> None:
    ws = workspace(tmp_path / "ws", {"a.py": "x = 1\n"})
    with ScriptedProvider([say("done")]) as local:
        profile(tmp_path, "coding-local", local.base_url)
        done = call("run", "say what a.py does", "--stream", home=tmp_path, cwd=ws, extra={SPANS_VARIABLE: "jaeger"})
    told = [json.loads(line) for line in done.out.splitlines()]
    assert (done.code, [one for one in told if one["event"] == "kept"]) == (0, [])
    assert told[-1]["notes"] == ["no spans: PROFILE_ROUTER_OTEL is 'jaeger' (allowed: console, otlp, off)"]


class Posting(InMemorySpanExporter):
    """Stands for the library that a collector is told by: it posts what it is given."""

    def export(self, spans: Any) -> SpanExportResult:
        body = json.dumps([json.loads(one.to_json()) for one in spans]).encode()
        urllib.request.urlopen(f"{os.environ['OTEL_EXPORTER_OTLP_ENDPOINT']}/v1/traces", body, timeout=30).close()
        return super().export(spans)


@pytest.mark.parametrize("there", [True, False])
def test_a_collector_gets_the_spans_and_one_that_is_not_there_is_never_waited_for(
    there: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    posting = Posting()
    monkeypatch.setattr(telling, "_exporter", lambda _: posting)
    with collector() as (url, got), nobody() as gone:
        endpoint = url if there else gone.removesuffix("/v1")
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
        environ = {SPANS_VARIABLE: "otlp", "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint}
        problem = tell_spans(RESULT, [a_receipt(0), a_receipt(10, step="probe")], environ)
    if there:
        assert (problem, [path for path, _ in got]) == ("", ["/v1/traces"])
        assert len(json.loads(got[0][1])) == 3
    else:
        assert problem == f"no spans: no collector at {endpoint.removeprefix('http://')} (ConnectionRefusedError)"
        assert posting.get_finished_spans() == ()


@pytest.mark.parametrize(
    ("variables", "looked"),
    [
        ({"http_proxy": "http://proxy:3128"}, False),
        ({"ALL_PROXY": "http://proxy:3128", "no_proxy": "elsewhere.example"}, False),
        ({"http_proxy": "http://proxy:3128", "no_proxy": "localhost, 127.0.0.1"}, True),
        ({"ALL_PROXY": "http://proxy:3128", "NO_PROXY": "*"}, True),
        ({"https_proxy": "http://proxy:3128"}, True),
        ({"http_proxy": ""}, True),
    ],
    ids=str,
)
def test_a_collector_that_no_proxy_stands_before_is_looked_for(
    variables: dict[str, str], looked: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telling, "_exporter", lambda _: InMemorySpanExporter())
    with nobody() as gone:
        environ = {SPANS_VARIABLE: "otlp", "OTEL_EXPORTER_OTLP_ENDPOINT": gone.removesuffix("/v1"), **variables}
        problem = tell_spans(RESULT, [], environ)
    assert problem.startswith("no spans: no collector at") is looked


def test_a_name_that_nobody_answers_for_takes_no_longer_than_a_collector(monkeypatch: pytest.MonkeyPatch) -> None:
    answered = threading.Event()
    monkeypatch.setattr(telling, "_exporter", lambda _: Posting())
    monkeypatch.setattr(telling, "_SECONDS", 0.05)
    monkeypatch.setattr(socket, "create_connection", lambda *_, **__: answered.wait(60))
    environ = {SPANS_VARIABLE: "otlp", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector.invalid:4318"}
    assert tell_spans(RESULT, [a_receipt(0)], environ) == "no spans: they were not sent within 0.05 s"
    answered.set()


@pytest.mark.nightly
def test_a_real_exporter_tells_a_collector_by_otlp(tmp_path: Path) -> None:
    wanted = ["opentelemetry-sdk", "opentelemetry-exporter-otlp-proto-http"]
    folder = Path(os.environ.get("PROFILE_ROUTER_TEST_OTLP_ENV") or ROOT / ".otlp-env").absolute()
    python = environment_with(folder, "otlp 1", ["-c", str(ROOT / "constraints.txt"), *wanted])
    script = Path(__file__).with_name("collector.py")
    paths = os.pathsep.join(map(str, (ROOT, ROOT / "skill", ROOT / "graphs")))
    given = json.dumps([RESULT, [a_receipt(0, verdict="turn-limit"), a_receipt(10, step="probe")]])
    done = subprocess.run(
        [str(python), str(script)], input=given, capture_output=True, text=True, timeout=120, check=False, cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": paths},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    told = json.loads(done.stdout)
    assert told["problem"] == ""
    assert told["paths"] == ["/v1/traces"]
    assert [one["name"] for one in told["spans"]] == [
        "invoke_agent coding-local", "chat gemma", "invoke_agent hermes-profile-router",
    ]  # fmt: skip
    assert [one["kind"] for one in told["spans"]] == ["SPAN_KIND_INTERNAL", "SPAN_KIND_CLIENT", "SPAN_KIND_INTERNAL"]
    assert [one["status"] for one in told["spans"]] == ["STATUS_CODE_ERROR", "STATUS_CODE_UNSET", "STATUS_CODE_UNSET"]
    assert told["spans"][0]["attributes"]["error.type"] == "turn-limit"
    assert SECRET not in done.stdout
