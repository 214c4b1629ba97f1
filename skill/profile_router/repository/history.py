"""The history of a repository: its last commits along the first parents. Each is kept by its name once it was read.

A merge counts as one change, as its pull request is one task. Git's exit code is checked. Where an object is not here
(a partial clone), the commits are read without their lines; where that fails too, none is read. A shallow
clone's last commit has no parent there, and is left out. The whole is kept packed, by the head that it is of.
"""

from __future__ import annotations

import json
import re
import sqlite3
import time
from array import array
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path

from profile_router.core.locating.past import PackedPast, PastCommit, packed
from profile_router.core.locating.rankable import Sort
from profile_router.core.locating.terms import number_of, plain_parts
from profile_router.errors import WorkspaceError
from profile_router.expressions import expression
from profile_router.git.command import GitAtWork, git
from profile_router.repository.blob_index import VALUES_AT_ONCE, BlobIndex
from profile_router.repository.sources import FileSource
from profile_router.values import frozen

MOST_COMMITS = 2_000
_AT_ONCE = 100
_SECONDS = 20.0
_LEAST_SECONDS = 0.1  # less is not worth asking git; the first of a call always gets it
_MOST_FILES = 300  # of one commit that are kept
_MOST_HEADS = 8
_TITLE = 300
_FORMAT = "--format=%x00%H%x00%ct%x00%s%x00%b%x00"  # no part of a commit can hold a NUL, and `-z` ends paths by it
_PARTS = 4
_LATEST = 1 << 62  # s since 1970: whoever makes a commit writes its date
_MERGED = expression(r"^Merge (?:pull request|PR|branch|remote|tag)\b", re.IGNORECASE)
_NO_TASK = expression(
    r"^(?:bump|build\(deps|chore\(deps|release|version|merge branch|merge remote|revert \"?merge)\b", re.IGNORECASE
)
_PACKED = ("titles", "ends", "norms", "lines", "sizes")
_ROW = "SELECT name, at, title, lines, files FROM past WHERE name IN ({})"


@frozen(kw_only=False)
class PastChanges:
    """The commits that were read, newest first, of `known` that there are. `problem` says why there are none."""

    past: PackedPast
    names: Sequence[bytes] = ()
    known: int = 0
    problem: str = ""

    @property
    def whole(self) -> bool:
        """Tell whether all were read."""
        return not self.problem and len(self.names) == self.known


@frozen(kw_only=False)
class _CommitRow:
    """A commit as it is kept: time (s since 1970), its title's numbers packed, lines, and its files as JSON."""

    at: int
    title: bytes
    lines: int
    files: str

    def commit(self) -> PastCommit:
        title: array[int] = array("q")
        title.frombytes(self.title)
        return PastCommit(title, self.lines, paths_of(self.files))


def head_asked(source: FileSource) -> GitAtWork | nullcontext[None]:
    """Return a git that looks for the head's commit of *source*; None without git. Raises WorkspaceError."""
    words = ("rev-parse", "--quiet", "--verify", f"{source.head}^{{commit}}")
    return nullcontext() if source.root is None else GitAtWork(source.root, *source.words, *words)


def past_changes(
    source: FileSource, asked: GitAtWork | None, index: BlobIndex, until: float | None, *, before_head: bool = False
) -> PastChanges:
    """Return the history of *source*: what is in the *index*, and what can be read *until* a moment (monotonic s).

    *asked* looks for its head: see `head_asked`. *before_head*: only commits that are older than the head. Raises
    StateError.
    """
    root = source.root
    if root is None or asked is None:
        return PastChanges(PackedPast(), problem="a folder without git has no history")
    try:
        head = asked.output(_left(until), ok=(0, 1, 128)).decode().strip()  # empty before the first commit
        if not head:
            return PastChanges(PackedPast(), problem=_why_no_head(source, root, until))
        key = f"{head} before" if before_head else head
        if (recalled := _recalled(index, key)) is not None:
            return recalled
        chain = _chain(source, root, until)
        found = _known(source, root, chain, index, until)
    except WorkspaceError as error:
        return PastChanges(PackedPast(), problem=str(error))
    read = [name for name in chain if name in found]
    if before_head and read:
        newest = found[read[0]].at
        chain = read = [name for name in read if found[name].at < newest]
    past = packed([found[name].commit() for name in read])
    if len(read) == len(chain):
        _keep_packed(index, key, read, past)
    return PastChanges(past, read, len(chain))


