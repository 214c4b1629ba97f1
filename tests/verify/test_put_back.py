"""A file that tells a runner what to run is put back, new or changed, and steers its check. One table holds them."""

from __future__ import annotations

import pytest
from tests.fakes import a_task

from profile_router.core.language.set_up_files import SET_UP_FILES
from profile_router.core.trust.steered import steering
from profile_router.verify.changes.put_back import written_to_put_back

TASK = a_task("Fix total in lib/cart.rb", files=("lib/cart.rb",))
KNOWN = [name for names in SET_UP_FILES.values() for name in names]


@pytest.mark.parametrize("before", [None, b"was"], ids=["new", "changed"])
def test_all_that_sets_a_runner_up_is_put_back_and_named(before: bytes | None) -> None:
    paths = [*KNOWN, *(f"packages/a/{name}" for name in KNOWN), "jest.conf.js", "karma.conf.js", ".mocharc.toml"]
    assert written_to_put_back(dict.fromkeys(paths, before), TASK) == tuple(sorted(paths))
    assert steering(TASK, [(path, before, b"--dry-run") for path in paths], "./check") == paths


@pytest.mark.parametrize("path", [".rspec-local", "phpunit.dist.xml", "test/mocha.opts", "pytest.toml"])
def test_what_the_task_names_stays(path: str) -> None:
    task = a_task(f"Correct {path}", files=(path,))
    assert written_to_put_back({path: b"was"}, task) == ()
    assert steering(task, [(path, b"was", b"is")], "./check") == []


@pytest.mark.parametrize(
    "path", ["lib/rspec_like.rb", "mocha.opts", "phpunit.rb", "lib/cart.rb", "jest.ts", "rspec-local"]
)
def test_a_file_of_another_name_sets_no_runner_up(path: str) -> None:
    assert written_to_put_back({path: None}, TASK) == ()
    assert steering(TASK, [(path, None, b"x = 1")], "./check") == []
