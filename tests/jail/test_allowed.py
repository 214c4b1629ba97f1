"""A command is a program and its words: nothing that only a shell would understand gets by."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from profile_router.jail.allowed import LONGEST_COMMAND, NotAllowed, command_words

ALLOW = ("git status", "git diff", "find", "sed -n", "python3", "npm run", "ls")
DENY = ("find -exec*", "sed -*i*", "git --output*", "python3 -c os")


def words(command: str, allow: tuple[str, ...] = ALLOW, deny: tuple[str, ...] = DENY) -> list[str]:
    return command_words(command, allow=allow, deny=deny)


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("git diff --stat src", ["git", "diff", "--stat", "src"]),
        ("ls 'a b' \"c d\" e\\ f", ["ls", "a b", "c d", "e f"]),
        ("python3 -c 'import os; print(1 | 2)'", ["python3", "-c", "import os; print(1 | 2)"]),
        ("python3 -c 'a\nb'", ["python3", "-c", "a\nb"]),
        ("find . -name '*.py'", ["find", ".", "-name", "*.py"]),
        ('ls "a;b|c" "cost: 5$" \\$HOME', ["ls", "a;b|c", "cost: 5$", "$HOME"]),
        ('ls "\\$HOME" "a\\`b" "\\$(c)"', ["ls", "$HOME", "a`b", "$(c)"]),
        ("ls " + "a" * (LONGEST_COMMAND - 3), ["ls", "a" * (LONGEST_COMMAND - 3)]),
        ("ls *.py ~ #x", ["ls", "*.py", "~", "#x"]),
    ],
)
def test_an_allowed_command_becomes_its_words(command: str, expected: list[str]) -> None:
    assert words(command) == expected


@pytest.mark.parametrize(
    "command",
    [
        "ls; ls", "ls && ls", "ls & ls", "ls | ls", "ls > f", "ls < f", "ls 2>&1", "ls `ls`", "ls $(ls)", "ls $HOME",
        'ls "$HOME"', 'ls "`ls`"', 'ls "${HOME}"', "(ls)", "ls\nls", "ls\rls", "ls 'a'; ls", "ls <(ls)",
    ],
)  # fmt: skip
def test_what_only_a_shell_understands_is_refused_and_said(command: str) -> None:
    with pytest.raises(NotAllowed, match=r"is the shell's\. There is no shell"):
        words(command)


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("rm -rf /", r"'rm' is not allowed so; allowed: git status\|diff, find, sed -n, python3, npm run, ls"),
        ("git push", "'git' is not allowed so"),
        ("git -c core.pager=x status", "'git' is not allowed so"),
        ("/usr/bin/find .", "not allowed so"),
        ("./find .", "not allowed so"),
        ("A=1 ls", "'A=1' is not allowed so"),
        ("", "the command is empty"),
        ("''", "the command is empty"),
        ("  ", "the command is empty"),
        ("ls 'a", "cannot be read: no closing quotation"),
        ("ls a\0b", "which no program can be given"),
        ("ls \udcff", "which no program can be given"),
        ("ls " + "a" * LONGEST_COMMAND, "8,003 characters, at most 8,000"),
        ("\x1b[31mls", r"'\\x1b\[31mls' is not allowed so"),
    ],
)
def test_what_is_not_allowed_is_refused_with_what_is(command: str, said: str) -> None:
    with pytest.raises(NotAllowed, match=said):
        words(command)


@pytest.mark.parametrize(
    ("command", "pattern"),
    [
        ("find . -exec ls {} +", "find -exec"),
        ("find . -name x -execdir ls", "find -exec"),
        ("find . '-exec' ls", "find -exec"),
        ('find . "-ex"ec ls', "find -exec"),
        ("sed -n -i p f", "sed -"),
        ("sed -n --in-place p f", "sed -"),
        ("git diff --output=x", "git --output"),
    ],
)
def test_deny_beats_allow_wherever_the_word_stands(command: str, pattern: str) -> None:
    with pytest.raises(NotAllowed, match=f"'{pattern}.*' is denied by the policy"):
        words(command)


def test_a_program_is_denied_however_its_path_is_written() -> None:
    with pytest.raises(NotAllowed, match="denied"):
        words("/usr/bin/find . -exec ls", allow=("*",))


def test_nothing_is_allowed_where_nothing_is_listed() -> None:
    with pytest.raises(NotAllowed, match="allowed: nothing"):
        words("ls", allow=())


def test_a_long_list_of_what_is_allowed_is_told_by_its_start() -> None:
    with pytest.raises(NotAllowed, match=r"allowed: program-0, program-1, .*, program-\d+, …\. There") as refused:
        words("ls", allow=tuple(f"program-{number}" for number in range(500)))
    assert len(str(refused.value)) < 800


@given(st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20), max_size=5))
def test_quoted_words_arrive_as_they_are(arguments: list[str]) -> None:
    assert words(shlex.join(["ls", *arguments])) == ["ls", *arguments]


@given(st.text(st.sampled_from("ls;|&<>()`$\\'\"\n {}a"), max_size=12))
def test_whatever_is_written_is_either_refused_or_a_program_that_is_listed(command: str) -> None:
    said = ""
    try:
        program = words(command)[0]
    except NotAllowed as refused:
        program, said = "ls", str(refused)
    assert program == "ls"
    assert said.isprintable()
