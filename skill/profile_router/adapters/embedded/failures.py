"""What an exception of an attempt means to the ladder: one table from error to cause."""

from __future__ import annotations

import re
from collections.abc import Iterator

from profile_router.core.ladder import Failure, cause_of_status

_OVERFLOW = (
    "exceed_context_size",
    "context size has been exceeded",
    "context_length_exceeded",
    "maximum context length",
)
_MESSAGE_CHARS = 200
_STATUS_AGAIN = re.compile(r"^Error code: \d+(?: - )?")
# What openai and LangChain raise on a 200 whose body is no chat completion: they do not expect one.
UNREADABLE = (ValueError, TypeError, KeyError, IndexError, AttributeError)


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
    if isinstance(error, openai.APIConnectionError) or _of_transport(error):
        return _connection(error, where, local)
    if isinstance(error, TimeoutError):
        return Failure(cause="timeout", message=f"{where}: no answer in time")
    if isinstance(error, openai.APIError):
        return _answered(error, where, secret)
    return None


def unreadable(error: Exception, where: str) -> Failure:
    """Return the failure of an answer that is no chat completion. The error's text may quote it, so it stays out."""
    return Failure(cause="bad-answer", message=f"{where}: the answer cannot be read ({type(error).__name__})")


def _of_transport(error: BaseException) -> bool:
    return type(error).__module__.startswith(("httpx2", "httpcore2"))


def _connection(error: BaseException, where: str, local: bool) -> Failure:
    """Tell a server that was never reached (nothing was asked yet) from one that was lost while it answered."""
    import httpx2

    chain = list(_causes(error))
    if any(isinstance(link, httpx2.ConnectError | httpx2.ConnectTimeout) for link in chain):
        said = " ".join(str(link) for link in chain).lower()
        how = "refuses the connection" if "refused" in said or "attempts failed" in said else "cannot be reached"
        return Failure(cause="refused" if local else "no-network", message=f"{where} {how}")
    if any(isinstance(link, TimeoutError | httpx2.TimeoutException) for link in chain):
        return Failure(cause="timeout", message=f"{where}: no answer in time")
    if any(isinstance(link, httpx2.RemoteProtocolError | httpx2.DecodingError) for link in chain) and not any(
        "without sending a response" in str(link) for link in chain
    ):
        return Failure(cause="bad-answer", message=f"{where}: the answer broke off in the middle")
    return Failure(cause="bad-gateway", message=f"{where} dropped the connection")


def _causes(error: BaseException) -> Iterator[BaseException]:
    link: BaseException | None = error
    while link is not None:
        yield link
        link = link.__cause__ or link.__context__


def _answered(error: Exception, where: str, secret: str | None) -> Failure:
    status = getattr(error, "status_code", None)
    text = _clean(str(getattr(error, "message", "") or error), secret)
    shown = f"{where}: HTTP {status} {text}".rstrip() if status else f"{where}: {text}"
    if any(mark in f"{text} {getattr(error, 'body', '')}".lower() for mark in _OVERFLOW):
        return Failure(cause="over-window", message=shown)
    if status is None:
        return Failure(cause="server-error", message=shown)
    return Failure(cause=cause_of_status(status), message=shown)


def _clean(text: str, secret: str | None) -> str:
    folded = _STATUS_AGAIN.sub("", " ".join(text.split()))
    if secret and len(secret) > 3:
        folded = folded.replace(secret, "***")
    return folded[:_MESSAGE_CHARS]
