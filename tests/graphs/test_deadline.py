"""The time limit counts from the run's begin. What one phase takes is missing to the next."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from tests.fakes import (
    BORDERLINE,
    BURST,
    Fails,
    FakeBackends,
    FakeClock,
    FakeCondenser,
    FakeMeasurer,
    FakeProber,
    FakePurse,
    FakeRunner,
    FakeSummarizer,
    FakeVerifier,
    a_task,
    evidence,
)
from tests.graphs.a_run import Rig

from profile_router.core.ladder.failure import Place
from profile_router.core.ladder.server_report import ServerReport

LIMIT = 10.0


@dataclass
class Slow:
    """Takes *seconds* of the *clock* in each call of what it stands before, but for the first *quick* ones."""

    inner: Any
    clock: FakeClock
    name: str
    seconds: float
    quick: int = 0

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.inner, name)
        if name != self.name:
            return found

        async def slow(*given: Any, **named: Any) -> Any:
            said = await found(*given, **named)
            self.quick -= 1
            self.clock.now += 0.0 if self.quick >= 0 else self.seconds
            return said

        return slow


def run(**parts: Callable[[FakeClock], Any]) -> tuple[Rig, dict[str, Any]]:
    clock = FakeClock()
    rig = Rig(clock=clock, **{name: part(clock) for name, part in parts.items()})
    return rig, rig.run(a_task(timeout_s=LIMIT, profile=BURST if "purse" in parts else None))


@pytest.mark.parametrize(
    "parts",
    [
        {"measurer": lambda clock: Slow(FakeMeasurer(), clock, "measure", LIMIT)},
        {"backends": lambda clock: Slow(FakeBackends(), clock, "inspect", LIMIT)},
        {"purse": lambda clock: Slow(FakePurse(), clock, "take", LIMIT)},
        {
            "measurer": lambda _: FakeMeasurer(evidence(**BORDERLINE)),
            "prober": lambda clock: Slow(FakeProber(2), clock, "probe", LIMIT),
        },
    ],
    ids=["measuring", "the server's report", "a person's yes", "the probe"],
)
def test_a_phase_that_takes_all_of_the_time_leaves_none_for_an_attempt(
    parts: dict[str, Callable[[FakeClock], Any]],
) -> None:
    rig, final = run(**parts)
    assert rig.runner.orders == []
    assert final["receipts"][-1].verdict == "timeout"
    assert rig.purse.settled == ([0.0] if "purse" in parts else [])


@pytest.mark.parametrize(
    "parts",
    [
        {"measurer": lambda clock: Slow(FakeMeasurer(), clock, "measure", 4.0)},
        {"backends": lambda clock: Slow(FakeBackends(), clock, "inspect", 4.0)},
        {"purse": lambda clock: Slow(FakePurse(), clock, "take", 4.0)},
    ],
    ids=["measuring", "the server's report", "a person's yes"],
)
def test_an_attempt_gets_what_the_phases_before_it_left(parts: dict[str, Callable[[FakeClock], Any]]) -> None:
    rig, _ = run(**parts)
    assert [order.seconds for order in rig.runner.orders] == [6.0]


def test_measuring_may_wait_for_servers_a_quarter_of_the_time_and_the_probe_what_is_left() -> None:
    measurer, prober = FakeMeasurer(evidence(**BORDERLINE)), FakeProber(2)
    run(measurer=lambda clock: Slow(measurer, clock, "measure", 2.0), prober=lambda _: prober)
    assert (measurer.seconds, prober.seconds) == ([LIMIT / 4], [LIMIT - 2.0])


def test_what_a_summary_or_condensing_may_take_is_counted_after_its_servers_report() -> None:
    slow = {"backends": lambda clock: Slow(FakeBackends(), clock, "inspect", 3.0, quick=1)}
    rig, _ = run(runner=lambda _: FakeRunner("word " * 4_000), summarizer=lambda _: FakeSummarizer("short"), **slow)
    assert [order.seconds for order in rig.summarizer.orders] == [7.0]
    long = FakeMeasurer(evidence(tokens=90_000))
    rig, _ = run(
        measurer=lambda _: long,
        condenser=lambda _: FakeCondenser("the gist"),
        backends=lambda clock: Slow(FakeBackends(), clock, "inspect", 3.0),
    )
    assert [order.seconds for order in rig.condenser.asked] == [7.0]


def test_a_wait_for_a_server_is_no_longer_than_the_time_that_is_left() -> None:
    limited = Fails(cause="rate-limited", wait=7.0)
    rig = Rig(runner=Slow(FakeRunner(limited, "done"), clock := FakeClock(), "run", 6.0), clock=clock)  # type: ignore[arg-type]
    rig.run(a_task(timeout_s=LIMIT, profile=BURST))
    assert rig.naps.slept == [4.0]


class _Silent(FakeBackends):
    async def inspect(self, place: Place) -> ServerReport | None:
        await asyncio.Event().wait()
        raise AssertionError("nobody sets it")


def test_a_server_that_never_says_what_it_is_ends_the_run_and_is_not_blamed() -> None:
    rig = Rig(backends=_Silent())
    final = rig.run(a_task(timeout_s=0.1))
    assert (rig.runner.orders, final["receipts"][-1].verdict) == ([], "timeout")
    assert rig.health.recorded == []
    assert rig.health.held == []


def test_the_check_of_finished_work_still_gets_its_second() -> None:
    verifier = FakeVerifier(0)
    rig = Rig(runner=Slow(FakeRunner("done"), clock := FakeClock(), "run", LIMIT), clock=clock, verifier=verifier)  # type: ignore[arg-type]
    final = rig.run(a_task(timeout_s=LIMIT, check="make test"))
    assert (verifier.check_seconds, final["status"]) == ([1.0], "ok")
