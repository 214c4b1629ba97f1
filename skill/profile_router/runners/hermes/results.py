"""What a child's result means: success, or a failure whose cause one table names. The exit code is never asked.

A turn succeeded where it is `completed`, and not `failed`, `partial` or `interrupted`. Its `turn_exit_reason` is a text
response then. `completed` alone is also said of a turn whose answers were all empty. Read in Hermes 0.19.0 and 0.22.2.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from typing import Any

from profile_router.core.attempt.order import Order
from profile_router.core.ladder.causes import Cause, cause_of_answer, detail_of
from profile_router.core.ladder.failure import Failure
from profile_router.core.ladder.unfit import unfit_fix
from profile_router.core.profile import Secret, without_key
from profile_router.core.text import counted
from profile_router.expressions import expression
from profile_router.runners.answers.endings import bad_ending
from profile_router.runners.answers.text_calls import asks_to_see_calls, text_calls
from profile_router.runners.hermes.child_process import Ended
from profile_router.runners.hermes.turn_account import Account
from profile_router.servers.rate_limit import narrowed, wait_of
from profile_router.values import frozen

_MESSAGE_CHARS = 400
_STATUS = expression(r"^(?:API call failed after \d+ retries: )?(?:HTTP|Error code:) (\d{3})\b")
_ASK = expression(
    r"\s*[*_`]*ask_for_profile[*_`]*[:\s]+[`*'\"]*([a-z0-9][a-z0-9_-]*)[`*'\"]*[\s:.,–—-]*(.*)", re.I | re.S
)
_REASON_CHARS = 300
_TEXT_ENDED = expression(r"text_response\(finish_reason=(\w[\w-]*)\)")

# Hermes' own classes of failed requests (agent/error_classifier.py).
_OF_REASON: Mapping[str, Cause] = {
    "auth": "key-refused", "auth_permanent": "key-refused", "billing": "payment-required",
    "rate_limit": "rate-limited", "upstream_rate_limit": "model-limited", "overloaded": "unavailable",
    "server_error": "server-error", "timeout": "stalled", "ssl_cert_verification": "tls",
    "context_overflow": "over-window", "payload_too_large": "over-window", "long_context_tier": "over-window",
    "image_too_large": "bad-request", "model_not_found": "model-missing", "provider_policy_blocked": "bad-request",
    "content_policy_blocked": "bad-request", "format_error": "bad-request",
}  # fmt: skip
_UPSTREAM = "upstream_rate_limit"
_OF_EXIT: Mapping[str, Cause] = {
    "max_iterations_reached": "turn-limit", "budget_exhausted": "turn-limit",
    "empty_response_exhausted": "empty-answer", "partial_stream_recovery": "cut-short",
    "fallback_prior_turn_content": "empty-answer", "guardrail_halt": "repeated-call",
    "ollama_runtime_context_too_small": "over-window", "all_retries_exhausted_no_response": "server-error",
    "interrupted_by_user": "interrupted", "interrupted_during_api_call": "interrupted",
}  # fmt: skip
# What Hermes raises before the first request: a mark in its text, what that means, and what fixes it.
_NOT_INHERITED = "Hermes does not inherit it: write model.provider, base_url and default into the profile's config.yaml"
_REFUSALS: tuple[tuple[str, Cause, str], ...] = (
    ("below the minimum", "over-window", "`runner: auto` in the policy gives such a profile to the embedded runner"),
    ("no inference provider", "no-key", _NOT_INHERITED),
    ("no llm provider", "no-key", "its keys are missing or in cooldown: `hermes auth list` shows them"),
    ("it reads the profile's", "bad-request", _NOT_INHERITED),
)
_UNLISTED: tuple[str, Cause, str] = ("", "bad-request", "`runner: embedded` in the policy does without Hermes")
_FIRST_SENTENCE = expression(r"(?<=[a-z)'])\.\s")
_TOLD_BY_US = frozenset({"empty_response_exhausted", "max_iterations_reached", "budget_exhausted"})
# Classes of errors of httpx and openai (and the child's BrokeOff), as they stand in a request's chain of errors.
_UNREACHED: tuple[tuple[str, Cause], ...] = (
    ("ConnectTimeout", "connect-timeout"),
    ("SSLError", "tls"),
    ("SSLCertVerificationError", "tls"),
    ("gaierror", "dns"),
    ("ConnectionRefusedError", "refused"),
    ("ConnectError", "refused"),
)
_LATE = frozenset({"ReadTimeout", "WriteTimeout", "PoolTimeout", "APITimeoutError", "TimeoutError"})
_DROPPED = frozenset({"APIConnectionError", "RemoteProtocolError", "ReadError", "WriteError", "ConnectionResetError"})


@frozen(kw_only=False)
class _Case:
    """A turn that is not a success, as the table looks at it. `kinds` are the classes of the last request's error."""

    account: Account

    @property
    def result(self) -> Mapping[str, Any]:
        return self.account.result or {}

    @property
    def error(self) -> str:
        return str(self.result.get("error") or "")

    @property
    def status(self) -> int | None:
        status, said = (self.account.trouble or {}).get("status"), _STATUS.match(self.error)
        return status if status and isinstance(status, int) else int(said[1]) if said else None

    @property
    def kinds(self) -> frozenset[str]:
        return frozenset((self.account.trouble or {}).get("kinds") or ())

    @property
    def exit(self) -> str:
        return str(self.result.get("turn_exit_reason") or "").partition("(")[0]

    @property
    def declined(self) -> bool:
        return bool(self.result.get("exception")) and not self.account.turns > 0


def _unreached(case: _Case) -> Cause | None:
    return next((cause for kind, cause in _UNREACHED if kind in case.kinds), None)


