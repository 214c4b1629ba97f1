"""The worker stands in for the router's own process, and is never needed."""

from __future__ import annotations

import io
import json
import os
import resource
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from tests.plugin.worker_stage import Desk, finish, gone, kill, until

from profile_router.hermes_plugin import line as pipes
from profile_router.hermes_plugin import worker
from profile_router.hermes_plugin.process import Ran, run_router
from profile_router.hermes_plugin.settings import Settings, environment, read_settings

FOREVER = 10.0**6


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setattr(worker, "_ANSWER_S", 60.0)  # a busy machine is no broken worker
    desk = Desk(tmp_path / "desk")
    yield desk
    desk.end()


def run(desk: Desk, goal: str, interrupted: Callable[[], bool] = lambda: False) -> Ran:
    deadline = time.monotonic() + FOREVER
    return run_router(desk.settings, {"goal": goal}, deadline, interrupted, lambda line: None)


# --- a request is the process that would else be started


def test_what_it_serves_is_the_process_that_would_else_be_started(desk: Desk, tmp_path: Path) -> None:
    desk.start()
    given: dict[str, Any] = {"TMPDIR": str(tmp_path), "MÄRCHEN": "\udcff", "LANG": os.environ.get("LANG", "")}
    if not given["LANG"]:
        del given["LANG"]
    cwd = str(tmp_path)
    here = json.loads(desk.served("tell", "ä", "", cwd=cwd, **given)[1])
    there = json.loads(desk.spawned("tell", "ä", "", cwd=cwd, **given)[1])
    assert here.pop("fds") == [0, 1, 2, 3]  # 3 is the line to whoever asked, and no process that it starts inherits it
    assert there.pop("fds") == [0, 1, 2]
    # the C library's own notes of a locale that Python has set are no part of what was given
    assert {**here, "environ": given | here["environ"]} == {**there, "environ": given | there["environ"]}
    assert (here["argv"], here["cwd"], here["scratch"]) == (["tell", "ä", ""], cwd, cwd)


@pytest.mark.parametrize("arguments", [["hear"], ["raise"], ["leave"], ["leave", "a word"], ["tell", "--x"]])
def test_streams_and_exit_code_are_those_of_a_process(desk: Desk, arguments: list[str]) -> None:
    desk.start()
    code, out, err = desk.served(*arguments, stdin="ü\n".encode())
    wanted = desk.spawned(*arguments, stdin="ü\n".encode())
    if arguments == ["raise"]:
        assert (code, out, err.splitlines()[-1]) == (wanted[0], wanted[1], wanted[2].splitlines()[-1])
    elif arguments == ["tell", "--x"]:
        assert (code, json.loads(out)["argv"], err) == (wanted[0], arguments, wanted[2])
    else:
        assert (code, out, err) == wanted


def test_requests_share_nothing_not_even_chance(desk: Desk) -> None:
    desk.start()
    assert desk.told(ONE="1")["environ"]["ONE"] == "1"
    assert "ONE" not in desk.told()["environ"]
    assert desk.served("random")[1] != desk.served("random")[1]


