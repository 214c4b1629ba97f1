"""Every cause of a failure, on every tier, over fakes: steps, receipts and status are the fault table's."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.fakes import (
    CHANGED,
    PRIVATE,
    Fails,
    FakeBackends,
    FakeCondenser,
    FakeMeasurer,
    FakeRunner,
    FakeVerifier,
    a_task,
    candidates,
    evidence,
    with_second,
)
from tests.faults.expected import ASKS, BURST, LOCAL, MEANS, OF_TIER, OF_WORK, Row, expected, impossible
from tests.graphs.a_run import Rig, steps

from profile_router.core.evidence import TokenCount, Window

TIERS = ("local", "cheap", "burst", "second", "private")
WINDOWS = tuple(
    Window(profile=name, tokens=size, source="config")
    for name, size in ((LOCAL, 32_768), ("review-cheap", 65_536), (BURST, 131_072))
)
SIZED = evidence(tokens=6_000, windows=WINDOWS, fixed=TokenCount(900, 900, "counted"))  # most of it can be condensed
# One fault for each meaning; the fault table plays the others, with real servers.
CASES = {
    (row.cause, row.family, row.receipt, tier): (row, tier)
    for fault, row in MEANS.items()
    for tier in TIERS
    if not impossible(fault, f"dispatch {tier}")
}


@pytest.mark.parametrize(
    ("row", "tier"), [pytest.param(*case, id=" ".join(filter(None, key))) for key, case in CASES.items()]
)
def test_a_cause_takes_its_steps_and_no_more(row: Row, tier: str) -> None:
    receipts, _, status = expected(row, "dispatch", tier)
    rig = _rig(row, tier)
    profile = None if tier == "private" else OF_TIER[tier]
    goal = "fix add in calc.py" if row.cause == "no-change" else "rename the function"
    final = rig.run(a_task(goal, profile=profile, local_only=tier == "private", context="a story", check="make check"))
    beside = rig.condenser.receipts  # of the calls that condense: no attempts
    assert steps(tuple(one for one in final["receipts"] if one not in beside)) == receipts
    assert final["status"] == status
    assert {step.cause for step in final["steps"]} <= {row.cause}
    if tier == "private":
        assert set(rig.backends.inspected) == {LOCAL}


def _rig(row: Row, tier: str) -> Rig:
    """Return a run in which *row* happens to the first attempt; told twice, to its second as well."""
    at = OF_TIER[tier]
    away = row.receipt == "unavailable"
    wait = 0.5 if row.family in ("wait", "wait-twice") else None
    fails = Fails(cause=row.cause, asked=ASKS[tier] if row.family == "asked" else None, wait=wait)  # type: ignore[arg-type]
    red = row.cause == "verification-failed"
    times = 0 if away or not row.cause or row.cause in OF_WORK else 2 if row.family.endswith("-twice") else 1
    backends: dict[str, Any] = {"keyless": [at]} if row.cause == "no-key" else {"down": {at: row.cause}} if away else {}
    return Rig(
        runner=FakeRunner(*[fails] * times, "done", endless=True),
        backends=FakeBackends(**backends),
        candidates=with_second(candidates(), BURST) if tier == "second" else candidates(),
        condenser=FakeCondenser("the gist"),
        measurer=FakeMeasurer(replace(SIZED, private=(PRIVATE,) if tier == "private" else ())),
        verifier=FakeVerifier(*[int(red)] * 3, changed=() if row.cause == "no-change" else CHANGED),
    )
