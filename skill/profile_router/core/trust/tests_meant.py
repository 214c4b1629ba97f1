"""Whether a task means the tests themselves: to write, change or remove them. Pure."""

from __future__ import annotations

import re

from profile_router.core.language.path_words import path_words
from profile_router.core.task import Task
from profile_router.expressions import expression

# A verb that makes or changes, and its object. Tests that are only a measure ("so that the tests pass") do not count.
_ADDING = (
    "add|adds|write|create|extend|improve|increase|raise|cover|generate|implement|include|including|document|format|"
    "lint|review"
)
_CHANGING = (
    "update|rename|refactor|clean|split|move|convert|port|migrate|adapt|adjust|replace|change|edit|delete|remove|"
    "rewrite|simplify|parametri[sz]e|reorgani[sz]e|restructure|merge|deduplicate|fix\\s+up"
)
_MEASURE = (
    r"so\s+that|until|make|making|get|let|run|running|pass|passes|when|because|since|before|after|if|fails?|failing"
)
_TESTS = (
    r"(?:tests|specs|coverage|fixtures?|snapshots?|test[ -]?(?:cases?|suites?|files?|data)|"
    r"(?:a|one|another|the|unit|regression|integration)\s+test)"
)
_MEANT = expression(
    rf"\b(?:{_ADDING}|{_CHANGING})\b(?:(?!\b(?:{_MEASURE})\b)[^.;:!?\n]){{0,80}}?\b{_TESTS}\b", re.IGNORECASE
)
_CHANGES = expression(rf"\b(?:{_CHANGING})\b", re.IGNORECASE)
# A name that is known outside of its file stands in tests, too.
_RENAMES = expression(
    r"\b(?:rename|renames|renaming|move|moving|refactor|refactoring|migrate|port|reformat|format|lint|"
    r"(?:change|changing)\s+(?:the\s+)?(?:signature|api|interface|return\s+type|import))\b",
    re.IGNORECASE,
)
_REMOVES = expression(r"\b(?:remove|removes|delete|drop|get\s+rid|take\s+out|retire|strip|purge)\b", re.IGNORECASE)
_REVERTS = expression(r"\W*(?:please\s+)?(?:revert|undo|back\s+out|roll\s+back)\b", re.IGNORECASE)
_NOT_TOUCH = expression(
    r"\b(?:do\s+not|don't|never|without)\s+(?:touch|chang|edit|modify|modifying)\w*[^.;!?\n]{0,30}?\btests?\b",
    re.IGNORECASE,
)


def means_tests(task: Task) -> bool:
    """Tell whether *task* asks to write or change tests, so that any test file may be one of its own."""
    return bool(_meant(task))


def may_change_tests(task: Task) -> bool:
    """Tell whether tests may have to change with *task*: it means them, or what they call gets another name."""
    return means_tests(task) or bool(_RENAMES.search(task.goal)) or _takes_away(task)


def may_have_fewer(task: Task) -> bool:
    """Tell whether fewer tests may be right once *task* is done: to add some takes none away."""
    return any(map(_CHANGES.search, _meant(task))) or _takes_away(task)


def named_files(task: Task) -> frozenset[str]:
    """Return the paths, and names of files, that *task* names: by its files, and in the words of its goal."""
    words = (word.text.removeprefix("./") for word in path_words(task.goal))
    return frozenset({*task.files, *words})


def names_file(task: Task, path: str) -> bool:
    """Tell whether *task* names the file at *path*, or a folder that it lies in."""
    named = named_files(task)
    above = {path[:at] for at, char in enumerate(path) if char == "/"}
    folders = above | {f"{folder}/" for folder in above}
    return path in named or path.rpartition("/")[2] in named or bool(folders & named)


def _takes_away(task: Task) -> bool:
    return bool(_REMOVES.search(task.goal)) or bool(_REVERTS.match(task.goal))


def _meant(task: Task) -> list[str]:
    """Return what *task* says to do with tests: each verb with its object, and what stands between."""
    return [found[0] for found in _MEANT.finditer(_NOT_TOUCH.sub(" ", _without_paths(task.goal)))]


def _without_paths(goal: str) -> str:
    """Return *goal* without its paths: a file's name does not say what is to be done."""
    for word in path_words(goal):
        goal = goal.replace(word.text, " ")
    return goal
