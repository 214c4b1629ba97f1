"""What would let a refused run go on: one line for each place that failed, by its cause."""

from __future__ import annotations

from typing import Any

import pytest
from tests.fakes import BURST, CHEAP, LOCAL, a_policy, candidates

from profile_router.core.attempt.outcome import unblock
from profile_router.core.ladder.causes import CAUSES
from profile_router.core.ladder.failure import Place
from profile_router.core.ladder.steps import TakenStep


def stop(cause: Any) -> TakenStep:
    return TakenStep(step="stop", cause=cause, profile=None, tier=None, reason="it broke")


def said(*failed: tuple[str, str]) -> tuple[str, ...]:
    places, steps = [Place(name) for name, _ in failed], [stop(cause) for _, cause in failed]
    return unblock(places, steps, a_policy(), candidates())


@pytest.mark.parametrize(
    ("profile", "cause", "way"),
    [
        (LOCAL, "refused", "start the server at 127.0.0.1:8080: `profile-router llama-server --model FILE --run`"),
        (LOCAL, "wrong-model", "load the model that coding-local names"),
        (BURST, "refused", "see what keeps openrouter.ai away: `profile-router doctor`"),
        (BURST, "no-key", "put a working key into the .env of coding-burst"),
        (BURST, "over-budget", "allow more: `--max-cost USD`"),
        (BURST, "not-approved", "agree to its price: `--yes`"),
    ],
)
def test_each_cause_has_its_way_out(profile: str, cause: str, way: str) -> None:
    [line] = said((profile, cause))
    assert line.startswith(way)


def test_each_place_that_failed_has_a_line_and_each_line_stands_once() -> None:
    lines = said((LOCAL, "refused"), (BURST, "no-key"), (CHEAP, "over-budget"), (BURST, "over-budget"))
    assert [line.split()[0] for line in lines] == ["start", "put", "allow"]


@pytest.mark.parametrize("profile", [LOCAL, BURST])
@pytest.mark.parametrize("cause", sorted(CAUSES))
def test_no_cause_leaves_a_reader_without_a_way(cause: str, profile: str) -> None:
    [line] = said((profile, cause))
    assert "{" not in line
    assert len(line) > 10
