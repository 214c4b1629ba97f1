"""A port whose other side works in a copy: what goes through names the copy, what comes back names the workspace.

So everything on this side (decisions, events, the shared conversation, checkpoints) knows only the real workspace.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, TypeVar, cast

from profile_router.copies.relocation import Relocation, rewritten

T = TypeVar("T")


def relocated(port: T, methods: Sequence[str], relocation: Relocation) -> T:
    """Return what stands for *port*: every text in arguments and results of *methods* is rewritten, however deep."""
    return cast("T", _Relocated(port, methods, relocation))


class _Relocated:
    def __init__(self, inner: Any, methods: Sequence[str], relocation: Relocation) -> None:
        self._inner = inner
        self._methods = methods
        self._relocation = relocation

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._inner, name)
        return partial(self._call, method) if name in self._methods else method

    async def _call(self, method: Callable[..., Awaitable[Any]], *args: Any, **kwargs: Any) -> Any:
        there, back = self._relocation.there, self._relocation.back
        return rewritten(await method(*rewritten(args, there), **rewritten(kwargs, there)), back)
