"""What Hermes asks a delegated child's model, read back as the task that it is made of.

Read in Hermes 0.22.2 (`tools/delegate_tool_progress.py`): the goal is the child's first user message; its context, the
folder and Hermes' own instructions stand in the system prompt.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

_OPENING = "You are a focused subagent working on a specific delegated task."
_CONTEXT = "\nCONTEXT:\n"
_BEHIND = ("\nWORKSPACE PATH:\n", "\nComplete this task using the tools available to you.")
_CONTRACT = "OUTPUT CONTRACT (machine-validated):"
_RETRY = "Your previous final response was rejected by the output contract validator."
_IMAGE = re.compile(r"^\[Image attached at: (?P<path>.+)\]$", re.MULTILINE)
_DATA_URL = re.compile(r"data:image/(?P<kind>[a-z]{2,5})[^,]{0,40};base64,(?P<bytes>[A-Za-z0-9+/=\s]+)\Z")
_HINT = re.compile(r"(?:(?<!\n)\n+)?^Use vision_analyze to inspect these images\.$\n*", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildTask:
    """The task of a child: `goal`, `context` and the paths of `images`. `bare`: a program reads the answer.

    `inline` are images that came within the message, each with the end of its file's name.
    """

    goal: str
    context: str = ""
    images: tuple[str, ...] = ()
    inline: tuple[tuple[str, bytes], ...] = ()
    bare: bool = False


def task_in(messages: Sequence[Any]) -> ChildTask:
    """Return the task that *messages*, the first that a child's model gets, ask for."""
    users = [_text(one.get("content")) for one in messages if _role(one) == "user"]
    system = "\n".join(_text(one.get("content")) for one in messages if _role(one) in ("system", "developer"))
    goal, images = _without_images(users[0] if users else "")
    context = _context(system)
    first = next((one.get("content") for one in messages if _role(one) == "user"), "")
    return ChildTask(goal=goal, context=context, images=images, inline=_inline(first), bare=_CONTRACT in context)


def wants_it_reformatted(messages: Sequence[Any]) -> bool:
    """Tell whether the newest of *messages* is Hermes' one retry for an answer that fits no `output_schema`."""
    users = [_text(one.get("content")) for one in messages if _role(one) == "user"]
    return bool(users) and " ".join(users[-1].split()).startswith(_RETRY)


def reformatted(text: str) -> str:
    """Return the JSON object or list in *text*, without the words and fences around it; *text* itself without one."""
    decoder = json.JSONDecoder()
    for start in (place for place, char in enumerate(text) if char in "{["):
        with suppress(ValueError, RecursionError):
            _, end = decoder.raw_decode(text, start)
            return text[start:end]
    return text


def _context(system: str) -> str:
    behind = system.partition(_OPENING)[2]
    if not behind.startswith(f"\n{_CONTEXT}") and not behind.startswith(_CONTEXT):
        return ""
    found = behind.partition(_CONTEXT)[2]
    # a context may hold such a line itself: what comes behind the last folder, or the last instructions, is Hermes'
    ends = [place for mark in _BEHIND if (place := found.rfind(mark)) >= 0]
    return found[: min(ends, default=len(found))].strip("\n")


def _without_images(goal: str) -> tuple[str, tuple[str, ...]]:
    paths = tuple(match["path"] for match in _IMAGE.finditer(goal))
    return (_HINT.sub("", _IMAGE.sub("", goal)).rstrip(), paths) if paths else (goal, ())


def _inline(content: Any) -> tuple[tuple[str, bytes], ...]:
    parts = content if isinstance(content, list) else []
    urls = [part["image_url"].get("url") for part in parts if _is_image(part)]
    found = [match for url in urls if isinstance(url, str) and (match := _DATA_URL.match(url))]
    return tuple((match["kind"], base64.b64decode(match["bytes"])) for match in found)


def _is_image(part: Any) -> bool:
    return isinstance(part, Mapping) and part.get("type") == "image_url" and isinstance(part.get("image_url"), Mapping)


def _role(message: Any) -> str:
    return str(message.get("role")) if isinstance(message, Mapping) else ""


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    parts: Iterable[Any] = content if isinstance(content, list) else ()
    texts = (part.get("text") for part in parts if isinstance(part, Mapping) and part.get("type") == "text")
    return "\n".join(text for text in texts if isinstance(text, str))
