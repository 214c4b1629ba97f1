"""What makes a path or a text private. Pure: the globs come from the policy, the texts from whoever reads them.

A text is read as it looks (`readings`). Zero-width characters, look-alikes, full-width forms, combining marks, escapes
and line breaks hide nothing. `known_forms` and `named_values` say what a secret is, `search` looks for it. What the
operator and a workspace call private besides comes with each call, as `confidential`. It counts wherever secrets do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from profile_router.core.language.anchored import Anchored
from profile_router.core.language.globs import glob_regex, literal_of
from profile_router.core.policy.private import NO_CONFIDENTIAL, Confidential
from profile_router.core.privacy.readings import readings
from profile_router.core.privacy.search import Span, secret_spans
from profile_router.core.privacy.secret_kind import PRIVATE_KEY
from profile_router.expressions import expression
from profile_router.values import frozen

MASK = "[secret: "
_PLAIN_WORD = expression(r"(?!\.\Z)[\w.@+,=~-]++", re.ASCII)
_PLAIN_PATH = expression(r"[\w./ @+,=~-]*+", re.ASCII)
_GLUED = 8  # masks uncovered one by one
# The answer itself, which a task may be about, and what a run is found again by.
_AS_IT_IS = frozenset({"summary", "thread"})
_WILD = frozenset("*?[]")
_SHORTEST = 8  # characters; a secret is longer
_DEEPEST = 20
_NAME = 64  # characters: names of fields, profiles, models and causes come in each event again


@frozen
class SecretFinding:
    """A secret in a text: its kind and the line on which it starts (from 1). Never its value."""

    kind: str
    line: int


def private_by(glob: str) -> str:
    """Return what is said of a file that matches the *glob* of the policy."""
    return f"is private (policy: {glob})"


def private_glob(path: str, globs: Sequence[str]) -> str | None:
    """Return the first glob that *path* (POSIX, relative or absolute) matches, however the path is spelled.

    A glob without a slash matches any single part of the path, so `.env*` holds in every folder; one with a slash
    matches at the end of the path, `**` standing for any number of parts. Case does not count.
    """
    spelled = tuple(_spellings(path))
    every = tuple(globs)
    names, anchors = _literals(every)  # a walk asks for each of its paths
    if all(names.isdisjoint(whole.split("/")) and not any(map(whole.__contains__, anchors)) for whole in spelled):
        return None
    anything = _any_of(every)
    if anything is None or not any(anything.match(whole) for whole in spelled):
        return None
    return next((glob for glob in globs if any(rx.match(whole) for rx in _regexes(glob) for whole in spelled)), None)


@lru_cache(maxsize=8)
def last_parts(globs: tuple[str, ...]) -> tuple[str, ...]:
    """Return globs of single names, one of which the last part matches of every path that *globs* match by itself.

    A path may also match since a folder around it does.
    """
    split = [[part for part in glob.split("/") if part] for glob in globs]
    return tuple(dict.fromkeys(_last_name(parts) for parts in split if parts))


def _last_name(parts: Sequence[str]) -> str:
    return next((part for part in reversed(parts) if part != "**"), "**")


def _spellings(path: str) -> Iterator[str]:
    if _PLAIN_WORD.fullmatch(path):  # most words of a long text
        yield path.lower()
        return
    texts = [path] if _PLAIN_PATH.fullmatch(path) else [path, *(view.text for view in readings(path))]
    for text in dict.fromkeys([*texts, *(text.replace("\\", "") for text in texts)]):
        parts = (part for part in text.lower().replace("\\", "/").split("/") if part not in {"", "."})
        if whole := "/".join(part.strip() for part in parts):
            yield whole


@lru_cache(maxsize=8)
def _literals(globs: tuple[str, ...]) -> tuple[frozenset[str], tuple[str, ...]]:
    """Return names and anchors: each path that *globs* match has such a part, or such letters in it.

    Most paths are told by them alone. A name is looked up at once, letters are searched for one by one.
    """
    names, anchors = set(), []
    for glob in map(str.lower, globs):
        plain = [part for part in glob.split("/") if part and _WILD.isdisjoint(part)]
        if plain:
            names.add(max(plain, key=len))
        else:
            anchors.append(literal_of(glob))
    return frozenset(names), tuple(dict.fromkeys(anchors))


@lru_cache(maxsize=8)
def _any_of(globs: tuple[str, ...]) -> Anchored | None:
    """Return all *globs* as one expression: of the thousands of words of a long text hardly one matches any."""
    every = [regex for glob in globs for regex in _regexes(glob)]
    anchors = tuple(dict.fromkeys(anchor for regex in every for anchor in regex.literals))
    return (
        Anchored(
            "|".join(f"(?:{regex.pattern})" for regex in every),
            anchors=anchors if all(regex.literals for regex in every) else (),
        )
        if every
        else None
    )


@lru_cache(maxsize=256)
def _regexes(glob: str) -> tuple[Anchored, ...]:
    wanted = [part for part in glob.lower().split("/") if part]
    below = len(wanted) == 1 or wanted[-1:] == ["**"]
    while len(wanted) > 1 and wanted[-1] == "**":
        wanted.pop()
    stem = "/".join(["**", *wanted])
    spelled = (stem, f"{stem}/**") if below else (stem,)
    return tuple(regex for regex in map(glob_regex, spelled) if wanted and regex is not None)


def private_text(text: str, confidential: Confidential = NO_CONFIDENTIAL, *, by_look: bool = False) -> str | None:
    """Return the kind of the first secret that *text* holds (`private key`, `token of GitHub`), None where none is.

    *by_look*: see `secret_spans`.
    """
    first = min(
        secret_spans(text, confidential, by_look=by_look),
        key=lambda span: (span.kind != PRIVATE_KEY, span.start),
        default=None,
    )
    return first.kind if first else None


def private_key(text: str) -> bool:
    """Tell whether *text* holds key material: a file of which nothing is to be shown."""
    return any(True for _ in secret_spans(text, keys_only=True))


def findings(
    text: str, confidential: Confidential = NO_CONFIDENTIAL, *, by_look: bool = False
) -> tuple[SecretFinding, ...]:
    """Return the secrets that *text* holds, in order, each with its first line. *by_look*: see `secret_spans`."""
    found, line, at = [], 1, 0
    for span in _merged(secret_spans(text, confidential, by_look=by_look)):
        line += text.count("\n", at, span.start)
        found.append(SecretFinding(kind=span.kind, line=line))
        at = span.start
    return tuple(found)


def masked(text: str, confidential: Confidential = NO_CONFIDENTIAL) -> str:
    """Return *text* with `[secret: kind]` for every secret that is known. Lines keep their numbers.

    Secrets may be glued to each other. One mask may uncover the next, so it goes on until nothing is new.
    """
    for _ in range(_GLUED):
        text, before = _masked_once(text, confidential), text
        if text == before:
            break
    return text


_masked_name = lru_cache(maxsize=1_024)(masked)


def _masked_once(text: str, confidential: Confidential) -> str:
    pieces: list[str] = []
    at = 0
    for span in _merged(secret_spans(text, confidential)):
        breaks = text.count("\n", span.start, span.end)
        pieces += (text[at : span.start], f"{MASK}{span.kind}]", "\n" * breaks)
        at = span.end
    return "".join([*pieces, text[at:]]) if pieces else text


def masked_json(value: Mapping[str, Any], confidential: Confidential = NO_CONFIDENTIAL) -> dict[str, Any]:
    """Return *value*, an event or a result as JSON, with every text in it masked but the summary's.

    Every event and every result of a run passes here. A model, a server, a check or a name may have put a secret in.
    """
    return {name: one if name in _AS_IT_IS else _masked_value(one, confidential) for name, one in value.items()}


def _masked_value(value: Any, confidential: Confidential, deepest: int = _DEEPEST) -> Any:
    if isinstance(value, str):
        if len(value) < _SHORTEST:
            return value
        return (_masked_name if len(value) <= _NAME else masked)(value, confidential)
    if not deepest:
        return None
    if isinstance(value, Mapping):
        return {
            _masked_value(name, confidential, 0): _masked_value(one, confidential, deepest - 1)
            for name, one in value.items()
        }
    if isinstance(value, list | tuple):
        return [_masked_value(one, confidential, deepest - 1) for one in value]
    return value


def _merged(spans: Iterator[Span]) -> list[Span]:
    merged: list[Span] = []
    for span in sorted(spans, key=lambda span: (span.start, -span.end)):
        if merged and span.start < merged[-1].end:
            last = merged[-1]
            merged[-1] = Span(last.start, max(last.end, span.end), last.kind)
        else:
            merged.append(span)
    return merged
