"""JSON from outside is read in one place. What is too nested, long or odd is refused; nothing else raises."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from profile_router.outside.json_reader import JSON_DEPTH, UnreadableJson, read_json

SCALARS = st.one_of(st.none(), st.booleans(), st.integers(-(10**12), 10**12), st.floats(allow_nan=False), st.text())
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4)
)


def nested(depth: int) -> str:
    return "[" * depth + "]" * depth


def paths(found: Any) -> int:
    depth, level = 0, [found]
    while level:
        depth, level = depth + 1, [inner for value in level if isinstance(value, list) for inner in value]
    return depth


@given(VALUES)
def test_what_is_written_by_a_json_writer_is_read_as_it_is(value: Any) -> None:
    try:
        expected = json.loads(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))
        found = read_json(json.dumps(value))
    except UnreadableJson:
        assert "Infinity" in json.dumps(value)
        return
    assert found == expected or "Infinity" in json.dumps(value)


@given(st.one_of(st.text(), st.binary(), st.text(alphabet='{}[]",:0123456789eE-+.\\u dNaIfinty', max_size=60)))
def test_any_text_is_a_value_or_is_refused(text: str | bytes) -> None:
    try:
        json.dumps(read_json(text), allow_nan=False, ensure_ascii=False).encode()
    except UnreadableJson:
        return


@pytest.mark.parametrize("depth", [JSON_DEPTH + 1, 500, 990, 5_000, 200_000])
@pytest.mark.parametrize("around", ["{}", '{{"a": {}}}', '[1, "x", {}]', '{{"usage": {{"b": {}}}}}'])
def test_what_is_nested_beyond_any_use_is_refused(depth: int, around: str) -> None:
    with pytest.raises(UnreadableJson, match="nested deeper than 64 levels"):
        read_json(around.format(nested(depth)))


def test_what_is_nested_up_to_the_bound_is_read() -> None:
    assert paths(read_json(nested(JSON_DEPTH))) == JSON_DEPTH
    assert len(read_json(json.dumps({"code": "{[" * 10_000}))["code"]) == 20_000  # brackets in a text nest nothing


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("NaN", None),
        ("[Infinity, -Infinity, 1e999, -1e999]", [None] * 4),
        ("9" * 31, None),
        ("-" + "9" * 9_000, None),
        ("9" * 30, 10**30 - 1),
        ('{"a": 1, "a": 2}', {"a": 2}),
        ('"\\ud800x"', "?x"),
        ('"\\ud83d\\ude00"', "\U0001f600"),
        ('{"\\udfff": ["\\udc00"]}', {"?": ["?"]}),
        (b"\xef\xbb\xbf[1]", [1]),
        (b'"\xed\xa0\x80"', "\ufffd\ufffd\ufffd"),
    ],
)
def test_odd_numbers_and_half_characters_do_no_harm(text: str | bytes, value: Any) -> None:
    assert read_json(text) == value


@pytest.mark.parametrize("text", ["", "{", "nonsense", "[1,]", b"\xff\xfe", '"\n"'])
def test_what_is_not_json_is_refused(text: str | bytes) -> None:
    with pytest.raises(UnreadableJson, match="not JSON"):
        read_json(text)


def test_what_is_too_long_or_has_too_many_values_is_refused() -> None:
    with pytest.raises(UnreadableJson, match="longer than 10 bytes"):
        read_json("[" + " " * 9 + "]", most=10)
    with pytest.raises(UnreadableJson, match="more than 200,000 values"):
        read_json("[" + "[]," * 200_001 + "[]]")
