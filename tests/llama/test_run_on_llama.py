"""The project's own run on a real llama.cpp server: what it does there, and what it never sends."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from tests.cli.command import call, environment
from tests.cli.stage import nobody, profile, workspace
from tests.examples import by_night
from tests.llama.conftest import BuildModel
from tests.llama.router_stage import (
    CHECK,
    EDIT,
    FIX,
    GOAL,
    LIST,
    READ,
    SENTENCE,
    scripted_server,
    stage,
    window,
)
from tests.llama.script import Call, Script
from tests.llama.server import flags, running, stuck_loading
from tests.llama.status import wait_for_slots, wait_for_status
from tests.scripted_provider import CHAT, COUNT, say
from tests.scripted_provider import call as tool

BIG = "".join(f"entry_{number} = compute({number}, scale=width - {number % 7})\n" for number in range(900))
PAGES = tuple(
    Call(tool="read_file", arguments={"path": "big.py", "start": at, "lines": 150}) for at in (1, 151, 301, 451, 601)
)
ROOM_FOR_2048 = {"reply_reserve: 1024": "reply_reserve: 256"}
LOCAL, BURST = "coding-local", "coding-burst"
BURST_FIX = (tool("edit_file", dict(EDIT.arguments)), say("Fixed by burst."))
SLOT = {32_768: 8_192, 8_192: 2_048}


@pytest.fixture(scope="module")
def fixing(tiny_model: BuildModel) -> Iterator[str]:
    """A server whose model fixes the bug; -c 32768 --parallel 4: 8,192 tokens a request."""
    with scripted_server(tiny_model(FIX), context=32_768) as url:
        yield url


@pytest.fixture(scope="module")
def narrow(tiny_model: BuildModel) -> Iterator[str]:
    """The same at -c 8192 --parallel 4: 2,048 tokens a request."""
    with scripted_server(tiny_model(FIX), context=8_192) as url:
        yield url


def test_a_run_of_several_turns_fixes_a_bug_and_its_receipt_says_what_the_server_said(
    tmp_path: Path, tiny_model: BuildModel
) -> None:
    with scripted_server(tiny_model(FIX), context=32_768) as url, stage(tmp_path, url) as here:
        result = here.run().json
        prompts = here.counted(url)
        metrics = httpx2.get(f"{url}/metrics").text
    assert (result["status"], result["summary"], result["cost_usd"]) == ("ok", SENTENCE, 0)
    (receipt,) = result["attempts"]
    assert (receipt["profile"], receipt["model_served"], receipt["turns"]) == (LOCAL, "tiny", 4)
    assert (receipt["tokens_in"], receipt["tokens_out"]) == (sum(prompts), predicted_in(metrics))
    assert receipt["ttft_s"] > 0
    assert result["verified"]["files_changed"] == [{"path": "calc.py", "lines_added": 1, "lines_removed": 1}]
    assert result["verified"]["check"]["passed"]
    assert [event["tools"] for event in here.heard.events if event["event"] == "turn"] == [
        ["list_files"], ["read_file"], ["edit_file"], [],
    ]  # fmt: skip


def test_a_run_asks_for_model_and_window_and_then_sends_one_request_a_turn(tmp_path: Path, fixing: str) -> None:
    with stage(tmp_path, fixing) as here:
        result = here.run()
    asked = [(exchange.method, exchange.path) for exchange in here.local.exchanges]
    look = [("GET", "/v1/models"), ("GET", "/props")]
    assert asked == [*look, *look, *[("POST", CHAT)] * 4]  # to measure, and before the attempt
    assert here.statuses() == {200}
    assert window(result) == {"profile": LOCAL, "tokens": 8_192, "source": "server", "prompt_tokens": None}
    assert here.burst.requests == []


@pytest.mark.nightly  # by day the run is not a process of its own
def test_run_as_a_process_does_the_same(tmp_path: Path, fixing: str) -> None:
    with stage(tmp_path, fixing) as here:
        done = call("run", GOAL, "--check", CHECK, "--json", home=tmp_path, cwd=here.repository)
    assert (done.code, done.json["status"], done.json["summary"]) == (0, "ok", SENTENCE), done.err
    assert done.json["attempts"][0]["turns"] == len(here.chats) == 4


@pytest.mark.parametrize(
    ("context", "policy", "pages"),
    [by_night(32_768, None, PAGES), (8_192, ROOM_FOR_2048, PAGES[:3])],
    ids=["8,192 a slot", "2,048 a slot"],
)
def test_a_history_that_grows_over_the_window_is_trimmed_before_the_server_sees_it(
    tmp_path: Path, tiny_model: BuildModel, context: int, policy: dict[str, str] | None, pages: tuple[Call, ...]
) -> None:
    model = tiny_model(Script(calls=(LIST, *pages, EDIT), sentence=SENTENCE))
    with scripted_server(model, context=context) as url, stage(tmp_path, url, files={"big.py": BIG}) as here:
        result = here.run(policy=policy)
        prompts = here.counted(url)
    assert (result.status, result.json["summary"]) == ("ok", SENTENCE)
    assert here.statuses() == {200}
    assert max(prompts) < SLOT[context]
    assert "[left out to fit the window: " in here.chats[-1].body.decode()
    assert len(here.chats) == len(pages) + 3


@pytest.mark.parametrize(
    ("context", "policy"), [pytest.param(32_768, None, id="8,192"), by_night(8_192, ROOM_FOR_2048, name="2,048")]
)
def test_one_result_that_is_over_the_window_by_itself_is_cut_not_sent(
    tmp_path: Path, tiny_model: BuildModel, context: int, policy: dict[str, str] | None
) -> None:
    page = Call(tool="read_file", arguments={"path": "words.txt", "start": 1, "lines": 400})
    model = tiny_model(Script(calls=(page, EDIT), sentence=SENTENCE))
    files = {"words.txt": "漢字仮名交じり文\n" * 400}  # three bytes and as many of this model's tokens a character
    with scripted_server(model, context=context) as url, stage(tmp_path, url, files=files) as here:
        result = here.run(policy=policy)
        prompts = here.counted(url)
    assert (result.status, here.statuses()) == ("ok", {200})
    assert max(prompts) < SLOT[context]
    assert "[cut to fit the window; ask for less at a time]" in here.chats[1].body.decode()


def test_a_prompt_over_the_slot_goes_to_burst_by_count_and_the_server_never_sees_it(
    tmp_path: Path, narrow: str
) -> None:
    with stage(tmp_path, narrow, *BURST_FIX) as here:
        result = here.run(context="x " * 1_500)
    assert (result.status, result.json["route"]["rule"]) == ("ok", "long-context")
    assert [receipt["profile"] for receipt in result.json["attempts"]] == [BURST]
    assert "2,048 (coding-local, server)" in " ".join(result.json["route"]["reasons"])
    assert here.chats == []


def test_the_same_labelled_local_only_is_refused_with_exit_3_and_no_request(tmp_path: Path, narrow: str) -> None:
    arguments = ("run", GOAL, "--context", "x " * 1_500, "--local-only", "--json")
    with stage(tmp_path, narrow) as here:
        done = call(*arguments, home=tmp_path, cwd=here.repository)
    assert (done.code, done.json["status"], done.json["attempts"]) == (3, "refused", [])
    assert "2,048" in " ".join(done.json["route"]["reasons"])
    assert (here.chats, here.burst.requests) == ([], [])


@pytest.mark.parametrize(
    ("context", "rule", "profile_name"),
    [
        pytest.param(" x" * 5_000, "small-change", LOCAL, id="o200k times 1.4 says no, the server says yes"),
        pytest.param("мир " * 2_400, "long-context", BURST, id="o200k times 1.4 says yes, the server says no"),
    ],
)
def test_near_the_limit_the_servers_own_count_decides(
    tmp_path: Path, fixing: str, context: str, rule: str, profile_name: str
) -> None:
    with stage(tmp_path, fixing, *(BURST_FIX if profile_name == BURST else ())) as here:
        result = here.run(context=context)
    evidence = result.json["route"]["evidence"]
    by_o200k = evidence["tokens"]["high"] * 1.4 + 1_024 <= 8_192
    said = window(result)["prompt_tokens"]
    assert by_o200k is (profile_name == BURST)
    assert (said + 1_024 <= 8_192) is (profile_name == LOCAL)
    assert (result.status, result.json["route"]["rule"], result.json["route"]["profile"]) == ("ok", rule, profile_name)
    assert here.statuses() == {200}
    if profile_name == LOCAL:
        with httpx2.Client(base_url=fixing, timeout=60) as client:
            assert said == client.post(COUNT, json=here.chats[0].json).json()["input_tokens"]
    else:
        assert here.chats == []


@pytest.mark.nightly  # by day the fault table has `loading, too long`
def test_a_server_that_loads_is_left_for_burst_once_and_visibly(tmp_path: Path) -> None:
    with stuck_loading(tmp_path) as server, stage(tmp_path, server.url, *BURST_FIX) as here:
        wait_for_status(server.url, 503)
        result = here.run(policy={"loading_seconds: 10 ": "loading_seconds: 0 "})
    assert here.statuses() == {503}
    down, up = result.json["attempts"]
    assert (down["outcome"], down["tokens_in"], down["tokens_out"], down["turns"]) == ("unavailable", 0, 0, 0)
    assert "HTTP 503 Loading model" in down["error"]
    assert (result.status, up["profile"], up["step"]) == ("ok", BURST, "next-tier")
    assert [event["step"] for event in here.heard.events if event["event"] == "ladder"] == ["next-tier"]


@pytest.mark.nightly  # by day the fault table has `loading, shortly`
def test_a_server_that_loads_quickly_enough_is_waited_for(tmp_path: Path, fixing: str) -> None:
    with stuck_loading(tmp_path) as server, stage(tmp_path, server.url, *BURST_FIX, then=fixing) as here:
        wait_for_status(server.url, 503)
        result = here.run(policy={"loading_seconds: 10 ": "loading_seconds: 120 "})
    assert here.statuses() == {200, 503}
    assert [(one["profile"], one["outcome"]) for one in result.json["attempts"]] == [(LOCAL, "ok")]


@pytest.mark.nightly  # by day the fault table has `connection refused`
def test_a_server_that_is_gone_is_left_for_burst(tmp_path: Path) -> None:
    with nobody() as gone, stage(tmp_path, gone.removesuffix("/v1"), *BURST_FIX) as here:
        profile(tmp_path, LOCAL, gone, model="tiny")
        result = here.run()
    down, up = result.json["attempts"]
    assert (down["outcome"], down["tokens_in"], up["profile"], result.status) == ("unavailable", 0, BURST, "ok")
    assert "refuses the connection" in down["error"]


@pytest.mark.nightly  # by day test_served_model.py and the fault table have it
def test_another_model_than_the_profiles_is_left_for_burst_unless_the_policy_takes_any(
    tmp_path: Path, tiny_model: BuildModel
) -> None:
    with scripted_server(tiny_model(FIX), alias="another", context=32_768) as url:
        with stage(tmp_path / "strict", url, *BURST_FIX) as strict:
            hopped = strict.run().json
        with stage(tmp_path / "any", url) as lenient:
            stayed = lenient.run(policy={"accept_any_model: false": "accept_any_model: true"}).json
    assert [(each["profile"], each["outcome"]) for each in hopped["attempts"]] == [
        (LOCAL, "unavailable"),
        (BURST, "ok"),
    ]
    assert "has another loaded, the profile asks for tiny" in hopped["attempts"][0]["error"]
    assert strict.chats == []
    (receipt,) = stayed["attempts"]
    assert (receipt["model_asked"], receipt["model_served"], stayed["status"]) == ("tiny", "another", "ok")


@pytest.mark.nightly  # by day tests/cli/test_verdicts.py has it
def test_a_thought_is_neither_told_nor_sent_back(tmp_path: Path, tiny_model: BuildModel) -> None:
    thinking = Script(calls=(READ, EDIT), sentence=SENTENCE, thought="First I ponder whether minus was meant.")
    with scripted_server(tiny_model(thinking), context=32_768) as url, stage(tmp_path, url) as here:
        first = here.run(thread="t")
        second = here.run("And now look at it again", thread="t")
    assert (first.json["summary"], second.json["summary"]) == (SENTENCE, SENTENCE)
    bodies = [chat.body.decode() for chat in here.chats]
    assert len(bodies) == 6
    assert SENTENCE in bodies[-1]
    assert not any("ponder" in body or "reasoning" in body for body in bodies)


@pytest.mark.nightly
def test_ctrl_c_in_the_middle_of_a_request_frees_the_servers_slot(tmp_path: Path, tiny_model: BuildModel) -> None:
    slow_to_answer = flags(tiny_model(FIX, feed_forward=40_000), context=32_768)
    prompt_of_three_batches = " x" * 5_000
    repository = workspace(tmp_path / "ws", {"calc.py": ""})
    with running(slow_to_answer) as server:
        profile(tmp_path, LOCAL, server.base_url, model="tiny")
        profile(tmp_path, BURST, server.base_url, model="tiny")
        process = subprocess.Popen(
            [sys.executable, "-m", "profile_router", "run", GOAL, "--context", prompt_of_three_batches],
            cwd=repository,
            env=environment(tmp_path),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        wait_for_slots(server.url, busy=1)
        os.kill(process.pid, signal.SIGINT)
        process.communicate(timeout=60)
        wait_for_slots(server.url, busy=0)
        metrics = httpx2.get(f"{server.url}/metrics").text
    assert process.returncode == 130
    assert "llamacpp:requests_processing 0" in metrics
    assert predicted_in(metrics) < 10  # the first of its four answers alone has more


def predicted_in(metrics: str) -> int:
    """Return how many tokens the server has predicted since its start."""
    lines = metrics.splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("llamacpp:tokens_predicted_total ")))
