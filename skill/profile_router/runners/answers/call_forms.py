"""The forms in which model families write tool calls into their text: what opens each, and how it is read."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import Any

from profile_router.expressions import expression
from profile_router.runners.answers.call_names import offered_name
from profile_router.runners.answers.json_calls import (
    TextCall,
    calls_of,
    end_of_json,
    json_value,
    python_calls,
)
from profile_router.values import frozen

_MOST_ARGUMENTS = 50  # of one call
_TAGS = "tool_calls?|tools|tool_use|tool_code|function_calls?|functioncall|TOOLCALL|action"
_PARAMETER = expression(r"<parameter(?:=|\s+name=)[\"']?([\w.-]+)[\"']?[^>]*>")
_PARAMETER_END = expression(r"</parameter>(?=\s*(?:<|\Z))")
_ARGUMENT = expression(r"<arg_key>(.*?)</arg_key>\s*<arg_value>(.*?)</arg_value>(?=\s*(?:<|\Z))", re.DOTALL)
_ESCAPED = expression(r"([\w.-]+):(?:<escape>(.*?)<escape>|([^,{}]*))", re.DOTALL)
_NAME = expression(r"\s*([\w.:/-]+)\s*")


@frozen
class CallSpan:
    """A piece of an answer that is calls. `calls` are None where it looks like calls and cannot be read.

    `marked`: it is opened by what no prose holds, a token of a chat template or a tag.
    """

    start: int
    end: int
    calls: tuple[TextCall, ...] | None
    marked: bool = True


_Read = tuple[list[TextCall] | None, int]
CallReader = Callable[[str, re.Match[str], Collection[str]], _Read]


def read_body(body: str, offered: Collection[str]) -> list[TextCall] | None:
    """Return the calls of *body*, which stands within a mark.

    They are JSON (one a line, or parted by `;`), XML, or a name and JSON.
    """
    text = body.strip()
    if (found := calls_of(json_value(text), offered)) is not None:
        return found
    if "<function" in text or "<invoke" in text:
        spans = list(_elements(text, offered))
        return [call for calls in spans for call in calls or ()] if spans and None not in spans else None
    named = _NAME.match(text)
    if named and text.count("<arg_key>") in range(1, _MOST_ARGUMENTS):
        return [TextCall(name=offered_name(named[1], offered), arguments=dict(_ARGUMENT.findall(text)))]
    if named and text[named.end() :].startswith("{"):
        return _named(named[1], text[named.end() :], offered)
    return _one_after_another(text, offered) or python_calls(text, offered)


def _one_after_another(text: str, offered: Collection[str]) -> list[TextCall] | None:
    calls: list[TextCall] = []
    at = 0
    while at < len(text):
        end = end_of_json(text, at) if text[at] in "{[" else None
        one = calls_of(json_value(text[at:end]), offered) if end else None
        if end is None or one is None:
            return None
        calls += one
        at = end + len(text[end:]) - len(text[end:].lstrip(" \t\r\n;,"))
    return calls or None


def _elements(text: str, offered: Collection[str]) -> list[list[TextCall] | None]:
    found, at = [], 0
    while (opened := _ELEMENT.search(text, at)) is not None:
        calls, at = _element(text, opened, offered)
        found.append(calls)
    return found


_ELEMENT = expression(r"<(function|invoke)(?:=|\s+name=)[\"']?([\w.:/-]+)[\"']?\s*>")


def _element(text: str, opened: re.Match[str], offered: Collection[str]) -> _Read:
    """Read `<function=NAME>…</function>` and `<invoke name="NAME">…</invoke>`, with parameters or JSON within."""
    name, at = offered_name(opened[2], offered), opened.end()
    arguments: dict[str, Any] = {}
    while (parameter := _PARAMETER.match(text, at + _blank(text, at))) is not None:
        end = _PARAMETER_END.search(text, parameter.end())
        if end is None:
            return None, len(text)
        arguments[parameter[1]] = _inner(text[parameter.end() : end.start()])
        at = end.end()
    at += _blank(text, at)
    end_at = at
    if text[at : at + 1] == "{" and not arguments:
        end_at = end_of_json(text, at) or len(text)
        value = json_value(text[at:end_at])
        if not isinstance(value, dict):
            return None, end_at
        arguments = value
    closing = re.compile(rf"\s*</{opened[1]}>").match(text, end_at)
    if closing is None and text[end_at:].strip():
        return None, end_at
    return [TextCall(name=name, arguments=arguments)], closing.end() if closing else len(text)


def _inner(text: str) -> str:
    """Return the value of a parameter without the line breaks that its tags stand on."""
    return text.removeprefix("\n").removesuffix("\n")


def _blank(text: str, at: int) -> int:
    found = re.compile(r"\s*").match(text, at)
    return len(found[0]) if found else 0


def _named(said: str, text: str, offered: Collection[str]) -> list[TextCall] | None:
    value = json_value(text.strip())
    return [TextCall(name=offered_name(said, offered), arguments=value)] if isinstance(value, dict) else None


def _tagged(text: str, opened: re.Match[str], offered: Collection[str]) -> _Read:
    """Read what stands in a tag; the closing one may be missing at the end, and may stand in an argument."""
    at = opened.end() + _blank(text, opened.end())
    closing = re.compile(rf"\s*(?:</{re.escape(opened['tag'])}>|</?\|/?{re.escape(opened['tag'])}\|>)", re.IGNORECASE)
    if text[at : at + 1] in ("{", "[") and (end := end_of_json(text, at)) is not None:
        closed = closing.match(text, end)
        if closed or not text[end:].strip():
            return read_body(text[at:end], offered), closed.end() if closed else end
    ends = list(closing.finditer(text, at))
    again = re.compile(re.escape(opened[0].strip())).search(text, at)
    within = [found for found in ends if again is None or found.start() < again.start()]
    end_at = within[-1].start() if within else again.start() if again else len(text)
    return read_body(text[at:end_at], offered), within[-1].end() if within else end_at


def _to_end(text: str, opened: re.Match[str], offered: Collection[str]) -> _Read:
    """Read what stands behind `<|python_tag|>`, up to the token that ends it."""
    stop = _STOP.search(text, opened.end())
    end = stop.start() if stop else len(text)
    return read_body(text[opened.end() : end], offered), end


def _mistral(text: str, opened: re.Match[str], offered: Collection[str]) -> _Read:
    """Read `[TOOL_CALLS]` with a list, or with a name and its arguments."""
    at = opened.end() + _blank(text, opened.end())
    name = re.compile(r"([\w.:/-]+)\s*(?:\[CALL_ID\]\s*\w*\s*)?(?:\[ARGS\]\s*)?(?=\{)").match(text, at)
    start = name.end() if name else at
    end = end_of_json(text, start) if text[start : start + 1] in ("{", "[") else None
    if end is None:
        return None, len(text)
    return (_named(name[1], text[start:end], offered) if name else read_body(text[start:end], offered)), end


def _between(text: str, opened: re.Match[str], offered: Collection[str]) -> _Read:
    """Read a name and, behind a token, its arguments: DeepSeek, Kimi and harmony have them so."""
    start = opened.end() + _blank(text, opened.end())
    end = end_of_json(text, start) if text[start : start + 1] == "{" else None
    if end is None:
        return None, len(text)
    return _named(opened["name"], text[start:end], offered), end


def _function_gemma(text: str, opened: re.Match[str], offered: Collection[str]) -> _Read:
    end = text.find("<end_function_call>", opened.end())
    body = text[opened.end() : end if end >= 0 else len(text)]
    if body.count("<escape>") > 2 * _MOST_ARGUMENTS:
        return None, len(text)
    arguments = {key: escaped or plain.strip() for key, escaped, plain in _ESCAPED.findall(body)}
    call = TextCall(name=offered_name(opened["name"], offered), arguments=arguments)
    return [call], end + len("<end_function_call>") if end >= 0 else len(text)


def _react(text: str, opened: re.Match[str], offered: Collection[str]) -> _Read:
    start = opened.end() + _blank(text, opened.end())
    end = end_of_json(text, start) if text[start : start + 1] == "{" else None
    return (_named(opened["name"], text[start:end], offered), end) if end else (None, len(text))


# Tokens that end a turn or a call; between calls and behind the last one they are nothing.
_STOP = expression(
    r"<\|(?:im_end|eot_id|eom_id|end|return|call|endoftext|end_of_text|END_RESPONSE)\|>|</s>|<end_of_turn>"
    r"|<｜end▁of▁sentence｜>"
)
WRAPPERS = expression(
    rf"{_STOP.pattern}|</?(?:{_TAGS}|minimax:tool_call)>|</?\|?/?tool_calls?\|>|\[/TOOL_CALLS\]"
    r"|<｜tool▁calls?▁(?:begin|end)｜>|<\|tool_calls?_(?:section_)?(?:begin|end)\|>|<start_function_response>"
)
BETWEEN_CALLS = expression(rf"(?:\s|[;,]|{WRAPPERS.pattern}|```\w*)*+")
MARKED: tuple[tuple[re.Pattern[str], CallReader], ...] = (
    (expression(rf"<(?P<tag>{_TAGS})>(?!\s*</)"), _tagged),
    (expression(r"<\|(?P<tag>tool_calls?)\|>"), _tagged),
    (_ELEMENT, _element),
    (expression(r"<\|python_tag\|>"), _to_end),
    (expression(r"\[TOOL_CALLS\]"), _mistral),
    (
        expression(
            r"<｜tool▁call▁begin｜>(?:function<｜tool▁sep｜>)?(?P<name>[\w.:/-]+)(?:<｜tool▁sep｜>)?\s*(?:```json)?"
        ),
        _between,
    ),
    (expression(r"<\|tool_call_begin\|>\s*(?P<name>[\w.:/-]+)\s*<\|tool_call_argument_begin\|>"), _between),
    (
        expression(
            r"(?:<\|start\|>\s*assistant\s*)?<\|channel\|>\s*(?:commentary|analysis)\s+to=(?P<name>[\w.:/-]+)[^<{]*"
            r"(?:<\|constrain\|>\s*\w*\s*)?<\|message\|>"
        ),
        _between,
    ),
    (expression(r"<start_function_call>\s*call:(?P<name>[\w.:/-]+)"), _function_gemma),
)  # fmt: skip
REACT = (
    expression(r"^[ \t]*\**Action:\**\s*`?(?P<name>[\w.:/-]+)`?[^\S\n]*\n\s*\**Action[ _]Input:\**\s*", re.MULTILINE),
    _react,
)
FENCE = expression(r"^[ \t]*(?P<fence>`{3,}+|~{3,}+)[^\n]*+\n", re.MULTILINE)
BARE_CALL = expression(r"^[ \t]*(?=[{\[]|[A-Za-z_][\w.]*\()", re.MULTILINE)
