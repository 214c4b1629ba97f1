"""LangGraph's own server, from PyPI, in an environment of its own that is made once and kept."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import threading
import urllib.error
import urllib.request
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.cli.command import ROOT
from tests.environments import environment_with

from profile_router.bootstrap import requirements

VARIABLE = "PROFILE_ROUTER_TEST_STUDIO_ENV"
_FOLDER = Path(os.environ.get(VARIABLE) or ROOT / ".studio-env").absolute()  # each test has an environment without it


def python_of_studio() -> Path:
    """Return the python with the extra `studio`, as pyproject.toml and constraints.txt have it now."""
    pins = ROOT / "constraints.txt"
    wanted = requirements(ROOT, ["studio"])
    stamp = f"studio {zlib.crc32(pins.read_bytes() + ' '.join(wanted).encode()):08x}"
    return environment_with(_FOLDER, stamp, ["-c", str(pins), *wanted])


class Server:
    """A `langgraph dev` on loopback."""

    def __init__(self, port: int, process: subprocess.Popen[bytes]) -> None:
        self.port = port
        self._process = process

    def asked(self, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Any:
        """Return what it says; one that has not begun yet is asked again, for as long as it lives."""
        data = None if body is None else json.dumps(body).encode()
        while self._process.poll() is None:
            request = urllib.request.Request(
                f"http://127.0.0.1:{self.port}{path}",
                data=data,
                headers={"content-type": "application/json", **(headers or {})},
            )
            try:
                with urllib.request.urlopen(request, timeout=120) as answer:
                    said = answer.read().decode()
                    kind = answer.headers.get_content_type()
                    return said if kind == "text/event-stream" else json.loads(said)
            except urllib.error.URLError as error:
                if isinstance(error, urllib.error.HTTPError):
                    raise
                threading.Event().wait(0.2)
        raise AssertionError("the server has ended")


@contextmanager
def studio_server(folder: Path, environ: Mapping[str, str]) -> Iterator[Server]:
    """Give the server of our graph in *folder*, where it keeps its files and its `log`."""
    told = json.loads((ROOT / "graphs" / "langgraph.json").read_text())
    config = folder / "langgraph.json"
    config.write_text(json.dumps({**told, "dependencies": ["."]}))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = ["-m", "langgraph_cli", "dev", "--no-browser", "--no-reload", "--allow-blocking", "--config", str(config)]
    command = [str(python_of_studio()), *words, "--port", str(port)]
    quiet = {"LANGGRAPH_NO_VERSION_CHECK": "true", "LANGGRAPH_CLI_NO_ANALYTICS": "1"}
    with (folder / "log").open("wb") as log, subprocess.Popen(command, cwd=folder, env={**quiet, **environ},
                                                              stdin=subprocess.DEVNULL, stdout=log, stderr=log) as process:  # fmt: skip
        try:
            yield Server(port, process)
        finally:
            process.send_signal(signal.SIGINT)
