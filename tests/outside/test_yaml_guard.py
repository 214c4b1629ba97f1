"""How deep a YAML text may be nested is ours to say, before the library builds anything of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import profile_router
from profile_router.errors import ProfileError
from profile_router.outside.strict_yaml import Refused, parse_yaml
from profile_router.outside.yaml_guard import Hostile, refuse_hostile
from profile_router.profiles.files import read_config

LEVELS = 20
BLOCK = ("-\n{}", "a:\n{}", "b: 1\na:\n{}", "?\n{}")  # the inner text stands on the following lines, further in
FLOW = ("[{}]", "[\n {}]", "['[', {}, ']']", '["]\\"]", {}]', "[# [[[\n{}]", "{{a: {}}}", "{{? {} : b}}", "[it's, {}]")
DEEP = {
    "flow sequences": "[" * 100_000,
    "closed ones": "[" * 5_000 + "]" * 5_000,
    "one on each line": "[\n" * 5_000,
    "flow mappings": "{a: " * 5_000,
    "mappings without keys": "{" * 5_000,
    "complex keys in a flow": "{? " * 5_000,
    "block sequences": "- " * 5_000 + "x",
    "complex keys": "? " * 5_000 + "x",
    "block mappings": "".join(f"{' ' * level}a:\n" for level in range(1_200)),
    "both kinds of flow": "[{a: " * 5_000,
    "block, then flow": "- - - - a: " + "[" * 5_000,
    "brackets in quotes between": '["]", ' * 5_000,
    "anchors": "".join(f"&a{level} [" for level in range(5_000)),
    "a merge key": "<<: " + "[{<<: " * 5_000,
}


def nested(shapes: Sequence[str]) -> str:
    """Return a text with a collection for each of *shapes*, from the outermost in: first of block, then of flow."""
    text = "x"
    for shape in reversed(shapes):
        inner = text if shape in FLOW else "".join(f" {line}\n" for line in text.splitlines())
        text = shape.format(inner)
    return text


def read(text: str, levels: int = LEVELS) -> None:
    refuse_hostile(text, levels=levels)


shapes = st.tuples(
    st.lists(st.sampled_from(BLOCK), max_size=25), st.lists(st.sampled_from(FLOW), max_size=25)
).map(lambda both: [*both[0], *both[1]])  # fmt: skip


@given(shapes)
def test_a_text_is_refused_for_its_depth_just_where_it_has_one_level_too_many(found: list[str]) -> None:
    text = nested(found)
    read(text, len(found))
    if found:
        with pytest.raises(Hostile) as refused:
            read(text, len(found) - 1)
        assert 1 <= refused.value.line <= text.count("\n") + 1


@given(st.lists(st.sampled_from(FLOW), min_size=LEVELS + 1, max_size=LEVELS + 20), st.integers(0, LEVELS))
def test_a_library_that_refuses_earlier_changes_neither_the_answer_nor_the_line(found: list[str], after: int) -> None:
    with pytest.raises(Hostile) as ours:
        read(nested(found))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(yaml, "parse", stingy(after))
        with pytest.raises(Hostile) as told:
            read(nested(found))
    assert told.value.line == ours.value.line


def stingy(after: int) -> Any:
    """Return a parser that refuses the text at its end, in words of its own, after *after* events."""
    real = yaml.parse

    def parse_some(text: str, Loader: Any) -> Iterator[Any]:  # noqa: N803 - PyYAML's name
        for number, event in enumerate(real(text, Loader=Loader)):
            if number == after:
                raise yaml.scanner.ScannerError(None, None, "words that nobody knows", None)
            yield event

    return parse_some


@pytest.mark.parametrize("text", DEEP.values(), ids=DEEP)
def test_every_reader_of_yaml_answers_for_itself_where_a_text_is_nested_too_deep(text: str, tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"^nested deeper than 20 levels; write it flatter$"):
        parse_yaml(text)
    (tmp_path / "config.yaml").write_text(text)
    with pytest.raises(ProfileError, match="unfolds into more than 50 levels or 50,000 values"):
        read_config(tmp_path / "config.yaml")


@pytest.mark.parametrize(
    "text",
    [
        "a: |\n  " + "[" * 100,
        "a: x" + "[" * 100,
        "a: '" + "[" * 100 + "'",
        'a: "' + "{" * 100 + '"',
        "# " + "[" * 100 + "\na: 1",
        "a: >-\n  " + "{" * 100,
        "[" + "[], " * 500 + "]",
        "[" + "{a: [1]}, " * 500 + "]",
    ],
)
def test_brackets_that_nest_nothing_are_read(text: str) -> None:
    read(text)


@pytest.mark.parametrize(
    "text", ["a: [\n", "[[[", "a: 'x", "a: b: c", "[" + "[1], " * 500, "a: 1\n\tb: 2", "[it's, '[[[[["]
)
def test_what_is_wrong_but_not_deep_is_the_parsers_to_refuse(text: str) -> None:
    with pytest.raises(yaml.YAMLError):
        read(text, 4)


BOMB = "a: &a [x, x, x, x]\nb: &b [*a, *a, *a, *a]\nc: [*b, *b, *b, *b]\n"


@pytest.mark.parametrize(
    ("text", "values", "what", "line"),
    [
        (BOMB, 50, "values", 3),
        (BOMB, 0, "alias", 2),
        ("a: *nowhere", 50, "alias", 1),
        ("a: &a\n  - *a", 50, "alias", 2),
        ("[" * 30, 50, "levels", 1),
        ("\n".join(["- x"] * 51), 50, "values", 50),
    ],
    ids=["a bomb", "an alias where none may be", "to nowhere", "to what holds it", "depth", "many values"],
)
def test_one_guard_says_what_is_hostile_and_on_which_line(text: str, values: int, what: str, line: int) -> None:
    with pytest.raises(Hostile) as refused:
        refuse_hostile(text, levels=LEVELS, values=values)
    assert (refused.value.what, refused.value.line) == (what, line)


def test_no_module_parses_yaml_without_the_guard() -> None:
    """What is read by PyYAML directly was read through the guard before."""
    root = Path(profile_router.__file__).parent
    readers = {
        str(path.relative_to(root))
        for path in root.rglob("*.py")
        if re.search(r"yaml\.(?:load|safe_load|compose|parse|scan)\w*\(", path.read_text())
    }
    guarded = {
        "outside/yaml_guard.py",
        "outside/strict_yaml.py",
        "profiles/files.py",
        "publishing/clone.py",
        "verify/parsing.py",
    }
    places_in_what_was_read = {"install/yaml_text.py", "profiles/kept_configs.py"}  # by `profiles.files`, guarded
    assert readers == guarded | places_in_what_was_read
