"""The screen of a decision: what it costs here, and elsewhere where it could go there."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.fakes import BURST, LOCAL, a_policy, a_task, candidates, evidence

from profile_router.core.evidence import PrivateFinding
from profile_router.core.found_check import FoundCheck, Unagreed
from profile_router.core.routing.decide import decide
from profile_router.core.telling.decision import decision_lines, found_check_line

REFUSED: list[tuple[str, Unagreed | None, str]] = [
    ("the policy says `check: off` (p.yaml)", None, "the policy says `check: off` (p.yaml)"),
    ("nobody agreed to it; `profile-router check --allow` in /w allows it", "unasked", "nobody agreed to it"),
    ("it was declined; `profile-router check --allow` in /w allows it", "declined", "it was declined"),
    ("make: it needs a newer one; see /w/README", None, "make: it needs a newer one; see /w/README"),
]
KEY = PrivateFinding(kind="key", place="deploy/.env")


@pytest.mark.parametrize(("private", "priced"), [((), True), ((KEY,), False)])
def test_a_task_that_stays_here_is_not_priced_elsewhere(private: tuple[PrivateFinding, ...], priced: bool) -> None:
    decision = decide(a_task(), evidence(private=private), a_policy(), candidates())
    screen = "\n".join(decision_lines(decision, a_policy()))
    assert screen.startswith(LOCAL)
    assert (f"{BURST}: ≈ " in screen) is priced


@pytest.mark.parametrize(("refused", "unagreed", "told"), REFUSED)
def test_a_check_that_is_not_run_is_told_briefly_without_what_would_let_it(
    refused: str, unagreed: Unagreed | None, told: str
) -> None:
    make = FoundCheck(runner="command", words=("make",), whole=("make",), source="the model wants it")
    found = replace(make, refused=refused, unagreed=unagreed)
    assert found_check_line(found, briefly=True) == f"make · the model wants it · not run: {told}"
