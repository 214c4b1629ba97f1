"""What a result of Hermes means. The results are those that Hermes 0.19.0 gave for the conditions named."""

from __future__ import annotations

from typing import Any

import pytest
from tests.fakes import BURST, Heard, a_task, an_order
from tests.runners.answers.families import FAMILIES, WORDS

from profile_router.core.ladder.failure import Failure
from profile_router.core.profile import Secret
from profile_router.runners.hermes.child_process import Ended
from profile_router.runners.hermes.results import failure_of_turn
from profile_router.runners.hermes.turn_account import Account

GOOD = {"completed": True, "final_response": "done", "turn_exit_reason": "text_response(finish_reason=stop)"}
FAILED = {"completed": False, "failed": True}
IN_TIME = Ended(in_time=True, code=0, errors="")


def judged(
    result: dict[str, Any] | None, *events: dict[str, Any], ended: Ended = IN_TIME, **order: Any
) -> Failure | None:
    account = Account(emit=Heard())
    for event in events or ({"event": "asked", "turn": 1},):
        account(event)
    if result is not None:
        account({"event": "result", **result})
    return failure_of_turn(account, ended, an_order(**order), where="here", model="scripted", key=Secret("sk-12345"))


def test_a_text_response_that_is_completed_is_a_success_whatever_the_exit_code() -> None:
    assert judged(GOOD, ended=Ended(in_time=True, code=1, errors="a traceback")) is None


@pytest.mark.parametrize(
    "spoilt",
    [
        {"completed": False},
        {"completed": None},
        {"failed": True},
        {"partial": True},
        {"interrupted": True},
        {"final_response": "  "},
        {"final_response": None},
        {"turn_exit_reason": None},
        {"turn_exit_reason": "empty_response_exhausted"},
        {"turn_exit_reason": "unknown"},
    ],
)
def test_anything_less_is_a_failure(spoilt: dict[str, Any]) -> None:
    assert judged(GOOD | spoilt) is not None


@pytest.mark.parametrize("reason", ["content_filter", "error", "length", "abort"])
def test_a_text_that_ended_badly_is_a_failure(reason: str) -> None:
    failure = judged(GOOD | {"turn_exit_reason": f"text_response(finish_reason={reason})"})
    assert failure is not None
    assert failure.cause in {"cut-short", "stream-error", "truncated"}


MARKED = [
    FAMILIES[name] for name in ("Hermes and Qwen 2.5", "Qwen 3 Coder", "python_tag", "Mistral", "gpt-oss", "JSON")
]


@pytest.mark.parametrize("text", MARKED)
def test_a_call_that_hermes_took_for_an_answer_is_a_failure(text: str) -> None:
    failure = judged(GOOD | {"final_response": text})
    assert failure is not None
    assert failure.cause == "calls-as-text"
    assert judged(GOOD | {"final_response": text}, task=a_task("Show me an example tool call")) is None


@pytest.mark.parametrize("text", WORDS.values(), ids=WORDS)
def test_words_are_an_answer(text: str) -> None:
    assert judged(GOOD | {"final_response": text or "done"}) is None


def test_the_thoughts_in_front_of_the_last_words_are_not_part_of_them() -> None:
    account = Account(emit=Heard())
    account({"event": "result", **GOOD, "final_response": "<think>I ponder</think>\n\ndone"})
    assert account.text == "done"
    assert judged(GOOD | {"final_response": "<think>I ponder"}) is not None


def test_a_model_that_can_never_take_the_request_is_unfit_and_the_fix_is_told() -> None:
    error = "HTTP 400: registry.ollama.ai/library/gemma:2b does not support tools"
    failure = judged({**FAILED, "error": error}, _refused(400))
    assert failure is not None
    assert (failure.cause, "name a model that does" in failure.message) == ("unfit-model", True)


@pytest.mark.parametrize(("turns", "said"), [(1, "did not finish in 1 turn"), (2, "did not finish in 2 turns")])
def test_the_turn_limit_is_told_with_its_noun(turns: int, said: str) -> None:
    asked = [{"event": "asked", "turn": number} for number in range(1, turns + 1)]
    failure = judged({"completed": False, "turn_exit_reason": f"max_iterations_reached({turns}/{turns})"}, *asked)
    assert failure is not None
    assert failure.message.endswith(said)


