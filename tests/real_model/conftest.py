"""A real small model behind llama.cpp's server, where one was asked for; else nothing here is collected.

What each rule came to is printed as one table at the end.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from tests.fakes import a_profile
from tests.left_out import LEFT_OUT, NO_MODEL
from tests.llama.server import LlamaServer, flags, running
from tests.real_model.weights import CHOSEN, MODELS, Weights, place_of

from profile_router.core.profile import Profile

ASKED = os.environ.get(CHOSEN, "")  # a test's own environment has none of our variables
collect_ignore_glob = [] if ASKED else ["test_rules_of_form.py", "test_triggers_judged.py"]
WINDOW = 8_192
MOST_WRITTEN = 400  # tokens of an answer: these tasks need no more, and a 1.5B takes over a minute for them
# On two cores, two threads are twice as fast if all is quiet, four times as slow if not.
THREADS = int(os.environ.get("PROFILE_ROUTER_REAL_MODEL_THREADS") or max(1, (os.cpu_count() or 2) // 2))


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleHeld:
    """How often a rule held: so many times of `of`, in so many seconds."""

    rule: str
    times: int
    of: int
    seconds: float


_TABLE = pytest.StashKey[list[RuleHeld]]()


@pytest.fixture(scope="session")
def real_server() -> Iterator[LlamaServer]:
    with running(flags(place_of(ASKED), alias="real", context=WINDOW, parallel=1, threads=THREADS)) as server:
        yield server


@pytest.fixture
def real(real_server: LlamaServer) -> Profile:
    return a_profile(real_server.base_url, model="real", window=WINDOW, max_tokens=MOST_WRITTEN)


@pytest.fixture
def weights() -> Weights:
    return MODELS[ASKED]


@pytest.fixture
def tell(request: pytest.FixtureRequest) -> Callable[[str, int, int], None]:
    """Return what notes that a rule held so many times of so many: also where the test fails afterwards."""
    began = time.monotonic()

    def told(rule: str, times: int, of: int) -> None:
        seconds = time.monotonic() - began
        request.config.stash.setdefault(_TABLE, []).append(RuleHeld(rule=rule, times=times, of=of, seconds=seconds))

    return told


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if not (rows := config.stash.get(_TABLE, [])):
        return
    terminalreporter.section("rules of form")
    terminalreporter.write_line("| model | rule | kept | share | seconds |")
    terminalreporter.write_line("|---|---|---|---|---|")
    for one in rows:
        share = f"{one.times / one.of:.0%}" if one.of else "–"
        line = f"| {ASKED} | {one.rule} | {one.times} of {one.of} | {share} | {one.seconds:.0f} |"
        terminalreporter.write_line(line)


def pytest_collection_modifyitems(config: pytest.Config) -> None:
    if collect_ignore_glob:
        config.stash[LEFT_OUT].counted[NO_MODEL] = len(collect_ignore_glob)
