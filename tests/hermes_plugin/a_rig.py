"""Calls of the plugin for an older Hermes, with a router that is a script."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from tests.hermes_plugin.parent import program

from profile_router.hermes_older import middleware
from profile_router.hermes_plugin.settings import Settings

HEARS = """\
import json, os, sys, time
task = json.loads(sys.stdin.buffer.readline())
def say(event, **values):
    print(json.dumps({"event": event, **values}), flush=True)
say("plugin", mode="on", private_paths=["*.secret"])
"""


ANSWERS = """\
for index, one in enumerate(task if isinstance(task, list) else [task]):
    say("classify", line="coding-local", rule="small-change", task_index=index)
    say("result", status="ok", summary="did " + one["goal"], route={"profile": "coding-local"}, attempts=[],
        thread="t1", task_index=index,
        given={"task": one, "argv": sys.argv[1:], "cwd": os.getcwd(), "environ": dict(os.environ)})
say("batch", status="ok")
"""


NATIVE = '{"results": [{"summary": "by Hermes"}]}'


@dataclass
class Rig:
    """Calls the middleware as Hermes does. `native` notes the arguments of each delegation that Hermes made itself."""

    folder: Path
    monkeypatch: pytest.MonkeyPatch
    native: list[Any] = field(default_factory=list)

    def router(self, code: str, **settings: Any) -> None:
        wanted = Settings(command=program(self.folder, code), **settings)
        self.monkeypatch.setattr(middleware, "plugin_settings", lambda: wanted)

    def delegate(self, **args: Any) -> Any:
        return json.loads(middleware.on_tool_middleware(tool_name="delegate_task", args=args, next_call=self.by_hermes))

    def by_hermes(self, args: Any) -> str:
        self.native.append(args)
        return NATIVE
