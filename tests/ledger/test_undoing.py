"""What takes a run back is kept in the ledger: encrypted, for its own run alone, and gone with it."""

from __future__ import annotations

import argparse
import os
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from tests.cli import stage
from tests.fakes import a_receipt
from tests.ledger.a_ledger import NOON, SEAL, a_ledger, begin, tell

from profile_router.cli.commands import undo as command
from profile_router.core.attempt.saving import Saving
from profile_router.core.ladder.receipt import Attempt
from profile_router.errors import StateError, UsageError
from profile_router.git.between import marking
from profile_router.git.marks import GitSnapshots
from profile_router.git.undo import Undo, changed_since_run, fingerprint, none
from profile_router.git.writes import Found
from profile_router.ledger.history import SqliteHistory
from profile_router.ledger.retention import Chosen, purge
from profile_router.ledger.schema import LEDGER_FILE
from profile_router.ledger.totals import totals_since
from profile_router.ledger.undoing import undo_of_run
from profile_router.ledger.words import Seal
from profile_router.runs import undo as runs_undo
from profile_router.runs.job import IN_PLACE
from profile_router.runs.result import Result
from profile_router.runs.undo import undo_after, undo_run
from profile_router.threads.records import MemoryRecords
from profile_router.workspace.folder import Workspace

RUN = "ab12" * 4
WAS, IS = Found(b"x = 1\n"), Found(b"y = 1\n")
UNDO = Undo(
    before={"a.py": WAS, "odd \udcff": None, "l": Found(b"a.py", 0o777, link=True)},
    after={"a.py": fingerprint(IS), "odd \udcff": fingerprint(IS), "l": ""},
    left=("inner/m.py",),
)


def ended(state: Path, undo: Undo | None, *, seal: Seal = SEAL) -> None:
    ledger = a_ledger(state, seal=seal)
    tell(ledger)
    ledger.ended("verified", Saving(), undo)


def test_it_is_read_as_it_was_kept(tmp_path: Path) -> None:
    ended(tmp_path, UNDO)
    assert undo_of_run(tmp_path, RUN, SEAL) == UNDO
    assert undo_of_run(tmp_path, "ab13", SEAL) is None


def test_no_name_and_no_content_stands_in_clear_and_another_key_reads_nothing(tmp_path: Path) -> None:
    ended(tmp_path, UNDO)
    held = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert not any(word in held for word in (b"x = 1", b"eCA9IDEK", b"a.py"))
    assert undo_of_run(tmp_path, RUN, Seal(b"o" * 32)) is None


def test_without_a_key_nothing_is_kept(tmp_path: Path) -> None:
    ended(tmp_path, UNDO, seal=Seal(None))
    assert undo_of_run(tmp_path, RUN, SEAL) is None


def test_it_goes_with_its_run(tmp_path: Path) -> None:
    ended(tmp_path, UNDO)
    assert purge(tmp_path, Chosen(), now=NOON) == 1
    with closing(sqlite3.connect(tmp_path / LEDGER_FILE)) as database, database:
        assert database.execute("SELECT count(*) FROM undoing").fetchone() == (0,)
    database.close()


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a repository in which a.py is as a run left it; the run's own folder is that repository."""
    root = stage.workspace(tmp_path / "ws", {"a.py": "y = 1\n"})
    monkeypatch.setattr(runs_undo, "_folder", lambda _: root)
    monkeypatch.setattr(runs_undo, "seal_of", lambda *_, **__: SEAL)
    return tmp_path


ONE = Undo(before={"a.py": WAS}, after={"a.py": fingerprint(IS)})


def test_an_undo_has_a_row_and_can_be_undone(here: Path) -> None:
    ended(here / "state", ONE)
    environ = {"PROFILE_ROUTER_STATE": str(here / "state")}
    first = undo_run("ab12", environ)
    assert (first.run, first.files, first.conflicts) == (RUN, ("a.py",), ())
    assert (here / "ws/a.py").read_bytes() == WAS.content
    row = SqliteHistory(state=here / "state").find(first.id)
    assert (row.kind, row.verdict, row.rule, row.thread) == ("undo", "undone", RUN, "t")
    with pytest.raises(UsageError, match=rf"run {RUN[:8]} is undone already; .* undo {first.id[:8]}`"):
        undo_run("ab12", environ)
    assert undo_run(first.id, environ).files == ("a.py",)
    assert (here / "ws/a.py").read_bytes() == IS.content
    assert SqliteHistory(state=here / "state").find("t").id == RUN, "a thread's newest run is not an undo"


