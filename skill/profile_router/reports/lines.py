"""The lines of what a check printed, without colours, bounded; and a report made of what was found in them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from profile_router.core.ladder.report import MOST_FAILED, CheckReport
from profile_router.expressions import expression

MOST_REPORT_LINES = 200_000
_LONGEST = 600  # characters of a line; ids are shorter
_COLOUR = expression(r"\x1b\[[0-9;?]*[A-Za-z]")


def plain_lines(text: str) -> tuple[str, ...]:
    """Return the last lines of *text*, each cut at a length that no id has."""
    plain = _COLOUR.sub("", text).replace("\r\n", "\n").replace("\r", "\n")
    return tuple(line[:_LONGEST].rstrip() for line in plain.split("\n")[-MOST_REPORT_LINES:])


def matches(pattern: re.Pattern[str], lines: Iterable[str]) -> Iterator[re.Match[str]]:
    """Yield how *pattern* matches each of the *lines* that it matches whole."""
    return (found for line in lines if (found := pattern.fullmatch(line)))


def number(found: re.Match[str] | None, group: int = 1) -> int:
    """Return the number that a *group* found, 0 where it found none."""
    return int(found[group]) if found and found[group] else 0


def count_in(words: str, name: str) -> int:
    """Return how many of *name* the *words* count, as in `2 failed, 3 passed`."""
    return number(re.search(rf"(\d+) {name}\b", words))


def check_report(
    runner: str, failed: Iterable[str], ran: int | None, *, expected: int | None = None, whole: bool = True
) -> CheckReport:
    """Return the report of *runner*. *expected* is how many failed by its own count, None where it gives none."""
    told = [name.strip() for name in failed if name.strip()]
    names = tuple(dict.fromkeys(told))
    listed = len(names) <= MOST_FAILED and (expected is None or len(told) >= expected)
    return CheckReport(runner=runner, failed=names[:MOST_FAILED], ran=ran, whole=whole and listed)
