"""What is printed to a closed or full stream, or one that its reader left, ends quietly: no traceback."""

import errno
import itertools
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.cli.command import ROOT, call, environment
from tests.examples import each

from profile_router.cli import app

COMMANDS = [
    ["--version"],
    ["--help"],
    ["run", "--help"],
    ["route", "fix the typo"],
    ["policy", "show"],
    ["policy", "show", "--rules"],
    ["profiles", "--json"],
    ["doctor"],
    ["graph"],
    ["health"],
]
FAILS = {"doctor"}  # there is no server here


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path  # without a Hermes home: the shipped profiles serve


def _run(words: list[str], home: Path, redirection: str) -> subprocess.CompletedProcess[bytes]:
    shell = f'exec "$@" {redirection}'
    command = ["/bin/sh", "-c", shell, "sh", sys.executable, "-m", "profile_router", *words]
    environ = environment(home, {"HERMES_HOME": ""})
    return subprocess.run(
        command, env=environ, cwd=home, capture_output=True, stdin=subprocess.DEVNULL, timeout=120, check=False
    )


@pytest.mark.parametrize("words", each(3, COMMANDS, " ".join))
def test_a_reader_that_leaves_at_once_gets_no_complaint_after_it(words: list[str], home: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as pipe:
        done = subprocess.run(
            [sys.executable, "-m", "profile_router", *words], env=environment(home, {"HERMES_HOME": ""}), cwd=home,
            stdout=pipe, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, timeout=120, check=False,
        )  # fmt: skip
    assert (done.returncode, done.stderr) == (1 if words[0] in FAILS else 0, b"")


@pytest.mark.parametrize("words", each(3, COMMANDS, " ".join))
def test_a_full_disk_is_told_in_one_line(words: list[str], home: Path) -> None:
    done = _run(words, home, ">/dev/full")
    assert done.returncode == 2
    assert done.stderr.decode() == (
        f"profile-router: {os.strerror(errno.ENOSPC)}: not all was written; make room, then try again\n"
    )


CLOSED = itertools.product(COMMANDS, (">&-", "2>&-", "<&-", "<&- >&- 2>&-"))


@pytest.mark.parametrize("both", each(9, CLOSED, lambda both: f"{' '.join(both[0])}, {both[1]}"))
def test_a_closed_stream_changes_nothing_else(both: tuple[list[str], str], home: Path) -> None:
    words, closed = both
    done = _run(words, home, closed)
    assert done.returncode == (1 if words[0] in FAILS else 0)
    assert done.stderr == b""
    assert bool(done.stdout) is (">&-" not in closed.replace("2>&-", ""))


def test_a_user_error_without_a_stderr_is_still_an_exit_code(home: Path) -> None:
    assert _run(["route", ""], home, "2>&-").returncode == 2


@pytest.mark.parametrize("words", [["graph", "--bogus"], ["doctor", "--jsn"], ["policy", "show", "--policy", "x"]])
def test_an_unknown_option_names_the_help_of_its_command(words: list[str], home: Path) -> None:
    done = call(*words, home=home)
    assert done.code == 2
    assert f"(see `profile-router {words[0]} --help`)" in done.err


CTRL_C = """
import runpy, sys
class Pressed:
    def find_spec(name, *_):
        if name == {module!r}:
            raise KeyboardInterrupt
sys.meta_path.insert(0, Pressed)
sys.argv = ["profile-router", "route", "fix the typo"]
{start}
"""
STARTS = {
    "the module": 'runpy.run_module("profile_router", run_name="__main__", alter_sys=True)',
    "the console script": "from profile_router.cli import main; sys.exit(main())",
    "a plain copy": f'runpy.run_path({str(ROOT / "skill")!r}, run_name="__main__")',
}


@pytest.mark.parametrize(
    "module", ["profile_router.cli.app", "profile_router.cli.options", "profile_router.cli.commands.route"]
)
@pytest.mark.parametrize("start", each(3, STARTS, str))
def test_ctrl_c_while_it_is_still_starting_is_not_a_traceback(start: str, module: str, home: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CTRL_C.format(module=module, start=STARTS[start])],
        env=environment(home, {"HERMES_HOME": "", "PROFILE_ROUTER_ENV": sys.prefix}),
        cwd=home, capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (130, b"", b"")


PRESSED_IN_A_TEXT = """
import sys
class Pressed:
    def find_spec(name, *_):
        if name == "profile_router.cli.commands.route":
            exec("raise KeyboardInterrupt")
sys.meta_path.insert(0, Pressed)
"""


@pytest.mark.parametrize(
    "start", [("-m", "profile_router"), (str(ROOT / "skill"),)], ids=["the module", "a plain copy"]
)
def test_a_ctrl_c_that_was_caught_does_not_end_it_by_the_signal_afterwards(
    start: tuple[str, ...], home: Path, tmp_path: Path
) -> None:
    customized = tmp_path / "customized"
    customized.mkdir()
    (customized / "sitecustomize.py").write_text(PRESSED_IN_A_TEXT)
    given = environment(home, {"HERMES_HOME": "", "PROFILE_ROUTER_ENV": sys.prefix})
    done = subprocess.run(
        [sys.executable, *start, "route", "fix the typo"],
        env=given | {"PYTHONPATH": f"{customized}{os.pathsep}{given['PYTHONPATH']}"},
        cwd=home, capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (130, b"", b"")


def test_a_name_that_is_too_long_for_the_machine_is_told_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(app, "_answer", lambda _: Path("w" * 5_000).stat())
    assert app.main(["doctor"]) == 2
    assert capsys.readouterr().err.startswith("profile-router: 'www")
