"""What counts as a secret, what does not, and that no trick of writing hides one."""

from __future__ import annotations

import re
from re import _parser  # type: ignore[attr-defined]
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.privacy.secret_samples import HARMLESS, KEYS, NAMED, SPREAD, TOKENS, mixed
from tests.examples import by_night, examples

from profile_router.core.language.anchored import Anchored
from profile_router.core.privacy import columns, key_blocks, manifests, spoken_passwords
from profile_router.core.privacy import findings as privacy
from profile_router.core.privacy import known_forms as secret_kinds
from profile_router.core.privacy import named_values as secret_values
from profile_router.core.privacy import readings as normalize
from profile_router.core.privacy.findings import findings, masked, private_glob, private_key, private_text
from profile_router.core.privacy.readings import straight_text
from profile_router.core.privacy.secret_kind import SecretKind

MOST_PLACES = 14  # behind a name: seven of its ending, five words, the end
UNSEEN = "\u200b\u200c\u200d\u2060\ufeff\u00ad\u202e\u2066\u0301\u0336\ufe0f\u034f\u3164\x00\x08"
ALIKE = {**{left: right for right, left in normalize._ALIKE.items()}, "e": "е", "o": "ο", "-": "‐", ".": "․", "/": "∕"}
ALL = [*TOKENS.items(), *((kind, text) for text, kind in NAMED.items()), *(("private key", key) for key in KEYS)]


@pytest.mark.parametrize(("kind", "text"), ALL)
@pytest.mark.parametrize("around", ["{}", "see {} now", 'x = "{}"', "- a\n- {}\n- b", "（{}）"])
def test_a_secret_is_known_by_its_kind_and_masked(kind: str, text: str, around: str) -> None:
    whole = around.format(text)
    assert private_text(whole) == kind
    hidden = masked(whole)
    assert private_text(hidden) is None
    assert mixed(12) not in hidden
    assert hidden.count("\n") == whole.count("\n")


@pytest.mark.parametrize(("text", "kind"), SPREAD.items())
def test_a_secret_is_known_where_name_and_value_stand_apart_or_are_encoded(text: str, kind: str) -> None:
    for whole in (text, f"a: 1\n{text}\nб"):
        assert private_text(whole) == kind
        hidden = masked(whole)
        assert "kd8" not in hidden
        assert mixed(12) not in hidden
        assert private_text(hidden) is None


@pytest.mark.parametrize("text", HARMLESS)
def test_what_only_looks_alike_is_not_a_secret(text: str) -> None:
    assert findings(text) == ()
    assert masked(text) == text


GITHUB, AWS = TOKENS["token of GitHub"], TOKENS["token of AWS"]


@pytest.mark.parametrize(
    "text",
    [f"{AWS}_x", f"{AWS}x", f"x{AWS}", AWS[:4] + "A2" * 8, f"x{GITHUB[:2]}\n{GITHUB[2:]}", f"x{GITHUB}"],
    ids=["goes on with _", "goes on", "begins before", "repeats itself", "begins before, wrapped", "within a word"],
)
def test_what_is_a_part_of_more_or_hardly_varies_is_not_a_token(text: str) -> None:
    assert findings(text) == ()


@pytest.mark.parametrize(
    ("below", "stays"),
    [("functionality", True), ("abcdefghij", True), ("x1", True), ("two words 1", True), ("abcdef12", False)],
)
def test_of_the_line_below_a_whole_token_only_what_looks_alike_is_masked_too(below: str, stays: bool) -> None:
    assert masked(f"{GITHUB}\n{below}") == f"[secret: token of GitHub]\n{below if stays else ''}"


def test_a_finding_tells_the_line_and_never_the_value() -> None:
    text = f"a\nб\npassword: Tr0ub4dor&3x\n{KEYS[0]}\n"
    found = findings(text)
    assert [(each.kind, each.line) for each in found] == [("password", 3), ("private key", 4)]
    assert "Tr0ub" not in repr(found)


def test_the_text_around_a_mask_stays() -> None:
    token = TOKENS["token of GitHub"]
    assert masked(f"ключ = {token}; next()\nключ") == "ключ = [secret: token of GitHub]; next()\nключ"


def test_key_material_is_told_from_other_secrets() -> None:
    assert private_key(f"x\n{KEYS[0]}")
    assert not private_key(TOKENS["token of GitHub"])


