"""Which of Hermes' tools may send something of a local turn to the net, a tool server or a chat.

Loaded by the child, inside Hermes' python. Whoever ordered the turn watches which private files it opened. Once it
opened one, only tools that stay on this machine are left.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

# No question to a user who is not there, no delegation by the delegated, nothing that outlives the turn.
WITHHELD = ("clarify", "delegation", "memory", "cronjob", "session_search")
# These ask a model of their own, elsewhere: their price is not known, and nobody routed to them.
ASK_OTHERS = ("image_gen", "video_gen", "tts", "x_search")
# These are reached beside the registry of tools.
CONNECTED = ("connections", "catalog")
# Tools of 0.19.0 and 0.22.2 that send nothing by themselves. Any other, a tool server's and a plugin's too, may.
_STAY = frozenset(
    {
        *("read_file", "write_file", "patch", "search_files", "terminal", "process", "process_manage", "execute_code"),
        *("read_terminal", "close_terminal", "todo", "todo_list", "skills_list", "skill_view", "skill_manage"),
        *("vision_analyze", "video_analyze"),
    }
)
_FETCHED = ("image_url", "video_url")  # what these fetch where it is an address
_REFUSED = (
    "{} was not used: this turn opened a private file, and nothing of it leaves this machine. Go on without it, or "
    "say what is missing."
)

_Ask = Callable[[str], bool]


def stand_between(registry: Any, may_leave: _Ask) -> None:
    """Let *registry*, Hermes' class of it, use a tool that may send only where *may_leave* agrees to it."""
    dispatch = registry.dispatch

    def dispatched(tools: Any, name: str, args: Any, *arguments: Any, **named: Any) -> Any:
        if stays(name, args) or may_leave(f"tool {name}"):
            return dispatch(tools, name, args, *arguments, **named)
        return json.dumps({"error": _REFUSED.format(name)})

    registry.dispatch = dispatched


def stays(name: str, arguments: Any) -> bool:
    """Tell whether the tool *name* with its *arguments* sends nothing by itself."""
    given = arguments if isinstance(arguments, Mapping) else {}
    return name in _STAY and not any("://" in str(given.get(key) or "") for key in _FETCHED)
