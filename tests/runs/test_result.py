"""What would unblock a run is told as it is of use on this machine."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from tests.fakes import BURST, LOCAL, a_policy, a_receipt, candidates, evidence

from profile_router.core.ladder.causes import TABLE
from profile_router.core.ladder.failure import Place
from profile_router.core.ladder.steps import TakenStep
from profile_router.runs.result import _here, _unblock, _without


@pytest.mark.parametrize("there", [True, False])
def test_a_command_of_hermes_is_named_only_where_hermes_is(tmp_path: Path, there: bool) -> None:
    program = tmp_path / "hermes"
    if there:
        program.write_text(f"#!{sys.executable}\n")
        program.chmod(0o755)
    setup = SimpleNamespace(
        environ={"PATH": str(tmp_path)}, policy=SimpleNamespace(hermes=SimpleNamespace(python=None))
    )
    ways = [row.unblock.format(profile="p", address="a") for row in TABLE.values()]
    told = _here(ways, cast("Any", setup))
    assert (told == ways) is there
    assert ("put a working key into the .env of p, or export it" in told) is not there
    assert any("`hermes " in way for way in told) is there


def stopped_at(places: list[str], causes: list[Any], status: str) -> list[str]:
    """What would unblock a run that tried *places*, which failed for *causes*; the last could not be asked."""
    steps = [TakenStep(step="s", cause=cause, profile=None, tier=None, reason="it broke") for cause in causes]
    receipts = [a_receipt(name) for name in places[:-1]] + [a_receipt(places[-1], outcome="unavailable")]
    final = {
        "decision": None,
        "evidence": evidence(),
        "status": status,
        "receipts": receipts,
        "places": [Place(name) for name in places],
        "steps": steps,
    }
    return _unblock(cast("Any", final), cast("Any", SimpleNamespace(policy=a_policy(), candidates=candidates())))


@pytest.mark.parametrize(
    ("cause", "status", "first"),
    [
        ("not-approved", "unapproved", "agree to its price: `--yes`"),
        ("declined", "failed", "agree to its price when it is asked"),
        ("over-budget", "failed", "allow more"),
    ],
)
def test_a_run_whose_local_work_failed_is_told_of_the_price_alone(cause: Any, status: str, first: str) -> None:
    [way] = stopped_at([LOCAL, LOCAL, BURST], ["verification-failed", "verification-failed", cause], status)
    assert way.startswith(first)
    assert stopped_at([BURST], [cause], "refused")[1:] == [
        f"let {LOCAL} try it, which costs nothing: `--profile {LOCAL}`"
    ]


def test_advice_that_stands_in_unblock_is_not_said_in_the_error_as_well() -> None:
    way = TABLE["over-budget"].unblock
    assert _without([way], f"it costs too much; {way}") == "it costs too much"
    for error in (None, "", way, f"it costs too much; {way}; and more"):
        assert _without([way], error) == error
    assert _without([], f"it costs too much; {way}") == f"it costs too much; {way}"
