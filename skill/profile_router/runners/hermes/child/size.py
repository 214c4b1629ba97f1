"""What a request or an answer is taken to have in tokens where no provider counts: by its size, rather too many.

Loaded by the child, inside Hermes' python, which has no tokenizer that is sure to be there.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

_AROUND_A_NAME = 4  # bytes of JSON
_IMAGES = frozenset({"image_url", "input_image", "image"})


def sizer(counting: Mapping[str, float]) -> Callable[[Any], int]:
    """Return what tells the tokens of a value: by `bytes_per_token` of UTF-8, and `image_tokens` for each image."""

    def size(value: Any) -> int:
        length, images, waiting = 0, 0, [value]
        while waiting:
            found = waiting.pop()
            if isinstance(found, Mapping):
                if found.get("type") in _IMAGES:
                    images += 1
                    continue
                length += sum(len(str(name)) + _AROUND_A_NAME for name in found)
                waiting.extend(found.values())
            elif isinstance(found, list | tuple):
                waiting.extend(found)
            elif found is not None:
                length += len(str(found).encode("utf-8", "replace"))
        return math.ceil(length / counting["bytes_per_token"] + images * counting["image_tokens"])

    return size
