"""Reports of Jest and Vitest (text and JSON) and Mocha."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from profile_router.core.ladder.report import CheckReport
from profile_router.expressions import expression
from profile_router.outside.json_reader import UnreadableJson, read_json
from profile_router.reports.lines import check_report, count_in, matches, number

_JEST_END = expression(r"Tests: {2,}(.*\d+ total)")
_JEST_FILE = expression(r"\s*(?:FAIL|PASS)\s+(\S+)(?: \(.*\))?")
_JEST_RED = expression(r"\s+● (.+)")
_JEST_NONE = expression(r"No tests found, exiting with code \d+")
_UNREAD = "Test suite failed to run"

_VITEST_END = expression(r"\s*Tests  (.*\(\d+\)|no tests)")
_VITEST_RED = expression(r"\s*FAIL\s+(?:\|.*\| )?(\S.*)")
_VITEST_NONE = expression(r"No test files found, exiting with code \d+.*")

_MOCHA_GREEN = expression(r"\s+(\d+) passing \(.+\)")
_MOCHA_RED = expression(r"\s+(\d+) failing")
_MOCHA_NAME = expression(r"\s+\d+\) (\S.*)")
_MOST_JSON = 4_000_000


def jest_report(lines: Sequence[str]) -> CheckReport | None:
    """Return what Jest said, None where it said nothing."""
    if any(_JEST_NONE.fullmatch(line) for line in lines):
        return check_report("jest", (), 0)
    ends = [found[1] for found in matches(_JEST_END, lines)]
    if not ends:
        return None
    file, red, whole = "", [], True
    for line in lines:
        if found := _JEST_FILE.fullmatch(line):
            file = found[1]
        elif found := _JEST_RED.fullmatch(line):
            if found[1] == _UNREAD:
                whole = False
            elif file and found[1] != "Console":
                red.append(f"{file} › {found[1]}")
    failed = sum(count_in(end, "failed") for end in ends)
    return check_report(
        "jest", red, failed + sum(count_in(end, "passed") for end in ends), expected=failed, whole=whole
    )


def vitest_report(lines: Sequence[str]) -> CheckReport | None:
    """Return what Vitest said, None where it said nothing."""
    if any(_VITEST_NONE.fullmatch(line) for line in lines):
        return check_report("vitest", (), 0)
    ends = [found[1] for found in matches(_VITEST_END, lines)]
    if not ends:
        return None
    red = [found[1] for found in matches(_VITEST_RED, lines)]
    tests = [name for name in red if " > " in name]
    failed = sum(count_in(end, "failed") for end in ends)
    ran = failed + sum(count_in(end, "passed") for end in ends)
    return check_report("vitest", tests, ran, expected=failed, whole=len(tests) == len(red))


def json_report(lines: Sequence[str]) -> CheckReport | None:
    """Return what the JSON reporter of Jest or Vitest said, None where it said nothing."""
    for at, line in enumerate(lines):
        if line.startswith("{") and any('"numTotalTests"' in one for one in lines[at : at + 40]):
            return _of_json("\n".join(lines[at:]))
    return None


def _of_json(text: str) -> CheckReport | None:
    try:
        said = read_json(text[: text.rindex("}") + 1], most=_MOST_JSON)
    except (UnreadableJson, ValueError):  # a line was cut, or more was printed after it
        return None
    suites = said.get("testResults") if isinstance(said, dict) else None
    if not isinstance(suites, list):
        return None
    red, ran, whole = [], 0, True
    for suite in suites:
        tests = suite.get("assertionResults") if isinstance(suite, dict) else None
        if not isinstance(tests, list):
            return None
        whole = whole and (bool(tests) or suite.get("status") != "failed")
        for test in tests:
            how = test.get("status") if isinstance(test, dict) else None
            ran += how in ("passed", "failed")
            red += [f"{suite.get('name')} › {test.get('fullName')}"] if how == "failed" else []
    return check_report("jest", red, ran, whole=whole)


def mocha_report(lines: Sequence[str]) -> CheckReport | None:
    """Return what Mocha said, None where it said nothing."""
    green = [number(found) for found in matches(_MOCHA_GREEN, lines)]
    if not green:
        return None
    start = next((at for at, line in enumerate(lines) if _MOCHA_RED.fullmatch(line)), len(lines))
    failed = number(_MOCHA_RED.fullmatch(lines[start])) if start < len(lines) else 0
    return check_report("mocha", _mocha_names(lines[start + 1 :]), sum(green) + failed, expected=failed)


def _mocha_names(lines: Sequence[str]) -> Iterator[str]:
    """Yield the names of failed tests: a numbered line, then deeper ones up to that with the colon."""
    parts: list[str] = []
    for line in lines:
        if found := _MOCHA_NAME.fullmatch(line):
            parts = [found[1]]
        elif parts and line.strip():
            parts.append(line.strip())
        else:
            parts = []
        if parts and parts[-1].endswith(":"):
            yield " > ".join(parts)[:-1]
            parts = []
