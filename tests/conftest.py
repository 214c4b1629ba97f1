"""Every test: no network but this machine, no home but a scratch one, no key from whoever runs it."""

from __future__ import annotations

import gc
import itertools
import os
import re
import signal
import sys
from collections.abc import Iterator, Mapping
from multiprocessing import forkserver
from pathlib import Path
from typing import Any

import pytest
from _pytest.runner import runtestprotocol

# To compile the tests, the product and Hypothesis anew takes 25 s of each run. To collect garbage while tests are
# collected takes three more. So all of it stays. What a test starts keeps its environment's setting.
sys.dont_write_bytecode = False
gc.disable()

from hypothesis import HealthCheck, settings  # noqa: E402
from tests.in_groups import InGroups  # noqa: E402
from tests.left_out import LEFT_OUT, NIGHT, LeftOut, kernel_permits  # noqa: E402
from tests.network_fuse import Fuse  # noqa: E402

from profile_router.jail.view import jail_problem  # noqa: E402

# How much Hypothesis tries: the same few examples with every change, many new ones by night. A property that is cheap
# or expensive takes a share of it (see examples.py). A busy machine is not a broken rule: speed is measured in
# tests/benchmarks. A folder of one test may serve all its examples.
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

# Pytest has read these already. Another pytest that a test starts elsewhere would stumble over them.
for _option in ("PYTEST_ADDOPTS", "PYTEST_PLUGINS"):
    os.environ.pop(_option, None)

# What is started in the background, or by nohup, ignores these two and hands that on. Tests send them to processes.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)

_REMOVED = re.compile(
    r".*_API_KEY$|^(PROFILE_ROUTER|LANGSMITH|LANGCHAIN|OPENAI|AZURE_OPENAI)_|^(HTTPS?|ALL|NO)_PROXY$", re.IGNORECASE
)

_FOLDERS = {
    "HOME": "",
    "HERMES_HOME": "/hermes",
    "PROFILE_ROUTER_STATE": "/state",
    "XDG_CONFIG_HOME": "/.config",
    "XDG_STATE_HOME": "/.local/state",
    "XDG_CACHE_HOME": "/.cache",
    "XDG_DATA_HOME": "/.local/share",
}
_SETTINGS = {
    "LANGSMITH_TRACING": "false",
    "PROFILE_ROUTER_HERMES_PYTHON": "none",  # a Hermes of whoever runs the tests is not theirs
}
_FUSE = Fuse()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--nightly", action="store_true", help="also run what is marked `nightly`, and try many more examples"
    )


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--nightly"):
        settings.load_profile("nightly")
    left = config.stash[LEFT_OUT] = LeftOut()
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(_Reported(left))
    _FUSE.install()


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> InGroups:
    return InGroups(config, log)


def pytest_collection_finish() -> None:
    """Let no collection of garbage look through all tests and modules, now or later."""
    gc.freeze()
    gc.enable()


def pytest_unconfigure() -> None:
    """End the server of the forks where there is one, and wait for it: its use counts as ours then."""
    forkserver._forkserver._stop()  # type: ignore[attr-defined]  # the library's own tests end it so


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what waits for the night, and what needs a jail where the kernel makes none (see `no jail`)."""
    left = config.stash[LEFT_OUT]
    if not config.getoption("--nightly"):
        left.counted[NIGHT] += _leave_out("nightly", config, items)
    problem = jail_problem()
    if problem is not None and (many := _leave_out("jail", config, items)):
        left.without_jail(many, problem, permitted=kernel_permits())


def _leave_out(marker: str, config: pytest.Config, items: list[pytest.Item]) -> int:
    marked = [item for item in items if item.get_closest_marker(marker)]
    if marked:
        config.hook.pytest_deselected(items=marked)
        items[:] = [item for item in items if not item.get_closest_marker(marker)]
    return len(marked)


def pytest_testnodedown(node: Any) -> None:
    """Hear what a worker of xdist left out, while it collected."""
    if told := getattr(node, "workeroutput", {}).get("left_out"):
        node.config.stash[LEFT_OUT].heard(told)


class _Reported:
    """Hears of each test that skipped itself: where there are workers, in the process that started them."""

    def __init__(self, left: LeftOut) -> None:
        self._left = left

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.skipped and isinstance(report.longrepr, tuple) and not hasattr(report, "wasxfail"):
            self._left.skipped(report.nodeid, report.longrepr[2].removeprefix("Skipped: "))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand on what a worker left out; fail a run that left out what none may."""
    left = session.config.stash[LEFT_OUT]
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["left_out"] = left.told()
    elif left.broken and session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for line in config.stash[LEFT_OUT].lines():
        terminalreporter.write_line(line)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
    """Let a worker send one report of a test that passes. Of each test xdist sends five, which take half a millisecond."""
    asked = item.config.option
    if not hasattr(item.config, "workerinput") or asked.durations is not None or asked.xmlpath:
        return None
    for report in runtestprotocol(item, log=False, nextitem=nextitem):
        if report.when == "call" or not report.passed or report.sections:
            item.ihook.pytest_runtest_logreport(report=report)
    return True


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    _FUSE.test = item.nodeid


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown() -> Iterator[None]:
    """Fail a test that reached for the network, whatever swallowed the error."""
    yield
    if _FUSE.reached:
        reached = ", ".join(_FUSE.reached)
        _FUSE.reached.clear()
        pytest.fail(f"{_FUSE.test} reached for {reached}: tests talk to this machine only")


@pytest.fixture
def network_fuse() -> Fuse:
    return _FUSE


@pytest.fixture(scope="session")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Give the places of new homes: pytest would look through all folders for each number."""
    return map(tmp_path_factory.mktemp("homes").joinpath, map(str, itertools.count()))


@pytest.fixture(autouse=True)
def scratch_home(homes: Iterator[Path]) -> Iterator[Path]:
    """Give each test a home of its own. Without `monkeypatch`, which most tests need not, this takes a quarter of the time."""
    home = next(homes)
    home.mkdir(mode=0o700)
    own: dict[str, str | None] = dict.fromkeys(filter(_REMOVED.match, os.environ))
    own |= {name: f"{home}{folder}" for name, folder in _FOLDERS.items()}
    own |= _SETTINGS
    before = {name: os.environ.get(name) for name in own}
    _put(own)
    yield home
    _put(before)


def _put(variables: Mapping[str, str | None]) -> None:
    for name, value in variables.items():
        if value is not None:
            os.environ[name] = value
        else:
            os.environ.pop(name, None)
