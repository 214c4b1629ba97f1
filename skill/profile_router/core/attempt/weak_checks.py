"""Weak checks of finished work: told where no check told anything, and no proof unless the policy trusts them. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from profile_router.core.attempt.no_change import files_to_change
from profile_router.core.evidence import Evidence
from profile_router.core.ladder.check_words import NO_CHECK, NOTHING_TO_CHECK, UNPROVED
from profile_router.core.ladder.receipt import Verified
from profile_router.core.ladder.weak_check import WeakCheck
from profile_router.core.language.edits import asks_for_an_edit
from profile_router.core.language.path_words import path_words
from profile_router.core.language.test_files import is_test
from profile_router.core.policy import WeakKind
from profile_router.core.task import Task
from profile_router.core.text import shown, some_of

_LISTED = 3


def with_weak_checks(
    verified: Verified, task: Task, evidence: Evidence, trust: Collection[WeakKind], *, finished: bool
) -> Verified:
    """Return what was *verified* of *task*, with its weak checks where no check told anything of *finished* work.

    What is open for want of a check stays open, unless all weak checks passed and *trust* has one.
    Files that the work missed count too where a check that was found passed as it would have anyway.
    """
    check = verified.check
    if not finished:
        return replace(verified, weak=(), missed=())
    if check is not None and not check.inconclusive:
        missed = verified.missed if UNPROVED in verified.unproved else ()
        return replace(verified, weak=tuple(one for one in verified.weak if one.proves_it_wrong), missed=missed)
    found = (*verified.weak, *_by_files(verified, task, evidence))
    weak = tuple(replace(one, trusted=one.passed and one.kind in trust) for one in found)
    if not all(one.passed for one in weak) or not any(one.trusted for one in weak):
        return replace(verified, weak=weak)
    wanting = {NO_CHECK, NOTHING_TO_CHECK, task.found.unrun if task.found else "", check.unclear if check else ""}
    return replace(verified, weak=weak, unverified=tuple(one for one in verified.unverified if one not in wanting))


def _by_files(verified: Verified, task: Task, evidence: Evidence) -> Iterator[WeakCheck]:
    """Yield whether a file to edit was edited, and whether others were; nothing where the task names none."""
    named = files_to_change(task, evidence)
    if not named or not verified.whole or not asks_for_an_edit(task.goal, task.files):
        return
    changed = [file.path for file in verified.files_changed]
    edited = [path for path in changed if any(_is(path, name) for name in named)]
    listed = some_of([shown(name) for name in named], _LISTED)
    yield WeakCheck(
        kind="edited",
        passed=bool(edited),
        said=f"{some_of(edited, _LISTED)} {_were(edited)} edited, as asked"
        if edited
        else f"{listed} {_were(named)} not edited",
    )
    words = [word.text for word in path_words(task.goal)]  # a file that git ignores is named, too, and no evidence
    others = [
        path
        for path in changed
        if path not in edited and not is_test(path) and not any(_is(path, word) for word in words)
    ]
    if changed:
        said = f"not named, and changed: {some_of(others, _LISTED)}" if others else "no file changed that was not named"
        yield WeakCheck(kind="related", passed=not others, said=said)


def _were(names: Sequence[str]) -> str:
    return "was" if len(names) == 1 else "were"


def _is(path: str, name: str) -> bool:
    return path == name or path.endswith(f"/{name}")
