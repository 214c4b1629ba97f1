"""What would let a refused run go on: one line for each place that failed, by its cause."""

from __future__ import annotations

from typing import Any

import pytest
from tests.fakes import BURST, CHEAP, LOCAL, a_policy, candidates

from profile_router.core.attempt.outcome import unblock
from profile_router.core.ladder.causes import CAUSES, TABLE, Cause
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
        (BURST, "declined", "agree to its price when it is asked"),
        (BURST, "server-error", "see how openrouter.ai answers: `profile-router doctor --live`"),
        (LOCAL, "bad-request", "see how 127.0.0.1:8080 answers: `profile-router doctor --live`"),
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
def test_only_where_the_model_worked_and_the_ladder_goes_on_is_there_no_way(cause: Cause, profile: str) -> None:
    lines = said((profile, cause))
    assert all("{" not in line and len(line) > 10 for line in lines)
    assert len(lines) == 1 or TABLE[cause].family in ("answer", "work", "asked")


@pytest.mark.parametrize("cause", sorted(cause for cause, row in TABLE.items() if "keeps" in row.unblock))
def test_a_server_is_said_to_be_kept_away_only_where_it_was_not_reached(cause: Cause) -> None:
    assert TABLE[cause].family == "unreached"


@pytest.mark.parametrize("cause", ["verification-failed", "no-change", "truncated", "turn-limit"])
def test_a_place_whose_work_failed_leaves_the_advice_to_what_stopped_the_run(cause: str) -> None:
    assert said((LOCAL, cause), (BURST, "not-approved")) == said((BURST, "not-approved"))
