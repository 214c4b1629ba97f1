"""What keeps the threads: locks that die with their process, files set aside, its own key, an end."""

from __future__ import annotations

import argparse
import errno
import multiprocessing
import os
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langgraph.checkpoint.serde.encrypted import EncryptedSerializer

from profile_router.cli.commands import threads as command
from profile_router.errors import StateError, UsageError
from profile_router.runs.unfinished import left_by_this_process, next_for
from profile_router.threads.checkpoints import encrypted, plain_serializer
from profile_router.threads.cipher import EAX, NONCES, OCB, TAG, decrypt, encrypt
from profile_router.threads.file import CHECKPOINTS, THREADS_FILE, THREADS_VERSION, ThreadFile
from profile_router.threads.key import BYTES, NoThreadKey, key_file, read_key
from profile_router.threads.records import Before, MemoryRecords, Scoped
from profile_router.threads.threads import Run, Threads

KEY, OTHER = bytes(range(32)), bytes(32)
DAY = 86_400.0
CANARY = "canary-7d1f"


def opened(state: Path, key: bytes | None = KEY, clock: Callable[[], float] = lambda: 1_000.0) -> Threads:
    serializer = None if key is None else encrypted(key, [])
    file = ThreadFile(state=state, clock=clock)
    with file.door():
        file.make_ready(serializer)
    return Threads(file=file, serializer=serializer, why="" if key else "there is no key")


def begun(threads: Threads, thread: str = "t", workspace: str = "/ws") -> Run:
    run = threads.begin(thread, workspace)
    run.records.keep("order", {"task": CANARY})
    return run


def abandoned(threads: Threads, thread: str = "t") -> str:
    """Begin a run and let its lock go, as the kernel does for the dead; return the run."""
    run = begun(threads, thread)
    threads.leave(run)
    return run.id


def test_what_is_left_of_dead_processes_can_be_resumed_or_says_why_not(tmp_path: Path) -> None:
    threads = opened(tmp_path)
    ids = {name: abandoned(threads, name) for name in ("kept", "stopped", "gone on")}
    threads.give_up("stopped", "the batch was stopped")
    threads.give_up("gone on", "")
    alive = begun(threads, "alive")
    assert {row.thread: row.why for row in threads.left()} == {"kept": "", "stopped": "the batch was stopped"}
    assert [row.thread for row in threads.unfinished()] == ["kept"]
    assert next_for(threads, ids["kept"]).startswith("`profile-router resume kept` goes on with it, ")
    assert next_for(threads, ids["stopped"]) == "it cannot be resumed: the batch was stopped"
    assert next_for(threads, alive.id) == f"process {os.getpid()} is at work on it"
    assert [next_for(threads, run) for run in (ids["gone on"], "another")] == ["", ""]
    threads.leave(alive)


def test_what_this_process_leaves_is_told_by_why_nobody_goes_on_with_it(tmp_path: Path) -> None:
    threads, environ = opened(tmp_path), {"PROFILE_ROUTER_STATE": str(tmp_path)}
    assert left_by_this_process(environ) == ""
    for name in ("a", "b", "c"):
        abandoned(threads, name)
    threads.give_up("a", "it was stopped")
    threads.give_up("b", "it was stopped")
    lost, left, ways = left_by_this_process(environ).split("; ")
    assert (lost, left) == ("threads a, b cannot be resumed: it was stopped", "thread c is kept")
    assert all(f"`profile-router {word} c`" in ways for word in ("resume", "undo", "purge"))


def test_what_a_run_kept_is_there_when_it_is_taken_up(tmp_path: Path) -> None:
    left = abandoned(opened(tmp_path))
    threads = opened(tmp_path)
    (row,) = threads.unfinished()
    run = threads.take_up(row)
    assert (run.id, run.resumed, run.records.find("order")) == (left, True, {"task": CANARY})
    threads.leave(run)


