"""The process behind Hermes' TUI, desktop app and dashboard, real: JSON-RPC on its pipes, as those talk to it."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.hermes_plugin.gateway import processes
from tests.hermes_plugin.parent import Parent

_PATIENCE_S, _LEAVING_S = 60.0, 20.0


class Tui:
    """Serves *parent* from *launched*, a folder that no chat works in. A context manager.

    Leaving it hangs up, and fails the test if a process stays.
    """

    def __init__(self, parent: Parent, launched: Path) -> None:
        self._parent, self._launched = parent, launched
        self._heard: list[dict[str, Any]] = []
        self._more = threading.Condition()
        self._asked = 0

    def __enter__(self) -> Self:
        stage = self._parent.stage
        self._process = subprocess.Popen(
            [str(stage.hermes.python), "-m", "tui_gateway.entry"],
            cwd=self._launched,
            env=stage.environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._listening = threading.Thread(target=self._listen, daemon=True)
        self._listening.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_LEAVING_S)
        left = processes(self._parent)
        self._process.kill()
        self._process.wait()
        self._listening.join(_LEAVING_S)
        if kind is None:
            assert not left, f"{len(left)} processes outlived the TUI"

    def ask(self, method: str, **params: Any) -> Any:
        """Call *method* and return its result."""
        assert self._process.stdin
        self._asked += 1
        number = self._asked
        line = json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params})
        self._process.stdin.write(line.encode() + b"\n")
        self._process.stdin.flush()
        return self._wait_for(lambda said: said.get("id") == number, method)["result"]

    def wait_for(self, kind: str) -> Any:
        """Wait for an event of *kind* and return what it carries."""
        return self._wait_for(lambda said: said.get("params", {}).get("type") == kind, kind)["params"].get("payload")

    @property
    def shown(self) -> list[str]:
        """Return the lines of status that the user was shown."""
        events = [said.get("params", {}) for said in self._heard]
        return [event["payload"]["text"] for event in events if event.get("type") == "status.update"]

    def _wait_for(self, is_it: Callable[[dict[str, Any]], bool], what: str) -> dict[str, Any]:
        with self._more:
            found: list[dict[str, Any]] = []

            def came() -> bool:
                found[:] = [said for said in self._heard if is_it(said)]
                return bool(found)

            assert self._more.wait_for(came, _PATIENCE_S), f"no {what} in {self._heard[-5:]}"
            return found[0]

    def _listen(self) -> None:
        assert self._process.stdout
        with self._process.stdout as said:
            for line in said:
                with self._more:
                    self._heard.append(json.loads(line))
                    self._more.notify_all()
