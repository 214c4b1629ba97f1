"""A Hermes that lacks what a turn needs of its inside is asked nothing, whatever it is called; the task runs embedded."""

from __future__ import annotations

import asyncio

import pytest
from tests.fakes import FakeRunner, Heard, a_task
from tests.hermes.installed import NEW, OLD, installed_hermes
from tests.hermes.stage import Stage, an_errand
from tests.hermes.versions import saying
from tests.scripted_provider import ScriptedProvider, say

from profile_router.adapters.hermes.choice import ChosenRunner

# Hides a name from whoever asks by name, as a later Hermes would that has moved it elsewhere.
HIDES = """\
import importlib, types
real = importlib.import_module
def import_module(name, package=None):
    module = real(name, package)
    if name != {place!r}:
        return module
    return types.SimpleNamespace(**{{key: value for key, value in vars(module).items() if key != {name!r}}})
importlib.import_module = import_module
"""


@pytest.mark.parametrize(
    ("version", "place", "name"),
    [
        (NEW, "hermes_cli.tools_config", "_get_platform_tools"),
        (NEW, "agent.auxiliary_client", "call_llm"),
        (OLD, "tools.approval", "_get_approval_mode"),
        (OLD, "run_agent", "AIAgent"),
    ],
)
def test_a_hermes_whose_inside_is_unknown_makes_no_request(stage: Stage, version: str, place: str, name: str) -> None:
    start = HIDES.format(place=place, name=name)
    stage.hermes = saying(installed_hermes(version), "0.19.0", stage.folder, start)
    with ScriptedProvider([say("never asked for")]) as provider:
        stage.profile(provider.base_url)
        order = an_errand(a_task("do it", toolsets=("file",)))
        hermes, embedded = stage.runner(), FakeRunner("done")
        attempt = asyncio.run(ChosenRunner(choice="auto", embedded=embedded, hermes=hermes).run(order, Heard()))
        assert provider.chats == []
    assert len(embedded.orders) == 1
    assert [note for note in attempt.notes if "what a turn needs of its inside is not there" in note and name in note]


def test_a_version_that_nobody_has_heard_of_runs_where_its_inside_is_as_known(stage: Stage) -> None:
    stage.hermes = saying(installed_hermes(OLD), "7.1.0", stage.folder)
    with ScriptedProvider([say("done")]) as provider:
        stage.profile(provider.base_url)
        attempt = stage.run()
    assert (attempt.failure, attempt.text, attempt.receipt.turns) == (None, "done", 1)
