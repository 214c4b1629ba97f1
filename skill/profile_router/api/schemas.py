"""The JSON Schemas of what programs give and get, each made of the classes that read or tell it."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from functools import reduce
from operator import or_
from typing import Any

from profile_router.api.task_schema import DIALECT, task_schema, tasks_schema
from profile_router.policies.schema import policy_schema


def _of(kind: Any, title: str) -> dict[str, Any]:
    """Return the schema of *kind*. More keys may come: only one that goes raises the version `v`."""
    from pydantic import TypeAdapter  # 0.1 s

    return {"$schema": DIALECT, **TypeAdapter(kind).json_schema(), "title": title}


def _printed(values: str, *names: str, title: str) -> Callable[[], dict[str, Any]]:
    """Return what makes the schema of the classes *names* in the module *values* of this room: of either of them.

    The module is imported when it is asked for: to make its classes takes time.
    """

    def made() -> dict[str, Any]:
        module = importlib.import_module(f"profile_router.api.{values}")
        return _of(reduce(or_, (getattr(module, name) for name in names)), title)

    return made


def _answer(of: str, values: str, *names: str) -> Callable[[], dict[str, Any]]:
    return _printed(values, *names, title=f"The answer of {of}")


SCHEMAS: Mapping[str, Callable[[], dict[str, Any]]] = {
    "task": task_schema,
    "tasks": tasks_schema,
    "route": _answer("`route --json`", "route_values", "RouteResult"),
    "quotes": _answer("`route --tasks-json`", "machine_values", "QuotesResult"),
    "run": _answer("`run --json` and `resume --json`", "run_values", "RunResult"),
    "batch": _answer("`batch --json`", "run_values", "BatchResult"),
    "events": _printed("event_values", "AnyEvent", title="One line of `--stream`"),
    "history": _answer("`history --json`", "ledger_values", "HistoryResult", "GroupsResult"),
    "show": _answer("`show --json`", "ledger_values", "ShowResult"),
    "threads": _answer("`threads --json`", "ledger_values", "ThreadsResult"),
    "undo": _answer("`undo --json`", "ledger_values", "UndoResult"),
    "budget": _answer("`budget --json`", "ledger_values", "BudgetResult"),
    "observe": _answer("`observe --json`", "ledger_values", "ObserveResult"),
    "doctor": _answer("`doctor --json`", "machine_values", "DoctorResult"),
    "health": _answer("`health --json`", "machine_values", "HealthResult"),
    "profiles": _answer("`profiles --json`", "machine_values", "ProfilesResult"),
    "check": _answer("`check --json`", "machine_values", "OwnCheckResult"),
    "bench": _answer("`bench --json`", "operator_values", "BenchResult"),
    "report": _answer("`report --json`", "operator_values", "ReportResult"),
    "replay": _answer("`replay --json`", "operator_values", "ReplayResult"),
    "calibrate": _answer("`calibrate --json`", "operator_values", "CalibrateResult"),
    "evaluate": _answer("`evaluate --json` and `fit --json`", "machine_values", "StudyResult"),
    "policy": policy_schema,
}
