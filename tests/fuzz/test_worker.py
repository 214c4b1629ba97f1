"""Whatever stands on the worker's line, a request is taken or not: on either side nothing else comes of it."""

from __future__ import annotations

import json
import os
import socket
import threading
from contextlib import closing, suppress
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tests.examples import examples
from tests.fuzz.mutations import octets, trees

from profile_router.adapters.worker.request import _received
from profile_router.hermes_plugin import worker

REQUEST = {"arguments": ["run", "--task-json", "-"], "cwd": "/", "environ": {"PATH": "/bin", "HOME": "/"}}


def framed(body: bytes) -> bytes:
    return worker.LENGTH.pack(len(body)) + body


@examples(120)
@given(
    frame=st.one_of(octets(json.dumps(REQUEST).encode()).map(framed), st.binary(max_size=40)),
    streams=st.integers(0, 4),
)
def test_what_comes_is_a_request_with_three_streams_or_refused(frame: bytes, streams: int) -> None:
    here, there = socket.socketpair()
    null = [os.open(os.devnull, os.O_RDWR) for _ in range(streams)]
    with closing(here), closing(there):
        socket.send_fds(here, [frame or b"\0"], null)
        here.shutdown(socket.SHUT_WR)
        there.settimeout(10)
        try:
            found, given_streams = _received(there)
        except (ValueError, OSError, RecursionError):
            pass
        else:
            assert len(given_streams) == 3
            json.dumps(found)
            for handle in given_streams:
                os.close(handle)
    for handle in null:
        os.close(handle)


@examples(60)
@given(
    st.one_of(
        octets(b'{"pid": 99999999}\n'),
        trees({"pid": 1, "more": []}).map(lambda tree: json.dumps(tree).encode() + b"\n"),
    )
)
def test_whatever_a_worker_answers_there_is_a_process_or_none(said: bytes) -> None:
    here, there = socket.socketpair()
    answering = threading.Thread(target=_answer, args=(there, said))
    answering.start()
    try:
        taken: Any = worker._asked(here, framed(b"{}"))
    except (OSError, ValueError):
        taken = None
    if taken is not None:
        os.close(taken._handle)
        for part in (taken.stdin, taken.stdout, taken.stderr, taken._line):
            part.close()
    answering.join()


def _answer(line: socket.socket, said: bytes) -> None:
    with closing(line), suppress(OSError):
        _, streams, *_ = socket.recv_fds(line, 100, 3)
        line.sendall(said)
        for stream in streams:
            os.close(stream)
