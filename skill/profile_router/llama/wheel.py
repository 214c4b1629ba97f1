"""Run the server inside the wheel xllamacpp, which is llama.cpp's own, until SIGINT or SIGTERM.

A program with the flags of llama-server that `launch` uses. It imports nothing of this package, so any Python
that has the wheel can run it.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from typing import Any


def main() -> int:
    """Serve; return 0 when told to end, 1 where the server does not start."""
    options = _options()
    import xllamacpp  # after the options: `--help` needs no wheel

    # Loading holds the interpreter, so Python's own handlers would wait for its end: until then signals just kill.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        server = xllamacpp.Server(_params(xllamacpp, options))
    except RuntimeError as error:
        sys.stderr.write(f"llama.cpp did not start: {error} (is port {options.port} taken, is the model whole?)\n")
        return 1
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    sys.stdout.write(f"{options.alias} at {server.listening_address}/v1; Ctrl-C ends it\n")
    sys.stdout.flush()
    ended.wait()
    os._exit(0)  # the server's own end would wait for each answer that streams, however long; nothing here outlives us


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="llama_wheel", allow_abbrev=False)
    parser.add_argument("--model", required=True)
    parser.add_argument("--alias", required=True)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("-c", dest="context", type=int, default=8_192)
    parser.add_argument("--parallel", type=int, default=1)
    parser.add_argument("-n", dest="answer", type=int, default=-1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--gpu-layers", type=int, default=-1)
    return parser.parse_args()


def _params(wheel: Any, options: argparse.Namespace) -> Any:
    params = wheel.CommonParams()
    params.model.path = options.model
    params.model_alias = {options.alias}
    params.hostnames = [options.host]
    params.port = options.port
    params.n_ctx = options.context
    params.n_parallel = options.parallel
    params.kv_unified = False  # each slot has its own part, as with llama-server's --parallel
    params.n_predict = options.answer
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = options.threads
    params.n_gpu_layers = options.gpu_layers
    params.endpoint_slots = params.use_jinja = True  # llama-server's defaults
    return params


if __name__ == "__main__":
    raise SystemExit(main())
