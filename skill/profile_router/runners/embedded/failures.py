"""What an exception of an attempt means to the ladder: one table from error to cause."""

from __future__ import annotations

import json
import logging
import re
import time
import traceback
from collections.abc import Iterator
from typing import Any

from profile_router.core.ladder.causes import cause_of_answer, detail_of
from profile_router.core.ladder.failure import Failure
from profile_router.core.ladder.unfit import unfit_fix
from profile_router.core.profile import Profile, Secret, without_key
from profile_router.errors import AttemptError, RouterError
from profile_router.expressions import expression
from profile_router.outside.json_reader import UnreadableJson
from profile_router.runners.embedded.model.plain_error import code_of
from profile_router.servers.bounded_body import TOO_LONG
from profile_router.servers.error_words import words_of
from profile_router.servers.http import causes, transport_cause
from profile_router.servers.rate_limit import narrowed, wait_of

_OVERFLOW = (
    "exceed_context_size",
    "context size has been exceeded",
    "context_length_exceeded",
    "maximum context length",
)
_MESSAGE_CHARS = 200
_SAID_IN_STREAMS = ("402", "403", "429")  # codes of key and limit, which mean in a 200 what they mean as its status
_ECHO_CHARS = 20  # so long a piece of what was sent is not chance
_STATUS_AGAIN = expression(r"^Error code: \d+(?: - )?")
_WORD = expression(r"\w{2}")
_PLAIN = expression(r"[A-Za-z][A-Za-z0-9_.-]{0,39}")
# What openai and LangChain raise on a 200 whose body is not a chat completion: they do not expect one.
UNREADABLE = (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError, MemoryError)


def failure_of_error(error: BaseException, profile: Profile) -> Failure | None:
    """Return what *error* means of an attempt under *profile*; None where it is a bug of ours.

    The profile's key, and what stood in the prompt, are cut out of the message.
    """
    import openai

    where = profile.where

    if isinstance(error, AttemptError):
        return Failure(cause=error.cause, message=str(error))
    if isinstance(error, openai.APIConnectionError) or _of_transport(error):
        cause = transport_cause(error)
        how = TOO_LONG if any(str(link) == TOO_LONG for link in causes(error)) else detail_of(cause)
        return Failure(cause=cause, message=f"{where}: {how}")
    if isinstance(error, TimeoutError):
        return Failure(cause="timeout", message=f"{where}: {detail_of('timeout')}")
    if isinstance(error, openai.APIError):
        return _answered(error, profile)
    return None


def unreadable(error: Exception, where: str) -> AttemptError:
    """Return the error of an answer that is not a chat completion. The error's text may quote it, so it stays out."""
    why = str(error) if isinstance(error, UnreadableJson) else type(error).__name__
    return AttemptError("invalid-json", f"{where}: {detail_of('invalid-json')} ({why})")


def unexpected(error: Exception, where: str) -> Failure | None:
    """Return the failure of an attempt that ended in a bug of ours after an answer had come; None for a RouterError.

    The answer is paid for. A run that went on with the attempt would ask for it again, and fall over it again. The log
    says where the bug is, without the error's own words, which may quote the answer.
    """
    if isinstance(error, RouterError):
        return None
    frames = "".join(traceback.format_tb(error.__traceback__))
    logging.getLogger(__name__).info("%s while working on an answer:\n%s", type(error).__name__, frames)
    return Failure(cause="invalid-json", message=f"{where}: the answer cannot be worked with ({type(error).__name__})")


def _of_transport(error: BaseException) -> bool:
    return type(error).__module__.startswith(("httpx2", "httpcore2"))


