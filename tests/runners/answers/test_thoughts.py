"""The thoughts in front of an answer are taken off, closed or not; what only speaks of them stays."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.examples import examples

from profile_router.runners.answers.thoughts import without_thoughts

ANSWER = "It is done."


@pytest.mark.parametrize(
    "text",
    [
        f"<think>\nI ponder.\n</think>\n\n{ANSWER}",
        f"\n <think>I ponder.</think>{ANSWER}",
        f"<think></think>{ANSWER}",
        f"<think>one</think>\n<think>two</think>\n{ANSWER}",
        f"<thinking>I ponder.</thinking>\n{ANSWER}",
        f"<THINK>I ponder.</THINK>\n{ANSWER}",
        f"<reasoning>I ponder.</reasoning>{ANSWER}",
        f"<think>I ponder.</thinking>{ANSWER}",
        f"<seed:think>I ponder.</seed:think>{ANSWER}",
        f"I ponder.\n</think>\n\n{ANSWER}",
        f"I ponder, and more.</think>\n{ANSWER}",
        f"[THINK]I ponder.[/THINK]{ANSWER}",
        f"◁think▷I ponder.◁/think▷{ANSWER}",
        f"<|START_THINKING|>I ponder.<|END_THINKING|>{ANSWER}",
        f"<|channel>thought\nI ponder.<channel|>{ANSWER}",
        f"<|channel|>analysis<|message|>I ponder.<|end|><|start|>assistant<|channel|>final<|message|>{ANSWER}<|return|>",
        f"<|channel|>analysis<|message|>I ponder.<|end|>{ANSWER}",
        f"<|channel|>final<|message|>{ANSWER}",
        "<|channel|>commentary<|message|>I look.<|end|><|start|>assistant<|channel|>final<|message|>" + ANSWER,
        f"analysisWe ponder, at length.assistantfinal{ANSWER}",
    ],
)
def test_a_leading_thought_is_taken_off(text: str) -> None:
    assert without_thoughts(text) == ANSWER


@pytest.mark.parametrize(
    "text",
    [
        "<think>I ponder, and never end",
        "<think>",
        "<thinking>\nI ponder.\n\nIt is done.",
        "<|channel|>analysis<|message|>I ponder",
        "[THINK]I ponder",
        "<think>one</think><think>two",
    ],
)
def test_a_thought_that_never_ends_is_all_there_is(text: str) -> None:
    assert without_thoughts(text) == ""


@pytest.mark.parametrize(
    "text",
    [
        ANSWER,
        "  It is done.\n",
        "The parser strips `<think>` and `</think>`.",
        "The tag </think> closes what <think> opens.",
        "```xml\n<think>\nx\n</think>\n```\nSo it looks.",
        "I think so.",
        "analysis of the code: it is right; the assistant final word is no",
        "<b>done</b>",
        "",
    ],
)
def test_what_speaks_of_thoughts_stays_as_it_is(text: str) -> None:
    assert without_thoughts(text) == text


@examples(100)
@given(st.text(max_size=60), st.sampled_from(["think", "thinking", "thought"]))
def test_nothing_of_a_thought_is_left_in_what_follows_it(thought: str, tag: str) -> None:
    canary = "CANARY"
    found = without_thoughts(f"<{tag}>{canary}{thought.replace('<', '')}</{tag}>\n{ANSWER}")
    assert canary not in found
    assert found == ANSWER
