"""What a file is found by without looking into it: its name, its module, the words of its path. Pure.

These stand in the index beside the terms of contents, so that no call goes through all paths.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from profile_router.core.language.test_files import test_subject
from profile_router.core.locating.rankable import Sort
from profile_router.core.locating.task_terms import TaskTerms
from profile_router.core.locating.terms import STOP_WORDS, number_of, parts_of_identifier

IN_FOLDER, IN_NAME = 1, 2  # how much a word of the path counts
_MODULES = frozenset("py pyx ts tsx js go rs java kt rb php cs scala ex".split())  # noqa: SIM905 - a table in words
_PACKAGES = frozenset({"__init__.py", "index.ts", "mod.rs"})  # such a file is the module that its folder is called


def path_terms(path: str, sort: Sort) -> Iterator[tuple[int, int]]:
    """Yield the number of each term of *path*, and how much it counts there."""
    folder, _, name = path.rpartition("/")
    stem, _, ending = name.partition(".")
    yield number_of("name", name), IN_NAME
    if name in _PACKAGES:
        yield number_of("module", folder[folder.rfind("/") + 1 :]), IN_NAME
    elif ending in _MODULES:
        yield number_of("module", stem), IN_NAME
    if sort == "test" and (subject := test_subject(path)):
        yield number_of("subject", folded_name(subject)), IN_NAME
    words = dict.fromkeys(parts_of_identifier(folder.replace("/", "_")), IN_FOLDER) | dict.fromkeys(
        parts_of_identifier(stem), IN_NAME
    )
    yield from ((number_of("place", word), times) for word, times in words.items() if word not in STOP_WORDS)


def asked_of_paths(task: TaskTerms) -> Iterator[int]:
    """Yield the numbers by which *task* finds paths."""
    yield from (number_of("name", name_in(word)) for word in (*task.paths, *task.frames))
    yield from (number_of("module", name) for word in task.dotted for name in modules_of(word))
    yield from (number_of("place", part) for part in task.parts)


def name_in(written: str) -> str:
    """Return the last part of a path."""
    return written[written.rfind("/") + 1 :]


def modules_of(dotted: str) -> Iterable[str]:
    """Return the parts of a *dotted* name that a module may be called by: all but the first."""
    return dotted.split(".")[1:]


def module_path(path: str) -> str:
    """Return *path* as a module is found by: `/src/a/b` of `src/a/b.py` and of `src/a/b/__init__.py`."""
    folder, _, name = path.rpartition("/")
    return f"/{folder}" if name in _PACKAGES else f"/{folder}/{name.partition('.')[0]}".replace("//", "/")


def folded_name(name: str) -> str:
    """Return *name* as a test and what it tests are compared by."""
    return name.replace("_", "").replace("-", "").casefold()
