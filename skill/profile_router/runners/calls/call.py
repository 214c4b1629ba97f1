"""One model call outside the agent loop (probe, summary, condensing), with a receipt however it ends.

It is made once: what was answered stands in the run's records.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import math
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import field, replace
from typing import Any

from profile_router.core.attempt.receipts import Counts, receipt_of
from profile_router.core.attempt.usage import SaidUsage
from profile_router.core.ladder.causes import detail_of
from profile_router.core.ladder.cost_range import exact_cost
from profile_router.core.ladder.failure import Failure
from profile_router.core.ladder.receipt import Receipt
from profile_router.core.policy import Policy
from profile_router.core.profile import Profile
from profile_router.core.routing.rate import Rate
from profile_router.core.text import utf8
from profile_router.errors import AttemptError
from profile_router.ports import Hold, Purse, RunLedger
from profile_router.prompting.tokens import exact_tokens
from profile_router.runners.answers.endings import bad_ending
from profile_router.runners.answers.thoughts import without_thoughts
from profile_router.runners.embedded import EMBEDDED_RUNNER
from profile_router.runners.embedded.failures import UNREADABLE, failure_of_error, unexpected, unreadable
from profile_router.runners.embedded.message_history import cut_short
from profile_router.runners.embedded.model.answer_gate import AnswerGate
from profile_router.runners.embedded.model.chat_model import open_model
from profile_router.runners.embedded.model.served_model import ServedModel
from profile_router.runners.embedded.model.stream_clock import StreamClock
from profile_router.runners.embedded.model.streamed_calls import StreamedCalls
from profile_router.runners.embedded.model.token_use import tokens_used
from profile_router.threads.records import MemoryRecords, Records
from profile_router.values import frozen


@frozen
class SingleCall:
    """What to ask: the prompt, the answer's bound in tokens, its time in seconds, and a JSON schema or None.

    `cut_will_do`: an answer that ran past its bound is of use as far as it came. Its receipt still says `truncated`.
    """

    profile: Profile
    rate: Rate
    local: bool
    step: str
    prompt: str
    max_tokens: int
    seconds: float
    schema: dict[str, Any] | None = None
    cut_will_do: bool = False


@frozen
class RecordedCalls:
    """The calls of one run. One is known by what it asks of whom, and by how many like it were made before it.

    `load` gives a profile by name.
    """

    load: Callable[[str], Profile]
    policy: Policy
    purse: Purse | None = None
    ledger: RunLedger | None = None
    records: Records = field(default_factory=MemoryRecords)
    _made: Counter[str] = field(default_factory=Counter, init=False)

    async def ask(self, call: SingleCall) -> tuple[str | None, Receipt]:
        """Return the answer's text and the receipt; None where the call failed, and the receipt says why.

        Where a cut answer will do, the text of one comes with a receipt that says so.

        The cost is reserved first: where the purse refuses, no call is made. One that is recorded is not made again.
        """
        name = self._next_name(call)
        hold = await self._held(call, name)
        if isinstance(hold, Failure):
            return None, _receipt(call, Counts(), hold, 0.0)
        recorded = self.records.find(name)
        if recorded is None:
            recorded = await self._noted(call)
            self.records.keep(name, recorded)
        answer, receipt = recorded
        if hold is not None:
            hold.settle(receipt.cost_usd)
        return answer, receipt

    async def _noted(self, call: SingleCall) -> tuple[str | None, Receipt]:
        """Return what *call* is answered. The ledger hears of it before it is made, and of its end."""
        if self.ledger is None:
            return await _asked(call, self.policy)
        at = call.profile.endpoint
        number = self.ledger.asks(profile=call.profile.name, model=at.model, provider=at.named, step=call.step)
        answer, receipt = await _asked(call, self.policy)
        self.ledger.ends(number, receipt)
        return answer, receipt

    def tokens(self, call: SingleCall) -> int:
        """Return the tokens that prompt and answer of *call* take of a window at most."""
        return self._sent(call) + call.max_tokens

    def _sent(self, call: SingleCall) -> int:
        return math.ceil(exact_tokens(call.prompt) * self.policy.counting.tokenizer_factor)

    def _next_name(self, call: SingleCall) -> str:
        asked = "\0".join((call.profile.where, call.profile.endpoint.model, call.step, call.prompt))
        digest = hashlib.sha256(asked.encode("utf-8", "surrogatepass")).hexdigest()[:32]
        self._made[digest] += 1
        return f"call {digest} {self._made[digest]}"

    async def _held(self, call: SingleCall, name: str) -> Hold | Failure | None:
        usd = call.rate.cost(self._sent(call), call.max_tokens)
        if self.purse is None or usd == 0:
            return None
        cost = exact_cost(usd, call.rate.named)
        return await self.purse.take(call.profile.name, cost, profile=call.profile.name, step=call.step, name=name)


async def _asked(call: SingleCall, policy: Policy) -> tuple[str | None, Receipt]:
    started = time.monotonic()
    clock, streamed = StreamClock(call.profile.where, policy.limits), StreamedCalls()
    message: Any = None
    failure: Failure | None = None
    try:
        async with asyncio.timeout(call.seconds):
            message = await clock.keep(_message(call, policy, streamed, [clock, streamed]))
        _look_whole(call, message, streamed.usage)
    except Exception as caught:
        error = unreadable(caught, call.profile.where) if isinstance(caught, UNREADABLE) else caught
        failure = failure_of_error(error, call.profile)
        if failure is None and streamed.began:
            failure = unexpected(error, call.profile.where)
        if failure is None:
            raise
    counts = Counts(turns=0 if message is None else 1, first_s=clock.first_s, model_served=streamed.model)
    if message is not None:
        counts.model_served = message.response_metadata.get("model_name") or streamed.model
    if message is not None or streamed.began:
        counts.take(
            tokens_used(
                message,
                streamed.usage,
                prompt=_all_sent(call),
                written="".join(streamed.written),
                factor=policy.counting.tokenizer_factor,
                most_out=call.max_tokens,
                rate=call.rate,
            ),
            call.rate,
        )
    receipt = _receipt(call, counts, failure, time.monotonic() - started)
    if failure is None:
        return _text(message), receipt
    so_far = _text(message) if call.cut_will_do and failure.cause == "truncated" and message is not None else ""
    return so_far or None, replace(receipt, outcome="failed")  # it was asked, whatever came of it


def _text(message: Any) -> str:
    return without_thoughts(message.text).strip()


def _all_sent(call: SingleCall) -> str:
    return call.prompt if call.schema is None else f"{call.prompt}\n{json.dumps(call.schema)}"


def _look_whole(call: SingleCall, message: Any, said: SaidUsage) -> None:
    """Raise AttemptError where *message* is not the whole answer to *call*."""
    if cut := cut_short(call.prompt, said.read):
        raise AttemptError("over-window", f"{call.profile.where}: {cut}")
    if (bad := bad_ending(message.response_metadata.get("finish_reason"))) is not None:
        raise AttemptError(bad[0], f"{call.profile.where}: {bad[1]}")
    if not _text(message):
        raise AttemptError("empty-answer", f"{call.profile.where}: {detail_of('empty-answer')}")


async def _message(call: SingleCall, policy: Policy, streamed: StreamedCalls, callbacks: list[Any]) -> Any:
    gate = AnswerGate(where=call.profile.where, streamed=streamed, tokens=call.max_tokens)
    if call.local:
        gate.look_at = ServedModel(profile=call.profile, policy=policy).look_at
    async with open_model(
        call.profile,
        local=call.local,
        connect_s=policy.limits.connect_seconds,
        read_s=call.seconds,
        max_tokens=call.max_tokens,
        schema=None if call.schema is None else {"name": call.step, "strict": True, "schema": call.schema},
        gate=gate,
    ) as model:
        return await model.ainvoke(utf8(call.prompt), config={"callbacks": callbacks})


def _receipt(call: SingleCall, counts: Counts, failure: Failure | None, seconds: float) -> Receipt:
    provider = call.profile.endpoint.named
    return receipt_of(call, counts, failure, call.profile, runner=EMBEDDED_RUNNER, provider=provider, seconds=seconds)
