"""A file with a secret that was opened is told, whatever it is called; what opens none, and ordinary work, tells none."""

from __future__ import annotations

import asyncio
import compileall
import ctypes
import errno
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.cli.stage import workspace
from tests.examples import by_night, each

from profile_router.core.policy.private import Confidential, PrivateRules
from profile_router.core.privacy.taint import Taint
from profile_router.git.left_files import left_files
from profile_router.withheld import open_watch, opened_secrets
from profile_router.withheld.watch import WithheldWatch, after_interruption, watched
from profile_router.withheld.whole_scan import Secrets

TOKEN = "ghp_" + "a1B2c3D4e5" * 3 + "f6G7h8"
HOLDS = f'TOKEN = "{TOKEN}"\n'
UNITTEST = (sys.executable, "-m", "unittest", "discover", "-q", "-s", "tests", "-t", ".")
FILES = {
    "app.py": "x = 1\n",
    "conf/settings.py": HOLDS,
    "tests/test_app.py": "import app\n\ndef test_x():\n    assert app.x == 1\n\ndef load_tests(*_):\n"
    "    import unittest\n    return unittest.TestSuite([unittest.FunctionTestCase(test_x)])\n",
    ".gitignore": "local_settings.py\n.venv/\n__pycache__/\n.pytest_cache/\nbuild/\n",
}


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # a project's own pytest has not what ours has
    root = workspace(tmp_path / "ws", FILES)
    (root / "local_settings.py").write_text(HOLDS)
    package = root / ".venv" / "lib" / "python3" / "site-packages" / "package"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("x = 1\n")
    (package / "example.py").write_text(HOLDS)
    return root


def too_deep(folder: Path, name: str, times: int) -> None:
    """Make a folder in *folder* that holds another one, and so on, deeper than a path can name."""
    at = os.open(folder, os.O_RDONLY)
    for _ in range(times):
        os.mkdir(name, dir_fd=at)
        below = os.open(name, os.O_RDONLY, dir_fd=at)
        os.close(at)
        at = below
    os.close(at)


@pytest.mark.parametrize(("name", "times"), [("d" * 40, 110), ("d" * 200, 25), ("e" * 250, 17)])
def test_of_a_folder_deeper_than_a_path_reaches_nobody_knows_what_was_opened_or_changed(
    tmp_path: Path, name: str, times: int
) -> None:
    root = workspace(tmp_path / "ws", {"a.py": "a = 1\n"})
    too_deep(root, name, times)
    watch = opened_secrets.OpenedSecrets(root, Secrets())
    assert [(taint.path, "deeper than a path reaches" in taint.why) for taint in watch.taints()] == [(".", True)]
    assert left_files(root, time.time_ns() + 1_000_000_000, ()) == (name,)


def opened(root: Path, *command: str, secrets: Secrets | None = None) -> set[str]:
    watch = WithheldWatch(root, (), secrets or Secrets())
    subprocess.run(command, cwd=root, check=True, capture_output=True)
    return {taint.path for taint in watch.taints()}


def shell(text: str) -> tuple[str, ...]:
    return "sh", "-c", text


