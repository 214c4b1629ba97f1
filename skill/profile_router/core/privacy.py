"""What makes a path or a text private. Pure: the globs come from the policy, the texts from the adapters.

A text is read as it looks (`core.normalize`): zero-width characters, look-alikes, full-width forms, combining marks,
escapes and line breaks hide nothing. What is a secret stands in `core.secret_kinds` and `core.secret_values`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from profile_router.core.globs import glob_regex
from profile_router.core.normalize import View, readings, unwrapped
from profile_router.core.secret_kinds import KEY_KINDS, KINDS, PRIVATE_KEY, SecretKind, compiled, dense_runs
from profile_router.core.secret_values import is_placeholder, named_secrets

MASK = "[secret: "
_VARIED = 7  # different characters that a real token has at least
_REST = 8  # characters of a next line that may be the rest of a token which could end before
_EXAMPLE = re.compile(r"example|x{4,}|\.{3}|\*{3}|your[-_]|placeholder|redacted", re.IGNORECASE)
_PLAIN_PATH = re.compile(r"[\w./ @+,=~-]*+", re.ASCII)
_KEY_ENDS = re.compile(r"-----END[^-\n]{0,60}+-----|Private-MAC: *+[0-9a-f]{0,64}+")
# Whole lines, a padded last one, and the start of a key of which little was written (DER begins with MI).
_KEY_LINES = re.compile(
    r"(?:(?:\\[nrt]|[\s>|\"',#+])*+(?:[A-Za-z0-9+/=]{20,}+|MI[A-Za-z0-9+/=]{2,}+|[A-Za-z0-9+/]{1,19}={1,2}))*+"
)
_GLUED = 8  # masks uncovered one by one
_LONGEST_KEY = 20_000  # characters: 16,384 bits of RSA


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretFinding:
    """A secret in a text: its kind and the lines it stands on (from 1). Never its value."""

    kind: str
    line: int
    last_line: int


@dataclass(frozen=True, slots=True)
class _Span:
    start: int
    end: int
    kind: str


def private_glob(path: str, globs: Sequence[str]) -> str | None:
    """Return the first glob that *path* (POSIX, relative or absolute) matches, however the path is spelled.

    A glob without a slash matches any single part of the path, so `.env*` holds in every folder; one with a slash
    matches at the end of the path, `**` standing for any number of parts. Case does not count.
    """
    spelled = tuple(_spellings(path))
    anything = _any_of(tuple(globs))
    if anything is None or not any(anything.match(whole) for whole in spelled):
        return None
    return next((glob for glob in globs if any(rx.match(whole) for rx in _regexes(glob) for whole in spelled)), None)


def _spellings(path: str) -> Iterator[str]:
    texts = [path] if _PLAIN_PATH.fullmatch(path) else [path, *(view.text for view in readings(path))]
    for text in dict.fromkeys([*texts, *(text.replace("\\", "") for text in texts)]):
        parts = (part for part in text.lower().replace("\\", "/").split("/") if part not in {"", "."})
        if whole := "/".join(part.strip() for part in parts):
            yield whole


@lru_cache(maxsize=8)
def _any_of(globs: tuple[str, ...]) -> re.Pattern[str] | None:
    """Return all *globs* as one expression: of the thousands of words of a long text hardly one matches any."""
    every = [regex.pattern for glob in globs for regex in _regexes(glob)]
    return re.compile("|".join(f"(?:{pattern})" for pattern in every)) if every else None


@lru_cache(maxsize=256)
def _regexes(glob: str) -> tuple[re.Pattern[str], ...]:
    wanted = [part for part in glob.lower().split("/") if part]
    below = len(wanted) == 1 or wanted[-1:] == ["**"]
    while len(wanted) > 1 and wanted[-1] == "**":
        wanted.pop()
    stem = "/".join(["**", *wanted])
    spelled = (stem, f"{stem}/**") if below else (stem,)
    return tuple(regex for regex in map(glob_regex, spelled) if wanted and regex is not None)


def private_text(text: str) -> str | None:
    """Return the kind of the first secret that *text* holds (`private key`, `token of GitHub`), None where none is."""
    first = min(_all(text), key=lambda span: (span.kind != PRIVATE_KEY, span.start), default=None)
    return first.kind if first else None


def private_key(text: str) -> bool:
    """Tell whether *text* holds key material: a file of which nothing is to be shown."""
    return any(True for _ in _all(text, keys_only=True))


def findings(text: str) -> tuple[SecretFinding, ...]:
    """Return the secrets that *text* holds, in order, with their lines."""
    found, line, at = [], 1, 0
    for span in _merged(_all(text)):
        line += text.count("\n", at, span.start)
        last = line + text.count("\n", span.start, span.end)
        found.append(SecretFinding(kind=span.kind, line=line, last_line=last))
        at = span.start
    return tuple(found)


def masked(text: str) -> str:
    """Return *text* with `[secret: kind]` for every secret that is known. Lines keep their numbers.

    Secrets may be glued to each other: one mask may uncover the next, so it goes on until there is nothing new.
    """
    for _ in range(_GLUED):
        text, before = _masked_once(text), text
        if text == before:
            break
    return text


def _masked_once(text: str) -> str:
    pieces: list[str] = []
    at = 0
    for span in _merged(_all(text)):
        breaks = text.count("\n", span.start, span.end)
        pieces += (text[at : span.start], f"{MASK}{span.kind}]", "\n" * breaks)
        at = span.end
    return "".join([*pieces, text[at:]]) if pieces else text


def _merged(spans: Iterator[_Span]) -> list[_Span]:
    merged: list[_Span] = []
    for span in sorted(spans, key=lambda span: (span.start, -span.end)):
        if merged and span.start < merged[-1].end:
            last = merged[-1]
            merged[-1] = _Span(last.start, max(last.end, span.end), last.kind)
        else:
            merged.append(span)
    return merged


def _all(text: str, *, keys_only: bool = False) -> Iterator[_Span]:
    last = None
    for view in readings(text):
        yield from _known(view, wrapped=False, keys_only=keys_only)
        for named in () if keys_only else named_secrets(view.text):
            yield _Span(*view.origin(named.start, named.end), named.kind)
        last = view
    if last is not None and (wrapped := unwrapped(last)) is not None:
        yield from _known(wrapped, wrapped=True, keys_only=keys_only)


def _known(view: View, *, wrapped: bool, keys_only: bool) -> Iterator[_Span]:
    lower, dense = ("", "") if keys_only else (view.text.lower(), dense_runs(view.text))
    for kind in KEY_KINDS if keys_only else KINDS:
        text = dense if kind.dense else lower if kind.caseless else view.text
        if (kind.wraps or not wrapped) and any(anchor in text for anchor in kind.anchors):
            for start, end in _matches(kind, view, wrapped=wrapped):
                yield _Span(*view.origin(start, end), kind.kind)


def _matches(kind: SecretKind, view: View, *, wrapped: bool) -> Iterator[tuple[int, int]]:
    pattern, at = compiled(kind, inside=wrapped), 0
    while found := pattern.search(view.text, at):
        start, end = found.span("value" if "value" in pattern.groupindex else 0)
        at = found.start() + 1
        if _stands_alone(kind, view, found.start(), end, wrapped=wrapped) and _is_real(kind, found, start, end):
            at = max(end, at)
            yield start, _key_end(view.text, end) if kind.kind == PRIVATE_KEY else end


def _stands_alone(kind: SecretKind, view: View, start: int, end: int, *, wrapped: bool) -> bool:
    text = view.text
    if wrapped and view.before is not None:
        text = view.before.text
        start, end = view.one_back(start, end)
        if not _goes_on(kind, text, start, end) or (start and (text[start - 1].isalnum() or text[start - 1] == "_")):
            return False
    return not (kind.exact and end < len(text) and (text[end].isalnum() or text[end] == "_"))


def _goes_on(kind: SecretKind, text: str, start: int, end: int) -> bool:
    """Tell whether a match over a line break is one value: what follows a whole one counts only if it looks alike."""
    lines = re.split(r"[\r\n]+", text[start:end])
    if len(lines) < 2 or not compiled(kind, inside=True).match(lines[0]):
        return len(lines) > 1
    return kind.varied and len(lines[1].strip()) >= _REST and any(char.isdigit() for char in lines[1])


def _is_real(kind: SecretKind, found: re.Match[str], start: int, end: int) -> bool:
    value = found.string[start:end]
    if not kind.varied:
        return True
    if sum(char.isdigit() for char in value) < kind.digits:
        return False
    if "value" in found.re.groupindex:
        return not is_placeholder(value)
    return len(set(value)) >= _VARIED and not _EXAMPLE.search(value)


def _key_end(text: str, end: int) -> int:
    """Return where the key whose head ends at *end* is over: behind its last line, else behind what looks like it."""
    if closing := _KEY_ENDS.search(text, end, end + _LONGEST_KEY):
        return closing.end()
    body = _KEY_LINES.match(text, end, end + _LONGEST_KEY)
    return body.end() if body else end
