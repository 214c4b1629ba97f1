"""Make the test model's vocabulary: byte-level BPE of the ASCII tokens that o200k learned first.

The rank file is the one the project ships: a request costs the tiny model nearly what the router counts.
"""

import base64
import lzma
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

RANKS = Path(__file__).parents[2] / "skill/profile_router/data/o200k_base.tiktoken.xz"


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """Hold the tokens (bytes; the 256 single bytes first) and the merges, both in order of rank."""

    tokens: tuple[bytes, ...]
    merges: tuple[tuple[bytes, bytes], ...]


def lowest_ranks(size: int, ranks: Path = RANKS) -> Vocabulary:
    """Take the `size` lowest-ranked ASCII tokens of the rank file that two earlier tokens make up."""
    rank_of = {bytes([value]): value for value in range(256)}
    merges: list[tuple[bytes, bytes]] = []
    for token in _ascii_tokens(ranks):
        if len(merges) == size:
            break
        parts = _parts(token, rank_of)
        if len(parts) == 2:
            rank_of[token] = len(rank_of)
            merges.append((parts[0], parts[1]))
    return Vocabulary(tokens=tuple(rank_of), merges=tuple(merges))


def printable(token: bytes) -> str:
    """Spell bytes the way GPT-2 vocabularies do: one printable character for each byte."""
    return "".join(map(_SPELLING.__getitem__, token))


def _ascii_tokens(ranks: Path) -> Iterator[bytes]:
    with lzma.open(ranks) as lines:
        for line in lines:
            token = base64.b64decode(line.split()[0])
            if len(token) > 1 and token.isascii():
                yield token


def _parts(token: bytes, rank_of: dict[bytes, int]) -> list[bytes]:
    """Return what BPE with the tokens known so far makes of `token`: the last two parts are its merge."""
    parts = [token[at : at + 1] for at in range(len(token))]
    while len(parts) > 2:
        pairs = [rank_of.get(left + right, len(rank_of)) for left, right in pairwise(parts)]
        lowest = min(pairs)
        if lowest == len(rank_of):
            break
        at = pairs.index(lowest)
        parts[at : at + 2] = [parts[at] + parts[at + 1]]
    return parts


def _spelling() -> tuple[str, ...]:
    plain = {*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)}
    stand_ins = iter(range(256, 512))
    return tuple(chr(value) if value in plain else chr(next(stand_ins)) for value in range(256))


_SPELLING = _spelling()
