"""Read and write our state's small JSON files: within a bound, for their owner alone, whole or not at all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from profile_router.outside.json_reader import UnreadableJson, read_json
from profile_router.state.folder import write_private

MOST_STATE_JSON_BYTES = 200_000


def read_state_json(path: Path) -> dict[str, Any]:
    """Return the object in the file *path*, of at most MOST_STATE_JSON_BYTES; an empty one where none can be read."""
    try:
        with path.open("rb") as file:
            found = read_json(file.read(MOST_STATE_JSON_BYTES + 1), most=MOST_STATE_JSON_BYTES)
    except (OSError, UnreadableJson):
        return {}
    return found if isinstance(found, dict) else {}


def write_state_json(path: Path, told: dict[str, Any]) -> None:
    """Write *told* to the file *path*, its keys in order. Raises StateError."""
    write_private(path, json.dumps(told, indent=1, sort_keys=True) + "\n")
