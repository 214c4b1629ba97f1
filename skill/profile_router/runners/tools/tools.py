"""The tools of the embedded runner, as LangChain tools: six, and `run_command` where it is offered.

What they may reach is the fence's business, what a command may is the jail's.

Names, parameters and descriptions are the same bytes on every build: they are part of the shared conversation, and
every token of them is paid in each request.
"""

from __future__ import annotations

import errno
import inspect
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any, cast

from langchain_core.tools import BaseTool, StructuredTool
from pydantic import BaseModel, Field, model_validator

from profile_router.errors import RouterError
from profile_router.runners.tools import editing, listing, reading, search
from profile_router.runners.tools.fence import Fence
from profile_router.runners.tools.paths import ToolRefusal, shown
from profile_router.runners.tools.replies import clean, fitted
from profile_router.runners.tools.terminal import Jailed

_LONGEST_REASON = 500
_LESS = "ask for less"
_ABSENT = os.strerror(errno.ENOENT)
_Act = Callable[..., str] | Callable[..., Awaitable[str]]
_Row = tuple[str, str, type[BaseModel], _Act]


class AskedForProfile(Exception):
    """The subagent asks to be run under another profile. Ends the attempt; the ladder decides."""

    def __init__(self, profile: str, reason: str) -> None:
        super().__init__(f"the subagent asked for profile '{profile}': {reason}")
        self.profile = profile
        self.reason = reason


class _Arguments(BaseModel):
    @model_validator(mode="before")
    @classmethod
    def _null_is_absent(cls, values: Any) -> Any:
        """Drop nulls: models send them for arguments that they leave out."""
        if not isinstance(values, dict):
            return values
        return {key: value for key, value in values.items() if value is not None}


class _ListFiles(_Arguments):
    path: str = "."


class _Search(_Arguments):
    pattern: str = Field(description="regular expression, matched line by line")
    glob: str = "**/*"


class _ReadFile(_Arguments):
    path: str
    start: int = Field(1, description="first line")
    lines: int = Field(200, description="at most 400")


class _WriteFile(_Arguments):
    path: str
    content: str


class _EditFile(_Arguments):
    path: str
    old: str = Field(description="exact text that occurs once, without line numbers")
    new: str


class _RunCommand(_Arguments):
    command: str


class _AskForProfile(_Arguments):
    profile: str
    reason: str


def build_tools(
    fence: Fence | None,
    *,
    result_chars: int,
    profiles: Sequence[str],
    toolsets: frozenset[str],
    terminal: Jailed | None = None,
) -> list[BaseTool]:
    """Return the tools of *toolsets* (`file` needs a *fence*), of *terminal*, and always `ask_for_profile`.

    Each answers with at most *result_chars* characters; what is refused or fails is answered as text that starts with
    `error: `. Only `ask_for_profile` raises: AskedForProfile, for one of *profiles*.
    """
    files = _file_tools(fence, result_chars) if fence is not None and "file" in toolsets else ()
    rows: list[_Row] = [*files, *([_command_tool(terminal, result_chars)] if terminal else []), _asking_tool(profiles)]
    return [_tool(name, text, schema, act, result_chars) for name, text, schema, act in rows]


def _file_tools(fence: Fence, room: int) -> tuple[_Row, ...]:
    def list_files(path: str) -> str:
        return fitted(listing.list_folder(fence, path), room, "list one of its folders")

    return (
        ("list_files", "List a folder's files.", _ListFiles, list_files),
        (
            "search",
            "Search file contents; returns path:line: text.",
            _Search,
            lambda pattern, glob: search.search_files(fence, pattern, glob, room),
        ),
        (
            "read_file",
            "Read numbered lines of a text file.",
            _ReadFile,
            lambda path, start, lines: reading.read_page(fence, path, start, lines, room),
        ),
        ("write_file", "Create or overwrite a whole file.", _WriteFile, partial(editing.write_whole, fence)),
        ("edit_file", "Replace one piece of text in a file.", _EditFile, partial(editing.replace_once, fence)),
    )


def _command_tool(terminal: Jailed, room: int) -> _Row:
    async def run_command(command: str) -> str:
        return await terminal.run(command, room)

    return "run_command", "Run one program in the workspace, without a shell.", _RunCommand, run_command


def _asking_tool(profiles: Sequence[str]) -> _Row:
    def ask_for_profile(profile: str, reason: str) -> str:
        if profile not in profiles:
            known = ", ".join(profiles) or "none"
            raise ToolRefusal(f"profile '{shown(profile)}' cannot be asked for; known: {known}")
        raise AskedForProfile(profile, clean(reason)[:_LONGEST_REASON])

    return "ask_for_profile", "Stop and hand the task to a better suited profile.", _AskForProfile, ask_for_profile


def _tool(name: str, text: str, schema: type[BaseModel], act: _Act, room: int) -> BaseTool:
    def answered(arguments: Mapping[str, Any], failure: Exception) -> str:
        if isinstance(failure, OSError):
            where = shown(str(arguments.get("path", ".")))
            return fitted(clean(f"error: '{where}': {failure.strerror or _ABSENT}"), room, _LESS)
        return fitted(clean(f"error: {failure}"), room, _LESS)

    def answer(**arguments: Any) -> str:
        try:
            return fitted(clean(cast("str", act(**arguments))), room, _LESS)
        except (ToolRefusal, RouterError, OSError) as failure:
            return answered(arguments, failure)

    async def answer_later(**arguments: Any) -> str:
        try:
            return fitted(clean(await cast("Awaitable[str]", act(**arguments))), room, _LESS)
        except (ToolRefusal, RouterError, OSError) as failure:
            return answered(arguments, failure)

    def misused(error: Any) -> str:
        wrong = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors())
        reply = f"error: {name}: {wrong}; its parameters are {', '.join(schema.model_fields)}"
        return fitted(clean(reply), room, _LESS)

    later = inspect.iscoroutinefunction(act)
    return StructuredTool.from_function(
        func=None if later else answer,
        coroutine=answer_later if later else None,
        name=name,
        description=text,
        args_schema=schema,
        handle_validation_error=misused,
    )
