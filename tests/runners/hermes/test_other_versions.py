"""A Hermes that lacks what a turn needs, and has no bounded chat, is asked nothing: the task runs embedded."""

from __future__ import annotations

import asyncio

import pytest
from tests.examples import by_night
from tests.fakes import FakeRunner, Heard, a_task
from tests.runners.hermes.installed import OLD, installed_hermes
from tests.runners.hermes.stage import Stage, an_errand
from tests.runners.hermes.versions import HIDES, saying
from tests.scripted_provider import ScriptedProvider, say

from profile_router.runners.choice import ChosenRunner


@pytest.mark.parametrize(
    ("place", "name"),
    [
        by_night("tools.approval", "_get_approval_mode"),
        by_night("run_agent", "AIAgent"),
        ("agent.auxiliary_client", "call_llm"),
        by_night("agent.usage_pricing", "normalize_usage"),
    ],
)
def test_a_hermes_whose_inside_is_unknown_makes_no_request(stage: Stage, place: str, name: str) -> None:
    start = HIDES.format(place=place, name=name)
    stage.hermes = saying(installed_hermes(OLD), "0.19.0", stage.folder, start)
    with ScriptedProvider([say("never asked for")]) as provider:
        stage.profile(provider.base_url)
        order = an_errand(a_task("do it", toolsets=("file",)))
        hermes, embedded = stage.runner(), FakeRunner("done")
        attempt = asyncio.run(ChosenRunner(choice="auto", embedded=embedded, hermes=hermes).run(order, Heard()))
        assert provider.chats == []
    assert len(embedded.orders) == 1
    assert [note for note in attempt.notes if "what a turn needs of its inside is not there" in note and name in note]
    assert [note for note in attempt.notes if "`hermes chat` has no --run-budget, --query-file" in note]
