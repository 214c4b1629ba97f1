"""Where a condensed text stands in for the whole, and who may summarize."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.fakes import BURST, BURST_ORDER, CHEAP, LOCAL, a_policy, a_task, an_order, candidates, evidence

from profile_router.core.attempt.order import Order
from profile_router.core.condense.result import Condensed, applied, helpers
from profile_router.core.conversation import Turn

POLICY = a_policy()
MADE = Condensed(profile=LOCAL, context="short", conversation=(), tokens=900, local=True, prompt_tokens=1_234)
LONG = an_order(a_task(context="long"))


def standing_in(order: Order, condensed: Condensed | None, tokens: int) -> str:
    return applied(order, evidence(tokens=tokens), condensed, POLICY.counting)[0].task.context


def test_the_profile_it_was_made_for_gets_it_with_its_sizes() -> None:
    order, found = applied(LONG, evidence(tokens=60_000), MADE, POLICY.counting)
    window = found.window(LOCAL)
    assert window is not None
    assert (order.task.context, found.tokens.high, window.prompt_tokens) == ("short", 900, 1_234)


def test_another_profile_gets_it_only_where_the_whole_does_not_fit() -> None:
    elsewhere = replace(LONG, **BURST_ORDER)
    free = replace(MADE, local=False)
    assert standing_in(elsewhere, free, 60_000) == "short"
    assert standing_in(elsewhere, free, 1_000) == "long"


def test_what_was_made_for_a_local_model_goes_to_no_other() -> None:
    assert standing_in(replace(LONG, **BURST_ORDER), MADE, 60_000) == "long"


def test_without_a_condensed_text_all_stays_as_it_is() -> None:
    assert standing_in(LONG, None, 60_000) == "long"


@pytest.mark.parametrize(
    ("order", "may_pay", "names"),
    [
        pytest.param({}, True, [LOCAL, CHEAP, BURST], id="by price"),
        pytest.param({}, False, [LOCAL], id="nothing may be spent"),
        pytest.param({"private": True}, True, [LOCAL], id="a private task"),
        pytest.param({"outside": ()}, True, [LOCAL], id="a private turn"),
        pytest.param({"task": a_task(profile=BURST), **BURST_ORDER}, True, [LOCAL, BURST], id="a profile asked for"),
    ],
)
def test_who_may_summarize_is_the_cheapest_of_those_allowed(
    order: dict[str, Any], may_pay: bool, names: list[str]
) -> None:
    ordered = replace(
        an_order(), **{"conversation": (Turn("user", "a"),), "outside": None, **({"task": a_task()} | order)}
    )
    found = helpers(ordered, evidence(), POLICY, candidates(), may_pay=may_pay)
    assert [helper.profile for helper in found] == names
