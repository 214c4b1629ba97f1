"""A server of this machine that answers a Hermes child as another model is left before a second request."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.fakes import BURST, BURST_ORDER, MODEL, a_policy
from tests.runners.hermes.stage import Stage, an_errand
from tests.runners.hermes.versions import first_in, hermes_of
from tests.scripted_provider import ScriptedProvider, call, say

OTHER = "gpt-in-a-cloud"
READ = call("read_file", {"path": "a.txt"}, model=OTHER)
ALIAS = {"/v1/models": {"data": [{"id": MODEL, "aliases": [OTHER]}]}}
BOTH = {"/v1/models": {"data": [{"id": MODEL}, {"id": OTHER}]}}


@pytest.mark.nightly  # by day test_account.py has it
@pytest.mark.parametrize("version", first_in("0.22.2 as a wheel"))
def test_another_model_ends_the_turn_before_a_second_request(tmp_path: Path, version: str) -> None:
    with (
        Stage(tmp_path / "stage", hermes_of(version, tmp_path)) as stage,
        ScriptedProvider([READ, say("done", model=OTHER)]) as provider,
    ):
        stage.profile(provider.base_url)
        attempt = stage.run()
        assert len(provider.chats) == 1
    assert attempt.failure is not None
    assert (attempt.failure.cause, attempt.receipt.turns, attempt.receipt.model_served) == ("wrong-model", 1, OTHER)
    assert OTHER in attempt.failure.message
    assert f"'{MODEL}'" in attempt.failure.message


@pytest.mark.nightly
@pytest.mark.parametrize(("pages", "policy"), [(ALIAS, {}), (BOTH, {"accept_any_model": True})])
def test_a_model_by_another_name_of_its_own_may_go_on(stage: Stage, pages: Any, policy: dict[str, Any]) -> None:
    with ScriptedProvider([READ, say("done", model=OTHER)], pages=pages) as provider:
        stage.profile(provider.base_url)
        attempt = stage.run(policy=a_policy(**policy))
    assert (attempt.failure, attempt.text) == (None, "done")


@pytest.mark.nightly
def test_of_a_model_elsewhere_any_name_will_do(stage: Stage) -> None:
    with ScriptedProvider([say("done", model=OTHER)]) as provider:
        stage.profile(provider.base_url, BURST)
        assert stage.run(an_errand(**BURST_ORDER)).failure is None
