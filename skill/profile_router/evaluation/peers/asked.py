"""Ask a peer that runs in a jail of its own. One line of JSON goes there, one comes back. Size and time are bounded.

The jail is there before the peer's Python starts: a package may run code with each start (a `.pth` file). The jail has
no network and no keys. Of this machine's files it has the peer's environment, Python and the trees to rank.
"""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from profile_router.core.policy import Terminal
from profile_router.evaluation.clones import PastTree
from profile_router.evaluation.located import CODE
from profile_router.evaluation.locators import MOST_LOCATED, Ranking
from profile_router.evaluation.peers import worker
from profile_router.evaluation.peers.catalogue import PeerPackage
from profile_router.evaluation.peers.environment import NoPeer
from profile_router.jail.view import JailView, jail_command, jail_problem
from profile_router.outside.json_reader import UnreadableJson, read_json
from profile_router.workspace.folder import Workspace, tracked_files

START_S, ANSWER_S = 180.0, 300.0
_MOST_ANSWER = 1_000_000  # bytes
_MOST_FILES = 50_000
_MOST_SIGNALS = 20
# One process answers all rows, so its seconds of processor are those of a whole study.
_WITHIN = Terminal(seconds=24 * 3600, processes=64, memory_mb=8_192, file_mb=1_024)


class Peer:
    """A running peer. Close it at the end; after a failure it starts anew. Raises NoPeer where no jail can be made."""

    def __init__(self, package: PeerPackage, python: Path, scratch: Path) -> None:
        self._package, self._python, self._scratch = package, python, Path(os.path.realpath(scratch))
        self._home = self._scratch / f"home-{package.name}"
        self._home.mkdir(mode=0o700, exist_ok=True)
        self._process: subprocess.Popen[bytes] | None = None
        self._rest = b""
        self.version = ""
        self._start()

    @property
    def name(self) -> str:
        """Return what it is called in the report."""
        return self._package.name

    @property
    def key(self) -> str:
        """Return what its answers depend on: its package, and our side of the talk."""
        return f"peer 1 {self.name} {self.version}"

    def locate(self, tree: PastTree, text: str) -> Ranking:
        """Return the files of *tree* that the peer holds for likeliest; it ranks the tracked code files."""
        folder = Path(os.path.realpath(tree.lay_out()))
        files = [path for path in tracked_files(Workspace(folder, git=True)) if path.rpartition(".")[2] in CODE]
        return self._ask({"text": text, "folder": str(folder), "files": sorted(files)[:_MOST_FILES]})

    def score(self, text: str) -> Ranking:
        """Return the peer's numbers for *text*."""
        return self._ask({"text": text})

    def close(self) -> None:
        """End the process, and what it started."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)  # it leads a session of its own
            self._process.communicate()
            self._process = None

    def _start(self) -> None:
        words = self._jailed()
        self._rest = b""
        try:
            self._process = subprocess.Popen(
                words, env={}, cwd=self._home, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            raise NoPeer(f"{self.name} cannot be started: {error}") from None
        try:
            told = self._line(START_S)
        except _Failed as why:
            self.close()
            raise NoPeer(f"{self.name} does not start: {why}; its package may have changed") from None
        self.version = str(told.get("ready"))[:60]

    def _jailed(self) -> list[str]:
        """Return the command line that starts the peer in its jail."""
        if problem := jail_problem():
            raise NoPeer(f"{self.name} is not started: {problem}, and no peer runs without a jail")
        base, far = os.path.realpath(sys.base_prefix), os.path.realpath(worker.__file__)
        if Path(os.path.realpath(Path.home())).is_relative_to(base):
            raise NoPeer(f"{self.name} is not started: its Python's folder {base} holds your home, which no peer reads")
        environment = Path(os.path.realpath(self._python.parent.parent))
        python = environment / self._python.parent.name / self._python.name
        view = JailView(root=self._home, readable=(str(environment), base, far, str(self._scratch)))
        return jail_command([str(python), "-s", "-B", "-P", far, self.name], view, _WITHIN)

    def _ask(self, row: Mapping[str, Any]) -> Ranking:
        began = time.perf_counter()
        try:
            if self._process is None:
                self._start()
            self._send(row)
            told = self._line(ANSWER_S)
        except (_Failed, NoPeer) as why:
            self.close()
            return Ranking(problem=f"{self.name}: {why}")
        return _ranking(told, (time.perf_counter() - began) * 1_000)

    def _send(self, row: Mapping[str, Any]) -> None:
        pipe = self._process.stdin if self._process else None
        if pipe is None:
            raise _Failed("it was closed")
        try:
            pipe.write(json.dumps(row).encode() + b"\n")
            pipe.flush()
        except OSError as error:
            raise _Failed(f"it has ended ({error.strerror})") from None

    def _line(self, seconds: float) -> Mapping[str, Any]:
        pipe = self._process.stdout if self._process else None
        if pipe is None or self._process is None:
            raise _Failed("it was closed")
        deadline = time.monotonic() + seconds
        with selectors.DefaultSelector() as selector:
            selector.register(pipe, selectors.EVENT_READ)
            while b"\n" not in self._rest:
                left = deadline - time.monotonic()
                if left <= 0 or not selector.select(left):
                    raise _Failed(f"no answer in {seconds:g} s")
                more = os.read(pipe.fileno(), 65_536)
                if not more:
                    raise _Failed(f"it ended with exit code {self._process.wait()}")
                self._rest += more
                if len(self._rest) > _MOST_ANSWER:
                    raise _Failed(f"an answer of more than {_MOST_ANSWER:,} bytes")
        line, _, self._rest = self._rest.partition(b"\n")
        try:
            told = read_json(line)
        except UnreadableJson as error:
            raise _Failed(f"its answer is {error}") from None
        if not isinstance(told, dict):
            raise _Failed("its answer is not a JSON object")
        return told


class _Failed(Exception):
    """The peer gave no answer. The message says why."""


def _ranking(told: Mapping[str, Any], ms: float) -> Ranking:
    """Return what the peer *told*, as far as it has the form."""
    if told.get("problem"):
        return Ranking(problem=str(told["problem"])[:300], ms=ms)
    paths, signals = told.get("paths") or [], told.get("signals") or {}
    numbers = {str(name): float(value) for name, value in signals.items() if isinstance(value, int | float)}
    return Ranking(
        paths=[path for path in paths if isinstance(path, str)][:MOST_LOCATED],
        signals=dict(list(numbers.items())[:_MOST_SIGNALS]),
        ms=ms,
    )
