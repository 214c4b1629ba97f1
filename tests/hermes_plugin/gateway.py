"""Hermes' messenger gateway, real, with the IRC adapter it ships: its chat is an IRC server on this machine."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import yaml
from tests.hermes_plugin.parent import Parent

BOT, ANN, BOB, CHANNEL = "hermes-bot", "ann", "bob", "#work"
_PATIENCE_S, _LEAVING_S = 60.0, 20.0


class Chat:
    """An IRC server with two users in it, who write to the bot in private. `lines` are what each was told, in order.

    A context manager.
    """

    def __init__(self) -> None:
        self.lines: dict[str, list[str]] = {ANN: [], BOB: []}
        self._heard = threading.Condition()
        self._joined = threading.Event()
        self._server = socket.create_server(("127.0.0.1", 0))
        self._bot: socket.socket | None = None

    def __enter__(self) -> Self:
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()

    @property
    def environ(self) -> dict[str, str]:
        """Return the variables by which Hermes finds this chat."""
        return {
            "IRC_SERVER": "127.0.0.1",
            "IRC_PORT": str(self._server.getsockname()[1]),
            "IRC_NICKNAME": BOT,
            "IRC_CHANNEL": CHANNEL,
            "IRC_USE_TLS": "false",
            "IRC_ALLOWED_USERS": f"{ANN},{BOB}",
        }

    def wait_for_bot(self) -> None:
        assert self._joined.wait(_PATIENCE_S), "the gateway did not join the chat"

    def say(self, text: str, user: str = ANN) -> None:
        """Let *user* write *text* to the bot."""
        assert self._bot is not None
        self._bot.sendall(f":{user}!{user}@localhost PRIVMSG {BOT} :{text}\r\n".encode())

    def wait_for(self, wanted: str, user: str = ANN, times: int = 1) -> str:
        """Wait until the bot has told *user* a line with *wanted* so many *times*; return the last of them."""
        found: list[str] = []

        def said() -> bool:
            found[:] = [line for line in self.lines[user] if wanted in line]
            return len(found) >= times

        with self._heard:
            assert self._heard.wait_for(said, _PATIENCE_S), f"no '{wanted}' in {self.lines}"
        return found[-1]

    def _serve(self) -> None:
        with suppress(OSError):
            self._bot, _ = self._server.accept()
            with self._bot, self._bot.makefile("r", encoding="utf-8", newline="\r\n") as lines:
                for line in lines:
                    self._answer(line.rstrip("\r\n"))

    def _answer(self, line: str) -> None:
        command, _, rest = line.partition(" ")
        if command == "USER" and self._bot:
            self._bot.sendall(f":localhost 001 {BOT} :welcome\r\n".encode())
        elif command == "JOIN":
            self._joined.set()
        elif command == "PRIVMSG":
            with self._heard:
                user, _, text = rest.partition(" :")
                self.lines.setdefault(user, []).append(text)  # the channel is told when the gateway comes and goes
                self._heard.notify_all()


@contextmanager
def gateway(parent: Parent, **more: Mapping[str, Any]) -> Iterator[Chat]:
    """Run `hermes gateway run` in *parent*'s home, which is set up, and give the chat; *more* are sections of config.

    Leaving it ends the gateway, and fails the test if one of its processes stays.
    """
    file = parent.stage.root / "config.yaml"
    config = {**yaml.safe_load(file.read_text()), "terminal": {"cwd": str(parent.stage.workspace)}}
    for section, values in more.items():
        config[section] = {**config.get(section, {}), **values}
    file.write_text(yaml.safe_dump(config))
    log = parent.stage.folder / "gateway.log"
    with Chat() as chat, log.open("wb") as out:
        process = subprocess.Popen(
            [*parent.stage.hermes.command, "gateway", "run", "-v"],
            cwd=parent.stage.workspace,
            env=parent.stage.environ | chat.environ,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            chat.wait_for_bot()
            yield chat
        finally:
            left = _end(process, parent)
    assert not left, f"{len(left)} processes outlived the gateway"


def processes(parent: Parent) -> set[int]:
    """Return the processes that live in *parent*'s home, whoever started them: their environment names it."""
    home = f"\0HOME={parent.stage.folder}\0".encode()
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if home in b"\0" + (folder / "environ").read_bytes():
                found.add(int(folder.name))
    return found


def _end(process: subprocess.Popen[bytes], parent: Parent) -> set[int]:
    """End the gateway, and what is left of it; return the latter."""
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(_LEAVING_S)
    left = processes(parent)
    for pid in left:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    process.wait()
    return left
