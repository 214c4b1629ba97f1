"""The policy's table, by number; and what must hold whatever the numbers are."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.cases import CANDIDATES, IMAGE, LABEL, POLICY, RANK, WINDOWS, decided, evidence, kinds, stated, tokens

from profile_router.core.evidence import Evidence, Range, Window
from profile_router.core.routing.candidate import Candidate
from profile_router.core.routing.decide import decide
from profile_router.core.routing.estimate import estimate, ladder_cost
from profile_router.core.routing.loop import NO_PAST
from profile_router.core.routing.route import Refusal, Route
from profile_router.core.routing.window_fit import fits, fits_text, usable_tokens
from profile_router.core.task import Task

SMALL_LOCAL = (replace(WINDOWS[0], tokens=8_192), *WINDOWS[1:])


@pytest.mark.parametrize(
    ("found", "profile", "rule"),
    [
        pytest.param({}, "coding-local", "small-change", id="no facts at all"),
        pytest.param({"files_to_read": stated(19)}, "coding-local", "small-change", id="19 files"),
        pytest.param({"lines_to_edit": stated(199)}, "coding-local", "small-change", id="199 lines"),
        pytest.param({"files_to_read": stated(20)}, "coding-local", "borderline", id="20 files"),
        pytest.param({"lines_to_edit": stated(200)}, "coding-local", "borderline", id="200 lines"),
        pytest.param({"files_to_edit": stated(50)}, "coding-local", "borderline", id="50 files"),
        pytest.param({"files_to_edit": stated(51)}, "coding-burst", "large-change", id="51 files to edit"),
        pytest.param({"files_to_read": stated(51)}, "coding-burst", "large-change", id="51 files to read"),
        pytest.param({"files_to_read": Range(1, 30, "measured")}, "coding-local", "borderline", id="a range over 20"),
        pytest.param({"files_to_read": Range(1, 90, "measured")}, "coding-local", "borderline", id="a range over 50"),
        pytest.param({"files_to_read": Range(99, None, "guessed")}, "coding-local", "small-change", id="a guess"),
        pytest.param({"images": (IMAGE,)}, "coding-burst", "vision", id="an image"),
        pytest.param({"tokens": tokens(8_192)}, "coding-local", "small-change", id="8,192 tokens"),
        pytest.param({"tokens": tokens(8_193)}, "coding-burst", "long-context", id="8,193 tokens"),
        pytest.param({"chars": 100_000}, "coding-local", "small-change", id="100,000 characters"),
        pytest.param({"chars": 100_001}, "coding-burst", "long-context", id="100,001 characters"),
        pytest.param({"kinds": kinds("security-review")}, "coding-burst", "security-or-api-design", id="security"),
        pytest.param({"kinds": kinds("api-design")}, "coding-burst", "security-or-api-design", id="api design"),
        pytest.param({"kinds": kinds("architecture")}, "coding-burst", "large-change", id="architecture"),
        pytest.param({"kinds": kinds("refactor")}, "coding-local", "small-change", id="a small refactor"),
        pytest.param(
            {"kinds": kinds("refactor"), "files_to_edit": stated(20)},
            "coding-burst",
            "large-change",
            id="a refactor of 20 files",
        ),
        pytest.param(
            {"kinds": kinds("refactor"), "lines_to_edit": stated(200)},
            "coding-burst",
            "large-change",
            id="a refactor of 200 lines",
        ),
        pytest.param(
            {"kinds": kinds("refactor"), "scope_word": "every"}, "coding-burst", "large-change", id="a wide refactor"
        ),
        pytest.param({"kinds": kinds("summarize")}, "review-cheap", "lint-or-summarize", id="summarize"),
        pytest.param(
            {"kinds": kinds("lint"), "files_to_read": stated(50)}, "review-cheap", "lint-or-summarize", id="lint 50"
        ),
        pytest.param(
            {"kinds": kinds("lint"), "files_to_read": stated(51)}, "coding-burst", "large-change", id="lint 51"
        ),
        pytest.param(
            {"kinds": kinds("lint"), "lines_to_edit": stated(200)}, "coding-local", "borderline", id="lint 200 lines"
        ),
        pytest.param(
            {"kinds": kinds("summarize"), "tokens": tokens(80_000)},
            "review-cheap",
            "lint-or-summarize",
            id="long, but it fits cheap",
        ),
        pytest.param(
            {"kinds": kinds("summarize"), "tokens": tokens(100_000)},
            "coding-burst",
            "long-context",
            id="too long for cheap",
        ),
    ],
)
def test_the_table_decides_by_number(found: dict[str, Any], profile: str, rule: str) -> None:
    route = decided(evidence(**found))
    assert isinstance(route, Route)
    assert (route.profile, route.rule, route.needs_probe) == (profile, rule, rule == "borderline")
    assert route.reasons


@pytest.mark.parametrize(
    ("window", "count", "counted_by_server", "fits"),
    [
        pytest.param(8_192, 5_120, None, True, id="5,120 × 1.4 + 1,024 = 8,192 fits"),
        pytest.param(8_192, 5_121, None, False, id="one token more does not"),
        pytest.param(8_192, 6_000, 7_168, True, id="the server's own count needs no factor"),
        pytest.param(8_192, 6_000, 7_169, False, id="but the reserve"),
        pytest.param(2_048, 1_000, None, False, id="a slot of 2,048"),
    ],
)
def test_what_the_local_window_really_holds_counts(
    window: int, count: int, counted_by_server: int | None, fits: bool
) -> None:
    local = Window(profile="coding-local", tokens=window, source="server", prompt_tokens=counted_by_server)
    route = decided(evidence(tokens=tokens(count), windows=(local, *WINDOWS[1:])))
    assert isinstance(route, Route)
    assert route.rule == ("small-change" if fits else "long-context")


@pytest.mark.parametrize(
    ("asked", "window", "most"),
    [
        pytest.param(0, 8_192, 5_120, id="none stated: the policy's reserve"),
        pytest.param(500, 8_192, 5_120, id="less than the reserve: the reserve"),
        pytest.param(1_536, 8_192, 4_754, id="more than the reserve: all of it"),
        pytest.param(6_000, 8_192, 2_925, id="more than half of the window: half"),
        pytest.param(16_384, 200_000, 131_154, id="a large window"),
    ],
)
def test_as_much_is_kept_free_as_the_answer_may_take(asked: int, window: int, most: int) -> None:
    local = Window(profile="coding-local", tokens=window, source="config", reply=asked)
    counting = POLICY.counting
    assert usable_tokens(local, counting) == most
    for count in (most, most + 1):
        sized = evidence(tokens=tokens(count), windows=(local,))
        assert fits(sized, local, counting) is (count == most)
        room = max(1_024, min(asked, window // 2))
        relation = "≤" if count == most else ">"
        assert f" + {room:,} for the answer {relation} {window:,} " in fits_text(sized, local, counting)


@pytest.mark.parametrize(
    ("found", "asked"),
    [
        pytest.param({"files_to_edit": stated(60)}, None, id="60 files"),
        pytest.param({"images": (IMAGE,)}, None, id="an image"),
        pytest.param({"kinds": kinds("security-review")}, None, id="a security review"),
        pytest.param({}, "coding-burst", id="an explicit profile"),
        pytest.param({"tokens": tokens(9_000)}, "coding-burst", id="a long prompt"),
        pytest.param({"tokens": tokens(60_000)}, None, id="a prompt that fits no local window"),
    ],
)
def test_private_is_never_beaten(found: dict[str, Any], asked: str | None) -> None:
    decision = decided(evidence(private=(LABEL,), **found), profile=asked)
    assert isinstance(decision, Refusal) or decision.profile == "coding-local"
    assert decision.rule == "private"


def test_an_explicit_profile_beats_every_rule_but_private() -> None:
    route = decided(evidence(images=(IMAGE,), files_to_edit=stated(99)), profile="coding-local")
    assert isinstance(route, Route)
    assert (route.profile, route.rule) == ("coding-local", "explicit")
    assert "beats every rule but private" in route.reasons[0]


def test_a_private_task_is_refused_where_the_local_profile_is_not_on_this_machine() -> None:
    elsewhere = CANDIDATES | {"coding-local": Candidate(name="coding-local", base_url="https://gpu.example/v1")}
    decision = decide(Task(goal="x"), evidence(private=(LABEL,)), POLICY, elsewhere)
    assert isinstance(decision, Refusal)
    assert "not on this machine" in decision.reasons[-1]
    assert "loopback address" in decision.unblock[0]


@pytest.mark.parametrize(
    ("base_url", "model", "attests", "says"),
    [
        ("http://gpu.lan:8080/v1", "gemma", ("http://gpu.lan:8080/v1",), "is not on this machine"),
        ("http://127.0.0.1:8080/v1", "gemma", ("http://127.0.0.1:8081/v1",), "is not attested as local"),
        ("http://127.0.0.1:8080/v1", "gpt-oss:120b-cloud", (), "which Ollama's cloud runs"),
        ("http://localhost:8080/v1", "kimi-k2:cloud", ("http://localhost:8080/v1",), "which Ollama's cloud runs"),
        ("http://127.0.0.1.evil.example/v1", "gemma", (), "is not on this machine"),
        ("http://localhost.evil.example/v1", "gemma", (), "is not on this machine"),
        ("http://user@gpu.lan/v1?127.0.0.1", "gemma", (), "is not on this machine"),
    ],
)
def test_local_is_attested_here_and_no_clouds_model(
    base_url: str, model: str, attests: tuple[str, ...], says: str
) -> None:
    there = CANDIDATES | {"coding-local": Candidate(name="coding-local", base_url=base_url, model=model)}
    decision = decide(Task(goal="x"), evidence(private=(LABEL,)), replace(POLICY, local_endpoints=attests), there)
    assert isinstance(decision, Refusal)
    assert says in decision.reasons[-1]


def test_the_policy_attests_an_exact_base_url_of_this_machine() -> None:
    here = CANDIDATES | {"coding-local": Candidate(name="coding-local", base_url="http://LOCALHOST:8081/v1/")}
    attesting = replace(POLICY, local_endpoints=("http://localhost:8081/v1",))
    decision = decide(Task(goal="x"), evidence(private=(LABEL,)), attesting, here)
    assert isinstance(decision, Route)
    assert decision.profile == "coding-local"


def test_a_prompt_over_the_window_is_condensed_first_where_there_is_something_to_condense() -> None:
    route = decided(evidence(tokens=tokens(400_000), fixed=tokens(900)))
    assert isinstance(route, Route)
    assert (route.profile, route.rule, route.condense) == ("coding-burst", "long-context", True)
    assert "condensed first" in route.reasons[-1]
    assert "400,000" in route.reasons[-1]


def test_a_private_prompt_over_the_local_window_is_condensed_for_it() -> None:
    route = decided(evidence(tokens=tokens(60_000), fixed=tokens(900), private=(LABEL,)))
    assert isinstance(route, Route)
    assert (route.profile, route.condense) == ("coding-local", True)


def test_a_prompt_that_fits_is_not_condensed() -> None:
    route = decided(evidence(tokens=tokens(5_000)))
    assert isinstance(route, Route)
    assert not route.condense


def test_a_goal_that_fits_no_window_is_refused_with_its_size_and_the_windows() -> None:
    decision = decided(evidence(tokens=tokens(400_000), fixed=tokens(399_000)))
    assert isinstance(decision, Refusal)
    assert "400,000" in decision.reasons[-1]
    assert "coding-burst 200,000" in decision.unblock[0]


def test_without_a_cheap_tier_light_work_goes_local_and_the_band_is_decided_without_a_probe() -> None:
    two = replace(POLICY, tiers=replace(POLICY.tiers, cheap=None))
    light = decided(evidence(kinds=kinds("lint")), policy=two)
    band = decided(evidence(files_to_edit=stated(20)), policy=two)
    assert isinstance(light, Route)
    assert isinstance(band, Route)
    assert (light.profile, light.rule) == ("coding-local", "lint-or-summarize")
    assert "no cheap tier" in light.reasons[-1]
    assert (band.profile, band.needs_probe) == ("coding-local", False)
    assert "without a probe" in band.reasons[-1]


NOT_ASKED = "'coding-burst' was asked for, but it is not local: private is never beaten"


@pytest.mark.parametrize(
    ("asked", "told"),
    [(None, ()), ("coding-local", ("'coding-local' was asked for and is local",)), ("coding-burst", (NOT_ASKED,))],
)
def test_why_a_private_task_stays_tells_of_an_asked_for_profile_only_where_one_was_asked_for(
    asked: str | None, told: tuple[str, ...]
) -> None:
    alone, found = decided(evidence(private=(LABEL,))), decided(evidence(private=(LABEL,)), profile=asked)
    assert (len(alone.reasons), found.reasons[1:]) == (1, told)


def test_a_tier_that_the_policy_has_is_not_said_to_be_missing() -> None:
    route = decided(evidence(images=(IMAGE,)))
    assert not [reason for reason in route.reasons if "the policy has no" in reason]


def test_where_no_rule_fires_it_goes_local() -> None:
    route = decided(evidence(files_to_edit=stated(99)), policy=replace(POLICY, rules=()))
    assert isinstance(route, Route)
    assert (route.profile, route.tier, route.rule) == ("coding-local", "local", "small-change")
    assert route.reasons == ("no rule fires: local first",)


NO_IMAGES = "coding-local is taken to read text only: images are replaced by their names"
NO_TIER = "'my-box' serves no tier of the policy: it is priced as the most expensive tier"
NO_KEY = "coding-burst has no key: `run` would have to fall back"


@pytest.mark.parametrize(
    ("asked", "found", "warnings"),
    [
        ("coding-local", {}, ()),
        ("coding-local", {"images": (IMAGE,)}, (NO_IMAGES,)),
        ("review-cheap", {"images": (IMAGE,)}, ()),
        ("my-box", {}, (NO_TIER,)),
        ("coding-burst", {}, (NO_KEY,)),
    ],
)
def test_a_route_warns_of_what_its_profile_cannot_do_and_of_nothing_else(
    asked: str, found: dict[str, Any], warnings: tuple[str, ...]
) -> None:
    keyless = CANDIDATES | {"coding-burst": replace(CANDIDATES["coding-burst"], key_missing=True)}
    route = decide(Task(goal="x", profile=asked), evidence(**found), POLICY, keyless)
    assert isinstance(route, Route)
    assert route.warnings == warnings


def test_what_would_flip_a_small_change_is_told_by_the_real_limits() -> None:
    route = decided(evidence(windows=SMALL_LOCAL))
    assert isinstance(route, Route)
    assert route.flips == ("20 files or 200 lines → probe", "51 files, an image or 5,121 tokens → coding-burst")


def test_what_would_flip_a_large_change_back_is_told_too() -> None:
    route = decided(evidence(files_to_edit=stated(60)))
    assert isinstance(route, Route)
    assert route.flips == ("50 files → probe", "19 files → coding-local")


def test_the_estimate_names_what_burst_would_have_cost() -> None:
    route = decided(evidence(tokens=tokens(8_500 - 1_000 + 500)))
    assert isinstance(route, Route)
    assert route.estimate.usd == 0
    one_pass = (8_000 + 1_500) * 9 / 1_000_000
    assert route.estimate.usd_if_burst == pytest.approx(11 * one_pass, abs=1e-3)
    burst = route.estimate.cost_if_burst
    assert (burst.low, burst.high) == pytest.approx((5 * one_pass, 23 * one_pass), abs=1e-3)
    assert (burst.source, route.estimate.cost.said) == ("tier's price", "$0.00 (free)")


@pytest.mark.parametrize(
    ("profile", "private", "ends"),
    [
        ("coding-local", False, ("usd_if_burst_high",)),
        ("coding-local", True, ()),
        ("coding-burst", False, ("usd_high",)),
        ("review-cheap", False, ("usd_high", "usd_if_burst_high")),
    ],
)
def test_a_ladder_costs_an_attempt_and_one_at_the_burst_tier_unless_it_may_not_go_there(
    profile: str, private: bool, ends: tuple[str, ...]
) -> None:
    guess = estimate(Task(goal="x"), evidence(), profile, POLICY, CANDIDATES, NO_PAST)
    usd = ladder_cost(guess, profile, POLICY, private=private)
    assert usd == pytest.approx(sum(getattr(guess, end) for end in ends))
    assert (usd > 0) is bool(ends)


sizes = st.one_of(
    st.just(Range(0, None, "guessed")),
    st.builds(stated, st.integers(0, 10_000)),
    st.tuples(st.integers(0, 300), st.integers(0, 300)).map(lambda pair: Range(min(pair), max(pair), "measured")),
)
all_kinds = st.lists(st.sampled_from([kind for kind, _ in POLICY.kinds.kinds]), unique=True).map(
    lambda names: kinds(*names)
)
evidences = st.builds(
    lambda read, edit, lines, count, chars, images, acts, word, private, window: evidence(
        files_to_read=read,
        files_to_edit=edit,
        lines_to_edit=lines,
        tokens=tokens(count),
        chars=chars,
        images=(IMAGE,) * images,
        kinds=acts,
        scope_word=word,
        private=(LABEL,) * private,
        windows=(replace(WINDOWS[0], tokens=window), *WINDOWS[1:]),
    ),
    sizes,
    sizes,
    sizes,
    st.integers(0, 300_000),
    st.integers(0, 2_000_000),
    st.integers(0, 2),
    all_kinds,
    st.sampled_from([None, "every"]),
    st.integers(0, 1),
    st.integers(1, 70_000),
)
asked = st.sampled_from([None, "coding-local", "coding-burst", "review-cheap", "somebody-else"])


@given(evidences, asked)
def test_decide_is_total_and_gives_the_same_answer_twice(found: Evidence, profile: str | None) -> None:
    first = decided(found, profile=profile)
    assert isinstance(first, Route | Refusal)
    assert decided(found, profile=profile) == first


@given(evidences, asked)
def test_a_private_task_only_ever_gets_the_local_profile_or_a_refusal(found: Evidence, profile: str | None) -> None:
    decision = decided(replace(found, private=(LABEL,)), profile=profile)
    assert isinstance(decision, Refusal) or decision.profile == "coding-local"


@given(
    evidences,
    st.integers(0, 2_000),
    st.integers(0, 5_000),
    st.integers(0, 200_000),
    st.integers(0, 200_000),
    st.booleans(),
)
def test_more_size_never_moves_a_route_down(
    found: Evidence, files: int, lines: int, count: int, chars: int, image: bool
) -> None:
    larger = replace(
        found,
        files_to_read=_grown(found.files_to_read, files),
        files_to_edit=_grown(found.files_to_edit, files),
        lines_to_edit=_grown(found.lines_to_edit, lines),
        tokens=tokens(found.tokens.high + count),
        chars=found.chars + chars,
        images=found.images or ((IMAGE,) if image else ()),
    )
    before, after = decided(found), decided(larger)
    assert _rank(after) >= _rank(before)


def _grown(size: Range, more: int) -> Range:
    """A size that was unknown becomes known only by growing beyond nothing."""
    if not size.known:
        return size if more == 0 else stated(more)
    return Range(size.low + more, size.top + more, size.source)


def _rank(decision: Route | Refusal) -> int:
    return 3 if isinstance(decision, Refusal) else RANK[decision.tier or "burst"]
