"""How the turns of one attempt look on the wire, and how an answer becomes tool calls. Each form is a class."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, Protocol

from profile_router.core.ladder.causes import detail_of
from profile_router.errors import AttemptError
from profile_router.expressions import expression
from profile_router.outside.json_reader import UnreadableJson, read_json
from profile_router.runners.answers.text_calls import Fits, text_calls
from profile_router.runners.embedded.model.quirks import with_calls
from profile_router.runners.embedded.written_calls import with_written_calls
from profile_router.values import mutable

if TYPE_CHECKING:
    from langchain_core.messages import AIMessage, BaseMessage
    from langchain_core.tools import BaseTool

FormName = Literal["native", "whole-file", "json"]
FINISH = "finish"
_FENCE = expression(r"^[ \t]*(?:`{3,}|~{3,})", re.MULTILINE)


class CallsWritten(Exception):
    """The model writes its calls as text, and the attempt may go on in another form."""


class TurnForm(Protocol):
    """How turns are sent and read. `sends_tools`: the tools stand in the request."""

    sends_tools: bool

    def sent(self, messages: Sequence[BaseMessage]) -> list[BaseMessage]:
        """Return *messages* as they are sent."""
        ...

    def read(self, answer: AIMessage, offered: Mapping[str, Fits], seen_ids: set[str]) -> AIMessage:
        """Return *answer* with its calls as calls of the *offered* tools. Raises AttemptError for anything else."""
        ...


@mutable
class NativeTurns:
    """Calls by the protocol. One that is written as text is read there too, unless another form may follow.

    `goal` is the task's, `where` the server's name in messages. `else_by_form`: the attempt may go on in another form.
    `edits`: the task asks for a change. Code in place of a first call is not an answer then.
    """

    goal: str
    where: str
    else_by_form: bool = False
    edits: bool = False
    calls_as_text: bool = False
    sends_tools: bool = True
    _called: bool = False

    def sent(self, messages: Sequence[BaseMessage]) -> list[BaseMessage]:
        """Return *messages* as they are."""
        return list(messages)

    def read(self, answer: AIMessage, offered: Mapping[str, Fits], seen_ids: set[str]) -> AIMessage:
        """Return *answer* with the calls that it has as text. Raises CallsWritten where those are another form's."""
        try:
            found = with_written_calls(answer, offered, seen_ids, goal=self.goal, where=self.where)
        except AttemptError:
            if self.else_by_form:
                raise CallsWritten from None
            raise
        shows_code = self.edits and not self._called and not found.tool_calls and _FENCE.search(found.text)
        if self.else_by_form and (found is not answer or shows_code):
            raise CallsWritten
        self._called |= bool(found.tool_calls)
        self.calls_as_text |= found is not answer
        return found


class PlainTurns:
    """No tools: the answer is the text that it is."""

    sends_tools = False

    def sent(self, messages: Sequence[BaseMessage]) -> list[BaseMessage]:
        """Return *messages* as they are."""
        return list(messages)

    def read(self, answer: AIMessage, offered: Mapping[str, Fits], seen_ids: set[str]) -> AIMessage:
        """Return *answer* as it is."""
        return answer


@mutable
class JsonTurns:
    """Each answer is one action as JSON, by a schema that the server enforces; each result is a turn of the user."""

    where: str
    sends_tools: bool = False

    def sent(self, messages: Sequence[BaseMessage]) -> list[BaseMessage]:
        """Return *messages* without calls of the protocol: actions and results as text."""
        from langchain_core.messages import AIMessage, HumanMessage, ToolMessage

        told: list[BaseMessage] = []
        for message in messages:
            if isinstance(message, AIMessage) and message.tool_calls:
                told.append(AIMessage("\n".join(_action(call["name"], call["args"]) for call in message.tool_calls)))
            elif isinstance(message, ToolMessage):
                told.append(HumanMessage(f"Result of {message.name}:\n{message.text}"))
            else:
                told.append(message)
        return told

    def read(self, answer: AIMessage, offered: Mapping[str, Fits], seen_ids: set[str]) -> AIMessage:
        """Return *answer* as the call that it is, or as the last words that its `finish` holds."""
        name, arguments = self._action_in(answer.text, offered)
        if name == FINISH:
            summary = arguments.get("summary")
            return answer.model_copy(update={"content": summary if isinstance(summary, str) else ""})
        return with_calls(answer, [{"name": name, "args": arguments}], seen_ids, content="")

    def _action_in(self, text: str, offered: Mapping[str, Fits]) -> tuple[str, Mapping[str, Any]]:
        try:
            action = read_json(text)
        except UnreadableJson:
            action = None
        if isinstance(action, dict) and isinstance(action.get("arguments"), dict):
            name = str(action.get("name"))
            if name == FINISH or name in offered:
                return name, action["arguments"]
        found = text_calls(text, {**offered, FINISH: lambda _: True})  # a server that enforces no schema
        if found is None or not found.calls:
            why = "is not an action" if found is None else found.why
            raise AttemptError("invalid-json", f"{self.where}: {detail_of('invalid-json')} as an action ({why})")
        return found.calls[0].name, found.calls[0].arguments


def action_schema(tools: Sequence[BaseTool], asks: Sequence[str] = ()) -> dict[str, Any]:
    """Return the schema of an action, one of *tools* or the end, as a request's `json_schema` has it.

    *asks* are the profiles that may be asked for: a small model makes up others, again and again.
    """
    from langchain_core.utils.function_calling import convert_to_openai_tool

    functions = [convert_to_openai_tool(tool)["function"] for tool in tools]
    end = {"type": "object", "properties": {"summary": {"type": "string"}}, "required": ["summary"]}
    named = [*((one["name"], one["parameters"]) for one in functions), (FINISH, end)]
    closed = {name: _closed(parameters) for name, parameters in named}
    if asks and "ask_for_profile" in closed:
        closed["ask_for_profile"]["properties"]["profile"]["enum"] = list(asks)
    actions = [_object({"name": {"const": name}, "arguments": arguments}) for name, arguments in closed.items()]
    return {"name": "action", "strict": True, "schema": {"anyOf": actions}}


def _object(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }


def _closed(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return *parameters* without what a grammar does not need: defaults and descriptions."""
    types = {name: {"type": one["type"]} for name, one in parameters["properties"].items()}
    required = list(parameters.get("required", ()))
    return {"type": "object", "properties": types, "required": required, "additionalProperties": False}


def _action(name: str, arguments: Mapping[str, Any]) -> str:
    return json.dumps({"name": name, "arguments": dict(arguments)}, ensure_ascii=False)