def _refused(status: int | None = None, *kinds: str) -> dict[str, Any]:
    return {"event": "refused", "status": status, "kinds": list(kinds)}


CONNECTION = {**FAILED, "error": "Connection error.", "failure_reason": "timeout"}


@pytest.mark.parametrize(
    ("result", "trouble", "cause"),
    [
        ({**FAILED, "error": "HTTP 402: no credits", "failure_reason": "billing"}, None, "payment-required"),
        ({**FAILED, "error": "HTTP 403: no"}, None, "forbidden"),
        ({**FAILED, "error": "HTTP 404: no such model"}, None, "model-missing"),
        ({**FAILED, "error": "HTTP 502: bad"}, None, "bad-gateway"),
        ({**FAILED, "error": "HTTP 507: full"}, None, "server-error"),
        ({**FAILED, "error": "Error code: 429 - {}"}, None, "rate-limited"),
        ({**FAILED, "error": "API call failed after 3 retries: HTTP 503: busy"}, None, "unavailable"),
        ({**FAILED, "error": "HTTP 503: Loading model"}, _refused(503), "loading"),
        ({**FAILED, "error": "a page instead"}, _refused(504), "unavailable"),
        ({**FAILED, "error": "the model said HTTP 500: x"}, None, "server-error"),
        (CONNECTION, _refused(None, "APIConnectionError", "ConnectError"), "refused"),
        (CONNECTION, _refused(None, "APIConnectionError", "RemoteProtocolError"), "bad-gateway"),
        (CONNECTION, _refused(None, "APITimeoutError", "ReadTimeout"), "stalled"),
        (CONNECTION, _refused(None, "APITimeoutError", "ConnectTimeout"), "connect-timeout"),
        ({**FAILED, "error": "x"}, _refused(None, "BrokeOff"), "cut-short"),
        ({**FAILED, "error": "slow down", "failure_reason": "rate_limit"}, None, "rate-limited"),
        ({**FAILED, "error": "x", "failure_reason": "upstream_rate_limit"}, None, "model-limited"),
        ({**FAILED, "error": "HTTP 429: x", "failure_reason": "upstream_rate_limit"}, None, "model-limited"),
        ({**FAILED, "error": "HTTP 429: x"}, {**_refused(429), "limit": {"provider_name": "Nebius"}}, "model-limited"),
        ({**FAILED, "error": "HTTP 429: x"}, {**_refused(429), "limit": {"headers": {}}}, "rate-limited"),
        ({**FAILED, "error": "too busy", "failure_reason": "overloaded"}, None, "unavailable"),
        ({**FAILED, "error": "a certificate", "failure_reason": "ssl_cert_verification"}, None, "tls"),
        (
            {**FAILED, "partial": True, "compression_exhausted": True, "error": "Context length exceeded (9 tokens)."},
            _refused(400),
            "over-window",
        ),
        (
            {"completed": False, "partial": True, "error": "Model generated invalid tool call: HTTP 500"},
            None,
            "unknown-tool",
        ),
        ({"completed": False, "partial": True, "error": "Response truncated"}, None, "truncated"),
        ({"completed": False, "turn_exit_reason": "max_iterations_reached(3/3)"}, None, "turn-limit"),
        ({"completed": False, "interrupted": True, "turn_exit_reason": "interrupted_by_user"}, None, "interrupted"),
        ({"completed": True, "turn_exit_reason": "guardrail_halt", "final_response": "halted"}, None, "repeated-call"),
        ({**FAILED, "turn_exit_reason": "ollama_runtime_context_too_small"}, None, "over-window"),
        ({**FAILED}, None, "server-error"),
        ({}, None, "empty-answer"),
        ({"exception": "KeyError", "error": "'x'"}, None, "interrupted"),
    ],
)
def test_each_kind_of_failure_has_its_cause(result: dict[str, Any], trouble: dict[str, Any] | None, cause: str) -> None:
    asked = {"event": "asked", "turn": 1}
    failure = judged(result, *((asked,) if trouble is None else (asked, trouble)))
    assert failure is not None
    assert failure.cause == cause


