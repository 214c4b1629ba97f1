"""Tell a run as OpenTelemetry spans, by the names of its GenAI conventions. Off unless PROFILE_ROUTER_OTEL is set.

One span is for the run. Below it stands one for each attempt or single call. They have their real times. They hold
names of settings, figures and causes. They hold no prompt, answer, path, error text, thread, or name of a key. They go
out together when the run has ended, and nobody waits longer for that than a few seconds.
"""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from profile_router import __version__
from profile_router.core.attempt.outcome import BESIDE
from profile_router.core.profile import without_label
from profile_router.core.telling.decision import Json
from profile_router.core.text import shown

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.sdk.trace.export import SpanExporter

SPANS_VARIABLE = "PROFILE_ROUTER_OTEL"
ALLOWED = ("console", "otlp")
_AGENT = "hermes-profile-router"
_INSTALL = {  # by hand, beside what pipx made; in a clone also `pip install ".[otel]"`
    "console": "`pipx inject hermes-profile-router opentelemetry-sdk`, or in a clone `pip install '.[otel]'`",
    "otlp": (
        "`pipx inject hermes-profile-router opentelemetry-sdk opentelemetry-exporter-otlp-proto-http`, or in a clone "
        "`pip install '.[otel]' opentelemetry-exporter-otlp-proto-http`"
    ),
}
_SECONDS = 2.0
_REACHED_S = 0.5  # somebody who listens takes a connection at once; the library asks three times, for seconds
_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_USUAL_ENDPOINT = "http://localhost:4318"
_PORTS: Mapping[str, int] = {"http": 80, "https": 443}
# The conventions' own names of providers, where ours are others: https://opentelemetry.io/docs/specs/semconv/gen-ai/
_PROVIDERS: Mapping[str, str] = {
    "gemini": "gcp.gemini", "google": "gcp.gen_ai", "vertex": "gcp.vertex_ai", "bedrock": "aws.bedrock",
    "azure": "azure.ai.openai", "mistral": "mistral_ai", "moonshot": "moonshot_ai", "kimi": "moonshot_ai",
    "xai": "x_ai", "grok": "x_ai", "openai-codex": "openai", "openai-api": "openai", "watsonx": "ibm.watsonx.ai",
}  # fmt: skip
_MODEL_CHARS = 128
_NANO = 1_000_000_000

Attributes = Iterator[tuple[str, str | int | float]]


def tell_spans(result: Json, receipts: Sequence[Json], environ: Mapping[str, str]) -> str:
    """Send the spans of a run that has ended where *environ* says; return why that cannot be, empty where it is done.

    *result* is as `run --json` prints it, *receipts* with their moments. Never raises: the run has ended, and well.
    """
    where = environ.get(SPANS_VARIABLE, "").strip().lower()
    if where in ("", "off", "0"):
        return ""
    if where not in ALLOWED:
        return f"no spans: {SPANS_VARIABLE} is '{where[:20]}' (allowed: {', '.join(ALLOWED)}, off)"
    try:
        exporter, spans = _exporter(where), run_spans(result, receipts)
    except ImportError:
        return f"no spans: OpenTelemetry for {where} is not installed; {_INSTALL[where]}"
    except Exception as error:  # whatever another's library does, the run has its result
        return f"no spans: {type(error).__name__}"
    return sent(spans, exporter, seconds=_SECONDS, keeps_back=partial(_nobody_at, environ if where == "otlp" else None))


def _nobody_at(environ: Mapping[str, str] | None) -> str:
    """Return why the collector cannot take anything; empty where it listens, or a proxy stands before it.

    None: no collector is looked for. To find the address of a name may take as long as its server likes.
    """
    if environ is None:
        return ""
    endpoint = next(filter(None, (environ.get(name, "").strip() for name in _ENDPOINTS)), _USUAL_ENDPOINT)
    try:
        url = urlsplit(endpoint)
        host, port = url.hostname or "", url.port or _PORTS.get(url.scheme, 0)
    except ValueError:
        return ""  # what is wrong with it, the library says
    if _proxied(url, environ):
        return ""
    try:
        socket.create_connection((host, port), timeout=_REACHED_S).close()
    except OSError as error:
        return f"no spans: no collector at {shown(f'{host}:{port}')} ({type(error).__name__})"
    return ""


def _proxied(url: SplitResult, environ: Mapping[str, str]) -> bool:
    """Tell whether *environ* names a proxy for *url*, and does not leave its host out by `no_proxy`."""
    named = {name.lower(): value for name, value in environ.items() if value.strip()}
    if not (named.get(f"{url.scheme}_proxy") or named.get("all_proxy")):
        return False
    from urllib.request import proxy_bypass_environment  # type: ignore[attr-defined]  # slow to import; rarely needed

    without = {"no": named.get("no_proxy", "")}
    return not proxy_bypass_environment(url.netloc.rpartition("@")[2], without)


def _exporter(where: str) -> SpanExporter:
    if where == "console":
        from opentelemetry.sdk.trace.export import ConsoleSpanExporter

        return ConsoleSpanExporter(out=sys.stderr)  # stdout is the answer's
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    found: SpanExporter = OTLPSpanExporter(timeout=_SECONDS)
    return found