IGNORED = {"local_settings.py"}
READ = {
    "read, and printed reversed": (
        (sys.executable, "-c", "print(open('local_settings.py').read()[::-1])"),
        IGNORED,
    ),
    "one that git keeps": (("cat", "conf/settings.py"), {"conf/settings.py"}),
    "searched": (
        ("grep", "-r", "x", ".", "--exclude-dir=.git"),
        {*IGNORED, "conf/settings.py"},
    ),
    "imported": ((sys.executable, "-c", "import local_settings"), IGNORED),
    "renamed first": (shell("mv local_settings.py b; cat b; mv b local_settings.py"), IGNORED),
    "moved into a new folder": (shell("mkdir n; mv local_settings.py n/; cat n/local_settings.py"), IGNORED),
    "linked into a new folder": (shell("mkdir n; ln local_settings.py n/b; cat n/b; rm -r n"), IGNORED),
    "linked beside it": (shell("ln local_settings.py b; cat b; rm b"), IGNORED),
    "its folder was renamed": (shell("mv conf c; cat c/settings.py"), {"conf/settings.py"}),
    "by a link": (shell("ln -s local_settings.py c; cat c"), IGNORED),
    "deleted after it": (shell("cat local_settings.py; rm local_settings.py"), IGNORED),
    "overwritten after it": (shell("cat local_settings.py; echo x > local_settings.py"), IGNORED),
    "edited in place": (("sed", "-i", "s/TOKEN/NAME/", "conf/settings.py"), {"conf/settings.py"}),
    "by a program that git never heard of": (shell("cp local_settings.py build.txt"), IGNORED),
}
NOT_READ = {
    "nothing": ("true",),
    "another file": ("cat", "app.py"),
    "names": ("ls", "-lR", "."),
    "facts": ("stat", "local_settings.py"),
    "another file is edited": ("sed", "-i", "s/1/2/", "app.py"),
    "another file is made and read": shell("mkdir build; cp app.py build/; cat build/app.py; rm -r build"),
    "a token is written": shell(f"echo {TOKEN} > new.txt; cat new.txt"),
    "tests": (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"),
    "an installed package, whose examples hold passwords": (
        "cat",
        ".venv/lib/python3/site-packages/package/example.py",
    ),
}


@pytest.mark.parametrize("what", each(2, READ, str))
def test_what_opens_a_file_with_a_secret_is_told_with_the_file(root: Path, what: str) -> None:
    command, files = READ[what]
    assert opened(root, *command) == files


@pytest.mark.parametrize("what", each(2, NOT_READ, str))
def test_what_opens_only_clear_files_tells_nothing(root: Path, what: str) -> None:
    assert opened(root, *NOT_READ[what]) == set()


def test_the_value_stands_in_no_taint_and_the_kind_does(root: Path) -> None:
    watch = WithheldWatch(root, (), Secrets())
    (root / "local_settings.py").read_text()
    (taint,) = watch.taints()
    assert TOKEN not in str(taint)
    assert taint.why.startswith("holds a ")


def test_a_word_of_the_policy_counts_like_a_secret(root: Path) -> None:
    own = Confidential(policy=PrivateRules(words=("Zanzibar",)))
    (root / "client.txt").write_text("for Zanzibar\n")
    assert opened(root, "cat", "client.txt", secrets=Secrets(confidential=own)) == {"client.txt"}
    assert opened(root, "cat", "client.txt") == set()


@pytest.mark.parametrize("runner", ["unittest", by_night("pytest")])
def test_ordinary_tests_in_a_project_with_an_environment_taint_nothing_twice(root: Path, runner: str) -> None:
    compileall.compile_dir(root / ".venv", quiet=2)
    secrets = Secrets()
    (root / "tests" / "__init__.py").write_text("")  # `unittest` finds them then
    tests = (sys.executable, "-m", "pytest", "-q", "tests") if runner == "pytest" else UNITTEST
    assert opened(root, *tests, secrets=secrets) == set()
    assert opened(root, *tests, secrets=secrets) == set()
    (root / "app.py").write_text("x = 1  # again\n")
    assert opened(root, *tests, secrets=secrets) == set()


def test_what_was_opened_and_changed_before_anybody_looked_into_it_counts_as_a_secret(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opened_secrets, "SMALL_FILE_BYTES", 3)
    assert opened(root, "sed", "-i", "s/1/2/", "app.py") == {"app.py"}
    assert opened(root, "cat", "app.py") == set()


@pytest.mark.parametrize("bound", [(10, 60.0), (2**30, -1.0)])
def test_what_was_not_read_to_its_end_counts_as_a_secret(
    root: Path, monkeypatch: pytest.MonkeyPatch, bound: tuple[int, float]
) -> None:
    for name in ("BOUNDS_BEFORE", "AFTER"):
        monkeypatch.setattr(opened_secrets, name, bound)
    (root / "app.py").write_text("x = 1  # a longer line than the bound\n")
    assert opened(root, "cat", "app.py") == {"app.py"}


def _refuse(*_: object) -> int:
    ctypes.set_errno(errno.ENOSPC)
    return -1


@pytest.mark.parametrize("trouble", ["inotify_init1", "inotify_add_watch", "too many folders", "too much at once"])
def test_where_it_cannot_be_watched_any_file_may_have_been_opened(
    root: Path, monkeypatch: pytest.MonkeyPatch, trouble: str
) -> None:
    if trouble == "too many folders":
        monkeypatch.setattr(opened_secrets, "MOST_FOLDERS", 0)
    elif trouble == "too much at once":
        monkeypatch.setattr(open_watch.FolderWatch, "_note", lambda self, data: setattr(self, "missed", "too much"))
    else:
        monkeypatch.setattr(open_watch.c_library(), trouble, _refuse)
    assert opened(root, "cat", "app.py") == {"local_settings.py", "conf/settings.py"}
    (root / "local_settings.py").unlink()
    (root / "conf" / "settings.py").unlink()
    assert opened(root, "cat", "app.py") == set()


def test_of_a_workspace_that_is_too_large_nobody_knows_it(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opened_secrets, "MOST_FILES_LOOKED_AT", 2)
    assert opened(root, "true") == {"."}


def test_what_an_interrupted_command_may_have_read_is_every_file_with_a_secret(root: Path) -> None:
    taints = after_interruption(root, (), Secrets(), "it was interrupted")
    assert {taint.path for taint in taints} == {"local_settings.py", "conf/settings.py"}
    assert all("interrupted" in taint.why for taint in taints)


def test_who_is_cancelled_waits_no_longer_and_what_was_read_is_known(root: Path) -> None:
    told: list[Taint] = []

    async def cancelled() -> None:
        read = asyncio.Event()

        async def reads() -> None:
            async with watched(lambda: WithheldWatch(root, (), Secrets()), told.append):
                (root / "local_settings.py").read_text()
                read.set()
                await asyncio.Event().wait()

        running = asyncio.create_task(reads())
        await read.wait()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    asyncio.run(cancelled())
    assert [taint.path for taint in told] == ["local_settings.py"]


def test_a_search_through_thousands_of_files_is_told_to_its_end(root: Path) -> None:
    many = root / "many"
    for number in range(200):
        (many / f"{number}").mkdir(parents=True)
        for name in range(100):
            (many / f"{number}" / f"{name}.txt").write_bytes(b"")
    (many / "199" / "last.txt").write_text(HOLDS)
    assert opened(root, "grep", "-r", "T", "many") == {"many/199/last.txt"}


def test_no_watch_and_no_thread_is_left(root: Path) -> None:
    def left() -> int:
        return len(list(Path("/proc/self/fd").iterdir())) + len(list(Path("/proc/self/task").iterdir()))

    before = left()
    for _ in range(20):
        WithheldWatch(root, (), Secrets()).taints()
        WithheldWatch(root, (), Secrets()).close()
    assert left() == before
