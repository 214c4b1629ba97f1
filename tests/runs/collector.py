"""A collector on loopback. As a program: tell it, by the real library, the run on stdin, and print what it was told."""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class _Server(ThreadingHTTPServer):
    got: list[tuple[str, bytes]]


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:
        self.server.got.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def collector() -> Iterator[tuple[str, list[tuple[str, bytes]]]]:
    """Give the address of a collector, and a list of what it gets: paths and bodies."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.got = []
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", server.got
    finally:
        server.shutdown()
        server.server_close()


def main() -> None:
    """Print what the collector was told, read by OpenTelemetry's own description of it."""
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
    from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

    from profile_router.runs.spans import SPANS_VARIABLE, tell_spans

    result, receipts = json.load(sys.stdin)
    with collector() as (url, got):
        os.environ |= {"OTEL_EXPORTER_OTLP_ENDPOINT": url, SPANS_VARIABLE: "otlp"}
        problem = tell_spans(result, receipts, os.environ)
    spans: list[dict[str, Any]] = []
    for _, body in got:
        for whole in ExportTraceServiceRequest.FromString(body).resource_spans:
            spans += [
                {
                    "name": one.name,
                    "kind": Span.SpanKind.Name(one.kind),
                    "status": Status.StatusCode.Name(one.status.code),
                    "attributes": {said.key: said.value.string_value for said in one.attributes},
                }
                for scope in whole.scope_spans
                for one in scope.spans
            ]
    print(json.dumps({"problem": problem, "paths": [path for path, _ in got], "spans": spans}))


if __name__ == "__main__":
    main()
