"""Where Hermes is found: a python that is named, else the one that `hermes` on PATH is written for."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from profile_router.errors import UsageError
from profile_router.machine.hermes_program import HERMES_VARIABLE, Hermes, find_hermes

Write = Callable[[str, str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def script(name: str, text: str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)
        return path

    return script


@pytest.mark.parametrize(
    "head",
    [
        "#!{python}\nimport sys\n",
        "#!{python} -P\nimport sys\n",
        "#!/bin/sh\n'''exec' \"{python}\" \"$0\" \"$@\"\n' '''\n",
        "#!/bin/sh\n'''exec' {python} \"$0\" \"$@\"\n' '''\n",
        "#!/usr/bin/env bash\nunset PYTHONPATH\nexec \"{python}\" -m hermes_cli.main \"$@\"\n",
        "#!/usr/bin/env bash\nexec env X=1 {python} -m hermes_cli.main \"$@\"\n",
    ],
)  # fmt: skip
def test_the_first_lines_of_hermes_tell_its_python(write: Write, tmp_path: Path, head: str) -> None:
    python = write("a venv/bin/python3" if '"{python}"' in head else "venv/bin/python3", "")
    hermes = write("bin/hermes", head.format(python=python))
    assert find_hermes({"PATH": str(hermes.parent)}) == Hermes(python=python, command=(str(hermes),))


def test_a_python_named_by_env_is_looked_up(write: Write) -> None:
    python = write("bin/python3.12", "")
    hermes = write("bin/hermes", "#!/usr/bin/env python3.12\n")
    assert find_hermes({"PATH": str(hermes.parent)}) == Hermes(python=python, command=(str(hermes),))


def test_a_shell_wrapper_is_followed_to_the_script_it_runs(write: Write) -> None:
    python = write("venv/bin/python", "")
    inner = write("venv/bin/hermes", f"#!{python}\n")
    outer = write("bin/hermes", f'#!/bin/sh\nexec "{inner}" "$@"\n')
    assert find_hermes({"PATH": str(outer.parent)}) == Hermes(python=python, command=(str(outer),))


@pytest.mark.parametrize("text", ["", "\x7fELF", "#!\n", "#!/bin/sh\necho no\n", "#!/nowhere/python3\n"])
def test_a_hermes_that_tells_no_python_counts_as_none(write: Write, text: str) -> None:
    assert find_hermes({"PATH": str(write("bin/hermes", text).parent)}) is None


def test_a_wrapper_that_runs_itself_counts_as_none(write: Write, tmp_path: Path) -> None:
    assert find_hermes({"PATH": str(write("bin/hermes", f"#!/bin/sh\nexec {tmp_path}/bin/hermes\n").parent)}) is None


def test_without_hermes_there_is_none(tmp_path: Path) -> None:
    assert find_hermes({"PATH": str(tmp_path)}) is None
    assert find_hermes({}) is None


def test_a_named_python_comes_first_and_the_environment_before_the_policy(write: Write) -> None:
    one, other = write("one/python", ""), write("other/python", "")
    beside = write("one/hermes", "")
    environ = {"PATH": os.environ["PATH"], HERMES_VARIABLE: str(one)}
    assert find_hermes(environ, str(other)) == Hermes(python=one, command=(str(beside),))
    by_module = (str(other), "-m", "hermes_cli.main")
    assert find_hermes({}, str(other)) == Hermes(python=other, command=by_module)


def test_the_word_none_means_to_do_without(write: Write) -> None:
    python = write("bin/python", "")
    path = str(write("bin/hermes", f"#!{python}\n").parent)
    assert find_hermes({"PATH": path, HERMES_VARIABLE: "none"}, str(python)) is None
    assert find_hermes({"PATH": path}, "none") is None


@pytest.mark.parametrize("value", ["python3", "/nowhere/python"])
def test_a_named_python_that_is_not_a_program_is_refused_with_the_way_to_find_it(value: str) -> None:
    with pytest.raises(UsageError, match=rf"{HERMES_VARIABLE} is '{value}', which is not a program.*command -v hermes"):
        find_hermes({HERMES_VARIABLE: value})
