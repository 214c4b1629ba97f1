"""Reports in the Test Anything Protocol, and those of Node's own runner."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from profile_router.core.ladder.report import CheckReport
from profile_router.expressions import expression
from profile_router.reports.lines import check_report, matches, number

_TAP_TEST = expression(r"(not )?ok\b(?: +\d+)?(?: +(?:- )?([^#]*))?(?:# *(\w*).*)?")
_TAP_PLAN = expression(r"1\.\.(\d+)(?: *#.*)?")
_TAP_OVER = expression(r"Bail out!.*")

_NODE_COUNT = expression(r"(?:#|ℹ) (tests|pass|fail|cancelled|skipped) (\d+)")
_NODE_TAP_RED = expression(r" *not ok \d+ - (.*?)(?: # .*)?")
_NODE_TAP_PLACE = expression(r" +location: '(.+?)(?::\d+)*'")
_NODE_TAP_SUITE = expression(r" +(?:type: 'suite'|failureType: 'subtestsFailed')")
_NODE_TAP_OVER = expression(r" +\.\.\.")
_NODE_PLACE = expression(r"test at (.+?)(?::\d+)*")
_NODE_RED = expression(r"\s*✖ (.+?) \([\d.]+ms\)")


def tap_report(lines: Sequence[str]) -> CheckReport | None:
    """Return what the lines of TAP say, None without a plan."""
    plans = [number(found) for found in matches(_TAP_PLAN, lines)]
    if not plans or _node_counts(lines):
        return None
    tests = list(matches(_TAP_TEST, lines))
    counted = [found for found in tests if (found[3] or "").upper() != "SKIP"]
    red = [found[2] or "" for found in counted if found[1] and (found[3] or "").upper() != "TODO"]
    whole = len(tests) == sum(plans) and not any(_TAP_OVER.fullmatch(line) for line in lines)
    return check_report("tap", red, len(counted), expected=len(red), whole=whole)


def node_report(lines: Sequence[str]) -> CheckReport | None:
    """Return what `node --test` said, None where it said nothing."""
    counts = _node_counts(lines)
    if not {"tests", "pass", "fail"} <= counts.keys():
        return None
    red = [*_node_tap(lines), *_node_spec(lines)]
    failed = counts["fail"] + counts.get("cancelled", 0)
    return check_report("node", red, counts["pass"] + failed, expected=failed)


def _node_tap(lines: Sequence[str]) -> Iterator[str]:
    """Yield the tests that failed by Node's TAP, each with its file: names alone are the same in several files."""
    name, place, suite = "", "", False
    for line in lines:
        if found := _NODE_TAP_RED.fullmatch(line):
            if name and not suite:  # without what TAP tells below it
                yield name
            name, place, suite = found[1], "", False
        elif name and (found := _NODE_TAP_PLACE.fullmatch(line)):
            place = found[1]
        elif name and _NODE_TAP_SUITE.fullmatch(line):
            suite = True
        elif name and _NODE_TAP_OVER.fullmatch(line):
            if not suite:
                yield _placed(name, place)
            name = ""
    if name and not suite:
        yield name


def _node_spec(lines: Sequence[str]) -> Iterator[str]:
    """Yield the tests that failed as Node tells people: with their files at the end, if it tells those."""
    told = [(place, _NODE_RED.fullmatch(line)) for place, line in pairwise(lines)]
    placed = [(_NODE_PLACE.fullmatch(place), red) for place, red in told if red is not None]
    if not any(place for place, _ in placed):
        yield from (found[1] for found in matches(_NODE_RED, lines))
    yield from (_placed(red[1], place[1]) for place, red in placed if place is not None)


def _placed(name: str, place: str) -> str:
    return f"{place} > {name}" if place and place != name else name


def _node_counts(lines: Sequence[str]) -> dict[str, int]:
    return {found[1]: number(found, 2) for found in matches(_NODE_COUNT, lines)}
