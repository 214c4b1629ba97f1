"""Which kinds of work a text asks for. The patterns under test are those of the shipped policy."""

import re
from pathlib import Path
from re import _constants as parsed_as  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import cast

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from tests.core.language.kind_samples import NEAR_MISSES, POSITIVES

from profile_router.core.language.anchored import Anchored
from profile_router.core.language.kinds import KindPatterns, compile_kinds, find_kinds
from profile_router.core.language.scope import has_scope_word

POLICY = Path(__file__).parents[3] / "skill" / "profile_router" / "policies" / "default_policy.yaml"
SOURCES: dict[str, list[str]] = yaml.load(POLICY.read_text(encoding="utf-8"), yaml.CSafeLoader)["kinds"]
KINDS = compile_kinds(SOURCES)
SCOPE = ("whole", "across", "every", "all modules", "all files")
OBJECTS = ("codebase", "the repo", "the repository")


ONE_CLAUSE = [
    (text, kind) for text, kind in POSITIVES if not re.search(r"[.,:;?\n(\"'`]|\b(?:please|let)\b", text, re.I)
]


def kinds_of(text: str) -> list[str]:
    return [hit.kind for hit in find_kinds(text, KINDS)]


@pytest.mark.parametrize(("text", "kind"), NEAR_MISSES)
def test_a_word_that_occurs_is_not_the_act_asked_for(text: str, kind: str) -> None:
    assert kind not in kinds_of(text)


@pytest.mark.parametrize(("text", "kind"), POSITIVES)
def test_the_act_asked_for_is_found(text: str, kind: str) -> None:
    assert kind in kinds_of(text)


def test_the_tables_cover_every_shipped_kind() -> None:
    assert {kind for _, kind in NEAR_MISSES} == {kind for _, kind in POSITIVES} == set(SOURCES)
    assert min(len(NEAR_MISSES), len(POSITIVES)) >= 60


def test_hits_come_in_policy_order_and_quote_the_words_as_written() -> None:
    text = "Lint   the code. Then do a Security Review of src/auth.py."
    hits = find_kinds(text, KINDS)
    assert [(hit.kind, hit.quote) for hit in hits] == [("security-review", "a Security Review"), ("lint", "Lint")]


def test_a_quote_is_at_most_sixty_characters() -> None:
    (hit,) = find_kinds("Review " + "thing, " * 11 + "for vulnerabilities", KINDS)
    assert len(hit.quote) == 60
    assert hit.quote.endswith("…")


def test_light_kinds_count_only_where_no_other_work_is_asked_for() -> None:
    assert kinds_of("Lint the code, then implement the login form") == []
    assert kinds_of("Implement the login form, then lint the code") == []
    assert kinds_of("Add a cache to the client. Replace all call sites with the cached call.") == []
    assert kinds_of("Fix typos across the docs. Fix typos in the code. Then summarize them.") == [
        "summarize",
        "repetitive-edit",
    ]


def test_only_the_first_twenty_thousand_characters_count() -> None:
    act = "Refactor the parser."
    assert kinds_of("x. " * 6_000 + act) == ["refactor"]
    assert kinds_of("x. " * 7_000 + act) == []


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("refactor (the", "not a regular expression"),
        ("lint*+*", "not a regular expression"),
        ("(?:lint)?", "matches the empty text"),
        ("design .* API", "lower case"),
    ],
)
def test_a_bad_pattern_is_refused_with_its_kind_and_source(source: str, reason: str) -> None:
    with pytest.raises(ValueError, match=f"kind demo.*{re.escape(repr(source))}.*{reason}"):
        compile_kinds({"demo": [source]})


def test_the_policy_decides_what_a_kind_is() -> None:
    own = compile_kinds({"translate": [r"translate (?P<gap>(?:\S++ ){0,4}?)docs(?P<end>)"]})
    assert [hit.kind for hit in find_kinds("Please translate the docs to Dutch", own)] == ["translate"]
    assert find_kinds("Please translate the docs page title", own) == ()
    assert find_kinds("Please translate the button for docs", own) == ()
    assert find_kinds("Please translate the docs", compile_kinds({})) == ()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Refactor the whole store", "whole"),
        ("Refactor logging across the packages", "across"),
        ("Rename the class in every file", "every"),
        ("Refactor error handling in all modules", "all modules"),
        ("Refactor error handling in all of our modules", "all of our modules"),
        ("Refactor logging (every handler)", "every"),
        ("Refactor to async. It must cover the Whole package.", "Whole"),
        ("Refactor handlers across modules", "across"),
        ("Refactor the codebase to async/await", "codebase"),
        ("Refactor codebase to TypeScript", "codebase"),
        ("Refactor the frontend codebase", "codebase"),
        ("Refactor our repo into packages", "repo"),
        ("Codebase-wide refactor", "Codebase"),
    ],
)
def test_a_scope_word_says_how_far_the_work_reaches(text: str, words: str) -> None:
    assert has_scope_word(text, SCOPE, OBJECTS) == words


