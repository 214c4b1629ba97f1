"""Serve a model with llama.cpp until stdin closes: as a program, with llama-server's flags.

It prints one line of JSON when the server is ready. With `--binary PATH`, as the first flag, that llama-server is run
with the other flags; else the server inside the wheel xllamacpp.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager


def main() -> None:
    """Serve until stdin closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C ends the test run, and that closes stdin
    options = _options()
    with _own_binary(options) if options.binary else _from_wheel(options) as (url, pid):
        print(json.dumps({"url": url, "pid": pid, "alias": options.alias}), flush=True)
        sys.stdin.buffer.read()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--binary")
    parser.add_argument("-m", "--model", required=True)
    parser.add_argument("-a", "--alias", required=True)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("-c", "--ctx-size", type=int, required=True)
    parser.add_argument("-np", "--parallel", type=int, required=True)
    parser.add_argument("-t", "--threads", type=int, required=True)
    parser.add_argument("--metrics", action="store_true")
    parser.add_argument("-kvu", "--kv-unified", action="store_true")
    parser.add_argument("--no-mmap", action="store_true")
    parser.add_argument("--api-key")
    return parser.parse_args()


@contextmanager
def _from_wheel(options: argparse.Namespace) -> Iterator[tuple[str, int]]:
    import xllamacpp  # here, so that tests with a binary of their own don't need the wheel to run on this CPU

    params = xllamacpp.CommonParams()
    params.model.path = options.model
    params.model_alias = {options.alias}
    params.hostnames = [options.host]
    params.port = options.port
    params.n_ctx = options.ctx_size
    params.n_parallel = options.parallel
    params.kv_unified = options.kv_unified
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = options.threads
    params.endpoint_metrics = options.metrics
    params.endpoint_slots = params.use_jinja = True  # llama-server's defaults
    params.api_keys = [options.api_key] if options.api_key else []
    if options.no_mmap:
        params.load_mode = xllamacpp.llama_load_mode.LLAMA_LOAD_MODE_NONE
    try:
        server = xllamacpp.Server(params)  # binds its port, loads, then returns
    except RuntimeError as error:
        sys.exit(str(error))
    yield server.listening_address, os.getpid()


@contextmanager
def _own_binary(options: argparse.Namespace) -> Iterator[tuple[str, int]]:
    command = [options.binary, *sys.argv[3:], "--host", options.host]  # all but `--binary PATH`, which come first
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as process:
        try:
            url = f"http://{options.host}:{options.port}"
            _wait_for_health(url, process)
            yield url, process.pid
        finally:
            process.terminate()


def _wait_for_health(url: str, process: "subprocess.Popen[bytes]") -> None:
    while process.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/health"):
                return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.02)
    sys.exit(f"the command {process.args!r} ended with exit code {process.returncode}")


if __name__ == "__main__":
    main()
