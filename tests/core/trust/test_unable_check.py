"""What a check prints of its own words that are not there, and what only looks like it."""

from __future__ import annotations

import pytest
from tests.fakes import a_task

from profile_router.core.trust.unable_check import lacking, may_lack

NO_FILE = "python3: can't open file '/w/{}': [Errno 2] No such file or directory"
_UNITTEST = (
    "ImportError: Failed to import test module: {0}\nTraceback (most recent call last):\n  x\n{1}\n\nRan 1 test\nF"
)
_MISSING = "ModuleNotFoundError: No module named '{}'"
_NODE = (
    "Error: Cannot find module '/w/{0}'\n    at x\n  code: 'MODULE_NOT_FOUND',\n  requireStack: {1}\n}}\n\nNode.js v20"
)


@pytest.mark.parametrize(
    ("command", "code", "output", "word"),
    [
        ("pytset -q", 127, "/bin/sh: 1: pytset: not found", "pytset"),
        ("pytset; echo done", 0, "/bin/sh: 1: pytset: not found\ndone", "pytset"),
        ("bash -c 'pytset' | cat", 0, "bash: line 1: pytset: command not found", "pytset"),
        ("./run | cat", 0, "/bin/sh: 1: ./run: Permission denied", "./run"),
        ("timeout 5 pytset | cat", 0, "timeout: failed to run command ‘pytset’: No such file or directory", "pytset"),
        ("xargs pytset", 127, "xargs: pytset: No such file or directory", "pytset"),
        ("cd nope && true", 2, "/bin/sh: 1: cd: can't cd to nope", "nope"),
        ("bash -c 'cd nope'", 1, "bash: line 1: cd: nope: No such file or directory", "nope"),
        ("sh missing.sh", 2, "sh: 0: cannot open missing.sh: No such file", "missing.sh"),
        (". ./m.sh", 2, "/bin/sh: 1: .: cannot open ./m.sh: No such file", "./m.sh"),
        ("python3 c.py", 2, "python3: can't open file '/w/c.py': [Errno 2] No such file or directory", "c.py"),
        ("python -m pytset", 1, "/a b/.venv/bin/python: No module named pytset", "pytset"),
        ("make chekc", 2, "make: *** No rule to make target 'chekc'.  Stop.", "chekc"),
        ("npm run tset", 1, 'npm error Missing script: "tset"\nnpm error\nnpm error See more', "tset"),
        ("yarn tset", 1, 'error Command "tset" not found.\ninfo Visit https://x', "tset"),
        ("cargo tset", 101, "error: no such command: `tset`\n\nhelp: a command", "tset"),
        ("node m.js", 1, _NODE.format("m.js", "[]"), "m.js"),
        ("perl x.pl", 2, 'Can\'t open perl script "x.pl": No such file or directory', "x.pl"),
        ("pytest tets/", 4, "\nno tests ran in 0.1s\nERROR: file or directory not found: tets/\n\n", "tets/"),
        ("pytest t.py::a", 4, "ERROR: not found: /w/t.py::a\n(no match in any of [<Module t.py>])", "t.py::a"),
        ("pytest --no", 4, "ERROR: usage: x\npytest: error: unrecognized arguments: --no\n  inifile: None", "--no"),
        ("python -m unittest nosuch", 1, _UNITTEST.format("nosuch", _MISSING.format("nosuch")), "nosuch"),
    ],
)
def test_a_word_of_the_command_that_is_not_there_is_found(command: str, code: int, output: str, word: str) -> None:
    found = lacking(command, code, output, told=False)
    assert found is not None
    assert found.word == word


@pytest.mark.parametrize(
    ("command", "code", "output"),
    [
        ("pytest -q", 1, "python: No module named pytest\n1 failed in 0.1s"),
        ("pytest -q", 1, "E  AssertionError: /bin/sh: 1: pytest: not found\n1 failed in 0.1s"),
        ("pytest -q", 1, "ERROR: file or directory not found: pytest\n1 failed"),
        ("make check", 2, "make: *** No rule to make target 'a.c', needed by 'check'.  Stop."),
        ("make check", 2, "/bin/sh: 1: cc: not found\nmake: *** [Makefile:2: check] Error 127"),
        ("sh run.sh", 1, "run.sh: 3: run.sh: not found"),
        ("python3 a.py", 1, "ModuleNotFoundError: No module named 'a'"),
        ("python3 a.py --sum 1", 2, "a.py: error: unrecognized arguments: --sum 1"),
        ("read x < out.txt", 2, "/bin/sh: 1: cannot open out.txt: No such file"),
        ("cat out.txt", 1, "cat: out.txt: No such file or directory"),
        ("node m.js", 1, _NODE.format("m.js", "[ '/w/a.js' ]")),
        ("python -m unittest tests", 1, _UNITTEST.format("tests", _MISSING.format("calc"))),
        ("pytest -q", 4, "ImportError while loading conftest '/w/conftest.py'."),
    ],
)
def test_the_same_words_of_something_else_are_none(command: str, code: int, output: str) -> None:
    assert lacking(command, code, output, told=False) is None


def test_where_a_runner_reported_only_the_last_line_of_the_shell_counts() -> None:
    output = "/bin/sh: 1: ruf: not found\n3 passed in 0.1s"
    assert lacking("ruf || true; pytest", 0, output, told=True) is None
    assert lacking("pytest; ruf", 127, "3 passed\n/bin/sh: 1: ruf: not found", told=True) is not None


@pytest.mark.parametrize(
    ("goal", "command", "code", "output", "may"),
    [
        ("Write tools/c.py", "python3 tools/c.py", 2, NO_FILE.format("tools/c.py"), True),
        ("Fix calc.py", "python3 c.py", 2, NO_FILE.format("c.py"), False),
        ("Fix calc.py", "python3 -m pytset calc.py", 1, "/usr/bin/python3: No module named pytset", False),
        ("Make the module tools.check", "python3 -m tools.check", 1, "/bin/python3: No module named tools.check", True),
        ("Add a `check` target", "make check", 2, "make: *** No rule to make target 'check'.  Stop.", True),
        ("Write a Makefile", "make all", 2, "make: *** No rule to make target 'all'.  Stop.", True),
        ("Fix calc.py", "make chekc", 2, "make: *** No rule to make target 'chekc'.  Stop.", False),
        ("Add tests for add", "pytest tests/test_new.py", 4, "ERROR: file or directory not found: tests/test_new.py",
         True),
        ("Fix add", "pytest tets/", 4, "ERROR: file or directory not found: tets/", False),
        ("Run pytset, then fix add", "pytset", 127, "/bin/sh: 1: pytset: not found", False),
    ],
)  # fmt: skip
def test_a_check_may_lack_what_it_is_the_task_to_make(
    goal: str, command: str, code: int, output: str, may: bool
) -> None:
    lack = lacking(command, code, output, told=False)
    assert lack is not None
    assert may_lack(a_task(goal, check=command), lack) is may
