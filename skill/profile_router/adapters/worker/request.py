"""Become the process that a request asks for: what a spawned router would be, with all imports done."""

from __future__ import annotations

import atexit
import io
import json
import locale
import os
import random
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, NoReturn, TextIO

from profile_router.hermes_plugin.worker import GO, LENGTH

_HEARING_S = 10.0
_MOST_BYTES = 64_000_000
_LINE = 3  # the one descriptor besides stdin, stdout and stderr
_DEFAULT = (signal.SIGTERM, signal.SIGCHLD, signal.SIGHUP, signal.SIGQUIT)


def become(line: socket.socket, main: Callable[[Sequence[str]], int]) -> NoReturn:
    """Read the request on *line*, take its streams, folder and environment, run *main*, and exit with its code."""
    for name in _DEFAULT:
        signal.signal(name, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    os.setsid()
    line.settimeout(_HEARING_S)
    request, streams = _received(line)
    wire = _rearranged(line, streams)
    _put_on(request)
    arguments = [str(argument) for argument in request["arguments"]]
    sys.argv[1:] = arguments
    wire.sendall(b'{"pid": %d}\n' % os.getpid())
    if wire.recv(len(GO)) != GO:  # whoever asked has not waited, and does it otherwise
        os._exit(1)
    code = _exit_code(main, arguments)
    _close_down()
    with suppress(OSError):
        wire.sendall(b'{"code": %d}\n' % code)
    os._exit(code)


def _received(line: socket.socket) -> tuple[Mapping[str, Any], list[int]]:
    """Return the request and its three streams. Raises ValueError and OSError for anything else."""
    head, streams, *_ = socket.recv_fds(line, LENGTH.size, 3)
    if len(head) < LENGTH.size or len(streams) != 3:
        raise ValueError("no request")
    (left,) = LENGTH.unpack(head)
    if left > _MOST_BYTES:
        raise ValueError("a request too long")
    body = bytearray()
    while left > len(body):
        read = line.recv(min(left - len(body), 1 << 16))
        if not read:
            raise ValueError("half a request")
        body += read
    return json.loads(body), streams


def _rearranged(line: socket.socket, streams: Sequence[int]) -> socket.socket:
    """Make *streams* stdin, stdout and stderr, and close every other descriptor but the line's, which moves to 3."""
    kept = os.dup(line.fileno())
    for number, stream in enumerate(streams):
        os.dup2(stream, number, inheritable=True)
    line.detach()
    os.dup2(kept, _LINE, inheritable=False)
    os.closerange(_LINE + 1, os.sysconf("SC_OPEN_MAX"))
    sys.stdin = _stream(0, "rb", sys.stdin)
    sys.stdout = _stream(1, "wb", sys.stdout)
    sys.stderr = _stream(2, "wb", sys.stderr, line_buffering=bool(sys.stderr.line_buffering))
    wire = socket.socket(fileno=_LINE)
    wire.settimeout(_HEARING_S)
    return wire


def _stream(number: int, mode: str, like: Any, *, line_buffering: bool = False) -> TextIO:
    """Open a descriptor as Python does when it starts; whether it is to be unbuffered shows in what *like* is."""
    unbuffered = mode == "wb" and like.write_through
    return io.TextIOWrapper(
        open(number, mode, buffering=0 if unbuffered else -1, closefd=False),
        encoding=like.encoding,
        errors=like.errors,
        line_buffering=line_buffering,
        write_through=like.write_through,
    )


def _put_on(request: Mapping[str, Any]) -> None:
    """Take the folder and the environment of *request*, and forget what was derived from the worker's own."""
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["environ"])
    with suppress(locale.Error):
        locale.setlocale(locale.LC_CTYPE, "")
    time.tzset()
    tempfile.tempdir = None
    random.seed()


def _exit_code(main: Callable[[Sequence[str]], int], arguments: Sequence[str]) -> int:
    try:
        return main(arguments)
    except SystemExit as leaving:
        if isinstance(leaving.code, str):
            sys.stderr.write(f"{leaving.code}\n")
        return leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
    except BaseException:
        sys.excepthook(*sys.exc_info())
        return 1


def _close_down() -> None:
    """Do what Python does before it exits: wait for threads, call what is registered, write what is buffered."""
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
