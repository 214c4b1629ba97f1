"""What a subagent is sent: system prompt, shared conversation, task, and the tools that task and profile both allow."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from profile_router.adapters.embedded.attach import image_parts
from profile_router.adapters.embedded.fence import Fence
from profile_router.adapters.embedded.quirks import utf8
from profile_router.adapters.embedded.terminal import Jailed, open_terminal, wants_terminal
from profile_router.adapters.images import strip_data_urls
from profile_router.adapters.prompts import render
from profile_router.core.handoff import Handoff
from profile_router.core.order import Order
from profile_router.core.policy import Policy
from profile_router.core.profile import Profile
from profile_router.core.task import Task

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage
    from langchain_core.tools import BaseTool

OFFERED = frozenset({"file"})
_LISTED_CHARS = 200


def tools_for(
    order: Order, profile: Profile, fence: Fence | None, policy: Policy, terminal: Jailed | None = None
) -> list[BaseTool]:
    """Return the tools of an attempt: what task and profile both allow, and `ask_for_profile` always."""
    from profile_router.adapters.embedded.tools import build_tools

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


def task_text(task: Task) -> str:
    """Return *task* as one user turn. Data URLs stand in it as a note: the images themselves are sent beside it."""
    goal, _ = strip_data_urls(task.goal)
    context, _ = strip_data_urls(task.context)
    return utf8(render("task", goal=goal, context=context, files=task.files, images=task.images)).strip()


def order_text(order: Order) -> str:
    """Return the task of *order* as one user turn, with what attempts before it left."""
    text = task_text(order.task)
    return text if order.handoff is None else f"{text}\n\n{handoff_text(order.handoff)}"


def handoff_text(handoff: Handoff) -> str:
    """Return *handoff* as the next model reads it."""
    clean = handoff.tree == "clean"
    parts = {"tried": handoff.tried, "errors": handoff.errors, "diff": handoff.diff.rstrip("\n")}
    return utf8(render("handoff", **parts, left_out=handoff.left_out, clean=clean)).strip()


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


def conversation_messages(order: Order, base: Path) -> list[BaseMessage]:
    """Return the shared conversation and the task as messages, images included where the model reads them."""
    from langchain_core.messages import AIMessage, HumanMessage

    kinds = {"user": HumanMessage, "assistant": AIMessage}
    messages: list[BaseMessage] = [kinds[turn.role](turn.text) for turn in order.conversation]
    text = order_text(order)
    images = image_parts(order, base) if order.vision else []
    messages.append(HumanMessage([{"type": "text", "text": text}, *images] if images else text))
    return messages
