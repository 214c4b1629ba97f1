"""`profile-router serve` as a person calls it, and what it has done before the first request."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cli.command import ROOT, call, environment
from tests.plugin.worker_stage import gone, held, kill, until

from profile_router.hermes_plugin.worker import folder_of

# Opened files and reached addresses while it warms up, then its threads and the variables it has left behind.
WATCHED = """\
import json, os, sys
seen = {"opened": [], "reached": []}
watch = True
def hook(event, arguments):
    if watch and event == "open" and isinstance(arguments[0], str):
        seen["opened"].append(arguments[0])
    elif watch and event in ("socket.connect", "socket.getaddrinfo", "socket.sendto", "subprocess.Popen", "os.fork"):
        seen["reached"].append(event)
sys.addaudithook(hook)
from profile_router.cli.warm import warm
warm()
watch = False
print(json.dumps({**seen, "threads": os.listdir("/proc/self/task"), "modules": sorted(sys.modules)}))
"""


@pytest.fixture
def socket(tmp_path: Path) -> Iterator[Path]:
    """Give the place of a socket, and end what serves there."""
    socket = tmp_path / "sockets" / "a.sock"
    yield socket
    lock = socket.with_suffix(".lock")
    if lock.exists() and held(lock):
        kill(int(lock.read_text()), 15)


def started(socket: Path, home: Path, *more: str) -> int:
    """Start a worker as a person does, and return its pid once it serves."""
    command = [sys.executable, "-m", "profile_router", "serve", "--socket", str(socket), *more]
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with_it = subprocess.Popen(command, env=environment(home), cwd=home, start_new_session=True, **quiet)
    until(socket.exists)
    return with_it.pid


@pytest.fixture
def at_home(tmp_path: Path) -> Iterator[Path]:
    """Give the place of a socket where the plugin looks for it, and end what serves there."""
    socket = folder_of(environment(tmp_path)) / "a.sock"
    yield socket
    lock = socket.with_suffix(".lock")
    if lock.exists() and held(lock):
        kill(int(lock.read_text()), 15)


@pytest.mark.filterwarnings("ignore:subprocess .* is still running:ResourceWarning")
def test_what_takes_the_installation_out_ends_the_worker_and_a_look_at_it_does_not(
    tmp_path: Path, at_home: Path
) -> None:
    (tmp_path / "hermes").mkdir()
    assert call("install", "--yes", home=tmp_path).code == 0
    pid = started(at_home, tmp_path)
    assert call("uninstall", "--dry-run", home=tmp_path).code == 0
    assert call("uninstall", home=tmp_path).code == 2  # nobody to ask
    assert call("serve", "--status", home=tmp_path).out == f"serves: {pid} at {at_home}\n"
    [said] = [line for line in call("doctor", home=tmp_path).out.splitlines() if "worker" in line]
    done = call("uninstall", "--yes", home=tmp_path)
    assert (done.code, f"asked to end: the worker {pid}" in done.out) == (0, True)
    assert gone(pid)
    os.waitpid(pid, 0)
    assert f"serves as {pid}" in said


@pytest.mark.filterwarnings("ignore:subprocess .* is still running:ResourceWarning")
def test_it_serves_is_found_and_is_ended(tmp_path: Path, socket: Path) -> None:
    pid = started(socket, tmp_path)
    again = call("serve", "--socket", str(socket), home=tmp_path)
    shown = call("serve", "--socket", str(socket), "--status", home=tmp_path)
    everywhere = call("serve", "--status", home=tmp_path)
    ended = call("serve", "--socket", str(socket), "--stop", home=tmp_path)
    assert (again.code, again.out) == (0, f"a worker already serves at {socket}\n")
    assert (shown.code, shown.out) == (0, f"serves: {pid} at {socket}\n")
    assert (everywhere.code, everywhere.out) == (0, f"no worker serves at {tmp_path / 'state' / 'worker'}\n")
    assert (ended.code, ended.out) == (0, f"asked to end: {pid} at {socket}\n")
    os.waitpid(pid, 0)
    assert not socket.exists()
    assert call("serve", "--socket", str(socket), "--status", home=tmp_path).out == f"no worker serves at {socket}\n"


def test_an_idle_worker_says_that_it_has_ended(tmp_path: Path, socket: Path) -> None:
    done = call("serve", "--socket", str(socket), "--idle", "0.1", home=tmp_path)
    assert done.code == 0, done.err
    assert done.out.splitlines() == [
        f"serving at {socket}; ends after 0.1 s without a request",
        f"the worker at {socket} has ended",
    ]


@pytest.mark.parametrize("idle", ["0", "-1", "nan", "inf", "1e9"])
def test_an_impossible_time_is_refused(tmp_path: Path, socket: Path, idle: str) -> None:
    done = call("serve", "--socket", str(socket), f"--idle={idle}", home=tmp_path)
    assert (done.code, "--idle" in done.err, "allowed: more than 0" in done.err) == (2, True, True)


@pytest.mark.parametrize("act", [[], ["--status"]])
def test_a_folder_open_to_others_is_refused_with_what_mends_it(tmp_path: Path, socket: Path, act: list[str]) -> None:
    socket.parent.mkdir()
    socket.parent.chmod(0o755)
    done = call("serve", "--socket", str(socket), *act, home=tmp_path)
    assert (done.code, "mode 0700" in done.err) == (2, True)


def test_what_it_warms_up_asks_nobody_reads_only_the_program_and_leaves_one_thread(tmp_path: Path) -> None:
    around = environment(tmp_path)
    done = subprocess.run(
        [sys.executable, "-P", "-c", WATCHED], env=around, cwd=tmp_path, capture_output=True, text=True, check=True
    )
    seen = json.loads(done.stdout)
    assert (seen["reached"], len(seen["threads"])) == ([], 1)
    own = [str(tmp_path), str(Path.home())]
    of_the_user = [file for file in seen["opened"] if file.startswith(tuple(own)) and not _is_the_programs(file)]
    assert of_the_user == []
    assert {"langgraph", "langchain", "openai", "httpcore2", "jinja2", "profile_router_graphs.router"} <= {
        *seen["modules"]
    }


def _is_the_programs(file: str) -> bool:
    return file.startswith((str(ROOT), sys.prefix, sys.base_prefix))
