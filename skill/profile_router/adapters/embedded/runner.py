"""The embedded runner: LangChain's own agent loop in this process, over the profile's endpoint, inside the fence.

It serves what Hermes itself refuses: a local window of 8K. One call of `run` is one attempt: one provider, one model,
no retry, no switch.
"""

from __future__ import annotations

import asyncio
import contextvars
import importlib
import time
from collections.abc import Callable, MutableMapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from profile_router.adapters.backends import count_prompt
from profile_router.adapters.embedded.chat_model import open_model
from profile_router.adapters.embedded.failures import failure_of
from profile_router.adapters.embedded.fence import Fence
from profile_router.adapters.embedded.history import History
from profile_router.adapters.embedded.meter import Meter
from profile_router.adapters.embedded.prompt import OFFERED, conversation_messages, system_prompt, tools_for
from profile_router.adapters.embedded.tools import AskedForProfile
from profile_router.core.ladder import Failure
from profile_router.core.order import Order
from profile_router.core.policy import Policy
from profile_router.core.profile import Profile
from profile_router.core.receipt import Attempt, Outcome, Receipt
from profile_router.ports import Emit

if TYPE_CHECKING:
    from langchain_core.tools import BaseTool

NAME = "embedded"
_UNREACHED = frozenset({"refused", "no-network"})


@dataclass(slots=True, kw_only=True)
class EmbeddedRunner:
    """Runs attempts. `load` gives a profile by name; images are relative to `base`; `journal` collects what files held
    before the subagent's tools wrote them."""

    load: Callable[[str], Profile]
    policy: Policy
    workspace: Path | None
    base: Path
    known_files: Callable[[], Sequence[str]]
    journal: MutableMapping[str, bytes | None] = field(default_factory=dict)

    async def run(self, order: Order, emit: Emit) -> Attempt:
        """Return how the attempt ended. Failures of model and server are values; a cancelled attempt is cancelled."""
        profile = self.load(order.profile)
        if order.private and not order.local:
            raise AssertionError(f"a private task was ordered from {order.profile}, which is not local")
        for library in ("langchain.agents", "langchain_openai"):
            importlib.import_module(library)  # 1 s on first use, which is not the model's: before the clock starts
        started = time.monotonic()
        fence = self._fence(order)
        tools = tools_for(order, profile, fence, self.policy)
        meter = self._meter(order, profile, tools, emit)
        failure: Failure | None = None
        text = ""
        try:
            async with asyncio.timeout(order.seconds):
                # A context of its own: the subagent's loop must not find the graph that we run in, or it would write
                # its inner turns into the thread's checkpoints.
                loop = self._loop(order, profile, tools, meter)
                text = await asyncio.create_task(loop, context=contextvars.Context())
        except AskedForProfile as asked:
            message = f"{order.profile} asks for {asked.profile}: {asked.reason}"
            failure = Failure(cause="asked-for-profile", message=message, asked=asked.profile)
        except Exception as error:
            secret = profile.endpoint.api_key.reveal() if profile.endpoint.api_key else None
            failure = failure_of(error, where=profile.where, local=order.local, secret=secret)
            if failure is None:
                raise
        finally:
            if fence is not None:
                fence.seal()
                for path, before in fence.before.items():
                    self.journal.setdefault(path, before)
        seconds = round(time.monotonic() - started, 3)
        receipt = receipt_of(order, profile, meter, failure, seconds, self.policy)
        return Attempt(receipt=receipt, text=text, failure=failure, notes=_notes(order, profile, self.workspace, meter))

    async def _loop(self, order: Order, profile: Profile, tools: list[BaseTool], meter: Meter) -> str:
        from langchain.agents import create_agent

        async with open_model(
            profile,
            local=order.local,
            connect_s=self.policy.limits.connect_seconds,
            read_s=order.seconds,
            max_tokens=self._answer_tokens(order, profile),
        ) as model:
            agent: Any = create_agent(
                model,
                tools,
                system_prompt=system_prompt(order, profile),
                middleware=[meter],
            )
            result = await agent.ainvoke(
                {"messages": conversation_messages(order, self.base)},
                config={"recursion_limit": 10_000, "callbacks": [meter.first_token, meter.streamed]},
            )
        return str(result["messages"][-1].text).strip()

    def _answer_tokens(self, order: Order, profile: Profile) -> int:
        """Return the bound of one answer: the profile's, but never so much that no prompt would fit beside it."""
        wanted = profile.max_tokens or max(self.policy.counting.reply_reserve, min(order.window // 4, 8_192))
        return max(1, min(wanted, order.window // 2))

    def _fence(self, order: Order) -> Fence | None:
        if self.workspace is None:
            return None
        return Fence(
            self.workspace,
            private_globs=self.policy.private_paths,
            allow_private=order.local,
            known_files=self.known_files,
        )

    def _meter(self, order: Order, profile: Profile, tools: list[BaseTool], emit: Emit) -> Meter:
        from langchain_core.utils.function_calling import convert_to_openai_tool

        async def count(body: Any) -> int | None:
            return await count_prompt(profile, body, connect_s=self.policy.limits.connect_seconds)

        history = History(
            budget=max(1, order.window - min(self._answer_tokens(order, profile), self.policy.counting.reply_reserve)),
            system=system_prompt(order, profile),
            schemas=[convert_to_openai_tool(tool) for tool in tools],
            factor=self.policy.counting.tokenizer_factor,
            count=count if order.local else None,
        )
        wanted = (order.task.max_turns, profile.max_turns, self.policy.limits.max_turns)
        turns = min(limit for limit in wanted if limit is not None)
        return Meter(history, where=profile.where, max_turns=turns, vision=order.vision, emit=emit)


def receipt_of(
    order: Order, profile: Profile, meter: Meter, failure: Failure | None, seconds: float, policy: Policy
) -> Receipt:
    """Return the receipt of an attempt that *meter* metered. Prices are the policy's; work on this machine is free."""
    tokens = meter.tokens_in + meter.tokens_out
    uncalled = failure is not None and (meter.turns == 0 or (meter.turns == 1 and failure.cause in _UNREACHED))
    outcome: Outcome = "ok" if failure is None else "unavailable" if uncalled else "failed"
    return Receipt(
        profile=profile.name,
        model_asked=profile.endpoint.model,
        model_served=meter.model_served,
        provider=profile.endpoint.provider,
        runner=NAME,
        step=order.step,
        tokens_in=meter.tokens_in,
        tokens_out=meter.tokens_out,
        cost_usd=policy.price(tokens, order.tier, local=order.local),
        ttft_s=meter.first_token.seconds,
        seconds=seconds,
        outcome=outcome,
        error=failure.message if failure else None,
        turns=meter.turns,
    )


def _notes(order: Order, profile: Profile, workspace: Path | None, meter: Meter) -> tuple[str, ...]:
    notes = []
    if "terminal" in (order.task.toolsets or ()) or (
        order.task.toolsets is None and "terminal" in (profile.toolsets or ())
    ):
        notes.append("the terminal toolset is not offered by the embedded runner: the subagent could not run commands")
    unknown = sorted(set(order.task.toolsets or ()) - OFFERED - {"terminal"})
    if unknown:
        notes.append(
            f"not offered by the embedded runner: {', '.join(unknown)} (offered: {', '.join(sorted(OFFERED))})"
        )
    if workspace is None:
        notes.append("no workspace: the subagent had no file tools; name one with --workspace")
    if meter.usage_missing:
        notes.append(f"{profile.name} sent no usage with an answer: its tokens and cost are not in the receipt")
    return tuple(notes)
