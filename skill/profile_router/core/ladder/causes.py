"""Why an attempt fails: every cause with its error class, its words for the user, and the statuses that mean it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from profile_router import errors

Cause = Literal[
    "dns",
    "tls",
    "refused",
    "connect-timeout",
    "no-network",
    "model-missing",
    "server-error",
    "bad-gateway",
    "unavailable",
    "loading",
    "wrong-model",
    "first-token-timeout",
    "stalled",
    "request-timeout",
    "no-key",
    "key-refused",
    "payment-required",
    "forbidden",
    "rate-limited",
    "over-window",
    "stream-error",
    "cut-short",
    "empty-answer",
    "truncated",
    "invalid-json",
    "unknown-tool",
    "bad-arguments",
    "repeated-call",
    "turn-limit",
    "verification-failed",
    "asked-for-profile",
    "bad-request",
    "not-local",
    "over-budget",
    "not-approved",
    "timeout",
    "interrupted",
    "tainted",
]
CAUSES: frozenset[str] = frozenset(get_args(Cause))


@dataclass(frozen=True, slots=True)
class CauseRow:
    """One cause: the class of its error, and how a ladder line names it."""

    error: type[errors.AttemptError]
    words: str


TABLE: Mapping[Cause, CauseRow] = {
    "dns": CauseRow(errors.NameNotFound, "the server's name is unknown"),
    "tls": CauseRow(errors.TlsFailed, "there is no trusted connection"),
    "refused": CauseRow(errors.ConnectionRefused, "the server is down"),
    "connect-timeout": CauseRow(errors.ConnectTimeout, "the server cannot be reached in time"),
    "no-network": CauseRow(errors.NetworkDown, "the network is down"),
    "model-missing": CauseRow(errors.ModelMissing, "the server does not have the model"),
    "server-error": CauseRow(errors.ServerError, "the server failed"),
    "bad-gateway": CauseRow(errors.GatewayFailed, "the server's gateway fails"),
    "unavailable": CauseRow(errors.ServerUnavailable, "the server is not available"),
    "loading": CauseRow(errors.StillLoading, "the server is still loading"),
    "wrong-model": CauseRow(errors.OtherModelLoaded, "another model is loaded"),
    "first-token-timeout": CauseRow(errors.FirstTokenLate, "no first token in time"),
    "stalled": CauseRow(errors.Stalled, "the answer stalls"),
    "request-timeout": CauseRow(errors.RequestTimeout, "the server gave up waiting"),
    "no-key": CauseRow(errors.NoKey, "there is no key"),
    "key-refused": CauseRow(errors.KeyRefused, "the key is refused"),
    "payment-required": CauseRow(errors.PaymentRequired, "the credit is used up"),
    "forbidden": CauseRow(errors.Forbidden, "the key may not do this"),
    "rate-limited": CauseRow(errors.RateLimited, "the key is rate limited"),
    "over-window": CauseRow(errors.OverWindow, "the prompt is over the window"),
    "stream-error": CauseRow(errors.StreamError, "the stream carried an error"),
    "cut-short": CauseRow(errors.CutShort, "the answer broke off"),
    "empty-answer": CauseRow(errors.EmptyAnswer, "the answer is empty"),
    "truncated": CauseRow(errors.Truncated, "the answer was cut at its limit"),
    "invalid-json": CauseRow(errors.InvalidJson, "the answer cannot be read"),
    "unknown-tool": CauseRow(errors.UnknownTool, "the model invents tools"),
    "bad-arguments": CauseRow(errors.BadArguments, "the model's tool calls do not fit"),
    "repeated-call": CauseRow(errors.RepeatedCall, "the model repeats a failing call"),
    "turn-limit": CauseRow(errors.TurnLimit, "the turn limit is reached"),
    "verification-failed": CauseRow(errors.VerificationFailed, "the verification failed"),
    "asked-for-profile": CauseRow(errors.AskedForProfile, "the subagent asks for another profile"),
    "bad-request": CauseRow(errors.BadRequest, "the server refused the request"),
    "not-local": CauseRow(errors.NotLocal, "the task is private"),
    "over-budget": CauseRow(errors.OverBudget, "it would cost more than allowed"),
    "not-approved": CauseRow(errors.NotApproved, "nobody agreed to its price"),
    "timeout": CauseRow(errors.TimeUp, "the time is up"),
    "interrupted": CauseRow(errors.Interrupted, "it was interrupted"),
    "tainted": CauseRow(errors.TaintedWork, "the files hold what was read in a private one"),
}
IN_WORDS: Mapping[Cause, str] = {cause: row.words for cause, row in TABLE.items()}

_OF_STATUS: Mapping[int, Cause] = {
    401: "key-refused",
    402: "payment-required",
    403: "forbidden",
    404: "model-missing",
    408: "request-timeout",
    413: "over-window",
    429: "rate-limited",
    502: "bad-gateway",
    503: "unavailable",
    504: "unavailable",
}


def cause_of_status(status: int) -> Cause:
    """Return what an HTTP *status* that is no success means to the ladder, whichever runner got it."""
    return _OF_STATUS.get(status, "server-error" if status >= 500 else "bad-request")
