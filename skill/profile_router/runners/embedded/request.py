"""The first request of an attempt as the embedded runner sends it: its messages and its tools."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from profile_router.core.attempt.order import Order
from profile_router.core.policy import Policy
from profile_router.core.profile import Profile
from profile_router.prompting.templates import render
from profile_router.prompting.texts import order_content
from profile_router.runners.tools.fence import Fence
from profile_router.runners.tools.terminal import Jailed, terminal_refused, wants_terminal

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage
    from langchain_core.tools import BaseTool


def tools_for(
    order: Order, profile: Profile, fence: Fence | None, policy: Policy, terminal: Jailed | None = None
) -> list[BaseTool]:
    """Return the tools of an attempt: what task and profile both allow, and `ask_for_profile` always."""
    from profile_router.runners.tools.tools import build_tools

    return build_tools(
        fence,
        result_chars=min(policy.limits.tool_result_chars, max(400, order.window)),
        profiles=order.asks,
        toolsets=toolsets_of(order, profile),
        terminal=terminal,
    )


def toolsets_of(order: Order, profile: Profile) -> frozenset[str]:
    """Return what task and profile both allow of the toolsets that are offered."""
    named = (profile.toolsets, order.task.toolsets)
    return OFFERED.intersection(*(toolsets for toolsets in named if toolsets is not None))


def request_body(order: Order, profile: Profile, policy: Policy, workspace: Path | None, base: Path) -> dict[str, Any]:
    """Return the first request of an attempt as a server would count it: messages and tools.

    Nothing is made that could reach a file, and no jail is tried. So a terminal counts that only the jail could refuse.
    The files of the first prompt do not count: they take what is left of the window, and no more.
    """
    from langchain_core.messages import SystemMessage, convert_to_openai_messages

    from profile_router.runners.tools.tools import described_tools

    root = Path(os.path.realpath(workspace)) if workspace else None
    refused = not wants_terminal(order, profile) or terminal_refused(profile, root, policy, local=order.local)
    system = SystemMessage(system_prompt(order, profile, terminal=not refused))
    files = root is not None and "file" in toolsets_of(order, profile)
    return {
        "messages": convert_to_openai_messages([system, *conversation_messages(order, base)]),
        "tools": described_tools(files=files, terminal=not refused),
    }


OFFERED = frozenset({"file"})


def system_prompt(order: Order, profile: Profile, *, terminal: bool = False) -> str:
    """Return the system prompt of an attempt under *profile*. Who asks for a terminal and gets none is told so."""
    return render(
        "subagent",
        asks=profiles_listed(order.asks),
        enforce_tools=profile.tool_use_enforcement != "off",
        terminal_asked=not terminal and wants_terminal(order, profile),
    )


def profiles_listed(profiles: Sequence[str]) -> list[str]:
    """Return as many *profiles* as the prompt has room for, and how many more there are."""
    shown: list[str] = []
    for name in profiles:
        if sum(len(one) + 2 for one in (*shown, name)) > _LISTED_CHARS:
            return [*shown, f"{len(profiles) - len(shown)} more"]
        shown.append(name)
    return shown or ["there is no other"]


_LISTED_CHARS = 200


def conversation_messages(order: Order, base: Path, files: str = "") -> list[BaseMessage]:
    """Return the shared conversation and the task as messages, images included where the model reads them.

    *files* is what stands of the task's files in the task's own turn.
    """
    from langchain_core.messages import AIMessage, HumanMessage

    kinds = {"user": HumanMessage, "assistant": AIMessage}
    messages: list[BaseMessage] = [kinds[turn.role](turn.text) for turn in order.conversation]
    return [*messages, HumanMessage(order_content(order, base, files))]
