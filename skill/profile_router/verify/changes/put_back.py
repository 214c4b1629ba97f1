"""A check cannot be gamed. When it runs, the test files that a task does not name are as before the work.

What was written in them is kept as a diff. New test files stay: `core.trust.new_tests` says what they may do. Code that
tests use and that is not a test stays, too, for the work may need it so. Then it stays open whether the check means
anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from profile_router.core.language.set_up_files import sets_up_a_runner
from profile_router.core.language.test_files import changes_tests, helps_tests, is_test, sets_up_tests
from profile_router.core.task import Task
from profile_router.core.trust.tests_meant import may_change_tests, names_file
from profile_router.git.marks import Mark
from profile_router.git.trees import Trees


def to_put_back(trees: Trees, root: Path, before: str, after: str, task: Task) -> tuple[str, ...]:
    """Return the files below *root* that changed between two marks and decide what a check runs. Those that *task*
    means are left out. Raises WorkspaceError."""
    if may_change_tests(task):
        return ()
    start = trees.start(root)
    files = Mark.read(before).files
    changes = trees.differences(files, Mark.read(after).files)
    found = {path.removeprefix(start): was is not None for path, (was, _) in changes.items() if path.startswith(start)}
    spoilt = tuple(_spoilt(found, task))
    if all(map(is_test, spoilt)):
        return spoilt
    names = (path.removeprefix(start) for path in trees.names(files))
    tests = [path for path in names if is_test(path)]
    return tuple(path for path in spoilt if not helps_tests(path, tests))


def written_to_put_back(journal: Mapping[str, bytes | None], task: Task) -> tuple[str, ...]:
    """Return the same of the files of *journal*, which holds what each was before (None: absent)."""
    if may_change_tests(task):
        return ()
    return tuple(_spoilt({path: was is not None for path, was in journal.items()}, task))


def _spoilt(changed: Mapping[str, bool], task: Task) -> Iterator[str]:
    """Yield those of the *changed* files that count: each with whether it was there before."""
    for path, was_there in sorted(changed.items()):
        sets_up = sets_up_tests(path) or sets_up_a_runner(path)
        # A new test may bring data and snapshots of its own; what is new and sets tests up would change the others.
        if (sets_up or (was_there and changes_tests(path))) and not names_file(task, path):
            yield path
