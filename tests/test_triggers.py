"""The prompts that judge the skill's description are as many, as mixed and as plain as they must be."""

from tests.real_model.triggers import description, triggers


def test_half_of_the_twenty_prompts_should_trigger_the_skill() -> None:
    asked = triggers()
    assert len(asked) == 20
    assert sum(one.use for one in asked) == 10
    assert len({one.says for one in asked}) == 20


def test_no_prompt_repeats_the_description() -> None:
    opening = description().partition(".")[0].lower()
    assert [one.says for one in triggers() if opening in one.says.lower()] == []