@pytest.mark.parametrize("order", [1, -1])
def test_undos_of_one_moment_are_told_alike_by_all(here: Path, order: int) -> None:
    ended(here / "state", ONE)
    environ = {"PROFILE_ROUTER_STATE": str(here / "state")}
    undo_run(undo_run(RUN, environ).id, environ)
    with closing(sqlite3.connect(here / "state" / LEDGER_FILE)) as ledger, ledger:
        first, second = ledger.execute("SELECT id FROM runs WHERE kind = 'undo' ORDER BY started").fetchall()
        for (was,), name in zip((first, second), ("1" * 32, "2" * 32)[::order], strict=True):
            ledger.execute("UPDATE runs SET rule = ? WHERE rule = ?", (name, was))
            ledger.execute("UPDATE runs SET id = ?, started = 9, ended = 9 WHERE id = ?", (name, was))
    counted = totals_since(here / "state", 0.0, many_lines=9).undone
    assert len(SqliteHistory(state=here / "state").undone_runs("t") & {RUN}) == counted == (order < 0)


def test_of_undos_that_were_undone_the_newest_that_stands_is_told(here: Path) -> None:
    ended(here / "state", ONE)
    environ = {"PROFILE_ROUTER_STATE": str(here / "state")}
    history, last, told = SqliteHistory(state=here / "state"), RUN, list[str]()
    for _ in range(4):
        done = undo_run(last, environ)
        told.append(history.undone_by(RUN, "t"))
        assert (RUN in history.undone_runs("t"), RUN in history.undone_runs("another")) == (bool(told[-1]), False)
        with pytest.raises(UsageError, match=f"{last[:8]} is undone already"):
            undo_run(last, environ)
        last = done.id
    first = told[0]
    assert told == [first, "", first, ""]
    again = undo_run(RUN, environ)
    assert (history.undone_by(RUN, "t"), history.story(RUN).undone_by) == (again.id, again.id)
    assert history.undone_by(RUN, "another") == ""


