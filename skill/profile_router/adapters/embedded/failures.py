"""What an exception of an attempt means to the ladder: one table from error to cause."""

from __future__ import annotations

from collections.abc import Mapping

from profile_router.core.ladder import Cause, Failure

_STATUS: Mapping[int, Cause] = {
    401: "key-exhausted",
    402: "key-exhausted",
    403: "key-exhausted",
    408: "timeout",
    413: "over-window",
    429: "key-exhausted",
    502: "bad-gateway",
    503: "unavailable",
    504: "unavailable",
}
_OVERFLOW = (
    "exceed_context_size",
    "context size has been exceeded",
    "context_length_exceeded",
    "maximum context length",
)
_MESSAGE_CHARS = 200


class AttemptEnded(Exception):
    """Something ended the attempt that is not an error of the transport. `failure` says what."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


def failure_of(error: BaseException, *, where: str, local: bool, secret: str | None) -> Failure | None:
    """Return what *error* means, None where it is not an error of an attempt but a bug of ours.

    *where* names profile and address for the message, out of which *secret* (the key) is cut if a server echoed it.
    """
    import openai

    if isinstance(error, AttemptEnded):
        return error.failure
    if isinstance(error, TimeoutError | openai.APITimeoutError):
        return Failure(cause="timeout", message=f"{where}: no answer in time")
    if isinstance(error, openai.APIConnectionError):
        return _connection(error, where, local)
    if isinstance(error, openai.APIError):
        return _answered(error, where, secret)
    if type(error).__module__.startswith(("httpx2", "httpcore2")):
        return Failure(cause="bad-answer", message=f"{where}: the stream broke off ({type(error).__name__})")
    if isinstance(error, ValueError) and type(error).__module__.startswith(("json", "pydantic", "openai", "langchain")):
        return Failure(cause="bad-answer", message=f"{where}: the answer cannot be read ({type(error).__name__})")
    return None


def _connection(error: Exception, where: str, local: bool) -> Failure:
    chain = f"{error} {error.__cause__} {error.__context__}".lower()
    if "refused" in chain or "attempts failed" in chain:
        cause: Cause = "refused" if local else "no-network"
        return Failure(cause=cause, message=f"{where} refuses the connection")
    return Failure(cause="refused" if local else "no-network", message=f"{where} cannot be reached")


def _answered(error: Exception, where: str, secret: str | None) -> Failure:
    status = getattr(error, "status_code", None)
    text = _clean(str(getattr(error, "message", "") or error), secret)
    shown = f"{where}: HTTP {status} {text}" if status else f"{where}: {text}"
    if any(mark in f"{text} {getattr(error, 'body', '')}".lower() for mark in _OVERFLOW):
        return Failure(cause="over-window", message=shown)
    if status is None:
        return Failure(cause="server-error", message=shown)
    default: Cause = "server-error" if status >= 500 else "bad-request"
    return Failure(cause=_STATUS.get(status, default), message=shown)


def _clean(text: str, secret: str | None) -> str:
    folded = " ".join(text.split())
    if secret and len(secret) > 3:
        folded = folded.replace(secret, "***")
    return folded[:_MESSAGE_CHARS]
