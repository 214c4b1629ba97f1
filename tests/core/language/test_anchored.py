"""An anchored expression answers as the plain one, and is compiled only where it may match."""

import importlib
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.examples import examples

from profile_router.core.language import anchored
from profile_router.core.language.anchored import Anchored, literals_of
from profile_router.core.language.globs import glob_regex
from profile_router.core.privacy import findings as privacy
from profile_router.policies.file import SHIPPED, read_policy

ROOT = Path(__file__).resolve().parents[3]
POLICY = read_policy(SHIPPED)


def _named() -> dict[str, Anchored]:
    """Return every anchored expression that a module of the product names."""
    found: dict[str, Anchored] = {}
    for path in sorted((ROOT / "skill" / "profile_router").rglob("*.py")):
        if "Anchored(" in path.read_text():
            name = ".".join(path.relative_to(ROOT / "skill").with_suffix("").parts)
            values = vars(importlib.import_module(name)).items()
            found |= {
                f"{name}.{key}": value for key, value in values if isinstance(value, Anchored) and value.anchors != ()
            }
    return found


def _all_private_paths() -> Anchored:
    together = privacy._any_of(POLICY.private_paths)
    assert together is not None
    return together


NAMED = _named()
RECORDED = [
    line
    for path in (
        "README.md",
        "SECURITY.md",
        "tests/core/language/kind_samples.py",
        "tests/core/privacy/secret_samples.py",
    )
    for line in (ROOT / path).read_text().splitlines()
] + re.split(r"\n\s*\n", (ROOT / "CHANGELOG.md").read_text())
PATHS = st.sampled_from([word for line in RECORDED for word in line.split()]) | st.text("./_-abcdeknpsty", max_size=40)
GLOBS = [regex for glob in POLICY.private_paths if (regex := glob_regex(glob)) and regex.literals] + [
    _all_private_paths()
]
ANY_TEXT = st.one_of(st.text(), st.sampled_from(RECORDED), st.text("abeiknost İıſK.,:!/\\%&-(){}[]\n…", max_size=60))


def _unused(one: Anchored) -> Anchored:
    """Return *one* as it is before its first use; its literals are not looked for again."""
    return Anchored(one.pattern, one.literals, one.flags)


def _answers(one: Anchored | re.Pattern[str], text: str, start: int) -> list[object]:
    spans = [found and found.span() for found in (one.search(text, start), one.match(text, start), one.fullmatch(text))]
    found = [(each.span(), each.groups()) for each in one.finditer(text, start)]
    return [spans, found, one.sub("", text)]


def test_the_expressions_of_the_product_are_all_found() -> None:
    names = {name.rpartition(".")[2] for name in NAMED}
    assert {"_REQUESTED", "_OPAQUE", "_ESCAPE", "_ELSEWHERE", "_DATA_URL", "_MASK"} <= names


@pytest.mark.parametrize("name", NAMED)
def test_no_recorded_text_is_answered_otherwise_than_by_the_expression_itself(
    name: str, request: pytest.FixtureRequest
) -> None:
    plain = NAMED[name].compiled
    part = slice(None) if request.config.getoption("--nightly") else slice(list(NAMED).index(name) % 3, None, 3)
    for text in RECORDED[part]:
        assert _answers(_unused(NAMED[name]), text, 0) == _answers(plain, text, 0), text


@pytest.mark.parametrize("name", NAMED)
def test_no_text_is_answered_otherwise_than_by_the_expression_itself(name: str) -> None:
    plain = NAMED[name].compiled

    @examples(40)
    @given(
        before=ANY_TEXT,
        match=st.from_regex(plain),
        after=ANY_TEXT,
        change=st.sampled_from(CHANGES),
        at=st.integers(0, 9),
    )
    def check(before: str, match: str, after: str, change: str, at: int) -> None:
        text = before + getattr(str, change)(match) + after
        start = at if at < 5 else len(before)
        assert _answers(_unused(NAMED[name]), text, start) == _answers(plain, text, start)

    check()


@given(st.sampled_from(GLOBS).flatmap(lambda one: st.tuples(st.just(one), PATHS | st.from_regex(one.compiled))))
def test_no_path_is_answered_otherwise_than_by_the_glob_itself(found: tuple[Anchored, str]) -> None:
    regex, path = found
    assert _answers(_unused(regex), path, 0) == _answers(regex.compiled, path, 0)


CHANGES = ("__str__", "upper", "lower", "swapcase")


