"""Regular expressions that their first use compiles: a command uses few of those that its modules name. Pure.

To compile one takes 0.1 to 2 ms, and `route` loads ninety. Where texts can be told by a literal, use
`core.language.anchored`.
"""

from __future__ import annotations

import re
from typing import Any, AnyStr, cast

_OF_A_PATTERN = tuple(name for name in dir(re.Pattern) if not name.startswith("_"))


def expression(pattern: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """Return what answers as `re.compile(pattern, flags)` does. Its first use raises re.error for a wrong *pattern*.

    The `re` of a match is the compiled one, of the same `pattern`.
    """
    return cast("re.Pattern[AnyStr]", _Uncompiled(pattern, flags))


class _Uncompiled:
    """An expression before its first use; afterwards its own attributes are those of the compiled one.

    Python calls `__getattr__` only for a name that an object does not have. So the first name asked for compiles, and
    sets all names of a pattern. Each later use finds them, as fast as at the compiled one, and never comes here again.
    Methods of our own that hand each call on would add a Python call to every search of a scan. `__class__` is what
    `isinstance` and `re.sub` ask, and keeps the promise of `expression`. Only `==` differs: two of one pattern are two.
    """

    def __init__(self, pattern: Any, flags: int) -> None:
        self._given = pattern, flags

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        return re.Pattern

    def __getattr__(self, name: str) -> Any:
        if name not in _OF_A_PATTERN:
            raise AttributeError(f"an expression has no attribute '{name}'")
        compiled = re.compile(*self._given)
        self.__dict__.update({one: getattr(compiled, one) for one in _OF_A_PATTERN})
        return getattr(compiled, name)

    def __reduce__(self) -> tuple[Any, ...]:
        return expression, self._given

    def __repr__(self) -> str:
        return repr(re.compile(*self._given))