def _why_no_head(source: FileSource, root: Path, until: float | None) -> str:
    """Return why the head of *source* leads to no commit: there is none yet, or git cannot read it."""
    name = ("rev-parse", "--quiet", "--verify", source.head)
    named = git(root, *source.words, *name, timeout_s=_left(until), ok=(0, 1, 128))
    branch = git(root, *source.words, "symbolic-ref", "--quiet", "HEAD", timeout_s=_left(until), ok=(0, 1, 128))
    if branch and not named:
        return "the repository has no commit yet"
    return f"git cannot read the commit that {source.head} names; `git fsck` tells what it lacks"


def files_of(index: BlobIndex, names: Sequence[bytes]) -> Mapping[bytes, tuple[str, ...]]:
    """Return the files that each of the commits *names* changed. Raises StateError."""
    return {name: paths_of(row.files) for name, row in _rows(index, names).items()}


def paths_of(text: str) -> tuple[str, ...]:
    """Return the paths that a row holds; none where it is damaged."""
    try:
        return tuple(map(str, json.loads(text)))
    except (ValueError, TypeError, RecursionError):
        return ()


def _left(until: float | None) -> float:
    """Return the seconds that git may take *until* a moment."""
    return _SECONDS if until is None else max(until - time.monotonic(), _LEAST_SECONDS)


def _chain(source: FileSource, root: Path, until: float | None) -> list[bytes]:
    words = ("rev-list", "--first-parent", "--min-parents=1", f"--max-count={MOST_COMMITS}", source.head, "--")
    return [bytes.fromhex(line) for line in git(root, *source.words, *words, timeout_s=_left(until)).split()]


def _known(
    source: FileSource, root: Path, chain: Sequence[bytes], index: BlobIndex, until: float | None
) -> dict[bytes, _CommitRow]:
    """Return the commits of *chain* that are known, and read the others, newest first, *until* a moment."""
    found = _rows(index, chain)
    missing = [name for name in chain if name not in found]
    for at in range(0, len(missing), _AT_ONCE):
        if at and until is not None and until - time.monotonic() < _LEAST_SECONDS:
            break
        rows = dict(_read_commits(source, root, missing[at : at + _AT_ONCE], until))
        found.update(rows)
        with index.write() as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO past VALUES (?, ?, ?, ?, ?)",
                ((name, row.at, row.title, row.lines, row.files) for name, row in rows.items()),
            )
    return found


def _read_commits(
    source: FileSource, root: Path, names: Sequence[bytes], until: float | None
) -> Iterator[tuple[bytes, _CommitRow]]:
    """Yield the commits *names*, none where that takes longer than *until* a moment. Raises WorkspaceError."""
    words = ("log", "--no-walk=unsorted", "--stdin", "-m", "--first-parent", "--no-renames", "--no-ext-diff",
             "--no-textconv", "-z", "--relative", _FORMAT)  # fmt: skip
    asked = {name.hex(): name for name in names}
    send = "".join(f"{name}\n" for name in asked)
    for way in ("--numstat", "--name-only"):
        try:
            said = git(root, *source.words, *words, way, send=send, timeout_s=_left(until))
            break
        except WorkspaceError as error:
            if "took more than" in str(error):
                return
            if way == "--name-only":
                raise
    for name, (at, subject, body), changes in _commits(said.split("\0"), asked):
        date = min(int(at), _LATEST) if at.isdecimal() else 0
        yield (
            asked[name],
            _CommitRow(date, _title(subject, body), *_changes(changes, source.sort, counted=way == "--numstat")),
        )


