import pytest
from hypothesis import given
from hypothesis import strategies as st

from profile_router.core.language.mentions import Mentions, files_of_glob, may_name_files, mentions
from profile_router.core.language.path_words import path_words

TRACKED = tuple(sorted([
    "3.11", "Makefile", "and/or.py", "app/[id]/page.tsx", "docs/my file.md", "docs/3.11/index.md", "example.com",
    "src/api/app.py", "src/api/util.py", "src/http.py", "src/api0.py", "tests/test_a.py", "tests/unit/test_b.py",
    "tools/run", "vendor/example.com/x.go", "web/a.ts", "web/b.tsx", *(f"p{number}/__init__.py" for number in range(6)),
    *(f"p{number}/five.py" for number in range(5)),
]))  # fmt: skip


def named(text: str, inside: str = "") -> Mentions:
    return mentions(path_words(text), TRACKED, root="/repo", inside=inside, text=text)


@pytest.mark.parametrize(
    ("text", "singles"),
    [
        ("Fix src/http.py.", ["src/http.py"]),
        ("Fix http.py", ["src/http.py"]),
        ("Fix api/app.py", ["src/api/app.py"]),
        ("Fix /repo/src/http.py", ["src/http.py"]),
        ("Fix src/../src/http.py", ["src/http.py"]),
        ("Fix app/[id]/page.tsx", ["app/[id]/page.tsx"]),
        ("the Makefile", ["Makefile"]),
        ("`docs/my file.md`", ["docs/my file.md"]),
        ("the file `3.11`", ["3.11"]),
        ("five.py", [f"p{number}/five.py" for number in range(5)]),
        ("src/http.py and http.py:3", ["src/http.py"]),
    ],
)
def test_a_path_or_the_end_of_one_names_its_tracked_file(text: str, singles: list[str]) -> None:
    assert named(text) == Mentions(singles=tuple(singles))


@pytest.mark.parametrize(
    "text",
    ["python 3.11, v3.11 or 3.x", "see example.com", "example.com/x.go", "e.g. this and/or that", "src/nope.py",
     "nope.py", "run the build", "`run`", "/etc/passwd", "../repo2/src/http.py", "/other/src/http.py", "p.py",
     "Accept: */*", "a*b", "**kwargs", "text/*", "ttp.py", "tests", "src/htt", ""],
)  # fmt: skip
def test_what_only_looks_like_a_path_leaves_no_trace(text: str) -> None:
    assert named(text) == Mentions()


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("all of tests/**/*.py", ["tests/test_a.py", "tests/unit/test_b.py"]),
        ("every test_*.py", ["tests/test_a.py", "tests/unit/test_b.py"]),
        ("web/*.{ts,tsx}", ["web/a.ts", "web/b.tsx"]),
        ("src/api/ needs types", ["src/api/app.py", "src/api/util.py"]),
        ("types for src/api please", ["src/api/app.py", "src/api/util.py"]),
        ("types for api/", ["src/api/app.py", "src/api/util.py"]),
        ("src/a*/", ["src/api/app.py", "src/api/util.py"]),
    ],
)
def test_a_glob_or_a_folder_stands_for_its_tracked_files(text: str, paths: list[str]) -> None:
    assert named(text) == Mentions(grouped=tuple(paths))


def test_a_name_that_many_files_share_names_none_of_them_and_says_so() -> None:
    assert named("__init__.py") == Mentions(
        notes=("__init__.py (named) is the name of 6 files: none of them is counted",)
    )


def test_the_current_folder_comes_before_the_root() -> None:
    tracked = ("a.py", "src/a.py")
    assert mentions(path_words("a.py"), tracked, root="/repo", inside="src").singles == ("src/a.py",)
    assert mentions(path_words("../a.py"), tracked, root="/repo", inside="src").singles == ("a.py",)
    assert mentions(path_words("src/a.py"), tracked, root="/repo", inside="src").singles == ("src/a.py",)


def test_a_workspace_at_the_top_of_the_file_system_is_one_too() -> None:
    assert mentions(path_words("/srv/a.py"), ("srv/a.py",), root="/").singles == ("srv/a.py",)


@pytest.mark.parametrize(
    ("text", "may"), [("Fix the 3.11 bug", False), ("Fix a.py", True), ("look into src/api", True)]
)
def test_only_a_word_that_may_be_a_path_is_worth_a_listing(text: str, may: bool) -> None:
    assert may_name_files(path_words(text)) is may


@given(st.text(max_size=200))
def test_any_text_names_tracked_files_only(text: str) -> None:
    found = named(text)
    assert set(found.singles) <= set(TRACKED)
    assert set(found.grouped) <= set(TRACKED)


FOLDERS = st.lists(st.sampled_from(["a", "b", "a0", "b-", "a.b"]), min_size=1, max_size=3).map("/".join)


@given(st.sets(FOLDERS, max_size=10), FOLDERS)
def test_a_folder_holds_exactly_what_lies_below_it(folders: set[str], folder: str) -> None:
    tracked = sorted({f"{one}/x.py" for one in (*folders, folder)})
    found = mentions(path_words(f"{folder}/"), tracked, root="/repo")
    assert found == Mentions(grouped=tuple(path for path in tracked if path.startswith(f"{folder}/")))


def test_a_glob_without_a_slash_holds_in_every_folder() -> None:
    assert files_of_glob("*.ts", TRACKED) == ("web/a.ts",)


def test_a_glob_that_ends_in_a_slash_holds_what_lies_below() -> None:
    assert files_of_glob("src/a*/", TRACKED) == ("src/api/app.py", "src/api/util.py")
