"""Find the tool calls that a model wrote as text, and tell them from an answer that shows one.

They are carried out only where the whole answer is calls, but for a short preamble. What looks like calls and cannot be
read so, or has prose around it, is not an answer either. Whoever took it for one would report work that nobody did.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from profile_router.expressions import expression
from profile_router.runners.answers.call_forms import (
    BARE_CALL,
    BETWEEN_CALLS,
    FENCE,
    MARKED,
    REACT,
    WRAPPERS,
    CallReader,
    CallSpan,
    read_body,
)
from profile_router.runners.answers.json_calls import (
    MOST_CALLS,
    TextCall,
    calls_of,
    end_of_json,
    json_value,
    looks_like_a_call,
    python_calls,
)
from profile_router.values import frozen

Fits = Callable[[Mapping[str, Any]], bool]  # tells whether a tool's schema takes these arguments
_PREAMBLE = 600  # characters
_PROSE = 800  # around what no mark tells from an example: an answer with more of it shows calls, and makes none
_CANDIDATES = 60  # fences, and lines that begin with a bracket
_SHOWN = expression(r"\b(?:examples?|for instance|e\.g\.|such as|looks? like|sample)\b", re.IGNORECASE)
_ABOUT_CALLS = expression(r"\b(?:tool|function)[- _]?(?:calls?|calling|use)\b", re.IGNORECASE)
_ASKS_TO_SEE = expression(
    r"\b(?:examples?|samples?|show|explain|describe|what|how|why|document|syntax|format|look like"
    r"|illustrate)\b",
    re.IGNORECASE,
)


@frozen
class TextCalls:
    """What was found: `calls` to carry out with the `preamble` before them, or `why` they cannot be."""

    calls: tuple[TextCall, ...] = ()
    preamble: str = ""
    why: str = ""


def asks_to_see_calls(goal: str, offered: Mapping[str, Fits]) -> bool:
    """Tell whether *goal* asks how calls look: then an answer may show one, and makes none."""
    names = any(re.search(rf"\b{re.escape(name)}\b", goal) for name in offered)
    return bool((names or _ABOUT_CALLS.search(goal)) and _ASKS_TO_SEE.search(goal))


def text_calls(text: str, offered: Mapping[str, Fits]) -> TextCalls | None:
    """Return the calls that *text*, a whole answer without its thoughts, is; None where it is an answer in words.

    *offered* are the tools by name. Nothing is raised, whatever *text* holds.
    """
    spans = list(_spans(text, offered))
    if not spans:
        return None
    calls = [call for span in spans for call in span.calls or ()]
    if len(calls) > MOST_CALLS:
        return TextCalls(why=f"it is more than {MOST_CALLS} calls")
    before, after = text[: spans[0].start], _around(text, spans)
    marked = any(span.marked for span in spans)
    if not marked and (len(before) + len(after) > _PROSE or _SHOWN.search(before) or _SHOWN.search(after)):
        return None
    unknown = next((call.name for call in calls if call.name not in offered), None)
    unfit = next((call.name for call in calls if call.name in offered and not offered[call.name](call.arguments)), None)
    if any(span.calls is None for span in spans):
        return TextCalls(why="it cannot be read")
    if unknown is not None and not marked and (after or len(before) > _PREAMBLE):
        return None
    if unknown is not None:
        return TextCalls(why=f"{_name(unknown)} was not offered as a tool")
    if unfit is not None:
        return TextCalls(why=f"its arguments do not fit {unfit}")
    if after or len(before) > _PREAMBLE:
        return TextCalls(why="other text stands around it")
    return TextCalls(calls=tuple(calls), preamble=WRAPPERS.sub("", before).strip())


def _name(said: str) -> str:
    return f"{''.join(char for char in said if char.isprintable())[:40]!a}"


def _around(text: str, spans: list[CallSpan]) -> str:
    """Return what stands between and behind *spans*, without separators and the tokens of a chat template."""
    starts = [span.start for span in spans[1:]] + [len(text)]
    gaps = [text[span.end : start] for span, start in zip(spans, starts, strict=True)]
    return "".join(_without_nothing(gap) for gap in gaps)


def _without_nothing(gap: str) -> str:
    found = BETWEEN_CALLS.match(gap)
    return gap[found.end() :].strip() if found else gap.strip()


def _spans(text: str, offered: Mapping[str, Fits], *, fences: bool = True) -> Iterator[CallSpan]:
    """Yield the pieces of *text* that are calls, in order, at most so many as one answer may hold."""
    patterns: list[tuple[re.Pattern[str], CallReader | None]] = [*MARKED, REACT, (BARE_CALL, None)]
    if fences:
        patterns.append((FENCE, None))
    if offered:
        patterns.append((_own_tags(offered), _own_tag))
    ahead = [(_said_not_quoted(pattern, text, 0), pattern, read) for pattern, read in patterns]
    at = found = tried = 0
    while found <= MOST_CALLS and tried < _CANDIDATES:
        ahead = [
            (hit if hit is None or hit.start() >= at else _said_not_quoted(pattern, text, at), pattern, read)
            for hit, pattern, read in ahead
        ]
        hits = [(hit, pattern, read) for hit, pattern, read in ahead if hit is not None]
        if not hits:
            return
        hit, pattern, read = min(hits, key=lambda one: one[0].start())
        tried += 1
        if read is None:
            span, at = (_in_fence if pattern is FENCE else _bare)(text, hit, offered)
        else:
            calls, end = read(text, hit, offered)
            at = max(end, hit.end())
            span = CallSpan(start=hit.start(), end=at, calls=tuple(calls) if calls else None)
        if span is not None:
            found += 1
            yield span


def _said_not_quoted(pattern: re.Pattern[str], text: str, at: int) -> re.Match[str] | None:
    """Return the first *pattern* in *text* from *at* on that does not stand in inline code."""
    for hit in pattern.finditer(text, at):
        if pattern in (FENCE, BARE_CALL) or text[hit.start() - 1 : hit.start()] not in ("`", "'", '"'):
            return hit
    return None


def _in_fence(text: str, opened: re.Match[str], offered: Mapping[str, Fits]) -> tuple[CallSpan | None, int]:
    start = opened.end() + len(text[opened.end() :]) - len(text[opened.end() :].lstrip())
    closing = re.compile(rf"^[ \t]*{opened['fence']}[ \t]*$", re.MULTILINE).search(text, _behind_json(text, start))
    end_of_body, end = (closing.start(), closing.end()) if closing else (len(text), len(text))
    body = text[start:end_of_body].strip()
    inner = list(_spans(body, offered, fences=False)) if body[:1] not in ("{", "[", "") else []
    if inner and not body[: inner[0].start].strip() and not _around(body, inner):
        unread = any(span.calls is None for span in inner)
        calls = None if unread else tuple(call for span in inner for call in span.calls or ())
        return CallSpan(start=opened.start(), end=end, calls=calls, marked=False), end
    return _unmarked(body, opened.start(), end, offered), end


def _behind_json(text: str, start: int) -> int:
    """Return where the JSON at *start* ends, for a fence may stand in one of its strings; else *start*."""
    return (end_of_json(text, start) or start) if text[start : start + 1] in ("{", "[") else start


def _bare(text: str, opened: re.Match[str], offered: Mapping[str, Fits]) -> tuple[CallSpan | None, int]:
    start = opened.end()
    line_end = text.find("\n", start)
    line_end = len(text) if line_end < 0 else line_end
    if text[start] in "{[":
        end = end_of_json(text, start)
        if end is None:
            broken = _has_the_keys(text[start:], offered)
            return (
                CallSpan(start=opened.start(), end=len(text), calls=None, marked=False) if broken else None
            ), line_end
        span = _unmarked(text[start:end], opened.start(), end, offered)
        return span, end if span is not None else line_end
    calls = python_calls(text[start:line_end], offered)
    known = calls is not None and all(call.name in offered for call in calls)
    span = CallSpan(start=opened.start(), end=line_end, calls=tuple(calls or ()), marked=False) if known else None
    return span, line_end


def _unmarked(body: str, start: int, end: int, offered: Mapping[str, Fits]) -> CallSpan | None:
    """Return the span of a *body* that nothing but its own content tells from an example."""
    value = json_value(body)
    calls = calls_of(value, offered) if value is not None else read_body(body, offered)
    if calls is not None and (value is not None or all(call.name in offered for call in calls)):
        return CallSpan(start=start, end=end, calls=tuple(calls), marked=False)
    broken = value is None and _has_the_keys(body, offered)
    return CallSpan(start=start, end=end, calls=None, marked=False) if broken else None


def _has_the_keys(body: str, offered: Mapping[str, Fits]) -> bool:
    return looks_like_a_call(body) and any(name in body for name in offered)


def _own_tags(offered: Mapping[str, Fits]) -> re.Pattern[str]:
    return re.compile(rf"<({'|'.join(map(re.escape, offered))})>")


_CHILD = expression(r"\s*<([\w.-]+)>")


def _own_tag(text: str, opened: re.Match[str], offered: Collection[str]) -> tuple[list[TextCall] | None, int]:
    """Read `<read_file><path>a.py</path></read_file>`, or JSON in a tag that is named like the tool."""
    closing = text.find(f"</{opened[1]}>", opened.end())
    end = len(text) if closing < 0 else closing + len(opened[1]) + 3
    body = text[opened.end() : closing if closing >= 0 else len(text)]
    if body.lstrip().startswith("{"):
        value = json_value(body.strip())
        return ([TextCall(name=opened[1], arguments=value)] if isinstance(value, dict) else None), end
    arguments: dict[str, Any] = {}
    at = 0
    while (child := _CHILD.match(body, at)) is not None:
        child_end = body.find(f"</{child[1]}>", child.end())
        if child_end < 0:
            return None, end
        arguments[child[1]] = body[child.end() : child_end].removeprefix("\n").removesuffix("\n")
        at = child_end + len(child[1]) + 3
    return (None if body[at:].strip() else [TextCall(name=opened[1], arguments=arguments)]), end
