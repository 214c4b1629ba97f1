"""What a subagent is sent: system prompt, shared conversation, task, and the tools that task and profile both allow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from profile_router.core.attempt.handoff import Handoff
from profile_router.core.attempt.order import Order
from profile_router.core.task import Task
from profile_router.core.text import utf8
from profile_router.prompting.templates import render
from profile_router.workspace.images import strip_data_urls

if TYPE_CHECKING:
    pass


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
