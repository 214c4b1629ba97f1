"""The error tree. Each message says what happened, the value, what is allowed, and what mends it.

    RouterError                   the user can act on it: one line, no traceback, exit 2
    ├── UsageError                what was typed cannot be carried out
    ├── PolicyError               the policy file is wrong: file, line, what is allowed
    ├── ProfileError              a profile's files are wrong or name something unknown
    │   └── UnknownProfile        no profile of that name
    ├── WorkspaceError            the workspace is absent or not readable
    ├── StateError                our own state directory or a thread in it is unusable
    └── DataError                 a file that ships with the program is damaged

    AttemptError                  one attempt failed; `cause` is the word the ladder's table uses
    ├── Unreachable               NameNotFound, TlsFailed, ConnectionRefused, ConnectTimeout, NetworkDown
    ├── ServerFailed              ModelMissing, ServerError, GatewayFailed, ServerUnavailable, StillLoading,
    │                             OtherModelLoaded, FirstTokenLate, Stalled, RequestTimeout
    ├── KeyUnusable               NoKey, KeyRefused, PaymentRequired, Forbidden, RateLimited
    ├── OverWindow                the prompt is larger than the window
    ├── AnswerUnusable            StreamError, CutShort, EmptyAnswer, Truncated, InvalidJson, UnknownTool, BadArguments,
    │                             RepeatedCall, TurnLimit, VerificationFailed
    ├── AskedForProfile           the subagent asks for another profile
    └── Stopped                   BadRequest, NotLocal, OverBudget, NotApproved, TimeUp, Interrupted, TaintedWork

Anything else that escapes is a bug of ours and keeps its traceback. An AttemptError never leaves a runner: it becomes a
value with its cause (`core.ladder.Failure`), because the ladder decides on it. `Failure.error` makes it one again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar


class RouterError(Exception):
    """Something the user can act on. The message is complete: it is printed as it is."""


class UsageError(RouterError):
    """What was typed cannot be carried out."""


class PolicyError(RouterError):
    """A policy file is refused. `file` and `line` (1-based, 0 where none applies) say where."""

    def __init__(self, message: str, *, file: str, line: int = 0) -> None:
        where = f"{file}:{line}" if line else file
        super().__init__(f"{where}: {message}")
        self.file = file
        self.line = line


class ProfileError(RouterError):
    """A profile cannot be used as it is written."""


class UnknownProfile(ProfileError):
    """No profile has that name. `known` lists those that exist, `install` is a folder that has it."""

    def __init__(
        self, name: str, known: Sequence[str], *, where: str, asked_by: str = "--profile", install: str = ""
    ) -> None:
        listed = ", ".join(known) or "none"
        mend = f"bring it with `profile-router install` or `hermes profile install {install}`"
        if not install:
            mend = f"create it with `hermes profile create {name}`"
        super().__init__(
            f"profile '{name}' ({asked_by}) does not exist in {where} (known: {listed}); "
            f"list them with `profile-router profiles`, or {mend}"
        )
        self.name = name
        self.known = tuple(known)


class WorkspaceError(RouterError):
    """The workspace is absent, no folder, or not readable."""


class StateError(RouterError):
    """Our own state directory, or a thread kept in it, cannot be used."""


class DataError(RouterError):
    """A file that ships with the program is missing or damaged: install it again."""


class AttemptError(Exception):
    """One attempt failed. `cause` is the ladder's word for it; the message is shown and holds no secret."""

    cause: ClassVar[str] = ""


class Unreachable(AttemptError):
    """The server was never reached: nothing was asked of it."""


class NameNotFound(Unreachable):
    """The server's name is not resolved."""

    cause = "dns"


class TlsFailed(Unreachable):
    """No trusted TLS connection to the server comes about."""

    cause = "tls"


class ConnectionRefused(Unreachable):
    """The server refuses the connection."""

    cause = "refused"


class ConnectTimeout(Unreachable):
    """No connection within the policy's `connect_seconds`."""

    cause = "connect-timeout"


class NetworkDown(Unreachable):
    """There is no network at all."""

    cause = "no-network"


