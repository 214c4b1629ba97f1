"""Which tests touch some files: those among them, named after them, importing them, or often changed with them.

Bounded in files, bytes and time; what cannot be read is left out.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from profile_router.core.language.code_endings import is_source
from profile_router.core.language.test_files import is_test, test_subject
from profile_router.errors import WorkspaceError
from profile_router.expressions import expression
from profile_router.git.command import git
from profile_router.outside.plain_file import read_plain
from profile_router.values import frozen
from profile_router.workspace.folder import Workspace, tracked_files

MOST_TESTS_READ = 2_000
MOST_BYTES_READ = 16 * 1024 * 1024
_LARGEST = 256 * 1024
_MOST_FILES = 50  # of those that tests are sought for
_COMMITS, _GIT_SECONDS = 300, 2.0
_LARGEST_COMMIT = 60  # files; a commit with more says nothing of which belong together
_TOGETHER = 2  # commits, and a quarter of the commits of the file
_NAMED_BY_FOLDER = frozenset({"__init__", "index", "mod", "main", "lib", "__main__"})
_TESTED_INSIDE = ".rs"
_TESTS_INSIDE = expression(rb"#\[(?:\w+::)*test\b|#\[cfg\(test\)\]|^[ \t]*//[/!] ```", re.MULTILINE)
_IMPORTS = expression(r"\b(?:import|from|require\w*|use|using|include|mod|mock|load|extern crate|package)\b")
_WORD = expression(r"[\w-]+")
_MOST_LINE, _MOST_LINES = 400, 40  # characters of a line, and lines of an import that goes on


@frozen(kw_only=False)
class Touching:
    """Files that hold tests: `near` touch some files, the nearest first, and `far` do not. Relative to the root."""

    near: tuple[str, ...] = ()
    far: tuple[str, ...] = ()


def touching(workspace: Workspace, files: Sequence[str]) -> Touching:
    """Return which files with tests of *workspace* touch *files*. A source that holds its own tests touches itself."""
    try:
        tracked = tracked_files(workspace)
    except WorkspaceError:
        return Touching()
    tests = [path for path in tracked if is_test(path)]
    near = tests_touching(workspace, files, tests)
    inside = dict.fromkeys(path for path in tracked if path.endswith(_TESTED_INSIDE) and not is_test(path))
    tested_inside = tuple(
        path for path in dict.fromkeys(files) if path in inside and _holds_tests(workspace.root / path)
    )
    known = {*near, *tested_inside}
    return Touching((*near, *tested_inside), tuple(path for path in (*tests, *inside) if path not in known))


def _holds_tests(source: Path) -> bool:
    try:
        raw = read_plain(source, _LARGEST, links=False) or b""
    except (OSError, ValueError):
        return False
    return _TESTS_INSIDE.search(raw) is not None


def tests_touching(workspace: Workspace, files: Sequence[str], tests: Sequence[str]) -> tuple[str, ...]:
    """Return those of *tests* that touch *files*, the nearest first."""
    wanted = tuple(dict.fromkeys(files))[:_MOST_FILES]
    known = frozenset(tests)
    named = {path: 0 for path in wanted if path in known}
    stems = {stem for path in wanted if path not in known and is_source(path) and (stem := _stem(path))}
    folded = {_folded(stem) for stem in stems}
    for path in tests:
        if path not in named and (subject := test_subject(path)) and _folded(subject) in folded:
            named[path] = 1
    rest = [path for path in tests if path not in named]
    for path in _importing(workspace.root, stems, rest):
        named[path] = 2
    for path in _together(workspace, [path for path in wanted if path not in known], known):
        named.setdefault(path, 3)
    order = {path: at for at, path in enumerate(tests)}
    return tuple(sorted(named, key=lambda path: (named[path], order.get(path, 0))))


def names_imported(text: str) -> frozenset[str]:
    """Return the words of the lines of *text* that import: the names of what it uses are among them."""
    return frozenset(word for line in _import_lines(text) for word in _WORD.findall(line))


def _stem(path: str) -> str:
    folder, _, name = path.rpartition("/")
    stem = name.partition(".")[0]
    return folder.rpartition("/")[2] if stem in _NAMED_BY_FOLDER else stem


def _folded(name: str) -> str:
    return re.sub(r"[_.-]", "", name).casefold()


def _importing(root: Path, stems: set[str], tests: Sequence[str]) -> Iterator[str]:
    """Yield those of *tests* that import something whose name ends in one of *stems*."""
    if not stems:
        return
    names = re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, sorted(stems)))})(?![\w-])")
    left = MOST_BYTES_READ
    for path in tests[:MOST_TESTS_READ]:
        try:
            raw = read_plain(root / path, _LARGEST, links=False) or b""
        except (OSError, ValueError):
            continue
        left -= len(raw)
        if left < 0:
            return
        if any(names.search(line) for line in _import_lines(raw.decode("utf-8", "replace"))):
            yield path


def _import_lines(text: str) -> Iterator[str]:
    """Yield the lines of *text* that import, also where a bracket lets an import go on."""
    going = 0
    for line in text.splitlines():
        if len(line) > _MOST_LINE:
            continue
        starts = _IMPORTS.search(line) is not None
        if starts or going:
            yield line
        if starts and line.rstrip().endswith(("(", "{", ",")):
            going = _MOST_LINES
        elif going:
            going = 0 if line.lstrip().startswith((")", "}")) else going - 1


def _together(workspace: Workspace, files: Sequence[str], tests: frozenset[str]) -> tuple[str, ...]:
    """Return those of *tests* that often changed in one commit with one of *files*; none where git cannot say."""
    if not workspace.git or not files or not tests:
        return ()
    parents = ("--min-parents=1", "--max-parents=1")  # a merge, and a beginning, say nothing of what belongs together
    words = ("log", f"-n{_COMMITS}", *parents, "--no-renames", "--full-diff", "--name-only", "--relative", "-z")
    try:
        told = git(
            workspace.root, *words, "--format=%x01", "--", *files,
            timeout_s=_GIT_SECONDS, env={"GIT_LITERAL_PATHSPECS": "1"},
        )  # fmt: skip
    except WorkspaceError:  # no commit yet, an object that is not here, too long a history
        return ()
    commits = [frozenset(name.strip("\n") for name in one.split("\0")) - {""} for one in told.split("\x01")]
    counted = [names for names in commits if 0 < len(names) <= _LARGEST_COMMIT]
    return tuple(test for test, _ in Counter(_pairs(counted, files, tests)).most_common())


def _pairs(commits: Sequence[frozenset[str]], files: Sequence[str], tests: frozenset[str]) -> Mapping[str, int]:
    """Return how often each test changed with a file, for those that did so often enough."""
    found: dict[str, int] = {}
    for file in files:
        of_file = [names for names in commits if file in names]
        times = Counter(name for names in of_file for name in names if name in tests)
        for test, count in times.items():
            if count >= _TOGETHER and 4 * count >= len(of_file):
                found[test] = max(found.get(test, 0), count)
    return found
