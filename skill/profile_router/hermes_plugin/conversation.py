"""What was said between the parent and its user so far, as Hermes keeps it in its store: texts only.

Read in Hermes 0.19: a tool's middleware and handler get `session_id`. Hermes stores the turn, with the user's newest
message, before it runs a tool. No hook is needed, and nothing is added to the parent's own requests. The router says
where it may go: to models elsewhere nothing of it, by the shipped policy.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

MOST_CONVERSATION_BYTES = 200_000  # of text, raw; the router trims it to the policy's budget
_MOST_SESSIONS = 200  # that go on with each other
_ROLES = ("user", "assistant")


def conversation_of(session_id: object) -> list[dict[str, str]]:
    """Return the newest turns of the session, oldest first, as `role` and `text`; empty where they cannot be had.

    Left out: calls and results of tools, system messages, reasoning, images, and what others said in a group chat.
    Never raises.
    """
    with suppress(Exception):
        for open_store in _stores(session_id):
            if rows := open_store.get_messages(session_id):
                return _newest(turn for row in reversed(list(rows)) if (turn := _turn(row)))
    return []


def lineage_of(session_id: object) -> list[str]:
    """Return the session and those that it goes on with (Hermes splits one when it condenses it), newest first.

    Empty where that cannot be told to the end. Never raises.
    """
    with suppress(Exception):
        for open_store in _stores(session_id):
            found: list[str] = []
            wanted: Any = session_id
            while wanted and wanted not in found and len(found) < _MOST_SESSIONS:
                row = open_store.get_session(wanted)
                if row is None:
                    break
                found.append(wanted)
                wanted = row["parent_session_id"]
            if found:
                return [] if wanted else found
    return []


def surface_of(session_id: object) -> str:
    """Return what Hermes calls the surface that the session is on, such as `cli`, `telegram` or `api_server`.

    Empty where that cannot be told. Never raises.
    """
    with suppress(Exception):
        for open_store in _stores(session_id):
            if row := open_store.get_session(session_id):
                return str(row["source"] or "")
    return ""


def _stores(session_id: object) -> Iterator[Any]:
    """Yield Hermes' stores that may have the session, each open for its turn: the process', then the profile's."""
    if not isinstance(session_id, str) or not session_id:
        return
    hermes = importlib.import_module("hermes_state")
    home = importlib.import_module("hermes_constants").get_hermes_home()
    for store in dict.fromkeys((Path(hermes.DEFAULT_DB_PATH), Path(home) / "state.db")):
        if store.is_file():
            with closing(hermes.SessionDB(db_path=store, read_only=True)) as open_store:
                yield open_store


def _newest(turns: Iterable[dict[str, str]]) -> list[dict[str, str]]:
    """Return as many of *turns*, which come newest first, as MOST_CONVERSATION_BYTES hold; oldest first, whole."""
    newest: list[dict[str, str]] = []
    left = MOST_CONVERSATION_BYTES
    for turn in turns:
        left -= len(turn["text"].encode())
        if left < 0:
            break
        newest.append(turn)
    return newest[::-1]


def _turn(row: Mapping[str, Any]) -> dict[str, str] | None:
    role = row.get("role")
    if role not in _ROLES or row.get("tool_calls") or row.get("tool_call_id") or row.get("observed"):
        return None
    text = _text(row.get("content")).encode("utf-8", "replace").decode().strip()
    return {"role": role, "text": text} if text else None


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    found = [part.get("text") for part in parts if isinstance(part, Mapping) and part.get("type") == "text"]
    return "\n".join(text for text in found if isinstance(text, str))
