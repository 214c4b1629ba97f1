"""Failures walk the ladder: one visible step each, each at most once, and never out of what privacy allows."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.fakes import (
    BORDERLINE,
    BURST,
    CHEAP,
    LOCAL,
    PRIVATE,
    Fails,
    FakeBackends,
    FakeClock,
    FakeMeasurer,
    FakeProber,
    FakeRunner,
    a_policy,
    a_task,
    candidates,
    evidence,
)
from tests.graphs.a_run import Rig, steps

from profile_router.core.ladder import CAUSES
from profile_router.core.receipt import Status

DOWN: Any = {LOCAL: "refused"}


@pytest.mark.parametrize("cause", ["refused", "bad-gateway", "unavailable"])
def test_a_local_server_that_is_down_hops_to_burst_once(cause: Any) -> None:
    rig = Rig(backends=FakeBackends(down={LOCAL: cause}))
    final = rig.run(a_task())
    assert rig.nodes == ["parent", "classify", "dispatch", "reroute", "dispatch", "summarize", "verify", "merge"]
    assert (final["status"], rig.runner.profiles) == ("ok", [BURST])
    assert steps(final["receipts"]) == [(LOCAL, "route", "unavailable"), (BURST, "local-down", "ok")]
    assert [hop.step for hop in final["hops"]] == ["local-down"]
    assert any(event["event"] == "ladder" and BURST in event["line"] for event in rig.events)


def test_another_model_loaded_hops_to_burst_unless_any_will_do() -> None:
    rig = Rig(backends=FakeBackends(loaded={LOCAL: "another"}))
    assert rig.run(a_task())["hops"][0].cause == "wrong-model"
    assert rig.runner.profiles == [BURST]
    rig = Rig(backends=FakeBackends(loaded={LOCAL: "another"}), policy=a_policy(accept_any_model=True))
    rig.run(a_task())
    assert rig.runner.profiles == [LOCAL]


@pytest.mark.parametrize("cause", ["refused", "bad-gateway", "unavailable"])
def test_a_local_server_that_goes_down_in_its_attempt_hops_too(cause: Any) -> None:
    rig = Rig(runner=FakeRunner(Fails(cause=cause), "done"))
    final = rig.run(a_task())
    assert (final["status"], rig.runner.profiles) == ("ok", [LOCAL, BURST])
    assert final["receipts"][0].error


def test_an_asked_for_profile_gets_the_task_once() -> None:
    asks = [Fails(cause="asked-for-profile", asked=CHEAP), Fails(cause="asked-for-profile", asked=BURST)]
    rig = Rig(runner=FakeRunner(*asks))
    final = rig.run(a_task())
    assert (final["status"], rig.runner.profiles) == ("failed", [LOCAL, CHEAP])
    assert [(hop.step, hop.profile) for hop in final["hops"]] == [("asked", CHEAP), ("stop", None)]


def test_a_profile_outside_the_tiers_can_be_asked_for() -> None:
    runner = FakeRunner(Fails(cause="asked-for-profile", asked="expert"), "done")
    rig = Rig(runner=runner, candidates=candidates("expert"))
    assert rig.run(a_task())["status"] == "ok"
    assert rig.runner.profiles == [LOCAL, "expert"]
    assert rig.runner.orders[1].tier == "burst"


def test_a_burst_tier_without_a_key_falls_back_on_local() -> None:
    rig = Rig(backends=FakeBackends(keyless=[BURST]))
    final = rig.run(a_task(profile=BURST))
    assert (final["status"], rig.runner.profiles) == ("ok", [LOCAL])
    assert steps(final["receipts"]) == [(BURST, "route", "unavailable"), (LOCAL, "fallback", "ok")]
    assert "THE_KEY" in (final["receipts"][0].error or "")


def test_a_key_that_is_used_up_falls_back_after_an_attempt() -> None:
    rig = Rig(runner=FakeRunner(Fails(cause="key-exhausted"), "done"))
    final = rig.run(a_task(profile=BURST))
    assert steps(final["receipts"]) == [(BURST, "route", "failed"), (LOCAL, "fallback", "ok")]


def test_a_fallback_that_does_not_fit_is_refused_by_its_size() -> None:
    found = evidence(tokens=9_000, window=16_384)
    found_windows = tuple(
        w if w.profile != LOCAL else type(w)(profile=LOCAL, tokens=2_048, source="server") for w in found.windows
    )
    rig = Rig(
        backends=FakeBackends(keyless=[BURST]), measurer=FakeMeasurer(evidence(tokens=9_000, windows=found_windows))
    )
    final = rig.run(a_task())
    assert final["status"] == "refused"
    assert steps(final["receipts"]) == [(BURST, "route", "unavailable"), (LOCAL, "fallback", "unavailable")]
    assert "2,048" in (final["receipts"][1].error or "")


def test_with_nothing_up_the_run_is_refused_with_both_receipts() -> None:
    rig = Rig(backends=FakeBackends(down=DOWN, keyless=[BURST]))
    final = rig.run(a_task(check="pytest"))
    assert (final["status"], rig.runner.orders) == ("refused", [])
    assert steps(final["receipts"]) == [(LOCAL, "route", "unavailable"), (BURST, "local-down", "unavailable")]
    assert [hop.step for hop in final["hops"]] == ["local-down", "stop"]
    assert rig.verifier.asked == []


def test_after_an_attempt_that_failed_the_run_has_failed_even_if_the_next_is_down() -> None:
    rig = Rig(runner=FakeRunner(Fails(cause="unavailable")), backends=FakeBackends(keyless=[BURST]))
    final = rig.run(a_task())
    assert final["status"] == "failed"
    assert steps(final["receipts"]) == [(LOCAL, "route", "failed"), (BURST, "local-down", "unavailable")]


@pytest.mark.parametrize("end", [None, Fails(cause="asked-for-profile", asked=BURST), Fails(cause="bad-gateway")])
def test_a_private_task_never_leaves_by_the_ladder(end: Fails | None) -> None:
    backends = FakeBackends(down=DOWN) if end is None else FakeBackends()
    runner = FakeRunner(end) if end else FakeRunner()
    rig = Rig(backends=backends, runner=runner, measurer=FakeMeasurer(evidence(private=(PRIVATE,))))
    final = rig.run(a_task(local_only=True))
    assert final["status"] == ("refused" if end is None else "failed")
    assert {receipt.profile for receipt in final["receipts"]} == {LOCAL}
    assert rig.backends.inspected == [LOCAL]
    assert "private" in final["hops"][-1].reason


def test_when_the_time_is_up_no_further_attempt_begins() -> None:
    rig = Rig(runner=FakeRunner(Fails(cause="unavailable")), clock=FakeClock(step=6.0))
    final = rig.run(a_task(timeout_s=10.0))
    assert rig.runner.profiles == [LOCAL]
    assert steps(final["receipts"])[1] == (BURST, "local-down", "unavailable")
    assert "time is used up" in (final["receipts"][1].error or "")


ENDS = st.one_of(
    st.just("done"),
    st.builds(Fails, cause=st.sampled_from(sorted(CAUSES - {"asked-for-profile"}))),
    st.builds(
        Fails,
        cause=st.just("asked-for-profile"),
        asked=st.sampled_from([LOCAL, BURST, CHEAP, "expert", "nobody", None]),
    ),
)
SERVERS = st.dictionaries(
    st.sampled_from([LOCAL, BURST, CHEAP, "expert"]), st.sampled_from(["refused", "bad-gateway", "unavailable"])
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    ends=st.lists(ENDS, min_size=8, max_size=8),
    down=SERVERS,
    keyless=st.lists(st.sampled_from([BURST, CHEAP, "expert"]), unique=True),
    private=st.booleans(),
    borderline=st.booleans(),
    explicit=st.sampled_from([None, LOCAL, BURST, CHEAP, "expert"]),
    score=st.one_of(st.integers(1, 10), st.just("no estimate")),
)
def test_whatever_fails_a_run_ends_tries_nothing_twice_and_keeps_private_work_here(
    ends: list[Any],
    down: Any,
    keyless: list[str],
    private: bool,
    borderline: bool,
    explicit: str | None,
    score: Any,
) -> None:
    found = evidence(**(BORDERLINE if borderline else {}), private=(PRIVATE,) if private else ())
    rig = Rig(
        runner=FakeRunner(*ends),
        backends=FakeBackends(down=down, keyless=keyless),
        measurer=FakeMeasurer(found),
        prober=FakeProber(score),
        candidates=candidates("expert"),
    )
    final = rig.run(a_task(profile=explicit))
    attempts = [receipt.profile for receipt in final["receipts"] if receipt.step != "probe"]
    assert len(attempts) == len(set(attempts)) <= len(rig.policy.ladder) + 1
    assert len(final["hops"]) <= len(rig.policy.ladder) + 1
    assert final["status"] in Status.__args__
    assert (final["status"] == "ok") == bool(rig.runner.orders and not final["attempt"].failure)
    if private:
        assert set(attempts) | set(rig.backends.inspected) <= {LOCAL}
        assert rig.prober.probed == []
