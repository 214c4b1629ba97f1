"""The JSON Schemas of what programs give and get, each made of the classes that read or tell it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from profile_router.api.task_schema import task_schema, tasks_schema
from profile_router.policies.schema import policy_schema

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def _of(kind: Any, title: str) -> dict[str, Any]:
    """Return the schema of *kind*. More keys may come: only one that goes raises the version `v`."""
    from pydantic import TypeAdapter  # 0.1 s

    return {"$schema": _DIALECT, **TypeAdapter(kind).json_schema(), "title": title}


def _route() -> dict[str, Any]:
    from profile_router.api.route_values import RouteResult

    return _of(RouteResult, "What `route --json` prints")


def _run() -> dict[str, Any]:
    from profile_router.api.run_values import RunResult

    return _of(RunResult, "What `run --json` and `resume --json` print")


def _batch() -> dict[str, Any]:
    from profile_router.api.event_values import BatchResult

    return _of(BatchResult, "What `batch --json` prints")


def _events() -> dict[str, Any]:
    from profile_router.api.event_values import AnyEvent

    return _of(AnyEvent, "One line of `--stream`")


def _bench() -> dict[str, Any]:
    from profile_router.api.operator_values import BenchResult

    return _of(BenchResult, "What `bench --json` prints")


def _report() -> dict[str, Any]:
    from profile_router.api.operator_values import ReportResult

    return _of(ReportResult, "What `report --json` prints")


def _replay() -> dict[str, Any]:
    from profile_router.api.operator_values import ReplayResult

    return _of(ReplayResult, "What `replay --json` prints")


def _calibrate() -> dict[str, Any]:
    from profile_router.api.operator_values import CalibrateResult

    return _of(CalibrateResult, "What `calibrate --json` prints")


SCHEMAS: Mapping[str, Callable[[], dict[str, Any]]] = {
    "task": task_schema,
    "tasks": tasks_schema,
    "route": _route,
    "run": _run,
    "batch": _batch,
    "events": _events,
    "bench": _bench,
    "report": _report,
    "replay": _replay,
    "calibrate": _calibrate,
    "policy": policy_schema,
}
