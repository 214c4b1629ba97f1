"""What a turn of Hermes did so far, as figures, by the messages of the request about to go out.

Loaded by the child, inside Hermes' python. No word of a message leaves the child but names of files.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_WRITES = frozenset({"write_file", "patch"})
# What changes no file. Any other tool may have.
_READS = frozenset({"read_file", "search_files", "web_search", "web_extract", "todo", "vision_analyze", "skill_view"})
_CHANGED = ("files_modified", "files_created", "files_deleted")
_MOST_FILES = 50
_LONGEST_NAME = 300


class Steps:
    """Counts the steps of one turn. *candidates* are the files that its task names; None: nobody wants to know.

    What was counted stays: Hermes shortens its list of messages where its window is full, and that undoes nothing.
    """

    def __init__(self, candidates: Sequence[str] | None) -> None:
        self._candidates = candidates
        self._seen = -1  # messages that were looked at: at first those that the turn began with
        self._last: Mapping[str, Any] = {}  # the newest of them
        self._failing: Counter[str] = Counter()
        self._edits: dict[str, None] = {}
        self._prose = 0
        self._looked = self._ran = False

    def so_far(self, request: Any) -> dict[str, Any] | None:
        """Return what was done by the time of *request*; None where it does not tell, or asks without tools."""
        body = next(_bodies(request), None)
        if self._candidates is None or body is None:
            return None
        messages = [one for one in body["messages"] if isinstance(one, Mapping)]
        self._count(messages, self._fresh(messages), self._candidates)
        return {
            "prose": self._prose,
            "failing": max(self._failing.values(), default=0),
            "edits": [path[:_LONGEST_NAME] for path in self._edits][:_MOST_FILES],
            "ran": self._ran,
            "looked": self._looked,
        }

    def _fresh(self, messages: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
        """Return those of *messages* that are new.

        In a list that was shortened, these follow the newest known message. Where none is known, they are the last
        answer with what its calls gave.
        """
        begun, seen, last = self._seen >= 0, self._seen, self._last
        self._seen, self._last = len(messages), messages[-1] if messages else {}
        if not begun:
            return ()
        if len(messages) > seen:
            return messages[seen:]
        known = [place for place, one in enumerate(messages) if one == last]
        answers = [place for place, one in enumerate(messages) if one.get("role") == "assistant"]
        return messages[known[-1] + 1 if known else answers[-1] if answers else len(messages) :]

    def _count(
        self, messages: Sequence[Mapping[str, Any]], fresh: Sequence[Mapping[str, Any]], candidates: Sequence[str]
    ) -> None:
        made = {call["id"]: call for one in messages for call in _calls(one)}
        self._prose += sum(one.get("role") == "assistant" and not one.get("tool_calls") for one in fresh)
        for message in fresh:
            call = made.get(str(message.get("tool_call_id")))
            if message.get("role") != "tool" or call is None:
                continue
            text = _text(message.get("content"))
            failed, said = _result(text)
            if call["name"] in _WRITES:
                self._failing[f"{call['name']} {call['arguments']}"] += failed
                self._edits |= dict.fromkeys([] if failed else _edited(call["arguments"], said))
                continue
            self._ran |= call["name"] not in _READS
            if not failed:
                seen = f"{call['arguments']}\n{text}"
                self._looked |= not candidates or any(path in seen for path in candidates)


def _bodies(request: Any) -> Iterator[Mapping[str, Any]]:
    """Yield what in *request* is the body of a chat completion with tools: the loop's own, no helper's."""
    parts = [request, *(request.values() if isinstance(request, Mapping) else ())]
    parts += list(request) if isinstance(request, list | tuple) else []
    for part in parts:
        if isinstance(part, Mapping) and isinstance(part.get("messages"), list) and part.get("tools"):
            yield part


def _calls(message: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    for call in message.get("tool_calls") or ():
        function = call.get("function") if isinstance(call, Mapping) else None
        if isinstance(function, Mapping):
            name, arguments = str(function.get("name")), str(function.get("arguments"))
            yield {"id": str(call.get("id")), "name": name, "arguments": arguments}


def _text(content: Any) -> str:
    return content if isinstance(content, str) else json.dumps(content, default=str)


def _result(text: str) -> tuple[bool, Mapping[str, Any]]:
    """Return whether a tool's result *text* tells of a failure, and the object that it is or begins with."""
    try:
        said, _ = json.JSONDecoder().raw_decode(text.strip())
    except (ValueError, RecursionError):
        return text.strip().lower().startswith("error"), {}
    if not isinstance(said, Mapping):
        return False, {}
    return bool(said.get("error")) or said.get("success") is False, said


def _edited(arguments: str, said: Mapping[str, Any]) -> list[str]:
    """Return the files that a call changed: by what it was told, else by its *arguments*."""
    lists = [said.get(name) for name in _CHANGED]
    told = [str(path) for one in lists if isinstance(one, list) for path in one]
    try:
        asked = json.loads(arguments)
    except (ValueError, RecursionError):
        asked = None
    named = [str(asked["path"])] if isinstance(asked, Mapping) and asked.get("path") else []
    return told or named or ["?"]
