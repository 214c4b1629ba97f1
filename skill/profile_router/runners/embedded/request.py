"""The first request of an attempt as the embedded runner sends it: its messages and its tools."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from profile_router.core.attempt.order import Order
from profile_router.core.policy import Policy
from profile_router.core.profile import Profile
from profile_router.prompting.image_parts import image_parts
from profile_router.prompting.templates import render
from profile_router.runners.tools.fence import Fence
from profile_router.runners.tools.terminal import Jailed, open_terminal, wants_terminal

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage
    from langchain_core.tools import BaseTool
from profile_router.prompting.texts import order_text


def tools_for(
    order: Order, profile: Profile, fence: Fence | None, policy: Policy, terminal: Jailed | None = None
) -> list[BaseTool]:
    """Return the tools of an attempt: what task and profile both allow, and `ask_for_profile` always."""
    from profile_router.runners.tools.tools import build_tools

    allowed = OFFERED if profile.toolsets is None else OFFERED & frozenset(profile.toolsets)
    if order.task.toolsets is not None:
        allowed &= frozenset(order.task.toolsets)
    return build_tools(
        fence,
        result_chars=min(policy.limits.tool_result_chars, max(400, order.window)),
        profiles=order.asks,
        toolsets=allowed if fence is not None else frozenset(),
        terminal=terminal,
    )


def request_body(order: Order, profile: Profile, policy: Policy, workspace: Path | None, base: Path) -> dict[str, Any]:
    """Return the first request of an attempt as a server would count it: messages and tools."""
    from langchain_core.messages import SystemMessage, convert_to_openai_messages
    from langchain_core.utils.function_calling import convert_to_openai_tool

    reach = partial(
        Fence, private_globs=policy.private_paths, confidential=policy.confidential, allow_private=order.local
    )
    fence = reach(workspace) if workspace else None
    found = open_terminal(order, profile, fence, policy) if wants_terminal(order, profile) else None
    terminal = found if isinstance(found, Jailed) else None
    system = SystemMessage(system_prompt(order, profile, terminal))
    return {
        "messages": convert_to_openai_messages([system, *conversation_messages(order, base)]),
        "tools": [convert_to_openai_tool(tool) for tool in tools_for(order, profile, fence, policy, terminal)],
    }


OFFERED = frozenset({"file"})


def system_prompt(order: Order, profile: Profile, terminal: Jailed | None = None) -> str:
    """Return the system prompt of an attempt under *profile*. Who asks for a terminal and gets none is told so."""
    return render(
        "subagent",
        asks=_listed(order.asks),
        enforce_tools=profile.tool_use_enforcement != "off",
        terminal_asked=terminal is None and wants_terminal(order, profile),
    )


def _listed(profiles: Sequence[str]) -> list[str]:
    """Return as many *profiles* as the prompt has room for, and how many more there are."""
    shown: list[str] = []
    for name in profiles:
        if sum(len(one) + 2 for one in (*shown, name)) > _LISTED_CHARS:
            return [*shown, f"{len(profiles) - len(shown)} more"]
        shown.append(name)
    return shown or ["there is no other"]


_LISTED_CHARS = 200


def conversation_messages(order: Order, base: Path) -> list[BaseMessage]:
    """Return the shared conversation and the task as messages, images included where the model reads them."""
    from langchain_core.messages import AIMessage, HumanMessage

    kinds = {"user": HumanMessage, "assistant": AIMessage}
    messages: list[BaseMessage] = [kinds[turn.role](turn.text) for turn in order.conversation]
    text = order_text(order)
    images = image_parts(order, base) if order.vision else []
    messages.append(HumanMessage([{"type": "text", "text": text}, *images] if images else text))
    return messages
