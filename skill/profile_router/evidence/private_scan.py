"""What makes a task private: its label, a path it names, a secret it holds. A finding says where, never what.

A path that is given counts by its name. A path that a text names counts where it leads to something
(`withheld.named_paths`): the subagent will go there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from profile_router.core.evidence import NamedFile, PrivateFinding
from profile_router.core.language.anchored import Anchored
from profile_router.core.language.globs import expand_braces
from profile_router.core.language.path_words import PathWord, path_words
from profile_router.core.policy.private import NO_CONFIDENTIAL, Confidential
from profile_router.core.privacy.findings import findings, masked, private_glob, private_text
from profile_router.core.privacy.readings import readings
from profile_router.core.text import shown
from profile_router.expressions import expression

if TYPE_CHECKING:  # only where a file is named there is one to look through
    from profile_router.withheld.whole_scan import ReadBudget, TextWindow

MOST_SCANNED_BYTES = 256 * 1024 * 1024  # of all named files together; some 5 MB a second
SCAN_SECONDS = 60.0
_UNREAD = (
    f"a task's files are read to {MOST_SCANNED_BYTES:,} bytes and for {SCAN_SECONDS:g} s; name fewer or smaller ones"
)
_MOST_FINDINGS = 50

# Members of objects that end like files: known ones, and those that code does something with. A file of such a name
# still counts where it is given, or tracked.
_ENVIRONMENTS = ("process", "import.meta", "deno", "bun")
_OWNERS = ("self", "this", "props", "e", "ev", "evt", "event", "x", "k", "item", "node", "entry")
_CODE = frozenset([f"{name}.env" for name in _ENVIRONMENTS] + [f"{name}.key" for name in _OWNERS])
_NAME = r"[A-Za-z_$][\w$]*+(?:\.[A-Za-z_$][\w$]*)*?\.(?:key|env)(?![\w./\\-])"
_USED = r"[(\[]|\s?(?:[=!<>+]=|=>)|\s[=+]\s|\s+import\b"
_MEMBER = Anchored(rf"(?:(?<=[\w)\]][(\[])|(?<=[=!<>]=\s)){_NAME}|(?<![\w./\\$~-]){_NAME}(?={_USED})")
_MEMBER_END = expression(r"\.(?:key|env)(?![\w./\\-])")

ReadFile = Callable[[str], "Iterable[TextWindow]"]
IsThere = Callable[[str], bool]


def _as_if_there(_path: str) -> bool:
    return True


def find_private(
    text: str,
    files: Sequence[NamedFile],
    globs: Sequence[str],
    read_file: ReadFile,
    *,
    given: Sequence[str] = (),
    confidential: Confidential = NO_CONFIDENTIAL,
    is_there: IsThere = _as_if_there,
) -> tuple[PrivateFinding, ...]:
    """Return what makes the task private, at most 50 findings, each once; nothing if nothing does.

    *text* is goal and context; *files* are the named files, which *read_file* reads to their end (nothing of those that
    cannot be read). Where one was not read to its end, the task is private. *given* are the values of
    `--file` and `--image` as they were written, which a symlink may have changed in *files*. *globs* are the policy's;
    *confidential* is what it calls private in texts, besides secrets. Paths that *text* names count where *is_there*
    says that they lead to something; without it all do.
    """

    def found() -> Iterator[PrivateFinding]:
        for kind in dict.fromkeys(finding.kind for finding in findings(text, confidential)):
            yield PrivateFinding(kind=kind, place="the task text")
        sure = dict.fromkeys((*given, *(file.path for file in files)))
        for path in dict.fromkeys((*sure, *_paths_in(text))):
            if (glob := private_glob(path, globs)) and (path in sure or is_there(path)):
                yield PrivateFinding(kind="path", place=f"{masked(shown(path), confidential)} (policy: {glob})")
        for path in sure:
            if said := private_text(path, confidential):
                yield PrivateFinding(kind=said, place="the name of a file")
        yield from _keys_in(files, read_file, confidential)

    return tuple(islice(dict.fromkeys(found()), _MOST_FINDINGS))


def file_reader(base: Path) -> ReadFile:
    """Return a function that reads files, relative to *base*, within one budget for all. It raises EndNotReached."""

    @cache
    def budget() -> ReadBudget:
        from profile_router.withheld.whole_scan import ReadBudget

        return ReadBudget(bytes_left=MOST_SCANNED_BYTES, seconds=SCAN_SECONDS)

    def windows(path: str) -> Iterable[TextWindow]:
        from profile_router.withheld.whole_scan import file_windows

        return file_windows(base / path, budget())

    return windows


def _paths_in(text: str) -> list[str]:
    """Return what may be a path in any reading of *text*. A word stands in one line, and most lines read the same."""
    seen = dict.fromkeys((text, *(view.text for view in readings(text))))
    lines = dict.fromkeys(line for reading in seen for line in _without_members(reading).split("\n"))
    words = (word.text for word in path_words("\n".join(lines)) if _may_be_path(word))
    return [one for word in words for one in (expand_braces(word) if "{" in word else (word,))]


def _without_members(text: str) -> str:
    """Return *text* with a blank for what `_MEMBER` matches. A match ends in one of two words, and starts where it can.

    So the ends are found first, and each match is tried from the start of its word.
    """
    pieces: list[str] = []
    at = last = 0
    for end in _MEMBER_END.finditer(text):
        start = end.start()
        while start > last and (text[start - 1].isalnum() or text[start - 1] in "_$."):
            start -= 1
        if (start > last or not last) and (found := _MEMBER.match(text, start)):
            pieces += (text[at:start], " ")
            at = found.end()
        last = end.end()
    return "".join([*pieces, text[at:]])


def _may_be_path(word: PathWord) -> bool:
    """Tell whether *word* is more than a word of prose: `id_rsa` and `.env` are, `credentials` is not."""
    if word.text.lower() in _CODE:
        return False
    return word.marked or not word.text.replace("-", "").isalpha()


def _keys_in(files: Sequence[NamedFile], read_file: ReadFile, confidential: Confidential) -> Iterator[PrivateFinding]:
    # "binary" as well: one letter that is not UTF-8 in a comment makes a file so.
    read = [file for file in files if file.form in {"text", "binary"}]
    if not read:
        return
    from profile_router.withheld.whole_scan import EndNotReached

    for file in read:
        try:
            for window in read_file(file.path):
                for found in findings(window.text, confidential, by_look=window.by_look):
                    line = "" if window.lines_before is None else f":{window.lines_before + found.line}"
                    yield PrivateFinding(kind=found.kind, place=f"{masked(shown(file.path), confidential)}{line}")
        except EndNotReached:
            yield PrivateFinding(
                kind="unread", place=f"{masked(shown(file.path), confidential)} was not read to its end ({_UNREAD})"
            )
            return
