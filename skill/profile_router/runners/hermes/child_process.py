"""A Hermes child as a process: its environment, and how it is started, ordered, heard and ended.

It gets a list of what is allowed, and inherits nothing else. It has no key of ours or of the parent's: Hermes loads the
profile's own .env by itself. It has no HERMES_* or TERMINAL_* of a running Hermes, for they would beat the profile's
config. It has no PYTHON* that would point its python elsewhere.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import subprocess
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import field
from pathlib import Path
from typing import Any

from profile_router.jail.family import FAMILY_TAG, SCRATCH, end_family
from profile_router.jail.left import held_locks, note_left
from profile_router.profiles.home import DEFAULT_PROFILE
from profile_router.values import frozen, mutable

CHILD = Path(__file__).parent / "child" / "main.py"
_PASSED = frozenset(
    {
        *("PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "TMPDIR", "TERM"),
        *("LC_ALL", "LC_COLLATE", "LC_CTYPE", "LC_MESSAGES", "LC_MONETARY", "LC_NUMERIC", "LC_TIME"),
        *("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR"),
        *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
        *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "all_proxy", "no_proxy"),
        *("DOCKER_HOST", "CONTAINER_HOST", "JAVA_HOME", "GOPATH", "GOROOT", "CARGO_HOME", "RUSTUP_HOME"),
        *("NVM_DIR", "PNPM_HOME", "PYENV_ROOT", "CONDA_PREFIX", "ANDROID_HOME"),
    }
)
_NEVER = ("HERMES_", "TERMINAL_")
# Quiet; no reconnection of its own; and no package installed into Hermes' environment because a task came by.
_SET = {"HERMES_QUIET": "1", "HERMES_STREAM_RETRIES": "0", "HERMES_DISABLE_LAZY_INSTALLS": "1"}
_CLOSING_SECONDS = 10.0  # a child that has its result may take down a container; what is left then is killed
_LAST_WORDS_SECONDS = 1.0
_TAIL_BYTES = 16_000
_GO, _REFUSE = b"+", b"-"
# Hears an event of the child, and tells whether the request or tool that it announces may send.
Heard = Callable[[Mapping[str, Any]], bool]


def home_of_profile(profile: str, root: Path) -> Path:
    """Return the folder of *profile* in the Hermes home *root*."""
    named = root / "profiles" / profile
    return root if profile == DEFAULT_PROFILE and not named.is_dir() else named


@frozen
class Child:
    """A child that runs: `folder` is where it works, `family` finds what it has started."""

    process: subprocess.Popen[bytes]
    folder: Path
    family: str

    def end(self) -> int:
        """End it, if it has not ended, with all that it started, and return its exit code (negative: the signal)."""
        note_left(end_family(self.family, self.process.pid if self.process.poll() is None else None))
        return self.process.wait()


@contextmanager
def started(
    python: Path,
    home: Path,
    environ: Mapping[str, str],
    workspace: Path | None,
    *,
    unattended: bool = False,
    also: Sequence[str] = (),
) -> Iterator[Child]:
    """Start a child of the profile folder *home* in *workspace* (None: an empty folder), and end it in the end.

    It waits for its order. *unattended* and *also* are those of `child_environment`. Raises OSError where it cannot be
    started. Hermes leaves its shell's environment among its temporary files: they are removed with all that is in them.
    """
    with tempfile.TemporaryDirectory(prefix=SCRATCH, ignore_cleanup_errors=True) as made:
        empty, scratch = Path(made, "empty"), Path(made, "tmp")
        empty.mkdir()
        scratch.mkdir()
        folder, family = workspace or empty, secrets.token_hex(16)
        given = child_environment(environ, home, family, unattended=unattended, also=also)
        process = subprocess.Popen(
            [str(python), "-P", str(CHILD)],  # -P: this package's folder is not Hermes' to import from
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=folder,
            env={**given, "TMPDIR": str(scratch)},
            start_new_session=True,
            pass_fds=held_locks(),
            bufsize=0,
        )
        child = Child(process=process, folder=folder, family=family)
        try:
            yield child
        finally:
            child.end()
            for pipe in (process.stdin, process.stdout, process.stderr):
                if pipe:
                    pipe.close()


def child_environment(
    environ: Mapping[str, str], home: Path, family: str, *, unattended: bool, also: Sequence[str] = ()
) -> dict[str, str]:
    """Return the environment of a child under the profile folder *home*.

    *family* finds its family again. *unattended* grants what asks for approval. *also* are names that the policy passes
    on (HERMES_* and TERMINAL_* are not allowed even then).
    """
    passed = {name: value for name, value in environ.items() if _is_passed(name, also)}
    granted = {"HERMES_YOLO_MODE": "1"} if unattended else {}
    return {**passed, **_SET, **granted, "HERMES_HOME": str(home), FAMILY_TAG: family}


def _is_passed(name: str, also: Sequence[str]) -> bool:
    if name.upper().startswith(_NEVER):
        return False
    return name in _PASSED or name in also


@mutable(kw_only=False)
class _Wire(asyncio.Protocol):
    """The child's stdout: whole events to `heard`. `done` is set by its result and, as `silent`, when it is closed.

    `go` answers what the child has announced: a request that waits for its word, or a tool that may send.
    Nothing that the child starts inherits the wire: it closes when the child ends.
    """

    heard: Heard
    go: Callable[[bytes], object] = lambda _: None
    done: asyncio.Event = field(default_factory=asyncio.Event)
    silent: asyncio.Event = field(default_factory=asyncio.Event)
    _unfinished: bytearray = field(default_factory=bytearray)

    def data_received(self, data: bytes) -> None:
        self._unfinished += data
        *lines, rest = self._unfinished.split(b"\n")
        self._unfinished = rest
        for line in lines:
            event = json.loads(line)
            may_go = self.heard(event)
            if event["event"] == "asked" and may_go:
                self.go(_GO)
            if event["event"] == "leaving":
                self.go(_GO if may_go else _REFUSE)
            if event["event"] == "result":
                self.done.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self.done.set()
        self.silent.set()


@mutable(kw_only=False)
class _Errors(asyncio.Protocol):
    """The end of the child's stderr."""

    tail: bytearray = field(default_factory=bytearray)
    silent: asyncio.Event = field(default_factory=asyncio.Event)

    def data_received(self, data: bytes) -> None:
        self.tail += data
        del self.tail[:-_TAIL_BYTES]

    def connection_lost(self, exc: Exception | None) -> None:
        self.silent.set()


