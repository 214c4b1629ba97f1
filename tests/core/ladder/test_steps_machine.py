"""The ladder as a state machine: whatever the policy, the profiles and the failures, a walk stays within its bounds."""

from __future__ import annotations

from collections import Counter
from typing import Any, get_args

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from tests.examples import examples
from tests.fakes import BURST, CHEAP, LOCAL, a_policy

from profile_router.core.ladder.causes import CAUSES, TABLE
from profile_router.core.ladder.failure import Failure, Place
from profile_router.core.ladder.steps import ProviderView, TakenStep, Terrain, most_steps, step_for
from profile_router.core.policy import AfterFailure, Policy, Step, Tier, Tiers
from profile_router.core.policy.rules import TIERS

EXPERT = "expert"  # a profile of no tier
PROFILES = (LOCAL, CHEAP, BURST, EXPERT)
LABELS = ("one", "two", "three")
# Few causes and many rows: then they meet.
SOME = ("refused", "server-error", "rate-limited", "over-window", "empty-answer", "asked-for-profile", "bad-request")
STAYS = ("same", "repair", "condense")

TIER = st.sampled_from(TIERS)
ROW = st.builds(
    Step,
    id=st.just(""),
    causes=st.lists(st.sampled_from(SOME), min_size=1, unique=True).map(tuple),
    from_tiers=st.lists(TIER, min_size=1, unique=True).map(tuple),
    to=st.sampled_from(get_args(AfterFailure)),
    times=st.integers(0, 3),
    may_cost=st.booleans(),
)
LADDERS = st.one_of(st.just(a_policy().ladder), st.lists(ROW, max_size=8).map(tuple))
TIERS_OF = st.builds(
    Tiers,
    local=st.sampled_from([LOCAL, EXPERT]),
    burst=st.sampled_from([BURST, LOCAL]),
    cheap=st.sampled_from([CHEAP, BURST, None]),
)
VIEWS = st.builds(ProviderView, label=st.sampled_from(LABELS), local=st.booleans(), paid=st.booleans())
LANDS = st.dictionaries(st.sampled_from(PROFILES), st.lists(VIEWS, min_size=1, max_size=3), min_size=1)
WINDOWS = st.dictionaries(st.sampled_from(PROFILES), st.sampled_from([2_048, 8_192, 200_000]))
FAILURES = st.builds(
    Failure,
    cause=st.one_of(st.sampled_from(SOME), st.sampled_from(sorted(CAUSES))),
    message=st.just("it broke"),
    asked=st.sampled_from([None, *PROFILES, "nobody"]),
    retry_after_s=st.sampled_from([None, 0.0, 5.0, 20.0, 20.5, 1e9]),
)


