"""Tokens are counted exactly where it matters, by bounds where it does not, and never over a network."""

import hashlib
import lzma

import pytest
from hypothesis import given
from hypothesis import strategies as st

from profile_router.errors import DataError
from profile_router.prompting import tokens
from profile_router.resources import data

CODE = "def f(x):\n    # a comment\n    return x + 1\n\n\nclass A:\n    pass\n" * 40


def whole(text: str) -> int:
    return len(tokens.load_encoding().encode_ordinary(text))


def test_the_rank_file_is_the_published_one() -> None:
    raw = lzma.decompress(data(tokens.BPE_RANKS_FILE).read_bytes())
    assert hashlib.sha256(raw).hexdigest() == tokens.RANKS_SHA256


def test_a_damaged_rank_file_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "RANKS_SHA256", "0" * 64)
    with pytest.raises(DataError, match="damaged"):
        tokens.load_encoding.__wrapped__()


@pytest.mark.parametrize(
    ("text", "count"),
    [("hello world", 2), ("", 0), ("<|endoftext|>", 7), ("def f(x):\n    return x + 1\n", 11)],
)
def test_known_counts(text: str, count: int) -> None:
    assert tokens.exact_tokens(text) == count


def test_the_tokenizer_is_not_loaded_where_bounds_decide(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise AssertionError("the tokenizer was loaded")

    monkeypatch.setattr(tokens, "load_encoding", refuse)
    short = tokens.count_tokens(("fix the typo",), (8_192,), fixed=900)
    assert (short.high, short.source) == (912, "bounded")
    long = tokens.count_tokens(("x" * 10_000_000,), (8_192,), fixed=900)
    assert long.low > 8_192
    assert long.source == "bounded"


class Watched:
    """The expression that finds where to cut: it notes how far it was let look."""

    def __init__(self) -> None:
        self.inner, self.looked = tokens._CUT, 0

    def search(self, text: str, at: int, end: int = -1) -> object:
        end = len(text) if end < 0 else end
        found = self.inner.search(text, at, end)
        self.looked += (found.start() if found else end) - at
        return found


@pytest.mark.parametrize("text", ["x", "ab ", "漢", "\u200b", "> ", " ", "\n", "/x\n"])
def test_the_work_of_counting_grows_as_the_text_does(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    long = text * (1_000_000 // len(text))
    watched = Watched()
    monkeypatch.setattr(tokens, "_CUT", watched)
    pieces = list(tokens._pieces((long,)))
    assert "".join(pieces) == long
    assert max(map(len, pieces)) <= 100_000
    assert watched.looked <= len(long)


def test_counting_stops_once_no_limit_is_in_doubt() -> None:
    text = CODE * 200
    count = tokens.count_tokens((text,), (8_192,))
    assert 8_192 < count.low < count.high <= len(text)
    assert count.source == "counted"


def test_between_the_limits_the_count_is_exact() -> None:
    exact = whole(CODE)
    count = tokens.count_tokens((CODE,), (exact - 1, exact, exact + 1), fixed=5)
    assert (count.low, count.high) == (exact + 5, exact + 5)


@pytest.mark.parametrize("limit_is", [-1, 0, 1])
def test_a_limit_next_to_the_count_is_decided_rightly(limit_is: int) -> None:
    exact = whole(CODE)
    count = tokens.count_tokens((CODE,), (exact + limit_is,))
    assert (count.low > exact + limit_is) == (exact > exact + limit_is)
    assert (count.high > exact + limit_is) == (exact > exact + limit_is)


@given(
    st.lists(
        st.sampled_from([CODE, "x\n", "    indented\n", "// c\n", "漢字\n", "\t\n", "/path\n", "word "]), max_size=40
    )
)
def test_counting_in_pieces_is_counting_the_whole(parts: list[str]) -> None:
    text = "".join(parts)
    assert tokens.exact_tokens(text) == whole(text)


@given(st.text(alphabet=st.characters(), max_size=200))
def test_any_text_lies_between_the_bounds(text: str) -> None:
    bounds = tokens.count_tokens((text,))
    assert bounds.low <= tokens.exact_tokens(text) <= bounds.high


@pytest.mark.parametrize("text", [" " * 1_200_000, "\t" * 1_200_000, "a" * 300_000, "\ud800 lone"], ids=len)
def test_texts_that_make_the_tokenizer_panic_are_counted(text: str) -> None:
    assert tokens.exact_tokens(text) > 0


def test_a_head_has_at_most_that_many_tokens_and_is_a_start() -> None:
    for room in (0, 1, 7, 100):
        head = tokens.head_of(CODE, room)
        assert CODE.startswith(head)
        assert whole(head) <= room
