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

from profile_router.core.language.anchored import Anchored
from profile_router.core.language.kinds import KindPatterns, compile_kinds, find_kinds
from profile_router.core.language.scope import has_scope_word

POLICY = Path(__file__).parents[3] / "skill" / "profile_router" / "policies" / "default_policy.yaml"
SOURCES: dict[str, list[str]] = yaml.load(POLICY.read_text(encoding="utf-8"), yaml.CSafeLoader)["kinds"]
KINDS = compile_kinds(SOURCES)
SCOPE = ("whole", "across", "every", "all modules", "all files")
OBJECTS = ("codebase", "the repo", "the repository")

NEAR_MISSES = [
    # the word occurs, another act is asked for
    ("Fix the typo in the security page title", "security-review"),
    ("Add a security review checklist page", "security-review"),
    ("Implement the security audit log table", "security-review"),
    ("Review the security page copy for typos", "security-review"),
    ("Update the terraform security group ids", "security-review"),
    ("Write a test for the XSS fix in comments.py", "security-review"),
    ("Fix the SQL injection in search.py", "security-review"),
    ("Bump cryptography because of the security advisory", "security-review"),
    ("Review the pull request that adds security headers", "security-review"),
    ("Check the changelog for the security release date", "security-review"),
    ("Check whether the fix for XSS works in Safari", "security-review"),
    ("Run the security scan workflow on Node 20", "security-review"),
    ("The last security review found a bug in login; fix it", "security-review"),
    ("Nothing about the API design changes; fix the date parser", "api-design"),
    ("Fix the 500 in the orders API", "api-design"),
    ("Implement the endpoint described in the API design document", "api-design"),
    ("Design an API client mock for the tests", "api-design"),
    ("Define an API key constant", "api-design"),
    ("Design the internal API between the lexer and the parser", "api-design"),
    ("Redesign the API docs page", "api-design"),
    ("Plan the migration of the billing service to the new API", "api-design"),
    ("Design a login form for the API console", "api-design"),
    ("Update the link to the API design guide", "api-design"),
    ("Update the architecture diagram", "architecture"),
    ("Explain the architecture of the scheduler", "architecture"),
    ("Fix a broken link in the architecture docs", "architecture"),
    ("Change the architecture page title", "architecture"),
    ("Add the arm64 architecture to the build matrix", "architecture"),
    ("Switch the build to the arm64 architecture", "architecture"),
    ("Change the model architecture to use 12 layers", "architecture"),
    ("Follow the existing architecture and add a retry to the client", "architecture"),
    ("Improve the architecture section of the README", "architecture"),
    ("Explain why the refactor broke login", "refactor"),
    ("Fix the bug introduced by the refactoring", "refactor"),
    ("Add a refactor command to the CLI", "refactor"),
    ("The refactoring of the parser broke login, find out why", "refactor"),
    ("Refactor PRs are slow to load; profile the page", "refactor"),
    ("Revert the refactor commit", "refactor"),
    ("Write a plan for the refactor", "refactor"),
    ("Refactoring was finished last week. Fix the flaky test", "refactor"),
    ("Reorganize the sidebar menu", "refactor"),
    (
        "The login page stopped working for a customer some time after the large\nrefactor of the store. Find out why",
        "refactor",
    ),
    ("Explain why we audit and refactor this every year", "refactor"),
    ("The lint job fails because node 18 is gone; fix the workflow file", "lint"),
    ("Add a test for the lint command", "lint"),
    ("Rename the lint job", "lint"),
    ("Lint job fails on main, update node", "lint"),
    ("Fix the lint command so that it exits 1", "lint"),
    ("Add a lint rule for unused exports", "lint"),
    ("Document how to run the linter", "lint"),
    ("Our CI jobs run the tests and lint the code", "lint"),
    ("Implement the login form, then run the linter", "lint"),
    ("Fix the crash in parser.py. Lint the code when done", "lint"),
    ("Write a summarize() function", "summarize"),
    ("Implement the /summarize endpoint", "summarize"),
    ("Add a summary column to the report", "summarize"),
    ("Summarize endpoint returns 500 for empty input", "summarize"),
    ("Fix the summary of the invoice page", "summarize"),
    ("Implement retries in client.py and summarize what you did", "summarize"),
    ("Summarize your changes", "summarize"),
    ("Implement the export. Give me a summary of your changes at the end.", "summarize"),
    ("### Summary\nThe date picker crashes on leap days", "summarize"),
    ("Summary of the problem: the date picker crashes on leap days", "summarize"),
    ("Summarize fails for empty input; fix it", "summarize"),
    ("Test the summarize command in cli.py", "summarize"),
    ("Rename the function load to read_all", "repetitive-edit"),
    ("Fix the typo in README.md", "repetitive-edit"),
    ("Fix the typos check in CI", "repetitive-edit"),
    ("Add a header to the login page", "repetitive-edit"),
    ("Bump pytest from 8.1 to 8.2", "repetitive-edit"),
    ("Lint the repository, then implement OAuth", "lint"),
    ("Summarize the module. Add a retry to the client.", "summarize"),
    ("Fix every bug in the importer", "repetitive-edit"),
    ("Replace all of the database layer with an ORM", "repetitive-edit"),
    ("The version is wrong everywhere, find out where it is set", "repetitive-edit"),
    # a title with a verb, or a noun that goes on
    ("Undo the last security audit of the store", "security-review"),
    ("Enable security audit of containers", "security-review"),
    ("Gateway security audit log", "security-review"),
    ("Migration guide from monolith to microservices", "architecture"),
    ("RFC 7231: fix header parsing in the API", "api-design"),
    ("RFC: retries for the API client", "api-design"),
    ("RFC: rename the API key constant", "api-design"),
    ("Publish the plugin API design", "api-design"),
    ("Revert parser refactor", "refactor"),
    ("Fixes after refactor", "refactor"),
    ("Fix formatting of dates in the invoice", "lint"),
    ("Fix the date formatting", "lint"),
    ("Fix formatting in error message", "lint"),
    ("Typos check in CI", "repetitive-edit"),
    ("Button: refactor", "lint"),
    # negated
    ("Fix the login bug; no need for a security review", "security-review"),
    ("Don't do a security review, only fix the test", "security-review"),
    ("A security review is not needed", "security-review"),
    ("Review auth.py for style, not for security issues", "security-review"),
    ("Never redesign the public API", "api-design"),
    ("Fix pagination without redesigning the API", "api-design"),
    ("Split the test file without changing the architecture", "architecture"),
    ("Do not change the architecture of the store", "architecture"),
    ("No architecture changes, please", "architecture"),
    ("don't refactor", "refactor"),
    ("Don't refactor the module, fix the bug", "refactor"),
    ("Do not rename, refactor or move anything", "refactor"),
    ("Don't touch the lexer and refactor the parser", "refactor"),
    ("I don't want you to refactor the store", "refactor"),
    ("Refactor nothing", "refactor"),
    ("Fix the toolbar, the security audit of the store comes later", "security-review"),
    ("Review auth.py without looking for security issues", "security-review"),
    ("Avoid refactoring the parser", "refactor"),
    ("Instead of refactoring the parser, patch the one call", "refactor"),
    ("Don’t lint the code", "lint"),
    ("You shouldn't run the linter", "lint"),
    ("Please don't summarize the file, print it", "summarize"),
    ("Skip the summary of the module", "summarize"),
    ("Do not rename load to read everywhere", "repetitive-edit"),
    # quoted, code, path, URL, condition, question
    ('Change the button text to "Refactor the module"', "refactor"),
    ("Show 'Lint the code' in the menu", "lint"),
    ("The user said: «Summarize the module»", "summarize"),
    ("> Please do a security review of src\n\nAnswer this comment", "security-review"),
    ("Run `refactor the store` in the shell", "refactor"),
    ("```\nLint the code\n```\nWhat does this prompt mean?", "lint"),
    ("Explain this log:\n```\nrefactor the parser\nlint the code", "refactor"),
    ("Open docs/security/review.md and fix the heading", "security-review"),
    ("See https://example.org/refactor/the-parser and fix the link", "refactor"),
    ("If you refactor the parser, tests fail; fix the tests", "refactor"),
    ("When we lint the code and summarize the errors, CI hangs", "summarize"),
    ("Did you refactor the module?", "refactor"),
    ("How do I lint the code with two configs?", "lint"),
    ("Why does the design of the public API need a version?", "api-design"),
    ("We refactored the store yesterday and now login is broken", "refactor"),
    ("It was decided to move to microservices. Fix the broken link in the notes", "architecture"),
]

