"""No Hermes child runs without an end: turns, time and money act meanwhile, in each Hermes that is tried."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.fakes import BURST, BURST_ORDER, PAID, FakeHold, FakePurse, Heard, a_policy, a_task
from tests.runners.hermes.stage import Stage, an_errand
from tests.runners.hermes.versions import TRIED, first_in, hermes_of, in_turn
from tests.scripted_provider import Answer, ScriptedProvider, call, say

from profile_router.core.ladder.receipt import Attempt

PLENTY = 40  # more answers than any limit here allows


@pytest.fixture
def any_stage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stage]:
    folder = tmp_path / "tried"
    folder.mkdir()
    with Stage(tmp_path / "stage", hermes_of(request.param, folder)) as stage:
        yield stage


def endless() -> list[Answer]:
    """Return the answers of a model that calls a tool for ever: all different, so no guard against loops acts."""
    return [call("write_file", {"path": f"{number}.txt", "content": "x\n"}) for number in range(PLENTY)]


TURNS = {"the task's": (5, None, 90, 5), "the profile's": (60, 3, 90, 3), "the policy's": (None, None, 2, 2)}


@pytest.mark.nightly
@pytest.mark.parametrize(
    ("any_stage", "task", "profile", "policy", "turns"), in_turn(tuple(TRIED), TURNS, each=3), indirect=["any_stage"]
)
def test_a_model_that_calls_a_tool_for_ever_makes_exactly_as_many_requests_as_turns(
    any_stage: Stage, task: int | None, profile: int | None, policy: int, turns: int
) -> None:
    with ScriptedProvider(endless()) as provider:
        more: dict[str, Any] = {"agent": {"environment_probe": False, "max_turns": profile}} if profile else {}
        any_stage.profile(provider.base_url, **more)
        wanted = an_errand(a_task("LOOP over README.md", toolsets=("file",), max_turns=task))
        attempt = any_stage.run(wanted, policy=a_policy(limits={"max_turns": policy}))
        assert len(provider.chats) == turns
    assert attempt.failure is not None
    assert (attempt.failure.cause, attempt.receipt.outcome, attempt.receipt.turns) == ("turn-limit", "failed", turns)
    assert f"did not finish in {turns} turns" in attempt.failure.message
    assert attempt.receipt.tokens_in == 10 * turns


def paid(stage: Stage, answers: Sequence[Answer], usd: float) -> tuple[Attempt, int]:
    """Run an errand elsewhere with *usd* to spend; return how it ended and how many requests were made."""
    hold = FakeHold(purse=FakePurse(usd), reserved=usd)
    with ScriptedProvider(answers) as provider:
        stage.profile(provider.base_url, BURST)
        attempt = asyncio.run(stage.runner().run(an_errand(**BURST_ORDER), Heard(), hold))
        return attempt, len(provider.chats)


@pytest.mark.nightly  # by day test_account.py has it
@pytest.mark.parametrize("any_stage", first_in("0.19.0"), indirect=True)
def test_a_request_for_which_there_is_no_money_does_not_go_out(any_stage: Stage) -> None:
    requests, each = 3, 12_000  # fewer than the bytes of a request
    answers = [call("write_file", {"path": f"{n}.txt", "content": "x\n"}, usage=(each, 10)) for n in range(PLENTY)]
    price = PAID.cost(1_000_000, 0)
    attempt, made = paid(any_stage, answers, price * (requests - 1 + 2) * each / 1_000_000)
    assert made == requests
    assert attempt.failure is not None
    assert (attempt.failure.cause, attempt.receipt.turns) == ("over-budget", requests)
    assert attempt.receipt.tokens_in == requests * each


@pytest.mark.nightly
@pytest.mark.parametrize("any_stage", first_in("0.22.2 as a wheel"), indirect=True)
def test_without_the_money_for_a_first_answer_nothing_is_asked(any_stage: Stage) -> None:
    attempt, made = paid(any_stage, [say("done")], 0.001)
    assert made == 0
    assert attempt.failure is not None
    assert (attempt.failure.cause, attempt.receipt.turns, attempt.receipt.cost_usd) == ("over-budget", 0, 0.0)


@pytest.mark.nightly  # by day test_any_child.py has it with another client than Hermes'
@pytest.mark.parametrize("any_stage", first_in("0.22.2 as from git"), indirect=True)
def test_a_server_that_drips_without_an_end_is_left_in_time(any_stage: Stage) -> None:
    with ScriptedProvider([Answer(trickle=True)]) as provider:
        any_stage.profile(provider.base_url)
        attempt = any_stage.run(an_errand(seconds=5.0))
        assert len(provider.chats) <= 1
    assert attempt.failure is not None
    assert attempt.failure.cause == "timeout"


# A plugin of the profile: before each of Hermes' own requests it asks its model itself.
HELPER = """\
def register(ctx):
    def before(**_):
        try:
            ctx.llm.complete([{"role": "user", "content": "a helper's question"}])
        except Exception as error:
            print("refused:", error)
    ctx.register_hook("pre_api_request", before)
"""


@pytest.mark.nightly
@pytest.mark.parametrize("any_stage", first_in("0.22.2 as a wheel"), indirect=True)
def test_what_a_helper_of_hermes_asks_counts_as_a_turn_and_is_paid_for(any_stage: Stage) -> None:
    answers = [say("helped", usage=(7, 3)), call("write_file", {"path": "a", "content": "a"})] * 9
    with ScriptedProvider(answers) as provider:
        any_stage.profile(provider.base_url, plugins={"enabled": ["helper"]})
        folder = any_stage.root / "profiles" / "coding-local" / "plugins" / "helper"
        folder.mkdir(parents=True)
        (folder / "plugin.yaml").write_text("name: helper\nversion: '1'\nprovides_hooks: [pre_api_request]\n")
        (folder / "__init__.py").write_text(HELPER)
        attempt = any_stage.run(an_errand(a_task("do it", toolsets=("file",), max_turns=4)))
        asked = [body["messages"][-1]["content"] for body in provider.chats]
    assert [text == "a helper's question" for text in asked] == [True, False, True, False]
    assert attempt.failure is not None
    assert (attempt.failure.cause, attempt.receipt.turns) == ("turn-limit", 4)
    assert (attempt.receipt.tokens_in, attempt.receipt.tokens_out) == (34, 16)
