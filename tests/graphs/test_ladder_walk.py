"""Failures walk the ladder: one visible step each, each at most once, and never out of what privacy allows."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.examples import examples
from tests.fakes import (
    BORDERLINE,
    BURST,
    CHEAP,
    LOCAL,
    PRIVATE,
    Fails,
    FakeBackends,
    FakeClock,
    FakeCondenser,
    FakeHealth,
    FakeMeasurer,
    FakeProber,
    FakePurse,
    FakeRunner,
    FakeVerifier,
    a_policy,
    a_task,
    all_goal,
    candidates,
    evidence,
    with_second,
    without_repair,
)
from tests.graphs.a_run import Rig, steps

from profile_router.core.evidence import TokenCount, Window
from profile_router.core.ladder.causes import CAUSES
from profile_router.core.ladder.failure import Place
from profile_router.core.ladder.receipt import Status
from profile_router.core.ladder.steps import most_steps
from profile_router.core.policy import Promotion

DOWN: Any = {LOCAL: "refused"}


@pytest.mark.parametrize("cause", ["refused", "bad-gateway", "unavailable"])
def test_a_local_server_that_is_down_goes_to_burst_once(cause: Any) -> None:
    rig = Rig(backends=FakeBackends(down={LOCAL: cause}))
    final = rig.run(a_task())
    assert rig.nodes == ["parent", "classify", "dispatch", "reroute", "dispatch", "verify", "summarize", "merge"]
    assert (final["status"], rig.runner.profiles) == ("ok", [BURST])
    assert steps(final["receipts"]) == [(LOCAL, "route", "unavailable"), (BURST, "next-tier", "ok")]
    assert [step.step for step in final["steps"]] == ["next-tier"]
    assert any(event["event"] == "ladder" and BURST in event["line"] for event in rig.events)


def test_another_model_loaded_goes_to_burst_unless_any_will_do() -> None:
    rig = Rig(backends=FakeBackends(loaded={LOCAL: "another"}))
    assert rig.run(a_task())["steps"][0].cause == "wrong-model"
    assert rig.runner.profiles == [BURST]
    rig = Rig(backends=FakeBackends(loaded={LOCAL: "another"}), policy=a_policy(accept_any_model=True))
    rig.run(a_task())
    assert rig.runner.profiles == [LOCAL]


@pytest.mark.parametrize("cause", ["refused", "bad-gateway", "unavailable"])
def test_a_local_server_that_goes_down_in_its_attempt_goes_there_too(cause: Any) -> None:
    rig = Rig(runner=FakeRunner(Fails(cause=cause), "done"))
    final = rig.run(a_task())
    assert (final["status"], rig.runner.profiles) == ("ok", [LOCAL, BURST])
    assert final["receipts"][0].error


def test_an_asked_for_profile_gets_the_task_once() -> None:
    asks = [Fails(cause="asked-for-profile", asked=CHEAP), Fails(cause="asked-for-profile", asked=BURST)]
    rig = Rig(runner=FakeRunner(*asks))
    final = rig.run(a_task())
    assert (final["status"], rig.runner.profiles) == ("failed", [LOCAL, CHEAP])
    assert [(step.step, step.profile) for step in final["steps"]] == [("asked", CHEAP), ("stop", None)]


def test_a_profile_outside_the_tiers_can_be_asked_for() -> None:
    runner = FakeRunner(Fails(cause="asked-for-profile", asked="expert"), "done")
    rig = Rig(runner=runner, candidates=candidates("expert"))
    assert rig.run(a_task())["status"] == "ok"
    assert rig.runner.profiles == [LOCAL, "expert"]
    assert rig.runner.orders[1].rate.source == "highest"


def test_a_burst_tier_without_a_key_falls_back_on_local() -> None:
    rig = Rig(backends=FakeBackends(keyless=[BURST]))
    final = rig.run(a_task(profile=BURST))
    assert (final["status"], rig.runner.profiles) == ("ok", [LOCAL])
    assert steps(final["receipts"]) == [(BURST, "route", "unavailable"), (LOCAL, "fallback", "ok")]
    assert "THE_KEY" in (final["receipts"][0].error or "")


def test_a_key_that_is_used_up_falls_back_after_an_attempt() -> None:
    rig = Rig(runner=FakeRunner(Fails(cause="payment-required"), "done"))
    final = rig.run(a_task(profile=BURST))
    assert steps(final["receipts"]) == [(BURST, "route", "failed"), (LOCAL, "fallback", "ok")]


def test_a_fallback_that_does_not_fit_is_refused_by_its_size() -> None:
    found = evidence(tokens=9_000, window=16_384)
    found_windows = tuple(
        w if w.profile != LOCAL else type(w)(profile=LOCAL, tokens=2_048, source="server") for w in found.windows
    )
    rig = Rig(
        backends=FakeBackends(keyless=[BURST, CHEAP]),
        measurer=FakeMeasurer(all_goal(9_000, windows=found_windows)),
    )
    final = rig.run(a_task())
    assert final["status"] == "refused"
    assert steps(final["receipts"]) == [
        (BURST, "route", "unavailable"),
        (LOCAL, "fallback", "unavailable"),
        (CHEAP, "larger-window", "unavailable"),
    ]
    assert "2,048" in (final["receipts"][1].error or "")


def test_with_nothing_up_the_run_is_refused_with_both_receipts() -> None:
    rig = Rig(backends=FakeBackends(down=DOWN, keyless=[BURST]))
    final = rig.run(a_task(check="pytest"))
    assert (final["status"], rig.runner.orders) == ("refused", [])
    assert steps(final["receipts"]) == [(LOCAL, "route", "unavailable"), (BURST, "next-tier", "unavailable")]
    assert [step.step for step in final["steps"]] == ["next-tier", "stop"]
    assert rig.verifier.asked == []


def test_after_an_attempt_that_failed_the_run_has_failed_even_if_the_next_is_down() -> None:
    rig = Rig(runner=FakeRunner(Fails(cause="unavailable")), backends=FakeBackends(keyless=[BURST]))
    final = rig.run(a_task())
    assert final["status"] == "failed"
    assert steps(final["receipts"]) == [(LOCAL, "route", "failed"), (BURST, "next-tier", "unavailable")]


@pytest.mark.parametrize("end", [None, Fails(cause="asked-for-profile", asked=BURST), Fails(cause="bad-gateway")])
def test_a_private_task_never_leaves_by_the_ladder(end: Fails | None) -> None:
    backends = FakeBackends(down=DOWN) if end is None else FakeBackends()
    runner = FakeRunner(end) if end else FakeRunner()
    rig = Rig(backends=backends, runner=runner, measurer=FakeMeasurer(evidence(private=(PRIVATE,))))
    final = rig.run(a_task(local_only=True))
    assert final["status"] == ("refused" if end is None else "failed")
    assert {receipt.profile for receipt in final["receipts"]} == {LOCAL}
    assert rig.backends.inspected == [LOCAL]
    assert "private" in final["steps"][-1].reason


def test_when_the_time_is_up_no_further_attempt_begins() -> None:
    rig = Rig(runner=FakeRunner(Fails(cause="unavailable")), clock=FakeClock(step=4.0))
    final = rig.run(a_task(timeout_s=10.0))
    assert rig.runner.profiles == [LOCAL]
    assert steps(final["receipts"])[1] == (BURST, "next-tier", "unavailable")
    assert "time is used up" in (final["receipts"][1].error or "")


def test_a_profiles_next_provider_gets_the_task_before_another_tier() -> None:
    rig = Rig(runner=FakeRunner(Fails(cause="server-error"), "done"), candidates=with_second(candidates(), BURST))
    final = rig.run(a_task(profile=BURST))
    assert [(order.profile, order.provider) for order in rig.runner.orders] == [(BURST, 0), (BURST, 1)]
    assert final["places"] == (Place(BURST), Place(BURST, 1))
    assert (final["status"], [step.step for step in final["steps"]]) == ("ok", ["next-provider"])


def test_a_local_profiles_cloud_provider_is_not_local() -> None:
    rig = Rig(runner=FakeRunner(Fails(cause="server-error"), "done"), candidates=with_second(candidates(), LOCAL))
    rig.run(a_task())
    assert [order.local for order in rig.runner.orders] == [True, False]
    private = Rig(
        runner=FakeRunner(Fails(cause="server-error")),
        candidates=with_second(candidates(), LOCAL),
        measurer=FakeMeasurer(evidence(private=(PRIVATE,))),
    )
    assert private.run(a_task(local_only=True))["status"] == "failed"


def test_a_short_rate_limit_is_waited_for_and_asked_once_more() -> None:
    limited = Fails(cause="rate-limited", wait=7.0)
    rig = Rig(runner=FakeRunner(limited, "done"))
    final = rig.run(a_task(profile=BURST))
    assert (rig.naps.slept, rig.runner.profiles) == ([7.0], [BURST, BURST])
    assert steps(final["receipts"]) == [(BURST, "route", "failed"), (BURST, "wait", "ok")]
    again = Rig(runner=FakeRunner(limited, limited, "done"))
    assert [step.step for step in again.run(a_task(profile=BURST))["steps"]] == ["wait", "fallback"]


def test_work_that_is_not_right_is_promoted_once_and_checked_again() -> None:
    rig = Rig(runner=FakeRunner("half done", "done"), verifier=FakeVerifier(1, 0), policy=without_repair())
    final = rig.run(a_task(check="make check"))
    assert (final["status"], final["summary"]) == ("ok", "done")
    assert steps(final["receipts"]) == [(LOCAL, "route", "failed"), (BURST, "promote", "ok")]
    assert [one.verdict for one in final["receipts"]] == ["verification-failed", "ok"]
    assert len(rig.verifier.asked) == 2


def test_on_burst_work_that_is_not_right_stops_the_run() -> None:
    rig = Rig(runner=FakeRunner("half done", "no better"), verifier=FakeVerifier(1, 1), policy=without_repair())
    final = rig.run(a_task(check="make check"))
    assert (final["status"], final["summary"]) == ("failed", "no better")
    assert [step.step for step in final["steps"]] == ["promote", "stop"]
    assert rig.nodes[-3:] == ["verify", "reroute", "merge"]


@pytest.mark.parametrize(("claims", "status"), [("report", "ok"), ("promote", "failed")])
def test_claims_of_files_that_are_not_there_count_as_the_policy_says(claims: Any, status: str) -> None:
    rig = Rig(verifier=FakeVerifier(absent=("x.py",)), policy=a_policy(promotion=Promotion(absent_claims=claims)))
    assert rig.run(a_task(profile=BURST))["status"] == status


ENDS = st.one_of(
    st.just("done"),
    st.builds(
        Fails,
        cause=st.sampled_from(sorted(CAUSES - {"asked-for-profile"})),
        wait=st.sampled_from([None, 0.0, 5.0, 60.0]),
    ),
    st.builds(
        Fails,
        cause=st.just("asked-for-profile"),
        asked=st.sampled_from([LOCAL, BURST, CHEAP, "expert", "nobody", None]),
    ),
)
SERVERS = st.dictionaries(
    st.sampled_from([LOCAL, BURST, CHEAP, "expert"]), st.sampled_from(["refused", "bad-gateway", "unavailable"])
)


@examples(60)
@given(
    ends=st.lists(ENDS, min_size=14, max_size=14),
    down=SERVERS,
    keyless=st.lists(st.sampled_from([BURST, CHEAP, "expert"]), unique=True),
    private=st.booleans(),
    borderline=st.booleans(),
    explicit=st.sampled_from([None, LOCAL, BURST, CHEAP, "expert"]),
    score=st.one_of(st.integers(1, 10), st.just("no estimate")),
    second=st.sampled_from([None, LOCAL, BURST, CHEAP]),
    exits=st.lists(st.integers(0, 1), min_size=9, max_size=9),
    gists=st.lists(st.sampled_from(["the gist", Fails(cause="over-window")]), min_size=9, max_size=9),
)
def test_whatever_fails_a_run_ends_tries_nothing_twice_and_keeps_private_work_here(
    ends: list[Any],
    down: Any,
    keyless: list[str],
    private: bool,
    borderline: bool,
    explicit: str | None,
    score: Any,
    second: Any,
    exits: list[int],
    gists: list[Any],
) -> None:
    found = evidence(**(BORDERLINE if borderline else {}), private=(PRIVATE,) if private else ())
    rig = Rig(
        runner=FakeRunner(*ends),
        backends=FakeBackends(down=down, keyless=keyless),
        measurer=FakeMeasurer(found),
        prober=FakeProber(score),
        candidates=with_second(candidates("expert"), second) if second else candidates("expert"),
        verifier=FakeVerifier(*exits),
        condenser=FakeCondenser(*gists),
    )
    final = rig.run(a_task(profile=explicit, check="make check"))
    beside = {id(receipt) for receipt in rig.condenser.receipts}  # an attempt after condensing has that step as well
    made = [one for one in final["receipts"] if one.step != "probe" and id(one) not in beside]
    attempts = [receipt.profile for receipt in made]
    again = [step for step in final["steps"] if step.action in ("wait", "repair", "condense")]
    assert len(final["places"]) == len(attempts) == len(set(final["places"])) + len(again)
    assert len(final["steps"]) <= most_steps(rig.policy) + 1
    taken = [step.step for step in final["steps"]]
    assert all(taken.count(row.id) <= row.times for row in rig.policy.ladder)
    assert final["status"] in get_args(Status)
    assert (final["status"] == "ok") == bool(rig.runner.orders and not final["attempt"].failure)
    assert len(rig.naps.slept) == len([step for step in final["steps"] if step.wait_s])
    assert rig.health.held == []  # each probe of a half-open server is either answered for or given back
    if private:
        assert set(attempts) | set(rig.backends.inspected) <= {LOCAL}
        assert rig.prober.probed == []


def test_what_is_on_cooldown_is_not_asked_and_the_next_provider_is() -> None:
    rig = Rig(health=FakeHealth({BURST: "rate-limited"}), candidates=with_second(candidates(), BURST))
    final = rig.run(a_task(profile=BURST))
    assert [(order.profile, order.provider) for order in rig.runner.orders] == [(BURST, 1)]
    assert steps(final["receipts"])[0] == (BURST, "route", "unavailable")


def test_how_each_attempt_ended_is_remembered() -> None:
    rig = Rig(runner=FakeRunner(Fails(cause="server-error"), "done"))
    rig.run(a_task())
    assert rig.health.recorded == [(LOCAL, "server-error"), (BURST, None)]


def test_a_task_that_allows_no_money_never_takes_a_paid_step() -> None:
    rig = Rig(runner=FakeRunner(Fails(cause="server-error")), purse=FakePurse(0.0))
    final = rig.run(a_task())
    assert (final["status"], rig.runner.profiles, rig.purse.taken) == ("failed", [LOCAL], [])
    assert "costs money, which the task does not allow" in final["steps"][-1].reason


@pytest.mark.parametrize(("refuses", "status"), [("over-budget", "refused"), ("not-approved", "unapproved")])
def test_a_paid_step_that_is_not_granted_stops_the_run(refuses: Any, status: str) -> None:
    rig = Rig(purse=FakePurse(refuses=refuses))
    final = rig.run(a_task(profile=BURST))
    assert (final["status"], rig.runner.orders) == (status, [])
    assert steps(final["receipts"]) == [(BURST, "route", "unavailable")]
    assert rig.health.held == []


def test_only_what_costs_is_held_and_it_is_settled_with_what_it_cost() -> None:
    rig = Rig(runner=FakeRunner(Fails(cause="server-error"), "done"))
    final = rig.run(a_task())
    assert [profile for profile, _ in rig.purse.taken] == [BURST]
    assert [hold is None for hold in rig.runner.holds] == [True, False]
    assert rig.purse.settled == [final["receipts"][1].cost_usd]


@pytest.mark.parametrize(("usd", "asked"), [(0.0, []), (100.0, [LOCAL])])
def test_a_local_server_that_forwards_costs_what_a_cloud_costs(usd: float, asked: list[str]) -> None:
    rig = Rig(backends=FakeBackends(elsewhere="ollama.com"), purse=FakePurse(usd))
    rig.run(a_task(profile=LOCAL))
    assert (rig.runner.profiles, [profile for profile, _ in rig.purse.taken]) == (asked, asked)
    assert all(order.rate.paid for order in rig.runner.orders)


TOO_LONG: dict[str, Any] = {"tokens": 60_000, "fixed": TokenCount(900, 900, "counted")}


def test_what_fits_no_window_is_condensed_before_its_attempt() -> None:
    rig = Rig(measurer=FakeMeasurer(evidence(**TOO_LONG)), condenser=FakeCondenser("the gist"))
    final = rig.run(a_task(context="long", profile=LOCAL))
    assert rig.nodes[:4] == ["parent", "classify", "condense", "dispatch"]
    assert (final["status"], rig.runner.orders[0].task.context, rig.health.held) == ("ok", "the gist", [])
    assert "condensed: the context, summary, 90,000 → 100 tokens" in final["notes"]


@pytest.mark.parametrize(("elsewhere", "helpers"), [("", [LOCAL]), ("ollama.com", [])])
def test_a_server_that_forwards_to_a_cloud_condenses_nothing_private(elsewhere: str, helpers: list[str]) -> None:
    rig = Rig(
        backends=FakeBackends(elsewhere=elsewhere),
        measurer=FakeMeasurer(evidence(**TOO_LONG, private=(PRIVATE,))),
        condenser=FakeCondenser("the gist"),
    )
    rig.run(a_task(context="long", profile=LOCAL))
    assert rig.condenser.helpers == helpers


@pytest.mark.parametrize(("usd", "helpers"), [(0.0, []), (100.0, [LOCAL])])
def test_a_server_that_forwards_condenses_nothing_for_free(usd: float, helpers: list[str]) -> None:
    rig = Rig(
        backends=FakeBackends(elsewhere="ollama.com"),
        measurer=FakeMeasurer(evidence(**TOO_LONG)),
        condenser=FakeCondenser("the gist"),
        purse=FakePurse(usd),
    )
    rig.run(a_task(context="long", profile=LOCAL))
    assert rig.condenser.helpers == helpers


def test_where_condensing_fails_the_next_larger_window_is_tried() -> None:
    windows = tuple(
        Window(profile=name, tokens=size, source="config") for name, size in ((LOCAL, 8_192), (BURST, 200_000))
    )
    rig = Rig(
        measurer=FakeMeasurer(evidence(**TOO_LONG, windows=windows)),
        condenser=FakeCondenser(Fails(cause="over-window")),
    )
    final = rig.run(a_task(context="long", profile=LOCAL))
    assert [step.step for step in final["steps"]] == ["larger-window"]
    assert (final["status"], rig.runner.profiles) == ("ok", [BURST])
    assert rig.runner.orders[0].task.context == "long"


def test_where_condensing_fails_and_no_window_is_larger_the_run_is_refused_with_the_sizes() -> None:
    rig = Rig(measurer=FakeMeasurer(evidence(**TOO_LONG)), condenser=FakeCondenser(Fails(cause="over-window")))
    final = rig.run(a_task(context="long", profile=LOCAL))
    assert (final["status"], rig.runner.orders, len(rig.condenser.asked)) == ("refused", [], 1)


def test_a_server_that_finds_the_prompt_too_long_gets_it_condensed_once() -> None:
    over = Fails(cause="over-window")
    found = evidence(tokens=6_000, fixed=TokenCount(900, 900, "counted"))
    rig = Rig(runner=FakeRunner(over, over), measurer=FakeMeasurer(found), condenser=FakeCondenser("the gist"))
    final = rig.run(a_task(context="long"))
    assert [step.step for step in final["steps"]] == ["condense", "stop"]
    assert [order.task.context for order in rig.runner.orders] == ["long", "the gist"]


def test_a_cheap_tier_that_is_on_cooldown_is_not_probed() -> None:
    rig = Rig(health=FakeHealth({CHEAP: "rate-limited"}), measurer=FakeMeasurer(evidence(**BORDERLINE)))
    final = rig.run(a_task())
    assert (rig.prober.probed, rig.runner.profiles) == ([], [LOCAL])
    assert "no estimate (on cooldown)" in final["decision"].reasons[-1]


@pytest.mark.parametrize(("timeout", "step", "most"), [(60.0, 1.0, 60.0), (20.0, 5.0, 15.0), (9_000.0, 0.0, 300.0)])
def test_a_check_gets_no_more_time_than_the_run_has_left(timeout: float, step: float, most: float) -> None:
    verifier = FakeVerifier(0)
    rig = Rig(clock=FakeClock(step=step), verifier=verifier)
    rig.run(a_task(timeout_s=timeout, check="make test"))
    (seconds,) = verifier.check_seconds
    assert 1.0 <= seconds <= most
