"""Why an attempt fails: the one table of causes. All that is said, sent or decided by a cause is read here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY
from typing import Literal, TypeGuard, get_args

from profile_router.core.privacy.taint import HOW_TO_ALLOW
from profile_router.core.task import SHORTEN_THE_GOAL
from profile_router.errors import Cause
from profile_router.values import frozen

__all__ = [
    "CAUSES",
    "NOT_MERGED",
    "TABLE",
    "Cause",
    "CauseRow",
    "Family",
    "cause_of_answer",
    "detail_of",
    "is_cause",
]

NOT_MERGED: Cause = "not-merged"  # of a task of a batch that ended well in its copy
CAUSES: frozenset[str] = frozenset(get_args(Cause))
Family = Literal[
    "unreached",  # nothing was asked of the server
    "server",  # it was reached and cannot serve
    "model",  # it does not have the model
    "key",  # the key does not open the provider, now or at all
    "request",  # what was sent is wrong
    "answer",  # the model answered, and the answer is of no use
    "early",  # we ended it for what it did so far
    "work",  # the model finished, and what it left is not what was asked for
    "asked",  # the subagent wants to be elsewhere
    "stopped",  # our own doing: another try would not help, or is not allowed
]

_START = "start the server at {address}: `profile-router llama-server --model FILE --run`, or what serves it"
_REACH = "see what keeps {address} away: `profile-router doctor`"
IN_HERMES = "; in Hermes: "  # what follows is of no use without Hermes
_ANSWERS = "see how {address} answers: `profile-router doctor --live`"
_KEY = f"put a working key into the .env of {{profile}}, or export it{IN_HERMES}`hermes -p {{profile}} auth add`"
_ALIAS = (
    "load the model that {profile} names, or serve it under that name (llama-server `--alias`, vLLM "
    "`--served-model-name`); `accept_any_model: true` in the policy takes any model that the server lists"
)
_CREDIT = "add credit at the provider of {profile}, or another key; then `profile-router health --reset`"
_WAIT = "wait for {profile}'s limit to pass (`profile-router health` tells how long), or add another key"


@frozen(kw_only=False)
class CauseRow:
    """One cause: its family, and the `sentence` by which the ladder and the next model are told of it.

    `detail` is what a failure's message says behind the server's name, where that is not the sentence; `{…}` in it are
    figures of the case. `statuses` are the HTTP statuses that mean the cause. `unblock` says what would have helped;
    it is empty where a reader has nothing to do, as the ladder goes on.
    `unblock_here` says it for a server that is attested as local: `{address}` and `{profile}` stand for its own.
    `like` is the older cause whose steps count under a policy whose ladder does not name this one.
    """

    family: Family
    sentence: str
    _: KW_ONLY
    detail: str = ""
    statuses: tuple[int, ...] = ()
    unblock: str = ""
    unblock_here: str = ""
    like: Cause | None = None


TABLE: Mapping[Cause, CauseRow] = {
    "dns": CauseRow(
        "unreached",
        "the server's name is unknown",
        detail="has a name that is not resolved",
        unblock="check the base_url of {profile}, and the network",
    ),
    "tls": CauseRow(
        "unreached",
        "there is no trusted connection",
        detail="has no certificate that is trusted here",
        unblock="check the certificate of {address}, or the base_url of {profile}",
    ),
    "refused": CauseRow(
        "unreached",
        "the server is down",
        detail="refuses the connection",
        unblock=_REACH,
        unblock_here=_START,
    ),
    "connect-timeout": CauseRow(
        "unreached",
        "the server cannot be reached in time",
        detail="no connection within {seconds:g} s",
        unblock=_REACH,
        unblock_here=_START,
    ),
    "no-network": CauseRow(
        "unreached",
        "the network is down",
        detail="cannot be reached: this machine has no network",
        unblock="check the network",
    ),
    "server-error": CauseRow("server", "the server failed", unblock=_ANSWERS),
    "bad-gateway": CauseRow(
        "server", "the server's gateway fails", detail="dropped the connection", statuses=(502,), unblock=_ANSWERS
    ),
    "unavailable": CauseRow("server", "the server is not available", statuses=(503, 504), unblock=_ANSWERS),
    "loading": CauseRow(
        "server",
        "the server is still loading",
        unblock="wait until {address} has loaded its model, or raise limits.loading_seconds",
    ),
    "first-token-timeout": CauseRow(
        "server", "no first token in time", detail="no token within {seconds:g} s", unblock=_ANSWERS
    ),
    "stalled": CauseRow(
        "server", "the answer stalls", detail="no further token within {seconds:g} s", unblock=_ANSWERS
    ),
    "request-timeout": CauseRow(
        "server",
        "the server gave up waiting",
        detail="connects, but does not answer",
        statuses=(408,),
        unblock=_ANSWERS,
    ),
    "model-limited": CauseRow(
        "server",
        "the model is rate limited by its provider",
        unblock="wait until the limit of {profile}'s model is over (`profile-router health` says when), or use another",
        like="rate-limited",
    ),
    "model-missing": CauseRow(
        "model",
        "the server does not have the model",
        statuses=(404,),
        unblock="name a model that {address} serves in the config.yaml of {profile}",
    ),
    "wrong-model": CauseRow("model", "another model is loaded", unblock=_ALIAS),
    "unfit-model": CauseRow(
        "model",
        "the model cannot take the request",
        unblock="name a model that takes tools in the config.yaml of {profile}: try `profile-router doctor --live`",
    ),
    "no-key": CauseRow("key", "there is no key", unblock=_KEY),
    "key-refused": CauseRow("key", "the key is refused", statuses=(401,), unblock=_KEY),
    "payment-required": CauseRow("key", "the credit is used up", statuses=(402,), unblock=_CREDIT),
    "forbidden": CauseRow("key", "the key may not do this", statuses=(403,), unblock=_KEY),
    "rate-limited": CauseRow("key", "the key is rate limited", statuses=(429,), unblock=_WAIT),
    "over-window": CauseRow("request", "the prompt is over the window", statuses=(413,), unblock=SHORTEN_THE_GOAL),
    "bad-request": CauseRow("request", "the server refused the request", unblock=_ANSWERS),
    "stream-error": CauseRow("answer", "the stream carried an error"),
    "cut-short": CauseRow("answer", "the answer broke off", detail="the answer broke off in the middle"),
    "empty-answer": CauseRow("answer", "the answer is empty"),
    "truncated": CauseRow("answer", "the answer was cut at its limit"),
    "invalid-json": CauseRow("answer", "the answer cannot be read"),
    "unknown-tool": CauseRow(
        "answer", "the model invents tools", detail="called tools that do not exist {times} times, {name} the last"
    ),
    "bad-arguments": CauseRow(
        "answer",
        "the model's tool calls do not fit",
        detail="called tools with arguments that do not fit {times} times, {name} the last",
    ),
    "repeated-call": CauseRow(
        "answer", "the model repeats a failing call", detail="made one failing call of {name} {times} times"
    ),
    "calls-as-text": CauseRow(
        "answer",
        "the model writes its tool calls as text",
        detail="wrote a tool call into its answer that cannot be carried out: {why}",
    ),
    "turn-limit": CauseRow("answer", "the turn limit is reached", detail="did not finish in {turns}"),
    "no-progress": CauseRow(
        "early",
        "the attempt gets nowhere",
        detail="{said}",
        unblock="raise early.score in the policy, or say `turns: 0` there: no attempt is ended early then",
    ),
    "verification-failed": CauseRow("work", "the verification failed"),
    "no-change": CauseRow("work", "no file was changed", detail="{files} was to be changed, and no file was"),
    "asked-for-profile": CauseRow("asked", "the subagent asks for another profile"),
    "not-local": CauseRow(
        "stopped",
        "the task is private",
        unblock="name the address of a model on this machine under local_endpoints in the policy",
    ),
    "over-budget": CauseRow(
        "stopped",
        "it would cost more than allowed",
        unblock="allow more: `--max-cost USD`, or `budget` in the policy",
    ),
    "not-approved": CauseRow(
        "stopped",
        "approval is needed, and no one is there to give it",
        unblock="agree to its price: `--yes`, or raise budget.ask_above_usd",
    ),
    "declined": CauseRow(
        "stopped",
        "its price was declined",
        unblock="agree to its price when it is asked, or say `--yes`",
        like="over-budget",
    ),
    "timeout": CauseRow("stopped", "the time is up", unblock="give it more time: `--timeout SECONDS`"),
    "interrupted": CauseRow("stopped", "it was interrupted", unblock="run the task again"),
    "tainted": CauseRow("stopped", "the files hold what was read in a private one", unblock=HOW_TO_ALLOW),
    "not-merged": CauseRow(
        "stopped",
        "its changes do not fit the files as they are now",
        unblock="apply what it did by the command that its error names, or run the task again",
    ),
}

_OF_STATUS: Mapping[int, Cause] = {status: cause for cause, row in TABLE.items() for status in row.statuses}


def cause_of_answer(status: int, said: str = "") -> Cause:
    """Return what an HTTP *status* other than a success means, whichever runner got it. *said*: the server's own text.

    llama.cpp's server (b11549) answers 503 "Loading model" to every request until it has loaded.
    """
    if status == 503 and "loading" in said.lower():
        return "loading"
    return _OF_STATUS.get(status, "server-error" if status >= 500 else "bad-request")


def detail_of(cause: Cause, **figures: object) -> str:
    """Return what a failure's message says of *cause* behind the server's name, with the *figures* of the case.

    Where they are not known, it is the sentence of the cause.
    """
    row = TABLE[cause]
    return row.detail.format(**figures) if row.detail and (figures or "{" not in row.detail) else row.sentence


def is_cause(word: str) -> TypeGuard[Cause]:
    """Tell whether *word* is a cause."""
    return word in CAUSES