def test_a_thread_that_is_run_is_told_with_process_and_time(tmp_path: Path) -> None:
    run = begun(opened(tmp_path))
    threads = opened(tmp_path)
    with pytest.raises(UsageError, match=f"thread t is being run by process {os.getpid()} since "):
        threads.begin("t", "/ws")
    assert threads.unfinished() == []
    assert threads.purge(lambda row: True) == []
    threads.leave(run)
    assert [row.thread for row in threads.unfinished()] == ["t"]


def test_a_lock_ends_with_its_process_however_that_ends(tmp_path: Path) -> None:
    context = multiprocessing.get_context("forkserver")
    told, never = context.Event(), context.Event()
    process = context.Process(target=_run_until_killed, args=(tmp_path, told, never))
    process.start()
    assert told.wait(60)
    threads = opened(tmp_path)
    with pytest.raises(UsageError, match=str(process.pid)):
        threads.begin("t", "/ws")
    process.kill()
    process.join()
    assert [row.pid for row in threads.unfinished()] == [process.pid]
    threads.leave(threads.begin("t", "/ws"))


def _run_until_killed(state: Path, told: Any, never: Any) -> None:
    begun_there = begun(opened(state))
    told.set()
    never.wait()
    raise AssertionError(begun_there)


def test_a_new_run_gives_an_interrupted_one_up_and_says_so(tmp_path: Path) -> None:
    threads = opened(tmp_path)
    abandoned(threads)
    run = threads.begin("t", "/ws")
    assert run.given_up is not None
    assert run.records.find("order") is None
    threads.end(run)
    threads.leave(run)
    again = threads.begin("t", "/ws")
    assert again.given_up is None
    threads.leave(again)


def test_the_end_of_a_run_leaves_nothing_to_go_on_with(tmp_path: Path) -> None:
    threads = opened(tmp_path)
    run = begun(threads)
    (run.folder / "objects").mkdir()
    threads.end(run)
    threads.leave(run)
    assert threads.unfinished() == []
    assert [row.status for row in threads.rows()] == ["ended"]
    assert not run.folder.exists()
    with threads.file.open() as database:
        assert database.execute("SELECT * FROM records").fetchall() == []


def test_the_clock_of_a_run_goes_on_where_it_was(tmp_path: Path) -> None:
    threads = opened(tmp_path)
    run = begun(threads)
    said = run.clock()
    threads.leave(run)
    with threads.file.open() as database:
        database.execute("UPDATE runs SET clock = clock - 1e6")
    again = opened(tmp_path)
    resumed = again.take_up(again.unfinished()[0])
    assert said - 1e6 - 60 < resumed.clock() < said - 1e6 + 60
    again.leave(resumed)


def test_nothing_of_a_thread_can_be_read_in_the_files(tmp_path: Path) -> None:
    threads = opened(tmp_path)
    run = begun(threads)
    run.records.keep("turn 1", [CANARY])
    found = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert len(found) > 2
    assert all(CANARY.encode() not in data for data in found)
    assert stat.S_IMODE((tmp_path / THREADS_FILE).stat().st_mode) == 0o600
    threads.leave(run)


def damaged(tmp_path: Path, content: bytes | None) -> None:
    """Leave a database with a thread in it, then make its file *content*; None: a folder."""
    abandoned(opened(tmp_path))
    path = tmp_path / THREADS_FILE
    for beside in ("-wal", "-shm"):
        Path(f"{path}{beside}").unlink(missing_ok=True)
    if content is None:
        path.unlink()
        path.mkdir()
        return
    path.write_bytes(content if content != b"half" else path.read_bytes()[: path.stat().st_size // 2])


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"garbage" * 1_000, id="garbage"),
        pytest.param(b"half", id="truncated"),
        pytest.param(b"SQLite format 3\0" + b"\xff" * 5_000, id="a head and nonsense"),
        pytest.param(None, id="a folder"),
    ],
)
def test_a_file_that_cannot_be_read_is_set_aside_and_a_new_one_begun(tmp_path: Path, content: bytes | None) -> None:
    damaged(tmp_path, content)
    threads = opened(tmp_path)
    (notice,) = threads.file.notices
    (aside,) = tmp_path.glob(f"{THREADS_FILE}.broken-*")
    assert aside.name in notice
    assert "\n" not in notice
    assert threads.rows() == []
    abandoned(threads)
    assert len(opened(tmp_path).unfinished()) == 1


