"""A user at a terminal: the real `hermes chat`, in a pseudo-terminal, typed to one message at a time."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import signal
import struct
import subprocess
import termios
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import yaml
from tests.hermes_plugin.parent import Parent
from tests.scripted_provider import ScriptedProvider

_PATIENCE_S = 60.0
_A_BREATH_S = 0.2  # Hermes 0.22 takes a return key within 50 ms of a letter for a new line of a paste
_TAKES_INPUT = b"\x1b[?2004h"  # bracketed paste is on: the prompt is there
_CONTROL = re.compile(rb"\x1b\[[0-9;?<>=]*[ -/]*[@-~]")
_WHERE = b"\x1b[6n"  # asks for the place of the cursor


class TerminalChat:
    """`hermes chat` of *parent*, with *options*, in a terminal of so many *columns*.

    A context manager: leaving it ends the chat with all that it started.
    """

    def __init__(self, parent: Parent, *options: str, columns: int = 200) -> None:
        self._options, self._columns = options, columns
        self._shown = bytearray()
        self._more = threading.Condition()
        _at_peace(parent.stage.root)
        self._parent = parent

    def __enter__(self) -> Self:
        self._terminal, inner = pty.openpty()
        fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", 40, self._columns, 0, 0))
        self._hermes = subprocess.Popen(
            [*self._parent.stage.hermes.command, "chat", *self._options],
            cwd=self._parent.stage.workspace,
            env={**self._parent.stage.environ, "TERM": "xterm"},
            stdin=inner,
            stdout=inner,
            stderr=inner,
            start_new_session=True,
        )
        os.close(inner)
        threading.Thread(target=self._read, daemon=True).start()
        self._wait_for(lambda: _TAKES_INPUT in self._shown, "the prompt")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        os.killpg(self._hermes.pid, signal.SIGKILL)
        self._hermes.wait()

    def say(self, text: str, model: ScriptedProvider, requests: int) -> None:
        """Type *text* and wait until *model* has had so many *requests* of the chat in all."""
        begun = len(self._shown)
        os.write(self._terminal, text.encode())
        self._wait_for(lambda: text[-12:].encode() in _CONTROL.sub(b"", self._shown[begun:]), "the text")
        self._enter()
        self._wait_for(lambda: len(model.chats) >= requests, f"request {requests}")

    def _enter(self) -> None:
        """Press the return key, once what was typed is shown, as a person does: a moment later."""
        threading.Event().wait(_A_BREATH_S)
        os.write(self._terminal, b"\r")

    def _wait_for(self, came: Callable[[], bool], what: str) -> None:
        """Wait until *came*; a chat shows the seconds that go by, so there is always something new to look at."""
        with self._more:
            in_time = self._more.wait_for(came, _PATIENCE_S)
        assert in_time, f"{what} did not come; the last that was shown: {_CONTROL.sub(b'', self._shown)[-2_000:]!r}"

    def _read(self) -> None:
        while True:
            try:
                read = os.read(self._terminal, 65_536)
            except OSError:
                return
            if _WHERE in read:
                os.write(self._terminal, b"\x1b[1;1R")
            with self._more:
                self._shown += read
                self._more.notify_all()


def _at_peace(root: Path) -> None:
    """Make the chat take one message after the other, and look up nothing elsewhere."""
    file = root / "config.yaml"
    config: dict[str, Any] = yaml.safe_load(file.read_text())
    config |= {"display": {"busy_input_mode": "queue"}, "model_catalog": {"enabled": False}}
    file.write_text(yaml.safe_dump(config))
    (root / "models_dev_cache.json").write_text(json.dumps({"nobody": {"models": {}}}))
