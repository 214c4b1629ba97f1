"""A few calls of the command line in the server of the forks: each fork has what first use makes.

Expressions are compiled, types are read, classes are built. Nothing else of the calls is left: no thread, no folder,
no variable, no limit, no handler. What depends on the machine alone stays known: that a jail can be made.
"""

from __future__ import annotations

import contextlib
import io
import os
import resource
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

from tests.cli.command import environment
from tests.cli.stage import profile, workspace
from tests.scripted_provider import Answer, ScriptedProvider, call, say

_FILES = {"calc.py": "def add(a, b):\n    return a - b\n", "README.md": "# Sums\n"}
_EDIT = call("edit_file", {"path": "calc.py", "old": "a - b", "new": "a + b"})
_LOCAL: list[Answer] = [
    call("read_file", {"path": "calc.py", "start": 1, "lines": 20}),
    call("search", {"pattern": "def add"}),
    _EDIT,
    say("It adds."),
    *(say("It does."), say("It does indeed.")),
]


def rehearse() -> None:
    """Run tasks that are done, promoted, told as JSON and on the screen, and told again."""
    from profile_router.cli import main
    from profile_router.jail.view import has_landlock, jail_problem

    jail_problem()
    has_landlock()
    with tempfile.TemporaryDirectory() as made, _as_before():
        home = Path(made)
        place = workspace(home / "ws", _FILES)
        given = environment(home)
        os.environ.clear()
        os.environ.update(given)
        os.chdir(place)
        with ScriptedProvider(_LOCAL) as local, ScriptedProvider([_EDIT, say("It adds, at last.")]) as burst:
            profile(home, "coding-local", local.base_url)
            profile(home, "coding-burst", burst.base_url)
            for words in (
                ("route", "fix add in calc.py", "--explain"),
                ("run", "fix add in calc.py", "--check", "true", "--thread", "t"),
                ("run", "fix sub in calc.py", "--check", "false", "--json", "--thread", "u"),
                ("history",),
            ):
                said = io.TextIOWrapper(io.BytesIO(), write_through=True)
                sys.argv = ["profile_router", *words]
                with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
                    code = main(words)
                assert code in (0, 1), said.buffer.getvalue().decode()
    assert threading.enumerate() == [threading.main_thread()]


@contextlib.contextmanager
def _as_before() -> Iterator[None]:
    environ, folder, words, limit = dict(os.environ), Path.cwd(), sys.argv, resource.getrlimit(resource.RLIMIT_CORE)
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    tempfile.tempdir = None
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(environ)
        os.chdir(folder)
        sys.argv = words
        resource.setrlimit(resource.RLIMIT_CORE, limit)
        for number, handler in handlers.items():
            signal.signal(number, handler)
        tempfile.tempdir = None
