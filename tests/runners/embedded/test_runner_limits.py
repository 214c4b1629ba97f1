"""Where an attempt ends: turns, time, a cancel, another profile; and what its receipt says."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from tests.fakes import BURST, Heard, a_policy, a_task, an_order
from tests.runners.embedded.a_runner import a_runner, cloud, cloud_order, failed, local, run
from tests.scripted_provider import Answer, ScriptedProvider, call, calls, say
from tests.scripted_provider import Call as ToolCall

from profile_router.ports import Stopped

LISTING = call("list_files", {"path": "."})


@pytest.mark.parametrize(
    ("of_task", "of_profile", "of_policy"),
    [(2, 5, 9), (5, 2, 9), (9, 5, 2), (None, 2, 9), (None, None, 2), (2, None, 9)],
)
def test_the_smallest_turn_limit_holds(
    of_task: int | None, of_profile: int | None, of_policy: int, tmp_path: Path
) -> None:
    with ScriptedProvider([LISTING] * 9) as provider:
        attempt = run(
            local(provider.base_url, max_turns=of_profile),
            an_order(a_task(max_turns=of_task)),
            policy=a_policy(limits={"max_turns": of_policy}),
            workspace=tmp_path,
        )
    assert failed(attempt) == ("turn-limit", "failed")
    assert len(provider.chats) == attempt.receipt.turns == 2


def test_an_answer_in_the_last_turn_is_in_time(tmp_path: Path) -> None:
    with ScriptedProvider([LISTING, "done"]) as provider:
        assert run(local(provider.base_url, max_turns=2), workspace=tmp_path).text == "done"


@pytest.mark.parametrize("answer", [Answer(stall=True), Answer(trickle=True)])
def test_a_server_that_does_not_come_to_an_end_is_left_when_the_time_is_up(answer: Answer) -> None:
    with ScriptedProvider(["warm", answer]) as provider:
        run(local(provider.base_url))  # what is built on first use takes its time on a busy machine
        attempt = run(local(provider.base_url), an_order(seconds=1.0), guard=10.0)
        assert provider.requests[1].hung_up.wait(10)
    assert failed(attempt) == ("timeout", "failed")
    assert len(provider.requests) == 2


def test_the_time_is_that_of_the_whole_attempt_not_of_one_request(tmp_path: Path) -> None:
    with ScriptedProvider(["warm", LISTING, Answer(stall=True)]) as provider:
        run(local(provider.base_url))
        attempt = run(local(provider.base_url), an_order(seconds=1.5), workspace=tmp_path, guard=10.0)
        assert provider.requests[2].hung_up.wait(10)
    assert failed(attempt) == ("timeout", "failed")


def test_cancelling_the_run_ends_its_request() -> None:
    async def cancelled(provider: ScriptedProvider) -> None:
        running = asyncio.create_task(a_runner(local(provider.base_url)).run(an_order(), Heard()))
        while not provider.requests:
            await asyncio.sleep(0)
        running.cancel()
        await running

    with ScriptedProvider([Answer(stall=True)]) as provider:
        with pytest.raises(asyncio.CancelledError):
            asyncio.run(cancelled(provider))
        assert provider.requests[0].hung_up.wait(10)


def test_a_cancelled_attempt_tells_what_it_had_taken(tmp_path: Path) -> None:
    async def cancelled(provider: ScriptedProvider) -> Stopped:
        runner = a_runner(local(provider.base_url), workspace=tmp_path)
        running = asyncio.create_task(runner.run(an_order(), Heard()))
        while len(provider.requests) < 2:
            await asyncio.sleep(0)
        running.cancel()
        with pytest.raises(Stopped) as stopped:
            await running
        return stopped.value

    with ScriptedProvider([LISTING, Answer(stall=True)]) as provider:
        receipt = asyncio.run(cancelled(provider)).receipt
    assert (receipt.verdict, receipt.turns, receipt.tokens_in, receipt.tokens_out) == ("interrupted", 2, 10, 5)


@pytest.mark.filterwarnings("error")
def test_a_finished_attempt_leaves_no_connection_open() -> None:
    async def ended(provider: ScriptedProvider) -> int:
        await a_runner(local(provider.base_url)).run(an_order(), Heard())
        await asyncio.sleep(0)
        return sum("chat" in str(task.get_coro()) for task in asyncio.all_tasks())

    with ScriptedProvider(["done"]) as provider:
        assert asyncio.run(ended(provider)) == 0
    # A connection left open would be a ResourceWarning, which pytest turns into a failure.


def test_a_server_that_cannot_be_reached_is_waited_for_as_long_as_the_policy_says(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("DEBUG", logger="httpcore2.connection")
    with ScriptedProvider(["done"]) as provider:
        run(local(provider.base_url), policy=a_policy(limits={"connect_seconds": 1.25}))
    assert "connect_tcp.started host='127.0.0.1'" in caplog.text
    assert "timeout=1.25" in caplog.text


def test_asking_for_another_profile_ends_the_attempt() -> None:
    with ScriptedProvider([call("ask_for_profile", {"profile": BURST, "reason": "too deep"}), "never"]) as provider:
        attempt = run(local(provider.base_url))
    assert failed(attempt) == ("asked-for-profile", "failed")
    assert attempt.failure is not None
    assert attempt.failure.asked == BURST
    assert "too deep" in attempt.failure.message
    assert len(provider.chats) == 1


def test_a_profile_that_is_not_offered_cannot_be_asked_for() -> None:
    with ScriptedProvider([call("ask_for_profile", {"profile": "nobody", "reason": "x"}), "then I go on"]) as provider:
        assert run(local(provider.base_url)).text == "then I go on"
    assert provider.chats[1]["messages"][-1]["content"].startswith("error: ")


def test_a_receipt_sums_what_the_provider_counted(tmp_path: Path) -> None:
    answers = [call("list_files", {"path": "."}, usage=(100, 7)), say("done", usage=(150, 9), model="served-one")]
    heard = Heard()
    listed = {"data": [{"id": "scripted", "aliases": ["served-one"]}]}
    with ScriptedProvider(answers, pages={"/v1/models": listed}) as provider:
        receipt = run(local(provider.base_url), workspace=tmp_path, heard=heard).receipt
    assert (receipt.tokens_in, receipt.tokens_out, receipt.turns) == (250, 16, 2)
    assert (receipt.model_asked, receipt.model_served) == ("scripted", "served-one")
    assert (receipt.outcome, receipt.error, receipt.runner, receipt.step) == ("ok", None, "embedded", "route")
    assert receipt.ttft_s is not None
    assert 0 < receipt.ttft_s <= receipt.seconds
    assert [(event["turn"], event["tools"]) for event in heard.events] == [(1, ["list_files"]), (2, [])]


def test_local_work_is_free_and_cloud_work_costs_the_policys_price() -> None:
    with ScriptedProvider([say("done", usage=(900, 100))] * 2) as provider:
        assert run(local(provider.base_url)).receipt.cost_usd == 0.0
        assert run(cloud(provider.base_url), cloud_order()).receipt.cost_usd == 0.009  # (6 + 12) / 2 a million


def test_tokens_of_a_failed_attempt_are_on_its_receipt(tmp_path: Path) -> None:
    with ScriptedProvider([say("cut", finish="length", usage=(50, 5))]) as provider:
        receipt = run(cloud(provider.base_url), cloud_order()).receipt
    assert (receipt.tokens_in, receipt.tokens_out, receipt.outcome) == (50, 5, "failed")
    assert receipt.cost_usd > 0


@pytest.mark.parametrize(
    ("usage", "noted"), [(None, True), ((0, 0), True), ((-5_000_000, 3), True), ((10, -7), True), ((10, 5), False)]
)
def test_a_provider_that_does_not_count_is_said_not_to_and_is_counted_for(
    usage: tuple[int, int] | None, noted: bool
) -> None:
    with ScriptedProvider([say("done " * 200, usage=usage)]) as provider:
        attempt = run(cloud(provider.base_url), cloud_order())
    assert any("sent no usage" in note for note in attempt.notes) is noted
    if noted:
        assert attempt.receipt.tokens_in > 100  # the system prompt and the tools alone are more
        assert attempt.receipt.tokens_out >= 200
        assert attempt.receipt.cost_usd > 0


@pytest.mark.parametrize("ends", ["cut", "reset", "silent", "stalls"])
def test_an_answer_that_breaks_off_is_paid_for_as_far_as_it_came(ends: str) -> None:
    with ScriptedProvider([say("half " * 500, ends=ends, usage=None)]) as provider:
        policy = a_policy(limits={"between_tokens_seconds": 0.3})
        attempt = run(cloud(provider.base_url), cloud_order(), policy=policy)
    assert attempt.failure is not None
    assert (attempt.failure.cause == "stalled") is (ends == "stalls")  # long before the first token's limit is over
    receipt = attempt.receipt
    assert receipt.outcome == "failed"
    assert receipt.tokens_in > 100
    assert receipt.tokens_out >= 500


def test_an_answer_that_did_not_begin_takes_nothing() -> None:
    with ScriptedProvider([Answer(drop=True)]) as provider:
        receipt = run(cloud(provider.base_url), cloud_order()).receipt
    assert (receipt.tokens_in, receipt.tokens_out, receipt.cost_usd) == (0, 0, 0.0)


def test_files_are_journaled_as_they_were_even_where_the_attempt_fails(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("old")
    write = calls(
        ToolCall(name="write_file", arguments={"path": "a.txt", "content": "new"}),
        ToolCall(name="write_file", arguments={"path": "b.txt", "content": "new"}),
    )
    with ScriptedProvider([write, Answer(drop=True)]) as provider:
        runner = a_runner(local(provider.base_url), tmp_path)
        asyncio.run(runner.run(an_order(), Heard()))
    assert runner.journal == {"a.txt": b"old", "b.txt": None}
