"""Which files are tests, by their names, and which only stand in a folder that is called so."""

from __future__ import annotations

import pytest

from profile_router.core.language.test_files import changes_tests
from profile_router.core.locating.rankable import sort_of


@pytest.mark.parametrize(
    "path",
    [
        "tests/data/a.json", "test/helper.py", "spec/support/login.rb", "src/test/resources/a.xml",
        "server/core/src/test/java/Fixture.java", "packages/x/test/setup.ts", "shop/tests/data.json", "crates/x/tests/data.json",
        "shop/tests/test_cart.py", "shop/tests/conftest.py", "shop/testdata/a.json", "shop/__snapshots__/a.snap",
    ],
)  # fmt: skip
def test_what_tests_are_made_of_counts_as_a_test(path: str) -> None:
    assert changes_tests(path)


@pytest.mark.parametrize(
    ("path", "sort"),
    [
        ("django/test/client.py", "code"), ("api/spec/openapi.yaml", "setting"), ("shop/spec/parser.go", "code"),
        ("packages/api/spec/openapi.json", "setting"), ("cli/commands/test/run.ts", "code"),
        ("numpy/testing/compare.py", "code"), ("lib/specs/loader.rb", "code"), ("latest/test.txt", "document"),
    ],
)  # fmt: skip
def test_product_code_in_a_folder_with_the_name_of_tests_is_not_a_test(path: str, sort: str) -> None:
    assert not changes_tests(path)
    assert sort_of(path) == sort
