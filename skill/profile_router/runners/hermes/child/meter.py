"""Meter Hermes' model requests where they leave its loop: each one is counted, and none is sent again unseen.

Loaded by the child, inside Hermes' python. Hermes' own totals leave out answers that were cut off. What a provider does
not count is free to Hermes. Here such a request is counted by its size.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

_Say = Callable[..., None]
_Ask = Callable[..., Any]
_STATUSES = ("status_code", "code")  # of the client's errors, and of the standard library's
_METHODS = ("_interruptible_streaming_api_call", "_interruptible_api_call")
_PIECES = ("_fire_stream_delta", "_fire_reasoning_delta")
_BETWEEN_TOLD = 1_000
_REFUSE = b"-"[0]  # the word for: it may not
_REFUSED = (400, 422)  # the request as it was, for an option of it
_COUNTS = ("prompt_tokens", "completion_tokens", "input_tokens", "output_tokens")  # of a provider's
_FIGURES = ("prompt_tokens", "output_tokens", "cache_read_tokens")  # of Hermes' own usage


class BrokeOff(ConnectionError):
    """The answer ended in the middle."""


class TurnsSpent(RuntimeError):
    """The turn has made as many requests as it may."""


class Meter:
    """Counts the requests of one turn and says `asked`, then `answered` or `refused`, for each.

    An `asked` request waits until *may_go* returns: whoever pays has found the money for it. Beyond the turn's limit
    none goes out. That holds for Hermes' loop, and for its helpers (a summary, a look at an image). `spent` tells that
    one wanted to. `coming` tells of an answer that has begun, and of each further thousand characters of it. Of a long
    one it tells of each eighth. *read* is the module `reading`.
    """

    def __init__(self, may_go: Callable[[], object], read: Any) -> None:
        self.spent = False
        self._read = read
        self.steps: Any = None  # tells with each `asked` what the turn did so far
        self._may_go = may_go
        self._door: Any = None  # of the order
        self._answer = 0
        self._asking = False
        self._to_send = 0
        self._turnstile = threading.Lock()  # each waits for its own word
        self._status: int | None = None
        self._request: Any = None
        self._turns = self._most = self._tokens_in = self._tokens_out = self._cached = 0
        self._written: list[str] = []
        self._length = self._told = 0
        self._lock = threading.RLock()

    def stand_between(self, place: Any) -> None:
        """Stand between Hermes and the model calls of its helpers, which it takes from the module *place*."""
        beside, beside_async = place.call_llm, place.async_call_llm

        def call_llm(*arguments: Any, **named: Any) -> Any:
            with self._helping(arguments, named) as (given, counted):
                return counted(beside(*arguments, **given))

        async def async_call_llm(*arguments: Any, **named: Any) -> Any:
            with self._helping(arguments, named) as (given, counted):
                return counted(await beside_async(*arguments, **given))

        place.call_llm, place.async_call_llm = call_llm, async_call_llm

    @contextmanager
    def _helping(self, arguments: Any, named: Any) -> Iterator[tuple[Mapping[str, Any], _Ask]]:
        """Announce the request of a helper; yield its arguments, and what counts its response and returns it."""
        sent = self._begin(arguments, named)
        try:
            with self._door.auxiliary(arguments, named) as given:
                yield given, lambda response: self._counted(response, sent, tools=[])
        except Exception as error:
            self._failed(error)
            raise

    def stand_at_the_door(self, clients: Sequence[Any], door: Any) -> None:
        """Let each request that was announced out once, whichever of the HTTP *clients* sends it by *door*.

        Inside of one call Hermes may ask again by itself. It asks without streaming after a 5xx, without a refused
        option, or for the rest of an answer.
        """
        self._door = door
        for client in clients:
            client.send = self._sent_once(client.send)

    def _sent_once(self, send: _Ask) -> _Ask:
        def sent_once(client: Any, request: Any, *arguments: Any, **named: Any) -> Any:
            if not self._door.asks_here(request.method, request.url):
                return send(client, request, *arguments, **named)
            self._pass_the_door()
            response = send(client, request, *arguments, **named)
            self._status = getattr(response, "status_code", None)
            return response

        return sent_once

    def _pass_the_door(self) -> None:
        """Take the announced request as sent. One that was refused may go again otherwise: announced, as another.

        Raises TurnsSpent for any other.
        """
        if self._to_send < 1 and self._status in _REFUSED:
            self._begin(self._request, None)
        with self._lock:
            if self._to_send < 1:
                raise TurnsSpent("each request goes out once")
            self._to_send, self._status = self._to_send - 1, None

    def begin(self, say: _Say, counting: Mapping[str, float], most: int, answer: int) -> None:
        """Let *most* requests go out from now on; the longest answer to each has *answer* tokens.

        Where nobody counts tokens, *counting* does: `bytes_per_token` of UTF-8, and `image_tokens` for each image.
        """
        self._say, self._most, self._answer, self.spent = say, most, answer, False
        self._size = self._read.sizer(counting)

    def watch(self, agent: Any, internals: Any) -> None:
        """Meter the requests of Hermes' *agent*. Raises the Unknown of *internals*."""
        self._agent = agent
        self._stub = internals.take_of_hermes("PARTIAL_STREAM_STUB_ID")
        self._normalize = internals.take_of_hermes("normalize_usage")
        for name in _METHODS:
            internals.replace_in(agent, **{name: self._metered(getattr(agent, name))})
        for name in _PIECES:
            internals.replace_in(agent, **{name: self._overheard(getattr(agent, name))})

    def end(self) -> str:
        """Take it that the turn has made all the requests that it may. Return what is said instead of one more."""
        self.spent = True
        return ""

    def _begin(self, arguments: Any, named: Any) -> int:
        """Return the size of a request that may go out now. Raises TurnsSpent."""
        with self._turnstile:
            with self._lock:
                if self._turns >= self._most:
                    self.end()
                    raise TurnsSpent(f"the limit of {self._most} model calls is reached")
                self._turns += 1
                self._to_send += 1
                self._request = arguments or named
                sent: int = self._size(arguments or named)
                did = {} if self.steps is None else {"did": self.steps.so_far(arguments or named)}
                self._say("asked", turn=self._turns, sent=sent, answer=self._answer, **did)
            self._may_go()
        return sent

    def may_leave(self, say: _Say, what: str) -> bool:
        """Return whether *what* may leave this machine: whoever ordered the turn hears it by *say*, and decides."""
        with self._turnstile:
            say("leaving", what=what)
            return self._may_go() != _REFUSE

    def ask(self, body: Any) -> int:
        """Return the size of the request *body*, which may go out now. Raises TurnsSpent."""
        self._written, self._length, self._told = [], 0, 0
        return self._begin(body, None)

    def answered(self, sent: int, usage: Any, *, said: tuple[int, ...] = (), answer: Any = "", **told: Any) -> None:
        """Note the *answer* to a request of the size *sent*: by its *usage*, else by size.

        *said* is what Hermes reads of the usage. Whoever pays looks at all of it again.
        """
        written = max(self._size(answer), self._size(self._written))
        tokens_in, tokens_out, cached = said or self._read.said_by(usage)
        by_size = tokens_in <= 0 or tokens_out < 0 or (tokens_out == 0 and written > 0)
        if by_size:
            tokens_in, tokens_out, cached = max(tokens_in, sent), max(tokens_out, written), 0
        self._add(tokens_in, tokens_out, cached if 0 <= cached <= tokens_in else 0)
        self._say(
            "answered",
            tokens_in=self._tokens_in,
            tokens_out=self._tokens_out,
            cached=self._cached,
            written=written,
            usd=self._read.charged(usage),
            counted=by_size,
            turn=self._turns,
            **{"model_served": None, "first_s": None, **told},
        )

    @staticmethod
    def broken_off() -> BrokeOff:
        """Return the error of an answer that ended in the middle."""
        return BrokeOff("the answer broke off in the middle")

    def request_failed(self, error: BaseException, sent: int) -> None:
        """Note that the request of the size *sent* failed with *error*; what had come is paid for."""
        if self._written:
            self._add(sent, self._size(self._written))
        self._failed(error, counted=bool(self._written))

    def _failed(self, error: BaseException, *, counted: bool = False) -> None:
        with self._lock:
            self._to_send = 0
        self._say(
            "refused",
            tokens_in=self._tokens_in,
            tokens_out=self._tokens_out,
            cached=self._cached,
            counted=counted,
            status=next((code for name in _STATUSES if isinstance(code := getattr(error, name, None), int)), None),
            kinds=list(self._read.kinds(error)),
            waits=self._read.waits(error),
            limit=self._read.limit(error),
        )

    def _metered(self, ask: _Ask) -> _Ask:
        def metered(*arguments: Any, **named: Any) -> Any:
            if self._asking:  # one of the two calls the other
                return ask(*arguments, **named)
            self._asking = True
            try:
                return self._ask(ask, *arguments, **named)
            finally:
                self._asking = False

        return metered

    def _ask(self, ask: _Ask, *arguments: Any, **named: Any) -> Any:
        self._written, self._length, self._told = [], 0, 0
        sent = self._begin(arguments, named)
        began, first = time.monotonic(), []
        if heard := named.get("on_first_delta"):

            def on_first_delta() -> None:
                first.append(time.monotonic() - began)
                self.come("")
                heard()

            named["on_first_delta"] = on_first_delta
        try:
            response = ask(*arguments, **named)
            if getattr(response, "id", None) == self._stub:  # Hermes would ask for the rest by itself
                raise self.broken_off()
        except Exception as error:
            self.request_failed(error, sent)
            raise
        return self._counted(
            response,
            sent,
            model_served=getattr(response, "model", None),
            first_s=first[0] if first else None,
            tools=[self._read.name(call) for call in self._read.calls(response)],
        )

    def _counted(self, response: Any, sent: int, **told: Any) -> Any:
        """Count what *response* took, and return it; a usage that would end Hermes' turn is taken out."""
        usage = getattr(response, "usage", None)
        try:
            found = self._normalize(usage, provider=self._agent.provider, api_mode=self._agent.api_mode)
            said = tuple(self._read.count_or_minus_one(getattr(found, name, 0)) for name in _FIGURES)
        except Exception:  # of Hermes' own making, at a usage of any kind
            said = (-1, -1, 0)
        if -1 in said or any(
            self._read.count_or_minus_one(value) < 0
            for name in _COUNTS
            if (value := self._read.of(usage, name)) is not None
        ):
            said = (-1, -1, 0)
            with contextlib.suppress(Exception):
                response.usage = None
        self.answered(sent, usage, said=said, answer=self._read.answer(response), **told)
        return response

    def _add(self, tokens_in: int, tokens_out: int, cached: int = 0) -> None:
        self._tokens_in += tokens_in
        self._tokens_out += tokens_out
        self._cached += cached

    def _overheard(self, fire: _Ask) -> _Ask:
        def overheard(text: Any, *arguments: Any, **named: Any) -> Any:
            self.come(text)
            return fire(text, *arguments, **named)

        return overheard

    def come(self, piece: Any) -> None:
        """Take a *piece* of an answer: of one that is cut off with this process, no more is ever known."""
        self._written.append(str(piece))
        self._length += len(self._written[-1])
        if self._length >= self._told:
            self._told = self._length + max(_BETWEEN_TOLD, self._length // 8)
            self._say("coming", written=self._size(self._written))
