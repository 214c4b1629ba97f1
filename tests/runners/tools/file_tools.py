"""The file tools as the agent loop calls them."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable

from langchain_core.messages import ToolMessage

from profile_router.runners.tools.fence import Fence
from profile_router.runners.tools.tools import build_tools

ROOM = 6_000
KEY = "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA\n-----END RSA PRIVATE KEY-----\n"
Call = Callable[..., str]
ABSENT = os.strerror(errno.ENOENT)


def caller(fence: Fence | None, room: int = ROOM) -> Call:
    tools = {
        tool.name: tool
        for tool in build_tools(
            fence, result_chars=room, profiles=["coding-burst", "coding-local"], toolsets=frozenset({"file"})
        )
    }

    def call(tool: str, **arguments: object) -> str:
        message = tools[tool].invoke({"name": tool, "args": arguments, "id": "call_1", "type": "tool_call"})
        assert isinstance(message, ToolMessage)
        return str(message.content)

    return call