def sent(
    spans: Sequence[ReadableSpan], exporter: SpanExporter, *, seconds: float, keeps_back: Callable[[], str] = str
) -> str:
    """Send *spans* by *exporter*, all at once; return why that cannot be, empty where it is done within *seconds*.

    *keeps_back* is asked first, within them too, and says why nothing is sent; empty: it is. All that is done beside
    this thread, which would else wait as long as an exporter likes. Never raises.
    """
    problems = [f"no spans: they were not sent within {seconds:g} s"]

    def send() -> None:
        from opentelemetry.sdk.trace.export import SpanExportResult

        try:
            if nobody := keeps_back():
                problems[0] = nobody
                return
            done = exporter.export(spans)
            problems[0] = "" if done is SpanExportResult.SUCCESS else "no spans: nobody took them"
            exporter.shutdown()
        except Exception as error:  # as above
            problems[0] = problems[0] and f"no spans: {type(error).__name__}"

    sender = threading.Thread(target=send, daemon=True)
    sender.start()
    sender.join(seconds)
    return problems[0]


def run_spans(result: Json, receipts: Sequence[Json]) -> tuple[ReadableSpan, ...]:
    """Return the spans of the run, by a provider of our own: no library's spans are among them."""
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
    from opentelemetry.trace import SpanKind, Status, StatusCode, set_span_in_context

    ended = [one for one in receipts if one.get("started") and one.get("ended")]
    at_last = _at(result["time"])
    collected = InMemorySpanExporter()
    provider = TracerProvider(
        resource=Resource.create({"service.name": _AGENT, "service.version": __version__}), shutdown_on_exit=False
    )
    provider.add_span_processor(SimpleSpanProcessor(collected))
    tracer = provider.get_tracer(_AGENT, __version__)
    begun = min((_at(one["started"]) for one in ended), default=at_last)
    if result.get("seconds") is not None:
        begun = at_last - int(float(result["seconds"]) * _NANO)
    whole = tracer.start_span(
        f"invoke_agent {_AGENT}",
        start_time=begun,
        attributes={"gen_ai.provider.name": _provider(ended[-1]) if ended else _AGENT, **dict(_of_run(result))},
    )
    for one in ended:
        operation = "chat" if one["step"] in BESIDE else "invoke_agent"
        span = tracer.start_span(
            f"{operation} {_model(one['model_asked']) if operation == 'chat' else one['profile']}",
            context=set_span_in_context(whole),
            kind=SpanKind.CLIENT if operation == "chat" else SpanKind.INTERNAL,
            start_time=_at(one["started"]),
            attributes={"gen_ai.operation.name": operation, **dict(_of_attempt(one, operation))},
        )
        if one["verdict"] != "ok":
            span.set_status(Status(StatusCode.ERROR))
        span.end(_at(one["ended"]))
    if result["status"] != "ok":
        whole.set_status(Status(StatusCode.ERROR))
    whole.end(max((_at(one["ended"]) for one in ended), default=at_last) if result.get("seconds") is None else at_last)
    return collected.get_finished_spans()


def _of_run(result: Json) -> Attributes:
    route = result["route"]
    yield "gen_ai.operation.name", "invoke_agent"
    yield "gen_ai.agent.name", _AGENT
    yield "gen_ai.agent.version", __version__
    yield "profile_router.run", str(result["run"])
    yield "profile_router.rule", str(route.get("rule") or "")
    yield "profile_router.verdict", str(result["verdict"])
    yield "profile_router.cost_usd", float(result["cost_usd"])
    if result["status"] != "ok":
        yield "error.type", str(result.get("cause") or result["status"])


def _of_attempt(one: Json, operation: str) -> Attributes:
    if operation != "chat":
        yield "gen_ai.agent.name", str(one["profile"])
    yield "gen_ai.provider.name", _provider(one)
    yield "gen_ai.request.model", _model(one["model_asked"])
    if one.get("model_served"):
        yield "gen_ai.response.model", _model(one["model_served"])
    yield "gen_ai.usage.input_tokens", int(one["tokens_in"])
    yield "gen_ai.usage.output_tokens", int(one["tokens_out"])
    yield "gen_ai.usage.cache_read.input_tokens", int(one["tokens_cached"])
    host, _, port = str(one.get("host") or "").rpartition(":")
    if host:
        yield "server.address", host
    if host and port.isdigit():
        yield "server.port", int(port)
    for name in ("profile", "step", "runner", "turns", "verdict", "cost_usd", "cost_source"):
        yield f"profile_router.{name}", one[name]
    if one["verdict"] != "ok":
        yield "error.type", str(one["verdict"])


def _provider(one: Json) -> str:
    named = without_label(str(one["provider"]))
    return _PROVIDERS.get(named, named)


def _model(name: object) -> str:
    """Return the name of a model; of a file that a local server has loaded without its folder."""
    said = str(name)
    if said.startswith(("/", "~", "./", "../", "file:")) or "\\" in said:
        said = said.replace("\\", "/").rpartition("/")[2]
    return shown(said, _MODEL_CHARS)


def _at(moment: str) -> int:
    """Return *moment*, as `run --json` has it, in nanoseconds since 1970."""
    return int(datetime.fromisoformat(moment).timestamp() * _NANO)
