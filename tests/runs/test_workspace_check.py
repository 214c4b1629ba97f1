"""A yes covers all of the one command and folder that somebody was shown, and no other like it."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from tests.fakes import a_policy, a_task

from profile_router.cli.caller import shown_question
from profile_router.core.found_check import FoundCheck
from profile_router.core.telling.layout import wrapped
from profile_router.core.text import exactly
from profile_router.runs.own_check.workspace_check import check_for, question_before_check
from profile_router.workspace.folder import Workspace


def asked(*words: str, folder: str = "", root: str = "/w") -> str:
    found = FoundCheck(runner="command", words=words, whole=words, source="it is there", folder=folder)
    return question_before_check(found, Workspace(Path(root), git=False)).for_programs


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("sh", "-c", "a\nb"), ("sh", "-c", "a\\nb")),
        (("sh", "-c", "a\\\nb"), ("sh", "-c", "a\\\\nb")),
        (("sh", "-c", "a\u200bb"), ("sh", "-c", "a\\u200bb")),
        (("sh", "-c", "a\x85b"), ("sh", "-c", "a\\x85b")),
        (("a", "b"), ("a b",)),
        (("a` in /w? (", "b"), ("a` in /w?", "(", "b")),
        (("true", "'" * 190 + "a"), ("true", "'" * 190 + "b")),
    ],
)
def test_no_two_commands_are_one_question(one: tuple[str, ...], other: tuple[str, ...]) -> None:
    assert asked(*one) != asked(*other)
    for words in (one, other):
        assert f"`{exactly(shlex.join(words))}` in" in asked(*words)
        assert asked(*words).isprintable()


def test_no_two_folders_are_one_question_however_long_their_names_are() -> None:
    deep = f"/{'w' * 230}"
    assert asked("make", root=f"{deep}/a") != asked("make", root=f"{deep}/b")
    assert f"in {deep}/a? (" in asked("make", root=deep, folder="a")


def test_about_a_command_too_long_to_be_read_nobody_is_asked(tmp_path: Path) -> None:
    root, state = tmp_path / "ws", tmp_path / "state"
    root.mkdir()
    task = a_task("Fix it", proposed_check="true " + "'" * 300 + "; rm -rf build")
    found = check_for(task, a_policy(check="ask"), Workspace(root, git=False), {}, state)
    assert found is not None
    assert found.refused == "it has 1,527 characters as it is shown (at most 1,000)"


@pytest.mark.parametrize("proposed", [False, True])
def test_the_question_has_three_lines_on_a_narrow_screen(proposed: bool) -> None:
    words = ("python3", "-m", "pytest", "-q", "-p", "no:cacheprovider")
    source = "test_calc.py is written for pytest"
    found = FoundCheck(runner="command", words=words, whole=words, source=source, proposed=proposed)
    question = question_before_check(found, Workspace(Path("/home/anna/calc"), git=True))
    lines = wrapped(shown_question(str(question)), 60, indent=2)
    assert len(lines) <= 3, lines
    assert "no network, no keys)" in " ".join(lines), "the digest is for programs"
