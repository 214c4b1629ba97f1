"""What the router asks on its pipe: a yes to a price does not agree to code of the repository."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any, cast

import pytest

from profile_router.hermes_plugin.pipes import OVER, Pipes
from profile_router.hermes_plugin.process import Following, Ran, _follow
from profile_router.hermes_plugin.settings import Settings


class FakePipes:
    """Gives events in their order, then the end; `said` are the answers."""

    flooded = False

    def __init__(self, *events: Mapping[str, Any]) -> None:
        self.said: list[Mapping[str, Any]] = []
        self._events: Iterator[Any] = iter((*events, OVER))

    def next(self) -> Any:
        return next(self._events)

    def say(self, answer: Mapping[str, Any]) -> None:
        self.said.append(answer)


@pytest.mark.parametrize(("about", "answer"), [({"about": "price"}, True), ({"about": "code"}, None), ({}, None)])
def test_who_agreed_to_a_price_allowed_no_code(about: dict[str, str], answer: bool | None) -> None:
    pipes = FakePipes({"event": "ask", "line": "run this repository's own check?", **about})
    following = Following(
        settings=Settings(),
        deadline=time.monotonic() + 60,
        alive=lambda _: None,
        folder="",
        agrees=lambda _: True,
    )
    _follow(Ran(), cast("Pipes", pipes), following)
    assert pipes.said == [{"answer": answer}]