def test_an_empty_file_is_a_new_one(tmp_path: Path) -> None:
    damaged(tmp_path, b"")
    threads = opened(tmp_path)
    assert (threads.file.notices, threads.rows()) == ([], [])


@pytest.mark.parametrize(
    ("change", "says"),
    [*((f"PRAGMA user_version = {number}", "an older profile-router") for number in (0, 1, 2)), ("", "another key")],
)
def test_an_older_version_or_another_key_sets_the_whole_file_aside_and_loses_nothing(
    tmp_path: Path, change: str, says: str
) -> None:
    abandoned(opened(tmp_path))
    database = sqlite3.connect(tmp_path / THREADS_FILE)
    database.execute(change)
    database.close()
    threads = opened(tmp_path, KEY if change else OTHER)
    assert says in threads.file.notices[0]
    (aside,) = (path for path in tmp_path.glob(f"{THREADS_FILE}.broken-*") if path.name[-1].isdigit())
    if not change:
        aside.rename(tmp_path / THREADS_FILE)
        for beside in ("-wal", "-shm"):
            Path(f"{aside}{beside}").unlink(missing_ok=True)
            (tmp_path / f"{THREADS_FILE}{beside}").unlink(missing_ok=True)
        back = opened(tmp_path)
        assert [row.thread for row in back.unfinished()] == ["t"]


def versioned(state: Path, version: int) -> None:
    """Make the file of the threads in *state* one of *version*."""
    with closing(sqlite3.connect(state / THREADS_FILE)) as database:
        database.execute(f"PRAGMA user_version = {version}")


@pytest.mark.parametrize("key", [KEY, OTHER])
def test_a_newer_version_is_refused_with_what_to_do_and_left_as_it_is(tmp_path: Path, key: bytes) -> None:
    abandoned(opened(tmp_path))
    versioned(tmp_path, THREADS_VERSION + 1)
    before = (tmp_path / THREADS_FILE).read_bytes()
    for serializer in (encrypted(key, []), None):
        with pytest.raises(StateError, match=r"by a newer profile-router \(version 4, .* 3\); bring .* up to date"):
            ThreadFile(state=tmp_path).make_ready(serializer)
    assert (tmp_path / THREADS_FILE).read_bytes() == before
    assert list(tmp_path.glob("*.broken-*")) == []


def test_an_older_version_is_set_aside_when_nobody_works_in_it_any_more(tmp_path: Path) -> None:
    threads = opened(tmp_path)
    run = begun(threads)
    versioned(tmp_path, THREADS_VERSION - 1)
    with pytest.raises(
        StateError, match=r"an older profile-router \(version 2, .*\), and thread 't' is being worked on"
    ):
        opened(tmp_path)
    assert list(tmp_path.glob("*.broken-*")) == []
    threads.leave(run)
    assert "an older profile-router" in opened(tmp_path).file.notices[0]


@pytest.mark.parametrize(("version", "says"), [(THREADS_VERSION + 1, "newer"), (THREADS_VERSION - 1, "older")])
def test_no_thread_is_begun_in_a_file_that_another_version_made_meanwhile(
    tmp_path: Path, version: int, says: str
) -> None:
    threads = opened(tmp_path)
    versioned(tmp_path, version)
    with pytest.raises(StateError, match=f"by an? {says} profile-router"):
        threads.begin("t", "/ws")
    with closing(sqlite3.connect(tmp_path / THREADS_FILE)) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (version,)
        assert database.execute("SELECT count(*) FROM runs").fetchone() == (0,)


def test_a_write_log_goes_with_the_file_it_belongs_to(tmp_path: Path) -> None:
    threads = opened(tmp_path)
    run = begun(threads)  # holds the database open, so that its log is not written back
    assert (tmp_path / f"{THREADS_FILE}-wal").stat().st_size > 0
    again = opened(tmp_path, OTHER)
    assert again.file.notices
    (log,) = tmp_path.glob(f"{THREADS_FILE}.broken-*-wal")
    assert log.stat().st_size > 0
    threads.leave(run)


