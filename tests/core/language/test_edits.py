"""A text asks for a change of a file, or only to look at it: told apart by what its clauses ask for."""

from __future__ import annotations

import pytest

from profile_router.core.language.edits import asks_for_an_edit, shaped_as_file


@pytest.mark.parametrize(
    "goal",
    [
        "Rename x to y in a.py",
        "Please rename x to y in a.py",
        "Can you fix add in calc.py?",
        "Fix calc.py",
        "fix the spelling mistake in README.md",
        "Find and fix the bug in calc.py",
        "Why does add in calc.py fail? Fix it.",
        "Replace `a - b` by `a + b` in calc.py",
        "Write unit tests for calc.py",
        "Create hello.py with a main function",
        "Write a summary of calc.py into NOTES.md",
        "Set DEBUG to false in settings.py",
        "Carefully rename x to y in a.py",
        "Look at calc.py. Rename add to plus.",
        "In calc.py, rename add to plus.",
        "docs: fix typos in README.md",
        "The docstring in calc.py is wrong. Please correct it.",
        "Update the version in pyproject.toml to 1.2.3, then tell me what you did",
        "Refactor calc.py to use dataclasses without changing its behaviour",
        "Change calc.py, but do not touch the tests",
        "I want you to rename x in a.py",
        "Do not change the public API. Rename x to y in a.py",
        "Fix the crash in a.py when the list is empty",
        "Fix all typos in README.md",
        "Turn the function in calc.py into a class",
        "Add a list of contributors to README.md",
    ],
)
def test_a_change_is_asked_for(goal: str) -> None:
    assert asks_for_an_edit(goal)


@pytest.mark.parametrize(
    "goal",
    [
        "Explain how to rename x in a.py",
        "How do I rename x in a.py?",
        "Review calc.py",
        "Review calc.py and fix any issues",
        "Fix whatever you find in calc.py",
        "Fix the bug in calc.py if there is one",
        "Check whether calc.py needs a docstring and add one if missing",
        "What would you change in calc.py?",
        "Should we rename x in a.py?",
        "Is add in calc.py right?",
        "Summarize README.md",
        "Write a summary of calc.py",
        "Write me an explanation of calc.py",
        "Write a haiku about a.py",
        "Draft a plan to refactor calc.py",
        "Generate a report about calc.py",
        "List the functions in calc.py",
        "Tell me how to add a module to a.py",
        "Suggest a fix for calc.py",
        "Make sure calc.py has a license header",
        "Run the tests in tests/test_a.py",
        "Lint a.py",
        "Find the bug in calc.py",
        "Explain calc.py. Do not change anything.",
        "Don't edit calc.py, just explain what it does",
        "Propose a change to calc.py, do not edit files",
        "Rename is broken in a.py, why?",
        "Look at README.md",
        "",
    ],
)
def test_no_change_is_asked_for(goal: str) -> None:
    assert not asks_for_an_edit(goal)


@pytest.mark.parametrize(
    ("word", "shaped"),
    [("a.py", True), ("src/new.thing", True), ("README.md", True), ("os.path", False), ("e.g", False), ("src/", False)],
)
def test_a_word_has_the_shape_of_a_file_or_not(word: str, shaped: bool) -> None:
    assert shaped_as_file(word) is shaped
