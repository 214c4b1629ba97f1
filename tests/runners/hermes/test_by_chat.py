"""A Hermes of unknown inside is asked by `hermes chat`. Its one model server is ours, which counts and has the key."""

from __future__ import annotations

import asyncio
import json
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.examples import by_night
from tests.fakes import BURST, BURST_ORDER, PAID, FakeHold, FakePurse, Heard, a_task
from tests.runners.hermes.installed import NEW, installed_hermes
from tests.runners.hermes.stage import KEY, Stage, an_errand, tool_results
from tests.runners.hermes.versions import HIDES, saying
from tests.scripted_provider import CHAT, Answer, ScriptedProvider, call, fail, redirect, say

from profile_router.core.conversation import Turn
from profile_router.core.evidence import ImageFact
from profile_router.runners.hermes.child.loopback import Loopback

PLENTY = 30
SPY = "cat $HERMES_HOME/config.yaml $HERMES_HOME/.env; env; ls -a $HERMES_HOME"


@pytest.fixture
def unknown(stage: Stage) -> Stage:
    """Give the stage with a Hermes of a version yet to come, which keeps a needed name elsewhere."""
    start = HIDES.format(place="hermes_cli.env_loader", name="load_hermes_dotenv")
    stage.hermes = saying(installed_hermes(NEW), "1.0.0", stage.folder, start)
    return stage


def test_it_does_the_task_and_the_key_stays_with_the_router(unknown: Stage) -> None:
    steps = [
        call("write_file", {"path": "a.txt", "content": "a\n"}),
        call("terminal", {"command": SPY}),
        say("wrote a.txt"),
    ]
    earlier = (Turn("user", "earlier task"), Turn("assistant", "earlier summary"))
    with ScriptedProvider(steps) as provider:
        unknown.profile(provider.base_url)
        wanted = a_task("do it now", toolsets=("file", "terminal", "delegation"))
        attempt = unknown.run(an_errand(wanted, conversation=earlier), unattended=True)
        shown = "".join(tool_results(provider.chats[2]))
    assert (attempt.failure, attempt.text, (unknown.workspace / "a.txt").read_text()) == (None, "wrote a.txt", "a\n")
    assert (attempt.receipt.turns, attempt.receipt.tokens_in, attempt.receipt.tokens_out) == (3, 30, 15)
    assert {request.headers["authorization"] for request in provider.to(CHAT)} == {f"Bearer {KEY}"}
    assert "HERMES_HOME" in shown
    assert KEY not in shown
    asked = json.dumps(provider.chats[0]["messages"])
    assert all(text in asked for text in ("earlier task", "earlier summary", "do it now"))
    assert "delegate_task" not in {tool["function"]["name"] for tool in provider.chats[0]["tools"]}
    assert [note for note in attempt.notes if "asked by `hermes chat`" in note]


@pytest.mark.nightly
def test_a_model_that_never_ends_makes_exactly_as_many_requests_as_turns(unknown: Stage) -> None:
    endless = [call("write_file", {"path": f"{n}.txt", "content": "x\n"}) for n in range(PLENTY)]
    with ScriptedProvider(endless) as provider:
        unknown.profile(provider.base_url)
        attempt = unknown.run(an_errand(a_task("LOOP", toolsets=("file",), max_turns=4)))
        assert len(provider.chats) == 4
    assert attempt.failure is not None
    assert (attempt.failure.cause, attempt.receipt.turns) == ("turn-limit", 4)


@pytest.mark.nightly
def test_a_request_for_which_there_is_no_money_does_not_go_out(unknown: Stage) -> None:
    answers = [call("write_file", {"path": f"{n}.txt", "content": "x\n"}, usage=(12_000, 9)) for n in range(PLENTY)]
    enough = PAID.cost(36_000, 0)  # for one answer of these and another, not for two and another
    hold = FakeHold(FakePurse(enough), enough)
    with ScriptedProvider(answers) as provider:
        unknown.profile(provider.base_url, BURST)
        order = an_errand(a_task("LOOP", toolsets=("file",)), **BURST_ORDER)
        attempt = asyncio.run(unknown.runner().run(order, Heard(), hold))
        assert len(provider.chats) == 2
    assert attempt.failure is not None
    assert (attempt.failure.cause, attempt.receipt.turns) == ("over-budget", 2)


@pytest.mark.nightly
@pytest.mark.parametrize(
    ("last", "cause"),
    [(fail(401), "key-refused"), by_night(say("half", ends="cut"), "cut-short")],
)
def test_a_request_that_failed_is_the_last(unknown: Stage, last: Answer, cause: str) -> None:
    with ScriptedProvider([last]) as provider:
        unknown.profile(provider.base_url)
        attempt = unknown.run()
        assert len(provider.chats) == 1
    assert attempt.failure is not None
    assert (attempt.failure.cause, attempt.receipt.turns) == (cause, 1)