def test_threads_that_nobody_has_used_for_long_are_removed_with_their_texts_and_diffs(tmp_path: Path) -> None:
    old = opened(tmp_path, clock=lambda: 10 * DAY)
    abandoned(old, "old")
    abandoned(old, "old-er")
    halves = ("diffs/.old-0e.patch.0f.half", "diffs/old-0a/sub/tried.txt")  # of a kill; what was taken back without git
    for name in ("texts/old-0a.txt", "diffs/old-0b.patch", "texts/old-er-0c.txt", "texts/other-0d.txt", *halves):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    new = opened(tmp_path, clock=lambda: 40 * DAY)
    abandoned(new, "new")
    assert new.purge(lambda row: row.thread == "old") == [("old", 4)]
    assert list((tmp_path / "diffs").iterdir()) == []
    assert new.expire(30) == []
    assert new.expire(29) == [("old-er", 1)]
    assert [row.thread for row in new.rows()] == ["new"]
    assert [path.name for path in (tmp_path / "texts").iterdir()] == ["other-0d.txt"]
    assert not (tmp_path / "runs" / "old").exists()


def test_without_a_key_nothing_is_kept_and_the_row_says_why(tmp_path: Path) -> None:
    threads = opened(tmp_path, key=None)
    run = begun(threads)
    assert isinstance(run.records, MemoryRecords)
    threads.leave(run)
    assert threads.unfinished() == []
    assert [(row.status, row.why) for row in threads.rows()] == [("running", "there is no key")]


def test_records_cannot_be_written_is_one_line_that_names_the_way_on(tmp_path: Path) -> None:
    threads = opened(tmp_path)
    run = begun(threads)
    with threads.file.open() as database:
        database.execute("DROP TABLE records")
    with pytest.raises(StateError, match="`profile-router resume t`"):
        run.records.keep("turn 1", "x")
    threads.leave(run)


def test_a_part_of_the_records_is_by_itself(tmp_path: Path) -> None:
    threads = opened(tmp_path)
    run = begun(threads)
    first, second = Scoped(run.records, "0/"), Scoped(run.records, "1/")
    first.keep("turn 1", "a")
    second.keep("turn 1", "b")
    assert (first.find("turn 1"), second.names("turn")) == ("a", ["turn 1"])
    run.records.forget("0/")
    assert (first.find("turn 1"), second.find("turn 1")) == (None, "b")
    threads.leave(run)


def test_what_files_held_before_is_a_mapping_that_outlives_the_process(tmp_path: Path) -> None:
    threads = opened(tmp_path)
    run = begun(threads)
    before = Before(run.records)
    before["a.py"] = b"1"
    before["new.py"] = None
    assert before.setdefault("a.py", b"2") == b"1"
    threads.leave(run)
    again = opened(tmp_path)
    taken = again.take_up(again.unfinished()[0])
    assert dict(Before(taken.records)) == {"a.py": b"1", "new.py": None}
    again.leave(taken)


def test_the_key_is_made_once_for_its_owner_only_and_outside_of_the_state(tmp_path: Path) -> None:
    environ = {"HOME": str(tmp_path)}
    key = read_key(environ)
    path = key_file(environ)
    assert (len(key), read_key(environ), stat.S_IMODE(path.stat().st_mode)) == (BYTES, key, 0o600)
    assert path == tmp_path / ".config" / "profile-router" / "threads.key"
    assert [one.name for one in path.parent.iterdir()] == ["threads.key"]


def test_a_key_file_that_is_none_or_open_to_others_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "key"
    environ = {"PROFILE_ROUTER_KEY_FILE": str(path)}
    path.write_bytes(b"short")
    path.chmod(0o600)
    with pytest.raises(StateError, match="is not a key"):
        read_key(environ)
    path.write_bytes(KEY)
    assert read_key(environ) == KEY
    path.chmod(0o640)
    with pytest.raises(StateError, match="chmod 600"):
        read_key(environ)


