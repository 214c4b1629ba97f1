"""Find the check of a workspace for one task: the runner of its files' language, in the nearest project.

Nothing of the workspace is run for it. A file there can at most name a runner of our table.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path

from profile_router.checks.ci import ci_signs
from profile_router.checks.commands import narrowed_words, plain_paths, whole_line
from profile_router.checks.linters import linter_of
from profile_router.checks.narrowing import tests_touching
from profile_router.checks.signs import PROJECT_FILES, Project, Sign, signs
from profile_router.core.found_check import CheckRunner, FoundCheck
from profile_router.core.language.code_endings import JVM_ENDINGS, NODE_ENDINGS, PYTHON_ENDINGS
from profile_router.core.language.faults import wants_a_change
from profile_router.core.language.mentions import mentions
from profile_router.core.language.path_words import path_words
from profile_router.core.language.test_files import is_test
from profile_router.core.task import Task
from profile_router.errors import WorkspaceError
from profile_router.workspace.folder import Workspace, tracked_files

_PYTHON: tuple[CheckRunner, ...] = ("pytest", "unittest", "tox", "nox")
_NODE: tuple[CheckRunner, ...] = ("vitest", "jest", "mocha", "npm")
_JVM: tuple[CheckRunner, ...] = ("gradle", "maven")
_LANGUAGES: Mapping[str, tuple[CheckRunner, ...]] = {
    **dict.fromkeys(PYTHON_ENDINGS, _PYTHON),
    **dict.fromkeys(NODE_ENDINGS, _NODE),
    **dict.fromkeys(JVM_ENDINGS, _JVM),
    ".rs": ("cargo",),
    ".go": ("go",),
    ".rb": ("rake", "rspec"),
    ".php": ("phpunit",),
}


def find_check(
    task: Task, workspace: Workspace, environ: Mapping[str, str], near: Callable[[], Sequence[str]] = tuple
) -> FoundCheck | None:
    """Return the check of *workspace* for *task*, whose paths are placed; a linter where no test is known, else None.

    *near* gives the files of a task that names none, as far as they are sure. *environ* is where programs are looked
    for. What is missing for it to run stands in `refused`.
    """
    try:
        tracked = tracked_files(workspace)
    except WorkspaceError:
        return None
    named = _files(task, tracked, workspace)
    files = named or tuple(near())
    projects = [
        _project(workspace.root, folder, tracked) for folder in _folders(workspace.root, files, task.folder or "")
    ]
    picked = _picked(projects, _language(files), environ, workspace)
    found = None if picked is None else _check(*picked, environ, _near(projects, files, workspace))
    if found is None or picked is None or (picked[0].by_name and found.refused):
        found = _linter(projects, files, environ) or found
    if found is None:
        return None
    asks = found.weak or not wants_a_change(task.goal, task.files)
    return replace(found, only_if_changed=asks, guessed=bool(found.tests) and not named)


def _picked(
    projects: Sequence[Project], language: Sequence[CheckRunner], environ: Mapping[str, str], workspace: Workspace
) -> tuple[Sign, Project] | None:
    """Return the sign to go by, and its project: the nearest. One by name alone that lacks something comes last."""
    ci = tuple(ci_signs(workspace.root))
    last = None
    for project in projects:
        known = tuple(chain(signs(project), () if project.folder else ci))
        sign = _chosen(known, ci, language, project, environ)
        if sign is not None and not (sign.by_name and whole_line(sign, project, environ).missing):
            return sign, project
        last = last or (None if sign is None else (sign, project))
    return last


def _near(projects: Sequence[Project], files: Sequence[str], workspace: Workspace) -> Sequence[str]:
    """Return the tests of the workspace that touch *files*, the nearest first."""
    return tests_touching(workspace, files, [path for path in projects[-1].files if is_test(path)]) if files else ()


def _linter(projects: Sequence[Project], files: Sequence[str], environ: Mapping[str, str]) -> FoundCheck | None:
    endings = sorted({ending for path in files if (ending := _ending(path)) in _LANGUAGES})
    found = (linter_of(project, endings, environ) for project in projects)
    return next((linter for linter in found if linter is not None), None)


def _ending(path: str) -> str:
    return os.path.splitext(path)[1].lower()  # noqa: PTH122


def _files(task: Task, tracked: Sequence[str], workspace: Workspace) -> tuple[str, ...]:
    """Return the files that *task* names, as paths of the workspace."""
    words = path_words(task.goal)
    inside = (path for path in task.files if not path.startswith(("/", "~", "..")))
    if not words:
        return tuple(dict.fromkeys(inside))
    found = mentions(words, tracked, root=str(workspace.root), inside=task.folder or "", text=task.goal)
    return tuple(dict.fromkeys((*inside, *found.singles)))


def _folders(root: Path, files: Sequence[str], standing: str) -> Iterator[str]:
    """Yield the projects around *files*, or around where the user stands, the nearest first; the root is the last."""
    place = os.path.commonpath([os.path.dirname(path) for path in files]) if files else standing  # noqa: PTH120
    while place:
        if any((root / place / name).is_file() for name in PROJECT_FILES):
            yield place
        place = os.path.dirname(place)  # noqa: PTH120
    yield ""


def _project(root: Path, folder: str, tracked: Sequence[str]) -> Project:
    start = f"{folder}/" if folder else ""
    return Project(root=root, folder=folder, files=[path[len(start) :] for path in tracked if path.startswith(start)])


def _language(files: Sequence[str]) -> tuple[CheckRunner, ...]:
    """Return the runners of the language that most of *files* are in; none where that is not known."""
    known = Counter(runners for path in files if (runners := _LANGUAGES.get(_ending(path))))
    return known.most_common(1)[0][0] if known else ()


def _chosen(
    known: Sequence[Sign],
    ci: Sequence[Sign],
    language: Sequence[CheckRunner],
    project: Project,
    environ: Mapping[str, str],
) -> Sign | None:
    """Return the sign to go by: of the language's signs the one that CI starts too, else the surest.

    Where no sign is of the language, all signs count. A sign by name alone comes behind `make`, where CI starts that
    or nothing is missing for it. One that lacks something comes behind all that lack nothing.
    """
    by_ci = {sign.runner: sign for sign in reversed(ci)}
    known = sorted(known, key=lambda sign: sign.by_name)
    fitting = [sign for sign in known if sign.runner in language] or known
    if fitting and fitting[0].by_name:
        whole = [sign for sign in known if not whole_line(sign, project, environ).missing]
        of_all = [sign for sign in known if sign.runner == "make" and (sign in whole or sign.runner in by_ci)]
        fitting = of_all or [sign for sign in fitting if sign in whole] or whole or fitting
    for sign in fitting:
        if (started := by_ci.get(sign.runner)) and not project.folder:
            source = sign.source if started.source == sign.source else f"{sign.source}, and {started.source}"
            return replace(sign, source=source, detail=started.detail or sign.detail)
    return fitting[0] if fitting else None


def _check(sign: Sign, project: Project, environ: Mapping[str, str], near: Sequence[str]) -> FoundCheck:
    line = whole_line(sign, project, environ)
    start = f"{project.folder}/" if project.folder else ""
    inside = plain_paths([path[len(start) :] for path in near if path.startswith(start)])
    words = narrowed_words(sign, project, line.words, inside)
    narrowed = words != line.words
    return FoundCheck(
        runner=sign.runner,
        words=words,
        whole=line.words,
        folder=project.folder,
        tests=tuple(f"{start}{path}" for path in inside) if narrowed else (),
        source=sign.source,
        refused=line.missing,
    )
