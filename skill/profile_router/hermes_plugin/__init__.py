"""The plugin that Hermes loads from `$HERMES_HOME/plugins/profile-router/`, in its own pinned environment.

It has only the standard library, what Hermes makes public, and nothing of ours. The program runs as a process of its
own, in an environment of its own. It is found by an absolute path (see `settings`). Within a subagent the plugin does
nothing: no recursion. The catalog lists this folder, so plugin.yaml declares what is registered, on every Hermes the
same. Other rooms come in by `arguments`, `conversation`, `process`, `results`, `settings`, `surfaces`.
"""

from __future__ import annotations

import importlib
import os
from pathlib import Path
from typing import Any

from . import provider, surfaces
from .calls import delegation, fields, observe
from .calls.guard import on_tool
from .seam import provider_base
from .settings import INSIDE

# What `install` adds for a Hermes that has no seam of its own for a router; no other has this folder.
_OLDER = "older"


def register(ctx: Any) -> None:
    """Register what Hermes shows and calls. Hermes calls this once per process."""
    if any(os.environ.get(name) for name in INSIDE):
        return
    ctx.register_cli_command(
        "profile-router",
        help="route, run, profiles, doctor, policy, setup … (--as NAME for --profile, which is Hermes' own)",
        setup_fn=surfaces.add_arguments,
        handler_fn=surfaces.command_line,
    )
    ctx.register_command(
        "profile-router", surfaces.answer_in_chat, description="Say where a task would go, and why", args_hint="<task>"
    )
    ctx.register_hook("subagent_start", observe.on_start)
    ctx.register_hook("post_api_request", observe.on_model_call)
    ctx.register_hook("subagent_stop", observe.on_stop)
    ctx.register_middleware("tool_request", fields.on_delegation)
    provider.register(ctx)
    delegation.register(ctx)
    if provider_base() is None and (Path(__file__).parent / _OLDER).is_dir():
        importlib.import_module(f".{_OLDER}", __package__).register(ctx)
        return
    ctx.register_tool("route_task", "profile_router", surfaces.ROUTE_TASK, surfaces.handle_route_task, emoji="🧭")
    ctx.register_middleware("tool_execution", on_tool)
