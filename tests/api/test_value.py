"""A value is its JSON object: typed, frozen, and no more lenient than its class."""

from __future__ import annotations

import pickle

import pytest

from profile_router.api.value import Value


class Inner(Value):
    """Something within."""

    low: int


class Outer(Value):
    """A value with all kinds of attributes."""

    name: str
    inner: Inner
    many: tuple[Inner, ...]
    pair: tuple[int, int]
    maybe: Inner | None
    figures: dict[str, float]
    late: str = "later"


TOLD = {
    "name": "x",
    "inner": {"low": 1, "new": True},
    "many": [{"low": 2}, {"low": 3}],
    "pair": [4, 5],
    "maybe": None,
    "figures": {"a": 0.5},
}
OUTER = Outer.of(TOLD)


def test_attributes_are_values_tuples_and_defaults() -> None:
    assert (OUTER.name, OUTER.inner.low, [one.low for one in OUTER.many], OUTER.pair) == ("x", 1, [2, 3], (4, 5))
    assert (OUTER.maybe, OUTER.figures["a"], OUTER.late) == (None, 0.5, "later")


def test_the_json_is_the_object_whole_and_changing_it_changes_no_value() -> None:
    told = OUTER.json
    assert told == TOLD
    told["inner"]["low"] = 9
    assert OUTER.inner.low == 1


@pytest.mark.parametrize("change", [lambda: setattr(OUTER, "name", "y"), lambda: delattr(OUTER, "name")])
def test_a_value_is_frozen(change: object) -> None:
    assert callable(change)
    with pytest.raises(AttributeError, match="frozen"):
        change()
    with pytest.raises(TypeError):
        OUTER.figures["a"] = 1.0


@pytest.mark.parametrize("name", ["nmae", "new", "json_", "_private"])
def test_what_the_class_does_not_declare_is_not_an_attribute(name: str) -> None:
    with pytest.raises(AttributeError, match=name):
        getattr(OUTER, name)


def test_an_attribute_that_the_object_lacks_and_the_class_does_not_give_says_so() -> None:
    with pytest.raises(AttributeError, match="lacks 'pair'"):
        _ = Outer.of({"name": "x"}).pair


def test_values_are_compared_hashed_pickled_and_made_by_their_attributes() -> None:
    assert pickle.loads(pickle.dumps(OUTER)) == OUTER
    assert {OUTER, Outer.of(TOLD)} == {OUTER}
    assert Outer.of({**TOLD, "name": "y"}) != OUTER
    assert Inner(low=1) == Inner.of({"low": 1})
    assert repr(Inner(low=1)) == "Inner(low=1)"
