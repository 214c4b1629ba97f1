"""Every test: no network but this machine, no home but a scratch one, no key from whoever runs it."""

from __future__ import annotations

import gc
import itertools
import os
import re
import signal
import sys
from collections.abc import Iterator
from multiprocessing import forkserver
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from tests.in_groups import InGroups
from tests.network_fuse import Fuse

from profile_router.jail.view import jail_problem

# How much Hypothesis tries: the same few examples with every change, many new ones by night. A property that is cheap or
# dear takes a share of it (see examples.py). A busy machine is not a broken rule: speed is measured in tests/benchmarks,
# and a folder of one test may serve all its examples.
settings.register_profile(
    "ci",
    max_examples=25,
    derandomize=True,
    deadline=None,
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)
settings.register_profile("nightly", settings.get_profile("ci"), max_examples=1_000, derandomize=False)
settings.load_profile("ci")

# To compile the tests and the product anew takes 20 s of each run. What a test starts keeps its environment's setting.
sys.dont_write_bytecode = False

# Pytest has read these already. Another pytest that a test starts elsewhere would stumble over them.
for _option in ("PYTEST_ADDOPTS", "PYTEST_PLUGINS"):
    os.environ.pop(_option, None)

# What is started in the background, or by nohup, ignores these two and hands that on: tests send them to processes.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)

_REMOVED = re.compile(
    r".*_API_KEY$|^(PROFILE_ROUTER|LANGSMITH|LANGCHAIN|OPENAI|AZURE_OPENAI)_|^(HTTPS?|ALL|NO)_PROXY$", re.IGNORECASE
)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--nightly", action="store_true", help="also run what is marked `nightly`, and try many more examples"
    )


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--nightly"):
        settings.load_profile("nightly")


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> InGroups:
    return InGroups(config, log)


def pytest_collection_finish() -> None:
    """Let no collection of garbage look through all tests and modules again and again."""
    gc.collect()
    gc.freeze()


def pytest_unconfigure() -> None:
    """End the server of the forks where there is one, and wait for it: what they used counts as ours then."""
    forkserver._forkserver._stop()  # type: ignore[attr-defined]  # the library's own tests end it so


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what waits for the night, and what needs a jail where the kernel makes none (a test holds that: `no jail`)."""
    if not config.getoption("--nightly"):
        _leave_out("nightly", config, items)
    if jail_problem() is not None:
        _leave_out("jail", config, items)


def _leave_out(marker: str, config: pytest.Config, items: list[pytest.Item]) -> None:
    marked = [item for item in items if item.get_closest_marker(marker)]
    if marked:
        config.hook.pytest_deselected(items=marked)
        items[:] = [item for item in items if not item.get_closest_marker(marker)]


@pytest.fixture(autouse=True)
def network_fuse(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fuse]:
    fuse = Fuse(request.node.nodeid)
    fuse.install(monkeypatch)
    yield fuse
    if fuse.reached:
        pytest.fail(f"{fuse.test} reached for {', '.join(fuse.reached)}: tests talk to this machine only")


@pytest.fixture(scope="session")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Give the places of new homes: pytest would look through all folders for each number."""
    return map(tmp_path_factory.mktemp("homes").joinpath, map(str, itertools.count()))


@pytest.fixture(autouse=True)
def scratch_home(homes: Iterator[Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    home = next(homes)
    home.mkdir(mode=0o700)
    for name in [name for name in os.environ if _REMOVED.match(name)]:
        monkeypatch.delenv(name)
    for name, folder in {
        "HOME": ".",
        "HERMES_HOME": "hermes",
        "PROFILE_ROUTER_STATE": "state",
        "XDG_CONFIG_HOME": ".config",
        "XDG_STATE_HOME": ".local/state",
        "XDG_CACHE_HOME": ".cache",
        "XDG_DATA_HOME": ".local/share",
    }.items():
        monkeypatch.setenv(name, str(home / folder))
    monkeypatch.setenv("LANGSMITH_TRACING", "false")
    monkeypatch.setenv("PROFILE_ROUTER_HERMES_PYTHON", "none")  # a Hermes of whoever runs the tests is not theirs
    return home
