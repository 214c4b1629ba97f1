"""A file that is loaded by its path is `Any` to the type checker. These tests hold the names that are taken of it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1] / "skill" / "profile_router"
# Who takes, the name that the loaded file has there, and that file.
TAKEN = [
    ("runners/hermes/child/turn.py", "internals", "runners/hermes/child/internals.py"),
    ("runners/hermes/child/meter.py", "internals", "runners/hermes/child/internals.py"),
    ("runners/hermes/child/main.py", "internals", "runners/hermes/child/internals.py"),
    ("runners/hermes/child/meter.py", "_read", "runners/hermes/child/reading.py"),
    ("runners/hermes/child/main.py", "family", "jail/family.py"),
    ("runners/hermes/child/main.py", "chat", "runners/hermes/child/chat.py"),
    ("runners/hermes/child/chat.py", "loopback", "runners/hermes/child/loopback.py"),
    ("jail/child.py", "kernel", "jail/kernel.py"),
    ("jail/child.py", "locks", "jail/locks.py"),
    ("jail/guard.py", "family", "jail/family.py"),
    ("jail/locks.py", "kernel", "jail/kernel.py"),
    ("hermes_plugin/dashboard/plugin_api.py", "settings", "hermes_plugin/settings.py"),
]


@pytest.mark.parametrize(("who", "name", "of"), TAKEN)
def test_what_a_file_takes_of_one_beside_it_is_there(who: str, name: str, of: str) -> None:
    taken = {
        node.attr
        for node in ast.walk(ast.parse((ROOT / who).read_text()))
        if isinstance(node, ast.Attribute) and name in (getattr(node.value, "id", ""), getattr(node.value, "attr", ""))
    }
    assert taken
    assert taken - _defined(ast.parse((ROOT / of).read_text())) == set()


def _defined(tree: ast.Module) -> set[str]:
    """Return the names that stand at the level of the module *tree*."""
    found: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        else:
            found |= {
                part.id for part in ast.walk(node) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)
            }
    return found
