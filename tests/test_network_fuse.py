"""The fuse itself: what it stops, and what it lets through."""

from __future__ import annotations

import asyncio
import os
import socket
from pathlib import Path

import pytest
from tests.network_fuse import Fuse, Reached
from tests.scripted_provider import ScriptedProvider

OUTSIDE = "192.0.2.1"  # TEST-NET-1: nobody's


def by_socket() -> None:
    socket.create_connection((OUTSIDE, 80), timeout=0.1)


def by_datagram() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.connect((OUTSIDE, 53))


def by_status() -> None:
    with socket.socket() as sock:
        sock.connect_ex((OUTSIDE, 80))


def by_name() -> None:
    socket.getaddrinfo("example.invalid", 443)


def by_asyncio() -> None:
    asyncio.run(asyncio.open_connection(OUTSIDE, 80))


def by_asyncio_socket() -> None:
    async def reach() -> None:
        with socket.socket() as sock:
            sock.setblocking(False)
            await asyncio.get_running_loop().sock_connect(sock, (OUTSIDE, 80))

    asyncio.run(reach())


@pytest.mark.parametrize("reach", [by_socket, by_datagram, by_status, by_name, by_asyncio, by_asyncio_socket])
def test_whoever_reaches_outside_is_stopped_and_noted(reach: object, network_fuse: Fuse) -> None:
    with pytest.raises(Reached, match="test_whoever_reaches_outside"):
        reach()  # type: ignore[operator]
    assert network_fuse.reached
    network_fuse.reached.clear()


def test_this_machine_and_unix_sockets_stay_reachable(tmp_path: Path) -> None:
    with ScriptedProvider() as provider:
        socket.create_connection(("127.0.0.1", int(provider.url.rsplit(":", 1)[1]))).close()
    with socket.socket(socket.AF_UNIX) as listening, socket.socket(socket.AF_UNIX) as asking:
        listening.bind(str(tmp_path / "s"))
        listening.listen()
        asking.connect(str(tmp_path / "s"))


def test_home_and_keys_of_whoever_runs_the_tests_are_out_of_reach(scratch_home: Path) -> None:
    assert Path.home() == scratch_home
    assert not [name for name in os.environ if name.endswith("_API_KEY")]
