"""A toolset that there is none of is told from those that a Hermes may have."""

from __future__ import annotations

import pytest

from profile_router.core.toolsets import unknown_toolset


@pytest.mark.parametrize("name", ["file", "terminal", "web", "code_execution", "hermes-cli", "mcp-github", "all", "*"])
def test_what_a_hermes_may_have_is_known(name: str) -> None:
    assert unknown_toolset(["file", name]) == ""


@pytest.mark.parametrize(
    ("name", "meant"), [("nope", ""), ("terminals", "terminal"), ("File", "file"), ("code-execution", "code_execution")]
)
def test_another_name_is_told_with_those_that_there_are(name: str, meant: str) -> None:
    said = unknown_toolset(["file", name])
    assert said.startswith(f"names no toolset: '{name}' (allowed: file, terminal, web, ")
    assert said.endswith(f"; did you mean '{meant}'?" if meant else "an MCP server)")
