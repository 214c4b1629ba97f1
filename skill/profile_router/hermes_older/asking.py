"""The tool route_task where it may run the task as well: the call blocks until that is done."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

from profile_router.hermes_older.hermes import PAUSED, folder_of, paused
from profile_router.hermes_older.middleware import Call, run_all
from profile_router.hermes_plugin import surfaces
from profile_router.hermes_plugin.arguments import tasks_of
from profile_router.hermes_plugin.conversation import conversation_of, lineage_of
from profile_router.hermes_plugin.results import entry_of
from profile_router.hermes_plugin.settings import plugin_settings

_RUN = {"run": {"type": "boolean", "description": "Run it as well. Default: decide only."}}
_PARAMETERS: Mapping[str, Any] = surfaces.ROUTE_TASK["parameters"]
ROUTE_TASK_AND_RUN: Mapping[str, Any] = {
    "name": "route_task",
    "description": f"{surfaces.ROUTE_TASK['description']} With run=true also run it there and return its verified "
    "summary with receipts.",
    "parameters": {**_PARAMETERS, "properties": {**_PARAMETERS["properties"], **_RUN}},
}


def route_task_and_run(args: Any, **hermes: Any) -> str:
    """Handle a call of the tool route_task; the answer is JSON text. Never raises, never delegates to Hermes."""
    try:
        folder = folder_of(hermes.get("task_id"))
        if not isinstance(args, Mapping) or args.get("run") in (None, False):
            rest = {name: args[name] for name in args if name != "run"} if isinstance(args, Mapping) else args
            return surfaces.route_answer(rest, hermes.get("session_id"), folder, ROUTE_TASK_AND_RUN)
        return _ran(args, hermes.get("session_id"), folder)
    except Exception as error:
        return surfaces.refusal(f"{type(error).__name__}: {error}")


def _ran(args: Mapping[str, Any], session: object, folder: str) -> str:
    if wrong := surfaces.wrong(args, ROUTE_TASK_AND_RUN):
        return surfaces.refusal(wrong)
    if args["run"] is not True:
        return surfaces.refusal(f"'run' is {json.dumps(args['run'], default=str)[:80]} (allowed: true or false)")
    settings = plugin_settings()
    if settings.problem:
        return surfaces.refusal(settings.problem)
    if paused():
        return surfaces.refusal(PAUSED)
    [task] = tasks_of({**args, "tasks": None}) or []
    call = Call([task], settings, conversation_of(session), lineage_of(session), folder=folder)
    started = time.monotonic()
    [thread] = run_all(call, started + settings.limit_s)
    return json.dumps(entry_of(0, call.ran[0], thread, seconds=time.monotonic() - started), ensure_ascii=False)