class Walks(RuleBasedStateMachine):
    """Fail again and again, and follow the ladder until it stops."""

    @initialize(
        ladder=LADDERS, tiers=TIERS_OF, views=LANDS, windows=WINDOWS, private=st.booleans(), may_pay=st.booleans(),
        start=st.data(),
    )  # fmt: skip
    def begin(
        self, ladder: Any, tiers: Tiers, views: Any, windows: Any, private: bool, may_pay: bool, start: Any
    ) -> None:
        named = ladder if all(row.id for row in ladder) else tuple(_named(row, n) for n, row in enumerate(ladder))
        self.policy: Policy = a_policy(ladder=named, tiers=tiers)
        self.terrain = Terrain(policy=self.policy, views=views, windows=windows, private=private, may_pay=may_pay)
        self.at: Place
        self.tried: list[Place]
        self.steps: list[TakenStep]
        self.failures: list[Failure]
        self.begin_another(start)

    @precondition(lambda self: self.stopped)
    @rule(start=st.data())
    def begin_another(self, start: Any) -> None:
        """A stop is final: only another run goes on, from any place."""
        places = [Place(name, number) for name, found in self.terrain.views.items() for number in range(len(found))]
        self.at = start.draw(st.sampled_from(places), label="at")
        self.tried, self.steps, self.failures = [self.at], [], []

    @property
    def stopped(self) -> bool:
        return bool(self.steps) and self.steps[-1].action == "stop"

    def tier(self) -> Tier:
        return self.policy.tiers.tier_of(self.at.profile) or "burst"

    @precondition(lambda self: not self.stopped)
    @rule(failure=FAILURES, condensable=st.booleans(), repairable=st.booleans())
    def fail(self, failure: Failure, condensable: bool, repairable: bool = False) -> None:
        """One more attempt fails; the step is the first of the table that may be taken, or none may."""
        terrain = Terrain(
            policy=self.policy,
            views=self.terrain.views,
            windows=self.terrain.windows,
            private=self.terrain.private,
            may_pay=self.terrain.may_pay,
            condensable=condensable,
            repairable=repairable,
        )
        taken = [step.step for step in self.steps]
        step = step_for(failure, at=self.at, tier=self.tier(), tried=self.tried, taken=taken, terrain=terrain)
        again = step_for(failure, at=self.at, tier=self.tier(), tried=self.tried, taken=taken, terrain=terrain)
        assert step == again
        allowed = self.allowed(failure, terrain)
        if step.profile is None:
            assert (step.action, step.step, allowed) == ("stop", "stop", [])
        else:
            assert (step.step, Place(step.profile, step.provider)) == allowed[0]
            self.at = Place(step.profile, step.provider)
            self.tried.append(self.at)
        self.steps.append(step)
        self.failures.append(failure)

    def allowed(self, failure: Failure, terrain: Terrain) -> list[tuple[str, Place]]:
        """Return each step that the rules allow now and its place, in the order of the table."""
        found = []
        for row in self.policy.ladder:
            left = row.times - sum(step.step == row.id for step in self.steps)
            if left > 0 and failure.cause in row.causes and self.tier() in row.from_tiers:
                found += [
                    (row.id, place) for place in self.leads(row, failure) if self.open(row, place, failure, terrain)
                ]
        return found

    def leads(self, row: Step, failure: Failure) -> list[Place]:
        tiers, here = self.policy.tiers, self.at.profile
        window = self.terrain.windows.get(here, 0)
        larger = sorted((size, name) for name, size in self.terrain.windows.items() if size > window)
        above: dict[Tier, str | None] = {"cheap": tiers.local, "local": tiers.burst, "burst": None}
        providers = range(self.at.provider + 1, len(self.terrain.views[here]))
        where: dict[str, list[Place | None]] = {
            "same": [self.at],
            "repair": [self.at],
            "condense": [self.at],
            "next-provider": [Place(here, number) for number in providers],
            "next-tier": [_first(above[self.tier()])],
            "larger-window": [Place(name) for _, name in larger],
            "local": [_first(tiers.local)],
            "burst": [_first(tiers.burst)],
            "asked": [_first(failure.asked)],
        }
        return [place for place in where[row.to] if place is not None]

    def open(self, row: Step, place: Place, failure: Failure, terrain: Terrain) -> bool:
        view = terrain.view(place)
        wait = failure.retry_after_s
        return (
            view is not None
            and (row.to in STAYS or place not in self.tried)
            and (row.to != "same" or (wait is not None and wait <= self.policy.limits.wait_seconds))
            and (row.to != "condense" or terrain.condensable)
            and (row.to != "repair" or terrain.repairable)
            and (view.local or not terrain.private)
            and (not view.paid or (row.may_cost and terrain.may_pay))
        )

    @invariant()
    def there_are_never_more_steps_than_the_policy_allows(self) -> None:
        gone = [step for step in getattr(self, "steps", ()) if step.action != "stop"]
        if not gone:
            return
        assert len(gone) <= most_steps(self.policy) == sum(row.times for row in self.policy.ladder)
        for row in self.policy.ladder:
            assert [step.step for step in gone].count(row.id) <= row.times
        pairs = Counter((step.cause, step.step) for step in gone)
        assert all(count <= self.row(step).times for (_, step), count in pairs.items())

    @invariant()
    def no_place_is_tried_twice_but_to_wait_repair_or_condense(self) -> None:
        for number, place in enumerate(getattr(self, "tried", ())[1:]):
            stays = self.steps[number].action in ("wait", "repair", "condense")
            assert (place in self.tried[: number + 1]) is stays
            assert (place == self.tried[number]) is stays

    @invariant()
    def private_work_stays_and_nothing_is_paid_that_was_not_allowed(self) -> None:
        for step in getattr(self, "steps", ()):
            if step.profile is None:
                continue
            view = self.terrain.views[step.profile][step.provider]
            assert view.local or not self.terrain.private
            assert not view.paid or (self.terrain.may_pay and self.row(step.step).may_cost)

    @invariant()
    def each_step_is_one_line_with_its_cause_and_where_it_leads(self) -> None:
        for step, failure in zip(getattr(self, "steps", ()), getattr(self, "failures", ()), strict=True):
            assert step.cause == failure.cause
            assert step.reason.startswith(TABLE[step.cause].sentence)
            assert len(step.reason.splitlines()) == 1
            assert step.action != "wait" or step.wait_s == failure.retry_after_s <= self.policy.limits.wait_seconds
            assert step.action == "wait" or step.wait_s == 0
            assert step.action in ("stop", "wait") or str(step.profile) in step.reason

    @invariant()
    def a_stop_is_the_last_and_names_no_place(self) -> None:
        stops = [number for number, step in enumerate(getattr(self, "steps", ())) if step.profile is None]
        assert stops in ([], [len(getattr(self, "steps", ())) - 1])
        assert all((self.steps[stop].action, self.steps[stop].tier) == ("stop", None) for stop in stops)

    def row(self, step: str) -> Step:
        return next(row for row in self.policy.ladder if row.id == step)

    def teardown(self) -> None:
        """Fail on, as long as it goes: every walk ends."""
        if not getattr(self, "steps", None) or self.stopped:
            return
        for cause in [self.failures[-1].cause] * (most_steps(self.policy) + 1):
            if not self.stopped:
                self.fail(Failure(cause=cause, message="again", retry_after_s=0.0, asked=LOCAL), True)
        assert self.stopped


def _named(row: Step, number: int) -> Step:
    return Step(
        id=f"row-{number}",
        causes=row.causes,
        from_tiers=row.from_tiers,
        to=row.to,
        times=row.times,
        may_cost=row.may_cost,
    )


def _first(profile: str | None) -> Place | None:
    return None if profile is None else Place(profile)


TestTheLadderAsAStateMachine = Walks.TestCase
TestTheLadderAsAStateMachine.settings = settings(examples(150), stateful_step_count=12)


def test_the_shipped_ladder_has_at_most_eleven_steps() -> None:
    """The figure that the documents name: it changes with the table, and with nothing else."""
    assert most_steps(a_policy()) == 11
