"""Whether an attempt ended without the change that its task asked for. Pure."""

from __future__ import annotations

from profile_router.core.evidence import Evidence
from profile_router.core.ladder.causes import detail_of
from profile_router.core.ladder.failure import Failure
from profile_router.core.ladder.receipt import Attempt, Verified
from profile_router.core.language.edits import shaped_as_file
from profile_router.core.language.faults import wants_a_change
from profile_router.core.language.path_words import path_words
from profile_router.core.task import Task
from profile_router.core.text import shown

_NAMED = 3
_IN_VAIN = "each of its edits failed, and no file was changed"


def no_change(task: Task, evidence: Evidence, attempt: Attempt, verified: Verified) -> Failure | None:
    """Return why the finished *attempt* is none: *task* names a file to change, and none changed since the run began.

    So is one whose every edit failed. A number of files names none. None too where nobody knows what changed: outside
    of git, after commands and tools that are not ours.
    """
    if verified.files_changed or not (verified.whole or attempt.wrote is not None):
        return None
    files = files_to_change(task, evidence)
    if not (files or attempt.in_vain) or not wants_a_change(task.goal, task.files):
        return None
    more = f" and {len(files) - _NAMED} more" if len(files) > _NAMED else ""
    said = detail_of("no-change", files=f"{', '.join(files[:_NAMED])}{more}") if files else _IN_VAIN
    return Failure(cause="no-change", message=said)


def files_to_change(task: Task, evidence: Evidence) -> tuple[str, ...]:
    """Return the files that *task* names one by one, as it writes them; one that is to be made need not be there."""
    known = tuple(file.path for file in evidence.files)
    words = (word.text for word in path_words(task.goal))
    named = [word for word in words if shaped_as_file(word) or _names_one(word, known)]
    return tuple(shown(name) for name in dict.fromkeys((*task.files, *named)))


def _names_one(word: str, known: tuple[str, ...]) -> bool:
    return any(path == word or path.endswith(f"/{word}") for path in known)
