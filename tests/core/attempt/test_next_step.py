"""Which step follows a failed attempt."""

from __future__ import annotations

import pytest
from tests.fakes import (
    LOCAL,
    PRIVATE,
    a_policy,
    a_receipt,
    candidates,
    evidence,
)

from profile_router.core.attempt.next_step import step_after
from profile_router.core.ladder.failure import Failure, Place
from profile_router.core.ladder.receipt import Attempt


def test_only_a_failure_has_a_next_step() -> None:
    with pytest.raises(ValueError, match="only a failed attempt"):
        step_after(Attempt(receipt=a_receipt()), evidence(), a_policy(), candidates(), tried=(Place(LOCAL),), steps=())


def test_a_private_failure_stays_on_this_machine() -> None:
    down = Attempt(receipt=a_receipt(outcome="unavailable"), failure=Failure(cause="refused", message="m"))
    found = evidence(private=(PRIVATE,))
    step = step_after(down, found, a_policy(), candidates(), tried=(Place(LOCAL),), steps=())
    assert step.profile is None
    assert "private" in step.reason
