"""Route each Hermes subagent to the right profile: local first, cloud when it counts, every step visible.

For programs: `route` says where a task would go. `run` and `stream` run it, `batch` runs several at once, and `resume`
goes on with one that was interrupted. `arun`, `astream`, `abatch` and `aresume` do so in an event loop. They take a
`Task` or `TaskFields`. They give `RouteResult`, `RunResult`, `BatchResult` and `RunEvent`, and raise `RouterError`.
`Approver` is who is asked for a price, or by a `CheckQuestion` for a check. Their types stand in `__init__.pyi`, for a
type checker. This module imports none of them, because every other one imports it.
"""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.2.0"
__all__ = [
    "Approver",
    "BatchResult",
    "CheckQuestion",
    "RouteResult",
    "RouterError",
    "RunEvent",
    "RunResult",
    "Task",
    "TaskFields",
    "abatch",
    "aresume",
    "arun",
    "astream",
    "batch",
    "resume",
    "route",
    "run",
    "stream",
]
_WHERE = {
    "Approver": "ports",
    "BatchResult": "api.run_values",
    "CheckQuestion": "core.found_check",
    "RouteResult": "api.route_values",
    "RouterError": "errors",
    "RunEvent": "api.run_values",
    "RunResult": "api.run_values",
    "Task": "core.task",
    "TaskFields": "api.task_schema",
    "abatch": "api.batching",
    "aresume": "api.resuming",
    "arun": "api.running",
    "astream": "api.running",
    "batch": "api.batching",
    "resume": "api.resuming",
    "route": "api.routing",
    "run": "api.running",
    "stream": "api.running",
}


def __getattr__(name: str) -> Any:
    """Return *name* of the public face, imported when it is asked for: `import profile_router` costs nothing."""
    if name not in _WHERE:
        raise AttributeError(f"module 'profile_router' has no attribute '{name}'")
    return getattr(importlib.import_module(f"profile_router.{_WHERE[name]}"), name)
