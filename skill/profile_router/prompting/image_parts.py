"""Turn a task's images into message parts, for a model that reads them."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

from profile_router.core.attempt.order import Order
from profile_router.workspace.images import read_image, strip_data_urls

Part = dict[str, object]
_SENT = frozenset({"png", "jpeg", "gif", "webp"})


def image_parts(order: Order, base: Path) -> list[Part]:
    """Return the image parts of *order*: files (relative to *base*) and those that stand in the text, as data URLs.

    An image named by an http URL is not fetched, neither by us nor by the provider: its URL stands in the text.
    Raises UsageError for a file that is not an image any more.
    """
    return [{"type": "image_url", "image_url": {"url": url}} for url in _urls(order, base)]


def _urls(order: Order, base: Path) -> Iterator[str]:
    _, inline = strip_data_urls(f"{order.task.goal}\n{order.task.context}")
    yield from inline
    for image in order.images:
        if image.form in _SENT and not image.place.startswith("data URL "):
            mime, data = read_image(image.place, base)
            yield f"data:{mime};base64,{base64.b64encode(data).decode()}"
