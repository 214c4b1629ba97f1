"""The search for secrets skips what it has seen and what no row matches: it finds all the same."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.privacy.secret_samples import HARMLESS, KEYS, NAMED, SPREAD, TOKENS
from tests.core.privacy.test_secrets import disguised
from tests.examples import examples

from profile_router.core.policy.private import NO_CONFIDENTIAL
from profile_router.core.privacy import named_values as secret_values
from profile_router.core.privacy import search as secret_search
from profile_router.core.privacy.columns import columns_of_secrets
from profile_router.core.privacy.fresh_lines import fresh_lines
from profile_router.core.privacy.key_blocks import headless_keys, key_end
from profile_router.core.privacy.known_forms import KNOWN_KINDS
from profile_router.core.privacy.manifests import manifest_values
from profile_router.core.privacy.named_values import is_placeholder
from profile_router.core.privacy.readings import Reading, readings, unwrapped
from profile_router.core.privacy.search import secret_spans
from profile_router.core.privacy.secret_kind import PRIVATE_KEY, SecretKind, compiled
from profile_router.core.privacy.spoken_passwords import spoken_passwords

SAMPLES = [*TOKENS.values(), *NAMED, *KEYS, *HARMLESS, *SPREAD]
BETWEEN = [
    "\n",
    "\n\n",
    " ",
    "\n> ",
    " \\\n  ",
    '"',
    "%0a",
    "\\x0a",
    "\u2028",
    "-- ",
    "токен: ",
    "é",
    "😀\n",
    "key=",
    "BEGIN ",
]


def test_a_text_without_anchors_compiles_no_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secret_search, "compiled", lambda kind, **_: pytest.fail(f"{kind.anchors} were compiled"))
    assert list(secret_spans("fix the typo in README.md")) == []


def plainly(text: str) -> set[tuple[int, int, str]]:
    """Return what every row finds anywhere in each reading, tried at every place."""
    found, last = set(), Reading(text=text)
    for last in readings(text):
        for kind in KNOWN_KINDS:
            found |= {(*last.origin(*place), kind.kind) for place in everywhere(kind, last, wrapped=False)}
        found |= {(*last.origin(*place), PRIVATE_KEY) for place in headless_keys(last.text)}
        found |= {(*last.origin(*place), "secret value") for place in manifest_values(last.text)}
        found |= {(*last.origin(*place), "secret value") for place in columns_of_secrets(last.text)}
        named = secret_values.named_secrets(last.text, last.text.lower())
        found |= {(*last.origin(start, end), kind) for start, end, kind in named}
        told = spoken_passwords(last.text, last.text.lower())
        found |= {(*last.origin(*place), "password") for place in told if not is_placeholder(last.text[slice(*place)])}
        encoded = secret_search._in_base64(secret_search._Searched(last), NO_CONFIDENTIAL, KNOWN_KINDS)
        found |= {(*last.origin(start, end), kind) for start, end, kind in encoded}
    if wrapped := unwrapped(last):
        for kind in KNOWN_KINDS:
            places = everywhere(kind, wrapped, wrapped=True) if kind.wraps else ()
            found |= {(*wrapped.origin(*place), kind.kind) for place in places}
    return found


def everywhere(kind: SecretKind, view: Reading, *, wrapped: bool) -> Iterator[tuple[int, int]]:
    """Yield the matches of one row: `secret_search._matches`, but by `re.search` and whatever the anchors say."""
    pattern, at = compiled(kind, inside=wrapped), 0
    if kind.ahead is None and not any(anchor in view.text for anchor in kind.anchors):
        return
    while found := pattern.search(view.text, at):
        start, end = found.span("value" if "value" in pattern.groupindex else 0)
        at = found.start() + 1
        alone = secret_search._stands_alone(kind, view, found.start(), end, wrapped=wrapped)
        if alone and secret_search._is_real(kind, found, start, end):
            at = max(end, at)
            yield start, key_end(view.text, end) if kind.kind == PRIVATE_KEY else end


def searched(text: str) -> set[tuple[int, int, str]]:
    return {(span.start, span.end, span.kind) for span in secret_spans(text)}


@pytest.mark.parametrize("text", SAMPLES)
def test_every_sample_is_found_where_the_plain_search_finds_it(text: str) -> None:
    for around in ("{}", "{}\n{}", "a %41\n{}\n\\x41 {}\n{}", "日本 {}\n%E6%97%A5{}"):
        whole = around.replace("{}", text)
        assert searched(whole) == plainly(whole)


@pytest.mark.parametrize("text", SAMPLES)
def test_a_line_that_reads_like_one_before_it_is_found_too(text: str) -> None:
    escaped = "".join(f"%{ord(char):02x}" if char.isascii() and char != "\n" else char for char in text)
    whole = f"{text}\n{escaped}\n{text}"
    assert searched(whole) == plainly(whole)


@examples(300)
@given(st.data())
def test_nothing_is_found_more_or_less_than_by_the_plain_search(data: st.DataObject) -> None:
    pieces = []
    for sample in data.draw(st.lists(st.sampled_from(SAMPLES), min_size=1, max_size=3)):
        pieces += [data.draw(st.sampled_from([sample, sample, ""])) or data.draw(disguised(sample, wrapped=True))]
        pieces += data.draw(st.lists(st.sampled_from(BETWEEN), max_size=3))
    text = "".join([*pieces, data.draw(st.sampled_from(["", *pieces]))])
    assert searched(text) == plainly(text)


@given(st.lists(st.sampled_from(["a", "б", "", "ab"])), st.sets(st.sampled_from(["a", "б", "", "c"])))
def test_each_line_that_was_not_seen_is_there_with_its_place(lines: list[str], seen: set[str]) -> None:
    text = "\n".join(lines)
    wanted = [(found.start(), found[0]) for found in re.finditer(r"[^\n]+", text) if found[0] not in seen]
    got = []
    for fresh in fresh_lines(text, seen):
        for found in re.finditer(r"[^\n]+", fresh.text):
            start, end = fresh.place(*found.span())
            assert text[start:end] == found[0]
            got.append((start, found[0]))
    assert sorted(got) == wanted


def test_a_line_with_a_finding_is_looked_at_again() -> None:
    fresh = next(fresh_lines("a\nbb\nccc\nbb", set()))
    assert fresh.without([2, 3, 5]) == {"a", "bb"} - {"bb"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le"])
@pytest.mark.parametrize(
    "around", ["{}", "{}_", "{}_\U0001f600", "{}/", "{}x", "_{}", "-{}", "/{}", "id_{}", "a/b/{}/c", "{}_v2"]
)
def test_what_stands_beside_base64_hides_no_secret_in_it(around: str, encoding: str) -> None:
    encoded = b64encode("DB_PASSWORD=kd83!dkk2".encode(encoding)).decode()
    text = f"key {around.format(encoded)}\nmore"
    at = text.index(encoded)
    assert any(span.start <= at and span.end >= at + len(encoded.rstrip("=")) for span in secret_spans(text))


def test_a_repeat_is_found_on_a_line_of_its_own_script_too() -> None:
    encoded = b64encode("DB_PASSWORD=kd83!dkk2".encode("utf-16-le")).decode()
    text = f"key {encoded}_\U0001f600\n{encoded}"
    assert searched(text) == plainly(text)
    assert {start for start, *_ in searched(text)} == {4, text.rindex(encoded)}
