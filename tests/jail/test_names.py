"""The jail's child loads its neighbours by their path, so no type checker sees which names it takes of them."""

from __future__ import annotations

import ast
from pathlib import Path
from types import ModuleType

import pytest

from profile_router.jail import child, kernel, locks


@pytest.mark.parametrize("module", [kernel, locks], ids=lambda module: module.__name__.rpartition(".")[2])
def test_each_name_that_the_child_takes_of_a_neighbour_is_there(module: ModuleType) -> None:
    called = module.__name__.rpartition(".")[2]
    taken = {
        node.attr
        for node in ast.walk(ast.parse(Path(str(child.__file__)).read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == called
    }
    assert taken
    assert [name for name in sorted(taken) if not hasattr(module, name)] == []
