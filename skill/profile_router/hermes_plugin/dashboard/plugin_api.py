"""What the tab asks for: the page of `profile-router report`, at /api/plugins/profile-router/report.

Hermes does not promise its session token for this route; 0.22.2 asks for it. So the page holds figures, names of
settings and ids of runs. It holds no text of a task, no folder and no key. It is made at most once in
PAGE_FRESH_S, whoever asks. A problem is asked about again sooner, for somebody repairs it and presses "Try again".
"""

from __future__ import annotations

import importlib
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import ModuleType
from typing import Any

PAGE_FRESH_S = 20.0
PROBLEM_FRESH_S = 2.0
_SECONDS = 30.0
_MOST_BYTES = 2_000_000
_PLUGIN = "profile_router_plugin_of_the_dashboard"  # a name of its own: Hermes has the plugin under another
_WORDS = ("report", "--since", "30d", "--html", "-")

_lock = threading.Lock()
_last: dict[str, Any] = {"at": None, "answer": {}}


def report_page() -> dict[str, str]:
    """Return {"page": the whole HTML}, or {"problem": what keeps us from it}. Never raises."""
    with _lock:
        at = _last["at"]
        fresh_s = PAGE_FRESH_S if "page" in _last["answer"] else PROBLEM_FRESH_S
        if at is None or time.monotonic() - at > fresh_s:
            _last["answer"] = _made()
            _last["at"] = time.monotonic()
        answer: dict[str, str] = _last["answer"]
        return answer


def _made() -> dict[str, str]:
    settings = _settings()
    found = settings.plugin_settings()
    if found.problem:
        return {"problem": "the router is not set up; `hermes profile-router setup` does that"}
    try:
        done = subprocess.run(
            [*found.command, *_WORDS],
            env=settings.environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return {"problem": f"the router did not answer ({type(error).__name__})"}
    if done.returncode or len(done.stdout) > _MOST_BYTES:
        return {"problem": f"the router ended with {done.returncode}; `profile-router report` says why"}
    return {"page": done.stdout.decode("utf-8", "replace")}


def _settings() -> ModuleType:
    """Return the plugin's `settings`, which lies beside this folder: Hermes loads this file alone."""
    if _PLUGIN not in sys.modules:
        package = ModuleType(_PLUGIN)
        package.__path__ = [str(Path(__file__).resolve().parents[1])]
        sys.modules[_PLUGIN] = package
    return importlib.import_module(f"{_PLUGIN}.settings")


def _routes() -> Any:
    """Return the routes, None where there is no FastAPI: Hermes' dashboard brings it, and nobody else asks."""
    try:
        from fastapi import APIRouter
    except ImportError:
        return None
    router = APIRouter()
    router.add_api_route("/report", report_page, methods=["GET"])
    return router


router = _routes()
