"""Before a paid attempt its cost is told as a range. The upper end is reserved, or all that is left."""

from __future__ import annotations

import re
from typing import Any

import pytest
from tests.fakes import BURST, LOCAL, Fails, FakePurse, FakeRunner, a_policy, a_task
from tests.graphs.a_run import Rig

from profile_router.core.routing.loop import Past, PastLoop
from profile_router.core.routing.task_size import TaskSize

ONE_PASS = 2_500 * 9e-6  # 1,000 tokens of prompt and 1,500 of answer, at the flat price of the burst tier


def turned(*turns: int, hermes: bool = False) -> Past:
    """Return attempts of the burst tier of so many turns, each of 1,000 tokens in and 1,500 out."""
    loops = (
        PastLoop(
            runner="hermes" if hermes else "embedded",
            tier="burst",
            turns=count,
            tokens_in=1_000 * count,
            tokens_out=1_500 * count,
            tokens_cached=0,
            seconds=1.0,
        )
        for count in turns
    )
    return Past(loops=tuple(loops), hermes=hermes)


def reserved(rig: Rig) -> Any:
    return [(profile, round(usd, 6)) for profile, usd in rig.purse.taken]


def test_what_a_paid_attempt_may_cost_is_said_before_it_is_made() -> None:
    rig = Rig(runner=FakeRunner("done"))
    rig.run(a_task(profile=BURST))
    kinds = [event["event"] for event in rig.events]
    assert kinds.index("reserve") < kinds.index("turn")
    line = rig.events[kinds.index("reserve")]["line"]
    amounts = r"≈ \$0\.11–0\.52, likely \$0\.25 \(tier's price\); \$0\.52 reserved"
    assert re.fullmatch(f"{BURST} is expected to cost {amounts}", line)


def test_a_free_attempt_reserves_nothing() -> None:
    rig = Rig(runner=FakeRunner("done"))
    rig.run(a_task())
    assert (reserved(rig), [event for event in rig.events if event["event"] == "reserve"]) == ([], [])


@pytest.mark.parametrize(("left", "held"), [(100.0, 23 * ONE_PASS), (0.2, 0.2)])
def test_the_upper_end_is_reserved_or_what_is_left(left: float, held: float) -> None:
    rig = Rig(runner=FakeRunner("done"), purse=FakePurse(left))
    rig.run(a_task(profile=BURST))
    assert reserved(rig) == [(BURST, pytest.approx(held))]


def test_where_attempts_like_it_are_known_they_say_what_it_costs() -> None:
    asked: list[TaskSize] = []

    def past(size: TaskSize) -> Past:
        asked.append(size)
        return turned(*[2] * 30)

    rig = Rig(runner=FakeRunner("done"), past=past)
    final = rig.run(a_task(profile=BURST))
    assert reserved(rig) == [(BURST, pytest.approx(4 * ONE_PASS))]
    assert (set(asked), final["decision"].estimate.attempts) == ({"small"}, 30)


def test_no_more_is_reserved_than_its_turns_can_cost() -> None:
    rig = Rig(runner=FakeRunner("done"))
    rig.run(a_task(profile=BURST, max_turns=2))
    assert reserved(rig) == [(BURST, pytest.approx(2 * ONE_PASS))]


def test_a_prompt_of_hermes_is_reserved_for_where_hermes_takes_the_attempt() -> None:
    policy = a_policy(runner="hermes")
    rig = Rig(runner=FakeRunner("done"), policy=policy, past=lambda size: turned(hermes=True))
    rig.run(a_task(profile=BURST))
    assert reserved(rig) == [(BURST, pytest.approx(23 * (ONE_PASS + 9_400 * 9e-6)))]


def test_the_ledger_is_told_the_tier_and_the_size_that_the_next_estimate_asks_by() -> None:
    rig = Rig(runner=FakeRunner(Fails(cause="server-error"), "done"))
    rig.run(a_task())
    assert rig.ledger.sized == [("local", "small"), ("burst", "small")]
    assert [profile for profile, _ in rig.ledger.asked] == [LOCAL, BURST]