@pytest.mark.parametrize(
    ("kind", "cause"), [("gaierror", "dns"), ("SSLCertVerificationError", "tls"), ("ConnectionRefusedError", "refused")]
)
def test_what_kept_it_from_the_server_is_told_apart(kind: str, cause: str) -> None:
    failure = judged(CONNECTION, _refused(None, "APIConnectionError", "ConnectError", kind), local=False)
    assert failure is not None
    assert failure.cause == cause


def test_a_rate_limit_knows_how_long_to_wait() -> None:
    limited = {**_refused(429, "RateLimitError"), "waits": {"retry-after": "7"}}
    failure = judged({**FAILED, "error": "HTTP 429: slow down"}, limited)
    assert failure is not None
    assert (failure.cause, failure.retry_after_s) == ("rate-limited", 7.0)


def test_a_request_that_failed_and_was_answered_later_is_forgotten() -> None:
    answered = {"event": "answered", "turn": 2, "tools": [], "first_s": 0.1}
    failure = judged({"completed": False, "partial": True, "error": "x"}, _refused(500), answered)
    assert failure is not None
    assert failure.cause == "cut-short"


@pytest.mark.parametrize(
    ("said", "cause", "fixes"),
    [
        (
            "Model m has a context window of 8,192 tokens, which is below the minimum 64,000.",
            "over-window",
            "`runner: auto`",
        ),
        ("No inference provider configured. Run 'hermes model'", "no-key", "write model.provider"),
        ("No LLM provider configured.", "no-key", "`hermes auth list`"),
        ("Unknown provider 'openai'. Check 'hermes model'", "bad-request", "`runner: embedded`"),
    ],
)
def test_what_hermes_refuses_before_any_request_says_what_fixes_it(said: str, cause: str, fixes: str) -> None:
    failure = judged({"exception": "ValueError", "error": said}, {"event": "version", "version": "0.19.0"})
    assert failure is not None
    assert failure.cause == cause
    assert "Hermes refuses: " in failure.message
    assert fixes in failure.message


@pytest.mark.parametrize(
    ("ended", "cause", "said"),
    [
        (Ended(in_time=False, code=-9, errors=""), "timeout", "here: Hermes was not done in time"),
        (
            Ended(in_time=True, code=-9, errors=""),
            "interrupted",
            "here: Hermes ended by signal 9 before it had a result",
        ),
        (
            Ended(in_time=True, code=1, errors="Traceback\nImportError: no sk-12345\n\n"),
            "interrupted",
            "here: Hermes ended with 1 before it had a result: ImportError: no ***",
        ),
        (Ended(in_time=True, code=None, errors="gone"), "interrupted", "here: Hermes cannot be started: gone"),
    ],
)
def test_without_a_result_the_end_of_the_process_is_told(ended: Ended, cause: str, said: str) -> None:
    assert judged(None, ended=ended) == Failure(cause=cause, message=said)  # type: ignore[arg-type]


def test_no_key_is_shown_even_where_the_text_is_cut() -> None:
    failure = judged({**FAILED, "error": "x" * 380 + " sk-12345"})
    assert failure is not None
    assert "sk-1" not in failure.message


@pytest.mark.parametrize(
    "words",
    [
        f"ask_for_profile: {BURST}: too large for me",
        f"`ask_for_profile`: `{BURST}` - too large\nfor me",
        f"**ask_for_profile: {BURST}** — too large for me",
    ],
)
def test_a_subagent_may_ask_for_another_profile(words: str) -> None:
    failure = judged(GOOD | {"final_response": words})
    assert failure is not None
    assert (failure.cause, failure.asked) == ("asked-for-profile", BURST)
    assert failure.message.endswith("too large for me")


@pytest.mark.parametrize("words", ["ask_for_profile: nobody: x", f"I could have said ask_for_profile: {BURST}", "done"])
def test_only_a_known_profile_asked_for_at_once_counts(words: str) -> None:
    assert judged(GOOD | {"final_response": words}) is None
