"""Which tests an attempt took away that its task does not ask to remove. Some of them are put back."""

from __future__ import annotations

from collections.abc import Iterable

from profile_router.core.task import Task
from profile_router.core.trust.taken_tests import TakenTests, taken_tests
from profile_router.core.trust.tests_meant import may_have_fewer, names_file
from profile_router.workspace.held_tests import held_tests

MOST_TEST_FILES = 50
Contents = Iterable[tuple[str, bytes | None, bytes | None]]  # path, and what it held before and after; None: absent


def taken_from(contents: Contents, task: Task) -> TakenTests:
    """Return which tests are gone from the changed files *contents*.

    None are where *task* may need fewer tests. Tests of files that it names are its own.
    """
    if may_have_fewer(task):
        return TakenTests()
    changed = [one for one in contents if not names_file(task, one[0])]
    before = {path: held_tests(path, was) for path, was, _ in changed}
    return taken_tests(before, {path: held_tests(path, now) for path, _, now in changed})
