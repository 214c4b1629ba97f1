"""What a small model sees it copies: prompts hold whole examples and no placeholder."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from profile_router.prompting.templates import render
from profile_router.resources import shipped
from profile_router.runners.calls.prober import parsed_probe

PLACEHOLDERS = re.compile(
    r"\bNAME\b|\bPATH\b|<[a-z_ ]+>|\.\.\.|…|: number\b|one sentence|\b\d+-\d+[,}]|\byour \w+ here\b|\bfoo\b"
)
TEMPLATES = sorted(path.name for path in Path(shipped("prompts")).glob("*.md.j2"))


@pytest.mark.parametrize("name", [name for name in TEMPLATES if name not in {"ladder.md.j2", "rules.md.j2"}])
def test_no_prompt_holds_a_placeholder(name: str) -> None:
    text = re.sub(r"\{[{%].*?[%}]\}", "", (Path(shipped("prompts")) / name).read_text(encoding="utf-8"))
    assert PLACEHOLDERS.findall(text) == []


def test_the_examples_of_the_probe_are_answers_that_it_takes() -> None:
    said = render("probe", goal="g", context="", measured="m", files=())
    examples = [line for line in said.splitlines() if line.startswith("{")]
    found = [parsed_probe(example) for example in examples]
    assert [one.score for one, problem in found if one is not None and not problem] == [1, 9]


def test_a_subagent_is_shown_how_another_profile_is_asked_for_and_not_where_there_is_none() -> None:
    values = {"workspace": "/work", "unattended": True}
    said = render("hermes", asks=["coding-burst", "review-cheap"], **values)
    assert "\nask_for_profile: coding-burst: the change spans thirty files (coding-burst, review-cheap).\n" in said
    assert "ask_for_profile" not in render("hermes", asks=[], **values)