def _commits(told: Sequence[str], asked: Container[str]) -> Iterator[tuple[str, Sequence[str], Sequence[str]]]:
    """Yield each commit that was *asked* for, from what git *told*: its name, what is said of it, its changes."""
    starts, at = [], 1
    while at + _PARTS <= len(told):
        if told[at - 1] == "" and told[at] in asked:  # a file may be called as a commit is, but follows another
            starts.append(at)
            at += _PARTS
        else:
            at += 1
    for start, end in zip(starts, [*starts[1:], len(told)], strict=True):
        yield told[start], told[start + 1 : start + _PARTS], told[start + _PARTS : end]


def _title(subject: str, body: str) -> bytes:
    if _MERGED.match(subject):
        said = next((line.strip() for line in body.split("\n") if line.strip()), "")
        subject = said or subject.rpartition("/")[2].replace("-", " ").replace("_", " ")
    if _NO_TASK.match(subject):
        return b""
    numbers = dict.fromkeys(number_of("part", part) for part in plain_parts(subject[:_TITLE]))
    return array("q", numbers).tobytes()


def _changes(told: Sequence[str], sort: Callable[[str], Sort | None], *, counted: bool) -> tuple[int, str]:
    """Return the hand-written lines of a commit (-1: not told), and its files that rank, as JSON.

    *counted*: git told how many lines each file gained and lost, or `-` twice of one without text.
    """
    lines, files, known = 0, [], False
    for entry in told:
        path, numbers = entry.strip("\n"), ("-", "-")
        if counted and path.count("\t") >= len(numbers):
            added, removed, path = path.split("\t", len(numbers))
            numbers = (added, removed)
        if not path or sort(path) is None:
            continue
        files.append(path)
        if all(map(str.isdecimal, numbers)):
            known = True
            lines += sum(map(int, numbers))
    return (lines if known or not files else -1), json.dumps(files[:_MOST_FILES], separators=(",", ":"))


def _rows(index: BlobIndex, names: Sequence[bytes]) -> dict[bytes, _CommitRow]:
    found: dict[bytes, _CommitRow] = {}
    with index.read() as connection:
        for at in range(0, len(names), VALUES_AT_ONCE):
            some = names[at : at + VALUES_AT_ONCE]
            rows = connection.execute(_ROW.format(",".join("?" * len(some))), some)
            found.update((row[0], _CommitRow(*row[1:])) for row in rows)
    return found


def _recalled(index: BlobIndex, key: str) -> PastChanges | None:
    with index.read() as connection:
        row = connection.execute("SELECT commits, packed, touched FROM chain WHERE head = ?", (key,)).fetchone()
    return None if row is None else _unpacked(*row)


def _unpacked(commits: bytes, packed_arrays: bytes, touched: str) -> PastChanges | None:
    try:
        about, names = json.loads(touched), []
        past = PackedPast(touched={str(path): int(times) for path, times in about["touched"].items()})
        place = 0
        for name, size in zip(_PACKED, about["sizes"], strict=True):
            getattr(past, name).frombytes(packed_arrays[place : place + size])
            place += size
        width = len(commits) // len(past) if len(past) else 1
        names = [commits[at : at + width] for at in range(0, len(commits), width)]
        return PastChanges(past, names, len(names)) if len(names) == len(past) else None
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        return None


def _keep_packed(index: BlobIndex, key: str, names: Sequence[bytes], past: PackedPast) -> None:
    arrays = [getattr(past, name).tobytes() for name in _PACKED]
    about = json.dumps({"sizes": [len(each) for each in arrays], "touched": past.touched}, separators=(",", ":"))
    with index.write() as connection:
        _replace(connection, (key, time.time_ns(), b"".join(names), b"".join(arrays), about))


def _replace(connection: sqlite3.Connection, row: tuple[object, ...]) -> None:
    connection.execute("INSERT OR REPLACE INTO chain VALUES (?, ?, ?, ?, ?)", row)
    connection.execute(
        "DELETE FROM chain WHERE head NOT IN (SELECT head FROM chain ORDER BY seen DESC LIMIT ?)", (_MOST_HEADS,)
    )
