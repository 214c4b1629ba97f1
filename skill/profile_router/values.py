"""Values: classes with slots, as `dataclasses` makes them, frozen or mutable; one is made in a tenth of the time.

`dataclasses` writes and executes up to six functions for each class. That takes 0.4 ms, and a route loads more than a
hundred classes. Here the functions are closures over the fields. The price: an instance of six fields takes 1.6 µs, a
dataclass's 1.3 µs. (Best of 60, on two cores under load.) All else is of `dataclasses`: `fields`, `replace`, `asdict`
and `field` work as ever. A type checker sees a dataclass.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import _FIELD, MISSING, Field, FrozenInstanceError, dataclass, field, fields  # type: ignore[attr-defined]
from operator import attrgetter
from typing import Any, NoReturn, TypeVar, dataclass_transform, overload

C = TypeVar("C", bound=type)


@overload
def frozen(cls: C, /) -> C: ...


@overload
def frozen(*, kw_only: bool) -> Callable[[C], C]: ...


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
def frozen(cls: C | None = None, /, *, kw_only: bool = True) -> C | Callable[[C], C]:
    """Make of *cls* what `dataclass(frozen=True, slots=True, kw_only=…)` makes of it. Its bases are values too."""
    return _made(cls, kw_only) if cls is not None else lambda given: _made(given, kw_only)


@overload
def mutable(cls: C, /) -> C: ...


@overload
def mutable(*, kw_only: bool) -> Callable[[C], C]: ...


@dataclass_transform(kw_only_default=True, field_specifiers=(field,))
def mutable(cls: C | None = None, /, *, kw_only: bool = True) -> C | Callable[[C], C]:
    """Make of *cls* what `dataclass(slots=True, kw_only=…)` makes of it: its fields can be set, and it has no hash."""
    return _made(cls, kw_only, _OF_MUTABLE) if cls is not None else lambda given: _made(given, kw_only, _OF_MUTABLE)


def _made(cls: C, kw_only: bool, of_all: Mapping[str, Any] | None = None) -> C:
    of_all = _OF_FROZEN if of_all is None else of_all
    defined = {
        name for name, content in cls.__dict__.items() if content is not None
    }  # with `__eq__`, `__hash__` is None
    written = {name: content for name, content in cls.__dict__.items() if name not in _OF_ITS_INSTANCES}
    names = [name for name, hint in cls.__annotations__.items() if not _kind(str(hint))]
    if shared := next((name for name in names if written.get(name).__class__.__hash__ is None), ""):
        raise ValueError(f"{cls.__qualname__}.{shared} has a default that all would share (use a default_factory)")
    taken = {slot for base in cls.__mro__[1:] for slot in base.__dict__.get("__slots__", ())}
    late = _Unasked(written, kw_only)
    body = {name: content for name, content in written.items() if name not in names}
    body |= {name: method for name, method in of_all.items() if name not in defined}
    body |= {name: late.method(name) for name in _BY_FIELDS if name not in defined and name not in of_all}
    body |= {name: _UnaskedName(late, name) for name in _OF_DATACLASSES}
    body[_LATE] = late
    body["__slots__"] = tuple(name for name in names if name not in taken)
    late.made = made = type(cls)(cls.__name__, cls.__bases__, body)
    made.__qualname__ = cls.__qualname__
    return made


def _kind(hint: str) -> str:
    """Return `ClassVar` or `KW_ONLY` for what is annotated as that: it is not a field."""
    word = hint.partition("[")[0].rpartition(".")[2]
    return word if word in ("ClassVar", "KW_ONLY") else ""


class _Unasked:
    """What a class is given when it is first asked for: most classes that a command loads have no instance.

    `written` is what the class body says. `made` is the class with slots, which has none of it that is a field's.
    """

    made: Any

    def __init__(self, written: Mapping[str, Any], kw_only: bool) -> None:
        self._written = written
        self._kw_only = kw_only
        self._parts: tuple[Field[Any], ...] | None = None

    def method(self, name: str) -> Callable[..., Any]:
        """Return the method *name* as it is until its first call, which puts the real one in its place."""

        def first(one: Any, *given: Any, **named: Any) -> Any:
            method = _BY_FIELDS[name](self.made, self.parts())
            method.__name__, method.__qualname__ = name, f"{self.made.__qualname__}.{name}"
            setattr(self.made, name, method)
            return method(one, *given, **named)

        return first

    def parts(self) -> tuple[Field[Any], ...]:
        """Return the fields of the class and of its bases in the order of a dataclass. Their types are not looked at.

        To ask `dataclasses` takes five times as long.
        """
        if self._parts is None:
            bases = [base.__dict__[_LATE].parts() for base in self.made.__mro__[:0:-1] if _LATE in base.__dict__]
            found = {one.name: one for parts in bases for one in parts} | {one.name: one for one in self._own_fields()}
            self._parts = tuple(found.values())
        return self._parts

    def _own_fields(self) -> Iterator[Field[Any]]:
        kw_only = self._kw_only
        for name, hint in self._written.get("__annotations__", {}).items():
            if kind := _kind(str(hint)):
                kw_only = kw_only or kind == "KW_ONLY"
                continue
            content = self._written.get(name, MISSING)
            one: Any = content if isinstance(content, Field) else field(default=content)
            one.name, one.type, one._field_type = name, hint, _FIELD
            one.kw_only = kw_only if one.kw_only is MISSING else one.kw_only
            yield one

    def ask_dataclasses(self) -> None:
        """Give the class what `dataclasses` gives one of the same fields, of which this makes a twin."""
        twin: Any = type(self.made)(self.made.__name__, self.made.__bases__, dict(self._written))
        dataclass(init=False, repr=False, eq=False, kw_only=self._kw_only)(twin)
        for name in _OF_DATACLASSES:
            setattr(self.made, name, twin.__dict__[name])


class _UnaskedName:
    """A name of the class that `dataclasses` knows, until somebody asks for it."""

    def __init__(self, late: _Unasked, name: str) -> None:
        self._late = late
        self._name = name

    def __get__(self, instance: object, owner: type) -> Any:
        if self._name == _FIELDS:  # for `replace`, which each command asks for
            setattr(self._late.made, _FIELDS, {one.name: one for one in self._late.parts()})
        else:
            self._late.ask_dataclasses()
        return getattr(owner, self._name)


def _refuse_to_set(self: object, name: str, _given: object) -> NoReturn:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_to_delete(self: object, name: str) -> NoReturn:
    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _state(self: Any) -> list[Any]:
    return [getattr(self, one.name) for one in fields(self)]


def _restore(self: Any, state: list[Any]) -> None:
    for one, content in zip(fields(self), state, strict=True):
        object.__setattr__(self, one.name, content)


_LATE = "__late__"
_OF_ITS_INSTANCES = ("__dict__", "__weakref__")
_FIELDS = "__dataclass_fields__"
_OF_DATACLASSES = (
    _FIELDS,
    "__dataclass_params__",
    "__match_args__",
    *(("__replace__",) if sys.version_info >= (3, 13) else ()),
)
_OF_FROZEN = {
    "__setattr__": _refuse_to_set,
    "__delattr__": _refuse_to_delete,
    "__getstate__": _state,
    "__setstate__": _restore,
}
_OF_MUTABLE = {"__hash__": None}


def _init(made: type, about: Sequence[Field[Any]]) -> Callable[..., None]:
    """Return the `__init__` of *made*. As that of a dataclass, it raises TypeError for what is missing or unknown."""
    puts = {one.name: getattr(made, one.name).__set__ for one in about}
    positions = tuple(one.name for one in about if one.init and not one.kw_only)
    defaults = {one.name: one.default for one in about if one.default is not MISSING}
    factories = [(one.name, one.default_factory) for one in about if one.default_factory is not MISSING]
    needed = sum(one.init or one.name in defaults or one.default_factory is not MISSING for one in about)
    never = frozenset(one.name for one in about if not one.init)
    after: Callable[[Any], None] | None = getattr(made, "__post_init__", None)

    def init(self: Any, *given: Any, **named: Any) -> None:
        if given:
            named = _placed(made, positions, given, named)
        values = {**defaults, **named}
        for name, make in factories:
            if name not in values:
                values[name] = make()
        if len(values) != needed or (never and not never.isdisjoint(named)):
            raise TypeError(_complaint(made, about, named))
        try:
            for name, content in values.items():
                puts[name](self, content)
        except KeyError:
            raise TypeError(_complaint(made, about, named)) from None
        if after is not None:
            after(self)

    return init


def _placed(made: type, positions: Sequence[str], given: Sequence[Any], named: dict[str, Any]) -> dict[str, Any]:
    """Return what is *given* by place, under its names, with what is *named*. Raises TypeError."""
    if len(given) > len(positions):
        raise TypeError(f"{made.__qualname__} takes {len(positions)} values by their place, and {len(given)} are given")
    placed = dict(zip(positions, given, strict=False))
    if twice := placed.keys() & named.keys():
        raise TypeError(f"{made.__qualname__} is given {', '.join(sorted(twice))} twice")
    return placed | named


def _complaint(made: type, about: Sequence[Field[Any]], named: dict[str, Any]) -> str:
    taken = [one.name for one in about if one.init]
    wants = {one.name for one in about if one.init and one.default is MISSING and one.default_factory is MISSING}
    unknown, missing = sorted(named.keys() - set(taken)), sorted(wants - named.keys())
    told = f"has no {', '.join(unknown)}" if unknown else f"lacks {', '.join(missing)}"
    return f"{made.__qualname__} {told} (it takes: {', '.join(taken)})"


def _getter(names: Sequence[str]) -> Callable[[Any], Any]:
    """Return what gives the contents of the fields *names* as a tuple."""
    if len(names) > 1:
        return attrgetter(*names)
    return lambda one: tuple(getattr(one, name) for name in names)


def _eq(_made: type, about: Sequence[Field[Any]]) -> Callable[..., Any]:
    contents = _getter([one.name for one in about if one.compare])

    def equal(self: Any, other: Any) -> Any:
        return contents(self) == contents(other) if other.__class__ is self.__class__ else NotImplemented

    return equal


def _hash(_made: type, about: Sequence[Field[Any]]) -> Callable[..., int]:
    contents = _getter([one.name for one in about if (one.compare if one.hash is None else one.hash)])

    def digest(self: Any) -> int:
        return hash(contents(self))

    return digest


def _repr(_made: type, about: Sequence[Field[Any]]) -> Callable[..., str]:
    names = [one.name for one in about if one.repr]

    def text(self: Any) -> str:
        return f"{self.__class__.__qualname__}({', '.join(f'{name}={getattr(self, name)!r}' for name in names)})"

    return text


_BY_FIELDS: Mapping[str, Callable[[type, Sequence[Field[Any]]], Callable[..., Any]]] = {
    "__init__": _init,
    "__repr__": _repr,
    "__eq__": _eq,
    "__hash__": _hash,
}
