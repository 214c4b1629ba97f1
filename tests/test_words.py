"""A word means one thing. `kept` is what is stored: a name with it stands where something is stored.

Some words meant so many things that no name of the code has one of them alone.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.test_house import GRAPHS, MODULES, ROOT

TESTS = Path(__file__).parent
# Each stores something that a later call finds, or is handed what does. `path` is below the product or `tests`.
STORES = {
    "api/event_values.py": {"KeptEvent"},
    "evaluation/kept.py": {"KeptAnswers"},
    "policies/file.py": {"kept_in"},
    "profiles/files.py": {"kept_in"},
    "profiles/home.py": {"kept_in"},
    "profiles/kept_configs.py": {"_MOST_KEPT"},
    "reporting/replayed.py": {"kept_replay"},
    "servers/speeds.py": {"_MOST_KEPT"},
    "state/kept_files.py": {"MOST_KEPT_FILES", "MOST_KEPT_BYTES", "kept_file", "forget_kept"},
    "verify/checking/first_check.py": {"kept_checks", "_may_be_kept"},
    "verify/checking/kept_checks.py": {"KeptChecks"},
    "verify/verifier.py": {"kept_checks"},
    "verify/test_check_before.py": {"kept_checks"},
}
# A line that may bind such a name. Prose has the word too, and most files need no parser for it.
MAY_BIND = re.compile(
    r"Kept|KEPT|_kept\b|\bkept_|\bkept\b[^.\"]* :?= |\bkept: [\w\[|. ]+(?:[,)=]|$)|\bfor [\w, ()]*\bkept\b|\bas kept\b"
)


GONE = frozenset({"own", "live", "staying", "apart", "placing", "leash", "warm", "misuse", "attach", "pass_on"})
A_GONE = re.compile(rf"\b_*(?:{'|'.join(sorted(GONE))})_*\b", re.IGNORECASE)
# Prose: it has these words too, and code without it that has none needs no parser.
PROSE = re.compile(r'"""[\s\S]*?"""|#.*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'')


def bound(text: str) -> Iterator[str]:
    """Yield the names that the code *text* binds anywhere, but those of tests, which are sentences."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield "" if node.name.startswith("test_") else node.name
        elif isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.id if isinstance(node, ast.Name) else node.attr
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.alias):
            yield node.asname or ""
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar):
            yield node.name or ""
        elif isinstance(node, ast.MatchMapping):
            yield node.rest or ""


def kept_names() -> dict[str, set[str]]:
    """Return the names with `kept` that modules bind, by the path below their package."""
    found: dict[str, set[str]] = {}
    for path in (*MODULES, *TESTS.rglob("*.py")):
        text = path.read_text()
        lines = (line for line in text.splitlines() if "kept" in line.lower())
        if path != Path(__file__) and any(MAY_BIND.search(line) for line in lines if "def test_" not in line):
            top = next(one for one in (ROOT, GRAPHS, TESTS) if path.is_relative_to(one))
            if names := {name for name in bound(text) if "kept" in name.lower()}:
                found[str(path.relative_to(top))] = names
    return found


def test_a_name_with_kept_stands_where_something_is_stored() -> None:
    assert kept_names() == STORES


def test_a_module_with_kept_in_its_name_stores_something() -> None:
    named = {str(path.relative_to(ROOT)) for path in MODULES if "kept" in path.stem}
    assert named <= {path for path in STORES if (ROOT / path).is_file()}


def gone_names(text: str) -> set[str]:
    """Return the names that the module *text* binds and that are one of the words alone."""
    if not A_GONE.search(PROSE.sub("", text)):
        return set()
    return {name for name in bound(text) if name.strip("_").lower() in GONE}


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("own: object", "own"),
        ("OWN = 1", "OWN"),
        ("class Own:", "Own"),
        ("class _Warm(Exception): ...", "_Warm"),
        ("with open('x') as live: ...", "live"),
        ("with open('x') as (apart, other): ...", "apart"),
        ("with open('x') as (other, apart): ...", "apart"),
        ("import os as warm", "warm"),
        ("try: ...\nexcept OSError as misuse: ...", "misuse"),
        ("match 1:\n    case int() as own: ...", "own"),
        ("match 1:\n    case own: ...", "own"),
        ("match 1:\n    case [1, *own]: ...", "own"),
        ("match 1:\n    case {1: 2, **own}: ...", "own"),
        ("def f(other, own): ...", "own"),
        ("def f(*own): ...", "own"),
        ("lambda own: 1", "own"),
        ("lambda own, other: 1", "own"),
        ("lambda other, own: 1", "own"),
        ("for other, own in (): ...", "own"),
        ("for own, other in (): ...", "own"),
        ("own += 1", "own"),
        ("a = own = 1", "own"),
        ("own=1", "own"),
        ("a = '#'; own = 1", "own"),
        ("a = 'it\\'s'; own = 1", "own"),
    ],
)
def test_each_way_to_bind_a_word_is_seen(line: str, name: str) -> None:
    assert gone_names(f"{line}{' ...' if line.endswith(':') else ''}\n") == {name}


def test_no_name_of_the_product_is_a_word_alone_that_meant_several_things() -> None:
    assert {(path.name, name) for path in MODULES for name in gone_names(path.read_text())} == set()
