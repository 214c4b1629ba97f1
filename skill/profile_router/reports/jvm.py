"""Reports of Maven's surefire and of Gradle."""

from __future__ import annotations

import re
from collections.abc import Sequence

from profile_router.core.ladder.report import CheckReport
from profile_router.expressions import expression
from profile_router.reports.lines import check_report, count_in, matches, number

_MAVEN_END = expression(r"(?:\[\w+\] )?Tests run: (\d+), Failures: (\d+), Errors: (\d+), Skipped: (\d+)")
_MAVEN_RED = expression(r"\[ERROR\] {2,}((?:[\w$]+\.)+[\w$\[\]{},= ]*?)(?::\d+.*| ?».*|->.*)")
_MAVEN_STOPPED = expression(r"\[(?:ERROR|INFO)\] (?:COMPILATION ERROR.*|.* SKIPPED)")

_GRADLE_RED = expression(r"(\S.*? > .+) FAILED")
_GRADLE_END = expression(r"(\d+ tests? completed.*)")
_GRADLE_NONE = expression(r"> Task \S*:test NO-SOURCE")
_GRADLE_RUN = expression(r"> Task \S*:test(?: FAILED| UP-TO-DATE| FROM-CACHE)?")


def maven_report(lines: Sequence[str]) -> CheckReport | None:
    """Return what Maven's surefire said, None where it said nothing."""
    ends = list(matches(_MAVEN_END, lines))
    if not ends:
        return None
    failed = sum(number(found, 2) + number(found, 3) for found in ends)
    ran = sum(number(found) - number(found, 4) for found in ends)
    red = [found[1].strip() for found in matches(_MAVEN_RED, lines)]
    stopped = any(_MAVEN_STOPPED.fullmatch(line) for line in lines)
    return check_report("maven", red, ran, expected=failed, whole=not stopped)


def gradle_report(lines: Sequence[str]) -> CheckReport | None:
    """Return what Gradle said, None where it said nothing: of tests that pass it tells no number."""
    ends = [found[1] for found in matches(_GRADLE_END, lines)]
    if not ends:
        none = any(_GRADLE_NONE.fullmatch(line) for line in lines)
        return (
            check_report("gradle", (), 0) if none and not any(_GRADLE_RUN.fullmatch(line) for line in lines) else None
        )
    failed = sum(count_in(end, "failed") for end in ends)
    ran = sum(number(re.match(r"(\d+)", end)) - count_in(end, "skipped") for end in ends)
    red = [found[1] for found in matches(_GRADLE_RED, lines) if not found[1].startswith("> Task")]
    return check_report("gradle", red, ran, expected=failed)
