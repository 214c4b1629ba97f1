"""How large what is sent is taken to be, where no tokenizer is at hand. By night a real Hermes meets the same."""

from __future__ import annotations

from typing import Any

import pytest

from profile_router.runners.hermes.child.reading import sizer

SIZE = sizer({"bytes_per_token": 4.0, "image_tokens": 1_000})
LETTERS = "A" * 400_000


def message(*parts: Any) -> list[Any]:
    return [{"role": "user", "content": [{"type": "text", "text": "look"}, *parts]}]


@pytest.mark.parametrize(
    "image",
    [
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{LETTERS}"}},
        {"type": "input_image", "image_url": f"data:image/png;base64,{LETTERS}"},
        {"type": "image", "source": {"type": "base64", "data": LETTERS}},
    ],
    ids=["of chat completions", "of responses", "of messages"],
)
def test_an_image_is_not_counted_by_the_length_of_its_letters(image: Any) -> None:
    assert SIZE(message(image)) == SIZE(message()) + 1_000
    assert SIZE(message(image, image)) == SIZE(message()) + 2_000


def test_all_else_is_counted_by_its_bytes() -> None:
    assert SIZE(message({"type": "text", "text": LETTERS})) > 100_000
    assert SIZE(message({"type": "text", "text": "ä" * 1_000})) > SIZE(message({"type": "text", "text": "a" * 1_000}))
