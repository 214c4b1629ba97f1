"""README's section about Hermes: twelve lines, and each command in it is run by a test."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping

import pytest
from tests.hermes_plugin.parent import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
SECTION = README.partition("## Use it in Hermes\n")[2].partition("\n## ")[0]
COMMANDS = set(re.findall(r"`((?:hermes |profile-router |/)[^`]+)`", SECTION))
BY_HERMES = "hermes plugins install OWNER/REPO/skill/profile_router/hermes_plugin --enable"
AS_WRITTEN = "tests/cli/test_readme_commands.py::test_a_command_of_the_readme_works_as_written"
RUN_BY: Mapping[str, str] = {
    **dict.fromkeys(
        (
            "profile-router install",
            "profile-router install --observe",
            "profile-router uninstall",
            "profile-router install --migrate",
        ),
        AS_WRITTEN,
    ),
    **dict.fromkeys(("profile-router observe", "profile-router doctor"), AS_WRITTEN),
    BY_HERMES: "tests/hermes_plugin/test_catalog.py::test_hermes_installs_it_with_the_guard_on_and_loads_it",
    "hermes profile-router setup --from CLONE": "tests/install/test_setup.py::test_hermes_brings_the_plugin_alone_and_setup_does_the_rest",
    'hermes profile-router route "TASK" --as NAME': "tests/hermes_plugin/test_surfaces.py::test_the_command_line_of_hermes_names_a_profile_with_as_and_says_when_hermes_took_it",
    "/profile-router": "tests/hermes_plugin/test_provider_chat.py::",
    "/stop": "tests/hermes_plugin/test_gateway.py::",
}


def test_it_has_twelve_lines() -> None:
    assert len([line for line in SECTION.splitlines() if line.strip()]) == 12


def test_each_command_of_it_is_run_by_a_test() -> None:
    assert RUN_BY.keys() == COMMANDS


@pytest.mark.parametrize("command", RUN_BY)
def test_the_test_that_runs_it_is_there(command: str) -> None:
    file, _, name = RUN_BY[command].partition("::")
    text = (ROOT / file).read_text(encoding="utf-8")
    names = {node.name for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)}
    assert name in names or (not name and command in text), command
