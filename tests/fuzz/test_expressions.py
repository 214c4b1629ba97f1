"""By its construction, no expression that reads a task, file or answer can be read in exponentially many ways."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.fuzz.ambiguity import is_ambiguous

import profile_router

PACKAGE = Path(profile_router.__file__).parent
MODULES = sorted(
    ".".join(("profile_router", *path.relative_to(PACKAGE).with_suffix("").parts))
    for folder in (".",)
    for path in (PACKAGE / folder).rglob("*.py")
    # what runs inside of Hermes, in the jail or as the demo's script is imported there
    if re.search(r"re\.compile\(|\bexpression\(", path.read_text(encoding="utf-8"))
)


def expressions(value: Any) -> Iterator[re.Pattern[Any]]:
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from expressions(one)
    elif isinstance(value, tuple | list):
        for one in value:
            yield from expressions(one)


@pytest.mark.parametrize("module", MODULES)
def test_no_expression_can_be_read_in_exponentially_many_ways(module: str) -> None:
    found = [pattern for value in vars(importlib.import_module(module)).values() for pattern in expressions(value)]
    texts = {
        (p.pattern if isinstance(p.pattern, str) else p.pattern.decode("latin-1"), p.flags & ~re.UNICODE) for p in found
    }
    assert [text for text, flags in sorted(texts) if is_ambiguous(text, flags)] == []


@pytest.mark.parametrize(
    "bad",
    [
        "(a+)+b",
        "(a*)*b",
        "(?:a|a)*b",
        "(?:a|ab|b)*c",
        r"(?:\w+\s?)*x",
        r"(?:\s*,?\s*)*x",
        "(a{1,30}){1,30}b",
        "(?:.*x)*y",
    ],
)
def test_an_expression_that_explodes_would_be_told(bad: str) -> None:
    assert is_ambiguous(bad)


@pytest.mark.parametrize(
    "good",
    [
        "a+b+",
        "(?:a+b)*c",
        "(?:[^a]++)*b",
        "(?>a+)+b",
        "(?:[a-z]+,)*[a-z]+",
        r"(?:\\.|[^\\])*x",
        "a*a*a*b",
        "(?:ab|cd)*",
        "(?:x[ab]{0,300})*",
    ],
)
def test_one_that_does_not_is_let_pass(good: str) -> None:
    assert not is_ambiguous(good)