def _answered(error: Exception, profile: Profile) -> Failure:
    key, status = profile.endpoint.api_key, getattr(error, "status_code", None)
    said = " ".join(_said(error).split())
    body = getattr(error, "body", None)
    code = _without_echo(code_of(body), getattr(error, "request", None))
    said = "".join(filter(str.isprintable, said))  # what cannot be seen would hide a key, or part it
    said = _STATUS_AGAIN.sub("", said)  # it goes before the echoes do, or a part of it is left
    text = _clean(_without_echo(said, getattr(error, "request", None)), key)
    if said and not _WORD.search(text):
        text = f"{_kinds(getattr(error, 'body', None), key)}(its message only repeats the request, so it is not shown)"
    named = f"HTTP {status} " if status else f"error {_clean(code, key)} in a 200 answer: " if code else ""
    shown = f"{profile.where}: {named}{text}".rstrip()
    if any(words in f"{text} {body or ''}".lower() for words in _OVERFLOW):
        return Failure(cause="over-window", message=shown)
    if (fix := _unfit(error, said, profile.name)) is not None:
        return Failure(cause="unfit-model", message=f"{shown}; {fix}")
    if status is None and code not in _SAID_IN_STREAMS:
        return Failure(cause="stream-error", message=shown)
    response = getattr(error, "response", None)
    cause = narrowed(cause_of_answer(status or int(code), text), body, model=profile.endpoint.model)
    wait = wait_of({} if response is None else response.headers, body, now=time.time())
    return Failure(cause=cause, message=shown, retry_after_s=wait)


def _unfit(error: Exception, said: str, profile: str) -> str | None:
    """Return what fixes that the model can never take our requests, None where *error* does not say so."""
    body = json.dumps(getattr(error, "body", None), default=str)
    texts = (_without_echo(text, getattr(error, "request", None)) for text in (said, body))
    return next((fix for text in texts if (fix := unfit_fix(text, profile))), None)


def _said(error: Exception) -> str:
    """Return the provider's own words. If an error in a stream is not an object, openai keeps them in `body` alone."""
    body = getattr(error, "body", None)
    if isinstance(body, dict) and (told := words_of(body)):
        return told
    if getattr(error, "status_code", None) is None and body and not isinstance(body, bytes):
        words = body.get("message") if isinstance(body, dict) else body
        return words if isinstance(words, str) and words else json.dumps(body, ensure_ascii=False, default=str)
    return str(getattr(error, "message", "") or error)


def _clean(text: str, key: Secret | None) -> str:
    return without_key(text, key, _MESSAGE_CHARS)


def _kinds(body: object, key: Secret | None) -> str:
    """Return what the error in *body* calls itself, such as `invalid_request_error `, where that is one plain word."""
    error = body.get("error", body) if isinstance(body, dict) else None
    found = [error.get(name) for name in ("type", "code", "param")] if isinstance(error, dict) else []
    names = dict.fromkeys(name for name in found if isinstance(name, str) and _PLAIN.fullmatch(name))
    return _clean("".join(f"{name} " for name in names), key) + " " * bool(names)


def _without_echo(text: str, request: Any) -> str:
    """Return *text* without the pieces of it that stand in the messages of *request*."""
    sent = " ".join(" ".join(_texts(request)).split())
    said = text[: _MESSAGE_CHARS * 2]
    echoed = {
        place
        for start in range(len(said) - _ECHO_CHARS + 1)
        if said[start : start + _ECHO_CHARS] in sent
        for place in range(start, start + _ECHO_CHARS)
    }
    marked = "".join("\0" if place in echoed else character for place, character in enumerate(said))
    return re.sub("\0+", "…", marked)


def _texts(request: Any) -> Iterator[str]:
    """Yield the texts of the messages that *request* carries."""
    try:
        waiting: list[Any] = [json.loads(request.content)["messages"]]
    except (AttributeError, ValueError, KeyError, TypeError, RuntimeError):
        return  # a stream's content may be gone
    while waiting:
        found = waiting.pop()
        if isinstance(found, str):
            yield found
        elif isinstance(found, dict | list):
            waiting.extend(found.values() if isinstance(found, dict) else found)
