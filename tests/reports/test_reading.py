"""Which tests failed, as real runners print it: each id, how many ran and whether all are told."""

from __future__ import annotations

import json

import pytest
from tests.reports.samples import SAMPLES, Sample

from profile_router.core.ladder.report import MOST_FAILED
from profile_router.reports.reading import READERS, read_report


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_a_report_tells_which_tests_failed_and_how_many_ran(sample: Sample) -> None:
    found = read_report(sample.text)
    assert found is not None
    assert (found.runner, found.failed, found.ran, found.whole) == (
        sample.runner, sample.failed, sample.ran, sample.whole
    )  # fmt: skip


def test_each_reader_has_a_sample() -> None:
    assert {sample.reader for sample in SAMPLES} == set(READERS)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_colours_and_line_ends_change_nothing(sample: Sample) -> None:
    painted = "\r\n".join(f"\x1b[31m{line}\x1b[0m" for line in sample.text.split("\n"))
    assert read_report(painted) == read_report(sample.text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "all good",
        "OK",
        "ok",
        "FAILED x::y",
        "Ran 3 tests",
        "error: test failed",
        "{",
        "1..x",
        "Tests: three",
        "<testsuite",
    ],
)
def test_what_is_not_a_report_is_none(text: str) -> None:
    assert read_report(text) is None


def test_two_runners_in_one_check_are_one_report() -> None:
    both = read_report("1 failed, 2 passed in 0.1s\n\nRan 4 tests in 0.1s\n\nOK\n")
    assert both is not None
    assert (both.runner, both.ran, both.whole) == ("pytest and unittest", 7, False)


def test_of_very_many_failed_tests_some_are_kept_and_that_is_known() -> None:
    lines = [f"FAILED t.py::test_{number}" for number in range(MOST_FAILED + 5)]
    text = "\n".join(["=== short test summary info ===", *lines, f"{len(lines)} failed in 1.0s"])
    found = read_report(text)
    assert found is not None
    assert (len(found.failed), found.whole) == (MOST_FAILED, False)


@pytest.mark.parametrize(
    "text",
    [
        "=" * 400_000,
        "ok " * 200_000,
        "FAIL: " + "(" * 100_000,
        "1 passed, " * 50_000,
        "{" * 100_000,
        "<testsuite " + "<a>" * 50_000 + "</testsuite>",
        json.dumps({"numTotalTests": 1, "testResults": [[[]]] * 9}),
        '<!DOCTYPE x [<!ENTITY a "b">]><testsuite><testcase name="&a;"/></testsuite>',
        "[ERROR]   " + "a." * 100_000,
        "test " + "x " * 100_000 + "... FAILED",
    ],
    ids=range(10),
)
def test_no_text_makes_it_stumble(text: str) -> None:
    read_report(text)
    read_report("\n".join([text] * 3))
