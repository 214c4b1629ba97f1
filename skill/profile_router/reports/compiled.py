"""Reports of `go test` (text and -json), `cargo test` and ctest."""

from __future__ import annotations

from collections.abc import Sequence

from profile_router.core.ladder.report import CheckReport
from profile_router.expressions import expression
from profile_router.outside.json_reader import UnreadableJson, read_json
from profile_router.reports.lines import check_report, matches, number

_GO_TEST = expression(r"\s*--- (FAIL|PASS): (\S+) \([\d.]+s\)")
_GO_PACKAGE = expression(r"(ok  |FAIL|\?   )\t(\S+)(?:\t(.*)| \[(?:build|setup) failed\])")
_LONGEST_EVENT = 10_000

_CARGO_TARGET = expression(r"\s*(?:Running (.+?) \(\S+\)|Doc-tests (\S+))")
# With --quiet the second form, and no target is told. An edit moves the line of a doc test: it is not a part of its id.
_CARGO_RED = expression(r"(?:test (\S.*?) \.\.\.|(\S.*?) ---) FAILED")
_CARGO_LINE = expression(r" \(line \d+\)")
_CARGO_RESULT = expression(r"test result: (?:ok|FAILED)\. (\d+) passed; (\d+) failed;.*")
_CARGO_STOPPED = expression(r"error: (?:could not compile|build failed).*")
# The first is said of each target that fails; only with --no-fail-fast, which goes on, the second comes at the end.
_CARGO_TARGET_FAILED = expression(r"error: (?:\w+ )?(?:test|doctest|bench)s? failed, to rerun .*")
_CARGO_WENT_ON = expression(r"error: \d+ targets? failed:")

_CTEST_END = expression(r"\s*\d+% tests passed, (\d+) tests? failed out of (\d+)")
_CTEST_RED = expression(r"\s*\d+ - (\S+) \(.+\).*")
_CTEST_NONE = expression(r"No tests were found!!!")


def go_report(lines: Sequence[str]) -> CheckReport | None:
    """Return what `go test` said, None where it said nothing. Without -v nobody knows how many tests ran."""
    events = _go_events(lines)
    if events is not None:
        return events
    red: list[str] = []
    waiting: list[str] = []
    packages = passed = 0
    tested, whole = False, True
    for line in lines:
        if found := _GO_TEST.fullmatch(line):
            passed += found[1] == "PASS"
            waiting += [found[2]] if found[1] == "FAIL" else []
        elif found := _GO_PACKAGE.fullmatch(line):
            packages += 1
            tests = found[1] != "?   " and "[no test" not in (found[3] or "")
            tested = tested or tests
            if found[1] == "FAIL":
                whole = whole and bool(waiting)  # else it was not built, or a panic ended it
                red += [f"{found[2]}.{name}" for name in waiting]
            waiting = []
    if not packages:
        return None
    ran = passed + len(red) if passed else None if tested else 0
    return check_report("go", red, ran, whole=whole)


def _go_events(lines: Sequence[str]) -> CheckReport | None:
    ended: dict[tuple[str, str], str] = {}
    for line in lines:
        if not line.startswith("{") or '"Action"' not in line:
            continue
        try:
            event = read_json(line, most=_LONGEST_EVENT)
        except UnreadableJson:
            continue
        if isinstance(event, dict) and event.get("Action") in ("pass", "fail", "skip"):
            ended[str(event.get("Package", "")), str(event.get("Test", ""))] = event["Action"]
    if not ended:
        return None
    red = [f"{package}.{test}" for (package, test), how in ended.items() if test and how == "fail"]
    broken = {package for (package, test), how in ended.items() if not test and how == "fail"}
    whole = all(any(name.startswith(f"{package}.") for name in red) for package in broken)
    return check_report("go", red, sum(bool(test) and how != "skip" for (_, test), how in ended.items()), whole=whole)


def cargo_report(lines: Sequence[str]) -> CheckReport | None:
    """Return what `cargo test` said, None where it said nothing."""
    results = list(matches(_CARGO_RESULT, lines))
    if not results:
        return None
    target, red = "", []
    for line in lines:
        if found := _CARGO_TARGET.fullmatch(line):
            target = found[1] or f"doc {found[2]}"
        elif found := _CARGO_RED.fullmatch(line):
            red.append(f"{target} {_CARGO_LINE.sub('', found[1] or found[2])}")
    failed = sum(number(found, 2) for found in results)
    ran = failed + sum(number(found) for found in results)
    stopped = any(_CARGO_STOPPED.fullmatch(line) for line in lines)
    one_failed = any(_CARGO_TARGET_FAILED.fullmatch(line) for line in lines)
    went_on = any(_CARGO_WENT_ON.fullmatch(line) for line in lines)
    return check_report("cargo", red, ran, expected=failed, whole=not stopped and (went_on or not one_failed))


def ctest_report(lines: Sequence[str]) -> CheckReport | None:
    """Return what ctest said, None where it said nothing."""
    if any(_CTEST_NONE.fullmatch(line) for line in lines):
        return check_report("ctest", (), 0)
    ends = list(matches(_CTEST_END, lines))
    if not ends:
        return None
    red = [found[1] for found in matches(_CTEST_RED, lines)]
    return check_report(
        "ctest", red, sum(number(found, 2) for found in ends), expected=sum(number(one) for one in ends)
    )
