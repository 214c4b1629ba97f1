"""A value answers as the dataclass of the same fields does."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import KW_ONLY, FrozenInstanceError, asdict, dataclass, field, fields, is_dataclass, replace
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from profile_router.values import frozen, mutable

Maker = Callable[[Any], Any]
BY_DATACLASSES: Maker = dataclass(frozen=True, slots=True, kw_only=True)
PLACED_BY_DATACLASSES: Maker = dataclass(frozen=True, slots=True)


def plain(maker: Maker, placed: Maker) -> tuple[type, ...]:
    """Return classes that say no more than their fields."""

    @maker
    class Plain:
        """Three fields."""

        name: str
        size: int = 1
        tags: tuple[str, ...] = ()

    @maker
    class Longer(Plain):
        """A value of a value."""

        more: float

    @maker
    class Empty:
        """Without a field."""

    @placed
    class Placed:
        """Given by its place."""

        name: str
        size: int = 1

    return Plain, Longer, Empty, Placed


def with_ways_of_their_own(maker: Maker) -> tuple[type, ...]:
    """Return classes that leave fields out of something, or write a method themselves."""

    @maker
    class Hiding:
        """Fields that are left out of the text, of a comparison, and of what is given."""

        name: str
        key: str = field(default="", repr=False)
        at: float = field(default=0.0, compare=False)
        seen: dict[str, int] = field(default_factory=dict, hash=False)
        whole: str = field(init=False)

        def __post_init__(self) -> None:
            object.__setattr__(self, "whole", f"{self.name}-{self.key}")

    @maker
    class Own:
        """Says itself what it is equal to, and how it is told."""

        name: str

        def __eq__(self, other: object) -> bool:
            return isinstance(other, type(self))

        def __repr__(self) -> str:
            return "own"

    return Hiding, Own


def family(maker: Maker, placed: Maker) -> Mapping[str, Any]:
    """Return the same classes, made by *maker*, and *placed* for what is given by its place."""
    return {cls.__name__: cls for cls in (*plain(maker, placed), *with_ways_of_their_own(maker))}


OURS, THEIRS = family(frozen, frozen(kw_only=False)), family(BY_DATACLASSES, PLACED_BY_DATACLASSES)
GIVEN: dict[str, list[tuple[tuple[Any, ...], dict[str, Any]]]] = {
    "Plain": [((), {"name": "a"}), ((), {"name": "b", "size": 2, "tags": ("x",)})],
    "Hiding": [((), {"name": "a"}), ((), {"name": "a", "key": "k", "at": 2.0, "seen": {"x": 1}})],
    "Own": [((), {"name": "a"})],
    "Longer": [((), {"name": "a", "more": 1.5})],
    "Empty": [((), {})],
    "Placed": [(("a",), {}), (("a", 2), {}), (("a",), {"size": 3}), ((), {"name": "a"})],
}
ROWS = [(name, *row) for name, rows in GIVEN.items() for row in rows]
REFUSED: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = [
    ("Plain", (), {}),
    ("Plain", ("a",), {}),
    ("Plain", (), {"name": "a", "colour": "red"}),
    ("Plain", (), {"size": 1, "tags": (), "colour": "red"}),
    ("Hiding", (), {"name": "a", "whole": "b"}),
    ("Empty", (), {"name": "a"}),
    ("Placed", ("a", 1, 2), {}),
    ("Placed", ("a",), {"name": "b"}),
    ("Placed", (), {"size": 1}),
]


@pytest.mark.parametrize(("name", "given", "named"), ROWS)
def test_a_value_is_made_told_compared_and_hashed_as_a_dataclass(name: str, given: Any, named: Any) -> None:
    def told(made: Any) -> list[Any]:
        one, same = made(*given, **named), made(*given, **named)
        shown = repr(one).replace(type(one).__qualname__, name)
        hashed = "" if type(one).__hash__ is None or name == "Hiding" else hash(one) == hash(same)
        return [shown, one == same, one != same, one == 1, hashed, asdict(one), made.__match_args__]

    assert told(OURS[name]) == told(THEIRS[name])


@pytest.mark.parametrize(("name", "given", "named"), REFUSED)
def test_what_a_dataclass_refuses_a_value_refuses(name: str, given: Any, named: Any) -> None:
    for made in (THEIRS[name], OURS[name]):
        with pytest.raises(TypeError):
            made(*given, **named)


def test_a_refusal_names_the_class_the_value_and_what_is_taken() -> None:
    with pytest.raises(TypeError, match=r"Plain has no colour \(it takes: name, size, tags\)"):
        OURS["Plain"](name="a", colour="red")
    with pytest.raises(TypeError, match=r"Plain lacks name \(it takes: name, size, tags\)"):
        OURS["Plain"](size=2)


@pytest.mark.parametrize("name", OURS)
def test_a_value_has_the_fields_of_a_dataclass_and_no_room_for_more(name: str) -> None:
    def told(made: Any) -> list[Any]:
        return [(one.name, one.default, one.repr, one.compare, one.init, one.kw_only) for one in fields(made)]

    ours, theirs = OURS[name], THEIRS[name]
    assert told(ours) == told(theirs)
    assert ours.__slots__ == theirs.__slots__
    assert not hasattr(ours(*GIVEN[name][0][0], **GIVEN[name][0][1]), "__dict__")


def test_a_value_is_a_dataclass() -> None:
    assert all(map(is_dataclass, OURS.values()))


@pytest.mark.parametrize("name", ["name", "size", "colour"])
def test_nothing_of_a_value_can_be_set_or_deleted(name: str) -> None:
    one = OURS["Plain"](name="a")
    with pytest.raises(FrozenInstanceError, match=name):
        setattr(one, name, "b")
    with pytest.raises(FrozenInstanceError, match=name):
        delattr(one, name)


def test_a_replaced_value_is_another_of_the_same_class() -> None:
    one = OURS["Longer"](name="a", more=1.0)
    assert replace(one, size=5) == OURS["Longer"](name="a", more=1.0, size=5)
    assert one.size == 1


def test_values_of_two_classes_are_never_equal() -> None:
    assert OURS["Plain"](name="a") != THEIRS["Plain"](name="a")


def test_what_is_replaced_makes_no_dataclass() -> None:
    made = family(frozen, frozen(kw_only=False))["Longer"]
    replace(made(name="a", more=1.0), size=5)
    assert "__dataclass_params__" not in {name for name, one in vars(made).items() if not hasattr(one, "__get__")}
    assert [(one.name, one.type) for one in fields(made)] == [(one.name, one.type) for one in fields(THEIRS["Longer"])]


def test_a_default_that_is_made_is_made_for_each() -> None:
    first, second = OURS["Hiding"](name="a"), OURS["Hiding"](name="a")
    assert first.seen is not second.seen


def test_a_class_that_makes_no_instance_asks_dataclasses_for_nothing() -> None:
    made = family(frozen, frozen(kw_only=False))["Longer"]
    assert [name for name in made.__dict__ if "dataclass" in name and isinstance(made.__dict__[name], dict)] == []
    assert [one.name for one in fields(made)] == ["name", "size", "tags", "more"]
    assert list(made.__dict__["__dataclass_fields__"]) == ["name", "size", "tags", "more"]


@pytest.mark.parametrize("default", [[], {}, set()], ids=lambda default: type(default).__name__)
def test_a_default_that_all_would_share_is_refused_when_the_class_is_made(default: object) -> None:
    body = {"__annotations__": {"found": "object"}, "found": default}
    with pytest.raises(ValueError, match=r"Shared.found has a default that all would share \(use a default_factory\)"):
        frozen(type("Shared", (), body))


def test_what_is_annotated_as_of_the_class_is_not_a_field() -> None:
    @frozen(kw_only=False)
    class Row:
        """Two fields, the second by its name alone."""

        allowed: ClassVar[int] = 3
        first: str
        _: KW_ONLY
        second: str = ""

    made: Any = Row
    assert (made.allowed, made.__slots__, made.__match_args__) == (3, ("first", "second"), ("first",))
    assert repr(Row("a", second="b")).endswith("Row(first='a', second='b')")
    with pytest.raises(TypeError):
        made("a", "b")


def test_the_first_instances_of_a_class_may_be_made_at_once() -> None:
    made = family(frozen, frozen(kw_only=False))["Longer"]
    with ThreadPoolExecutor(8) as pool:
        every = list(pool.map(lambda number: replace(made(name="a", more=number), size=number), range(50)))
    assert [(one.size, one.more) for one in every] == [(number, number) for number in range(50)]


@frozen
class Stored:
    """A value that stands in a module, as all of the product's do."""

    name: str
    numbers: tuple[float, ...] = ()