def _refusal(case: _Case) -> tuple[str, Cause, str]:
    return next((row for row in _REFUSALS if row[0] in case.error.lower()), _UNLISTED)


_NOTHING_USABLE: Cause = "empty-answer"
# First match wins.
_TABLE: tuple[tuple[Callable[[_Case], bool], Callable[[_Case], Cause]], ...] = (
    (lambda case: case.declined, lambda case: _refusal(case)[1]),
    (lambda case: bool(case.result.get("compression_exhausted")), lambda _: "over-window"),
    (lambda case: "context length exceeded" in case.error.lower(), lambda _: "over-window"),
    (lambda case: bool(case.result.get("interrupted")), lambda _: "interrupted"),
    (lambda case: unfit_fix(case.error, "") is not None, lambda _: "unfit-model"),
    (lambda case: case.status is not None, lambda case: cause_of_answer(case.status or 0, case.error)),
    (lambda case: _unreached(case) is not None, lambda case: _unreached(case) or "refused"),
    (lambda case: bool(case.kinds & _LATE), lambda _: "stalled"),
    (lambda case: "BrokeOff" in case.kinds, lambda _: "cut-short"),
    (lambda case: bool(case.kinds & _DROPPED), lambda _: "bad-gateway"),
    (lambda case: case.exit in _OF_EXIT, lambda case: _OF_EXIT[case.exit]),
    (
        lambda case: str(case.result.get("failure_reason")) in _OF_REASON,
        lambda case: _OF_REASON[str(case.result["failure_reason"])],
    ),
    (lambda case: "connection error" in case.error.lower(), lambda _: "refused"),
    (lambda case: bool(case.result.get("exception")), lambda _: "interrupted"),
    (lambda case: "invalid tool call" in case.error.lower(), lambda _: "unknown-tool"),
    (lambda case: "truncated" in case.error.lower(), lambda _: "truncated"),
    (lambda case: bool(case.result.get("partial")), lambda _: "cut-short"),
    (lambda case: bool(case.result.get("failed")), lambda _: "server-error"),
)


def failure_of_turn(
    account: Account, ended: Ended, order: Order, *, where: str, model: str, key: Secret | None
) -> Failure | None:
    """Return why the turn of *account* failed, None where it succeeded.

    *where* names the backend for the message, *model* is the one that was asked. The *key* is cut out
    of the message if something echoed it.
    """
    if account.result is None:
        cause, said = _without_result(ended)
        return Failure(cause=cause, message=f"{where}: {without_key(said, key, _MESSAGE_CHARS)}")
    if asked := _asked(account, order):
        return asked
    if _succeeded(account):
        return _no_answer(account, order, where)
    case = _Case(account)
    cause = next((meaning(case) for holds, meaning in _TABLE if holds(case)), _NOTHING_USABLE)
    trouble, reason = account.trouble or {}, str(case.result.get("failure_reason"))
    limit = {"message": case.error, "metadata": trouble.get("limit")}
    wait = wait_of(trouble.get("waits") or {}, limit, now=time.time())
    cause = _OF_REASON[reason] if cause == "rate-limited" and reason == _UPSTREAM else cause
    cause = narrowed(cause, limit, model=model)
    said = without_key(_said(case, account), key, _MESSAGE_CHARS)
    if cause == "unfit-model":
        said = f"{said}; {unfit_fix(case.error, order.profile)}"
    return Failure(cause=cause, message=f"{where}: {said}", retry_after_s=wait)


def _no_answer(account: Account, order: Order, where: str) -> Failure | None:
    """Return why the words that end a turn of Hermes are not an answer: cut off, or an unmade call."""
    ended = _TEXT_ENDED.match(str((account.result or {}).get("turn_exit_reason")))
    if ended and (bad := bad_ending(ended[1])) is not None:
        return Failure(cause=bad[0], message=f"{where}: {bad[1]}")
    if asks_to_see_calls(order.task.goal, {}) or text_calls(account.text, {}) is None:
        return None
    said = detail_of("calls-as-text", why="Hermes took it for the answer")
    return Failure(cause="calls-as-text", message=f"{where}: {said}")


def _succeeded(account: Account) -> bool:
    result = account.result or {}
    ended_well = str(result.get("turn_exit_reason") or "").startswith("text_response")
    spoilt = any(result.get(key) for key in ("failed", "partial", "interrupted"))
    return result.get("completed") is True and not spoilt and ended_well and bool(account.text)


def _asked(account: Account, order: Order) -> Failure | None:
    found = _ASK.match(account.text)
    if found is None or found[1] not in order.asks:
        return None
    reason = " ".join(found[2].split())[:_REASON_CHARS]
    return Failure(cause="asked-for-profile", message=f"{order.profile} asks for {found[1]}: {reason}", asked=found[1])


def _without_result(ended: Ended) -> tuple[Cause, str]:
    if not ended.in_time:
        return "timeout", "Hermes was not done in time"
    lines = [line for line in ended.errors.splitlines() if line.strip()]
    last = f": {lines[-1]}" if lines else ""
    if ended.code is None:
        return "interrupted", f"Hermes cannot be started{last}"
    how = f"by signal {-ended.code}" if ended.code < 0 else f"with {ended.code}"
    return "interrupted", f"Hermes ended {how} before it had a result{last}"


def _said(case: _Case, account: Account) -> str:
    if case.declined:
        first = _FIRST_SENTENCE.split(case.error, maxsplit=1)[0].rstrip(".")
        return f"Hermes refuses: {first}; {_refusal(case)[2]}"
    if case.exit in _TOLD_BY_US:
        return detail_of(_OF_EXIT[case.exit], turns=counted(account.turns, "turn"))
    return case.error or account.text or case.exit or "Hermes gave no result"
