"""A check that cannot run: what its output says is not there, and whether the task is to make that. Pure.

One table tells what each runner prints of it, and at which end. A line counts only where it names a word of the command
itself. It must also be the last line, or have the runner's own form at the end that goes with it. So a test's output
that holds the same words does not count.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from typing import Literal

from profile_router.core.language.path_words import path_words
from profile_router.core.language.test_files import is_test
from profile_router.core.task import Task
from profile_router.core.trust.tests_meant import means_tests, named_files
from profile_router.values import frozen

CANNOT_RUN = (126, 127)  # what a shell says of a program that it cannot run, or does not find
_SHELLS = frozenset({"sh", "bash", "dash", "zsh", "ksh", "source", "."})
_Kind = Literal["file", "name", "test"]


@frozen
class Lacking:
    """The *word* of a check that is not there: a file, a name that a file gives (*made_in*), or tests."""

    word: str
    kind: _Kind
    made_in: str = ""


@frozen
class _Row:
    says: re.Pattern[str]
    kind: _Kind
    made_in: str = ""
    ends: tuple[int, ...] = ()  # with one of these it may stand anywhere; else it is the last line


def _row(says: str, kind: _Kind = "file", made_in: str = "", ends: tuple[int, ...] = ()) -> _Row:
    return _Row(says=re.compile(says, re.MULTILINE), kind=kind, made_in=made_in, ends=ends)


_SHELL = r"^(?:[^\s:]*/)?(?:sh|dash|bash|ksh): (?:line \d+: |\d+: )?"
_PYTHON = r"^(?:.*/)?(?:python|pypy)[\d.]*: "
_SHELL_ROWS = (
    _row(_SHELL + r"(?P<word>[^:\n]+): (?:command not found|not found|Permission denied)$"),
    _row(_SHELL + r"cd: can't cd to (?P<word>.+)$"),
    _row(_SHELL + r"cd: (?P<word>.+): No such file or directory$"),
)
_ROWS = (
    *_SHELL_ROWS,
    _row(r"^(?:[^\s:]*/)?(?:sh|dash): (?:0: |\d+: \.: )[Cc]an(?:'t|not) open (?P<word>.+?)(?:: No such file)?$"),
    _row(r"^(?:[^\s:]*/)?bash: (?P<word>[^:\n]+): No such file or directory$"),
    _row(r"^(?:env|timeout|nice|nohup): (?:failed to run command )?[‘'](?P<word>.+)[’']: No such file or directory$"),
    _row(r"^xargs: (?P<word>[^:\n]+): No such file or directory$"),
    _row(_PYTHON + r"can't open file '(?P<word>.+)': \[Errno 2\] No such file or directory$"),
    _row(_PYTHON + r"No module named (?P<word>[\w.]+?)(?:\.__main__; .*)?$", "name"),
    _row(_PYTHON + r"Error while finding module specification for '(?P<word>[\w.]+)'.*$", "name"),
    _row(r"^Can't open perl script \"(?P<word>.+)\": No such file or directory$"),
    _row(r"^Could not open input file: (?P<word>.+)$"),
    _row(r"^ruby: No such file or directory -- (?P<word>.+) \(LoadError\)$"),
    _row(r"^Error: Cannot find module '(?P<word>.+)'\n(?:.*\n)*?.*\brequireStack: \[\]$", ends=(1,)),
    _row(r"^g?make: \*\*\* No rule to make target ['`](?P<word>.+)'\.  Stop\.$", "name", "Makefile"),
    _row(r"^g?make: \*\*\* (?P<word>.+): No such file or directory\.  Stop\.$"),
    _row(r"^npm (?:ERR!|error) Missing script: \"(?P<word>.+)\"$", "name", "package.json", (1,)),
    _row(r"^error Command \"(?P<word>.+)\" not found\.$", "name", "package.json", (1,)),
    _row(r"^[^\S\n]*ERR_PNPM_NO_SCRIPT\s+Missing script: (?P<word>\S+)$", "name", "package.json", (1,)),
    _row(r"^error: no such (?:sub)?command: `(?P<word>.+)`$", "name", "Cargo.toml", (101,)),
    _row(r"^go (?P<word>\S+): unknown command$", "name", "go.mod", (2,)),
    _row(r"^error: [Jj]ustfile does not contain recipe [`'](?P<word>.+)[`']\.?$", "name", "justfile", (1,)),
    _row(r"^ERROR: (?:file or directory )?not found: (?P<word>.+)$", "test", ends=(4,)),
    _row(r"^(?:.*py\.?test|__main__\.py): error: unrecognized arguments: (?P<word>\S+).*$", "name", ends=(4,)),
    _row(
        r"^ImportError: Failed to import test module: (?P<word>\w+)\n(?:.*\n){1,12}?"
        r"ModuleNotFoundError: No module named '(?:[\w.]*\.)?(?P=word)'$",
        "test",
        ends=(1,),
    ),
    _row(
        r"^ERROR: (?P<word>\w+) \(unittest\.loader\._FailedTest\b.*\n(?:.*\n){1,12}?"
        r"AttributeError: module '[\w.]+' has no attribute '(?P=word)'$",
        "test",
        ends=(1,),
    ),
)


MayLack = Callable[[Lacking | None], bool]


def lacking(command: str, exit_code: int | None, output: str, *, told: bool) -> Lacking | None:
    """Return what the check *command* lacks by the end of its *output*; None where that says nothing of the kind.

    *told*: a test runner reported there. Without that a line of the shell counts wherever it stands.
    """
    text = "\n".join(line.rstrip() for line in output.splitlines()).strip("\n")
    last = text[text.rfind("\n") + 1 :]
    for row in _ROWS:
        anywhere = exit_code in row.ends or (row in _SHELL_ROWS and not told)
        for found in row.says.finditer(text if anywhere else last):
            if word := _in_command(command, found["word"]):
                return Lacking(word=word, kind=row.kind, made_in=row.made_in)
    return None


def may_lack(task: Task, lack: Lacking | None) -> bool:
    """Tell whether the check of *task* may lack *lack*, as the task may be to make that. None: unknown."""
    return names_what_it_runs(task) if lack is None else may_be_made(task, lack)


def names_what_it_runs(task: Task) -> bool:
    """Tell whether the check of *task* runs a file that the task names. The task may be to make that file."""
    try:
        words = shlex.split(task.check or "")[:2]
    except ValueError:  # a quote that does not end
        return False
    run = words[1:] if words and _name(words[0]) in _SHELLS else words[:1]
    named = {_name(word.text) for word in path_words(task.goal)} | {_name(file) for file in task.files}
    return any(_name(word) in named for word in run)


def may_be_made(task: Task, lack: Lacking) -> bool:
    """Tell whether *task* may be to make what its check lacks. Then the lack is not an error of the check."""
    word = _name(lack.word.partition("::")[0])
    named = {_name(file.rstrip("/")) for file in named_files(task)}
    if word in named or (lack.made_in and lack.made_in.casefold() in {name.casefold() for name in named}):
        return True
    if lack.kind == "file":
        return is_test(word) and means_tests(task)
    stem = word.rpartition(".")[2]
    said = stem in {name.partition(".")[0] for name in named} or word in re.findall(r"[\w-]+(?:[.:][\w-]+)*", task.goal)
    return said or (lack.kind == "test" and means_tests(task))


def _in_command(command: str, word: str) -> str:
    """Return *word*, or the name of that file, if it is a word of *command*; empty where neither is."""
    ways = (way for way in (word, _name(word)) if way)
    return next((way for way in ways if re.search(rf"(?<![\w-]){re.escape(way)}(?![\w-])", command)), "")


def _name(path: str) -> str:
    return path.rpartition("/")[2]
