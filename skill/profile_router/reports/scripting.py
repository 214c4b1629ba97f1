"""Reports of RSpec, Minitest and PHPUnit. A line's number is not part of an id: an edit moves it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from profile_router.core.ladder.report import CheckReport
from profile_router.expressions import expression
from profile_router.reports.lines import check_report, matches, number

_RSPEC_END = expression(r"(\d+) examples?, (\d+) failures?(?:, (\d+) pending)?(, \d+ errors? occurred outside.*)?")
_RSPEC_RED = expression(r"rspec (\S+?)(?::\d+|\[[\d:]+\])?(?: # (.*))?")

_MINITEST_END = expression(r"(\d+) (?:runs|tests), \d+ assertions, (\d+) failures, (\d+) errors(?:, (\d+) \w+)?.*")
_MINITEST_RED = expression(r"(\S+#\S+) \[.+\]:|(\S+#\S+):|(?:Failure|Error): (\S+\(\S+\)).*")

_PHPUNIT_GREEN = expression(r"OK(?:, but .*)? \((\d+) tests?, .*\)")
_PHPUNIT_END = expression(r"Tests: (\d+), Assertions: \d+(.*)\.")
_PHPUNIT_RED = expression(r"\d+\) (\S+::\S.*)")
_PHPUNIT_NONE = expression(r"No tests executed!")


def rspec_report(lines: Sequence[str]) -> CheckReport | None:
    """Return what RSpec said, None where it said nothing."""
    ends = list(matches(_RSPEC_END, lines))
    if not ends:
        return None
    red = [f"{found[1]} {found[2] or ''}" for found in matches(_RSPEC_RED, lines)]
    ran = sum(number(found) - number(found, 3) for found in ends)
    unread = any(found[4] for found in ends)
    return check_report("rspec", red, ran, expected=sum(number(found, 2) for found in ends), whole=not unread)


def minitest_report(lines: Sequence[str]) -> CheckReport | None:
    """Return what Minitest, or test-unit, said, None where it said nothing."""
    ends = list(matches(_MINITEST_END, lines))
    if not ends:
        return None
    red = [found[1] or found[2] or found[3] for found in matches(_MINITEST_RED, lines)]
    failed = sum(number(found, 2) + number(found, 3) for found in ends)
    return check_report("minitest", red, sum(number(found) - number(found, 4) for found in ends), expected=failed)


def phpunit_report(lines: Sequence[str]) -> CheckReport | None:
    """Return what PHPUnit said, None where it said nothing."""
    green = [number(found) for found in matches(_PHPUNIT_GREEN, lines)]
    ends = list(matches(_PHPUNIT_END, lines))
    if not green and not ends:
        none = any(_PHPUNIT_NONE.fullmatch(line) for line in lines)
        return check_report("phpunit", (), 0) if none else None
    said = " ".join(found[2] for found in ends)
    failed = sum(map(int, re.findall(r"(?:Failures|Errors): (\d+)", said)))
    skipped = sum(map(int, re.findall(r"(?:Skipped|Incomplete): (\d+)", said)))
    red = [found[1] for found in matches(_PHPUNIT_RED, lines)]
    return check_report("phpunit", red, sum(green) + sum(map(number, ends)) - skipped, expected=failed)
