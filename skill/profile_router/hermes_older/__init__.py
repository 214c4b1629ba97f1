"""What the plugin needs of a Hermes without seams, such as 0.19: names of its inside, and its middleware.

`install` writes this room as `older/` into the plugin's folder, and only for such a Hermes. The folder that the catalog
lists has public imports alone. Frozen: what a newer Hermes can do is done by `hermes_plugin`. No other room comes in.
"""

from __future__ import annotations

from typing import Any

from profile_router.hermes_older import asking
from profile_router.hermes_older.hermes import show_options
from profile_router.hermes_older.middleware import on_tool_middleware


def register(ctx: Any) -> None:
    """Register what runs a delegate_task in Hermes' stead, and a route_task that may run it as well."""
    ctx.register_middleware("tool_execution", on_tool_middleware)
    ctx.register_tool("route_task", "profile_router", asking.ROUTE_TASK_AND_RUN, asking.route_task_and_run, emoji="🧭")
    show_options(ctx)