def test_the_worker_is_given_none_of_the_keys_around_it(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_API_KEY", "sk-secret")
    pid = desk.start()
    assert desk.told()["environ"]["SOME_API_KEY"] == "sk-secret"
    assert b"sk-secret" not in Path(f"/proc/{pid}/environ").read_bytes()
    assert b"SOME_API_KEY" not in Path(f"/proc/{pid}/environ").read_bytes()


def test_two_requests_run_at_the_same_time(desk: Desk) -> None:
    desk.start()
    first, second = desk.taken("hear"), desk.taken("hear")
    second.stdin.close()
    assert (second.stderr.read(), finish(second), first.poll()) == (b"heard ", 7, None)
    first.stdin.close()
    assert (first.stderr.read(), finish(first)) == (b"heard ", 7)


# --- who is served


def test_only_the_user_may_reach_it(desk: Desk) -> None:
    desk.start()
    assert (desk.socket.stat().st_mode & 0o777, desk.socket.parent.stat().st_mode & 0o777) == (0o600, 0o700)


@pytest.mark.parametrize("how", ["open to others", "a link"])
def test_a_folder_that_is_not_the_users_alone_is_not_used(desk: Desk, how: str) -> None:
    desk.start()
    folder = desk.socket.parent
    if how == "a link":
        folder.rename(folder.with_name("moved"))
        folder.symlink_to(folder.with_name("moved"))
    else:
        folder.chmod(0o750)
    try:
        assert desk.ask("tell") is None
    finally:
        folder.chmod(0o700)
        if folder.is_symlink():
            folder.unlink()
            folder.with_name("moved").rename(folder)


def test_another_users_worker_is_not_spoken_to(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.start()
    monkeypatch.setattr(worker, "peer", lambda line: (1, os.geteuid() + 1))
    assert desk.ask("tell") is None


def test_another_user_is_not_served(desk: Desk) -> None:
    (desk.folder / "other user").touch()
    worker.start(desk.command, environment())
    until(desk.socket.exists)
    assert desk.ask("tell") is None


def test_who_has_other_limits_finds_no_worker_and_would_not_be_served(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.start()
    name = worker.name_of(desk.command, environment())
    soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0 if soft else 1, hard) if hard else (soft, hard))
    try:
        if resource.getrlimit(resource.RLIMIT_CORE) == (soft, hard):  # no room: another limit then
            files = resource.getrlimit(resource.RLIMIT_NOFILE)
            resource.setrlimit(resource.RLIMIT_NOFILE, (files[0] - 1, files[1]))
        assert worker.name_of(desk.command, environment()) != name
        monkeypatch.setattr(worker, "name_of", lambda *_: name)
        assert desk.ask("tell") is None
    finally:
        resource.setrlimit(resource.RLIMIT_CORE, (soft, hard))
        if "files" in locals():
            resource.setrlimit(resource.RLIMIT_NOFILE, files)
    monkeypatch.undo()


@pytest.mark.parametrize(
    ("name", "other"), [("LANG", "xx"), ("PYTHONUTF8", "1"), ("HOME", "/elsewhere"), ("SSL_CERT_FILE", "/f")]
)
def test_what_counts_when_the_router_starts_makes_it_another_worker(desk: Desk, name: str, other: str) -> None:
    around = environment()
    assert worker.name_of(desk.command, {**around, name: other}) != worker.name_of(desk.command, around)
    assert worker.name_of(("/other",), around) != worker.name_of(desk.command, around)
    assert worker.name_of(desk.command, {**around, "ANY_KEY": "x"}) == worker.name_of(desk.command, around)


# --- how it ends


def test_it_ends_when_nobody_asks(desk: Desk) -> None:
    (desk.folder / "idle").write_text("0.3")
    worker.start(desk.command, environment())
    lock = desk.socket.with_suffix(".lock")
    pid = int(until(lambda: lock.exists() and lock.read_text()))
    assert gone(pid)
    assert not desk.socket.exists()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_what_it_has_started_goes_on_when_it_is_ended(desk: Desk, how: signal.Signals) -> None:
    pid = desk.start()
    running = desk.taken("hear")
    kill(pid, how)
    assert desk.ask("tell") is None
    assert running.poll() is None
    running.stdin.write(b"on")
    running.stdin.close()
    assert (running.stderr.read(), finish(running)) == (b"heard on", 7)


def test_after_it_was_killed_the_next_one_takes_its_place(desk: Desk) -> None:
    kill(desk.start(), signal.SIGKILL)
    assert desk.socket.exists()
    desk.start()
    assert desk.served("hear")[0] == 7


def test_it_serves_nothing_that_is_not_the_code_on_disk(desk: Desk) -> None:
    pid = desk.start()
    (desk.folder / "code").write_text("new")
    assert desk.ask("tell") is None
    assert gone(pid)
    desk.start()


@pytest.mark.parametrize("replaced", [False, True])
def test_it_ends_when_its_socket_is_not_its_own_any_more(desk: Desk, replaced: bool) -> None:
    pid = desk.start()
    desk.socket.unlink()
    if replaced:
        desk.socket.touch()
    assert gone(pid)
    assert desk.socket.exists() == replaced


def test_where_one_serves_no_second_is_started(desk: Desk) -> None:
    desk.start()
    before = desk.starts
    worker.start(desk.command, environment())
    assert desk.starts == before
    assert threading.active_count() <= 2


# --- the shim


def test_the_first_task_starts_the_worker_and_the_second_is_served_by_it(desk: Desk) -> None:
    first = run(desk, "do it")
    desk.serving()
    second = run(desk, "do it")
    assert (first.code, second.code, first.result, second.result) == (0, 0, second.result, first.result)
    assert desk.starts == ["run", "serve"]


def test_without_leave_there_is_no_worker(desk: Desk) -> None:
    run_router(Settings(command=desk.command), {"goal": "do it"}, FOREVER + time.monotonic(), bool, lambda line: None)
    assert desk.starts == ["run"]
    assert not desk.socket.parent.exists()


def test_a_process_that_is_killed_after_it_took_the_task_is_not_started_again(desk: Desk) -> None:
    desk.start()
    before = desk.starts
    ran = run(desk, "be killed")
    assert (ran.rule, ran.result, ran.code) == ("small-change", None, -9)
    assert desk.starts == before


def test_an_interrupted_task_is_ended_with_all_that_it_started(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipes, "_CLOSING_S", 0.2)
    desk.start()
    started: list[int] = []
    hear = Ran.hear

    def hearing(ran: Ran, event: Any) -> None:
        started.extend([int(event["line"])] if event["event"] == "turn" else [])
        hear(ran, event)

    monkeypatch.setattr(Ran, "hear", hearing)
    ran = run(desk, "start something and hang", lambda: bool(started))
    assert (ran.stopped, ran.result, ran.code) == ("interrupted", None, -9)
    assert gone(started[0])


class Odd:
    """Something that listens where the worker should, and answers with *said*; None: it keeps silent."""

    def __init__(self, at: Path, said: bytes | None) -> None:
        at.parent.mkdir(mode=0o700, parents=True)
        with worker.opened(at.parent) as place:
            self.listener = socket.socket(socket.AF_UNIX)
            self.listener.bind(str(place / at.name))
        self.listener.listen()
        self.said = said
        self.heard = b""
        self.thread = threading.Thread(target=self._answer)
        self.thread.start()

    def _answer(self) -> None:
        line, _ = self.listener.accept()
        with line:
            _, handles, *_ = socket.recv_fds(line, 1 << 16, 3)
            if self.said is not None:
                line.sendall(self.said)
                line.shutdown(socket.SHUT_WR)
            with io.FileIO(handles[0]) as stdin:
                self.heard = stdin.read() or b""
            for handle in handles[1:]:
                os.close(handle)

    def close(self) -> None:
        self.thread.join(60)
        self.listener.close()


@pytest.mark.parametrize(
    "said", [b"", b"?\n", b"[]\n", b'{"pid": 1}\n', b'{"pid": "x"}\n', b'{"pid": 4194305}\n', None]
)
def test_whatever_is_odd_about_it_the_task_is_told_to_nobody_and_run_by_a_process_of_its_own(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, said: bytes | None
) -> None:
    monkeypatch.setattr(worker, "_ANSWER_S", 0.3)
    odd = Odd(desk.socket, said)
    ran = run(desk, "do it")
    odd.close()
    assert (ran.code, ran.result and ran.result["status"], odd.heard) == (0, "ok", b"")
    assert desk.starts[0] == "run"
    desk.serving()  # it replaces what was there


def test_a_folder_that_cannot_be_entered_is_as_it_would_be_without_the_worker(desk: Desk) -> None:
    desk.start()
    assert desk.ask("tell", cwd="/nowhere") is None


@pytest.mark.parametrize("bad", [b"", b"\0\0\0\2{}", b"\xff\xff\xff\xff", b"\0\0\0\3no!"])
def test_what_is_no_request_starts_nothing_and_the_worker_goes_on(desk: Desk, bad: bytes) -> None:
    desk.start()
    with worker.opened(desk.socket.parent) as place, socket.socket(socket.AF_UNIX) as line:
        line.connect(str(place / desk.socket.name))
        line.sendall(bad)
        line.shutdown(socket.SHUT_WR)
        with suppress(ConnectionResetError):  # it did not read all of it
            assert line.recv(100) == b""
    assert desk.served("hear")[0] == 7


def test_a_path_too_long_for_a_socket_is_no_hindrance(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PROFILE_ROUTER_STATE", str(tmp_path / ("long" * 30)))
    desk.start()
    assert desk.served("hear")[0] == 7


# --- settings


@pytest.mark.parametrize(
    ("written", "variable", "means"),
    [
        (None, "", False),
        (True, "", True),
        (False, "", False),
        (True, "off", False),
        (False, "on", True),
        (True, "?", True),
    ],
)
def test_the_settings_switch_it_and_the_variable_beats_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: bool | None, variable: str, means: bool
) -> None:
    monkeypatch.setenv("PROFILE_ROUTER_WORKER", variable)
    said = {"command": ["/bin/sh"]} if written is None else {"command": ["/bin/sh"], "worker": written}
    (tmp_path / "router.json").write_text(json.dumps(said))
    assert read_settings(tmp_path).worker is means


def test_any_other_word_for_the_worker_is_refused(tmp_path: Path) -> None:
    (tmp_path / "router.json").write_text('{"command": ["/bin/sh"], "worker": "yes"}')
    assert "'worker' must be true or false" in read_settings(tmp_path).problem
