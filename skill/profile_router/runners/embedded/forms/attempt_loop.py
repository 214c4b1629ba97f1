"""One attempt's loop in the form that the model can act in, and at most one change of that form.

Where the profile says nothing, it begins with calls by the protocol if the server's template takes tools. A local model
that writes its calls as text goes on by whole files where those fit. Else it goes on by JSON actions. That is
remembered.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from profile_router.core.attempt.order import Order
from profile_router.core.language.edits import asks_for_an_edit
from profile_router.core.policy import Policy
from profile_router.core.profile import Profile
from profile_router.ports import Emit
from profile_router.prompting.templates import render
from profile_router.prompting.tokens import count_tokens
from profile_router.runners.embedded.first_prompt import files_block, room_for_files
from profile_router.runners.embedded.forms.remembered_forms import FormMemory
from profile_router.runners.embedded.forms.turn_forms import (
    FINISH,
    CallsWritten,
    FormName,
    JsonTurns,
    NativeTurns,
    PlainTurns,
    TurnForm,
    action_schema,
)
from profile_router.runners.embedded.forms.whole_file_form import FilesToWrite, WholeFiles, files_to_write
from profile_router.runners.embedded.message_history import History
from profile_router.runners.embedded.model.answer_gate import AnswerGate
from profile_router.runners.embedded.model.chat_model import open_model
from profile_router.runners.embedded.model.served_model import ServedModel
from profile_router.runners.embedded.request import conversation_messages, profiles_listed, system_prompt, toolsets_of
from profile_router.runners.tools.fence import Fence
from profile_router.servers.inspect import count_prompt
from profile_router.threads.records import Records
from profile_router.values import mutable

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage
    from langchain_core.tools import BaseTool
    from langchain_openai.chat_models.base import ChatOpenAI

    from profile_router.runners.embedded.meter import AnswerMeter
    from profile_router.runners.embedded.remembering import Remembering

_FILES, _FORM = "files", "form"  # records: what the first prompt shows of the files, the form it began in
_BY: Mapping[FormName, str] = {"native": "by tool calls", "whole-file": "by whole files", "json": "by JSON actions"}
# One example for each action. A small model copies what it sees, so each is a whole one. None asks for another profile:
# a real 0.5B handed three of five small tasks on. It used the example's own words, whether they were true or not.
_EXAMPLES: Mapping[str, str] = {
    "list_files": '{"name": "list_files", "arguments": {"path": "src"}}',
    "search": '{"name": "search", "arguments": {"pattern": "def main", "glob": "**/*.py"}}',
    "read_file": '{"name": "read_file", "arguments": {"path": "src/clock.py"}}',
    "write_file": '{"name": "write_file", "arguments": {"path": "docs/clock.md", "content": "# The clock\\n"}}',
    "edit_file": '{"name": "edit_file", "arguments": {"path": "src/clock.py", "old": "H = 12", "new": "H = 24"}}',
    "run_command": '{"name": "run_command", "arguments": {"command": "python3 -m unittest"}}',
    FINISH: '{"name": "finish", "arguments": {"summary": "The clock in src/clock.py counts 24 hours. I ran no test."}}',
}


@mutable
class AttemptLoop:
    """Runs the loop of one attempt. `records` are the attempt's own; `notes` is what is worth saying of its form.

    `answer_tokens` bounds one answer, in the model's tokens; `tools` may be used as task and profile allow.
    """

    order: Order
    profile: Profile
    policy: Policy
    base: Path
    fence: Fence | None
    tools: list[BaseTool]
    terminal: bool
    answer_tokens: int
    meter: AnswerMeter
    remembering: Remembering
    records: Records
    memory: FormMemory
    emit: Emit
    notes: list[str] = field(default_factory=list)

    async def text(self) -> str:
        """Return the last words of the attempt. Raises what the meter raises."""
        form = await self._begun()
        try:
            return await self._in(form)
        except CallsWritten:
            await asyncio.to_thread(self.memory.keep, self.profile)
            form = await self._without_tools()
            line = f"{self.profile.name} writes its tool calls as text: it goes on {_BY[form]}, which is remembered"
            self.emit({"event": "form", "line": line})
            self.notes.append(line)
            return await self._in(form)

    async def _begun(self) -> FormName:
        """Return the form that the attempt begins in; after a kill, the one that it began in."""
        form: FormName | None = self.records.find(_FORM)
        if form is None:
            form, why = await self._first()
            self.records.keep(_FORM, form)
            if why:
                self.notes.append(f"{self.profile.name} works {_BY[form]}: {why}")
        return form

    async def _first(self) -> tuple[FormName, str]:
        wanted = self.profile.tool_format
        if wanted == "auto":
            if not self._may_change():
                return "native", ""
            if self.order.takes_tools is False:
                return await self._without_tools(), "the chat template of its server takes no tools"
            if await asyncio.to_thread(self.memory.writes_calls, self.profile):
                return await self._without_tools(), "its model wrote tool calls as text before"
            return "native", ""
        if wanted == "whole-file" and (form := await self._without_tools()) != "whole-file":
            return form, "the task asks for no change of a few small files, as whole-file needs"
        return wanted, ""

    def _may_change(self) -> bool:
        return self.order.local and self.profile.tool_format == "auto" and self._has_files()

    def _has_files(self) -> bool:
        return self.fence is not None and "file" in toolsets_of(self.order, self.profile)

    async def _without_tools(self) -> FormName:
        return "json" if await self._files_to_write() is None else "whole-file"

    async def _files_to_write(self) -> FilesToWrite | None:
        """Return the files that are to be written whole, None where there are none or they do not fit."""
        if self.fence is None or not self._has_files():
            return None
        found = await asyncio.to_thread(files_to_write, self.fence, self.order, self.policy.first_prompt)
        if found is None:
            return None
        system = render("whole_file")
        plain = self._history(system).text(conversation_messages(self.order, self.base))
        factor = self.policy.counting.tokenizer_factor
        needed = (count_tokens((plain,), (self.order.window // 4,)).high + found.tokens + found.answer) * factor
        return found if needed <= self.order.window else None

    async def _in(self, form: FormName) -> str:
        if form == "whole-file" and (found := await self._files_to_write()) is not None:
            return await self._by_whole_files(found)
        if form == "native":
            return await self._by_calls()
        return await self._by_actions()

    async def _by_calls(self) -> str:
        from langchain_core.utils.function_calling import convert_to_openai_tool

        system = system_prompt(self.order, self.profile, terminal=self.terminal)
        form = NativeTurns(
            goal=self.order.task.goal,
            where=self.profile.where,
            else_by_form=self._may_change(),
            edits=asks_for_an_edit(self.order.task.goal, self.order.task.files),
        )
        self._turn_to(self._history(system, schemas=[convert_to_openai_tool(tool) for tool in self.tools]), form)
        async with self._agent(system, self.tools) as ask:
            said = await ask(await self._first_messages())
        if form.calls_as_text:
            self.notes.append(f"{self.profile.name} wrote tool calls as text: they were read there and carried out")
        return said

    async def _by_actions(self) -> str:
        tools = [tool for tool in self.tools if tool.name != "ask_for_profile" or self.order.asks]
        asks = profiles_listed(self.order.asks) if self.order.asks else []
        shown = [tool.name for tool in tools if tool.name in _EXAMPLES]
        system = render("json_actions", tools=shown, examples=_EXAMPLES, asks=asks)
        form = JsonTurns(where=self.profile.where)
        self._turn_to(self._history(system, form=form), form)
        async with self._agent(system, tools, schema=action_schema(tools, self.order.asks)) as ask:
            return await ask(await self._first_messages())

    async def _by_whole_files(self, found: FilesToWrite) -> str:
        if self.fence is None:
            raise AssertionError("whole files are written behind a fence")
        self._shows(True)
        system = render("whole_file")
        tokens = max(self.answer_tokens, math.ceil(found.answer * self.policy.counting.tokenizer_factor))
        tokens = min(tokens, self.order.window // 2)
        self._turn_to(self._history(system, answer=tokens), PlainTurns(), tokens)
        files = WholeFiles(
            fence=self.fence,
            paths=found.paths,
            bounds=self.policy.first_prompt,
            window=self.order.window,
            remembering=self.remembering,
            where=self.profile.where,
        )
        async with self._agent(system, [], tokens=tokens) as ask:

            async def answer(turn: str) -> str:
                return await ask(conversation_messages(self.order, self.base, turn))

            return await files.written(answer)

    def _shows(self, files: bool) -> None:
        if self.meter.steps is not None:
            self.meter.steps.shown |= files

    def _turn_to(self, history: History, form: TurnForm, tokens: int | None = None) -> None:
        self.meter.turn_to(history, form, self.answer_tokens if tokens is None else tokens)

    def _history(
        self,
        system: str,
        *,
        schemas: list[dict[str, Any]] | None = None,
        form: TurnForm | None = None,
        answer: int | None = None,
    ) -> History:
        async def count(body: Any) -> int | None:
            return await count_prompt(self.profile, body, connect_s=self.policy.limits.connect_seconds)

        reply_room = self.answer_tokens if answer is None else answer
        if answer is None and self.profile.max_tokens is None:  # nobody stated it: a longer answer takes what is left
            reply_room = min(reply_room, self.policy.counting.reply_reserve)
        return History(
            budget=max(1, self.order.window - reply_room),
            system=system,
            schemas=schemas or [],
            factor=self.policy.counting.tokenizer_factor,
            count=count if self.order.local else None,
            spell=form.sent if form else None,
        )

    async def _first_messages(self) -> list[BaseMessage]:
        """Return the first messages, with the files that the task names, else the likely ones, as the window allows.

        A process after this one tells the model the same, whatever became of the files meanwhile.
        """
        plain = conversation_messages(self.order, self.base)
        paths = self.order.files or self.order.probable
        if self.fence is None or not paths or not self._has_files():
            return plain
        files: str | None = self.records.find(_FILES)
        if files is None:
            history, bounds = self.meter.history, self.policy.first_prompt
            room = room_for_files(history, plain, bounds)
            show = partial(files_block, probable=not self.order.files)
            files = await asyncio.to_thread(show, self.fence, paths, bounds, room)
            if files and await history.fit(conversation_messages(self.order, self.base, files)) is None:
                files = ""  # by the server's own count it is too much
            self.records.keep(_FILES, files)
        self._shows(bool(files))
        return conversation_messages(self.order, self.base, files)

    @asynccontextmanager
    async def _agent(
        self, system: str, tools: list[BaseTool], *, schema: Mapping[str, Any] | None = None, tokens: int | None = None
    ) -> AsyncIterator[Callable[[list[BaseMessage]], Awaitable[str]]]:
        """Yield what asks the model, with *tools* to be used, until it has answered in words."""
        from langchain.agents import create_agent

        tokens = tokens or self.answer_tokens
        async with self._model(tokens, schema) as model:
            agent: Any = create_agent(model, tools, system_prompt=system, middleware=[self.meter, self.remembering])

            async def ask(messages: list[BaseMessage]) -> str:
                config = {"recursion_limit": 10_000, "callbacks": [self.meter.streamed, self.meter.clock]}
                result = await agent.ainvoke({"messages": messages}, config=config)
                return str(result["messages"][-1].text).strip()

            yield ask

    @asynccontextmanager
    async def _model(self, tokens: int, schema: Mapping[str, Any] | None) -> AsyncIterator[ChatOpenAI]:
        gate = AnswerGate(where=self.profile.where, streamed=self.meter.streamed, tokens=tokens)
        if self.order.local:
            gate.look_at = ServedModel(profile=self.profile, policy=self.policy).look_at
        async with open_model(
            self.profile,
            local=self.order.local,
            connect_s=self.policy.limits.connect_seconds,
            read_s=self.order.seconds,
            max_tokens=tokens,
            schema=schema,
            gate=gate,
            room=lambda: self.order.window - self.meter.history.tokens,
        ) as model:
            yield model
