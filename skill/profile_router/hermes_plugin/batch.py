"""Several tasks as one run of the router: it runs them at the same time, and each line it prints names its task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .ending import ended_in
from .process import Following, Ran, run_process, stated

_BATCH = ("batch", "--tasks-json", "-", "--exit-with-stdin", "--from-hermes")


@dataclass(slots=True, kw_only=True)
class _Together(Ran):
    """How far the router came with all of them. `rule` is that of the first it decided about."""

    tasks: list[Ran] = field(default_factory=list)

    def hear(self, event: Mapping[str, Any]) -> None:
        """Take one event of the router's stream: what is about one task is that task's."""
        kind, index = event["event"], event.get("task_index")
        if kind == "batch":
            self.result = event
        elif isinstance(index, int) and 0 <= index < len(self.tasks):
            one = self.tasks[index]
            one.hear(event)
            self.rule = self.rule or one.rule
            line = ended_in(event) if kind == "result" and event.get("status") != "explained" else event.get("line")
            if line:
                self.lines.append(f"{index + 1}/{len(self.tasks)} {kind}: {line}")
        elif kind == "plugin":
            Ran.hear(self, event)


def run_batch(tasks: Sequence[Mapping[str, Any]], following: Following) -> list[Ran]:
    """Run *tasks* as `run_router` runs one, and return how far it came with each. Never raises an Exception."""
    together = _Together(tasks=[Ran() for _ in tasks])
    named = {str(task["workspace"]) for task in tasks if task.get("workspace")}
    workspace = named.pop() if len(named) == 1 else None
    run_process(together, _BATCH, [stated(task) for task in tasks], following, workspace)
    for one in together.tasks:
        one.mode, one.private_paths = together.mode, together.private_paths
        one.started, one.code, one.errors = together.started, together.code, together.errors
        one.stopped = "" if one.result else together.stopped
    return together.tasks
