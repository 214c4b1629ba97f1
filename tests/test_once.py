"""A sentence of ours stands once: who says it imports it. What a command is for is worded by one module."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping

import pytest
from tests.test_sentences import ROOT

# A command and what it does; `{…}` in it is a figure of the case.
_WAY_OUT = re.compile(r"`profile-router [a-z-]+[^`\n]*`(?: [^\"'.;,:()\n]+)?")
_FIGURE = re.compile(r"\{[^{}]*\}")
_SHORTEST = 25  # characters of a sentence: a shorter one is said by chance
_COMMAND = re.compile(r"PRAGMA |profile-router ")  # alone it is what to type, and no sentence
# The plugin runs in Hermes' python, the child in Hermes' process, and neither can import the rest.
_APART = ("hermes_plugin", "hermes_older", "runners/hermes/child", "bootstrap.py")
SOURCES = {
    str(path.relative_to(ROOT)): path.read_text(encoding="utf-8")
    for top in ("skill/profile_router", "graphs")
    for path in sorted((ROOT / top).rglob("*.py"))
    if not any(apart in str(path) for apart in _APART)
}


def twice(said: Mapping[str, Iterator[str]]) -> dict[str, list[str]]:
    """Return what several modules say, with their names; *said* has the texts of each module."""
    places: dict[str, set[str]] = {}
    for module, texts in said.items():
        for text in texts:
            places.setdefault(text, set()).add(module)
    return {text: sorted(where) for text, where in places.items() if len(where) > 1}


def ways_out(source: str) -> Iterator[str]:
    """Yield the commands that *source* tells people, each with what it says of them; one alone is no sentence."""
    for found in _WAY_OUT.findall(source):
        if not found.endswith("`"):
            yield _FIGURE.sub("X", found.strip())


def sentences(source: str) -> Iterator[str]:
    """Yield the literal texts of *source* that are sentences, and parts of one between its figures."""
    tree = ast.parse(source)
    docs = {id(one.value) for one in ast.walk(tree) if isinstance(one, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
            text = node.value.strip(" ;,.:()")
            if len(text) >= _SHORTEST and text.count(" ") > 1 and not _COMMAND.match(text):
                yield text


def test_what_a_command_is_for_is_worded_by_one_module() -> None:
    assert twice({module: ways_out(source) for module, source in SOURCES.items()}) == {}


@pytest.mark.nightly
def test_no_sentence_stands_in_two_modules() -> None:
    assert twice({module: sentences(source) for module, source in SOURCES.items()}) == {}


@pytest.mark.parametrize(
    ("one", "other", "found"),
    [
        ('f"`profile-router undo {a}` brings it back"', 'f"no; `profile-router undo {b[:8]}` brings it back; x"', 1),
        ('"`profile-router history` lists the runs"', '"`profile-router history` tells each"', 0),
        ('"try `profile-router doctor`"', '"see `profile-router doctor`"', 0),
    ],
)
def test_a_way_out_is_known_by_its_words_whatever_the_figures(one: str, other: str, found: int) -> None:
    assert len(twice({"one": ways_out(one), "other": ways_out(other)})) == found


@pytest.mark.parametrize(
    ("one", "other", "found"),
    [
        ('x = f"the time that {a} has left is over by now"', 'y = f"{b} has left is over by now, says"', 0),
        ('x = "the time of the run is used up"', 'y = f"{b}: the time of the run is used up; {c}"', 1),
        ('"""the time of the run is used up"""', 'y = "the time of the run is used up"', 0),
        ('x = "too-long-a-word-for-a-sentence"', 'y = "too-long-a-word-for-a-sentence"', 0),
    ],
)
def test_a_sentence_is_known_wherever_it_stands_in_a_text(one: str, other: str, found: int) -> None:
    assert len(twice({"one": sentences(one), "other": sentences(other)})) == found