class ServerFailed(AttemptError):
    """The server was reached and cannot serve."""


class ModelMissing(ServerFailed):
    """The server does not know the model (404)."""

    cause = "model-missing"


class ServerError(ServerFailed):
    """The server fails (5xx)."""

    cause = "server-error"


class GatewayFailed(ServerFailed):
    """The gateway fails (502), or the connection is dropped before an answer."""

    cause = "bad-gateway"


class ServerUnavailable(ServerFailed):
    """The server says that it is not available (503, 504)."""

    cause = "unavailable"


class StillLoading(ServerFailed):
    """The server still loads its model after the policy's `loading_seconds`."""

    cause = "loading"


class OtherModelLoaded(ServerFailed):
    """The server has another model loaded."""

    cause = "wrong-model"


class FirstTokenLate(ServerFailed):
    """No token within the policy's `first_token_seconds`."""

    cause = "first-token-timeout"


class Stalled(ServerFailed):
    """No further token within the policy's `between_tokens_seconds`."""

    cause = "stalled"


class RequestTimeout(ServerFailed):
    """The server gave up waiting (408)."""

    cause = "request-timeout"


class KeyUnusable(AttemptError):
    """The key does not open the provider, now or at all."""


class NoKey(KeyUnusable):
    """There is no key."""

    cause = "no-key"


class KeyRefused(KeyUnusable):
    """The key is refused (401)."""

    cause = "key-refused"


class PaymentRequired(KeyUnusable):
    """The account has no credit left (402)."""

    cause = "payment-required"


class Forbidden(KeyUnusable):
    """The key may not do this (403)."""

    cause = "forbidden"


class RateLimited(KeyUnusable):
    """Too many requests (429); the failure knows how long to wait, if the provider said."""

    cause = "rate-limited"


class OverWindow(AttemptError):
    """The prompt is larger than the window."""

    cause = "over-window"


class AnswerUnusable(AttemptError):
    """The model answered, and the answer is no use."""


class StreamError(AnswerUnusable):
    """The stream began well and then carried an error."""

    cause = "stream-error"


class CutShort(AnswerUnusable):
    """The answer broke off in the middle."""

    cause = "cut-short"


class EmptyAnswer(AnswerUnusable):
    """The answer is empty."""

    cause = "empty-answer"


class Truncated(AnswerUnusable):
    """The answer was cut at its token limit (finish_reason length)."""

    cause = "truncated"


class InvalidJson(AnswerUnusable):
    """The answer cannot be read."""

    cause = "invalid-json"


class UnknownTool(AnswerUnusable):
    """The model calls tools that do not exist, again and again."""

    cause = "unknown-tool"


class BadArguments(AnswerUnusable):
    """The model calls tools with arguments that do not fit, again and again."""

    cause = "bad-arguments"


class RepeatedCall(AnswerUnusable):
    """The model repeats one failing call."""

    cause = "repeated-call"


class TurnLimit(AnswerUnusable):
    """The subagent did not finish within its turns."""

    cause = "turn-limit"


class VerificationFailed(AnswerUnusable):
    """The verification failed: the check failed, or what the work claims is not there."""

    cause = "verification-failed"


class AskedForProfile(AttemptError):
    """The subagent asks for another profile."""

    cause = "asked-for-profile"


class Stopped(AttemptError):
    """Nothing follows: another try would not help, or is not allowed."""


class BadRequest(Stopped):
    """The server refuses the request as it is (other 4xx)."""

    cause = "bad-request"


class NotLocal(Stopped):
    """The task is private, and what was about to be asked is not local."""

    cause = "not-local"


class OverBudget(Stopped):
    """The hop would cost more than was allowed."""

    cause = "over-budget"


class NotApproved(Stopped):
    """The hop costs so much that somebody has to agree, and nobody is there."""

    cause = "not-approved"


class TimeUp(Stopped):
    """The run's time is used up."""

    cause = "timeout"


class Interrupted(Stopped):
    """Somebody ended it."""

    cause = "interrupted"


class TaintedWork(Stopped):
    """The files hold what an attempt made of a private one, and that cannot be taken back."""

    cause = "tainted"
