"""Text on a screen: broken between words alone, tables as columns, and never wider than the screen if words allow."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from profile_router.core.telling.layout import markdown_lines, table_lines, width_of, wrapped

TABLE = """Changed:

| file | what | why |
|:---|---|---:|
| `src/http.py` | the delay is `Settings.retry_delay_s` now | operators asked for it |
| src/a\\|b.py | nothing | - |

Done."""


@given(st.text(alphabet=" abcdé漢語-", max_size=200), st.integers(1, 80), st.integers(0, 20))
def test_wrapped_text_keeps_every_word_whole_and_in_order(text: str, width: int, indent: int) -> None:
    lines = wrapped(text, width, indent=indent)
    assert " ".join(lines).split() == text.split()
    assert all(width_of(line) <= width or len(line.split()) == 1 for line in lines)


@pytest.mark.parametrize("word", ["--tasks-json", "profile-router", "/a/very/long/path-with-hyphens/" * 4])
def test_a_word_with_hyphens_is_one_word(word: str) -> None:
    assert word in " \n ".join(wrapped(f"say it with {word} here and there again", 20)).split(" ")


def test_wide_characters_take_two_columns() -> None:
    assert width_of("漢語 é e\N{COMBINING ACUTE ACCENT}") == 4 + 1 + 1 + 1 + 1
    assert max(map(width_of, wrapped("漢語 " * 20, 21))) <= 21


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_a_markdown_table_becomes_columns_or_paragraphs(width: int) -> None:
    lines = markdown_lines(TABLE, width)
    text = "\n".join(lines)
    assert "|---" not in text.replace(" ", "")
    assert not any(line.startswith("|") for line in lines)
    assert max(map(width_of, lines)) <= width
    assert "src/a|b.py" in text
    assert set(text.split()) >= {"`src/http.py`", "`Settings.retry_delay_s`", "operators", "Done."}


def test_a_wide_screen_has_a_row_in_a_line() -> None:
    heading, first = markdown_lines(TABLE, 120)[2:4]
    assert heading.index("what") == first.index("the delay")
    assert heading.index("why") == first.index("operators")


@pytest.mark.parametrize(
    "text",
    [
        "a | b, as a shell has it",
        "```\n| a | b |\n|---|---|\n| 1 | 2 |\n```",
        "~~~~\n| a | b |\n|---|---|\n~~~\n| 1 | 2 |\n~~~~",
        "| a | b |\nis no table without a rule",
        "x\n---\ny",
        "",
    ],
)
def test_what_is_not_a_table_stays(text: str) -> None:
    assert markdown_lines(text, 80) == text.splitlines()


def test_code_between_fences_is_never_folded_and_a_point_goes_on_below_its_text() -> None:
    code = "x = " + "very_long_name + " * 10
    lines = markdown_lines(f"```\n{code}\n```\n- a point of the list that is long enough to be folded here", 44)
    assert lines[1] == code
    assert lines[3:] == ["- a point of the list that is long enough to", "  be folded here"]


def test_figures_stand_to_the_right_and_without_room_each_row_is_a_paragraph() -> None:
    rows = [("profile", "model", "in"), ("coding-local", "gemma-4-26b-q4_0", "12"), ("b", "m", "3")]
    assert table_lines(rows, 80, figures=2)[1:] == [
        "coding-local  gemma-4-26b-q4_0  12",
        "b             m                  3",
    ]
    assert table_lines(rows, 30, figures=2)[:3] == ["coding-local", "  model: gemma-4-26b-q4_0 ·", "  in: 12"]


@pytest.mark.parametrize("width", [48, 52, 60, 80])
def test_columns_begin_at_the_same_place_in_each_row_however_long_a_word_is(width: int) -> None:
    name = "security-or-api-design"
    rows = [("#", "rule", "when"), ("0", "vision", "an image or a diagram, " * 3), ("1", name, "the act " * 9)]
    lines = table_lines(rows, width)
    assert max(map(width_of, lines)) <= width
    assert {line.index("an image") for line in lines if line.startswith("0")} == {len("#  ") + len(name) + 2}
    assert [line for line in lines if line.startswith(" ") and line[: len(name) + 5].strip()] == []


def test_a_row_that_would_take_many_lines_is_a_paragraph_that_its_number_and_name_begin() -> None:
    rows = [["#", "rule", "when", "goes to"], ["3", "large-change", "a word " * 40, "coding-burst"]]
    lines = table_lines(rows, 60)
    assert lines[0] == "3 large-change"
    assert lines[1].startswith("  when: a word a word")
    assert lines[-1].endswith("goes to: coding-burst")
    assert len(lines) < 10
    assert table_lines(rows, 400)[0].split() == ["#", "rule", "when", "goes", "to"]
