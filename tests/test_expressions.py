"""An expression of a module answers as the compiled one, and its first use compiles it."""

from __future__ import annotations

import copy
import pickle
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from profile_router.expressions import expression

PATTERNS: list[tuple[str, int]] = [
    (r"(?P<word>[a-z]+)-?(\d*)", re.IGNORECASE),
    (r"^\s*x|\by\b", re.MULTILINE),
    ("", 0),
    (r"[\u00e0-\u017f]{2,}+", 0),
]


def _answers(one: Any, text: Any, by: Any) -> list[object]:
    found = [each and (each.span(), each.groups()) for each in (one.search(text), one.match(text), one.fullmatch(text))]
    told = [one.findall(text), [each.span() for each in one.finditer(text)], one.split(text), one.sub(by, text)]
    return [*found, *told, one.subn(by, text), one.pattern, one.flags, one.groups, dict(one.groupindex), repr(one)]


@given(st.sampled_from(PATTERNS), st.text("xXy-\n aé1", max_size=20))
def test_it_answers_as_the_compiled_one_does(given: tuple[str, int], text: str) -> None:
    assert _answers(expression(*given), text, "<>") == _answers(re.compile(*given), text, "<>")


def test_one_of_bytes_answers_so_too() -> None:
    assert _answers(expression(rb"\w+"), b"a b", b"-") == _answers(re.compile(rb"\w+"), b"a b", b"-")


def test_its_first_use_compiles_it_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[Any] = []
    inner = re.compile

    def noted(*given: Any) -> Any:
        compiled.append(given)
        return inner(*given)

    monkeypatch.setattr(re, "compile", noted)
    one = expression("a+", re.IGNORECASE)
    assert compiled == []
    assert [bool(one.search(text)) for text in ("xA", "b")] == [True, False]
    assert bool(one.match("a"))
    assert compiled == [("a+", re.IGNORECASE)]


PUBLIC = [name for name in dir(re.Pattern) if not name.startswith("_")]


@pytest.mark.parametrize("first", PUBLIC)
def test_whatever_is_asked_first_all_that_a_pattern_has_is_its_own_from_then_on(first: str) -> None:
    one: Any = expression("(a)(?P<b>c)", re.IGNORECASE)
    getattr(one, first)
    assert set(vars(one)) == {"_given", *PUBLIC}
    assert all(vars(one)[name] == getattr(re.compile("(a)(?P<b>c)", re.IGNORECASE), name) for name in PUBLIC)


def test_it_is_a_pattern_to_isinstance_and_to_the_functions_of_re() -> None:
    one: Any = expression("a")
    assert isinstance(one, re.Pattern)
    assert re.sub(one, "b", "aa") == "bb"


def test_a_wrong_one_says_so_at_its_first_use() -> None:
    wrong = expression("(")
    for _ in range(2):
        with pytest.raises(re.error):
            wrong.search("x")


@pytest.mark.parametrize("name", ["colour", "_given_", "__len__", "__setstate__"])
def test_it_has_no_attribute_that_a_pattern_lacks_and_is_not_compiled_to_tell(name: str) -> None:
    one: Any = expression("a")
    with pytest.raises(AttributeError):
        getattr(one, name)
    assert [*vars(one)] == ["_given"]


def test_a_copy_and_what_was_pickled_answer_the_same() -> None:
    one = expression("a+")
    for again in (copy.copy(one), copy.deepcopy(one), pickle.loads(pickle.dumps(one))):
        assert again.findall("aab") == ["aa"]
