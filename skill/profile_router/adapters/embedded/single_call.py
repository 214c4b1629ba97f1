"""One model call outside the agent loop (probe, summary), with a receipt however it ends."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Any

from profile_router.adapters.embedded.chat_model import open_model
from profile_router.adapters.embedded.failures import UNREADABLE, failure_of, unreadable
from profile_router.adapters.embedded.meter import FirstToken
from profile_router.adapters.embedded.quirks import utf8
from profile_router.adapters.embedded.runner import NAME
from profile_router.core.ladder import Failure
from profile_router.core.policy import Policy, Tier
from profile_router.core.profile import Profile
from profile_router.core.receipt import Receipt


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What to ask: the prompt, the answer's bound in tokens, the seconds it may take, and a JSON schema or None."""

    profile: Profile
    tier: Tier
    local: bool
    step: str
    prompt: str
    max_tokens: int
    seconds: float
    schema: dict[str, Any] | None = None


async def ask(call: Call, policy: Policy) -> tuple[str | None, Receipt]:
    """Return the answer's text and the receipt; None where the call failed, and the receipt says why."""
    started = time.monotonic()
    first = FirstToken()
    message: Any = None
    failure: Failure | None = None
    try:
        async with asyncio.timeout(call.seconds):
            message = await _message(call, policy, first)
        if message.response_metadata.get("finish_reason") != "stop":
            failure = Failure(cause="bad-answer", message=f"{call.profile.where}: the answer was cut off")
        elif not message.text.strip():
            failure = Failure(cause="bad-answer", message=f"{call.profile.where}: the answer is empty")
    except UNREADABLE as error:
        failure = unreadable(error, call.profile.where)
    except Exception as error:
        key = call.profile.endpoint.api_key
        failure = failure_of(error, where=call.profile.where, local=call.local, secret=key.reveal() if key else None)
        if failure is None:
            raise
    receipt = _receipt(call, policy, message, failure, first, round(time.monotonic() - started, 3))
    return (None if failure else message.text.strip()), receipt


async def _message(call: Call, policy: Policy, first: FirstToken) -> Any:
    async with open_model(
        call.profile,
        local=call.local,
        connect_s=policy.limits.connect_seconds,
        read_s=call.seconds,
        max_tokens=call.max_tokens,
        schema=None if call.schema is None else {"name": call.step, "strict": True, "schema": call.schema},
    ) as model:
        return await model.ainvoke(utf8(call.prompt), config={"callbacks": [first]})


def _receipt(
    call: Call, policy: Policy, message: Any, failure: Failure | None, first: FirstToken, seconds: float
) -> Receipt:
    usage = (message.usage_metadata if message is not None else None) or {"input_tokens": 0, "output_tokens": 0}
    tokens = usage["input_tokens"] + usage["output_tokens"]
    return Receipt(
        profile=call.profile.name,
        model_asked=call.profile.endpoint.model,
        model_served=message.response_metadata.get("model_name") if message is not None else None,
        provider=call.profile.endpoint.provider,
        runner=NAME,
        step=call.step,
        tokens_in=usage["input_tokens"],
        tokens_out=usage["output_tokens"],
        cost_usd=policy.price(tokens, call.tier, local=call.local),
        ttft_s=first.seconds,
        seconds=seconds,
        outcome="ok" if failure is None else "failed",
        error=failure.message if failure else None,
        turns=0 if message is None else 1,
    )
