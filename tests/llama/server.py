"""Run llama.cpp's own HTTP server for as long as a test needs it.

The server comes in the wheel `xllamacpp`; a `llama-server` of one's own is used instead where the environment names it
(`PROFILE_ROUTER_TEST_LLAMA_SERVER`). Either runs under `serve.py`, which ends it when this process ends, however.
"""

import json
import os
import platform
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

BINARY_VARIABLE = "PROFILE_ROUTER_TEST_LLAMA_SERVER"
LOOPBACK = "127.0.0.1"
PROGRAM = Path(__file__).with_name("serve.py")
NO_AVX2 = (
    "this CPU has no AVX2, which the xllamacpp wheel needs: build llama.cpp's llama-server for it and set "
    f"{BINARY_VARIABLE}=/path/to/llama-server"
)
_START_SECONDS = 120
_STOP_SECONDS = 10


class LlamaServerError(Exception):
    """The server didn't start; the message says why, and the way out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LlamaServer:
    """Say where a server answers; `pid` is the process that listens."""

    url: str
    pid: int
    alias: str

    @property
    def base_url(self) -> str:
        """Return what an OpenAI client wants."""
        return f"{self.url}/v1"


def flags(
    model: Path,
    *,
    alias: str = "tiny",
    context: int = 8192,
    parallel: int = 4,
    threads: int = 1,
    metrics: bool = True,
    kv_unified: bool = False,
    mmap: bool = True,
    api_key: str | None = None,
) -> list[str]:
    """Spell llama-server's flags. One thread: with more, its spin barriers starve on a machine that others use."""
    valued = {"-m": model, "-a": alias, "-c": context, "-np": parallel, "-t": threads, "--api-key": api_key}
    switches = {"--metrics": metrics, "--kv-unified": kv_unified, "--no-mmap": not mmap}
    pairs = [part for name, value in valued.items() if value is not None for part in (name, str(value))]
    return [*pairs, *(name for name, on in switches.items() if on)]


@contextmanager
def running(arguments: Sequence[str]) -> Iterator[LlamaServer]:
    """Start a server with these `flags`, wait until it has loaded, end it afterwards. Raises LlamaServerError."""
    with _child(arguments, port=0) as (process, log):
        yield _ready(process, log)


@contextmanager
def loading(arguments: Sequence[str]) -> Iterator[LlamaServer]:
    """Start a server and yield at once: connections are refused at first, then it answers 503, then it is ready."""
    port = _free_port()
    with _child(arguments, port=port) as (process, _):
        yield LlamaServer(url=f"http://{LOOPBACK}:{port}", pid=process.pid, alias="")


@contextmanager
def stuck_loading(folder: Path) -> Iterator[LlamaServer]:
    """Start a server whose load never ends: once it listens it answers 503, for as long as the test wants.

    Its model is a FIFO in *folder* that nobody writes, and the load waits where it opens that. A big file would only
    take long on the machine where its size was chosen.
    """
    fifo = folder / "never.gguf"
    os.mkfifo(fifo)
    port = _free_port()
    with _child(flags(fifo), port=port) as (process, _):
        try:
            yield LlamaServer(url=f"http://{LOOPBACK}:{port}", pid=process.pid, alias="")
        finally:
            _let_it_fail(fifo)
            _end(process, patience=1)  # llama-server ends with its load, the wheel's does not


def _let_it_fail(fifo: Path) -> None:
    with suppress(OSError):  # ENXIO: it had not come as far as opening it
        os.close(os.open(fifo, os.O_WRONLY | os.O_NONBLOCK))


def lacks_avx2(machine: str, cpuinfo: str) -> bool:
    """Tell whether /proc/cpuinfo's text lists a CPU's features, and not this one; other machines have other wheels."""
    return machine.lower() in {"x86_64", "amd64"} and "flags" in cpuinfo and "avx2" not in cpuinfo


@contextmanager
def _child(arguments: Sequence[str], *, port: int) -> Iterator[tuple["subprocess.Popen[bytes]", IO[bytes]]]:
    binary = os.environ.get(BINARY_VARIABLE)
    cpuinfo = Path("/proc/cpuinfo")
    if not binary and lacks_avx2(platform.machine(), cpuinfo.read_text() if cpuinfo.exists() else ""):
        raise LlamaServerError(NO_AVX2)
    port = port or (_free_port() if binary else 0)  # only the wheel tells which port it was given for 0
    program = [sys.executable, "-P", str(PROGRAM), *(["--binary", binary] if binary else [])]
    command = [*program, *arguments, "--port", str(port)]
    with (
        tempfile.TemporaryFile() as log,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log) as process,
    ):
        try:
            yield process, log
        finally:
            _end(process)


def _end(process: "subprocess.Popen[bytes]", *, patience: float = _STOP_SECONDS) -> None:
    if process.stdin:
        process.stdin.close()
    try:
        process.wait(patience)
    except subprocess.TimeoutExpired:
        process.kill()


def _ready(process: "subprocess.Popen[bytes]", log: IO[bytes]) -> LlamaServer:
    too_late = threading.Timer(_START_SECONDS, process.kill)
    too_late.start()
    line = process.stdout.readline() if process.stdout else b""
    too_late.cancel()
    if line:
        return LlamaServer(**json.loads(line))
    code = process.wait()
    log.seek(0)
    said = " | ".join(log.read().decode(errors="replace").strip().splitlines()[-8:])
    died = f"llama.cpp's server ended with exit code {code} before it was ready: {said or 'it said nothing'}"
    raise LlamaServerError(NO_AVX2 if code == -signal.SIGILL else died)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind((LOOPBACK, 0))
        return int(listener.getsockname()[1])
