"""Reports in JUnit's XML, as many runners write them. No document type is read: it could name files and grow."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree

from profile_router.core.ladder.report import CheckReport
from profile_router.reports.lines import check_report

_MOST = 4_000_000
_RED = ("failure", "error")


def junit_report(lines: Sequence[str]) -> CheckReport | None:
    """Return what the first JUnit document among *lines* says, None where none can be read."""
    text = "\n".join(lines)
    start = min((at for at in (text.find("<testsuites"), text.find("<testsuite ")) if at >= 0), default=-1)
    end = max(text.rfind("</testsuites>"), text.rfind("</testsuite>"))
    if start < 0 or end < start or end - start > _MOST or "<!DOCTYPE" in text or "<!ENTITY" in text:
        return None
    try:
        document = ElementTree.fromstring(text[start : text.index(">", end) + 1])  # noqa: S314 - no entity is in it
    except (ElementTree.ParseError, RecursionError):
        return None
    red, ran = [], 0
    for case in document.iter("testcase"):
        if case.find("skipped") is not None:
            continue
        ran += 1
        if any(case.find(word) is not None for word in _RED):
            red.append(f"{case.get('file') or case.get('classname') or ''}::{case.get('name') or ''}")
    return check_report("junit", red, ran)
