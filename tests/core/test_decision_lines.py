"""The screen of a decision: what it costs here, and elsewhere where it could go there."""

from __future__ import annotations

import pytest
from tests.fakes import BURST, LOCAL, a_policy, a_task, candidates, evidence

from profile_router.core.evidence import PrivateFinding
from profile_router.core.routing.decide import decide
from profile_router.core.telling.decision import decision_lines

KEY = PrivateFinding(kind="key", place="deploy/.env")


@pytest.mark.parametrize(("private", "priced"), [((), True), ((KEY,), False)])
def test_a_task_that_stays_here_is_not_priced_elsewhere(private: tuple[PrivateFinding, ...], priced: bool) -> None:
    decision = decide(a_task(), evidence(private=private), a_policy(), candidates())
    screen = "\n".join(decision_lines(decision, a_policy()))
    assert screen.startswith(LOCAL)
    assert (f"{BURST}: ≈ " in screen) is priced