@pytest.mark.parametrize(
    "text",
    [
        "Refactor the parser",
        'Refactor the text "across every module"',
        "Refactor `every` in scope.py",
        "Refactor src/whole/every.py",
        "Refactor net.py only, not the whole package",
        "Refactor net.py instead of the whole package",
        "When every test passes, refactor net.py",
        "Refactor net.py. This must not touch every module",
        "Refactor the poller that runs every 5 minutes",
        "Refactor the cache so that it persists across restarts",
        "Refactor the parser. Every user complained.",
        "Refactor the parser. Every caller was slow.",
        "Refactor the wholesale module",
        "Don't refactor the whole package",
        "Refactor the parser. Run it over every module.",
        "Refactor the parser, then make sure every module imports",
        # what the code does
        "Refactor the poller that polls all files",
        "Refactor the watcher, which polls all files",
        "Refactor the watcher (polls all files)",
        "The poller polls all files. Refactor it",
        "Watcher polls all files, refactor it",
        "Refactor the watcher to poll every file",
        "Refactor polling all files",
        "Refactor the logger that writes across modules",
        # where the work is, or another thing of that name
        "Refactor the parser in our codebase",
        "Refactor the codebase's logger",
        "Refactor the user repository",
        "Refactor the repository class",
        "Don't refactor the codebase",
        'Refactor the "codebase" label',
    ],
)
def test_other_uses_of_a_scope_word_do_not_count(text: str) -> None:
    assert has_scope_word(text, SCOPE, OBJECTS) is None


def test_without_scope_words_there_is_no_scope() -> None:
    assert has_scope_word("Refactor every module", ()) is None
    assert has_scope_word("Refactor every module", (" ",)) is None


texts = st.text(max_size=300) | st.lists(
    st.sampled_from(
        [
            "refactor",
            "the",
            "lint",
            "don't",
            "and",
            "\n",
            ". ",
            ", ",
            '"',
            "'",
            "`",
            "```",
            "(",
            "…",
            "- ",
            "for",
            "security",
            "review",
            "please",
            "every",
            "https://x",
            "a/b",
            "<b>",
            "<!--",
            "İ",
            "ﷺ",
            "summarize",
            "it",
            ":",
            ";",
            "~~~",
        ]
    ),
    max_size=60,
).map(" ".join)


@given(texts)
def test_any_text_is_answered_with_at_most_one_hit_a_kind(text: str) -> None:
    found = kinds_of(text)
    assert found == [kind for kind in SOURCES if kind in found]
    assert has_scope_word(text, SCOPE) is None or text


@given(texts, st.sampled_from(["The sky is blue.", "Thanks!", "Our office moved to Porto last year."]))
def test_more_text_after_it_never_removes_a_hit(text: str, more: str) -> None:
    assert set(kinds_of(text)) <= set(kinds_of(f"{text}\n\n{more}"))


def test_a_positive_stays_one_with_other_text_around_it() -> None:
    around = "The office moved last year.\n\n{}\n\nThe build takes nine minutes."
    assert [text for text, kind in POSITIVES if kind not in kinds_of(around.format(text))] == []


@pytest.mark.parametrize("quoted", ["```\n{}\n```", "~~~text\n{}\n~~~", '"{}"', "“{}”", "«{}»", "'{}'", "‘{}’"])
def test_quoting_the_whole_text_removes_every_hit(quoted: str) -> None:
    assert [text for text, _ in POSITIVES if kinds_of(quoted.format(text))] == []


@pytest.mark.parametrize("negation", ["Don't", "Do not", "Never", "Please don't", "You must not", "We don't need to"])
def test_a_negation_before_a_clause_removes_its_hit(negation: str) -> None:
    assert len(ONE_CLAUSE) >= 30
    assert [text for text, kind in ONE_CLAUSE if kind in kinds_of(f"{negation} {text[0].lower()}{text[1:]}")] == []


def repeats(node: object, inside: int = 1) -> list[tuple[int, int, int]]:
    """List the repetitions that can backtrack: (most rounds of those around it, its maximum, length of its body)."""
    found: list[tuple[int, int, int]] = []
    for op, argument in node if isinstance(node, parser.SubPattern) else ():
        if op in (parsed_as.MAX_REPEAT, parsed_as.MIN_REPEAT):
            found += [(inside, argument[1], len(argument[2])), *repeats(argument[2], inside * min(argument[1], 10**6))]
        elif op is parsed_as.BRANCH:
            found += [hit for branch in argument[1] for hit in repeats(branch, inside)]
        elif isinstance(argument, tuple):
            found += [hit for part in argument for hit in repeats(part, inside)]
        else:
            found += repeats(argument, inside)
    return found


@pytest.mark.parametrize("source", [source for sources in SOURCES.values() for source in sources])
def test_no_shipped_pattern_can_backtrack_catastrophically(source: str) -> None:
    bounded = 1
    for around, maximum, length in repeats(parser.parse(source)):
        if maximum is parsed_as.MAXREPEAT:
            assert (around, length) == (1, 1), "an endless repetition is of one character class and inside no other"
        else:
            assert around <= 20
            bounded *= maximum + 1 if maximum > 1 else 1
    assert bounded <= 2_000, "the number of ways to place the gaps of a pattern is the work it can cost"


@pytest.mark.parametrize(
    "unit",
    ["review a ", "a, ", '"', "'", "`", "``` ", "<!--", "(", "and lint ", "a/", "please ", "\n", "the ", "don't "],
)
def test_a_pattern_and_its_literals_read_a_long_text_at_most_twice(unit: str) -> None:
    read: list[int] = []
    looked: list[int] = []

    class Counting:
        def may_match_in(self, text: str) -> bool:
            looked.append(len(text))
            return True

        def match(self, text: str) -> None:
            read.append(len(text))

    text = unit * (20_000 // len(unit))
    one = cast("Anchored", Counting())
    find_kinds(text, KindPatterns(kinds=(("demo", (one,)),), starts={"": [(0, 0)]}))
    assert len(read) <= len(text)
    assert sum(read) <= 2 * len(text)
    assert sum(looked) <= 2 * len(text)
