"""A check that was found runs in a jail; what it cannot do there is no fault of the work."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest
from tests.git.git_repository import repository

from profile_router.core.found_check import CheckRunner, FoundCheck
from profile_router.core.ladder.receipt import CheckResult
from profile_router.core.policy import Terminal
from profile_router.jail.child import CROWDED, JAIL_FAILED, MISSING, SWOLLEN, _lend
from profile_router.verify.checking.environments import environments, lent_places, made_places
from profile_router.verify.checking.jailed import JailedChecks, inconclusive

SECRET = "s3cret-of-this-machine"


def a_check(*words: str, runner: CheckRunner = "make", folder: str = "") -> FoundCheck:
    return FoundCheck(runner=runner, words=words, whole=words, source="a test says so", folder=folder)


def run(check: FoundCheck, root: Path, *, seconds: float = 20.0) -> CheckResult:
    return asyncio.run(JailedChecks(root=root, options=Terminal()).run(check, seconds=seconds))


def shell(script: str, folder: str = "") -> FoundCheck:
    return a_check("sh", "-c", script, folder=folder)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return repository(tmp_path / "ws", {"pay/a.txt": "one\n", ".profile-router.yaml": "check: off\n"})


@pytest.mark.jail
@pytest.mark.parametrize(
    "attack",
    [
        "cat {outside}",
        "echo hacked > {outside}",
        "echo x >> .git/config",
        "echo 'local_only: false' > .profile-router.yaml",
        "python3 -c \"import socket; socket.create_connection(('192.0.2.1', 80), 1)\"",
    ],
    ids=["read outside", "write outside", "git", "rules", "network"],
)
def test_a_check_that_was_found_cannot_leave_the_workspace(root: Path, tmp_path: Path, attack: str) -> None:
    outside = tmp_path / "outside.txt"
    outside.write_text(SECRET)
    before = (root / ".git" / "config").read_text(), (root / ".profile-router.yaml").read_text()
    result = run(shell(attack.format(outside=outside)), root)
    assert result.exit_code != 0 or "> {outside}" in attack  # what it made there was its own scratch folder
    assert SECRET not in result.tail
    assert outside.read_text() == SECRET
    assert ((root / ".git" / "config").read_text(), (root / ".profile-router.yaml").read_text()) == before


@pytest.mark.jail
def test_it_has_none_of_our_environment_and_says_where_it_ran(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_SETTING", SECRET)
    result = run(shell("pwd; env; test -f a.txt", "pay"), root)
    assert (result.passed, result.folder, result.source) == (True, "pay", "a test says so")
    assert result.tail.startswith(f"{root}/pay")
    assert SECRET not in result.tail


@pytest.mark.jail
def test_what_does_not_end_in_time_is_ended_and_says_nothing_of_the_work(root: Path) -> None:
    check = shell("exec sleep 60")
    assert run(check, root, seconds=1.0).inconclusive == "ended after 1 s"


def test_a_folder_that_is_gone_and_a_linked_git_folder_are_not_entered(root: Path, tmp_path: Path) -> None:
    assert "is not a folder any more" in run(a_check("true", folder="gone"), root).inconclusive
    (root / ".git").rename(tmp_path / "git")
    (root / ".git").symlink_to(tmp_path / "git")
    assert run(a_check("true"), root).inconclusive == "the jail could not be made"


@pytest.mark.jail
def test_a_link_out_of_the_original_is_lent_to_no_copy(root: Path, tmp_path: Path) -> None:
    away = tmp_path / "away"
    away.mkdir()
    (away / "pyvenv.cfg").write_text("a secret of the machine")
    (root / "venv").symlink_to(away)
    an_environment(root / ".venv")
    copy = tmp_path / "copy"
    copy.mkdir()
    (copy / "venv").symlink_to(away)
    assert lent_places(copy, root) == ((str(root / ".venv"), str(copy / ".venv")),)
    seen = asyncio.run(JailedChecks(root=copy, options=Terminal(), original=root).run(shell(READS_ALL), seconds=20.0))
    assert "secret" not in seen.tail


def an_environment(folder: Path) -> Path:
    """Make *folder* an environment of Python, with a program that says its name."""
    (folder / "bin").mkdir(parents=True)
    (folder / "pyvenv.cfg").write_text("home = /usr/bin\n")
    program = folder / "bin" / "tool"
    program.write_text("#!/bin/sh\necho the tool ran\n")
    program.chmod(0o755)
    return folder


READS_ALL = "cat */pyvenv.cfg .venv/pyvenv.cfg"
PLACES = [".venv", "env with, a:colon", "node_modules", "pay/node_modules", ".tox/py311"]


ATTACKS = """
echo hacked > '{0}/bin/tool'; echo x > '{0}/new'; chmod 777 '{0}'; rm -r '{0}/bin'; mv '{0}' gone; mv pay away
mkdir -p '{0}/bin'; echo hacked > '{0}/bin/tool'; echo done
"""


@pytest.mark.jail
@pytest.mark.parametrize("place", PLACES)
def test_what_a_check_does_to_an_environment_is_lost_with_its_jail(root: Path, place: str) -> None:
    tool = an_environment(root / place) / "bin" / "tool"
    before = (root / place).stat().st_mode
    assert run(shell(ATTACKS.format(place)), root).last_line == "done"
    assert tool.read_text() == "#!/bin/sh\necho the tool ran\n"
    assert sorted(path.name for path in (root / place).iterdir()) == ["bin", "pyvenv.cfg"]
    assert (root / place).stat().st_mode == before


class AnOldKernel:
    """A kernel that makes no overlay in a namespace of a user. `done` is what it was asked for instead."""

    NOSUID, NODEV = 2, 4

    def __init__(self) -> None:
        self.done: list[tuple[str, str, bool]] = []

    def mount(self, *_: object) -> None:
        raise OSError("no overlay here")

    def bind(self, source: str, target: str, *, read_only: bool) -> None:
        self.done.append((source, target, read_only))


def test_where_the_kernel_makes_no_overlay_environments_are_read_only(tmp_path: Path) -> None:
    kernel, here = AnOldKernel(), Path.cwd()
    try:
        _lend(str(tmp_path), "/ws/.venv", str(tmp_path / "scratch"), kernel)
    finally:
        os.chdir(here)
    assert kernel.done == [(str(tmp_path), "/ws/.venv", True)]


@pytest.mark.jail
def test_a_check_may_keep_a_cache_in_an_environment_as_long_as_it_runs(root: Path) -> None:
    an_environment(root / "node_modules")
    cached = "mkdir -p node_modules/.cache && echo kept > node_modules/.cache/x && cat node_modules/.cache/x"
    assert run(shell(cached), root).last_line == "kept"
    assert not (root / "node_modules" / ".cache").exists()


@pytest.mark.jail
@pytest.mark.parametrize("absolute", [False, True])
@pytest.mark.parametrize("leads_to", [".venv", "envs/dev"])
def test_a_copys_own_link_leads_to_the_environment_of_its_original(
    root: Path, tmp_path: Path, absolute: bool, leads_to: str
) -> None:
    an_environment(root / leads_to)
    link = "venv" if leads_to == ".venv" else ".venv"
    copy = repository(tmp_path / "copy", {"pay/a.txt": "one\n"})
    for place in (root, copy):
        (place / link).symlink_to(root / leads_to if absolute else leads_to)
    checks = JailedChecks(root=copy, options=Terminal(), original=root)
    result = asyncio.run(checks.run(a_check(f"{link}/bin/tool"), seconds=20.0))
    assert result.last_line == "the tool ran"


@pytest.mark.jail
def test_an_environment_that_a_link_has_outside_is_named_with_what_lets_it_be_read(root: Path, tmp_path: Path) -> None:
    away = an_environment(tmp_path / "away")
    (root / ".venv").symlink_to(away)
    assert run(a_check(".venv/bin/tool"), root).inconclusive == (
        f".venv/bin/tool is not in the jail: it leads to {away}, which terminal.readable of the policy can show to it"
    )
    seen = JailedChecks(root=root, options=Terminal(readable=(str(away),)))
    assert asyncio.run(seen.run(a_check(".venv/bin/tool"), seconds=20.0)).last_line == "the tool ran"


@pytest.mark.jail
def test_a_linter_of_the_original_reads_a_copy_and_writes_nothing(root: Path, tmp_path: Path) -> None:
    an_environment(root / ".venv")
    copy = repository(tmp_path / "copy", {"pay/a.txt": "one\n"})
    checks = JailedChecks(root=copy, options=Terminal(), original=root)
    check = shell(".venv/bin/tool; echo x > pay/a.txt")
    result = asyncio.run(checks.run(check, seconds=20.0, reads_only=True))
    assert "the tool ran" in result.tail
    assert (copy / "pay/a.txt").read_text() == "one\n"


@pytest.mark.jail
def test_a_copy_reads_the_environments_of_its_original_and_writes_none(root: Path, tmp_path: Path) -> None:
    program = an_environment(root / ".venv") / "bin" / "tool"
    program.write_text("#!/bin/sh\necho x > .venv/bin/new; echo it ran in $(pwd)\n")
    copy = repository(tmp_path / "copy", {"pay/a.txt": "one\n"})
    checks = JailedChecks(root=copy, options=Terminal(), original=root)
    result = asyncio.run(checks.run(a_check(".venv/bin/tool"), seconds=20.0))
    assert result.last_line == f"it ran in {copy}"
    assert not (root / ".venv" / "bin" / "new").exists()


@pytest.mark.jail
@pytest.mark.parametrize("place", ["env", ".venv311", "pay/node_modules", "left"])
def test_an_environment_is_lent_to_each_check_of_a_copy_and_leaves_nothing_there(
    root: Path, tmp_path: Path, place: str
) -> None:
    an_environment(root / place)
    copy = repository(tmp_path / "copy", {"pay/a.txt": "one\n"})
    if place == "left":
        (copy / place).mkdir()  # as by a run that was killed
    before = sorted(copy.rglob("*"))
    checks = JailedChecks(root=copy, options=Terminal(), original=root)
    for reads_only in (False, True, False):
        check = a_check(f"{place}/bin/tool")
        result = asyncio.run(checks.run(check, seconds=20.0, reads_only=reads_only))
        assert result.last_line == "the tool ran"
    assert sorted(copy.rglob("*")) == before


@pytest.mark.jail
@pytest.mark.parametrize("name", [".venv", "node_modules", "env"])
def test_no_environment_is_lent_behind_a_link_that_leads_out_of_a_copy(root: Path, tmp_path: Path, name: str) -> None:
    an_environment(root / "sub" / name)
    an_environment(root / "venv")
    copy = repository(tmp_path / "copy", {"pay/a.txt": "one\n"})
    (tmp_path / "outside").mkdir()
    (copy / "sub").symlink_to("../outside")
    assert lent_places(copy, root) == ((str(root / "venv"), str(copy / "venv")),)
    checks = JailedChecks(root=copy, options=Terminal(), original=root)
    assert asyncio.run(checks.run(a_check("venv/bin/tool"), seconds=20.0)).last_line == "the tool ran"
    assert list((tmp_path / "outside").iterdir()) == []


def test_a_place_is_made_behind_no_link_and_taken_away_only_where_it_is_empty(root: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (root / "sub").symlink_to("../outside")
    places = [str(root / path) for path in ("sub/.venv", "deep/env", "used/env")]
    with made_places(root, [("", place) for place in places]):
        assert (root / "deep/env").is_dir()
        (root / "used/kept.txt").write_text("")
    assert list((tmp_path / "outside").iterdir()) == []
    assert not (root / "deep").exists()
    assert [path.name for path in (root / "used").iterdir()] == ["kept.txt"]


@pytest.mark.parametrize("mark", ["pyvenv.cfg", "conda-meta/history", "node_modules/a/b.js"])
def test_an_environment_is_told_by_what_its_maker_leaves_in_it(root: Path, mark: str) -> None:
    (root / "env" / mark).parent.mkdir(parents=True)
    (root / "env" / mark).write_text("")
    assert environments(root) == (str(root / "env" / ("node_modules" if "node" in mark else "")),)


@pytest.mark.parametrize(
    ("runner", "code", "said", "why"),
    [
        ("make", JAIL_FAILED, "", "the jail could not be made"),
        ("make", CROWDED, "", "terminal.processes"),
        ("make", SWOLLEN, "", "terminal.memory_mb"),
        ("make", MISSING, "make: no such program here", "make is not in the jail"),
        ("make", 2, "sh: 1: ruff: not found", "no network"),
        ("tox", 1, "OSError: [Errno 30] Read-only file system: '.tox/log'", "lets nothing be written"),
        ("vitest", 1, "Error: EROFS: read-only file system, mkdir", "lets nothing be written"),
        ("pytest", 5, "no tests ran in 0.01s", "no test ran"),
        ("pytest", 4, "ERROR: unrecognized arguments", "arguments"),
        ("pytest", 1, "/usr/bin/python3: No module named pytest", "module pytest is not in the jail"),
        ("pytest", 2, "E   ModuleNotFoundError: No module named 'numpy.linalg'", "module numpy.linalg is not"),
        ("unittest", 0, "Ran 0 tests in 0.000s\n\nOK", "no test ran"),
        ("unittest", 5, "NO TESTS RAN", "no test ran"),
        ("jest", 1, "No tests found, exiting with code 1", "no test ran"),
        ("mocha", 1, 'Error: No test files found: "test"', "no test ran"),
        ("mocha", 1, "Error: Cannot find module 'chai'", "no network"),
        ("rspec", 1, "LoadError:\n  cannot load such file -- webmock", "no network"),
        ("rspec", 10, "Could not find gem 'rspec' in locally installed gems.", "no network"),
        ("phpunit", 0, "No tests executed!", "no test ran"),
        ("phpunit", 1, 'Cannot open file "vendor/autoload.php".', "no network"),
        ("cargo", 101, "error: no matching package named `serde` found", "no network"),
        ("go", 1, "a.go:3:8: no required module provides package x", "no network"),
        ("maven", 1, "Cannot access central in offline mode", "no network"),
    ],
)
def test_what_could_not_begin_says_nothing_of_the_work(
    tmp_path: Path, runner: CheckRunner, code: int, said: str, why: str
) -> None:
    check = a_check("make", runner=runner)
    result = CheckResult(command="make", exit_code=code, seconds=1.0, last_line=said, tail=said)
    assert why in inconclusive(check, result, tmp_path)


@pytest.mark.parametrize(
    ("runner", "code", "said"),
    [
        ("pytest", 1, "1 failed, 3 passed"),
        ("pytest", 2, "E   ModuleNotFoundError: No module named 'shop.money'"),
        ("unittest", 1, "AssertionError: 1 != 2"),
        ("make", 2, "make: *** [Makefile:2: test] Error 1"),
        ("go", 1, "--- FAIL: TestAdd"),
        ("cargo", 101, "test result: FAILED. 0 passed; 1 failed"),
        ("npm", 1, "not ok 1 - adds"),
        ("pytest", 0, "3 passed; it prints: No module named pytest"),
    ],
)
def test_a_test_that_ran_says_what_it_says(tmp_path: Path, runner: CheckRunner, code: int, said: str) -> None:
    (tmp_path / "shop").mkdir()
    result = CheckResult(command="x", exit_code=code, seconds=1.0, last_line=said, tail=said)
    assert inconclusive(a_check("x", runner=runner), result, tmp_path) == ""
