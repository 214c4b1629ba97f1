"""The check that a model wants: its words, whose rules read its output, and what is not a command line."""

from __future__ import annotations

import pytest

from profile_router.checks.proposed import proposed_check


@pytest.mark.parametrize(
    ("command", "words", "runner"),
    [
        ("pytest -q tests/test_a.py", ("pytest", "-q", "tests/test_a.py"), "pytest"),
        (".venv/bin/python -m pytest -q", (".venv/bin/python", "-m", "pytest", "-q"), "pytest"),
        ("python3.12 -m unittest", ("python3.12", "-m", "unittest"), "unittest"),
        ("./mvnw -o test", ("./mvnw", "-o", "test"), "maven"),
        ("python3 'my checks.py'", ("python3", "my checks.py"), "command"),
        ("cd web && npm test", ("sh", "-c", "cd web && npm test"), "command"),
        ("CI=1 make", ("sh", "-c", "CI=1 make"), "command"),
        ("grep -q fixed *.py", ("sh", "-c", "grep -q fixed *.py"), "command"),
    ],
)
def test_a_command_is_run_by_its_words_and_what_only_a_shell_reads_by_a_shell(
    command: str, words: tuple[str, ...], runner: str
) -> None:
    found = proposed_check(command, "web")
    assert (found.words, found.whole, found.runner, found.folder) == (words, words, runner, "web")
    assert (found.refused, found.proposed) == ("", True)


@pytest.mark.parametrize(
    ("command", "why"),
    [
        ("", " is not a command line"),
        ("   ", "is not a command line"),
        ("pytest 'a", "is not a command line"),
        ("a\0b", "is not a command line"),
        (f"echo {'a' * 1_000}", "it has 1,005 characters as it is shown (at most 1,000)"),
        ("true " + "'" * 300 + "; rm -rf build", "it has 1,527 characters as it is shown (at most 1,000)"),
        ("echo '" + "\\n" * 400 + "'", "as it is shown (at most 1,000)"),
        ("echo '" + "\n" * 600 + "'", "as it is shown (at most 1,000)"),
    ],
)
def test_what_nobody_could_agree_to_is_refused_with_what_is_wrong(command: str, why: str) -> None:
    assert why in proposed_check(command, "").refused
