"""A real llama.cpp server with 8,192 tokens a slot rejects no task of 1 to 200 KB."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.examples import by_night
from tests.fakes import LOCAL, a_task
from tests.llama.conftest import BuildModel
from tests.llama.recording_proxy import recording
from tests.llama.router_stage import scripted_server
from tests.llama.script import Script
from tests.runners.embedded.a_long_run import LongRun, notes_of
from tests.runners.embedded.a_runner import local
from tests.runners.embedded.test_long_context import KINDS, whole_or_told


@pytest.fixture(scope="module")
def says_it_at_once(tiny_model: BuildModel) -> Iterator[str]:
    """A server whose model calls no tool; -c 32768 --parallel 4: 8,192 tokens a request."""
    with scripted_server(tiny_model(Script(calls=())), context=32_768) as url:
        yield url


SIZES = (1_000, 6_000, 30_000)
LARGEST = {"prose": 200_000, "code": 200_000, "a log": 200_000}  # each of the others takes as long, and shows no more


@pytest.mark.parametrize(
    "kind", [by_night(kind, name=kind) if kind in {*LARGEST, "minified", "unicode"} else kind for kind in KINDS]
)
def test_a_real_server_never_rejects_a_task_for_its_size(kind: str, says_it_at_once: str) -> None:
    with recording(says_it_at_once) as proxy:
        here = LongRun(profiles={LOCAL: local(f"{proxy.url}/v1", model="tiny")}, windows={LOCAL: 8_192})
        for size in (*SIZES, LARGEST.get(kind, 60_000)):
            text = KINDS[kind](size)
            end = here.run(a_task("Say how many legs widget 77 has", context=text, profile=LOCAL))
            whole_or_told(end, text)
            assert size > 60_000 or end.attempt is not None, end.why
            assert size < 30_000 or end.attempt is None or notes_of(end)
    assert {exchange.status for exchange in proxy.exchanges} == {200}
