"""Two runs at once in one folder: what the other one wrote is not told as this run's."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import pytest
from tests.git.git_repository import write_files
from tests.ledger.a_ledger import SEAL, a_ledger, begin
from tests.threads.test_threads import begun, opened

from profile_router.core.attempt.saving import Saving
from profile_router.core.days import DAY_S
from profile_router.git.left_files import note_beginning
from profile_router.git.undo import Undo
from profile_router.runs.others import others_here
from profile_router.threads.records import Before
from profile_router.threads.threads import Run, Threads
from profile_router.verify.changes.others_here import OthersHere

BY_TOOLS = OthersHere(threads=("t",), files=frozenset({"b.py"}))
BY_COMMANDS = OthersHere(threads=("t",), unsure=True)


@pytest.mark.parametrize(
    ("others", "wrote", "edited", "theirs"),
    [
        (OthersHere(), ("a.py",), (), set()),  # a person may have written the rest
        (BY_TOOLS, ("a.py",), (), {"b.py"}),
        (BY_TOOLS, None, (), {"b.py"}),
        (BY_TOOLS, None, ("b.py",), set()),
        (BY_TOOLS, ("a.py", "b.py"), (), set()),
        (BY_COMMANDS, ("a.py",), (), {"b.py", "c.py"}),
        (BY_COMMANDS, None, ("a.py",), set()),
    ],
)
def test_what_another_run_wrote_is_not_this_ones(
    others: OthersHere, wrote: tuple[str, ...] | None, edited: Collection[str], theirs: set[str]
) -> None:
    assert others.theirs(("a.py", "b.py", "c.py"), wrote, edited) == theirs


@pytest.mark.parametrize(
    ("others", "theirs", "wrote", "said"),
    [
        (OthersHere(), (), None, ""),
        (BY_TOOLS, (), ("a.py",), ""),
        (BY_TOOLS, ("b.py",), (), "not told as this run's: b.py; the check ran on the work of both"),
        (BY_TOOLS, (), ("b.py",), "both wrote b.py; the check ran on the work of both"),
        (BY_COMMANDS, (), ("a.py",), ""),
        (BY_COMMANDS, (), None, "nobody knows which of the changes are its; the check ran on the work of both"),
    ],
)
def test_it_is_said_that_another_run_worked_here(
    others: OthersHere, theirs: Collection[str], wrote: tuple[str, ...] | None, said: str
) -> None:
    whole = f"another run, of thread t, worked here since this run began; {said}" if said else ""
    assert [*others.points(theirs, wrote or (), wrote, checked=True)] == ([whole] if said else [])


def test_several_are_named() -> None:
    two = OthersHere(threads=("t", "u"), files=frozenset({"b.py"}))
    (said,) = two.points(("b.py",), (), (), checked=False)
    assert said == "2 runs of other threads, t, u, worked here since this run began; not told as this run's: b.py"


@pytest.fixture
def threads(tmp_path: Path) -> Threads:
    return opened(tmp_path / "state")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "ws/sub").mkdir(parents=True)
    return tmp_path / "ws"


def mine(threads: Threads, root: Path) -> Run:
    run = begun(threads, "mine", str(root))
    note_beginning(run.folder)
    return run


def beside(threads: Threads, root: Path, run: Run) -> OthersHere:
    return others_here(threads.file.state, SEAL, run, root)


@pytest.mark.parametrize(
    ("place", "record", "files", "unsure"),
    [
        ("", ("1/edit tool x", ("b.py", "", "d1")), {"b.py"}, False),
        ("sub", ("1/edit tool x", ("b.py", "", "d1")), {"sub/b.py"}, False),
        ("..", ("1/edit tool x", ("ws/b.py", "", "d1")), {"b.py"}, False),
        ("../other", ("1/edit tool x", ("b.py", "", "d1")), set(), False),
        ("", ("1/began tool x", (0, "1", "2")), set(), True),
        ("", ("hermes 1/around", ("1", "")), set(), True),
        ("../other", ("hermes 1/around", ("1", "")), set(), False),
        ("", ("looked after 1", "5"), set(), False),  # it only read so far
    ],
)
def test_a_run_at_work_tells_what_it_wrote(
    threads: Threads, root: Path, place: str, record: tuple[str, object], files: set[str], unsure: bool
) -> None:
    run = mine(threads, root)
    other = begun(threads, "other", str((root / place).resolve()))
    other.records.keep(*record)
    found = beside(threads, root, run)
    assert (set(found.files), found.unsure) == (files, unsure)
    assert found.threads == (("other",) if files or unsure else ())
    threads.leave(other)
    threads.leave(run)


@pytest.mark.parametrize(
    ("undo", "files", "unsure"),
    [
        (Undo(before={"b.py": None}, after={}), {"b.py"}, False),
        (Undo(before={"b.py": None, "c.py": None}, after={}, during=("c.py",)), {"b.py"}, True),
        (Undo(before={"b.py": None}, after={}, anyones=True), set(), True),
        (Undo(before={"b.py": None, "c.py": None}, after={}, anyones=True, unsure=("c.py",)), {"b.py"}, True),
    ],
)
@pytest.mark.parametrize("later", [3600.0, -3600.0])
def test_a_run_that_has_ended_meanwhile_tells_by_its_undo(
    threads: Threads, root: Path, undo: Undo, files: set[str], unsure: bool, later: float
) -> None:
    run = mine(threads, root)
    began = run.folder.stat().st_mtime
    ledger = begin(a_ledger(threads.file.state, thread="other", clock=lambda: began + later), str(root))
    ledger.ended("unverified", Saving(), undo)
    found = beside(threads, root, run)
    assert (set(found.files), found.unsure) == ((files, unsure) if later > 0 else (set(), False))
    threads.leave(run)


def test_a_run_that_began_long_before_tells_all_the_same(threads: Threads, root: Path) -> None:
    run = mine(threads, root)
    began = run.folder.stat().st_mtime
    moments = [began - 30 * DAY_S]
    ledger = begin(a_ledger(threads.file.state, thread="other", clock=lambda: moments[-1]), str(root))
    moments.append(began + 3600.0)
    ledger.ended("unverified", Saving(), Undo(before={"b.py": None}, after={}))
    assert beside(threads, root, run).files == {"b.py"}
    threads.leave(run)


def test_a_run_that_was_killed_before_this_one_began_is_not_there_any_more(threads: Threads, root: Path) -> None:
    other = begun(threads, "other", str(root))
    Before(other.records)["b.py"] = None
    threads.leave(other)
    run = mine(threads, root)
    write_files(root, {"b.py": "b\n"})
    assert beside(threads, root, run) == OthersHere()
    threads.leave(run)
