"""What a row of the tables of secrets says, and how it is looked for. Pure."""

from __future__ import annotations

import re
from functools import cache

from profile_router.expressions import expression
from profile_router.values import frozen

_RUN = 20  # characters
_DENSE = expression(rf"[^\s\"'`<>()\[\]{{}},;|]{{{_RUN},}}+")
_BETWEEN = str.maketrans(dict.fromkeys("\"'`<>()[]{},;|", " "))  # the same for ASCII, several times faster

PRIVATE_KEY = "private key"
# One character of a token: of plain letters and digits, of a word, of base64.
A, W, B64 = r"[A-Za-z0-9]", r"[A-Za-z0-9_-]", r"[A-Za-z0-9+/]"


@frozen
class SecretKind:
    """One row. `anchors` are literals, one of which every match holds (lower-case ones for `caseless` rows).

    `exact`: no letter or digit may follow. `wraps`: the value may be spread over lines. `varied`: what repeats a few
    characters or says that it is an example is not a secret; `digits` is the least. `dense`: the whole match is one
    run as `dense_runs` has them. `ahead`: the most characters of a match that stand before its anchor. None: the
    anchor may be anywhere in the text. `over_lines`: a match may go over a line break as it stands. `inside`: it
    may start within a word.
    """

    kind: str
    anchors: tuple[str, ...]
    pattern: str
    exact: bool = False
    wraps: bool = True
    varied: bool = True
    digits: int = 0
    caseless: bool = False
    dense: bool = False
    ahead: int | None = 0
    over_lines: bool = False
    inside: bool = False


def dense_runs(text: str) -> str:
    """Return the runs of *text* that are long enough for a token, a line each, unordered. Code and prose have few."""
    odd = "" if text.isascii() else "\n".join(line for line in text.split("\n") if not line.isascii())
    plain = "\n".join(filter(str.isascii, text.split("\n"))) if odd else text
    runs = [run for run in plain.translate(_BETWEEN).split() if len(run) >= _RUN]
    return "\n".join(runs + (_DENSE.findall(odd) if odd else []))


@cache
def compiled(kind: SecretKind, *, inside: bool) -> re.Pattern[str]:
    """Return the row's expression; not *inside*, it starts where no letter, digit or underscore stands before it."""
    start = "" if inside or kind.inside or kind.anchors == ("://",) else r"(?<![A-Za-z0-9_])"
    return re.compile(f"{start}(?:{kind.pattern})", re.IGNORECASE if kind.caseless else re.NOFLAG)