@pytest.mark.nightly  # by day test_any_child.py has it with another client than Hermes'
def test_a_server_that_drips_without_an_end_is_left_in_time(unknown: Stage) -> None:
    with ScriptedProvider([Answer(trickle=True)]) as provider:
        unknown.profile(provider.base_url)
        attempt = unknown.run(an_errand(seconds=12.0))
        assert len(provider.chats) <= 1
    assert attempt.failure is not None
    assert attempt.failure.cause == "timeout"


@pytest.mark.parametrize(
    ("order", "said"),
    [
        (lambda: an_errand(a_task(toolsets=("terminal",))), "the policy grants no unattended approval"),
        by_night(
            lambda: an_errand(images=(ImageFact(place="shot.png", form="png", bytes=20),), vision=True),
            "takes no images",
        ),
    ],
)
def test_what_it_cannot_carry_is_refused_before_any_request(
    unknown: Stage, order: Callable[[], Any], said: str
) -> None:
    (unknown.workspace / "shot.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(20))
    with ScriptedProvider() as provider:
        unknown.profile(provider.base_url)
        attempt = unknown.run(order())
        assert provider.chats == []
    assert attempt.failure is not None
    assert (attempt.failure.cause, attempt.receipt.turns) == ("bad-request", 0)
    assert said in attempt.failure.message


# --- the server by itself


class Counting:
    """Lets each request go, and keeps what it is told."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.failed: list[BaseException] = []

    def ask(self, body: Any) -> int:
        self.asked.append(body)
        return 1

    def come(self, piece: str) -> None:
        return

    def answered(self, sent: int, **answer: Any) -> None:
        return

    def request_failed(self, error: BaseException, sent: int) -> None:
        self.failed.append(error)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Callable[[str], tuple[Loopback, Counting]]]:
    opened: list[Loopback] = []

    def serve(address: str) -> tuple[Loopback, Counting]:
        meter = Counting()
        expected = {"base_url": address, "model": "m", "local": True}
        opened.append(Loopback({"expected": expected, "key": KEY, "window": 65_536}, meter))
        return opened[-1], meter

    yield serve
    for loopback in opened:
        loopback.close()


def asked_of(loopback: Loopback, *, word: str | None = None, model: str = "m", path: str = "/chat/completions") -> int:
    """Ask *loopback* for an answer; return the status."""
    headers = {"Authorization": f"Bearer {loopback.word if word is None else word}"}
    body = json.dumps({"model": model, "messages": []}).encode()
    request = urllib.request.Request(f"{loopback.address}{path}", body, headers)
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=20) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


@pytest.mark.parametrize(
    ("wrong", "status"),
    [({"word": "guessed"}, 404), ({"word": ""}, 404), ({"model": "another"}, 400), ({"path": "/embeddings"}, 404)],
)
def test_whoever_has_not_its_word_or_wants_another_model_gets_nothing(
    served: Callable[[str], tuple[Loopback, Counting]], wrong: dict[str, str], status: int
) -> None:
    with ScriptedProvider() as provider:
        loopback, meter = served(provider.base_url)
        assert asked_of(loopback, **wrong) == status
        assert (provider.requests, meter.asked) == ([], [])


def test_the_key_is_not_sent_on_to_where_a_server_points(
    served: Callable[[str], tuple[Loopback, Counting]],
) -> None:
    with (
        ScriptedProvider() as elsewhere,
        ScriptedProvider([redirect(f"{elsewhere.url}/v1/chat/completions")]) as provider,
    ):
        loopback, meter = served(provider.base_url)
        assert asked_of(loopback) >= 300
        assert elsewhere.requests == []
    assert len(meter.failed) == 1


def test_a_key_that_a_server_repeats_is_not_forwarded(served: Callable[[str], tuple[Loopback, Counting]]) -> None:
    with ScriptedProvider([fail(401, f"bad key {KEY}")]) as provider:
        loopback, _ = served(provider.base_url)
        assert asked_of(loopback) == 401
    assert "bad key ***" in loopback.error


def test_after_a_failure_nothing_more_goes_out(served: Callable[[str], tuple[Loopback, Counting]]) -> None:
    with ScriptedProvider([fail(503)]) as provider:
        loopback, meter = served(provider.base_url)
        assert [asked_of(loopback) for _ in range(3)] == [503, 403, 403]
        assert (len(provider.chats), len(meter.asked)) == (1, 1)
    assert loopback.over.is_set()
