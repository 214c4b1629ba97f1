"""Which tracked files a text names. Pure: the list of tracked files comes from git."""

from __future__ import annotations

import posixpath
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence

from profile_router.core.language.anchored import Anchored
from profile_router.core.language.around_paths import only_a_place
from profile_router.core.language.globs import expand_braces, glob_regex
from profile_router.core.language.path_words import EXTENSIONLESS, PathWord
from profile_router.expressions import expression
from profile_router.values import frozen

MOST_NAMESAKES = 5
_MOST_GLOBS = 50
_MOST_FOLDERS = 50

_VERSION = expression(r"[vV]?\d+(?:\.\d+)*(?:\.[x*])?")
_DOMAIN = Anchored(r"(?:[\w-]+\.)+(?:com|org|net|edu|gov|io|dev|app|ai)", flags=re.IGNORECASE)
_SHAPED_AS_FILE = expression(r".*\.\w+", re.DOTALL)


@frozen
class Mentions:
    """What a text names: `singles` one by one, `grouped` by a glob or a folder. Paths relative to the workspace.

    `nearby` are those of a glob or a folder that only says where something is done. Which of them counts is a guess.
    """

    singles: tuple[str, ...] = ()
    grouped: tuple[str, ...] = ()
    nearby: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def mentions(
    words: Sequence[PathWord], tracked: Sequence[str], *, root: str, inside: str = "", text: str = ""
) -> Mentions:
    """Return what *words*, those of *text*, name among *tracked*, which must be sorted.

    *root* is the absolute path of the workspace, *inside* the current folder relative to it (empty: the same). A word
    is looked up there first, then from the root, then as the end of a path. An end that more than 5 files share
    names none of them. Words that match nothing are not paths and leave no trace.
    """
    singles: list[str] = []
    groups: dict[str, list[str]] = {}
    notes: list[str] = []
    open_words: list[PathWord] = []
    for word in words:
        hit = _anchored(word, tracked, root, inside)
        if isinstance(hit, str):
            singles.append(hit)
        elif hit:
            groups.setdefault(word.text, []).extend(hit)
        else:
            open_words.append(word)
    for name, paths in _by_end(open_words, tracked).items():
        if len(paths) <= MOST_NAMESAKES:
            singles += paths
        else:
            notes.append(f"{name} (named) is the name of {len(paths):,} files: none of them is counted")
    for name, found in (
        *_in_folders_by_end(open_words, tracked),
        *_globbed([word.text for word in open_words if _is_glob(word.text)], tracked, root, inside),
    ):
        groups.setdefault(name, []).extend(found)
    places = {name for name in groups if only_a_place(name, text)}
    grouped = dict.fromkeys(path for name, paths in groups.items() if name not in places for path in paths)
    around = dict.fromkeys(path for name in places for path in groups[name] if path not in grouped)
    return Mentions(
        singles=tuple(dict.fromkeys(singles)), grouped=tuple(grouped), nearby=tuple(around), notes=tuple(notes)
    )


def may_name_files(words: Iterable[PathWord]) -> bool:
    """Tell whether one of *words* can name a file at all, so that it is worth listing the tracked ones."""
    return any("/" in word.text or not names_nothing(word) for word in words)


def files_of_glob(glob: str, tracked: Sequence[str]) -> tuple[str, ...]:
    """Return the *tracked* files (sorted) that *glob* stands for; without a slash it holds in every folder."""
    found: dict[str, None] = {}
    for one in expand_braces(glob):
        whole = one if "/" in one else f"**/{one}"
        found |= dict.fromkeys(_matched(f"{whole}**" if whole.endswith("/") else whole, tracked))
    return tuple(sorted(found))


def _matched(glob: str, tracked: Sequence[str]) -> list[str]:
    regex = glob_regex(glob)
    head, tail = re.split(r"[*?\[]", glob, maxsplit=1)[0], re.split(r"[*?\]]", glob)[-1]
    first = bisect_left(tracked, head)
    near = tracked[first : bisect_left(tracked, f"{head}\U0010ffff", lo=first)]
    return [path for path in near if path.endswith(tail) and regex.match(path)] if regex else []


