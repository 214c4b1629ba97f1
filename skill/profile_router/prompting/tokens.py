"""Count o200k tokens with no network: bounds first. The tokenizer is loaded only where they do not do.

The rank file ships as package data and is checked against the SHA-256 that tiktoken itself pins for it. Facts used:
a token is 1 to 128 bytes of UTF-8. The sum never changes by a cut before a line that begins with neither white space
nor a slash. (No mismatch over 12.4 million tokens.) A run of a million blanks makes the tokenizer panic, so no piece
is longer than 100,000 characters.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from profile_router.core.evidence import TokenCount
from profile_router.errors import DataError
from profile_router.expressions import expression
from profile_router.resources import AGAIN, data

if TYPE_CHECKING:
    import tiktoken

BPE_RANKS_FILE = "o200k_base.tiktoken.xz"
RANKS_SHA256 = "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d"
LONGEST_TOKEN_BYTES = 128
# What the embedded runner's system prompt and tool schemas take in every prompt, with the three shipped profiles.
# They were counted as JSON with blanks after commas and colons, as chat templates print it. A real request holds less.
# `route` takes the figures as they stand here, because counting them would cost more than routing. A test counts
# them again.
PROMPT_TOKENS = 775
PROMPT_CHARS = 2_950
_PIECE = 16_384
_LONGEST_PIECE = 100_000
_CUT = expression(r"(?<=\n)(?=[^\s/])")


def count_tokens(texts: Sequence[str], limits: Sequence[int] = (), *, fixed: int = 0) -> TokenCount:
    """Return the tokens of *texts* plus *fixed*, as exactly as *limits* ask for.

    With no limit between the bounds the bounds are returned (`bounded`). Else it counts until no limit is in doubt
    (`counted`). That is exact to the end, or cut off above the last limit that mattered.
    """
    size = sum(len(text.encode("utf-8", "surrogatepass")) for text in texts)
    low, high = fixed + -(-size // LONGEST_TOKEN_BYTES), fixed + size
    if not _in_doubt(low, high, limits):
        return TokenCount(low, high, "bounded")
    encoding = load_encoding()
    counted, left = fixed, size
    for piece in _pieces(texts):
        counted += len(encoding.encode_ordinary(piece))
        left -= len(piece.encode("utf-8", "surrogatepass"))
        low, high = counted + -(-left // LONGEST_TOKEN_BYTES), counted + left
        if not _in_doubt(low, high, limits):
            break
    return TokenCount(low, high, "counted")


def exact_tokens(text: str) -> int:
    """Return the exact number of o200k tokens in *text*."""
    encoding = load_encoding()
    return sum(len(encoding.encode_ordinary(piece)) for piece in _pieces((text,)))


def head_of(text: str, tokens: int) -> str:
    """Return the longest start of *text* that has at most *tokens* tokens and ends between characters."""
    encoding = load_encoding()
    encoded: list[int] = []
    for piece in _pieces((text,)):
        encoded.extend(encoding.encode_ordinary(piece))
        if len(encoded) >= tokens:
            break
    return encoding.decode(encoded[:tokens], errors="ignore")


def _in_doubt(low: int, high: int, limits: Sequence[int]) -> bool:
    return any(low <= limit < high for limit in limits)


def _pieces(texts: Sequence[str]) -> Iterator[str]:
    for text in texts:
        start = 0
        while start < len(text):
            # No further than the longest piece: else each piece would search a text of one line to its end.
            last = min(start + _LONGEST_PIECE, len(text))
            cut = _CUT.search(text, min(start + _PIECE, last), last)
            end = cut.start() if cut else last
            yield text[start:end]
            start = end


@cache
def load_encoding() -> tiktoken.Encoding:
    """Return the o200k encoding, built from the shipped rank file (about 0.4 s and 80 MB, once)."""
    from binascii import a2b_base64

    import tiktoken  # only who must count exactly pays for it

    words = read_ranks(data(BPE_RANKS_FILE)).split()
    ranks = dict(zip(map(a2b_base64, words[::2]), map(int, words[1::2]), strict=True))
    return tiktoken.Encoding(name="o200k_base", pat_str=_pattern(), mergeable_ranks=ranks, special_tokens={})


def read_ranks(path: Path) -> bytes:
    """Return the tokenizer's ranks from the file at *path*. Raises DataError where it is missing or damaged."""
    import hashlib
    import lzma

    try:
        raw = lzma.decompress(path.read_bytes())
    except (OSError, lzma.LZMAError):
        raw = b""
    if hashlib.sha256(raw).hexdigest() != RANKS_SHA256:
        raise DataError(f"the tokenizer's rank file {path.name} is missing or damaged (wrong SHA-256): {AGAIN}")
    return raw


def _pattern() -> str:
    """Return o200k's split pattern, from tiktoken itself: its constructor is asked without letting it fetch ranks."""
    import tiktoken_ext.openai_public as public  # type: ignore[import-untyped]

    fetch = public.load_tiktoken_bpe
    public.load_tiktoken_bpe = lambda *_args, **_kwargs: {}
    try:
        return str(public.o200k_base()["pat_str"])
    finally:
        public.load_tiktoken_bpe = fetch
