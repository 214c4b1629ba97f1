"""A folder or a glob is the work itself, or only where something is done."""

import pytest
from tests.core.language.test_mentions import named

from profile_router.core.language.around_paths import only_a_place


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("tests/", "Add one test for m1 to tests/"),
        ("tests/", "Add a test in `tests/`"),
        ("tests/", "Add a test to the tests/ folder"),
        ("src/api/", "Put it under src/api/ please"),
        ("src/**/*.py", "Fix the bug in src/**/*.py"),
        ("docs/", "Add notes to tests/ and docs/"),
        ("src/", "In src/, rename x"),
        ("src/api", "src/api: fix the retry"),
    ],
)
def test_what_follows_a_preposition_is_a_place(path: str, text: str) -> None:
    assert only_a_place(path, text)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("tests/", "Lint tests/"),
        ("src/", "Add a header to every file in src/"),
        ("tests/**/*.py", "all of tests/**/*.py"),
        ("test_*.py", "every test_*.py"),
        ("src/api/", "src/api/ needs types"),
        ("src/api", "types for src/api please"),
        ("tests/", "Refactor src/ and tests/"),
        ("src/", "Security review of src/"),
        ("src/", "look into src/"),
        ("src/a/", "Refactor these:\n- src/a/\n- src/b/"),
        ("src/", "Add a test to src/. Then lint src/"),
        ("src/", "not spelled like that"),
    ],
)
def test_the_object_of_a_verb_is_the_work(path: str, text: str) -> None:
    assert not only_a_place(path, text)


def test_files_of_a_place_are_told_apart_from_those_of_the_work() -> None:
    found = named("Lint web/*.{ts,tsx} and add a test to tests/")
    assert (found.grouped, found.nearby) == (("web/a.ts", "web/b.tsx"), ("tests/test_a.py", "tests/unit/test_b.py"))
