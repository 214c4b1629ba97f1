"""Run commands in the terminal of an attempt, in a real jail."""

from __future__ import annotations

import asyncio
import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.fakes import a_policy, a_task, an_order
from tests.runners.embedded.a_runner import cloud, cloud_order, local

from profile_router.core.policy import Policy
from profile_router.runners.tools.answer_shape import ToolRefusal
from profile_router.runners.tools.fence import Fence
from profile_router.runners.tools.terminal import Jailed, open_terminal
from profile_router.withheld.whole_scan import Secrets

ADDRESS = "http://127.0.0.1:9/v1"
ROOM = 6_000


def a_policy_with(**terminal: Any) -> Policy:
    """Return the shipped policy with *terminal* changed; short limits, so that what must be ended is ended soon."""
    policy = a_policy()
    return replace(policy, terminal=replace(policy.terminal, **{"seconds": 30.0, **terminal}))


def offered(
    root: Path | None, *, elsewhere: bool = False, private: bool = False, policy: Policy | None = None, **profile: Any
) -> Jailed | str:
    """Return the terminal that a task with the toolset `terminal` gets, or why it gets none."""
    policy = policy or a_policy_with()
    task = a_task(toolsets=("file", "terminal"))
    order = cloud_order(task=task) if elsewhere else an_order(task, private=private)
    served = (cloud if elsewhere else local)(ADDRESS, **profile)
    fence = Fence(root, private_globs=policy.private_paths, allow_private=not elsewhere) if root else None
    return open_terminal(order, served, fence, policy, Secrets(confidential=policy.confidential))


def a_terminal(root: Path, **wanted: Any) -> Jailed:
    found = offered(root, **wanted)
    assert isinstance(found, Jailed), found
    return found


def answer(root: Path, command: str, *, room: int = ROOM, **wanted: Any) -> str:
    """Return what the model is answered to *command*."""
    terminal = a_terminal(root, **wanted)
    try:
        return asyncio.run(terminal.run(command, room))
    except ToolRefusal as refused:
        return f"error: {refused}"


def python(code: str) -> str:
    """Return the command that runs *code*."""
    return shlex.join(["python3", "-c", code])
