"""One delegated child is one run: whatever Hermes asks its model, how often, and from which thread."""

from __future__ import annotations

import base64
import io
import sys
import threading
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from profile_router.hermes_plugin import child_run, provider, register
from profile_router.hermes_plugin.board import children_told
from profile_router.hermes_plugin.calls.fields import hand_over
from profile_router.hermes_plugin.children import CHILDREN, DelegatedChild
from profile_router.hermes_plugin.consent import CONSENT
from profile_router.hermes_plugin.process import Following, Ran
from profile_router.hermes_plugin.settings import INSIDE, Settings

PROMPT = (
    "You are a focused subagent working on a specific delegated task.\n"
    "\nCONTEXT:\nKeep the name.\n\nOf the file, too.\n"
    "\nWORKSPACE PATH:\n/w\nUse this exact path for local repository/workdir operations.\n"
    "\nComplete this task using the tools available to you. When finished, provide a summary."
)
CONTRACT = PROMPT.replace("Keep the name.", "OUTPUT CONTRACT (machine-validated):\n{}")
GOAL = "Find the typo in README.md"
DONE: Mapping[str, Any] = {
    "event": "result", "status": "ok", "verdict": "verified", "summary": "it was in line 1", "cost_usd": 0.06,
    "steps": ["local down → burst"],
    "route": {"profile": "burst", "rule": "large-change"},
    "attempts": [{"profile": "burst", "model_served": "sonnet", "turns": 6, "tokens_in": 900, "tokens_out": 80}],
    "verified": {"files_changed": [{"path": "README.md"}], "lines_added": 1, "lines_removed": 1, "unverified": [],
                 "check": {"command": "pytest -q", "passed": True}},
}  # fmt: skip
REFUSED: Mapping[str, Any] = {
    "event": "result", "status": "refused", "cost_usd": 0.0, "attempts": [], "verified": {}, "summary": "",
    "route": {"status": "refused", "rule": "private", "reasons": ["deploy/.env holds credentials"]},
    "unblock": ["start it: profile-router llama-server"],
}  # fmt: skip


@dataclass
class FakeRouter:
    """Remembers the orders it was given, and answers each with `result`; `meanwhile` is called while it runs."""

    result: Mapping[str, Any] = field(default_factory=lambda: DONE)
    orders: list[Mapping[str, Any]] = field(default_factory=list)
    in_copies: list[bool] = field(default_factory=list)
    meanwhile: Callable[[Following], None] = lambda _: None

    def __call__(self, tasks: Sequence[Mapping[str, Any]], following: Following, *, in_copy: bool = False) -> list[Ran]:
        self.orders += tasks
        self.in_copies.append(in_copy)
        following.alive("classify: burst")
        self.meanwhile(following)
        if following.interrupted():
            return [Ran(started=True, stopped="interrupted", mode="on", rule="r")]
        return [Ran(started=True, mode="on", rule="r", result=self.result, code=0)]


@pytest.fixture
def router(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeRouter]:
    fake = FakeRouter()
    monkeypatch.setattr(child_run, "run_router", fake)
    monkeypatch.setattr(child_run, "plugin_settings", lambda: Settings(command=("/there",)))
    CHILDREN.clear()
    yield fake
    CHILDREN.clear()


def child(session: str = "s1", goal: str = GOAL) -> DelegatedChild:
    CHILDREN.made(child_session_id=session, parent_session_id="p", child_goal=goal, child_subagent_id=f"sa-{session}")
    found = CHILDREN.find(session)
    assert found is not None
    return found


def ask(client: Any, *more: str, system: str = PROMPT, session: str = "s1", goal: Any = GOAL) -> Any:
    """Ask as Hermes asks a child's model; *more* are user messages behind the goal."""
    messages = [{"role": "system", "content": system}, *({"role": "user", "content": one} for one in (goal, *more))]
    body = provider._extra_body(None, session_id=session)
    return client.chat.completions.create(messages=messages, model="profile-router", extra_body=body, timeout=9)


def said(completion: Any) -> str:
    return str(completion.choices[0].message.content)


def cost(completion: Any) -> float:
    return float(completion.usage.model_dump()["usd"])


