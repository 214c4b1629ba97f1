"""What of finished work stays unverified, in the order in which it is told."""

from __future__ import annotations

import stat
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, partial
from pathlib import Path

from profile_router.core.attempt.handoff import SetBack
from profile_router.core.ladder.check_words import (
    HELPED,
    NO_CHECK,
    NO_PROOF,
    NOT_READ,
    STEERED,
    UNCOMPARED,
    UNPROVED,
    proves_nothing,
    shows_no_fix,
    turned_green,
    weak_points,
)
from profile_router.core.ladder.receipt import ChangedFile, CheckBefore, CheckResult
from profile_router.core.language.faults import wants_a_fix
from profile_router.core.language.test_files import changes_tests, is_test
from profile_router.core.task import Task
from profile_router.core.text import some_of
from profile_router.core.trust.new_tests import turned_by_tests
from profile_router.core.trust.steered import may_steer, steering
from profile_router.core.trust.tests_meant import may_change_tests, names_file
from profile_router.git.marks import LARGE, path_as_text
from profile_router.verify.checking.installed import installed_modules
from profile_router.verify.parsing import ChangedContent
from profile_router.workspace.content import FirstBytes, first_bytes
from profile_router.workspace.folder import Workspace

_LONGEST = 64 * 1024  # of a Makefile or script that is read


def open_points(
    workspace: Workspace | None,
    task: Task | None,
    changed: Sequence[ChangedFile],
    result: CheckResult | None,
    *,
    before: CheckBefore | None,
    absent: Sequence[str],
    put_back: SetBack,
    unproved: Sequence[str],
    left: Sequence[str] = (),
) -> Iterator[str]:
    """Yield what stays unverified of *task*, whose work *changed* files in *workspace*.

    *result* is what its check came to, and *before* what that check said before the work. *absent* are files that the
    summary names and that are not there. *put_back* is what became of changed tests. *unproved* are the
    `unproved_points`. *left* are files that the task names and that stayed as they were, whatever changed.
    """
    yield from (f"names {path}, which does not exist" for path in absent)
    if result is None:
        yield NO_CHECK
    elif result.inconclusive:
        yield result.unclear
    if not put_back.done:
        yield put_back.note
    if put_back.uncompared:
        yield f"{some_of(put_back.uncompared)} {UNCOMPARED}"
    yield from weak_points(result)
    if workspace is None:
        yield "no workspace: no file could be looked at"
    elif not workspace.git:
        yield "not a git repository: only files written through the tools are known"
    elif proves_nothing(result, before, bool(changed)):
        yield NO_PROOF
    if left and turned_green(result, before):
        yield f"{some_of(left)}, which the task names, did not change, yet what was red before is green"
    yield from unproved


def unproved_points(
    task: Task | None,
    changed: Sequence[ChangedFile],
    result: CheckResult | None,
    *,
    before: CheckBefore | None,
    contents: Iterable[ChangedContent],
    root: Path | None = None,
    path: str = "",
    unread: Sequence[str] = (),
) -> Iterator[str]:
    """Yield why a check that passed shows nothing of the work: a policy may send such work on.

    *contents* are what the files *changed* below *root* held before and after, and *unread* those that are not among
    them. *path* is the PATH of the check.
    """
    if task is None:
        return
    if changed and wants_a_fix(task.goal):
        tests = any(changes_tests(file.path) for file in changed)
        if shows_no_fix(result, before, tests_changed=tests):
            yield UNPROVED
    if result is None or not result.passed:
        return
    if helps := _helps(changed, task):
        yield f"{some_of(helps)} {HELPED}"
    held = [(one.path, one.before, one.after) for one in contents]
    place = None if root is None else root / result.folder
    installed = cache(lambda: frozenset() if place is None else installed_modules(result.command, place, path))
    if steers := steering(task, held, result.command, result.folder, partial(_text_of, root), installed):
        yield f"{some_of(steers)} {STEERED}"
    if turned_green(result, before) and (why := turned_by_tests(held)):
        yield why
    if unread and not may_change_tests(task):
        yield f"{some_of(unread)} changed and {NOT_READ}"


def unread_files(
    root: Path | None, changed: Sequence[ChangedFile], contents: Iterable[ChangedContent]
) -> tuple[str, ...]:
    """Return those of the *changed* files below *root* that are still there, may steer a check, and were not read.

    There are more than are read, or one is a link. A folder is another repository, and a large file no order.
    """
    read = {path_as_text(one.path) for one in contents}
    left = [one.path for one in changed if one.path not in read and may_steer(one.path)]
    return () if root is None else tuple(path for path in left if _may_order(root / path))


def _may_order(place: Path) -> bool:
    try:
        found = place.lstat()
    except (OSError, ValueError):
        return False
    return stat.S_ISLNK(found.st_mode) or (stat.S_ISREG(found.st_mode) and found.st_size < LARGE)


def _text_of(root: Path | None, path: str) -> bytes | None:
    """Return the start of the file *path* below *root*, which may name what a check runs; None where none is."""
    found = None if root is None else first_bytes(root / path, _LONGEST)
    return found.data if isinstance(found, FirstBytes) else None


def _helps(changed: Sequence[ChangedFile], task: Task) -> list[str]:
    """Return the changed files below tests that are not tests, if *task* names neither them nor tests at all."""
    if may_change_tests(task):
        return []
    paths = (file.path for file in changed)
    return [path for path in paths if changes_tests(path) and not is_test(path) and not names_file(task, path)]
