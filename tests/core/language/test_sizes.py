"""The sizes that a text states of its own work, and none that the code under work handles."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from profile_router.core.language.sizes import StatedSizes, stated_sizes


@pytest.mark.parametrize(
    ("text", "files"),
    [
        ("Update about 60 files to the new import", 60),
        ("Rename the class in 60 files", 60),
        ("Rename load to read across roughly 60 modules", 60),
        ("Refactor the logger (about 60 files)", 60),
        ("Convert 50-60 scripts", 60),
        ("Update a dozen files", 12),
        ("A 60-file refactor", 60),
        ("60 files need the new header", 60),
    ],
)
def test_stated_files_are_read(text: str, files: int) -> None:
    assert stated_sizes(text) == StatedSizes(files=files)


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("Migrate the 30 call sites of load()", 30),
        ("There are 30 call sites; rename each", 30),
        ("Replace the old call in 30 places", 30),
        ("Fix 593 warnings", 593),
        ("Eliminate all 593 linter warnings to achieve 0 issues", 593),
        ("593 warnings to fix", 593),
    ],
)
def test_each_stated_place_is_a_line_in_at_most_as_many_files(text: str, places: int) -> None:
    assert stated_sizes(text) == StatedSizes(files_at_most=places, lines=places)


@pytest.mark.parametrize(
    ("text", "sizes"),
    [
        ("Rewrite about 1,200 lines", StatedSizes(lines=1_200)),
        ("Review some sixty files", StatedSizes(files=60, edits=False)),
        ("Update all tests to pytest", StatedSizes(all_tests=True)),
        ("Convert every test to asyncio", StatedSizes(all_tests=True)),
        ("Rename the fixture in all of the tests", StatedSizes(all_tests=True)),
    ],
)
def test_lines_reading_and_all_tests_are_told_apart(text: str, sizes: StatedSizes) -> None:
    assert stated_sizes(text) == sizes


@pytest.mark.parametrize(
    "text",
    [
        "Fix crash when opening 60 files", "Limit uploads to 100 files", "Fix 500 errors in the API",
        "Allow up to 50 files", "Split the log after 500 lines", "Summarize docs/design.md in five lines",
        "Fix the parser so that all tests pass", "Run all tests", "Do not touch 60 files", 'Change the text "60 files"',
        "Add a function that reads 60 files", "The poller polls 60 files. Fix it", "Fix the importer that loads 60 files",
        "Fix src/60 files.py", "The poller polls all files",
    ],
)  # fmt: skip
def test_what_the_code_handles_is_not_a_size_of_the_work(text: str) -> None:
    assert stated_sizes(text) == StatedSizes()


@given(st.text("0123456789 ,.-files~(about)update\n", max_size=200) | st.text(max_size=200))
def test_any_text_has_its_sizes_or_none(text: str) -> None:
    stated_sizes(text)