def is_glob(text: str) -> bool:
    """Tell whether *text* has a character that globs use."""
    return any(char in text for char in "*?[{")


def _anchored(word: PathWord, tracked: Sequence[str], root: str, inside: str) -> str | tuple[str, ...]:
    """Return the file, or the files of the folder, that *word* names from the current folder or from the root."""
    if names_nothing(word):
        return ()
    for path in _places(word.text, root, inside):
        at = bisect_left(tracked, path)
        if at < len(tracked) and tracked[at] == path:
            return path
        if "/" in word.text and (paths := _below(path, tracked)):
            return paths
    return ()


def names_nothing(word: PathWord) -> bool:
    """Tell whether *word*, which has no slash, is a plain word, a version number or a domain name."""
    if "/" in word.text or word.marked:
        return False
    if _VERSION.fullmatch(word.text) or _DOMAIN.fullmatch(word.text):
        return True
    return "." not in word.text and not EXTENSIONLESS.fullmatch(word.text)


def _places(text: str, root: str, inside: str) -> Iterable[str]:
    """Yield *text* relative to the workspace, read from the current folder and from the root; nothing if outside."""
    starts = (root,) if text.startswith("/") or not inside else (posixpath.join(root, inside), root)
    for start in starts:
        path = posixpath.normpath(posixpath.join(start, text))
        prefix = root.rstrip("/") + "/"
        if path.startswith(prefix):
            yield path[len(prefix) :]


def _below(folder: str, tracked: Sequence[str]) -> tuple[str, ...]:
    first = bisect_left(tracked, f"{folder}/")
    return tuple(tracked[first : bisect_left(tracked, f"{folder}0", lo=first)])  # "0" follows "/"


def _by_end(words: Sequence[PathWord], tracked: Sequence[str]) -> dict[str, list[str]]:
    ends: dict[str, list[str]] = {}
    for word in words:
        name = word.text.rpartition("/")[2]
        wanted = _SHAPED_AS_FILE.fullmatch(name) or EXTENSIONLESS.fullmatch(name)
        if wanted and word.text[0] != "/" and not names_nothing(word) and not _of_a_domain(word.text):
            ends.setdefault(name, []).append(word.text)
    found: dict[str, list[str]] = {}
    for path in tracked if ends else ():
        for text in ends.get(path.rpartition("/")[2], ()):
            if path == text or path.endswith(f"/{text}"):
                found.setdefault(text, []).append(path)
    return {text: found[text] for texts in ends.values() for text in texts if text in found}


def _in_folders_by_end(words: Sequence[PathWord], tracked: Sequence[str]) -> Iterator[tuple[str, Sequence[str]]]:
    texts = [word.text for word in words if word.text.endswith("/") and word.text[0] != "/"]
    for text in [text for text in texts if not _of_a_domain(text)][:_MOST_FOLDERS]:
        inner = f"/{text}"
        heads = {path[: path.index(inner)] for path in tracked if inner in path}
        if len(heads) == 1:
            yield text, _below(f"{heads.pop()}{inner}".rstrip("/"), tracked)


def _of_a_domain(text: str) -> bool:
    head, slash, _ = text.partition("/")
    return bool(slash) and _DOMAIN.fullmatch(head) is not None


def _is_glob(text: str) -> bool:
    """Tell whether *text* is surely a glob: prose and code are full of asterisks and question marks."""
    if not is_glob(text) or not any(char.isalnum() for char in text):
        return False
    spelled = expand_braces(text)
    return "/" in text or all(re.fullmatch(r"[^/]*\.\w+", one) for one in spelled)


def _globbed(
    texts: Sequence[str], tracked: Sequence[str], root: str, inside: str
) -> Iterator[tuple[str, Sequence[str]]]:
    for text in texts[:_MOST_GLOBS]:
        whole = text + "**" if text.endswith("/") else text
        for glob in _places(whole, root, inside) if "/" in text else (text,):
            if found := files_of_glob(glob, tracked):
                yield text, found
                break