def test_what_anybody_may_have_changed_is_shown_and_taken_back_only_when_told_to(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ended(here / "state", replace(ONE, anyones=True))
    monkeypatch.setenv("PROFILE_ROUTER_STATE", str(here / "state"))
    chosen = argparse.Namespace(id="ab12", json=False, all=False)
    assert command.run(chosen) == 1
    assert (here / "ws/a.py").read_bytes() == IS.content
    said = " ".join(capsys.readouterr().out.split())
    assert "nobody knows who changed what while it ran: a.py `profile-router undo ab12ab12 --all`" in said
    done = undo_run("ab12", os.environ, all_of_it=True)
    assert (done.files, (here / "ws/a.py").read_bytes()) == (("a.py",), WAS.content)
    assert undo_run(done.id, os.environ).files == ("a.py",), "what the undo wrote, it knows"


def test_what_its_user_wrote_while_it_ran_neither_goes_nor_counts_as_its_own(here: Path) -> None:
    root = here / "ws"
    mark = GitSnapshots(root, here / "scratch").take()
    (root / "a.py").write_text("z = 1\n")
    (root / "user_new.py").write_text("mine\n")
    workspace = Workspace(root, git=True)
    run = SimpleNamespace(folder=here / "scratch", records=MemoryRecords())
    told = Result(status="ok", json={"verified": {"files_changed": [{"path": "a.py"}, {"path": "user_new.py"}]}})
    found = undo_after(IN_PLACE, workspace, cast("Any", run), {"snapshot": mark, "wrote": ("a.py",)}, told)
    assert found is not None
    assert (set(found.before), found.left, found.anyones) == ({"a.py"}, (), False)


@pytest.mark.parametrize("told", [True, False])
def test_what_changed_while_a_command_ran_is_its_own_and_needs_no_word_of_its_user(here: Path, told: bool) -> None:
    root = here / "ws"
    mark = marking(root, here / "scratch")
    snapshot = before = mark()
    (root / "a.py").write_text("z = 1\n")
    around = (before, mark() if told else "")
    (root / "user_new.py").write_text("mine\n")
    records = MemoryRecords({"attempt 1": Attempt(receipt=a_receipt(), around=(around,))})
    run = SimpleNamespace(folder=here / "scratch", records=records)
    ended_so = Result(status="ok", json={"verified": {"files_changed": [{"path": "a.py"}, {"path": "user_new.py"}]}})
    found = undo_after(
        IN_PLACE, Workspace(root, git=True), cast("Any", run), {"snapshot": snapshot, "wrote": None}, ended_so
    )
    assert found is not None
    assert set(found.before) == ({"a.py"} if told else {"a.py", "user_new.py"})
    assert (found.left, found.anyones, found.during) == ((), not told, ("a.py",) if told else ())


def test_what_counts_as_the_runs_by_its_time_alone_is_said(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ended(here / "state", replace(ONE, during=("a.py",)))
    monkeypatch.setenv("PROFILE_ROUTER_STATE", str(here / "state"))
    assert command.run(argparse.Namespace(id="ab12", json=False, all=False)) == 0
    assert "a.py changed while a command or Hermes was at work, so it counts as the run's" in " ".join(
        capsys.readouterr().out.split()
    )


@pytest.mark.parametrize(
    ("undo", "why"),
    [
        (none("its folder is in no git repository"), "its folder is in no git repository"),
        (None, "it changed no file"),
        (Undo(before={}, after={}, left=("inner/m.py",)), "inner/m.py"),
    ],
)
def test_what_cannot_be_undone_says_why(here: Path, undo: Undo | None, why: str) -> None:
    ended(here / "state", undo)
    with pytest.raises(UsageError, match=why):
        undo_run("ab12", {"PROFILE_ROUTER_STATE": str(here / "state")})


@pytest.mark.parametrize(("since", "after", "unsure"), [("", "", ()), ("their.py", "", ()), ("a.py", "changed", ())])
def test_what_a_run_left_that_was_killed_at_its_end_is_known_by_its_last_mark(
    here: Path, since: str, after: str, unsure: tuple[str, ...]
) -> None:
    root = here / "ws"
    marks = GitSnapshots(root, here / "scratch")
    mark = marks.take()
    (root / "a.py").write_text("z = 1\n")
    run = SimpleNamespace(folder=here / "scratch", records=MemoryRecords())
    told = Result(status="ok", json={"verified": {"files_changed": [{"path": "a.py"}]}})
    state = {"snapshot": mark, "wrote": ("a.py",)}
    _, left = runs_undo.marks_at_its_end(IN_PLACE, Workspace(root, git=True), state, told, cast("Any", run))
    assert left
    told = replace(told, end_mark=left)
    if since:
        (root / since).write_text("mine\n")
    found = undo_after(IN_PLACE, Workspace(root, git=True), cast("Any", run), state, told, late=True)
    assert found is not None
    assert (set(found.before), found.anyones, found.unsure) == ({"a.py"}, False, unsure)
    assert changed_since_run(root, found) == (("a.py",) if after else ())
    older = undo_after(
        IN_PLACE, Workspace(root, git=True), cast("Any", run), state, replace(told, end_mark=""), late=True
    )
    assert older is not None
    assert older.anyones, "an older version kept no such mark"


def test_only_what_nobody_knows_is_named_when_an_undo_asks(here: Path) -> None:
    both = Undo(
        before={"a.py": WAS, "b.py": None}, after={"a.py": fingerprint(IS), "b.py": ""}, anyones=True, unsure=("b.py",)
    )
    ended(here / "state", both)
    environ = {"PROFILE_ROUTER_STATE": str(here / "state")}
    assert undo_run("ab12", environ).unsure == ("b.py",)
    assert undo_run("ab12", environ, all_of_it=True).files == ("a.py", "b.py")


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), StateError("it cannot be used")])
def test_what_cannot_be_kept_costs_no_result(here: Path, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def fails(*_: object, **__: object) -> Undo:
        raise error

    monkeypatch.setattr(runs_undo, "undo_of", fails)
    workspace = Workspace(here / "ws", git=True)
    run = SimpleNamespace(folder=here / "scratch", records=MemoryRecords())
    told = Result(status="ok", json={"verified": {"files_changed": [{"path": "a.py"}]}})
    found = undo_after(IN_PLACE, workspace, cast("Any", run), {"snapshot": "mark"}, told)
    assert found is not None
    assert str(error) in found.why


def test_a_run_without_an_end_is_not_undone_once_its_thread_is_gone(here: Path) -> None:
    begin(a_ledger(here / "state"))
    with pytest.raises(UsageError, match="its thread is gone"):
        undo_run("ab12", {"PROFILE_ROUTER_STATE": str(here / "state")})


@pytest.mark.parametrize("folder", ["x" * 5_000, "/gone/\x1b]0;owned\x07", "a\0b", ""], ids=lambda folder: folder[:8])
def test_a_folder_that_no_path_can_name_is_not_there(folder: str) -> None:
    with pytest.raises(UsageError, match="is not there any more") as refused:
        runs_undo._folder(folder)
    assert str(refused.value).isprintable()
    assert len(str(refused.value)) < 300