def test_no_character_counts_for_a_letter_but_those_that_are_known() -> None:
    """What `re` takes for an ASCII letter where case does not count, `lower` finds, but for four."""
    letters = re.compile("[a-z]", re.IGNORECASE)
    every = "".join(map(chr, range(0x110000)))
    taken = {char for char in letters.findall(every) if not ("a" <= char.lower() <= "z")}
    assert taken >= {"\N{LATIN SMALL LETTER LONG S}"}
    assert taken <= {*anchored._OF_NO_CASE}


def test_a_text_without_an_anchor_compiles_nothing() -> None:
    one = Anchored(r"colou?r\b", anchors=("colo",), flags=re.IGNORECASE)
    assert one.search("a text of another kind") is None
    assert "compiled" not in vars(one)
    assert one.search("the COLOR") is not None
    assert "compiled" in vars(one)


def test_a_long_text_is_not_looked_through_again_for_each_place() -> None:
    one = Anchored("abc", anchors=("abc",))
    assert one.match("x" * 10_000, 5) is None
    assert "compiled" in vars(one)


def test_expressions_are_equal_whether_compiled_or_not() -> None:
    one = Anchored("abc")
    assert one.search("abc")
    assert one == Anchored("abc")
    assert hash(one) == hash(Anchored("abc"))


ATOMS = st.sampled_from(
    ["lint", "re-?do", r"\.", "[ab]c", r"\w+", ".", r"\bfix", "a{2,3}b", r"\x41b", "(?=x)x", "$", "^k"]
)
PATTERNS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map("".join),
        st.lists(inner, min_size=1, max_size=3).map("|".join).map("(?:{})".format),
        st.tuples(inner, st.sampled_from(["?", "*", "+", "{0,2}", "{2}", "+?", "*+"])).map("(?:{0[0]}){0[1]}".format),
        inner.map("(?P<gap>{})?".format).filter(lambda one: one.count("(?P<") == 1),
    ),
    max_leaves=6,
).filter(lambda one: one.count("(?P<") < 2)
OF_KINDS = [pattern for _, patterns in POLICY.kinds.kinds for pattern in patterns]


@given(PATTERNS.flatmap(lambda one: st.tuples(st.just(one), st.from_regex(one))))
def test_each_match_holds_one_of_the_literals_that_were_found_in_its_expression(found: tuple[str, str]) -> None:
    pattern, text = found
    literals = literals_of(pattern)
    for match in re.finditer(pattern, text):
        assert not literals or any(one in text[match.start() :] for one in literals), (literals, match)


@pytest.mark.parametrize("pattern", OF_KINDS, ids=[str(number) for number in range(len(OF_KINDS))])
def test_each_kind_of_work_is_looked_for_by_literals_that_its_matches_hold(pattern: Anchored) -> None:
    assert pattern.literals == literals_of(pattern.pattern) != ()
    for text in RECORDED:
        lowered = text.lower()
        assert (_unused(pattern).match(lowered) is None) == (pattern.compiled.match(lowered) is None)


WRITTEN_OUT = [
    NAMED[f"profile_router.{name}"]
    for name in (
        *("core.language.clauses._REQUESTED", "core.language.kinds._LIGHT_VERB", "core.language.path_words._ELSEWHERE"),
        *("workspace.images._DATA_URL", "workspace.images._TARGET"),
    )
]


@pytest.mark.parametrize("one", WRITTEN_OUT, ids=lambda one: one.pattern[:10])
def test_literals_that_are_written_out_are_in_those_of_the_expression(one: Anchored) -> None:
    found = literals_of(one.pattern)
    assert found
    assert one.anchors
    assert [literal for literal in found if not any(anchor in literal.lower() for anchor in one.anchors)] == []


@given(st.sampled_from(OF_KINDS).flatmap(lambda one: st.tuples(st.just(one), st.from_regex(one.compiled), ANY_TEXT)))
def test_no_clause_is_answered_otherwise_than_by_the_kind_itself(found: tuple[Anchored, str, str]) -> None:
    pattern, match, after = found
    for text in (match + after, after + match, match.upper()):
        assert _answers(_unused(pattern), text, 0) == _answers(pattern.compiled, text, 0)


@pytest.mark.parametrize(
    "pattern", ["(?i)lint", "(?#note)lint", "(a)?(?(1)b|c)", "(?P<a>x)(?P=a)", "a|", "(?:fix)?", ""]
)
def test_what_is_not_read_has_no_literals(pattern: str) -> None:
    assert literals_of(pattern) == ()
