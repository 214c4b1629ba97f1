"""A stage for one test: a Hermes home with profiles on disk, a workspace, an environment like a parent's."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import yaml
from tests.fakes import LOCAL, MODEL, Heard, a_policy, a_task, an_order
from tests.tls_server import CERTIFICATE

from profile_router.core.attempt.order import Order
from profile_router.core.ladder.receipt import Attempt
from profile_router.core.task import Task
from profile_router.machine.hermes_program import Hermes
from profile_router.profiles.home import HermesHome
from profile_router.runners.hermes.runner import HermesRunner
from profile_router.withheld.whole_scan import Secrets

KEY = "sk-own-0123456789"
WINDOW = 65_536
PLENTY = 120.0


@dataclass(slots=True)
class Stage:
    """Everything a Hermes child meets. A context manager: leaving it fails the test if a child reached beyond."""

    folder: Path
    hermes: Hermes
    reached: list[bytes] = field(default_factory=list)
    environ: dict[str, str] = field(default_factory=dict)
    _proxy: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))

    def __enter__(self) -> Self:
        self.workspace.mkdir(parents=True)
        threading.Thread(target=self._watch, daemon=True).start()
        authorities = self.folder / "authorities.pem"
        authorities.write_text(CERTIFICATE)
        proxy = f"http://127.0.0.1:{self._proxy.getsockname()[1]}"
        self.environ |= {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "HERMES_HOME": str(self.root),
            **dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY"), proxy),
            "NO_PROXY": "127.0.0.1,localhost",
            # Hermes reads all authorities for each of a dozen clients, and meets no server that has to show one.
            "SSL_CERT_FILE": str(authorities),
        }
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._proxy.shutdown(socket.SHUT_RDWR)
        self._proxy.close()
        if kind is None:
            assert not self.reached, f"a child reached beyond this machine: {self.reached}"

    @property
    def root(self) -> Path:
        return self.folder / "hermes"

    @property
    def workspace(self) -> Path:
        return self.folder / "workspace"

    @property
    def home(self) -> HermesHome:
        return HermesHome(root=self.root, profiles=self.root / "profiles", environ=self.environ)

    def profile(self, base_url: str, name: str = LOCAL, *, key: str = KEY, window: int = WINDOW, **more: Any) -> None:
        """Write the profile *name*: its key stands in its own .env. *more* are sections of its config.yaml."""
        config = {
            "model": {
                "provider": "custom",
                "base_url": base_url,
                "api_key": "${OWN_KEY}",
                "default": MODEL,
                "context_length": window,
            },
            "agent": {"environment_probe": False},
            "security": {"tirith_enabled": False},
        }
        folder = self.root / "profiles" / name
        folder.mkdir(parents=True)
        (folder / "config.yaml").write_text(yaml.safe_dump(config | more))
        (folder / ".env").write_text(f"OWN_KEY={key}\n")

    def runner(self, **changes: Any) -> HermesRunner:
        wanted: dict[str, Any] = {
            "load": self.home.load,
            "policy": a_policy(),
            "secrets": Secrets(),
            "hermes": self.hermes,
            "root": self.root,
            "environ": self.environ,
            "workspace": self.workspace,
            "base": self.workspace,
        }
        return HermesRunner(**(wanted | changes))

    def run(self, order: Order | None = None, *, heard: Heard | None = None, **changes: Any) -> Attempt:
        return asyncio.run(self.runner(**changes).run(order or an_errand(), heard or Heard()))

    def _watch(self) -> None:
        while True:
            try:
                reaching, _ = self._proxy.accept()
            except OSError:
                return
            with reaching:
                self.reached.append(reaching.recv(200).partition(b"\r\n")[0])


def an_errand(task: Task | str = "do it", **changes: Any) -> Order:
    """Return an order to the local profile that uses file tools, with a window that Hermes takes."""
    wanted = a_task(task, toolsets=("file",)) if isinstance(task, str) else task
    return an_order(wanted, **{"window": WINDOW, "seconds": PLENTY, **changes})


def tool_results(body: Mapping[str, Any]) -> list[str]:
    """Return what the tools answered, as the request *body* carries it."""
    return [message["content"] for message in body["messages"] if message["role"] == "tool"]
