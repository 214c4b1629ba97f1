"""The child in Hermes' python loads its neighbours by their path. No type checker sees the names it takes there."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import profile_router.hermes_plugin.settings
import profile_router.runners.hermes.child_process as beside

CHILD = Path(beside.__file__).parent / "child"
NEIGHBOURS = {"internals": "internals", "_read": "reading", "chat": "chat", "family": "family"}


def defined(path: Path) -> set[str]:
    """Return the names that the module at *path* binds at its top."""
    found: set[str] = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        found |= {one.id for one in ast.walk(node) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)}
    return found


@pytest.mark.parametrize("called", NEIGHBOURS)
def test_each_name_that_a_module_of_the_child_takes_of_a_neighbour_is_there(called: str) -> None:
    taken = {
        node.attr
        for path in CHILD.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) in {called, f"self.{called}"}
    }
    assert taken
    assert sorted(taken - defined(CHILD / f"{NEIGHBOURS[called]}.py")) == []


def test_the_dashboard_takes_of_the_settings_what_is_there() -> None:
    folder = Path(str(profile_router.hermes_plugin.settings.__file__)).parent
    page = (folder / "dashboard" / "plugin_api.py").read_text(encoding="utf-8")
    taken = {
        node.attr
        for node in ast.walk(ast.parse(page))
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "settings"
    }
    assert taken
    assert sorted(taken - defined(folder / "settings.py")) == []