@frozen
class Ended:
    """How a child ended: whether in time, its exit code (negative: the signal), and the end of its stderr."""

    in_time: bool
    code: int | None
    errors: str


async def converse(child: Child, order: Mapping[str, Any], seconds: float, heard: Heard) -> Ended:
    """Give *child* its order and at most *seconds*. Each event goes to *heard*, the result among them.

    A request that the child announces goes out when *heard* has agreed to it, and not before. So does what a tool of a
    local turn may send.

    However this ends, by return, error or cancellation, the child and all that it started are ended before.
    """
    wire, errors = _Wire(heard), _Errors()
    in_time = True
    async with _connected(child, wire, errors) as to_child:
        try:
            async with asyncio.timeout(seconds):
                to_child.write(json.dumps(order).encode() + b"\n")  # and the pipe stays open
                wire.go = to_child.write
                await wire.done.wait()
            await _at_most(_CLOSING_SECONDS, wire.silent)
        except TimeoutError:
            in_time = False
        finally:
            code = child.end()
        await _at_most(_LAST_WORDS_SECONDS, errors.silent)
    return Ended(in_time=in_time, code=code, errors=errors.tail.decode("utf-8", "replace"))


@asynccontextmanager
async def _connected(child: Child, wire: _Wire, errors: _Errors) -> AsyncIterator[asyncio.WriteTransport]:
    """Connect the child's pipes to the loop, and give the one to write to."""
    loop, process = asyncio.get_running_loop(), child.process
    told, _ = await loop.connect_read_pipe(lambda: wire, process.stdout)
    said, _ = await loop.connect_read_pipe(lambda: errors, process.stderr)
    to_child, _ = await loop.connect_write_pipe(asyncio.Protocol, process.stdin)
    try:
        yield to_child
    finally:
        if not to_child.is_closing():  # it is, once the child has ended
            to_child.abort()
        told.close()
        said.close()


async def _at_most(seconds: float, event: asyncio.Event) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
