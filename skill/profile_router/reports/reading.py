"""Read what a check printed: which runners reported in it, and what they said together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from profile_router.core.ladder.report import MOST_FAILED, CheckReport
from profile_router.reports.compiled import cargo_report, ctest_report, go_report
from profile_router.reports.javascript import jest_report, json_report, mocha_report, vitest_report
from profile_router.reports.junit import junit_report
from profile_router.reports.jvm import gradle_report, maven_report
from profile_router.reports.lines import plain_lines
from profile_router.reports.protocols import node_report, tap_report
from profile_router.reports.python import pytest_report, unittest_report
from profile_router.reports.scripting import minitest_report, phpunit_report, rspec_report

_Reader = Callable[[Sequence[str]], CheckReport | None]
READERS: Mapping[str, _Reader] = {
    "pytest": pytest_report,
    "unittest": unittest_report,
    "go": go_report,
    "cargo": cargo_report,
    "ctest": ctest_report,
    "jest": jest_report,
    "vitest": vitest_report,
    "jest-json": json_report,
    "mocha": mocha_report,
    "node": node_report,
    "tap": tap_report,
    "junit": junit_report,
    "maven": maven_report,
    "gradle": gradle_report,
    "rspec": rspec_report,
    "minitest": minitest_report,
    "phpunit": phpunit_report,
}


def read_report(text: str) -> CheckReport | None:
    """Return what the runners whose reports stand in *text* say together, None where none is known there."""
    lines = plain_lines(text)
    return joined_reports([report for reader in READERS.values() if (report := reader(lines)) is not None])


def joined_reports(reports: Sequence[CheckReport]) -> CheckReport | None:
    """Return *reports* of one run as one."""
    if len(reports) < 2:
        return reports[0] if reports else None
    failed = tuple(dict.fromkeys(name for report in reports for name in report.failed))
    counts = [report.ran for report in reports]
    return CheckReport(
        runner=" and ".join(report.runner for report in reports),
        failed=failed[:MOST_FAILED],
        ran=None if None in counts else sum(count or 0 for count in counts),
        whole=all(report.whole for report in reports) and len(failed) <= MOST_FAILED,
    )
