import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from profile_router.core.language.globs import expand_braces, glob_regex

PATHS = ("a.py", "src/a.py", "src/api/b.py", "src/api/v1/c.py", "src/api/v1/c.ts", "tests/test_a.py", "app/[id]/x.tsx")


@pytest.mark.parametrize(
    ("glob", "matched"),
    [
        ("a.py", {"a.py"}),
        ("*.py", {"a.py"}),
        ("src/*.py", {"src/a.py"}),
        ("src/**/*.py", {"src/a.py", "src/api/b.py", "src/api/v1/c.py"}),
        ("**/*.ts", {"src/api/v1/c.ts"}),
        ("**/api/**/c.*", {"src/api/v1/c.py", "src/api/v1/c.ts"}),
        ("src/**", {"src/a.py", "src/api/b.py", "src/api/v1/c.py", "src/api/v1/c.ts"}),
        ("**", set(PATHS)),
        ("**/**/b.py", {"src/api/b.py"}),
        ("src/api/v?/c.py", {"src/api/v1/c.py"}),
        ("src/api/v[0-9]/c.py", {"src/api/v1/c.py"}),
        ("src/api/v[!0-9]/c.py", set()),
        ("*/test_*.py", {"tests/test_a.py"}),
        ("src?a.py", set()),
        ("src[!x]a.py", set()),
        ("app/[[]id]/x.tsx", set()),
        ("", set()),
    ],
)
def test_a_glob_matches_whole_paths_part_by_part(glob: str, matched: set[str]) -> None:
    regex = glob_regex(glob)
    assert regex is not None
    assert {path for path in PATHS if regex.match(path)} == matched


@pytest.mark.parametrize("glob", ["[z-a].py", "x" * 2_000])
def test_a_glob_that_makes_no_sense_is_none(glob: str) -> None:
    assert glob_regex(glob) is None


@pytest.mark.parametrize(
    ("glob", "spelled"),
    [
        ("a.py", ("a.py",)),
        ("*.{ts,tsx}", ("*.ts", "*.tsx")),
        ("{a,b}/{c,}", ("a/c", "a/", "b/c", "b/")),
        ("{a}", ("{a}",)),
        ("{a,b", ("{a,b",)),
    ],
)
def test_braces_are_spelled_out(glob: str, spelled: tuple[str, ...]) -> None:
    assert expand_braces(glob) == spelled


@given(st.integers(2, 12))
def test_braces_never_explode(pairs: int) -> None:
    assert 2 <= len(expand_braces("{a,b}" * pairs)) <= 64


@given(st.text(alphabet="ab*?[]!-/{},.\\^", max_size=40), st.text(alphabet="ab/.[", max_size=40))
@example(glob="[!a---z]", path="b")  # three dashes in a set: a difference of sets, to a later `re`
def test_any_glob_is_read_or_refused(glob: str, path: str) -> None:
    for one in expand_braces(glob):
        regex = glob_regex(one)
        found = None if regex is None else regex.match(path)
        assert found is None or found.group() == path


@given(st.lists(st.text(alphabet="abc._ -é", min_size=1, max_size=6), min_size=1, max_size=6))
def test_a_path_without_wildcards_matches_itself_and_what_stands_for_its_parts(parts: list[str]) -> None:
    path = "/".join(parts)
    for glob in (
        path,
        "/".join("*" * len(parts)),
        "**",
        f"**/{parts[-1]}",
        f"{parts[0]}/**/{path}"[len(parts[0]) + 1 :],
    ):
        regex = glob_regex(glob)
        assert regex is not None
        assert regex.match(path), glob


@pytest.mark.parametrize("glob", ["*a" * 60 + "*b", "/".join(["**", "a"] * 40) + "/b", "**/" * 60 + "b"])
def test_a_hostile_glob_is_answered_at_once(glob: str) -> None:
    regex = glob_regex(glob)
    assert regex is not None
    assert regex.match("/".join(["a" * 250] * 3 + ["a"] * 200)) is None
