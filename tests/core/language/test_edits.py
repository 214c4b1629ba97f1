"""A text asks for a change of a file, or only to look at it: its clauses tell."""

from __future__ import annotations

import pytest

from profile_router.core.language.edits import asks_for_an_edit, orders_an_edit, shaped_as_file


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


EDITS = (
    "Make the exit code configurable",
    "Use pathlib for the paths",
    "Support Python 3.13",
    "Handle empty input",
    "Clean up the imports",
    "Speed up the parser",
    "Get rid of the global state",
    "Cache results",
    "Log rejected requests",
    "Batch writes",
    "Throttle calls",
    "Silence the warning",
    "Can you make the timeout configurable?",
    "Why is it slow? Speed up the loop.",
    "Ändere VALUE auf 7",
    "Bitte benenne die Funktion um",
    "Corrige le bug",
    "Ajoute une docstring",
    "Corrige el error",
    "Añade una prueba",
    "Исправь ошибку",
    "修复这个错误",
)
READINGS = (
    "Show me how it works",
    "Count the functions",
    "Make a list of the functions",
    "Make sure that it has a header",
    "Tell me what is slow",
    "Get me the names of the classes",
    "How would you speed up the parser?",
    "Can this handle empty input?",
    "Would a cache make it faster?",
    "Use it as it is to answer me",
    "Handle it only if needed",
    "The exit code is configurable",
    "Cache of the results",
    "Cache is slow",
    "Should we cache results?",
    "Log and metrics",
    "Seems the loop is slow",
    "Overview of the module",
    "Erkläre, wie man VALUE ändert",
    "Wie ändere ich VALUE?",
    "Fasse die Datei zusammen",
    "Explique le bug",
    "Comment corriger le bug ?",
    "¿Cómo corrijo el error?",
    "Resume el archivo",
    "Объясни ошибку",
    "如何修复这个错误",
    "总结这个文件",
)


@pytest.mark.parametrize("goal", EDITS)
def test_an_act_that_does_not_read_changes_the_file_that_the_task_names(goal: str) -> None:
    assert asks_for_an_edit(goal, ("a.py",))


@pytest.mark.parametrize("goal", EDITS[:12])
def test_it_does_where_the_text_names_the_file(goal: str) -> None:
    assert asks_for_an_edit(f"{goal} in a.py")


@pytest.mark.parametrize("goal", READINGS)
def test_a_question_about_a_named_file_is_not_an_edit(goal: str) -> None:
    assert not asks_for_an_edit(goal, ("a.py",))


ORDERS = (
    "Fix total(): it ignores the quantity",
    "Make total() count the quantity",
    "Make the exit code configurable",
    "Fix the typo",
    "Fix it",
    "Please fix the rounding in total()",
    "Can you fix the rounding, please",
    "Add a test for total()",
    "Write a test for total()",
    "Add a --quiet option",
    "Implement the export command",
    "Rename count to quantities",
    "Remove the old login page",
    "Replace the loop by a comprehension",
    "Refactor the cart so that totals are cached",
    "Let's allow two flags together",
    "Set the default timeout to 30 seconds",
    "Handle an empty cart",
    "Add type hints to the cart and run the tests",
    "The cart ignores the quantity. Fix total().",
    "Update the docs",
    "Support nested carts",
    "Upgrade the config loader to TOML",
    "Korrigiere die Summe im Warenkorb",
    "Füge eine Option --quiet hinzu",
    "Corrige el total del carrito",
    "Ajoute une option --quiet",
    "Исправь сумму корзины",
    "修复购物车的总价",
    "Behebe den Rundungsfehler",
    "Fix main(): it swallows the exit code",
    "Make main() return 2 on bad input",
)
NO_ORDERS = (
    "What does total() do?",
    "Fix total()? Or is it right as it is?",
    "How can I fix total()?",
    "Explain why total() ignores the quantity",
    "Run the tests",
    "Run the tests and fix what fails",
    "Review the cart and fix any issues",
    "Plan the refactoring of the cart",
    "List all functions",
    "Fix the lint warnings",
    "Remove unused imports",
    "Add 2 and 3",
    "Add 15% to 200",
    "Delete the branch feature-x",
    "Revert the last commit",
    "Fix the grammar of this sentence: they was here",
    "Correct the following text",
    "Translate hello into French",
    "Convert 5 miles to km",
    "Sort these numbers: 3 1 2",
    "Shorten this paragraph",
    "Make a plan",
    "Make a joke",
    "Make it shorter",
    "Make sure the tests pass",
    "Write a haiku",
    "Write a function that reverses a string",
    "Write a summary of the design",
    "Update me on the state",
    "Update the ticket",
    "Add a comment to the pull request",
    "Remove the docker containers",
    "Comment on the design",
    "Do not change anything: fix total() only in your mind",
    "Fix total() if it is wrong",
    "Verify that total() is right",
    "Commit the changes",
    "Install the package",
    "Describe the bug",
    "Document how the cart works",
    "Introduce yourself",
    "Rewrite it",
    "Improve it",
    "Korrigiere diesen Satz",
    "Erkläre den Fehler",
    "Warum ignoriert total die Menge?",
    "Explica el error",
    "Corrige cette phrase",
    "Почему сумма неверна?",
    "为什么总价不对？",
    "Übersetze das ins Englische",
    "The build fails on my machine",
    "Test the cart",
    "Thanks",
    "Change of plan",
    "Add up the prices",
    "Update on the cart",
    "",
)


@pytest.mark.parametrize("goal", ORDERS)
def test_a_plain_order_of_an_edit_needs_no_file(goal: str) -> None:
    assert orders_an_edit(goal)


@pytest.mark.parametrize("goal", NO_ORDERS)
def test_an_act_that_words_or_a_command_may_fulfil_does_not_count(goal: str) -> None:
    assert not orders_an_edit(goal)


def test_an_act_that_names_no_file_changes_none_for_certain() -> None:
    assert not asks_for_an_edit("Make it faster")


@pytest.mark.parametrize(
    ("word", "shaped"),
    [("a.py", True), ("src/new.thing", True), ("README.md", True), ("os.path", False), ("e.g", False), ("src/", False)],
)
def test_a_word_has_the_shape_of_a_file_or_not(word: str, shaped: bool) -> None:
    assert shaped_as_file(word) is shaped
