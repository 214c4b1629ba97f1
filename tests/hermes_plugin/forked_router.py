"""A router for the plugin that imports nothing: it hands its streams to a fork of the command line.

A router of its own imports for four seconds, which many a test by day need not pay. By night routers are Pythons of
their own.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import threading
import uuid
from contextlib import suppress
from multiprocessing import connection
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.cli import forked

_STARTED = """\
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as server:
    server.connect({address!r})
    told = json.dumps([sys.argv[1:], os.getcwd(), dict(os.environ)]).encode()
    socket.send_fds(server, [b"+"], [0, 1, 2])
    server.sendall(told + b"\\n")
    os._exit((server.recv(1) or b"\\1")[0])
"""
_KILLED = 137


class ForkedRouter:
    """A context manager; `command` is for the plugin's router.json, its program stands in *folder*.

    Where what Hermes started is killed, so is its fork.
    """

    def __init__(self, folder: Path) -> None:
        self._listener = socket.socket(socket.AF_UNIX)
        address = f"\0{uuid.uuid4().hex}"
        self._listener.bind(address)
        self._listener.listen()
        file = folder / "router.py"
        file.write_text(_STARTED.format(address=address))
        self.command = (sys.executable, "-IS", str(file))

    def __enter__(self) -> Self:
        forked.ready()
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                called, _ = self._listener.accept()
                threading.Thread(target=_run, args=(called,), daemon=True).start()


def _run(called: socket.socket) -> None:
    with called:
        _, streams, _, _ = socket.recv_fds(called, 1, 3)
        with called.makefile("rb") as told:
            arguments, cwd, environ = json.loads(told.readline())
        process = forked.start_with(streams, *arguments, cwd=Path(cwd), environ=environ)
        for stream in streams:
            os.close(stream)
        if called in connection.wait([process.sentinel, called]):
            process.kill()
        process.join()
        code = process.exitcode or 0
        process.close()
        with suppress(OSError):
            called.sendall(bytes([code if code >= 0 else _KILLED]))
