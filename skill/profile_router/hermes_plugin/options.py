"""Show the model what a routed delegate_task takes besides Hermes' own arguments, where the operator grants that.

The grant is Hermes': `plugins.entries.profile-router.allow_tool_override: true` in config.yaml. Only the tool's
description changes; Hermes' own handler stays, and the options are honoured with or without the grant.
"""

from __future__ import annotations

import copy
import importlib
from contextlib import suppress
from typing import Any

_OPTIONS: dict[str, Any] = {
    "profile": {
        "type": "string",
        "description": "Run the subagent under this Hermes profile. Leave it out: each task finds its own.",
    },
    "toolsets": {
        "type": "array",
        "items": {"type": "string"},
        "description": "Toolsets the subagent may use, such as file or terminal.",
    },
    "max_turns": {"type": "integer", "description": "Model calls of one attempt, at most."},
}


def show_options(ctx: Any) -> None:
    """Put the options into the schema of delegate_task. Without the grant Hermes refuses that and nothing changes."""
    with suppress(Exception):
        importlib.import_module("tools.delegate_tool")  # Hermes' own; it registers the tool
        entry = importlib.import_module("tools.registry").registry.get_entry("delegate_task")
        fitted = entry.dynamic_schema_overrides() if entry.dynamic_schema_overrides else {}
        schema = copy.deepcopy({**entry.schema, **fitted})
        properties = schema["parameters"]["properties"]
        properties |= _OPTIONS
        properties["tasks"]["items"]["properties"] |= _OPTIONS
        ctx.register_tool(
            "delegate_task",
            entry.toolset,
            schema,
            entry.handler,
            check_fn=entry.check_fn,
            emoji=entry.emoji,
            override=True,
        )
