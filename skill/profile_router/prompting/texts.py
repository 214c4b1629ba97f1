"""What a subagent is sent: the shared conversation, the task, what earlier attempts left, and the images."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

from profile_router.core.attempt.handoff import Handoff
from profile_router.core.attempt.order import Order
from profile_router.core.task import Task
from profile_router.core.text import utf8
from profile_router.prompting.templates import render
from profile_router.workspace.images import read_image, strip_data_urls

_Part = dict[str, object]
_SENT = frozenset({"png", "jpeg", "gif", "webp"})


def task_text(task: Task) -> str:
    """Return *task* as one user turn. Data URLs stand in it as a note: the images themselves are sent beside it."""
    goal, _ = strip_data_urls(task.goal)
    context, _ = strip_data_urls(task.context)
    parts = {"goal": goal, "context": context, "files": task.files, "images": task.images}
    return utf8(render("task", **parts, standing=task.standing)).strip()


def order_content(order: Order, base: Path, files: str = "") -> str | list[str | _Part]:
    """Return the task of *order* as one user turn: text, or text and images.

    With it goes what attempts before it left, and *files*: the text of the files that it names.

    Images are files (relative to *base*) and those that stand in the text, as data URLs. Neither we nor the provider
    fetch an image that an http URL names: its URL stands in the text. Raises UsageError for a file that is not an image
    any more.
    """
    text = task_text(order.task)
    if order.handoff is not None:
        text = f"{text}\n\n{handoff_text(order.handoff)}"
    if files:
        text = f"{text}\n\n{utf8(files)}"
    urls = _urls(order, base) if order.vision else ()
    images: list[_Part] = [{"type": "image_url", "image_url": {"url": url}} for url in urls]
    return [{"type": "text", "text": text}, *images] if images else text


def handoff_text(handoff: Handoff) -> str:
    """Return *handoff* as the next model reads it, which may be the one that is to repair its own work."""
    clean = handoff.tree == "clean"
    parts = {"tried": handoff.tried, "errors": handoff.errors, "diff": handoff.diff.rstrip("\n")}
    return utf8(
        render("repair" if handoff.repair else "handoff", **parts, left_out=handoff.left_out, clean=clean)
    ).strip()


def _urls(order: Order, base: Path) -> Iterator[str]:
    _, inline = strip_data_urls(f"{order.task.goal}\n{order.task.context}")
    yield from inline
    for image in order.images:
        if image.form in _SENT and not image.place.startswith("data URL "):
            mime, data = read_image(image.place, base)
            yield f"data:{mime};base64,{base64.b64encode(data).decode()}"