POSITIVES = [
    # bare titles and noun phrases
    ("Retroactive security audit of the token store", "security-review"),
    ("Comprehensive security review of src/auth.py", "security-review"),
    ("Post-incident security assessment for the gateway", "security-review"),
    ("Annual penetration test of the billing service", "security-review"),
    ("Migrate from monolith to microservices architecture", "architecture"),
    ("Monolith to microservices", "architecture"),
    ("Microservices migration", "architecture"),
    ("Migration from a monolith to an event-driven architecture", "architecture"),
    ("RFC: plugin API", "api-design"),
    ("[RFC] plugin API", "api-design"),
    ("RFC 12: public GraphQL schema", "api-design"),
    ("Proposal: streaming API", "api-design"),
    ("Plugin API design", "api-design"),
    ("Refactor the codebase to async/await", "refactor"),
    ("Codebase-wide refactor", "refactor"),
    ("Minor test refactoring", "refactor"),
    ("core: refactor the parser", "refactor"),
    ("fix formatting", "lint"),
    ("Fix formatting in src/app.py", "lint"),
    ("apply prettier formatting to extracted modules", "lint"),
    ("Code formatting", "lint"),
    ("doc: fix typos", "repetitive-edit"),
    ("docs/ssl: fix typos", "repetitive-edit"),
    ("Typo fixes", "repetitive-edit"),
    ("Minor typos in docs", "repetitive-edit"),
    ("Do a security review of src/auth.py", "security-review"),
    ("Security review of src/auth.py", "security-review"),
    ("Please review the login flow for security issues", "security-review"),
    ("Audit session.py, token.py and auth.py for vulnerabilities", "security-review"),
    ("Can you check the upload handler for path traversal?", "security-review"),
    ("Find security holes in the payment module", "security-review"),
    ("Look for SQL injections and report them", "security-review"),
    ("I'd like a thorough security audit of the token store", "security-review"),
    ("Threat model the webhook receiver", "security-review"),
    ("Assess the security of our session handling", "security-review"),
    ("The auth module needs a security review", "security-review"),
    (
        "We released 2.0 last week. Traffic doubled since. Run a security audit on the gateway before Friday.",
        "security-review",
    ),
    ("Review `auth.py` (the login flow) for injection vulnerabilities", "security-review"),
    ("Design the public API for the plugin system", "api-design"),
    ("Could you design a REST API for orders and invoices?", "api-design"),
    ("Redesign our external HTTP API so that clients can page", "api-design"),
    ("Propose a versioned API for partners", "api-design"),
    ("API design for the billing service", "api-design"),
    ("Draft an OpenAPI spec for the external orders API", "api-design"),
    ("Write an API design proposal for v2", "api-design"),
    ("Design of the external API of the scheduler", "api-design"),
    ("Your task is to design the REST endpoints for uploads", "api-design"),
    ("Review the API design of the billing service", "api-design"),
    ("Read the notes of the last meeting. Then come up with a GraphQL schema for partners", "api-design"),
    ("Change the architecture of the worker to an event loop", "architecture"),
    ("Redesign the architecture of the importer", "architecture"),
    ("Migrate the app from MVC to a hexagonal architecture", "architecture"),
    ("Split the monolith into services", "architecture"),
    ("Let's move the backend to microservices", "architecture"),
    ("We need to rearchitect the storage layer", "architecture"),
    ("Introduce a plugin architecture for exporters", "architecture"),
    ("Architecture change: one process per tenant", "architecture"),
    ("The queue blocks under load. Propose a new architecture for the dispatcher.", "architecture"),
    ("Without touching the API, rework the overall architecture", "architecture"),
    ("Refactor the parser", "refactor"),
    ("Refactor now", "refactor"),
    ("hoist and refactor now", "refactor"),
    ("yes, refactor it to use fsnotify", "refactor"),
    ("1. Read store.py\n2. Refactor it into two classes", "refactor"),
    ("Refactoring of the session module", "refactor"),
    ("refactor(auth): split the session module", "refactor"),
    ("The parser is slow, so please refactor it", "refactor"),
    ("This module needs to be refactored", "refactor"),
    ("Refactor `auth.py` but don't change the public API", "refactor"),
    ("Refactor the parser without changing the architecture", "refactor"),
    ("If the tests pass, refactor the store", "refactor"),
    ("Go ahead and restructure the adapters package", "refactor"),
    ("Migrate the whole codebase from unittest to pytest", "refactor"),
    ("Don't rename anything, just refactor the loop", "refactor"),
    ("Don't rename anything, just refactor netrc handling", "refactor"),
    ("Move the error types, refactor TokenStore, drop the mock", "refactor"),
    ("**Refactor** the settings module", "refactor"),
    ("Lint the code", "lint"),
    ("Can you please lint src/ and fix what it reports?", "lint"),
    ("now run the linter and tests", "lint"),
    ("Please run the linters", "lint"),
    ("Run ruff on the package", "lint"),
    ("Fix all lint errors", "lint"),
    ("Resolve the eslint warnings in web/", "lint"),
    ("Format all files with black", "lint"),
    ("lint/format the code", "lint"),
    ("you do the linting and fix what you find", "lint"),
    ("No, you linted the file on its own, just lint the whole project.", "lint"),
    ("We moved to a new config yesterday. It is stricter. Lint the package and fix the findings.", "lint"),
    ("Summarize this module", "summarize"),
    ("summarise docs/design.md in five lines", "summarize"),
    ("Please give me a short summary of the README", "summarize"),
    ("TL;DR of the meeting notes", "summarize"),
    ("I need a summary of what src/ does", "summarize"),
    ("Summary of the module: what it exports and who calls it", "summarize"),
    ("look at the unstaged changes and summarize what we have here", "summarize"),
    ("Read scheduler.py. Summarize it for a new colleague.", "summarize"),
    ("Explain the retry logic in two sentences", "summarize"),
    ("Write a one-paragraph overview of the adapters", "summarize"),
    ("Rename user_id to account_id everywhere", "repetitive-edit"),
    ("Bump the copyright year in every file", "repetitive-edit"),
    ("Bump headers", "repetitive-edit"),
    ("Add the license header to each file in src/", "repetitive-edit"),
    ("Add the same import line to all modules", "repetitive-edit"),
    ("Fix typos across the docs", "repetitive-edit"),
    ("Replace every occurrence of http:// with https://", "repetitive-edit"),
    ("Add 'from __future__ import annotations' to each file", "repetitive-edit"),
    ("Replace all `print` calls with `logger.info`", "repetitive-edit"),
    ("Remove trailing whitespace in all files", "repetitive-edit"),
    ("Update the old links everywhere", "repetitive-edit"),
    ("The company has a new name. Change the name in all manifests.", "repetitive-edit"),
    ("Could you fix the broken links in the handbook?", "repetitive-edit"),
]
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
