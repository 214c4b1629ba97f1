"""The house: a room says what it holds and stays small, and no class name stands twice."""

from __future__ import annotations

import ast
import importlib
import pkgutil
from collections import Counter
from pathlib import Path

import pytest

import profile_router
import profile_router_graphs

ROOT = Path(profile_router.__file__).parent
GRAPHS = Path(profile_router_graphs.__file__).parent
MODULES = sorted([*ROOT.rglob("*.py"), *GRAPHS.rglob("*.py")])
ROOMS = sorted({path.parent for path in MODULES})
MOST_MODULES = 20
NO_BOUND = {ROOT / "cli" / "commands"}  # one file for each command
FAR_HOUSE = ROOT / "runners" / "hermes" / "child"  # runs in Hermes' own python, whose modules it imports


def test_no_class_name_stands_twice() -> None:
    names = Counter(
        node.name
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ClassDef)
    )
    assert [name for name, count in names.items() if count > 1] == []


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.name)
def test_a_room_says_what_it_holds(room: Path) -> None:
    said = ast.get_docstring(ast.parse((room / "__init__.py").read_text())) or ""
    assert said.partition("\n")[0].endswith((".", ":"))
    assert "TODO" not in said


@pytest.mark.parametrize("room", [room for room in ROOMS if room not in NO_BOUND], ids=lambda room: room.name)
def test_a_room_has_at_most_twenty_modules(room: Path) -> None:
    assert len([path for path in room.glob("*.py") if path.name != "__init__.py"]) <= MOST_MODULES


def names_of_modules() -> list[str]:
    """Return the names of all modules of ours that this Python can import."""
    found = [
        module.name
        for package in (profile_router, profile_router_graphs)
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    ]
    return [name for name in found if not name.endswith("__main__") and FAR_HOUSE.name not in name.split(".")]


@pytest.mark.parametrize("name", names_of_modules())
def test_each_module_can_be_imported(name: str) -> None:
    importlib.import_module(name)
