"""Calls that a model wrote as text are found in every form. An answer that shows one stays as it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.examples import examples
from tests.runners.answers.families import ALSO, BREAK, FAMILIES, READ, UNREADABLE, WORDS, E, J

from profile_router.runners.answers.text_calls import Fits, asks_to_see_calls, text_calls
from profile_router.runners.answers.thoughts import without_thoughts


def takes(*needed: str) -> Callable[[Mapping[str, Any]], bool]:
    return lambda arguments: set(needed) <= set(arguments)


OFFERED: Mapping[str, Fits] = {
    "list_files": takes(),
    "read_file": takes("path"),
    "write_file": takes("path", "content"),
    "edit_file": takes("path", "old", "new"),
}


@pytest.mark.parametrize("family", FAMILIES)
def test_the_calls_of_every_family_are_read(family: str) -> None:
    found = text_calls(without_thoughts(FAMILIES[family]), OFFERED)
    assert found is not None
    assert found.why == ""
    assert [{"name": call.name, "arguments": call.arguments} for call in found.calls] == ALSO.get(family, [READ])


@pytest.mark.parametrize("family", FAMILIES)
def test_no_token_of_a_template_is_left_in_the_preamble(family: str) -> None:
    found = text_calls(without_thoughts(FAMILIES[family]), OFFERED)
    assert found is not None
    assert not set(found.preamble) & set("<>{}[]|")


@pytest.mark.parametrize("text", UNREADABLE.values(), ids=UNREADABLE)
def test_what_looks_like_a_call_and_cannot_be_carried_out_says_why(text: str) -> None:
    found = text_calls(text, OFFERED)
    assert found is not None
    assert (found.calls, bool(found.why)) == ((), True)


@pytest.mark.parametrize("text", WORDS.values(), ids=WORDS)
def test_an_answer_in_words_is_not_a_call(text: str) -> None:
    assert text_calls(text, OFFERED) is None


def test_a_short_preamble_goes_along_and_a_long_one_makes_it_no_whole_call() -> None:
    found = text_calls(f"I look first.\n\n<tool_call>{J}</tool_call>", OFFERED)
    assert found is not None
    assert (found.preamble, len(found.calls)) == ("I look first.", 1)
    long = text_calls(f"{'I look first. ' * 60}<tool_call>{J}</tool_call>", OFFERED)
    assert long is not None
    assert long.why == "other text stands around it"


@pytest.mark.parametrize("closing", ["</parameter>", "</tool_call>", "</function>"])
def test_a_tag_may_stand_in_an_argument(closing: str) -> None:
    inner = f"x = '{closing}'"
    text = (
        "<tool_call>\n<function=write_file>\n<parameter=path>\na.py\n</parameter>\n"
        f"<parameter=content>\n{inner}\n</parameter>\n</function>\n</tool_call>"
    )
    found = text_calls(text, OFFERED)
    assert found is not None
    assert [call.arguments for call in found.calls] == [{"path": "a.py", "content": inner}]


def test_a_fence_may_stand_in_an_argument() -> None:
    text = '```json\n{"name": "write_file", "arguments": {"path": "a.md", "content": "Run:\n```\nmake\n```\n"}}\n```'
    found = text_calls(text, OFFERED)
    assert found is not None
    assert [call.arguments["content"] for call in found.calls] == [f"Run:{BREAK}```{BREAK}make{BREAK}```{BREAK}"]


def test_more_calls_than_one_answer_may_hold_are_not_carried_out() -> None:
    found = text_calls("\n".join([J] * 100), OFFERED)
    assert found is not None
    assert found.calls == ()


@pytest.mark.parametrize(
    "goal",
    [
        "Show me an example tool call for read_file",
        "How would you call edit_file to fix a typo?",
        "Explain the syntax of function calling in Hermes",
        "What does a tool call look like?",
    ],
)
def test_a_goal_that_asks_how_calls_look_is_known(goal: str) -> None:
    assert asks_to_see_calls(goal, OFFERED)


@pytest.mark.parametrize(
    "goal", ["Fix add in a.py", "Use edit_file on a.py", "Explain a.py", "Correct the example in README.md", ""]
)
def test_another_goal_is_not(goal: str) -> None:
    assert not asks_to_see_calls(goal, OFFERED)


PIECES = [
    *FAMILIES.values(),
    *UNREADABLE.values(),
    *WORDS.values(),
    "{",
    "[",
    '"',
    "```",
    "<tool_call>",
    "\n",
    "\\",
    "(",
]


@examples(150)
@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=20), max_size=6), st.integers(0, 200))
def test_whatever_is_written_nothing_is_raised(pieces: list[str], cut: int) -> None:
    text = "".join(pieces)[cut:]
    found = text_calls(without_thoughts(text), OFFERED)
    assert found is None or bool(found.calls) != bool(found.why)


@pytest.mark.parametrize(
    "text",
    [
        *("{" * 100_000, "{\n" * 50_000, "<tool_call>" * 5_000, '"\\"' * 50_000, "```\n" * 20_000, "`" * 100_000),
        *("[" * 50_000 + "]" * 50_000, "read_file(" * 9_000, "[" + "-" * 40_000, "a." * 20_000 + "b()", "a\\d" * 9_000),
        *("<tool_call>a<arg_key>" * 5_000, "<function=a><parameter=b>" * 5_000, "[TOOL_CALLS]" * 5_000, E[:-9] * 900),
    ],
)
def test_a_long_hostile_text_is_read_to_its_end(text: str) -> None:
    found = text_calls(without_thoughts(text), OFFERED)
    assert found is None or not found.calls
