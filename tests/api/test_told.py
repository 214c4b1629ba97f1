"""What a run tells as JSON is there as attributes, each name of it."""

from __future__ import annotations

from typing import Any

import pytest
from tests.api.test_routing import same
from tests.fakes import a_receipt

from profile_router.api.run_values import AttemptView, VerifiedView
from profile_router.api.value import Value
from profile_router.core.ladder.difference import Difference
from profile_router.core.ladder.early_score import EarlyScore, EarlyTerm
from profile_router.core.ladder.receipt import ChangedFile, CheckBefore, CheckResult, Verified
from profile_router.core.ladder.weak_check import WeakCheck
from profile_router.core.privacy.taint import Taint
from profile_router.core.telling.work import receipt_json, verified_json

TAINTS = (Taint(path="keys/prod.pem", why="private by its name"),)
RAN: dict[str, Any] = {"command": "pytest -q", "seconds": 1.5, "last_line": "3 tests"}
FIXED = CheckResult(**RAN, exit_code=0, difference=Difference(fixed=("a",)), all_tests="all 9 tests pass")
TAINTED = CheckResult(**RAN, exit_code=1, taints=TAINTS, why="1 failed", folder="web", source="found")
CHANGED = ChangedFile(path="a.py", lines_added=1, lines_removed=None)
WEAK = WeakCheck(kind="parses", passed=True, said="a.py parses")
TERM = EarlyTerm(sign="prose", points=2.0, said="2 answers without a call")


@pytest.mark.parametrize(
    ("view", "told"),
    [
        (VerifiedView, verified_json(Verified())),
        (VerifiedView, verified_json(Verified(files_changed=(CHANGED,), check=FIXED))),
        (VerifiedView, verified_json(Verified(check=FIXED, before=CheckBefore(check=TAINTED), weak=(WEAK,)))),
        (AttemptView, receipt_json(a_receipt(taints=TAINTS, early=EarlyScore(turns=5, needed=3.0, terms=(TERM,))))),
    ],
)
def test_each_name_of_what_is_told_is_an_attribute(view: type[Value], told: dict[str, Any]) -> None:
    same(view.of(told), told)