@given(name=st.text(), numbers=st.lists(st.floats(), max_size=3).map(tuple))
def test_a_copy_and_what_was_pickled_are_the_value_again(name: str, numbers: tuple[float, ...]) -> None:
    one = Stored(name=name, numbers=numbers)
    for again in (copy.copy(one), copy.deepcopy(one), pickle.loads(pickle.dumps(one))):
        assert (again.name, repr(again.numbers)) == (name, repr(numbers))


@given(st.floats())
def test_a_value_is_equal_to_itself_whatever_it_holds(number: float) -> None:
    alone = frozen(type("Alone", (), {"__annotations__": {"number": "float"}}))
    assert (one := alone(number=number)) == one


def _job(maker: Maker) -> Any:
    @maker
    class Job:
        """Fields that are set while a run goes on."""

        name: str
        done: list[str] = field(default_factory=list)
        left: int = 3

    return Job


JOB = _job(mutable)


def test_a_mutable_value_is_made_told_compared_and_set_as_a_mutable_dataclass() -> None:
    def told(made: Any) -> list[Any]:
        one, same = made(name="a"), made(name="a")
        found = [one == same, repr(one).rpartition(".")[2], asdict(one), made.__match_args__, made.__hash__]
        one.left, one.done = 2, [*one.done, "x"]
        return [*found, one == same, same.done, repr(one).rpartition(".")[2], copy.copy(one) == one]

    assert told(JOB) == told(_job(dataclass(slots=True, kw_only=True)))


def test_a_mutable_value_has_no_room_for_more_and_cannot_be_a_key() -> None:
    with pytest.raises(AttributeError):
        JOB(name="a").colour = "red"
    with pytest.raises(TypeError, match="unhashable"):
        hash(JOB(name="a"))


def test_a_mutable_value_may_say_itself_how_it_is_hashed() -> None:
    def by_name(one: Any) -> int:
        return hash(one.name)

    body = {"__annotations__": {"name": "str"}, "__hash__": by_name}
    made: Any = mutable(kw_only=False)(type("Named", (), body))
    assert hash(made("a")) == hash("a")
