"""Route each Hermes subagent to the right profile: local first, cloud when it counts, every step visible.

For programs: `route` says where a task would go, `run` and `stream` run it, and so do `arun` and `astream` in an event
loop. `RouteResult`, `RunResult` and `RunEvent` are what they give, `Task` and `TaskFields` what they take, and
`RouterError` is what they raise. `Approver` is who is asked for a price.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from profile_router.api.given import TaskFields
    from profile_router.api.route_values import RouteResult
    from profile_router.api.routing import route
    from profile_router.api.run_values import RunEvent, RunResult
    from profile_router.api.running import arun, astream, run, stream
    from profile_router.core.task import Task
    from profile_router.errors import RouterError
    from profile_router.ports import Approver

__version__ = "0.2.0"
__all__ = [
    "Approver",
    "RouteResult",
    "RouterError",
    "RunEvent",
    "RunResult",
    "Task",
    "TaskFields",
    "arun",
    "astream",
    "route",
    "run",
    "stream",
]
_WHERE = {
    "Approver": "ports",
    "RouteResult": "api.route_values",
    "RouterError": "errors",
    "RunEvent": "api.run_values",
    "RunResult": "api.run_values",
    "Task": "core.task",
    "TaskFields": "api.given",
    "arun": "api.running",
    "astream": "api.running",
    "route": "api.routing",
    "run": "api.running",
    "stream": "api.running",
}


def __getattr__(name: str) -> Any:
    """Return *name* of the public face, imported when it is asked for: `import profile_router` costs nothing."""
    if name not in _WHERE:
        raise AttributeError(f"module 'profile_router' has no attribute '{name}'")
    return getattr(importlib.import_module(f"profile_router.{_WHERE[name]}"), name)
