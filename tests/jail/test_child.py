"""The jail's child starts with any Python: once the view is made, it may lack that Python's own folder."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from profile_router.core.policy import Terminal
from profile_router.jail import child
from profile_router.jail.view import JailView, jail_command

pytestmark = pytest.mark.jail
# Newer Pythons have loaded fewer modules when this begins. Dropped here, they are met by an older one as well.
LOADED_BY_CHANCE = (
    "warnings",
    "traceback",
    "linecache",
    "tokenize",
    "re",
    "enum",
    "contextlib",
    "collections",
    "functools",
)
WATCHING = """
import os, runpy, sys
forked = []
def heard(event, arguments):
    if event == "os.fork" and not forked:
        forked.append(event)
        for name in {dropped!r}:
            sys.modules.pop(name, None)
    elif event == "import" and forked:
        os.write(2, f"imports {{arguments[0]}}\\n".encode())
        os._exit(3)
sys.argv = sys.argv[1:]
sys.addaudithook(heard)
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def run(root: Path, *words: str, before: tuple[str, ...] = ()) -> tuple[int, str, str]:
    command = jail_command(words, JailView(root=root), Terminal())
    if before:
        command[3:3] = ["-c", WATCHING.format(dropped=before)]
    done = subprocess.run(command, env={}, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


def test_no_module_is_imported_once_the_view_is_made(tmp_path: Path) -> None:
    assert run(tmp_path, "echo", "it runs", before=LOADED_BY_CHANCE) == (0, "it runs\n", "")


@pytest.mark.parametrize(
    "name", ["nothing-of-this-name", "/usr/bin/nothing-of-this-name", "./nothing", "/etc/passwd/x"]
)
def test_a_program_that_is_not_there_is_named(name: str, tmp_path: Path) -> None:
    assert run(tmp_path, name)[0] == child.MISSING


def test_of_two_programs_the_first_on_path_is_started_and_one_that_cannot_be_is_passed_by(tmp_path: Path) -> None:
    for folder, text in ((".venv/bin", "#!/nowhere/at-all\n"), ("venv/bin", "#!/bin/sh\necho ours\n")):
        program = tmp_path / folder / "true"
        program.parent.mkdir(parents=True)
        program.write_text(text)
        program.chmod(0o755)
    assert run(tmp_path, "true") == (0, "ours\n", "")


def test_a_program_that_may_not_be_started_says_so(tmp_path: Path) -> None:
    (tmp_path / "it").write_text("#!/bin/sh\n")
    code, _, said = run(tmp_path, "./it")
    assert code == child.JAIL_FAILED
    assert "Permission denied" in said
