"""Texts that name a folder, as they read where that folder is somewhere else. Pure: only words are looked at."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Any, TypeVar, cast

T = TypeVar("T")

# A path ends where no further character of its last name follows: `/a/b` is in `/a/b/c` and `/a/b.`, not in `/a/b-c`.
_BEFORE = r"(?:(?<![\w.~/-])|(?<=\bfile://))"
_AFTER = r"(?![\w-]|\.\w|\.\.)"


@dataclass(frozen=True, slots=True)
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
