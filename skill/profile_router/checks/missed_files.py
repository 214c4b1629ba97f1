"""Files that a task tells to edit and that did not change, though files that they do not use did.

A fault may lie in another file that this one imports, also by way of others: then nothing is missed.
Nor is it where the text only speaks of a file. Code uses data, styles and templates without a word that could be
followed. What cannot be read is used, as far as we know.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence

from profile_router.checks.narrowing import names_imported
from profile_router.core.language.code_endings import C_ENDINGS, JVM_ENDINGS, is_code
from profile_router.core.language.edit_places import edit_places
from profile_router.core.language.edits import asks_for_an_edit
from profile_router.core.language.mentions import mentions
from profile_router.core.language.path_words import PathWord, path_words
from profile_router.core.language.test_files import changes_tests
from profile_router.core.task import Task
from profile_router.core.trust.tests_meant import may_change_tests, means_tests
from profile_router.errors import WorkspaceError
from profile_router.expressions import expression
from profile_router.workspace.content import FirstBytes, first_bytes
from profile_router.workspace.folder import Workspace, tracked_files

_LONGEST = 256 * 1024
_MOST = 20  # files that are told to edit, and that are read
_DATA = expression(
    r"\.(?:css|scss|sass|less|styl|html?|j2|jinja2?|tmpl|tpl|ejs|hbs|mustache|erb|haml|slim|twig|blade\.php|vue|svelte"
    r"|ya?ml|toml|ini|cfg|conf|json5?|xml|sql|csv|tsv|properties|env|proto|graphql|po|svg)$"
)
_MOST_READ = 100  # files that are followed by their imports
# Their files use each other without a word of it, where they lie in one folder.
_BY_FOLDER = (*JVM_ENDINGS, *C_ENDINGS, ".go", ".cs", ".swift")


def missed_files(
    workspace: Workspace | None, task: Task | None, changed: Collection[str], *, adds: bool
) -> tuple[str, ...]:
    """Return the files that *task* surely tells to edit, if none of them is among the paths *changed*.

    *adds*: one of those is new. None are missed where one of them uses what changed, or where another file changed
    that the text names. Nor are any where tests were meant and one changed.
    """
    if workspace is None or task is None or not workspace.git or not changed:
        return ()
    if not task.files and not edit_places(task.goal):
        return ()
    try:
        tracked = tracked_files(workspace)
    except WorkspaceError:
        return ()
    names = _named(task, tracked, workspace)
    if not names.isdisjoint(changed) or (means_tests(task) and any(map(changes_tests, changed))):
        return ()
    wanted = _wanted(task, tracked, workspace, adds=adds, names_some=bool(names))
    if not wanted or not set(changed).isdisjoint(wanted) or _used(workspace, wanted, changed, tracked):
        return ()
    return wanted


def untouched_files(workspace: Workspace | None, task: Task | None, changed: Collection[str]) -> tuple[str, ...]:
    """Return the code that *task* names, if none of it is *changed* and none uses what is.

    It may be named only to be read. So that its check turned green is worth a word, and no failure.
    """
    if workspace is None or task is None or not workspace.git or not changed:
        return ()
    try:
        tracked = tracked_files(workspace)
    except WorkspaceError:
        return ()
    known = frozenset(tracked)
    named = {*_paths(path_words(task.goal), task, sorted({*tracked, *changed}), workspace), *task.files}
    code = tuple(path for path in sorted(named) if path in known and is_code(path) and not changes_tests(path))
    if not code or not named.isdisjoint(changed) or _used(workspace, code[:_MOST], changed, tracked):
        return ()
    return code


def _named(task: Task, tracked: Sequence[str], workspace: Workspace) -> frozenset[str]:
    """Return the files that the text of *task* names, to edit or not."""
    return frozenset(_paths(path_words(task.goal), task, tracked, workspace))


def _paths(words: Sequence[PathWord], task: Task, tracked: Sequence[str], workspace: Workspace) -> tuple[str, ...]:
    if not words:
        return ()
    return mentions(words, tracked, root=str(workspace.root), inside=task.folder or "", text=task.goal).singles


def _wanted(
    task: Task, tracked: Sequence[str], workspace: Workspace, *, adds: bool, names_some: bool
) -> tuple[str, ...]:
    """Return the tracked files to edit: those that the text tells, else those that the task is given.

    A file that the task is given may as well be read only, where the work *adds* a file.
    """
    found: Sequence[str] = ()
    if names_some:
        found = _paths(edit_places(task.goal), task, tracked, workspace)
    elif not adds and asks_for_an_edit(task.goal, task.files):
        known = frozenset(tracked)
        found = tuple(path for path in task.files if path in known and is_code(path))
    tests = may_change_tests(task)
    return tuple(path for path in dict.fromkeys(found) if tests or not changes_tests(path))[:_MOST]


def _used(workspace: Workspace, wanted: Sequence[str], changed: Collection[str], tracked: Sequence[str]) -> bool:
    """Tell whether one of the files *wanted* may use one that *changed*, also by way of other *tracked* ones.

    It is code, and data changed; it is of the package of one; or it names or imports one, as may what it imports.
    A file that cannot be read to its end counts as using them. So do more files than can be followed.
    """
    folders = {os.path.dirname(path) for path in changed if path.endswith(_BY_FOLDER)}  # noqa: PTH120
    if any(path.endswith(_BY_FOLDER) and os.path.dirname(path) in folders for path in wanted):  # noqa: PTH120
        return True
    if any(map(is_code, wanted)) and any(map(_DATA.search, changed)):
        return True
    named = {os.path.basename(path).encode() for path in changed}  # noqa: PTH119
    named |= {f"{folder}/".encode() for path in changed if (folder := os.path.dirname(path))}  # noqa: PTH120
    by_stem: dict[str, list[str]] = {}
    for path in dict.fromkeys((*tracked, *changed)):
        for stem in _stems(path):
            by_stem.setdefault(stem, []).append(path)
    reached = dict.fromkeys(wanted)
    for read, path in enumerate(going := list(reached)):
        found = first_bytes(workspace.root / path, _LONGEST)
        if read >= _MOST_READ or not isinstance(found, FirstBytes) or found.size > _LONGEST:
            return True
        if any(name in found.data for name in named):
            return True
        words = names_imported(found.data.decode("utf-8", "replace"))
        new = dict.fromkeys(one for word in sorted(words) for one in by_stem.get(word, ()) if one not in reached)
        reached |= new
        going += new
    return not reached.keys().isdisjoint(changed)


def _stems(path: str) -> tuple[str, ...]:
    """Return the words by which an import may name the code at *path*: its name, and its folder's."""
    if not is_code(path):
        return ()
    folder, _, name = path.rpartition("/")
    return tuple({name.partition(".")[0], folder.rpartition("/")[2]} - {""})
