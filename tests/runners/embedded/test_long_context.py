"""Whatever the size of a task: it is sent whole, condensed and listed, or refused by us with the size. No request is
ever rejected for its size, whether the server tells its counts or not."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.examples import examples
from tests.fakes import BURST, LOCAL, PAID, Heard, a_policy, a_task, an_order
from tests.runners.embedded.a_long_run import CountingProvider, End, LongRun, by_bytes, by_o200k, notes_of
from tests.runners.embedded.a_runner import cloud, local, run
from tests.scripted_provider import Answer, ScriptedProvider, fail, say

from profile_router.core.condense.result import Helper
from profile_router.core.conversation import Turn
from profile_router.core.policy import Condense
from profile_router.core.routing.route import Refusal
from profile_router.runners.calls.call import RecordedCalls
from profile_router.runners.calls.condenser import EmbeddedCondenser

GOAL = "Say how many legs widget 77 has"
MB = 1_000_000


def prose(size: int) -> str:
    return "".join(f"Paragraph {n} says that widget {n * 7} has {n % 13} legs.\n\n" for n in range(size // 40))[:size]


def code(size: int, path: str = "src/a.py") -> str:
    one = 'def f_{0}(a: int) -> int:\n    """Return {0}."""\n    for x in range(a):\n        a += inner(x, {0})\n        a -= inner(a, {0})\n    return a\n\n'
    return f"{path}:\n```python\n{''.join(one.format(n) for n in range(size // 140))}```\n"


KINDS: dict[str, Callable[[int], str]] = {
    "prose": prose,
    "code": code,
    "one line": lambda size: "x1 " * (size // 3),
    "unicode": lambda size: "漢字仮名交じり文🦘" * (size // 28),
    "minified": lambda size: (
        "```js\n" + "".join(f"function f{n}(a,b){{return a+b*{n}}};" for n in range(size // 33)) + "\n```"
    ),
    "a log": lambda size: "2026-01-01 worker is idle and waits for work\n" * (size // 45),
}
SERVERS = {
    "8K that tells": (8_192, by_o200k(1.0), True),
    "8K in bytes that tells": (8_192, by_bytes, True),
    "8K silent": (8_192, by_o200k(1.39), False),
    "200K silent": (200_000, by_o200k(1.39), False),
    "2K silent": (2_048, by_o200k(1.2), False),
}


def ended(server: str, text: str, **task: Any) -> tuple[End, CountingProvider]:
    window, count, tells = SERVERS[server]
    with CountingProvider(window, count, tells=tells) as provider:
        here = LongRun(profiles={LOCAL: local(provider.base_url)}, windows={LOCAL: window})
        end = here.run(a_task(GOAL, context=text, profile=LOCAL, **task))
    return end, provider


def whole_or_told(end: End, text: str) -> None:
    """What was not refused went out whole, or with a list of what was condensed."""
    if end.attempt is None:
        assert any(figure.isdigit() for figure in end.why), "a refusal names sizes"
        return
    if end.attempt.failure is not None:  # found before it was sent: then the ladder condenses
        assert "nothing is left to trim" in end.attempt.failure.message
        return
    assert end.order is not None
    assert end.order.task.goal == GOAL
    assert end.order.task.context == text or notes_of(end)


def asked() -> Iterator[Any]:
    """Yield every server, kind and size. With each change a kind meets one server at most sizes, each in turn.

    Of what is largest one kind is read.
    """
    for (place, server), (turn, kind) in itertools.product(enumerate(SERVERS), enumerate(KINDS)):
        for size in (1_000, 30_000, 200_000, 20 * MB):
            now = size == 30_000 or (turn % len(SERVERS) == place and (size < 20 * MB or kind == "minified"))
            yield pytest.param(server, kind, size, marks=() if now else pytest.mark.nightly)


@pytest.mark.parametrize(("server", "kind", "size"), list(asked()))
def test_no_request_is_rejected_for_its_size(server: str, kind: str, size: int) -> None:
    text = KINDS[kind](size)
    end, provider = ended(server, text)
    assert provider.rejected == []
    whole_or_told(end, text)


@examples(15)
@given(
    st.sampled_from(sorted(SERVERS)),
    st.lists(st.tuples(st.sampled_from(sorted(KINDS)), st.integers(0, 40_000)), max_size=4),
)
def test_nor_is_a_mixture_of_any_sizes(server: str, parts: list[tuple[str, int]]) -> None:
    text = "\n".join(KINDS[kind](size) for kind, size in parts)
    end, provider = ended(server, text)
    assert provider.rejected == []
    whole_or_told(end, text)


def test_code_becomes_its_outline_before_any_model_is_asked() -> None:
    end, provider = ended("8K silent", code(20_000))
    assert len(provider.chats) == 1
    (line,) = notes_of(end)
    assert line.startswith("condensed: src/a.py, outlined, ")
    sent = str(provider.chats[0]["messages"])
    assert "def f_100(a: int) -> int …" in sent
    assert "inner(" not in sent
    assert "[condensed: src/a.py, outlined, from" in sent


TRACEBACK = "Traceback (most recent call last):\n  File \"a.py\", line 1, in f\n    g()\nKeyError: 'widget'\n"


def test_errors_and_files_to_be_edited_stay_word_for_word() -> None:
    edited = code(3_000, "src/edited.py")
    text = prose(40_000) + "\n" + TRACEBACK + edited + code(20_000, "src/other.py")
    end, _ = ended("8K silent", text, files=("src/edited.py",))
    assert end.order is not None, end.why
    context = end.order.task.context
    assert TRACEBACK in context
    assert edited.split("\n", 1)[1] in context
    assert {note.split(",")[0] for note in notes_of(end)} == {"condensed: prose (1)", "condensed: src/other.py"}


def test_what_speaks_of_the_goal_is_kept_word_for_word_beside_the_summary() -> None:
    text = prose(60_000).replace("Paragraph 900", "The widget says: legs")
    end, provider = ended("8K silent", text)
    assert end.order is not None, end.why
    assert "widget" in end.order.task.context
    assert "[condensed: prose (1), summary, " in end.order.task.context
    assert "It says little." in end.order.task.context
    assert end.outcome is not None
    assert [receipt.step for receipt in end.outcome.receipts] == ["condense"] * (len(provider.chats) - 1)


def test_more_calls_than_allowed_are_refused_before_the_first_with_the_sizes() -> None:
    window, count, _ = SERVERS["8K silent"]
    with CountingProvider(window, count, tells=False) as provider:
        policy = replace(a_policy(), condense=Condense(max_calls=3))
        here = LongRun(profiles={LOCAL: local(provider.base_url)}, windows={LOCAL: window}, policy=policy)
        end = here.run(a_task(GOAL, context=prose(200_000), profile=LOCAL))
    assert "condense.max_calls allows 3" in end.why
    assert "8,192 tokens" in end.why
    assert provider.requests == []


def test_a_goal_that_fits_no_window_is_refused_when_deciding() -> None:
    with CountingProvider(8_192, by_o200k(1.0), tells=False) as provider:
        here = LongRun(profiles={LOCAL: local(provider.base_url)}, windows={LOCAL: 8_192})
        end = here.run(a_task(prose(60_000), context="more", profile=LOCAL))
    assert isinstance(end.decision, Refusal)
    assert provider.requests == []


def test_a_long_conversation_is_condensed_too_and_its_last_turns_go_last() -> None:
    turns = tuple(Turn("user" if n % 2 == 0 else "assistant", f"turn {n}: {prose(3_000)}") for n in range(20))
    with CountingProvider(8_192, by_o200k(1.3), tells=False) as provider:
        here = LongRun(profiles={LOCAL: local(provider.base_url)}, windows={LOCAL: 8_192})
        end = here.run(a_task(GOAL, profile=LOCAL), turns)
    assert end.attempt is not None, end.why
    assert end.order is not None
    assert end.order.conversation == turns[-2:]
    assert provider.rejected == []


FAILING = {"an error": fail(500), "a cut answer": say("half", finish="length"), "nothing": say("")}


@pytest.mark.parametrize("answer", FAILING.values(), ids=FAILING)
def test_a_summary_that_fails_stops_it_and_nothing_is_dropped(answer: Answer) -> None:
    with ScriptedProvider([say("fine"), answer]) as provider:
        here = LongRun(profiles={LOCAL: local(provider.base_url)}, windows={LOCAL: 8_192})
        end = here.run(a_task(GOAL, context=prose(60_000), profile=LOCAL))
    assert end.attempt is None
    assert "model call 2 of" in end.why
    assert end.outcome is not None
    assert [receipt.outcome for receipt in end.outcome.receipts] == ["ok", "failed"]


def test_a_private_context_is_summarized_on_this_machine_or_not_at_all() -> None:
    with (
        CountingProvider(8_192, by_o200k(1.0), tells=False) as near,
        CountingProvider(128_000, by_o200k(1.0), tells=False) as far,
    ):
        profiles = {LOCAL: local(near.base_url), BURST: cloud(far.base_url)}
        end = LongRun(profiles=profiles, windows={LOCAL: 8_192, BURST: 128_000}).run(
            a_task(GOAL, context=prose(60_000), local_only=True)
        )
    assert end.attempt is not None, end.why
    assert len(near.chats) > 2
    assert far.requests == []


def test_a_helper_elsewhere_never_gets_a_private_context() -> None:
    calls = RecordedCalls(load=lambda name: pytest.fail(f"{name} was loaded"), policy=a_policy())
    condenser = EmbeddedCondenser(calls=calls, workspace=None, base=Path("/"))
    elsewhere = Helper(profile=BURST, rate=PAID, local=False, window=128_000)
    with pytest.raises(AssertionError, match="private"):
        asyncio.run(condenser.condense(an_order(private=True), [elsewhere], Heard()))


@pytest.mark.parametrize(
    ("said", "cut"),
    [(4_096, True), (5_500, True), (8_000, False), (10_000, False), (100, False), (0, False)],
)
def test_a_prompt_that_the_server_cut_without_a_word_is_not_a_success(said: int, cut: bool) -> None:
    text = "".join(f"alpha beta gamma delta {n}\n" for n in range(1_700))
    with ScriptedProvider([say("I read it all.", usage=(said, 5))]) as provider:
        attempt = run(local(provider.base_url), an_order(a_task("do it", context=text), window=64_000))
    assert (attempt.failure is not None) is cut
    if attempt.failure is not None:
        assert attempt.failure.cause == "over-window"
        assert f"the server cut the prompt: it counted {said:,} of at least " in attempt.failure.message
        assert attempt.receipt.tokens_in == said


def test_a_summary_of_a_cut_text_is_not_a_summary() -> None:
    with ScriptedProvider([say("All fine.", usage=(1_100, 5))]) as provider:
        here = LongRun(profiles={LOCAL: local(provider.base_url)}, windows={LOCAL: 8_192})
        end = here.run(a_task(GOAL, context=prose(60_000).replace("\n\n", "\n"), profile=LOCAL))
    assert "the server cut the prompt" in end.why
