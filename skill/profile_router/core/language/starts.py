"""With which two characters the matches of an expression begin. Most clauses begin otherwise than most do. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from profile_router.core.language.anchored import LENGTH, LOOKS, PIECE, UNREAD_GROUP, is_literal, repeats

_NO_WIDTH = frozenset({"^", "$", r"\b", r"\B", r"\A", r"\Z"})
_Known = tuple[frozenset[str], frozenset[str]]  # starts that are told to their end, and those that what follows goes on
_NONE: frozenset[str] = frozenset()
_EMPTY: _Known = (_NONE, frozenset({""}))
_ANY: _Known = (frozenset({""}), _NONE)


def starts_of(pattern: str) -> frozenset[str]:
    """Return the first two characters of all that *pattern* matches without flags; none where that cannot be told."""
    if UNREAD_GROUP.search(pattern):
        return _NONE
    (told, open_), _ = _of_alternatives(PIECE.findall(pattern), 0)
    found = told | open_
    return _NONE if any(len(start) < LENGTH for start in found) else found


def _of_alternatives(pieces: Sequence[str], at: int) -> tuple[_Known, int]:
    told, open_ = _NONE, _NONE
    while True:
        found, at = _of_sequence(pieces, at)
        told, open_ = told | found[0], open_ | found[1]
        if at == len(pieces) or pieces[at] != "|":
            return (told, open_), at
        at += 1


def _of_sequence(pieces: Sequence[str], at: int) -> tuple[_Known, int]:
    known = _EMPTY
    while at < len(pieces) and pieces[at] not in ("|", ")"):
        if not known[1]:
            return known, _end(pieces, at)
        piece = pieces[at]
        found, at = _of_alternatives(pieces, at + 1) if piece[0] == "(" else (_of_piece(piece), at)
        at += 1
        if piece in LOOKS:
            found = _EMPTY
        if at < len(pieces) and repeats(pieces[at]):
            found = _repeated(found, pieces[at])
            at += 1
        known = _then(known, found)
    return known, at


def _end(pieces: Sequence[str], at: int) -> int:
    """Return where the sequence ends that goes on at *at*."""
    depth = 0
    while at < len(pieces) and (depth or pieces[at] not in ("|", ")")):
        depth += (pieces[at][0] == "(") - (pieces[at] == ")")
        at += 1
    return at


def _of_piece(piece: str) -> _Known:
    if piece in _NO_WIDTH:
        return _EMPTY
    return (_NONE, frozenset({piece[-1]})) if is_literal(piece) else _ANY


def _repeated(found: _Known, times: str) -> _Known:
    more = found if times[0] == "?" else _then(found, (found[0], found[1] | {""}))
    return (more[0], more[1] | {""}) if times.startswith(("?", "*", "{0", "{,")) else more


def _then(known: _Known, found: _Known) -> _Known:
    """Return what *known* begins with where *found* follows it."""
    told, open_ = set(known[0]), set[str]()
    for start in known[1]:
        told.update((start + more)[:LENGTH] for more in found[0])
        for more in found[1]:
            whole = (start + more)[:LENGTH]
            (told if len(whole) == LENGTH else open_).add(whole)
    return frozenset(told), frozenset(open_)
