"""An attempt that takes tests away which its task does not ask to remove has failed, whatever the check says."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from tests.check_price.__main__ import REPOSITORIES
from tests.check_price.bugs import BuggyRepository, PlantedBug
from tests.fakes import a_task
from tests.git.git_repository import repository, write_files
from tests.verify.test_set_back import a_verifier

from profile_router.core.task import Task
from profile_router.verify.changes import tests_taken, work_back
from profile_router.verify.changes.tests_taken import taken_from
from profile_router.workspace import held_tests, tree_steps
from profile_router.workspace.outline import syntax_of

PY = """from shop import share, parse

def test_parse():
    assert parse("1")

class TestShare:
    def test_equal(self):
        assert share(9, 3) == [3, 3, 3]
"""
FILES = {"shop.py": "def share(total, people): return 1\n", "tests/test_a.py": PY}
FIX = a_task("Fix share(9, 3), which loses one")


@pytest.mark.parametrize(
    ("goal", "taken"),
    [
        ("Fix share(9, 3), which loses one", True),
        ("Fix parse and add a test for it", True),
        ("Rename share to split", True),
        ("Fix tests/test_a.py", False),
        ("Delete the test of share, which is gone", False),
        ("Remove share", False),
        ("Parametrize the tests of share", False),
    ],
)
def test_what_the_task_asks_to_remove_is_not_taken(goal: str, taken: bool) -> None:
    changed = [("tests/test_a.py", PY.encode(), PY[: PY.index("class TestShare")].encode())]
    assert bool(taken_from(changed, a_task(goal))) == taken
    assert bool(taken_from([("tests/test_a.py", PY.encode(), None)], a_task(goal))) == taken


@pytest.mark.parametrize(
    "goal",
    [
        "Fix share(): it loses one, so tests/test_a.py fails",
        "see test_equal in tests/test_a.py",
        "tests/test_a.py::TestShare::test_equal fails, fix it",
    ],
)
@pytest.mark.parametrize("now", ["pass", "assert True", "pytest.xfail('later')", "return"])
def test_a_test_that_a_report_names_is_not_emptied_or_switched_off(goal: str, now: str) -> None:
    changed = [("tests/test_a.py", PY.encode(), PY.replace("assert share(9, 3) == [3, 3, 3]", now).encode())]
    assert "test_equal" in taken_from(changed, a_task(goal)).words()


def test_no_file_is_parsed_once_the_steps_for_all_are_used_up(monkeypatch: pytest.MonkeyPatch) -> None:
    parses: list[int] = []

    def parse(language: str, source: bytes, *, whole: bool = True) -> Any:
        parses.append(len(source))
        return syntax_of(language, source, whole=whole)

    monkeypatch.setattr(held_tests, "syntax_of", parse)
    monkeypatch.setattr(tests_taken, "at_most", partial(tree_steps.at_most, 4_000))
    long = PY.encode() + b"# more\n" * 4_000
    for name in ("tests/test_%d.py", "tests/%d_spec.rb", "tests/test_%d.unknown"):
        changed = [(name % number, long, long) for number in range(50)]
        assert not taken_from(changed, a_task("Fix share(9, 3), which loses one"))
    assert len(parses) < 8


def test_a_test_file_may_move() -> None:
    changed = [("tests/test_a.py", PY.encode(), None), ("tests/unit/test_a.py", None, PY.encode())]
    assert not taken_from(changed, a_task("Fix share(9, 3), which loses one"))


PLANTED = [(one, bug) for one in REPOSITORIES for bug in one.bugs]


@pytest.mark.parametrize(("planted", "bug"), PLANTED, ids=[bug.name for _, bug in PLANTED])
def test_of_the_measured_repositories_emptied_tests_are_taken_and_added_ones_are_not(
    planted: BuggyRepository, bug: PlantedBug
) -> None:
    path = bug.covers.path
    before = planted.files[path].encode()
    goal = a_task(bug.goal.replace(path, Path(path).stem))
    assert taken_from([(path, before, bug.emptied.encode())], goal)
    assert not taken_from([(path, before, bug.covers.made_in(planted.files)[path].encode())], goal)


def verified(root: Path, changes: Mapping[str, str | bytes], task: Task, *, git: bool = True) -> tuple[str, str]:
    """Return what is told of tests after an attempt that made *changes*, and what the test file holds then."""
    journal = {path: (root / path).read_bytes() for path in changes if (root / path).exists()}
    verifier = a_verifier(root, root.parent / "state", git=git, journal=dict(journal))
    mark = verifier.snapshot()
    write_files(root, dict(changes))
    told = asyncio.run(verifier.verify(mark, "done", "true", seconds=9.0, task=task))
    return told.taken_tests, (root / "tests/test_a.py").read_text()


@pytest.mark.parametrize(
    ("files", "goal", "told"),
    [
        (1, "Rename share to split", ""),
        (2, "Rename share to split", "tests/test_z.py changed, and nobody compared"),
        (2, "Fix share(9, 3), which loses one", ""),  # it is put back
        (2, "Delete the test of share, which is gone", ""),
    ],
)
def test_of_more_test_files_than_are_looked_at_it_is_said_that_nobody_compared_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: int, goal: str, told: str
) -> None:
    monkeypatch.setattr(work_back, "MOST_TEST_FILES", 2)
    some = {f"tests/test_{at:02}.py": "def test_a():\n    assert f()\n" for at in range(files)}
    root = repository(tmp_path / "ws", {**some, "tests/test_z.py": PY})
    verifier = a_verifier(root, tmp_path / "state")
    mark = verifier.snapshot()
    write_files(root, {path: f"{text}# more\n" for path, text in some.items()} | {"tests/test_z.py": "x = 1\n"})
    found = asyncio.run(verifier.verify(mark, "done", "true", seconds=9.0, task=a_task(goal)))
    points = [point for point in found.unverified if "nobody compared" in point]
    assert [point.partition(" which")[0] for point in points] == ([told] if told else [])


def test_a_test_file_that_is_too_large_to_look_at_is_not_compared() -> None:
    large = PY.encode() + b"#" * 600_000
    for was, now in ((PY.encode(), large), (large, b"x = 1\n")):
        assert taken_from([("tests/test_a.py", was, now)], FIX).uncompared == ("tests/test_a.py",)
    assert taken_from([("tests/test_a.py", None, large)], FIX).uncompared == ()


@pytest.mark.parametrize("git", [True, False], ids=["git", "no git"])
def test_emptied_tests_are_put_back_and_told(tmp_path: Path, git: bool) -> None:
    root = repository(tmp_path / "ws", FILES)
    said = "it removed 2 tests in tests/test_a.py; what was there is put back"
    assert verified(root, {"shop.py": "x = 1\n", "tests/test_a.py": "x = 1\n"}, FIX, git=git) == (said, PY)


def test_where_tests_are_to_be_added_one_that_is_gone_is_told_and_stays_gone(tmp_path: Path) -> None:
    root = repository(tmp_path / "ws", FILES)
    new = "from shop import share\n\ndef test_share():\n    assert share(9, 3)\n"
    task = a_task("Fix share and add a test for it")
    assert verified(root, {"tests/test_a.py": new}, task) == ("it removed 1 test in tests/test_a.py", new)
    assert verified(root, {"tests/test_a.py": f"{PY}\n{new}"}, task)[0] == ""


def test_work_with_a_new_test_of_its_own_is_told_nothing_of(tmp_path: Path) -> None:
    root = repository(tmp_path / "ws", FILES)
    assert (
        verified(root, {"shop.py": "x = 2\n", "tests/test_a.py": PY + "\ndef test_c():\n    assert x\n"}, FIX)[0] == ""
    )
