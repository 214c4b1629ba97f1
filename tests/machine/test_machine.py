"""The machine's own facts, and the process behind a port."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

import pytest
from tests.doctor.scene import GIB, Scene

from profile_router.machine.machine import Listener, Machine, gib, this_machine


def machine(scene: Scene, cpus: frozenset[int] | None = None) -> Machine:
    return Machine(environ=scene.environ, root=scene.root, cpus=cpus)


def test_this_machine_is_read_without_a_complaint() -> None:
    here = this_machine(os.environ)
    assert 1 <= here.cores() <= (os.cpu_count() or 1)
    assert here.memory() >= 0
    assert isinstance(here.cards(), tuple)


def test_only_the_cores_that_the_process_may_use_count(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    scene.cores(8, threads_each=2)
    assert machine(scene).cores() == 8
    assert machine(scene, frozenset({0, 1, 8, 9})).cores() == 2


def test_a_quota_below_one_core_is_one_core(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    scene.cores(4)
    scene.put({"sys/fs/cgroup/cpu.max": "50000 100000"})
    assert machine(scene).cores() == 1


def test_a_machine_without_a_word_on_cores_has_those_of_the_affinity(tmp_path: Path) -> None:
    assert machine(Scene(tmp_path), frozenset({0, 1, 2})).cores() == 3


def test_the_card_with_the_most_memory_comes_first(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    scene.card(name="card0", vram=GIB)
    scene.card(name="card1", vram=24 * GIB, gtt=8 * GIB)
    assert [(card.name, card.memory) for card in machine(scene).cards()] == [("card1", 32 * GIB), ("card0", GIB)]


def test_a_program_that_fails_says_nothing(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    scene.program("hipconfig", "echo amd; exit 3")
    assert machine(scene).said("hipconfig", "--platform") is None
    assert machine(scene).said("absent") is None


@pytest.mark.parametrize(("size", "text"), [(5_000_000, "5 MiB"), (GIB, "1.0 GiB"), (48 * GIB + GIB // 2, "48.5 GiB")])
def test_sizes_are_written_for_people(size: int, text: str) -> None:
    assert gib(size) == text


def test_the_process_behind_a_port_is_found() -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        found = this_machine(os.environ).listener(listening.getsockname()[1])
    assert found is not None
    assert (found.pid, found.folder) == (os.getpid(), Path.cwd())
    assert Path(found.arguments[0]).name == Path(sys.orig_argv[0]).name


def test_a_port_on_which_nobody_listens_has_no_process() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        assert this_machine(os.environ).listener(bound.getsockname()[1]) is None


def proc(scene: Scene, *, state: str = "0A", inode: str = "4711", target: str = "4711") -> None:
    line = f"   0: 0100007F:1F90 00000000:0000 {state} 00000000:00000000 00:00000000 00000000  1000  0 {inode} 1\n"
    scene.put({"proc/net/tcp": f"  sl  local_address\n{line}", "proc/31/cmdline": b"llama-server\0-c\x008192\0-t\0x\0"})
    (scene.root / "proc/31/fd").mkdir()
    (scene.root / "proc/31/fd/3").symlink_to(f"socket:[{target}]")


def test_a_process_is_told_by_the_socket_that_it_holds(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    proc(scene)
    found = machine(scene).listener(8080)
    assert found is not None
    assert (found.pid, found.number("-c", "--ctx-size"), found.number("-t"), found.folder) == (31, 8_192, None, None)


@pytest.mark.parametrize("odd", [{"state": "01"}, {"target": "4712"}])
def test_a_connection_is_not_a_listener_and_another_socket_does_not_match(odd: dict[str, str], tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    proc(scene, **odd)
    assert machine(scene).listener(8080) is None
    assert machine(scene).listener(8081) is None


def test_the_last_of_two_flags_counts() -> None:
    started = Listener(pid=1, arguments=("s", "-c", "1", "--ctx-size", "2", "-t"), folder=None)
    assert started.number("-c", "--ctx-size") == 2
    assert started.number("-t") is None
