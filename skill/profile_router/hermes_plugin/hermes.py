"""The three places inside the running Hermes that the plugin touches. None of them fails where Hermes has changed."""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable
from contextlib import suppress


def paused() -> bool:
    """Tell whether the operator has frozen Hermes' delegation: that holds for ours as well."""
    with suppress(Exception):
        return bool(importlib.import_module("tools.delegate_tool").is_spawn_paused())
    return False


def interrupted() -> bool:
    """Tell whether the user has interrupted the turn that this thread works for."""
    try:
        return bool(importlib.import_module("tools.interrupt").is_interrupted())
    except Exception:
        return False


def alive_sign() -> Callable[[str], None]:
    """Return what keeps Hermes' activity clock going: a call that blocks must not look like one that hangs."""
    now = time.monotonic()
    state = {"last_touch": now, "start": now}

    def alive(what: str) -> None:
        with suppress(Exception):
            hermes = importlib.import_module("tools.environments.base")
            hermes.touch_activity_if_due(state, f"profile-router: {what}")  # at most every ten seconds

    return alive