def test_where_no_key_can_be_kept_it_is_said_where(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(NoThreadKey, match=r"threads\.key cannot be read or made"):
        read_key({"XDG_CONFIG_HOME": str(tmp_path / "file")})


def test_a_changed_byte_is_noticed(tmp_path: Path) -> None:
    kind, data = encrypted(KEY, []).dumps_typed({"task": CANARY})
    assert CANARY.encode() not in data
    assert CANARY.encode() in plain_serializer([]).dumps_typed({"task": CANARY})[1]
    with pytest.raises(ValueError):
        encrypted(KEY, []).loads_typed((kind, data[:-1] + bytes([data[-1] ^ 1])))


@pytest.mark.parametrize("place", [0, NONCES[OCB], NONCES[OCB] + TAG, -1], ids=["nonce", "tag", "data", "last"])
def test_no_changed_byte_and_no_other_key_or_mode_opens_what_is_encrypted(place: int) -> None:
    sealed = bytearray(encrypt(KEY, CANARY.encode(), b"of"))
    assert decrypt(KEY, bytes(sealed), b"of") == CANARY.encode()
    for key, of, mode in ((OTHER, b"of", OCB), (KEY, b"", OCB), (KEY, b"fo", OCB), (KEY, b"of", EAX)):
        with pytest.raises(ValueError):
            decrypt(key, bytes(sealed), of, mode)
    sealed[place] ^= 1
    with pytest.raises(ValueError):
        decrypt(KEY, bytes(sealed), b"of")


@given(text=st.binary(max_size=300), of=st.binary(max_size=40), cut=st.integers(0, 60))
def test_what_was_encrypted_is_read_whole_or_not_at_all(text: bytes, of: bytes, cut: int) -> None:
    sealed = encrypt(KEY, text, of)
    assert decrypt(KEY, sealed, of) == text
    assert sealed != encrypt(KEY, text, of)
    with pytest.raises(ValueError):
        decrypt(KEY, sealed[:cut][: len(sealed) - 1], of)


def test_a_thread_of_an_older_version_is_read_and_goes_on(tmp_path: Path) -> None:
    older = EncryptedSerializer.from_pycryptodome_aes(plain_serializer([]), key=KEY)
    file = ThreadFile(state=tmp_path)
    with file.door():
        file.make_ready(older)
    abandoned(Threads(file=file, serializer=older))
    threads = opened(tmp_path)
    assert threads.file.notices == []
    (row,) = threads.unfinished()
    run = threads.take_up(row)
    assert run.records.find("order") == {"task": CANARY}
    threads.leave(run)


def test_what_is_encrypted_in_no_known_way_is_refused() -> None:
    with pytest.raises(ValueError, match=r"'rot13' is not a way .*allowed: aes, aes-ocb"):
        encrypted(KEY, []).loads_typed(("json+rot13", b"x" * 40))


@pytest.mark.parametrize("name", [THREADS_FILE, CHECKPOINTS])
def test_a_link_that_leads_nowhere_is_set_aside_as_no_file(tmp_path: Path, name: str) -> None:
    (tmp_path / name).symlink_to(tmp_path / "gone" / name)
    file = ThreadFile(state=tmp_path)
    with file.door():
        file.make_ready(None)
    assert "is not a file" in file.notices[0]
    assert [path.is_symlink() for path in tmp_path.glob(f"{name}.broken-*")] == [True]


def test_no_room_for_the_checkpoints_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "open", full)
    with pytest.raises(StateError, match=r"checkpoints.sqlite cannot be used \(No space left on device\); make room"):
        ThreadFile(state=tmp_path).make_ready(None)


def test_a_thread_that_runs_is_listed_with_the_process_that_is_at_work_on_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PROFILE_ROUTER_STATE", str(tmp_path))
    threads = opened(tmp_path)
    run = begun(threads, "held")
    assert command.run(argparse.Namespace(json=False)) == 0
    assert f"process {os.getpid()} is at work on it" in " ".join(capsys.readouterr().out.split())
    threads.leave(run)
