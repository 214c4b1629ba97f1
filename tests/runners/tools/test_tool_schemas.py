"""Every request pays for the schemas, and conversations share them: small, and the same on every build."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from langchain_core.utils.function_calling import convert_to_openai_tool

from profile_router.prompting.tokens import load_encoding
from profile_router.runners.tools.fence import Fence
from profile_router.runners.tools.tools import build_tools

BUDGET = 560  # o200k tokens; the system prompt has the rest of 900
PARAMETERS = {
    "list_files": {"path": "string, default '.'"},
    "search": {"pattern": "string", "glob": "string, default '**/*'"},
    "read_file": {"path": "string", "start": "integer, default 1", "lines": "integer, default 200"},
    "write_file": {"path": "string", "content": "string"},
    "edit_file": {"path": "string", "old": "string", "new": "string", "all": "boolean, default False"},
    "ask_for_profile": {"profile": "string", "reason": "string"},
}


def schemas(root: Path, *, result_chars: int = 6_000, profiles: tuple[str, ...] = ("coding-burst",)) -> list[Any]:
    fence = Fence(root, allow_private=result_chars > 1_000)
    tools = build_tools(fence, result_chars=result_chars, profiles=profiles, toolsets=frozenset({"file"}))
    return [convert_to_openai_tool(tool) for tool in tools]


def spelled(field: dict[str, Any]) -> str:
    kind: str = field["type"]
    return kind + (f", default {field['default']!r}" if "default" in field else "")


def test_names_parameters_and_defaults_are_the_agreed_ones(tmp_path: Path) -> None:
    found = {
        tool["function"]["name"]: {
            name: spelled(field) for name, field in tool["function"]["parameters"]["properties"].items()
        }
        for tool in schemas(tmp_path)
    }
    assert found == PARAMETERS
    assert list(found) == list(PARAMETERS)


def test_what_has_no_default_is_required(tmp_path: Path) -> None:
    for tool in schemas(tmp_path):
        fields = PARAMETERS[tool["function"]["name"]]
        required = [name for name, field in fields.items() if "default" not in field]
        assert tool["function"]["parameters"].get("required", []) == required


def test_all_six_cost_at_most_560_tokens(tmp_path: Path) -> None:
    assert len(load_encoding().encode_ordinary(json.dumps(schemas(tmp_path)))) <= BUDGET


@pytest.mark.parametrize("other", [{"result_chars": 200}, {"profiles": ()}, {"profiles": ("a", "b")}, {}])
def test_they_are_the_same_bytes_whatever_the_run(tmp_path: Path, other: dict[str, Any]) -> None:
    (tmp_path / "elsewhere").mkdir()
    assert json.dumps(schemas(tmp_path)) == json.dumps(schemas(tmp_path / "elsewhere", **other))