@pytest.mark.parametrize("row", secret_kinds.KNOWN_KINDS, ids=lambda row: f"{row.kind} {row.anchors[0]}")
def test_the_work_for_each_place_of_a_text_is_bounded(row: SecretKind) -> None:
    """Every start costs a bounded number of steps: so a megabyte, whatever it holds, costs a megabyte of them."""
    assert _steps(row.pattern) < 25_000


@pytest.mark.parametrize(
    "pattern",
    [
        *(secret_values._ASSIGNED, secret_values._LINE_STARTS, secret_values._LINE_ENDS, key_blocks._BETWEEN),
        *(manifests._LINE, manifests._INLINE, manifests._PAIR, columns._COLUMN, *columns._CELLS.values()),
    ],
    ids=lambda pattern: pattern.pattern[:20],
)
def test_reading_a_value_is_bounded_too(pattern: Anchored) -> None:
    assert _steps(pattern.pattern) < 25_000


def test_hearing_a_password_in_a_sentence_is_bounded_too() -> None:
    assert _steps(spoken_passwords._OF.pattern) + MOST_PLACES * _steps(spoken_passwords.told().pattern) < 25_000


def test_a_name_is_followed_at_few_places_whatever_stands_behind_it(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[int] = []

    class Counting:
        def match(self, text: str, at: int) -> None:
            tried.append(at)

    monkeypatch.setattr(spoken_passwords, "told", Counting)
    for behind in ("a b " * 60, "は" * 60, " a" * 60, "abcdef" + " \t" * 60, "\"'*" + "é" * 6 + " é" * 60, ":" * 60):
        tried.clear()
        assert list(spoken_passwords.spoken_passwords("senha" + behind, "senha" + behind)) == []
        assert 0 < len(tried) <= MOST_PLACES


@given(st.text("aeiou =:\n", max_size=60), st.sets(st.text("aeiou", min_size=1, max_size=4), min_size=1, max_size=6))
def test_words_that_share_a_stem_are_found_as_each_alone_is(text: str, words: set[str]) -> None:
    found = sorted(spoken_passwords.places(text, spoken_passwords.by_stem(words, ("ae", "i"))))
    assert found == sorted((word, at) for word in words for at in range(len(text)) if text.startswith(word, at))


def test_a_pattern_that_may_be_read_in_two_ways_would_be_told() -> None:
    with pytest.raises(AssertionError):
        _steps(r"(?:a+)+b")
    assert _steps(r"a{0,200}a{0,200}a{0,200}b") > 25_000


def _steps(pattern: str) -> int:
    return _cost(_parser.parse(pattern))[0]


def _cost(items: Any) -> tuple[int, int]:
    """Return the steps that matching *items* takes at most at one place, and the ways in which they can match."""
    total, ways = 0, 1
    for item in items:
        steps, more = _one_cost(str(item[0]), item[1])
        total += ways * steps
        ways *= more
    return total, ways


def _one_cost(name: str, argument: Any) -> tuple[int, int]:
    if name == "SUBPATTERN":
        return _cost(argument[-1])
    if name == "BRANCH":
        costs = [_cost(branch) for branch in argument[1]]
        return sum(steps for steps, _ in costs), sum(ways for _, ways in costs)
    if name in {"ASSERT", "ASSERT_NOT"}:
        return _cost(argument[1])[0], 1
    if name == "ATOMIC_GROUP":
        return _cost(argument)[0], 1
    if name in {"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"}:
        low, high, inner = argument
        steps, ways = _cost(inner)
        assert high < 10_000, "a repeat without an upper bound"
        if name == "POSSESSIVE_REPEAT":
            return high * steps * ways, 1
        assert ways == 1 or high <= 3, "a repeat of what can be read in several ways"
        return int(high * steps * ways**high), int((high - low + 1) * ways**high)
    return 1, 1


@st.composite
def disguised(draw: st.DrawFn, text: str, *, escapes: bool = True, wrapped: bool = False) -> str:
    """Draw *text* as somebody writes it who wants it to pass."""
    out = []
    for place, char in enumerate(text):
        trick = draw(st.sampled_from(["none", "none", "none", "unseen", "alike", "wide", "escape", "wrap"]))
        if trick == "alike" and char in ALIKE:
            char = ALIKE[char]
        elif trick == "wide" and "!" <= char <= "~":
            char = chr(ord(char) + 0xFEE0)
        elif trick == "escape" and escapes and char.isascii():
            char = draw(st.sampled_from(["%{:02x}", "\\x{:02X}", "\\u{:04x}", "&#{:d};", "%25{:02x}"])).format(
                ord(char)
            )
        out.append(char)
        if trick == "unseen":
            out.append(draw(st.sampled_from(UNSEEN)))
        if trick == "wrap" and wrapped and 0 < place < len(text) - 1:
            out.append(draw(st.sampled_from(["\n", "\r\n", "\n    ", " \\\n  ", "\n> ", "\u2028"])))
    return "".join(out)


@examples(300)
@given(st.data(), st.sampled_from([*TOKENS.items()]))
def test_no_trick_hides_a_token(data: st.DataObject, sample: tuple[str, str]) -> None:
    kind, token = sample
    hidden = data.draw(disguised(token, wrapped=True))
    assert kind in {each.kind for each in findings(f"use {hidden} here")}
    assert private_text(masked(f"use {hidden} here")) is None


@examples(200)
@given(st.data(), st.sampled_from([line for line in NAMED if line.isascii()]))
def test_no_trick_within_a_line_hides_a_named_secret(data: st.DataObject, line: str) -> None:
    assert private_text(data.draw(disguised(line, escapes=False))) is not None


@examples(100)
@given(st.data())
def test_no_trick_hides_the_head_of_a_key(data: st.DataObject) -> None:
    head = KEYS[0].split("\n")[0]
    assert private_key(data.draw(disguised(head, wrapped=True)))


@examples(200)
@given(st.data(), st.sampled_from([".env", "deploy/.env", "id_rsa", ".aws/credentials", "secrets/db.yaml"]))
def test_no_trick_hides_a_path(data: st.DataObject, path: str) -> None:
    globs = (".env", "id_rsa*", ".aws/credentials", "secrets/**")
    assert private_glob(data.draw(disguised(path)), globs) == private_glob(path, globs) is not None


@pytest.mark.parametrize(
    "path", ["．env", ".еnv", ".e\u200bnv", "%2eenv", "%252Eenv", "\\x2eenv", ".\\env", ".e\\nv", " .env "]
)
def test_a_path_is_private_however_it_is_spelled(path: str) -> None:
    assert private_glob(path, (".env",)) == ".env"


@given(st.text())
def test_masking_any_text_leaves_nothing_to_mask(text: str) -> None:
    once = masked(text)
    assert masked(once) == once
    assert (findings(text) == ()) == (once == text)


@given(st.text(alphabet="aе\u200b％%2e\\x41\n \t&#;ｇhp_", max_size=80))
def test_every_reading_knows_where_its_characters_come_from(text: str) -> None:
    for view in normalize.readings(text):
        for at in range(len(view.text)):
            start, end = view.origin(at, at + 1)
            assert 0 <= start < end <= len(text)
        assert view.origin(0, len(view.text))[1] <= len(text) if view.text else True


@pytest.mark.parametrize("size", [40_000, by_night(200_000)])
def test_a_long_text_of_beginnings_is_read_to_its_end(size: int) -> None:
    for piece in ("-----BEGIN PRIVATE " + "KEY-----", "eyJ-", "sk-ant-", "password=", "://a:", " \\", "\n" + " " * 50):
        text = piece * (size // len(piece)) + " " + TOKENS["token of GitHub"]
        assert "token of GitHub" in {each.kind for each in findings(text)} or private_text(text)


def test_the_table_of_look_alikes_holds_no_ascii() -> None:
    assert not [char for char in normalize._ALIKE if char.isascii()]
    assert all(re.fullmatch(r"[!-~]", char) for char in normalize._ALIKE.values())
    assert privacy.MASK == "[secret: "


def test_a_secret_that_another_one_hid_is_masked_too() -> None:
    glued = "AIza" + "Ab3dE6gH9jK2mN5pQ8sT1vW4xY7zAb3dE6g" + "gho_" + "Ab3dE6gH9jK2mN5pQ8sT1vW4xY7zAb3dE6gH"
    once = masked(glued)
    assert "gho_" not in once
    assert masked(once) == once


def test_a_text_of_ascii_can_hold_no_name_of_another_script() -> None:
    assert all(map(str.isascii, spoken_passwords.NAMES))
    assert [stem for stem in spoken_passwords.stems_elsewhere() if stem.isascii()] == []


@pytest.mark.parametrize("name", ["contraseña", "hasło", "mật khẩu", "Lösenordet", "şifre", "slaptažodis"])
def test_a_name_with_accents_is_known_as_it_is_read(name: str) -> None:
    assert straight_text(name).lower() in spoken_passwords.NAMES
