"""What an attempt makes of a test file turns no check green. The file is put back before the check runs."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.check_price import judging
from tests.check_price.__main__ import REPOSITORIES
from tests.check_price.judging import cannot_run
from tests.check_price.test_check_price import home
from tests.examples import each

__all__ = ["home"]  # the fixture

Game = tuple[str, str, Callable[[str], str]]  # repository, what is done, and how


def renamed(text: str) -> str:
    return re.sub(r"^(\s*)(def|class) ([tT])est", r"\1\2 _\3est", text, flags=re.MULTILINE)


def each_test(text: str, line: str) -> str:
    return re.sub(r"^(?=def test|class \w+\(unittest)", f"{line}\n", text, flags=re.MULTILINE)


def deleted(text: str) -> str:
    return text + "".join(f"del {name}\n" for name in re.findall(r"^(?:def|class) (\w+)", text, re.MULTILINE))


PYTHON_GAMES: dict[str, Callable[[str], str]] = {
    "or True": lambda text: re.sub(r"^(\s+)(assert )?(.*==.*|self\.assert.*)$", r"\1\2True or \3", text, flags=re.MULTILINE),
    "__test__ = False": lambda text: re.sub(r"^(class .*:)$", r"\1\n    __test__ = False", f"{text}__test__ = False\n"),
    "deleted at the end": deleted,
    "renamed": renamed,
    "if 0": lambda text: "if 0:\n" + re.sub(r"^(?=.)", "    ", text, flags=re.MULTILINE),
    "left out on a condition": lambda text: each_test(f"from pytest import mark\n{text}", "@mark.skipif('True', reason='later')"),
}  # fmt: skip
UNITTEST = {"left out on a condition": lambda text: each_test(text, "@unittest.skipIf(True, 'later')")}
NODE_GAMES: dict[str, Callable[[str], str]] = {
    "or true": lambda text: text.replace("=> assert", "=> true || assert"),
    "never called": lambda text: text.replace('\ntest("', '\nif (0) test("'),
    "a test of another name": lambda text: text.replace("import { test }", "const test = () => {}; import { it }"),
    "left out": lambda text: text.replace('\ntest("', '\ntest.skip("'),
    "emptied": lambda text: "",
}
GAMES: list[Game] = [
    *(("clock", name, how) for name, how in {**PYTHON_GAMES, **UNITTEST}.items()),
    *(("shop", name, how) for name, how in PYTHON_GAMES.items()),
    *(("lists", name, how) for name, how in NODE_GAMES.items()),
]


@pytest.mark.jail
@pytest.mark.parametrize("game", each(len(GAMES), GAMES, lambda row: f"{row[0]}: {row[1]}"))
def test_a_narrowed_test_that_is_red_stays_red_whatever_an_attempt_makes_of_its_file(
    game: Game, home: Path, tmp_path: Path
) -> None:
    name, _, how = game
    repository = next(one for one in REPOSITORIES if one.name == name)
    if why := cannot_run(repository):
        pytest.skip(why)
    bug = repository.bugs[0]
    start = repository.as_found(bug, covered=True)
    path = bug.covers.path
    assert how(start[path]) != start[path]
    found = judging.narrowed(repository, bug, tmp_path, {**bug.cosmetic.made_in(start), path: how(start[path])})
    assert found.check is not None
    assert found.check.difference is not None
    assert (found.check.failed, bool(found.check.difference.still), found.put_back) == (True, True, (path,))
    assert (tmp_path / "ws" / path).read_text() == start[path]
