"""A fork of the command line is as alone as a new process: it has nothing of the tests."""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
import threading
from pathlib import Path

import pytest
from tests.cli import forked
from tests.cli.command import environment


def _tell() -> None:
    umask = os.umask(0)
    told = {
        "environ": dict(os.environ),
        "cwd": str(Path.cwd()),
        "umask": umask,
        "stdin": sys.stdin.read(),
        "scratch": tempfile.gettempdir(),
        "interrupt": signal.getsignal(signal.SIGINT) is signal.default_int_handler,
        "threads": threading.active_count(),
        "group": os.getpgrp(),
        "files": [str(entry.readlink()) for entry in Path("/proc/self/fd").iterdir() if entry.is_symlink()],
    }
    print(json.dumps(told))
    sys.stdout.flush()
    os._exit(7)


def _wait() -> None:
    print("up", flush=True)
    signal.pause()


def test_a_fork_has_what_it_was_given_and_nothing_of_the_tests(tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    given = environment(tmp_path, {"TMPDIR": str(scratch), "ONLY": "here"})
    before = os.umask(0o027)
    try:
        with (tmp_path / "of the tests").open("w"), forked.start(cwd=tmp_path, environ=given, before=_tell) as fork:
            out, err = fork.communicate("grüß".encode())
            assert (fork.wait(0), err) == (7, b"")
    finally:
        os.umask(before)
    told = json.loads(out)
    assert told.pop("environ") == given
    assert not [name for name in told.pop("files") if str(tmp_path) in name]
    assert told == {
        "cwd": str(tmp_path),
        "umask": 0o027,
        "stdin": "grüß",
        "scratch": str(scratch),
        "interrupt": True,
        "threads": 1,
        "group": os.getpgrp(),
    }


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_fork_that_a_signal_ends_says_so(tmp_path: Path, number: signal.Signals) -> None:
    with forked.start(cwd=tmp_path, environ=environment(tmp_path), before=_wait) as fork:
        assert fork.stdout.readline() == b"up\n"
        fork.send_signal(number)
        assert fork.wait(60) == -number