def test_the_run_is_given_what_hermes_asks_of_the_child_in_the_folder_where_hermes_works(
    router: FakeRouter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(child_run, "folder_here", lambda: "/repository")
    followed: list[Following] = []
    router.meanwhile = followed.append
    child()
    answer = ask(provider.Client())
    assert (said(answer), answer.choices[0].finish_reason) == ("it was in line 1", "stop")
    [order] = router.orders
    assert (order["goal"], order["context"]) == (GOAL, "Keep the name.\n\nOf the file, too.")
    assert order["thread"]
    assert (order["workspace"], followed[0].folder) == ("/repository", "/repository")


def test_the_check_of_a_model_is_none_of_a_persons_and_its_question_is_answered_by_who_was_asked(
    router: FakeRouter,
) -> None:
    child()
    heard: list[bool | None] = []
    router.meanwhile = lambda following: heard.extend(map(following.allows, ("run `make`?", "run it?")))
    CONSENT.heard(pattern_key=f"plugin_rule:{CONSENT.ask('p', ['run `make`?'], rule='')}", choice="once", surface="cli")
    ask(provider.Client(), system=PROMPT.replace("Keep the name.", f"Keep it.\n{hand_over({'check': 'make'})}"))
    CONSENT.clear()
    [order] = router.orders
    assert (order.get("check"), order["proposed_check"], heard) == (None, "make", [True, None])


@pytest.mark.parametrize(
    "more",
    [
        (),
        ("Your previous final response was rejected by the output contract validator. Validation errors:\n- x",),
        ("[STEER] look into docs as well",),
        ("You have not finished: go on.",),
    ],
    ids=["the same again", "a schema retry", "a steer", "a nudge"],
)
def test_a_second_question_of_a_child_starts_no_second_run_and_costs_nothing(
    router: FakeRouter, more: tuple[str, ...]
) -> None:
    child()
    first = ask(provider.Client())
    again = ask(provider.Client(), *more)
    assert len(router.orders) == 1
    assert said(again) == said(first)
    assert (cost(first), cost(again)) == (0.06, 0.0)
    assert (first.usage.prompt_tokens, again.usage.prompt_tokens) == (900, 0)


@pytest.mark.parametrize(
    ("text", "json"),
    [
        ('Here it is:\n```json\n{"line": 1}\n```\nas asked.', '{"line": 1}'),
        ("the lines {1, 2} are [1, 2]", "[1, 2]"),
        ("in line one", "in line one"),
    ],
)
def test_a_schema_retry_gets_the_finished_answer_as_bare_json_where_it_holds_some(
    router: FakeRouter, text: str, json: str
) -> None:
    router.result = {**DONE, "summary": text}
    child()
    assert said(ask(provider.Client(), system=CONTRACT)) == text
    retry = "Your previous final response was rejected by the output contract validator. Validation errors:\n- x"
    assert said(ask(provider.Client(), retry, system=CONTRACT)) == json
    assert len(router.orders) == 1


def test_two_questions_at_once_are_one_run(router: FakeRouter) -> None:
    child()
    begun, go_on = threading.Event(), threading.Event()

    def wait(_: Following) -> None:
        begun.set()
        go_on.wait(5)

    router.meanwhile = wait
    answers: list[Any] = []
    asking = [threading.Thread(target=lambda: answers.append(ask(provider.Client()))) for _ in range(2)]
    for one in asking:
        one.start()
    begun.wait(5)
    go_on.set()
    for one in asking:
        one.join()
    assert len(router.orders) == 1
    assert sorted(map(cost, answers)) == [0.0, 0.06]


def test_a_failed_run_fails_the_child_in_words_and_is_not_tried_again(router: FakeRouter) -> None:
    router.result = REFUSED
    child()
    for _ in range(2):
        with pytest.raises(provider.ChildFailed) as raised:
            ask(provider.Client())
        assert "deploy/.env holds credentials; unblock: start it: profile-router llama-server" in str(raised.value)
        assert len(str(raised.value)) <= 480
    assert len(router.orders) == 1


def test_no_failure_lets_hermes_retry_or_go_elsewhere() -> None:
    verdict = provider._classified(provider.ChildFailed("no"), status_code=None, model="profile-router")
    assert {name: verdict[name] for name in ("retryable", "should_fallback", "should_compress")} == dict.fromkeys(
        ("retryable", "should_fallback", "should_compress"), False
    )


def test_cancel_stops_the_run_from_another_thread(router: FakeRouter) -> None:
    child()
    client = provider.Client()
    router.meanwhile = lambda _: threading.Thread(target=client.cancel).run()
    with pytest.raises(provider.ChildFailed, match=r"^stopped"):
        ask(client)
    client.cancel()  # nothing runs: nothing happens


@pytest.mark.parametrize("body", [None, {}, {"profile_router_session": "nobody"}, {"profile_router_session": 3}])
def test_who_is_not_a_child_of_hermes_gets_no_run(router: FakeRouter, body: Any) -> None:
    with pytest.raises(provider.ChildFailed, match=r"delegated subagents only.*delegation\.provider"):
        provider.Client().chat.completions.create(messages=[{"role": "user", "content": "hi"}], extra_body=body)
    assert not router.orders


@pytest.mark.parametrize("mark", INSIDE)
def test_a_hermes_that_we_started_never_gets_a_run_of_ours(
    router: FakeRouter, monkeypatch: pytest.MonkeyPatch, mark: str
) -> None:
    child()
    monkeypatch.setenv(mark, "1")
    with pytest.raises(provider.ChildFailed, match="what was delegated delegates nothing"):
        ask(provider.Client())
    register(object())  # which has nothing to register by
    assert not router.orders


def test_the_verdict_comes_first_and_the_receipt_is_three_lines_behind_the_answer(router: FakeRouter) -> None:
    child()
    text = provider.with_receipt(session_id="s1", response_text=said(ask(provider.Client())), platform="subagent")
    assert text is not None
    verdict, above, words, below, route, verified, story = text.splitlines()
    assert (verdict, above, words, below) == ("verified: pytest -q passed", "", "it was in line 1", "")
    assert route == "route     burst · sonnet · large-change · 6 turns · $0.06"
    assert verified == "verified  README.md +1 −1 · pytest -q: passed"
    assert story.startswith("story     local down → burst · profile-router show ")


def test_an_answer_that_a_program_reads_has_no_receipt(router: FakeRouter) -> None:
    child()
    text = said(ask(provider.Client(), system=CONTRACT))
    assert router.orders[0]["whole_answer"] is True
    assert provider.with_receipt(session_id="s1", response_text=text) is None


class StdoutProxy(io.StringIO):
    """Stands in for what prompt_toolkit puts in the place of stdout while a terminal chat shows its prompt."""

    app_session, sleep_between_writes = None, 0.2


class SafeWriter:
    """Stands in for what Hermes puts around it."""

    def __init__(self, inner: StdoutProxy) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


def test_at_a_terminal_each_step_is_a_line_above_the_prompt_and_the_board_tells_of_the_task(
    router: FakeRouter, monkeypatch: pytest.MonkeyPatch
) -> None:
    child()
    proxy = StdoutProxy()
    monkeypatch.setattr(sys, "stdout", SafeWriter(proxy))
    ask(provider.Client())
    shown = proxy.getvalue()
    board = children_told()
    monkeypatch.undo()
    begins, step, ends = [line.partition(" 🧭 ")[2] for line in shown.splitlines()]
    assert begins.endswith(f" begins: {GOAL}")
    assert step.endswith(" classify: burst")
    assert ends.endswith(" done ($0.06, 0 s)")
    assert f"  done     0 s  ·  {GOAL}  ·  $0.06  ·  route     burst" in board


def test_elsewhere_nothing_is_printed_and_the_board_keeps_the_task_to_itself(
    router: FakeRouter, capsys: pytest.CaptureFixture[str]
) -> None:
    child()
    ask(provider.Client())
    assert capsys.readouterr().out == ""
    assert GOAL not in children_told()
    assert "$0.06" in children_told()


@pytest.mark.parametrize("session", ["s1", "nobody", None])
def test_what_we_did_not_run_has_no_receipt(router: FakeRouter, session: object) -> None:
    child()
    assert provider.with_receipt(session_id=session, response_text="hi") is None


def test_children_beside_each_other_work_apart_and_a_lone_one_in_place(router: FakeRouter) -> None:
    for session in ("s1", "s2"):
        child(session)
    ask(provider.Client(), session="s1")
    CHILDREN.ended(child_session_id="s1")
    ask(provider.Client(), session="s2")
    assert router.in_copies == [True, False]


def test_images_come_as_paths(router: FakeRouter) -> None:
    child()
    goal = f"{GOAL}\n\n[Image attached at: /a/b c.png]\n[Image attached at: /d.jpg]\nUse vision_analyze to inspect these images."
    ask(provider.Client(), goal=goal)
    [order] = router.orders
    assert (order["goal"], order["images"]) == (GOAL, ["/a/b c.png", "/d.jpg"])


def test_an_image_within_the_message_is_a_file_as_long_as_the_run_lasts(router: FakeRouter) -> None:
    child()
    seen: list[bytes] = []
    router.meanwhile = lambda _: seen.append(Path(router.orders[0]["images"][0]).read_bytes())
    picture = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{base64.b64encode(b'PNG!').decode()}"}}
    ask(provider.Client(), goal=[{"type": "text", "text": GOAL}, picture])
    [order] = router.orders
    assert (order["goal"], seen) == (GOAL, [b"PNG!"])
    assert not Path(order["images"][0]).exists()


class Base:
    """Stands in for Hermes' class of providers."""

    def __init__(self, **given: Any) -> None:
        vars(self).update(given)

    def create_client(self, **_: Any) -> None:
        """Make none."""


def test_the_provider_has_an_address_of_this_machine_and_a_window_that_nothing_fills() -> None:
    ours = provider._provider(Base)
    assert (ours.name, ours.auth_type, ours.get_model_context_length("profile-router")) == (
        "profile-router", "external_process", 10_000_000,
    )  # fmt: skip
    assert "." not in ours.base_url
    assert ours.build_extra_body(session_id="s", model="m") == {"profile_router_session": "s"}
    assert ours.build_extra_body() == {}
    assert isinstance(
        ours.create_client(api_key="k", base_url="acp://profile-router", command="/p", more=1), provider.Client
    )
    assert not ours.listed()


def test_the_price_that_hermes_shows_is_what_the_run_cost(monkeypatch: pytest.MonkeyPatch) -> None:
    pricing = types.ModuleType("agent.usage_pricing")
    vars(pricing)["CostResult"] = lambda **said: SimpleNamespace(**said)
    monkeypatch.setitem(sys.modules, "agent", types.ModuleType("agent"))
    monkeypatch.setitem(sys.modules, "agent.usage_pricing", pricing)
    for raw, usd in (({"usd": 0.06}, "0.06"), ({"usd": 0.0}, "0.0"), (None, "0.0")):
        found = provider._cost(None, "profile-router", SimpleNamespace(raw_usage=raw))
        assert (str(found.amount_usd), found.status) == (usd, "actual")
