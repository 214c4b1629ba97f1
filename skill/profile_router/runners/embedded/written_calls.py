"""Tool calls that an answer has as text, held against the tools that were offered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from langchain_core.messages import AIMessage
from langchain_core.tools import BaseTool
from pydantic import BaseModel, ValidationError

from profile_router.core.ladder.causes import detail_of
from profile_router.errors import AttemptError
from profile_router.runners.answers.text_calls import Fits, asks_to_see_calls, text_calls
from profile_router.runners.embedded.model.quirks import with_calls


def offered_of(tools: Sequence[Any]) -> dict[str, Fits]:
    """Return the names of *tools*, each with what tells whether its schema takes given arguments."""
    return {tool.name: partial(_takes, tool) for tool in tools if isinstance(tool, BaseTool)}


def _takes(tool: BaseTool, arguments: Mapping[str, Any]) -> bool:
    schema = tool.args_schema
    if not (isinstance(schema, type) and issubclass(schema, BaseModel)):
        return False
    try:
        schema.model_validate(dict(arguments))
    except ValidationError:
        return False
    return True


def with_written_calls(
    answer: AIMessage, offered: Mapping[str, Fits], seen_ids: set[str], *, goal: str, where: str
) -> AIMessage:
    """Return *answer* with the calls that it has as text as calls; *answer* itself where it is an answer in words.

    *goal* is the task's: an answer to how calls look may show some. *seen_ids* is extended. Raises AttemptError for
    text that looks like calls and cannot be carried out; *where* names the server for its message.
    """
    if answer.tool_calls or asks_to_see_calls(goal, offered):
        return answer
    found = text_calls(answer.text, offered)
    if found is None:
        return answer
    if found.why:
        raise AttemptError("calls-as-text", f"{where}: {detail_of('calls-as-text', why=found.why)}")
    calls = [{"name": call.name, "args": dict(call.arguments)} for call in found.calls]
    return with_calls(answer, calls, seen_ids, content=found.preamble)
