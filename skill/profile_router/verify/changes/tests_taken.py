"""Which tests an attempt took away that its task does not ask to remove. Some of them are put back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from profile_router.core.task import Task
from profile_router.core.trust.taken_tests import HeldTest, TakenTests, taken_tests
from profile_router.core.trust.tests_meant import may_have_fewer, names_file
from profile_router.workspace.held_tests import held_tests
from profile_router.workspace.tree_steps import at_most

MOST_TEST_FILES = 50
Contents = Iterable[tuple[str, bytes | None, bytes | None]]  # path, and what it held before and after; None: absent


def taken_from(contents: Contents, task: Task) -> TakenTests:
    """Return which tests are gone from the changed files *contents*.

    None are where *task* may need fewer tests. A file that it names may lose tests. To name one is how a fault is
    reported too: so those that stay are not switched off or emptied. A file that is too large or too deep to be looked
    at, before or after, is `uncompared`.
    """
    if may_have_fewer(task):
        return TakenTests()
    with at_most():
        held = [(path, held_tests(path, was, was), held_tests(path, now, was)) for path, was, now in contents]
    known = [(path, was, now) for path, was, now in held if was is not None and now is not None]
    named = [one for one in known if names_file(task, one[0])]
    taken, of_named = _taken([one for one in known if one not in named]), _taken(named)
    stay = {*of_named.off, *of_named.hollow}
    files = [path for path, was, _ in named if any(one.name in stay for one in was)]
    return TakenTests(
        removed=taken.removed,
        off=(*taken.off, *of_named.off),
        hollow=(*taken.hollow, *of_named.hollow),
        files=(*taken.files, *files),
        uncompared=tuple(path for path, was, now in held if was != () and (was is None or now is None)),
    )


def _taken(held: Sequence[tuple[str, Sequence[HeldTest], Sequence[HeldTest]]]) -> TakenTests:
    return taken_tests({path: was for path, was, _ in held}, {path: now for path, _, now in held})
