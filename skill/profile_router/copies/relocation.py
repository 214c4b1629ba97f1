"""Texts that name a folder, as they read where that folder is somewhere else. Only words are looked at.

A port can be relocated: its other side works in a copy, and reads names of the copy. So everything on this side
(decisions, events, the shared conversation, checkpoints) knows only the real workspace.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import field, fields, is_dataclass, replace
from functools import partial
from typing import Any, TypeVar, cast

from profile_router.values import frozen

T = TypeVar("T")

# A path ends where its last name ends. So `/a/b` stands in `/a/b/c` and in `/a/b.`, but not in `/a/b-c`.
_BEFORE = r"(?:(?<![\w.~/-])|(?<=\bfile://))"
_AFTER = r"(?![\w-]|\.\w|\.\.)"


@frozen(kw_only=False)
class Relocation:
    """A folder that is somewhere else for a while. `spelled` maps each absolute spelling of a folder to its place
    there; `moved` is the folder that everything there lies in, `home` what it stands for."""

    spelled: Mapping[str, str]
    moved: str
    home: str
    _pattern: re.Pattern[str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        longest_first = sorted(self.spelled, key=len, reverse=True)
        names = "|".join(re.escape(name) for name in longest_first) or r"(?!)"
        object.__setattr__(self, "_pattern", re.compile(f"{_BEFORE}({names}){_AFTER}"))

    def there(self, text: str) -> str:
        """Return *text* with each spelling of the folder as its place there."""
        if not any(name in text for name in self.spelled):  # a long text is searched much faster for plain words
            return text
        return self._pattern.sub(lambda found: self.spelled[found[1]], text)

    def back(self, text: str) -> str:
        """Return *text* with the place as the folder that it stands for."""
        return text.replace(self.moved, self.home)


def rewritten(value: T, change: Callable[[str], str]) -> T:
    """Return *value* with every text in it changed: in dataclasses, mappings (not their keys), tuples and lists."""
    return cast("T", _rewritten(value, change))


def _rewritten(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, tuple | list):
        return type(value)(_rewritten(item, change) for item in value)
    if isinstance(value, dict):
        return {key: _rewritten(item, change) for key, item in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        changed = {one.name: _rewritten(getattr(value, one.name), change) for one in fields(value) if one.init}
        return replace(value, **{name: new for name, new in changed.items() if new != getattr(value, name)})
    return value


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
