"""Whether an attempt ended without the change that its task asked for. Pure."""

from __future__ import annotations

from profile_router.core.evidence import Evidence
from profile_router.core.ladder.causes import detail_of
from profile_router.core.ladder.failure import Failure
from profile_router.core.ladder.receipt import Attempt, Verified
from profile_router.core.language.edits import orders_an_edit, shaped_as_file
from profile_router.core.language.faults import tells_of_a_call, wants_a_change, wants_other_code
from profile_router.core.language.path_words import path_words
from profile_router.core.task import Task
from profile_router.core.text import shown, some_of

_NAMED = 3
_IN_VAIN = "each of its edits failed, and no file was changed"
_REPORTED = "a fault was to be fixed, and no file was changed"
_ORDERED = "an edit was asked for, and no file was changed"


def no_change(task: Task, evidence: Evidence, attempt: Attempt, verified: Verified) -> Failure | None:
    """Return why the finished *attempt* fails: *task* wants a change, and none was made since the run began.

    The task names a file to change, reports a fault of code that it names, or plainly orders an edit. A mere number of
    files does not name one.
    An attempt whose every edit failed fails too. So does one that changed only comments where the code must change.
    None where nobody knows what changed: outside of git, after commands and tools that are not ours. None too
    where another run wrote what this one was to change. A stronger model would be paid for what is done.
    """
    files = files_to_change(task, evidence)
    if _done_by_another(files, verified.theirs):
        return None
    if verified.only_words and wants_other_code(task.goal, task.files):
        said = f"only comments, documents or the form of code changed: {some_of(verified.only_words, _NAMED)}"
        return Failure(cause="no-change", message=said)
    if verified.files_changed or not (verified.whole or attempt.wrote is not None):
        return None
    if files or attempt.in_vain or tells_of_a_call(task.goal):
        wanted, unnamed = wants_a_change(task.goal, task.files), _REPORTED
    else:
        wanted, unnamed = orders_an_edit(task.goal), _ORDERED
    if not wanted:
        return None
    more = f" and {len(files) - _NAMED} more" if len(files) > _NAMED else ""
    said = detail_of("no-change", files=f"{', '.join(files[:_NAMED])}{more}") if files else unnamed
    return Failure(cause="no-change", message=_IN_VAIN if attempt.in_vain and not files else said)


def files_to_change(task: Task, evidence: Evidence) -> tuple[str, ...]:
    """Return the files that *task* names one by one, as it writes them; one that is to be made need not be there."""
    known = tuple(file.path for file in evidence.files)
    words = (word.text for word in path_words(task.goal))
    named = [word for word in words if shaped_as_file(word) or _names_one(word, known)]
    return tuple(shown(name) for name in dict.fromkeys((*task.files, *named)))


def _done_by_another(files: tuple[str, ...], theirs: tuple[str, ...]) -> bool:
    """Tell whether another run wrote one of *files*; any file of *theirs*, where the task names none."""
    return any(_names_one(file.removeprefix("./"), theirs) for file in files) if files else bool(theirs)


def _names_one(word: str, known: tuple[str, ...]) -> bool:
    return any(path == word or path.endswith(f"/{word}") for path in known)
