"""SECURITY.md is held to its word: every promise names tests, and the tests are there."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (\d+) \| (.+?) \| (.*?) \|$", TEXT, re.MULTILINE)
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


@cache
def names_in(file: str) -> frozenset[str]:
    """Return the names of the tests in *file*, those in classes too."""
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(
        node.name for node in ast.walk(tree) if isinstance(node, functions) and node.name.startswith("test_")
    )


def test_the_promises_are_numbered_and_every_line_of_the_table_is_one() -> None:
    assert [int(number) for number, _, _ in ROWS] == list(range(1, len(ROWS) + 1))
    assert len(ROWS) == len([line for line in TEXT.splitlines() if line.startswith("|")]) - 2


@pytest.mark.parametrize(("number", "promise", "tests"), ROWS)
def test_every_promise_names_tests_that_exist(number: str, promise: str, tests: str) -> None:
    named = NAMED.findall(tests)
    assert named, f"promise {number} names no test: {promise}"
    assert NAMED.sub("", tests).strip() == "", "the last column holds tests and nothing else"
    missing = [f"{file}::{name}" for file, name in named if not (ROOT / file).is_file() or name not in names_in(file)]
    assert missing == []


def test_it_is_short_and_invents_no_address_for_reports() -> None:
    assert len(TEXT.splitlines()) <= 120
    assert not re.search(r"[\w.-]+@[\w-]+\.\w+", TEXT)
