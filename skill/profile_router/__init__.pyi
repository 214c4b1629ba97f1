from profile_router.api.batching import abatch, batch
from profile_router.api.resuming import aresume, resume
from profile_router.api.route_values import RouteResult
from profile_router.api.routing import route
from profile_router.api.run_values import BatchResult, RunEvent, RunResult
from profile_router.api.running import arun, astream, run, stream
from profile_router.api.task_schema import TaskFields
from profile_router.core.found_check import CheckQuestion
from profile_router.core.task import Task
from profile_router.errors import RouterError
from profile_router.ports import Approver

__version__: str
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
