"""The tools of the embedded runner, as LangChain tools: six, and `run_command` where it is offered.

What they may reach is the fence's business, what a command may is the jail's.

Names, parameters and descriptions are the same bytes on every build. They are part of the shared conversation, and each
request pays for every token of them.
"""

from __future__ import annotations

import errno
import inspect
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any, cast

from langchain_core.tools import ArgsSchema, BaseTool, StructuredTool
from langchain_core.utils.function_calling import convert_to_openai_tool
from pydantic import BaseModel, Field, model_validator

from profile_router.core.text import shown
from profile_router.errors import RouterError
from profile_router.runners.tools import editing, listing, reading, search
from profile_router.runners.tools.answer_shape import ToolRefusal, fitted_answer, sendable
from profile_router.runners.tools.fence import Fence
from profile_router.runners.tools.terminal import Jailed

_LONGEST_REASON = 500
_LESS = "ask for less"
_ABSENT = os.strerror(errno.ENOENT)
_Act = Callable[..., str] | Callable[..., Awaitable[str]]
_Offer = tuple[str, str, type[BaseModel]]  # a name, a description, the parameters


class WantsProfile(Exception):
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
    all: bool = Field(False, description="replace every occurrence")


class _RunCommand(_Arguments):
    command: str


class _AskForProfile(_Arguments):
    profile: str
    reason: str


class _Described(StructuredTool):
    """A tool whose schema is made once for all that are offered alike: it takes pydantic a millisecond."""

    @property
    def tool_call_schema(self) -> ArgsSchema:
        offer = (self.name, self.description, self.args_schema)
        if offer not in _SCHEMAS:
            _SCHEMAS[offer] = super().tool_call_schema
        return _SCHEMAS[offer]


_SCHEMAS: dict[tuple[object, ...], ArgsSchema] = {}
_FILE_TOOLS: tuple[_Offer, ...] = (
    ("list_files", "List a folder's files.", _ListFiles),
    ("search", "Search file contents; returns path:line: text.", _Search),
    ("read_file", "Read numbered lines of a text file.", _ReadFile),
    ("write_file", "Create or overwrite a whole file.", _WriteFile),
    ("edit_file", "Replace one piece of text in a file.", _EditFile),
)
_COMMAND_TOOL: _Offer = (
    "run_command",
    "Run one program at the workspace's root: no shell, no `cd`.",
    _RunCommand,
)
_ASKING_TOOL: _Offer = ("ask_for_profile", "Stop and hand the task to a better suited profile.", _AskForProfile)


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
    acts: dict[str, _Act] = {"ask_for_profile": _asking(profiles)}
    if fence is not None:
        acts |= _file_acts(fence, result_chars)
    if terminal is not None:
        acts["run_command"] = _commanding(terminal, result_chars)
    offers = _offers(files=fence is not None and "file" in toolsets, terminal=terminal is not None)
    return [_tool(offer, acts[offer[0]], result_chars) for offer in offers]


def described_tools(*, files: bool, terminal: bool) -> list[dict[str, Any]]:
    """Return the tools as a request describes them, without anything that could carry them out."""
    offers = _offers(files=files, terminal=terminal)
    return [convert_to_openai_tool(_tool(offer, _carries_out_nothing, 0)) for offer in offers]


def _offers(*, files: bool, terminal: bool) -> tuple[_Offer, ...]:
    return (*(_FILE_TOOLS if files else ()), *((_COMMAND_TOOL,) if terminal else ()), _ASKING_TOOL)


def _carries_out_nothing(**_arguments: object) -> str:
    raise ToolRefusal("this tool was only described")


def _file_acts(fence: Fence, room: int) -> dict[str, _Act]:
    def list_files(path: str) -> str:
        return fitted_answer(listing.list_folder(fence, path), room, "list one of its folders")

    return {
        "list_files": list_files,
        "search": lambda pattern, glob: search.search_files(fence, pattern, glob, room),
        "read_file": lambda path, start, lines: reading.read_page(fence, path, start, lines, room),
        "write_file": partial(editing.write_and_count, fence),
        "edit_file": lambda path, old, new, **more: editing.replace(fence, path, old, new, every=more["all"]),
    }


def _commanding(terminal: Jailed, room: int) -> _Act:
    async def run_command(command: str) -> str:
        return await terminal.run(command, room)

    return run_command


def _asking(profiles: Sequence[str]) -> _Act:
    def ask_for_profile(profile: str, reason: str) -> str:
        if profile not in profiles:
            known = ", ".join(profiles) or "none"
            raise ToolRefusal(f"profile '{shown(profile)}' cannot be asked for; known: {known}")
        raise WantsProfile(profile, sendable(reason)[:_LONGEST_REASON])

    return ask_for_profile


def _tool(offer: _Offer, act: _Act, room: int) -> BaseTool:
    name, text, schema = offer

    def answered(arguments: Mapping[str, Any], failure: Exception) -> str:
        if isinstance(failure, OSError):
            where = shown(str(arguments.get("path", ".")))
            return fitted_answer(sendable(f"error: '{where}': {failure.strerror or _ABSENT}"), room, _LESS)
        return fitted_answer(sendable(f"error: {failure}"), room, _LESS)

    def answer(**arguments: Any) -> str:
        try:
            return fitted_answer(sendable(cast("str", act(**arguments))), room, _LESS)
        except (ToolRefusal, RouterError, OSError) as failure:
            return answered(arguments, failure)

    async def answer_later(**arguments: Any) -> str:
        try:
            return fitted_answer(sendable(await cast("Awaitable[str]", act(**arguments))), room, _LESS)
        except (ToolRefusal, RouterError, OSError) as failure:
            return answered(arguments, failure)

    def wrong_arguments(error: Any) -> str:
        wrong = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors())
        reply = f"error: {name}: {wrong}; its parameters are {', '.join(schema.model_fields)}"
        return fitted_answer(sendable(reply), room, _LESS)

    later = inspect.iscoroutinefunction(act)
    return _Described.from_function(
        func=None if later else answer,
        coroutine=answer_later if later else None,
        name=name,
        description=text,
        args_schema=schema,
        handle_validation_error=wrong_arguments,
    )
