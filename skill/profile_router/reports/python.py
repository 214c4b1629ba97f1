"""Reports of Python's runners: pytest's short summary, and what unittest (and Django) print."""

from __future__ import annotations

import re
from collections.abc import Sequence

from profile_router.core.ladder.report import CheckReport
from profile_router.expressions import expression
from profile_router.reports.lines import check_report, count_in, matches, number

_PYTEST_END = expression(
    r"=* ?((?:\d+ [a-z][a-z ]*)(?:, \d+ [a-z][a-z ]*)*|no tests ran)(?: in [\d.]+s?(?: \([\d:]+\))?) ?=*"
)
_PYTEST_WORDS = expression(r"\b(?:failed|passed|errors?|skipped|deselected|xfailed|xpassed|warnings?|no tests ran)\b")
_PYTEST_SUMMARY = expression(r"=+ short test summary info =+")
_PYTEST_RED = expression(r"(?:FAILED|ERROR|SUBFAILED\S*|SUBFAIL) (\S.*?)(?: - .*)?")
_PYTEST_STOPPED = expression(r"!+ .+ !+")

_UNITTEST_END = expression(r"Ran (\d+) tests? in [\d.]+s")
_UNITTEST_RESULT = expression(r"(?:OK|FAILED|NO TESTS RAN)(?: \((.*)\))?")
_UNITTEST_RED = expression(r"(?:FAIL|ERROR): (\S+) \(([^)]*)\).*")
_NOT_RUN = ("_FailedTest", "setUpClass", "setUpModule", "tearDownClass", "tearDownModule")


def pytest_report(lines: Sequence[str]) -> CheckReport | None:
    """Return what pytest said, None where it said nothing."""
    ends = [found[1] for found in matches(_PYTEST_END, lines) if _PYTEST_WORDS.search(found[1])]
    if not ends:
        return None
    start = next((at for at, line in enumerate(lines) if _PYTEST_SUMMARY.fullmatch(line)), len(lines))
    red = [found[1] for found in matches(_PYTEST_RED, lines[start:])]
    done = sum(count_in(end, word) for end in ends for word in ("passed", "failed", "xfailed", "xpassed"))
    errors = sum(count_in(end, "errors?") for end in ends)
    set_up = min(errors, sum("::" in name for name in red))  # a test whose fixture failed; the others are files
    expected = sum(count_in(end, "failed") for end in ends) + errors
    stopped = any(_PYTEST_STOPPED.fullmatch(line) for line in lines)
    ran = done + (set_up if set_up == errors else 0)
    return check_report("pytest", red, ran, expected=expected, whole=not stopped)


def unittest_report(lines: Sequence[str]) -> CheckReport | None:
    """Return what unittest said, None where it said nothing."""
    counts = [number(found) for found in matches(_UNITTEST_END, lines)]
    results = [found[1] or "" for found in matches(_UNITTEST_RESULT, lines)]
    if not counts or not results:
        return None
    red, whole = [], True
    for found in matches(_UNITTEST_RED, lines):
        whole = whole and not any(word in f"{found[1]} {found[2]}" for word in _NOT_RUN)
        red.append(found[2] if found[2].endswith(f".{found[1]}") else f"{found[2]}.{found[1]}")
    said = ", ".join(results)
    skipped = sum(map(int, re.findall(r"\bskipped=(\d+)", said)))
    expected = sum(map(int, re.findall(r"\b(?:failures|errors)=(\d+)", said)))
    listed = len(red) >= expected and "unexpected successes" not in said
    return check_report("unittest", red, max(0, sum(counts) - skipped), whole=whole and listed)
