"""What speaks of the goal stands in a condensed context word for word, whatever a model makes of the rest."""

from __future__ import annotations

import pytest

from profile_router.core.condense.plan import CondenseBudget, CondensePlan, Tools, condense_plan

LINE = "Decision: `evict_oldest` in src/cache.py obeys CACHE_BYTES from now on."
FILLER = [f"Meeting {number}: nothing was decided about the colour of door {number}." for number in range(200)]
TOOLS = Tools(
    tokens_of=lambda text: len(text) // 4,
    cut=lambda text, tokens_of: tuple(text[at : at + 4 * tokens_of] for at in range(0, len(text), 4 * tokens_of)),
    outline=lambda *_: None,
)
CONTEXTS = {
    "one long paragraph": "\n".join([LINE, *FILLER]),
    "in its middle": "\n".join([*FILLER[:90], LINE, *FILLER[90:]]),
    "paragraphs": "\n\n".join([*FILLER[:90], LINE, *FILLER[90:]]),
    "long and short paragraphs": "\n".join(FILLER[:90]) + f"\n\n{LINE}\n\n" + "\n".join(FILLER[90:]),
}


@pytest.mark.parametrize("context", CONTEXTS.values(), ids=CONTEXTS)
def test_lines_that_name_what_the_goal_names_are_taken_whole(context: str) -> None:
    budget = CondenseBudget(room=1_500, chunk=1_000, calls=9)
    found = condense_plan("Make evict_oldest obey its limit", context, (), frozenset(), budget, TOOLS)
    assert isinstance(found, CondensePlan)
    told, _ = found.finished(["doors"] * len(found.chunks), TOOLS.tokens_of)
    assert LINE in told
    rest = "".join(found.chunks)
    assert LINE not in rest
    assert all(line in rest for line in FILLER)
