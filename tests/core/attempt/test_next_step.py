"""Which step follows a failed attempt."""

from __future__ import annotations

from tests.fakes import (
    LOCAL,
    PRIVATE,
    a_policy,
    candidates,
    evidence,
)

from profile_router.core.attempt.next_step import step_from
from profile_router.core.ladder.failure import Failure, Place


def test_a_private_failure_stays_on_this_machine() -> None:
    down = Failure(cause="refused", message="m")
    found = evidence(private=(PRIVATE,))
    step = step_from(down, found, a_policy(), candidates(), tried=(Place(LOCAL),), steps=())
    assert step.profile is None
    assert "private" in step.reason
