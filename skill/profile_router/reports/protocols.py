"""Reports in the Test Anything Protocol, and those of Node's own runner."""

from __future__ import annotations

import re
from collections.abc import Sequence

from profile_router.core.ladder.report import CheckReport
from profile_router.reports.lines import matches, number, report

_TAP_TEST = re.compile(r"(not )?ok\b(?: +\d+)?(?: +(?:- )?([^#]*))?(?:# *(\w*).*)?")
_TAP_PLAN = re.compile(r"1\.\.(\d+)(?: *#.*)?")
_TAP_OVER = re.compile(r"Bail out!.*")

_NODE_COUNT = re.compile(r"(?:#|ℹ) (tests|pass|fail|cancelled|skipped) (\d+)")
_NODE_TAP_RED = re.compile(r" *not ok \d+ - (.*?)(?: # .*)?")
_NODE_RED = re.compile(r"\s*✖ (.+?) \([\d.]+ms\)")


def tap_report(lines: Sequence[str]) -> CheckReport | None:
    """Return what the lines of TAP say, None where there is no plan."""
    plans = [number(found) for found in matches(_TAP_PLAN, lines)]
    if not plans or _node_counts(lines):
        return None
    tests = list(matches(_TAP_TEST, lines))
    counted = [found for found in tests if (found[3] or "").upper() != "SKIP"]
    red = [found[2] or "" for found in counted if found[1] and (found[3] or "").upper() != "TODO"]
    whole = len(tests) == sum(plans) and not any(_TAP_OVER.fullmatch(line) for line in lines)
    return report("tap", red, len(counted), expected=len(red), whole=whole)


def node_report(lines: Sequence[str]) -> CheckReport | None:
    """Return what `node --test` said, None where it said nothing."""
    counts = _node_counts(lines)
    if not {"tests", "pass", "fail"} <= counts.keys():
        return None
    red = [found[1] for pattern in (_NODE_TAP_RED, _NODE_RED) for found in matches(pattern, lines)]
    failed = counts["fail"] + counts.get("cancelled", 0)
    return report("node", red, counts["pass"] + failed, expected=failed)


def _node_counts(lines: Sequence[str]) -> dict[str, int]:
    return {found[1]: number(found, 2) for found in matches(_NODE_COUNT, lines)}
