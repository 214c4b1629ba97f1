"""Run the command line in a fork of a Python that has imported the product: imports take most time.

What a new process has of its own, a fork gets anew: arguments, environment, folder, umask, streams, search path. It has
no thread but its own, SIGINT as Python sets it, and none of the descriptors of the tests. The server of the forks is
the one of `multiprocessing`; it begins with the first call of a test process and ends with it.
"""

from __future__ import annotations

import atexit
import importlib
import multiprocessing
import os
import pkgutil
import runpy
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, chdir, suppress
from dataclasses import dataclass, replace
from multiprocessing import forkserver
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import ModuleType
from typing import IO, Any, Literal, Self

ROOT = Path(__file__).resolve().parents[2]
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["tests.cli.loaded"])

_LATER = (  # what a run imports when it comes to it
    *("langchain_openai", "langchain_core.tracers.run_collector", "langchain_core.tracers.stdout"),
    *("langgraph.checkpoint.memory", "langgraph.checkpoint.sqlite.aio", "Crypto.Cipher.AES", "jinja2"),
    *("openai.lib.streaming.chat", "openai.resources.chat.completions"),
    *("openai.resources.chat.completions.messages", "openai.resources.chat.completions.completions"),
    *("Crypto.Cipher._mode_cbc", "Crypto.Cipher._mode_ctr", "Crypto.Cipher._mode_ecb", "Crypto.Cipher._mode_ocb"),
    *("langchain_core.tracers.context", "langchain_core.messages.block_translators.langchain_v0"),
    *("encodings.ascii",),
    *("anyio._backends._asyncio", "h11", "httpcore2", "encodings.utf_8_sig", "encodings.unicode_escape"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a fork is to be; *before* is called in it before the command line is. Some streams may be a *terminal*."""

    arguments: Sequence[str]
    cwd: Path
    environ: Mapping[str, str]
    umask: int
    before: Callable[[], object] | None
    terminal: str
    shown: Sequence[int]


@dataclass(frozen=True, slots=True)
class Fork:
    """A call that runs, with the words of `subprocess.Popen`: *stdin* is written to, the other two are read."""

    process: BaseProcess
    stdin: IO[bytes]
    stdout: IO[bytes]
    stderr: IO[bytes]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.exitcode is None:
            self.process.kill()
        for stream in (self.stdin, self.stdout, self.stderr):
            with suppress(BrokenPipeError):
                stream.close()
        self.process.join()
        self.process.close()

    @property
    def pid(self) -> int:
        assert self.process.pid is not None
        return self.process.pid

    def send_signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def wait(self, timeout: float) -> int:
        """Return the exit code; -N for a signal."""
        self.process.join(timeout)
        if self.process.exitcode is None:
            raise subprocess.TimeoutExpired("profile_router", timeout)
        return self.process.exitcode

    def communicate(self, stdin: bytes = b"", *, timeout: float = 120) -> tuple[bytes, bytes]:
        """Write *stdin*, and return all of stdout and stderr once the call has ended."""
        with ThreadPoolExecutor(3) as streams:
            streams.submit(self._write, stdin)
            out, err = (streams.submit(stream.read) for stream in (self.stdout, self.stderr))
            try:
                return out.result(timeout), err.result(timeout)
            except TimeoutError:
                self.process.kill()
                raise
            finally:
                self.wait(timeout)

    def _write(self, text: bytes) -> None:
        with suppress(BrokenPipeError), self.stdin:
            self.stdin.write(text)


def start(
    *arguments: str,
    cwd: Path,
    environ: Mapping[str, str],
    before: Callable[[], object] | None = None,
    terminal: int | None = None,
    shown: Sequence[int] = (0, 1, 2),
) -> Fork:
    """Do what `subprocess.Popen([python, "-m", "profile_router", *arguments], …)` does, each stream a pipe.

    With the descriptor of a *terminal* the streams of the numbers *shown* are that.
    """
    terminal_name = "" if terminal is None else os.ttyname(terminal)
    order = Order(
        arguments=arguments, cwd=cwd, environ=dict(environ), umask=_umask(), before=before,
        terminal=terminal_name, shown=shown,
    )  # fmt: skip
    (given, fed), (out, told), (err, said) = (_CONTEXT.Pipe(duplex=False) for _ in range(3))
    with given, fed, out, told, err, said:
        process = _begun(order, given, told, said)
        return Fork(process, _file(fed, "wb"), _file(out, "rb"), _file(err, "rb"))


def start_with(streams: Sequence[int], *arguments: str, cwd: Path, environ: Mapping[str, str]) -> BaseProcess:
    """Start a call whose stdin, stdout and stderr are copies of the descriptors *streams*."""
    order = Order(
        arguments=arguments, cwd=cwd, environ=environ, umask=_umask(), before=None, terminal="", shown=()
    )  # fmt: skip
    with ExitStack() as copies:
        return _begun(order, *(copies.enter_context(Connection(os.dup(stream))) for stream in streams))


def ready() -> None:
    """Start the server of the forks, unless it runs."""
    with chdir(ROOT):  # there the server finds what it is to import
        forkserver.ensure_running()


def _begun(order: Order, *streams: Connection) -> BaseProcess:
    ready()
    process = _CONTEXT.Process(target=_be, args=(order, *streams))
    process.start()
    return process


def _file(pipe: Connection, mode: Literal["rb", "wb"]) -> IO[bytes]:
    return os.fdopen(os.dup(pipe.fileno()), mode)


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def load() -> None:
    """Import all that a call may need, in the server of the forks."""
    sys.path[:0] = [str(ROOT / "skill"), str(ROOT / "graphs")]
    for root in ("profile_router", "profile_router_graphs"):
        package = importlib.import_module(root)
        for found in pkgutil.walk_packages(package.__path__, f"{root}."):
            if not found.name.endswith(".__main__"):
                importlib.import_module(found.name)
    for name in _LATER:
        importlib.import_module(name)
    file = importlib.import_module("profile_router.policies.file")
    kinds = file.read_policy(file.SHIPPED).kinds.kinds  # the patterns are compiled then
    assert [one.literals for _, each in kinds for one in each]
    _remember_policies(importlib.import_module("profile_router.policies.grammar"))
    importlib.import_module("profile_router.prompting.tokens").load_encoding()
    http = importlib.import_module("profile_router.servers.http")
    http.idle_client()
    http._no_tls()
    for direct in (True, False):
        http._tls(direct)  # reads all certificates
    _read_types()


def _remember_policies(grammar: ModuleType) -> None:
    """Let the values of one policy be made once: each fork still reads its file and what is kept."""
    make, made = grammar._policy, {}

    def policy(root: object, digest: str, source: str) -> Any:
        if digest not in made:
            made[digest] = make(root, digest, source)
        return replace(made[digest], source=source)

    grammar._policy = policy  # type: ignore[attr-defined]


def _read_types() -> None:
    """Let the client of OpenAI look at the types of a request: it remembers them."""
    transform = importlib.import_module("openai._utils").maybe_transform
    types = importlib.import_module("openai.types.chat.completion_create_params")
    message = {"role": "user", "content": "x"}
    tool = {"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}
    called = {"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    answers = [{"role": "assistant", "tool_calls": [called]}, {"role": "tool", "tool_call_id": "1", "content": "x"}]
    request = {"model": "m", "messages": [message, *answers], "tools": [tool], "stream": True}
    for kind in (types.CompletionCreateParamsStreaming, types.CompletionCreateParamsNonStreaming):
        transform(request, kind)


def _be(order: Order, *streams: Connection) -> None:
    """Be `python -m profile_router`, to its end."""
    for number, stream in enumerate(streams):
        os.dup2(stream.fileno(), number)
        stream.close()
    if order.terminal:
        opened = os.open(order.terminal, os.O_RDWR | os.O_NOCTTY)
        for number in order.shown:
            os.dup2(opened, number)
        os.close(opened)
    sys.stdin = open(0, encoding="utf-8", errors="surrogateescape", closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", encoding="utf-8", errors="surrogateescape", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", 1, encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115
    assert "profile_router.cli.app" in sys.modules, "the server of the forks could not import the product"
    os.environ.clear()
    os.environ.update(order.environ)
    time.tzset()
    tempfile.tempdir = None
    os.umask(order.umask)
    os.chdir(order.cwd)
    sys.path.insert(0, str(order.cwd))  # as `-m` does
    sys.argv = ["profile_router", *order.arguments]
    sys.orig_argv[:] = [sys.executable, "-m", *sys.argv]
    if order.before is not None:
        order.before()
    os._exit(_ended())


def _ended() -> int:
    """Run the module, and end as the interpreter does: its threads, its exit functions, its streams. Return the code."""
    code: int | str | None = 0
    try:
        runpy.run_module("profile_router", run_name="__main__", alter_sys=True)
    except SystemExit as ended:
        code = ended.code
    except BaseException:
        traceback.print_exc()
        code = 1
    threading._shutdown()  # type: ignore[attr-defined]  # what the interpreter itself calls
    atexit._run_exitfuncs()
    if isinstance(code, str):
        print(code, file=sys.stderr)
        code = 1
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            code = 120
    return code or 0
