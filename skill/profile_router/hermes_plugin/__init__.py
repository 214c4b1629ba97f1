"""The plugin that Hermes loads from `$HERMES_HOME/plugins/profile-router/`, in its own pinned environment.

Only the standard library and nothing of ours: the program runs in an environment of its own, as a process of its own,
and is found by an absolute path (see `settings`). Within a subagent the plugin does nothing: no recursion.
"""

from __future__ import annotations

import os
from typing import Any

from . import surfaces
from .hermes import show_options
from .middleware import on_tool
from .settings import INSIDE


def register(ctx: Any) -> None:
    """Register what Hermes shows and calls. Hermes calls this once per process."""
    if any(os.environ.get(name) for name in INSIDE):
        return
    ctx.register_middleware("tool_execution", on_tool)
    ctx.register_tool("route_task", "profile_router", surfaces.ROUTE_TASK, surfaces.route_task, emoji="🧭")
    ctx.register_cli_command(
        "profile-router",
        help="route, run, profiles, doctor, policy, setup … (--as NAME for --profile, which is Hermes' own)",
        setup_fn=surfaces.add_arguments,
        handler_fn=surfaces.command_line,
    )
    ctx.register_command(
        "profile-router", surfaces.answer_in_chat, description="Say where a task would go, and why", args_hint="<task>"
    )
    show_options(ctx)
