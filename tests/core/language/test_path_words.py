import pytest
from hypothesis import given
from hypothesis import strategies as st

from profile_router.core.language.path_words import PathWord, path_words

WRAPPERS = ("{}", "{}.", "{},", "{};", "{}:", "{}!", "{}?", "({})", "[{}]", "<{}>", "`{}`", "'{}'", '"{}"', "“{}”",
            "**{}**", "*{}*", "~~{}~~", "{}'s", "({}).", "`{}`,", "see:{}", "file={}", "@{}", "{}:12", "{}:12:5",
            "{}::test_x", "{}#L10-L20", "- {}", "> {}", "->{}", "[text]({})", "![alt]({} \"title\")", "\t{}\n",
            "{}…", "「{}」", "./{}", "a.txt,{},b.txt", "\u200b{}\u200b", "{}(12,3)")  # fmt: skip


def words(text: str) -> list[str]:
    return [word.text for word in path_words(text)]


@pytest.mark.parametrize("path", ["src/http.py", "deploy/.env", ".env.local", "tests/**/*.py", "a-b_c/d+e.tar.gz"])
@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_a_path_is_found_whatever_writing_puts_around_it(wrapper: str, path: str) -> None:
    assert path in words(f"Please fix {wrapper.format(path)} today")


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("src\\api\\app.py", "src/api/app.py"),
        ("C:\\repo\\src\\app.py:3", "/repo/src/app.py"),
        ("app/[id]/page.tsx", "app/[id]/page.tsx"),
        ("app/(shop)/page.tsx", "app/(shop)/page.tsx"),
        ("src/**/*.{ts,tsx}", "src/**/*.{ts,tsx}"),
        ("`docs/my file.md`", "docs/my file.md"),
        ("src//api/./app.py", "src/api/app.py"),
        ("修改deploy/.env里的密钥", "deploy/.env"),
        ("打开id_rsa文件", "id_rsa"),
        ("MODE=.env.production", ".env.production"),
        ("the Makefile", "Makefile"),
        ("file:///srv/.env", "/srv/.env"),
        ("src/api/", "src/api/"),
    ],
)
def test_a_path_is_read_as_it_was_meant(text: str, word: str) -> None:
    assert word in words(text)


@pytest.mark.parametrize(
    "text",
    ["plain words only", "https://example.com/src/http.py", "(https://example.com/.env)", "ssh://git@host/.env",
     "data:image/png;base64,iVBORw0KGgo/AAAenv+A==", "! ? ... `` '' ()", ""],
)  # fmt: skip
def test_prose_urls_and_data_are_not_paths(text: str) -> None:
    assert words(text) == []


def test_a_word_is_marked_only_where_it_stands_alone_in_quotes() -> None:
    assert path_words("run `build` and 'src/a.py', not src/b.py") == (
        PathWord("build", marked=True),
        PathWord("src/a.py", marked=True),
        PathWord("src/b.py"),
    )


def test_each_word_comes_once_and_in_order() -> None:
    assert words("b/x.py a/x.py b/x.py `a/x.py`") == ["b/x.py", "a/x.py"]


@given(st.text(alphabet=st.characters(codec=None), max_size=300))
def test_any_text_has_its_words(text: str) -> None:
    for word in path_words(text):
        assert word.text.strip() == word.text != ""
        assert "\\" not in word.text


@given(st.text(alphabet="ab./\\*[](){}`'\"<>:;,#@!?~_-= \n", max_size=200))
def test_any_punctuation_has_its_words(text: str) -> None:
    assert all("//" not in word for word in words(text))


@pytest.mark.parametrize(
    "piece", ["[", "`", "(a)/", "{a,", "*a", "![", "](", "'a ", '"a', "data:image/png;base64,", "a.b."]
)
def test_a_long_hostile_text_is_read_once(piece: str) -> None:
    assert isinstance(path_words(piece * 20_000), tuple)
