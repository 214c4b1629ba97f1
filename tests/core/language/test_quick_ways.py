"""What is looked for in a quick way is found as by the plain one: each beside its expression."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.examples import examples

from profile_router.core.language import clauses, phrases, plain_text, scope, sizes
from profile_router.core.language.anchored import Anchored
from profile_router.core.language.starts import starts_of
from profile_router.policies.file import SHIPPED, read_policy

PHRASES, KINDS = read_policy(SHIPPED).phrases, read_policy(SHIPPED).kinds
EMPHASIS = re.compile(r"\*\*|(?<!\w)\*(?=\w)|(?<=\w)\*(?!\w)|^#+ ", re.MULTILINE)
WORDS = (  # noqa: SIM905 - a text in words
    "the cache etc. vs. don't read-only 30 e.g. x--y a_b f() www.x http://x/y 'it' \"so\" `c` <!-- --> <a> ~~~ ``` > $ @ % "
    "task: To-do: next : need: and, but then , — - … ; ! ? . ( ) [ ] # * ** please could you a) 1. fix: feat(x): "
    "two hundred dozen two-ten ten files é ſure K İ Ω api refactor lint bitte 请你 l'architecture \x1c \x85 \u2028 \xa0 \t"
).split(" ")
TEXT = st.lists(st.sampled_from(WORDS) | st.text(max_size=3), max_size=14).flatmap(
    lambda words: st.lists(st.sampled_from(["", " ", " ", "\n"]), min_size=len(words), max_size=len(words)).map(
        lambda gaps: "".join(part for both in zip(words, gaps, strict=True) for part in both)
    )
)
SPACES = re.compile(r"[^\S\n]*\n[^\S\n]*|[^\S\n]+")
WRAPPED = re.compile(r"^([^\n]{60,}[^\n.!?:;])\n(?=[a-z])", re.MULTILINE)
SENTENCE_END = re.compile(
    r"[.!?]+(?=[\s)]|$)|\n|;|\s[—–-]{1,2}\s|—"
    r"|\b(?:tasks?|goals?|to-?do|following|steps?|need|want|things?|request|job|ask|please|objective|this|next)\s*:\s"
)
JOINT = re.compile(
    r"(?:\s*,\s*|\s+(?=(?:and|but|then|or|so|plus|nor|instead|please)\s))"
    r"((?:(?:and|but|then|or|so|plus|nor|also|instead|rather|finally|next|afterwards|please|just|only|simply)\b[\s,]*)*)"
    r"(?=(\S+)(?:\s+(\S+))?)"
)


@examples(150)
@given(TEXT)
def test_what_is_opaque_is_what_the_expression_says(text: str) -> None:
    compiled = plain_text._SAID_OR_OPAQUE.compiled
    assert compiled.sub(lambda found: found["said"] or "…", text) == plain_text._OPAQUE.compiled.sub("…", text)


@examples(100)
@given(TEXT, st.integers(0, 70))
def test_blanks_and_wrapped_lines_are_those_of_the_expressions(text: str, times: int) -> None:
    text = text.replace("cache", "cache" * times)
    spaced = SPACES.sub(lambda gap: "\n" if "\n" in gap.group() else " ", text)
    plain = "\n".join(spaced.splitlines()).strip()
    assert "\n".join([" ".join(line.split()) for line in text.split("\n")]).strip() == plain
    assert plain_text._unwrapped(plain) == WRAPPED.sub(r"\1 ", plain)


@examples(150)
@given(TEXT)
def test_sentences_and_joints_are_those_of_the_expressions(text: str) -> None:
    assert clauses._sentences(text) == SENTENCE_END.split(text)
    for sentence in SENTENCE_END.split(text):
        told = [(found.span(), found.groups()) for found in JOINT.finditer(sentence)]
        assert [(found.span(), found.groups()) for found in clauses._JOINT.finditer(sentence)] == told
        if "," not in sentence and clauses._JOINING.isdisjoint(sentence.split()):
            assert told == []


@examples(100)
@given(st.from_regex(clauses._REQUESTED.compiled) | st.from_regex(clauses._LEAD_IN.compiled) | st.sampled_from(WORDS))
def test_no_lead_in_begins_otherwise_than_is_known(text: str) -> None:
    for at in range(min(len(text), 8)):
        led = clauses._REQUESTED.compiled.match(text, at) or clauses._LEAD_IN.compiled.match(text, at)
        word = clauses._WORD.match(text, at)
        if led or (word and word[0].lower() in clauses.LEADS):
            assert clauses._may_lead_in(text[at : at + 2])


@examples(80)
@given(
    TEXT.map(str.lower), st.sampled_from([one for _, kinds in PHRASES.languages for _, each in kinds for one in each])
)
def test_a_phrase_is_looked_for_wherever_it_matches(text: str, one: Anchored) -> None:
    for said in (text, f"{one.literals[0]} {text}", f"{text}\n1.{one.literals[0]} {text}"):
        tried = {each for _, kinds in PHRASES.that_may_match_in(said).languages for _, some in kinds for each in some}
        for clause in said.split("\n"):
            asked = phrases._asked(clause)
            found = phrases._POLITE.match(clause)
            assert asked == (clause[found.end() :] if found else clause)
            assert one in tried or one.compiled.match(asked) is None


OF_KINDS = [(kind, one) for kind, each in KINDS.kinds for one in each]
VERBS = "review find security api design migrate split lint run fix format rename update bump add the an be summary a".split()  # noqa: SIM905


@examples(50)
@given(TEXT.map(str.lower), st.lists(st.sampled_from(VERBS), max_size=3), st.sampled_from(OF_KINDS))
def test_an_expression_of_a_kind_is_looked_for_wherever_it_matches(
    text: str, before: list[str], kind: tuple[str, Anchored]
) -> None:
    for said in (text, " ".join([*before, *kind[1].literals[:1], text])):
        looked_for = [*KINDS.that_may_match(said)]
        assert looked_for == [each for each in OF_KINDS if each in looked_for]  # in the order of the policy
        assert [each for each in OF_KINDS if each[1].compiled.match(said) and each not in looked_for] == []


@pytest.mark.parametrize(
    ("pattern", "starts"),
    [
        ("lint", {"li"}),
        ("(?:re)?design|api[- ]doc", {"re", "de", "ap"}),
        ("re-?factor", {"re"}),
        ("(?:the |an? )*+lint", {"th", "a ", "an", "li"}),
        ("a+b", {"aa", "ab"}),
        (r"\bfix(?= it)", {"fi"}),
        (r"(?!no)(?:x{0,2}yz|\[rfc)", {"xx", "xy", "yz", "[r"}),
        (r"\w+ audit", set()),
        ("a|bc", set()),
        ("(?i)lint", set()),
        (".x", set()),
        ("[ab]c", set()),
    ],
)
def test_an_expression_begins_with_two_characters_that_can_be_told_or_anyhow(pattern: str, starts: set[str]) -> None:
    assert starts_of(pattern) == starts


PIECES = (
    "a",
    "b",
    "ab",
    "a?",
    "b*",
    "a+",
    "b{0,2}",
    "(?:a|bb)",
    "(?:ab)?",
    "(?=a)",
    "(?!b)",
    "^",
    "$",
    r"\b",
    "[ab]",
    ".",
)


@examples(50)
@given(
    st.lists(st.sampled_from((*PIECES, "|")), min_size=1, max_size=7).map("".join),
    st.text(alphabet="ab ", max_size=5),
)
def test_no_match_begins_otherwise_than_its_starts(pattern: str, text: str) -> None:
    starts = starts_of(pattern)
    assert not starts or text[:2] in starts or re.match(pattern, text) is None


@examples(50)
@given(TEXT)
def test_marks_of_emphasis_and_headings_are_those_of_one_expression(text: str) -> None:
    both = EMPHASIS.sub("", text)
    assert plain_text._EMPHASIS.sub("", plain_text._HEADING.sub("", text)) == both


@examples(50)
@given(TEXT.map(str.lower))
def test_a_language_that_is_told_at_once_is_the_one_that_all_words_tell(text: str) -> None:
    told = phrases.language_of_text(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(phrases, "_OF_ENGLISH", frozenset())
        assert phrases.language_of_text(text) == told


@examples(50)
@given(TEXT, st.sampled_from(["all files", "every", "the codebase", "whole", "across"]))
def test_a_word_of_scope_is_looked_for_wherever_its_expression_finds_one(text: str, word: str) -> None:
    for said in (text, f"Fix {word} {text}"):
        plain = plain_text.plain_text(said)
        there = plain_text.words_of_letters(plain.lower())
        for one in (
            scope._expression(("all files", "every", "whole", "across")),
            scope._object_expression(("codebase",)),
        ):
            assert one is not None
            assert scope._may_match(one, plain, there) or one.compiled.search(plain) is None


@examples(100)
@given(TEXT.map(str.lower))
def test_words_of_ascii_and_numbers_in_words_are_those_of_the_expressions(text: str) -> None:
    said = text.replace("…", " ")
    if said.isascii():
        words = {word for word in said.translate(plain_text.LETTERS).split() if len(word) > 1}
        words |= phrases._LETTERS_ALONE.intersection(said.translate(phrases._WORD_CHARS).split())
        assert words == {*phrases._LATIN_WORD.findall(text)}
    if any(found["number"].lower() in sizes._WORDS for found in sizes._STATED.compiled.finditer(text)):
        assert sizes._has_number_word(text)
