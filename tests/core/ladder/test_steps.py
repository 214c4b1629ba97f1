"""The ladder: which step follows which failure, and what stops it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.fakes import BURST, CHEAP, LOCAL, a_policy

from profile_router.core.ladder.causes import CAUSES, TABLE, cause_of_answer, detail_of
from profile_router.core.ladder.failure import Failure, Place
from profile_router.core.ladder.steps import ProviderView, TakenStep, Terrain, most_steps, step_for
from profile_router.core.policy import Tier, Tiers
from profile_router.core.policy.rules import TIERS

SERVER = [
    *("dns", "tls", "refused", "connect-timeout", "model-missing", "server-error", "bad-gateway", "unavailable"),
    *("loading", "wrong-model", "unfit-model", "first-token-timeout", "stalled", "request-timeout", "model-limited"),
]
KEYS = ["no-key", "key-refused", "payment-required", "forbidden", "rate-limited"]
NETWORK = ["no-network", "dns", "refused", "connect-timeout"]
ANSWERS = [
    *("stream-error", "cut-short", "empty-answer", "truncated", "invalid-json", "unknown-tool", "bad-arguments"),
    *("repeated-call", "calls-as-text", "turn-limit"),
]
WORK = ["verification-failed", "no-change"]
TIER_PROFILES: dict[str, Tier] = {LOCAL: "local", BURST: "burst", CHEAP: "cheap"}
HERE = ProviderView(label="llama.cpp", local=True, paid=False)
CLOUD = ProviderView(label="openrouter", local=False, paid=True)
SECOND = ProviderView(label="together", local=False, paid=True)
ONE_EACH = {LOCAL: [HERE], BURST: [CLOUD], CHEAP: [CLOUD]}
TWO_EACH = {LOCAL: [HERE, HERE], BURST: [CLOUD, SECOND], CHEAP: [CLOUD, SECOND]}
WINDOWS = {LOCAL: 8_192, CHEAP: 128_000, BURST: 200_000}


def following(
    cause: Any, at: str = LOCAL, *, asked: str | None = None, wait: float | None = None, **changes: Any
) -> TakenStep:
    failure = Failure(cause=cause, message="it broke", asked=asked, retry_after_s=wait)
    place = changes.pop("place", Place(at))
    tried, taken = changes.pop("tried", (place,)), changes.pop("taken", ())
    given: dict[str, Any] = {"policy": a_policy(), "views": ONE_EACH, "windows": WINDOWS}
    terrain = Terrain(**{**given, **changes})
    return step_for(failure, at=place, tier=TIER_PROFILES[at], tried=tried, taken=taken, terrain=terrain)


STEPS = [
    *((cause, LOCAL, "next-tier", BURST) for cause in SERVER),
    *((cause, CHEAP, "next-tier", LOCAL) for cause in SERVER),
    *((cause, BURST, "fallback", LOCAL) for cause in (*NETWORK, "model-limited")),
    ("no-network", CHEAP, "fallback", LOCAL),
    *((cause, at, "fallback", LOCAL) for cause in KEYS for at in (BURST, CHEAP)),
    *((cause, at, "promote", BURST) for cause in (*ANSWERS, *WORK) for at in (LOCAL, CHEAP)),
    *(("no-progress", at, "early", BURST) for at in (LOCAL, CHEAP)),
    ("over-window", LOCAL, "larger-window", CHEAP),
    ("over-window", CHEAP, "larger-window", BURST),
]


@pytest.mark.parametrize(("cause", "at", "step", "to"), STEPS)
def test_each_failure_has_its_step(cause: str, at: str, step: str, to: str) -> None:
    taken = following(cause, at)
    assert (taken.step, taken.profile, taken.provider, taken.cause) == (step, to, 0, cause)
    assert (taken.tier, taken.action) == (TIER_PROFILES[to], "go")
    assert taken.reason == f"{TABLE[taken.cause].sentence} → {to}, once"


@pytest.mark.parametrize("at", [LOCAL, BURST, CHEAP])
@pytest.mark.parametrize("cause", sorted(CAUSES))
def test_what_has_no_step_stops(cause: str, at: str) -> None:
    answered = {(cause, at) for cause, at, _, _ in STEPS}
    stopped = following(cause, at)
    assert (stopped.profile is None) is ((cause, at) not in answered)
    if stopped.profile is None:
        assert (stopped.step, stopped.action) == ("stop", "stop")
        assert stopped.reason.startswith(TABLE[stopped.cause].sentence)


@pytest.mark.parametrize("at", [LOCAL, BURST, CHEAP])
@pytest.mark.parametrize(("cause", "step"), [*((c, "next-provider") for c in SERVER), *((c, "next-key") for c in KEYS)])
def test_the_profiles_next_provider_comes_before_another_tier(cause: str, step: str, at: str) -> None:
    taken = following(cause, at, views=TWO_EACH)
    assert (taken.step, taken.profile, taken.provider) == (step, at, 1)
    after = following(cause, at, views=TWO_EACH, place=Place(at, 1), tried=(Place(at), Place(at, 1)), taken=(step,))
    assert after.profile != at


def test_a_second_provider_is_named_in_the_line() -> None:
    assert (
        following("server-error", BURST, views=TWO_EACH).reason == "the server failed → coding-burst by together, once"
    )


@pytest.mark.parametrize("wait", [0.0, 7.0, 20.0])
def test_a_short_rate_limit_is_waited_for_once(wait: float) -> None:
    taken = following("rate-limited", BURST, wait=wait)
    assert (taken.step, taken.profile, taken.action, taken.wait_s) == ("wait", BURST, "wait", wait)
    assert taken.reason == f"the key is rate limited → the same again in {wait:.0f} s, once"
    assert following("rate-limited", BURST, wait=wait, taken=("wait",)).step == "fallback"


@pytest.mark.parametrize("wait", [None, 20.5, 3600.0])
def test_a_long_rate_limit_is_a_key_that_is_used_up(wait: float | None) -> None:
    assert following("rate-limited", BURST, wait=wait).step == "fallback"
    other = following("rate-limited", BURST, wait=wait, views=TWO_EACH)
    assert (other.step, other.wait_s) == ("next-key", 0.0)  # another key needs no waiting for


def test_a_prompt_over_the_window_is_condensed_before_a_larger_window_is_taken() -> None:
    first = following("over-window", condensable=True)
    assert (first.step, first.profile, first.action) == ("condense", LOCAL, "condense")
    assert following("over-window", condensable=True, taken=("condense",)).step == "larger-window"


@pytest.mark.parametrize("at", [LOCAL, CHEAP])
def test_a_failed_check_is_repaired_where_it_failed_before_it_is_promoted(at: str) -> None:
    first = following("verification-failed", at, repairable=True)
    assert (first.step, first.profile, first.provider, first.action) == ("repair", at, 0, "repair")
    assert first.reason == f"the verification failed → {at} repairs it, once"
    assert following("verification-failed", at, repairable=True, taken=("repair",)).step == "promote"
    assert following("verification-failed", at, repairable=False).step == "promote"


@pytest.mark.parametrize("cause", sorted(CAUSES - {"verification-failed"}))
def test_nothing_but_a_failed_check_is_repaired(cause: str) -> None:
    assert following(cause, repairable=True).step != "repair"


def test_a_second_provider_repairs_its_own_work_and_is_named() -> None:
    at = Place(LOCAL, 1)
    taken = following("verification-failed", repairable=True, views=TWO_EACH, place=at, tried=(Place(LOCAL), at))
    assert (taken.step, taken.profile, taken.provider) == ("repair", LOCAL, 1)
    assert taken.reason == "the verification failed → coding-local by llama.cpp repairs it, once"


def test_the_next_larger_window_is_the_least_of_them_in_whatever_order_they_stand() -> None:
    windows = {BURST: 200_000, CHEAP: 128_000, LOCAL: 8_192}
    assert following("over-window", windows=windows).profile == CHEAP
    assert following("over-window", windows=windows, tried=(Place(LOCAL), Place(CHEAP))).profile == BURST
    assert following("over-window", windows={**windows, CHEAP: 8_192}).profile == BURST


@pytest.mark.parametrize("at", [LOCAL, BURST, CHEAP])
def test_an_asked_for_profile_is_gone_to_from_every_tier(at: str) -> None:
    to = BURST if at != BURST else CHEAP
    taken = following("asked-for-profile", at, asked=to)
    assert (taken.step, taken.profile) == ("asked", to)


NO_BURST = {LOCAL: [HERE], CHEAP: [CLOUD]}
STOPS: list[tuple[dict[str, Any], str]] = [
    ({"cause": "refused", "taken": ("next-tier",)}, "the step 'next-tier' is allowed 1 times and was taken"),
    ({"cause": "refused", "tried": (Place(LOCAL), Place(BURST))}, "coding-burst was tried already"),
    ({"cause": "refused", "private": True}, "the task is private and coding-burst is not local"),
    ({"cause": "refused", "views": NO_BURST}, "there is no profile 'coding-burst' to go to"),
    ({"cause": "refused", "may_pay": False}, "coding-burst costs money, which the task does not allow"),
    ({"cause": "asked-for-profile", "asked": "nobody"}, "there is no profile 'nobody' to go to"),
    ({"cause": "asked-for-profile", "asked": LOCAL}, "coding-local was tried already"),
    ({"cause": "asked-for-profile", "asked": BURST, "private": True}, "the task is private and coding-burst"),
    ({"cause": "asked-for-profile", "asked": CHEAP, "taken": ("asked",)}, "the step 'asked' is allowed 1 times"),
    ({"cause": "asked-for-profile"}, "there is no profile 'None' to go to"),
    ({"cause": "refused", "policy": a_policy(ladder=())}, "nothing left to try"),
    ({"cause": "turn-limit", "at": BURST}, "nothing left to try"),
    (
        {"cause": "verification-failed", "repairable": True, "private": True, "taken": ("repair",)},
        "the task is private and coding-burst is not local",
    ),
]


@pytest.mark.parametrize(("changes", "why"), STOPS)
def test_what_forbids_a_step_is_said(changes: dict[str, Any], why: str) -> None:
    stopped = following(**changes)
    assert (stopped.step, stopped.profile) == ("stop", None)
    assert why in stopped.reason


def test_a_row_that_may_not_cost_leads_to_nothing_that_does() -> None:
    free = tuple(replace(row, may_cost=False) for row in a_policy().ladder)
    stopped = following("refused", policy=a_policy(ladder=free))
    assert "coding-burst costs money, which the step 'next-tier' does not allow" in stopped.reason


def test_a_private_task_may_go_to_another_local_profile() -> None:
    views = {LOCAL: [HERE], "my-other-box": [HERE], BURST: [CLOUD]}
    assert following("asked-for-profile", asked="my-other-box", private=True, views=views).profile == "my-other-box"


def test_a_private_task_never_takes_a_local_profiles_cloud_provider() -> None:
    assert following("refused", private=True, views={**ONE_EACH, LOCAL: [HERE, CLOUD]}).profile is None
    taken = following("refused", private=True, views={**ONE_EACH, LOCAL: [HERE, CLOUD, HERE]})
    assert (taken.profile, taken.provider) == (LOCAL, 2)


def test_a_step_that_the_policy_allows_no_time_is_never_taken() -> None:
    never = a_policy(ladder=tuple(replace(step, times=0) for step in a_policy().ladder))
    assert following("refused", policy=never).profile is None
    assert most_steps(never) == 0


def test_a_tier_without_a_profile_is_not_a_destination() -> None:
    policy = a_policy(tiers=Tiers(local="default", burst="burst"))
    assert following("refused", policy=policy, views={"default": [HERE]}).profile is None


def test_the_causes_of_the_shipped_ladder_exist_and_its_tiers_too() -> None:
    for step in a_policy().ladder:
        assert set(step.causes) <= CAUSES
        assert set(step.from_tiers) <= set(TIERS)


def test_every_cause_has_a_row_and_no_sentence_status_or_detail_stands_for_two() -> None:
    rows = TABLE.values()
    assert set(TABLE) == CAUSES
    assert len({row.sentence for row in rows}) == len(TABLE)
    assert len({status for row in rows for status in row.statuses}) == sum(len(row.statuses) for row in rows)
    details = [row.detail for row in rows if row.detail]
    assert len({*details, *(row.sentence for row in rows)}) == len(details) + len(TABLE)


@pytest.mark.parametrize("cause", sorted(CAUSES))
def test_a_failure_tells_the_figures_of_its_case_or_else_the_sentence_of_its_cause(cause: Any) -> None:
    figures = {"seconds": 1.0, "times": 3, "turns": 5, "name": "read_file", "why": "so", "files": "a.py", "said": "low"}
    assert detail_of(cause, **figures) == (TABLE[cause].detail or TABLE[cause].sentence).format(**figures)
    assert detail_of(cause) in (TABLE[cause].detail, TABLE[cause].sentence)
    assert "{" not in detail_of(cause)


FAMILIES = {"unreached": [*NETWORK, "tls"], "key": KEYS, "answer": ANSWERS, "work": WORK}


@pytest.mark.parametrize(("family", "causes"), FAMILIES.items())
def test_a_cause_belongs_to_its_family(family: str, causes: list[str]) -> None:
    assert {cause for cause, row in TABLE.items() if row.family == family} == set(causes)


@pytest.mark.parametrize("cause", sorted(CAUSES))
def test_a_failure_knows_whether_its_server_was_ever_asked(cause: Any) -> None:
    assert Failure(cause=cause, message="it broke").unreached is (cause in FAMILIES["unreached"])


@pytest.mark.parametrize(("cause", "leads"), [*((c, 2) for c in SERVER), *((c, 1) for c in KEYS)])
def test_another_key_does_not_help_with_a_server_that_fails(cause: str, leads: int) -> None:
    keys = [replace(CLOUD, server="here"), replace(CLOUD, label="openrouter#k2", server="here"), SECOND]
    assert following(cause, BURST, views={**ONE_EACH, BURST: keys}).provider == leads


@pytest.mark.parametrize("cause", sorted(CAUSES))
def test_a_failure_knows_whether_the_work_was_looked_at_already(cause: Any) -> None:
    assert Failure(cause=cause, message="it broke").of_work is (cause in WORK)


STATUSES = {
    400: "bad-request", 401: "key-refused", 402: "payment-required", 403: "forbidden", 404: "model-missing",
    408: "request-timeout", 413: "over-window", 418: "bad-request", 429: "rate-limited", 500: "server-error",
    502: "bad-gateway", 503: "unavailable", 504: "unavailable", 529: "server-error",
}  # fmt: skip


@pytest.mark.parametrize(("status", "cause"), STATUSES.items())
def test_each_status_has_its_cause(status: int, cause: str) -> None:
    assert cause_of_answer(status) == cause


def test_a_server_that_says_so_in_a_503_is_loading() -> None:
    assert cause_of_answer(503, "Loading model") == "loading"
    assert cause_of_answer(502, "Loading model") == "bad-gateway"


def test_a_policy_that_does_not_know_a_newer_cause_takes_it_for_the_older_one_that_it_is_like() -> None:
    shipped = a_policy()
    older = [replace(row, causes=tuple(one for one in row.causes if one != "model-limited")) for row in shipped.ladder]
    policy = replace(shipped, ladder=tuple(older))
    assert following("model-limited", BURST, wait=3.0, policy=policy).step == "wait"
    assert following("model-limited", CHEAP, policy=policy).step == "fallback"
    assert following("model-limited", CHEAP).step == "next-tier"
