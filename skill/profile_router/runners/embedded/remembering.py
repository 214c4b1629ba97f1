"""Middleware of the agent loop: every answer and every tool result is kept before the loop goes on.

An attempt that was killed is begun again from its start. What is kept stands in for what was done. No request is made
whose answer arrived, no tool is used again. The one tool that was at work is known by its note. An edit notes what it
is about to write, a command its beginning.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext, suppress
from contextvars import ContextVar
from dataclasses import asdict
from pathlib import Path
from typing import Any

from langchain.agents.middleware import AgentMiddleware, ModelRequest, ModelResponse
from langchain_core.messages import ToolMessage

from profile_router.core.attempt.usage import SaidUsage
from profile_router.runners.embedded.meter import AnswerMeter
from profile_router.runners.embedded.model.quirks import RawCall
from profile_router.threads.records import Records

ModelHandler = Callable[[ModelRequest[Any]], Awaitable[ModelResponse[Any]]]
ToolHandler = Callable[[Any], Awaitable[Any]]
COMMAND_INTERRUPTED = (
    "error: this command was interrupted, because profile-router itself was ended while it ran; it may have done a "
    "part of its work and was not run again"
)
_COMMANDS = frozenset({"run_command"})
_AT_WORK: ContextVar[str] = ContextVar("tool call at work")


class Remembering(AgentMiddleware[Any, Any, Any]):
    """Keeps one attempt in *records*; *root* is the workspace. To stand inside of *meter*, which counts what is kept
    as it counts what is new. `interrupted` is called where a command was at work when the process before was killed.
    `mark` takes a mark of the work tree, empty where it takes none; `pulse` lasts as long as a command does."""

    def __init__(self, records: Records, meter: AnswerMeter, root: Path | None) -> None:
        super().__init__()
        self._records = records
        self._meter = meter
        self._root = root
        self._began = time.time()
        self.interrupted: Callable[[], object] = lambda: None
        self.take_mark: Callable[[], str] = lambda: ""
        self.pulse: Callable[[], AbstractContextManager[None]] = nullcontext
        self._beating = ExitStack()

    async def awrap_model_call(self, request: ModelRequest[Any], handler: ModelHandler) -> ModelResponse[Any]:
        """Return the answer that is kept for this turn, else ask and keep it."""
        name = f"turn {self._meter.counts.turns}"
        recorded, streamed = self._records.find(name), self._meter.streamed
        if recorded is not None:
            result, calls, written, thoughts, usage = recorded
            raw = [RawCall(index=at, name=of, arguments=given, id=call) for at, of, given, call in calls]
            streamed.again(raw, written, thoughts, SaidUsage(**usage))
            return ModelResponse(result=list(result))
        response = await handler(request)
        calls = [(call.index, call.name, call.arguments, call.id) for call in streamed.whole()]
        brought = ("".join(streamed.written), streamed.thoughts, asdict(streamed.usage))
        self._records.keep(name, (list(response.result), calls, *brought))
        return response

    async def awrap_tool_call(self, request: Any, handler: ToolHandler) -> Any:
        """Return the result that is kept for this call, else use the tool and keep it."""
        name = f"tool {request.tool_call['id']}"
        recorded = self._records.find(name)
        if recorded is not None:
            return recorded
        said = await asyncio.to_thread(self._left_by_the_dead, name, request.tool_call["name"])
        if said is None:
            _AT_WORK.set(name)
            result = await handler(request)
        else:
            call = request.tool_call
            result = ToolMessage(said, name=call["name"], tool_call_id=call["id"])
        self._records.keep(name, result)
        return result

    @contextmanager
    def at_work(self, name: str) -> Iterator[bool]:
        """Note what is written within as the edit *name*; yield whether a process before this one wrote it."""
        before = self._records.find(f"edit {name}") is not None
        token = _AT_WORK.set(name)
        try:
            yield before
        finally:
            _AT_WORK.reset(token)

    def about_to_write(self, path: str, old: bytes | None, new: bytes) -> None:
        """Note what the tool at work is about to make of *path*. The fence calls it right before it writes."""
        if name := _AT_WORK.get(""):
            self._records.keep(f"edit {name}", (path, _digest(old), _digest(new)))

    def about_to_run(self) -> None:
        """Note that the command at work starts now: it may write anything. One that is refused writes nothing.

        The note is its place among the commands, and the marks of the work tree before and after it.
        """
        if name := _AT_WORK.get(""):
            self._records.keep(f"began {name}", (len(self._records.names("began ")), self.take_mark(), ""))
            self._beating.enter_context(self.pulse())

    def has_run(self) -> None:
        """Note the work tree as the command at work left it."""
        name = _AT_WORK.get("")
        nth, before, _ = self._records.find(f"began {name}") or (0, "", "")
        with self._beating:
            if before and (after := self.take_mark()):
                self._records.keep(f"began {name}", (nth, before, after))

    def _left_by_the_dead(self, name: str, tool: str) -> str | None:
        """Return what to answer in place of a call that a dead process had begun; None where it may be made."""
        if tool in _COMMANDS:
            if not self._records.find(f"began {name}"):
                return None
            self.interrupted()
            return COMMAND_INTERRUPTED
        edit = self._records.find(f"edit {name}")
        if edit is None or self._root is None:
            return None
        path, before, after = edit
        self._sweep(self._root / path)
        now = _digest(_content(self._root / path))
        if now == after:
            return f"{tool}: {path} is written"
        if now == before:
            return None
        return f"error: {tool} was interrupted, and {path} has changed since; read it again"

    def _sweep(self, path: Path) -> None:
        """Remove what a write that was killed half-way left beside *path*."""
        for left in path.parent.glob(".profile-router-*.tmp"):
            with suppress(OSError):
                if left.lstat().st_mtime < self._began:
                    left.unlink()


def _digest(content: bytes | None) -> str:
    return "" if content is None else hashlib.sha256(content).hexdigest()


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None
