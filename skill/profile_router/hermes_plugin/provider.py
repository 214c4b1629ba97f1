"""Hermes' model provider `profile-router`: the model of a delegated child is our run of its task.

`delegation.provider: profile-router` makes Hermes build its children on it. Hermes keeps spawning, depth, background,
stop, list and its screens; where the task goes, the proof and the price are ours. Public imports of Hermes only.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from .arguments import named_for_router
from .calls.fields import joined_fields, taken
from .child_run import run_child
from .children import CHILDREN, ChildAnswer, DelegatedChild
from .consent import CONSENT
from .gate import on_tool_call
from .prompts import reformatted, task_in, wants_it_reformatted
from .receipts import usd_for_people
from .seam import OUR_PROVIDER, provider_base
from .settings import INSIDE

# No dot: Hermes takes such an address for one of this machine. It sets no limit of its own to a silent call.
ADDRESS = f"acp://{OUR_PROVIDER}"
_SESSION = "profile_router_session"
# A run has a window of its own for each model. So Hermes must compress nothing, and it refuses less than 64,000.
_WINDOW = 10_000_000
_NOT_A_CHILD = (
    "profile-router is the model of delegated subagents only, and this is none of them; name it in "
    "delegation.provider, and another provider in model.provider"
)

_NO_RECURSION = "this Hermes is a subagent of profile-router itself, and what was delegated delegates nothing"


class ChildFailed(RuntimeError):
    """Why a child has no answer: Hermes shows it as the child's error."""


class Client:
    """What Hermes calls as the model of one child at a time: `chat.completions.create`, `cancel` and `close`."""

    HERMES_SKIP_TRANSPORT_WRAP = True
    HERMES_SKIP_ASYNC_WRAP = True

    def __init__(self, **given: Any) -> None:
        self.api_key = str(given.get("api_key") or OUR_PROVIDER)
        self.base_url = str(given.get("base_url") or ADDRESS)
        self.chat = SimpleNamespace(completions=SimpleNamespace(create=self._create))
        self.is_closed = False
        self._child: DelegatedChild | None = None

    def cancel(self) -> None:
        """Stop the run under way, from another thread; `create` ends what it started within two seconds."""
        child = self._child
        if child is not None:
            child.stopped.set()

    def close(self) -> None:
        """Stop the run under way, if any; Hermes asks this client nothing more."""
        self.cancel()
        self.is_closed = True

    def _create(self, *, messages: Sequence[Any] = (), extra_body: Any = None, **_: Any) -> Any:
        child = CHILDREN.find(extra_body.get(_SESSION) if isinstance(extra_body, dict) else None)
        if child is None:
            raise ChildFailed(_NOT_A_CHILD)
        if any(os.environ.get(name) for name in INSIDE):
            raise ChildFailed(_NO_RECURSION)
        self._child = child
        try:
            with child.turn:
                first = child.answer is None
                answer = _run(child, messages, extra_body) if child.answer is None else child.answer
        finally:
            self._child = None
        if answer.failed:
            raise ChildFailed(answer.text)
        if wants_it_reformatted(messages):
            answer = replace(answer, text=reformatted(answer.text))
        return _completion(answer, first=first)


def _run(child: DelegatedChild, messages: Sequence[Any], extra_body: Any) -> ChildAnswer:
    """Run the task of *child* with the fields that were said of it, by its context or by its route."""
    asked = task_in(messages)
    context, fields = taken(asked.context)
    route = extra_body.get("profile_router") if isinstance(extra_body, dict) else None
    by_route = route.get("fields") if isinstance(route, dict) else None
    told = joined_fields(fields, by_route if isinstance(by_route, dict) else {})
    return run_child(child, replace(asked, context=context), named_for_router(told))


class Usage:
    """Tokens and price of one answer, in the form that Hermes reads: what is asked again has cost nothing more."""

    def __init__(self, answer: ChildAnswer, *, first: bool) -> None:
        self.prompt_tokens, self.completion_tokens = answer.tokens if first else (0, 0)
        self.total_tokens = self.prompt_tokens + self.completion_tokens
        self.initial_prompt_tokens = 1  # what fills a window: nothing of ours fills the child's
        self.usd = answer.usd if first else 0.0

    def model_dump(self) -> dict[str, Any]:
        """Return what Hermes hands to `get_usage_cost` as the raw usage."""
        return dict(vars(self))


def _completion(answer: ChildAnswer, *, first: bool) -> Any:
    message = SimpleNamespace(
        role="assistant",
        content=answer.text,
        tool_calls=None,
        reasoning=None,
        reasoning_content=None,
        reasoning_details=None,
    )
    choice = SimpleNamespace(index=0, message=message, finish_reason="stop")
    return SimpleNamespace(id=OUR_PROVIDER, model=OUR_PROVIDER, choices=[choice], usage=Usage(answer, first=first))


def register(ctx: Any) -> None:
    """Register the provider where this Hermes lets one bring its own client, and what a child's answer needs."""
    ctx.register_hook("subagent_start", CHILDREN.made)
    ctx.register_hook("subagent_stop", CHILDREN.ended)
    ctx.register_hook("transform_llm_output", with_receipt)
    ctx.register_hook("pre_tool_call", on_tool_call)
    ctx.register_hook("post_approval_response", CONSENT.heard)
    base = provider_base()
    if base is not None:
        from providers import register_provider

        register_provider(_provider(base))


def with_receipt(**said: Any) -> str | None:
    """Return a child's answer between its verdict and its receipt (hook `transform_llm_output`).

    None where it has none. The verdict comes first: that a child is done does not say that its work is right.
    """
    child = CHILDREN.find(said.get("session_id"))
    if child is None or child.bare or child.answer is None or not child.answer.receipt:
        return None
    above = [child.answer.verdict, ""] if child.answer.verdict else []
    return "\n".join([*above, str(said.get("response_text") or ""), "", *child.answer.receipt])


def _provider(base: Any) -> Any:
    kind = type("ProfileRouterProvider", (base,), dict(_METHODS))
    return kind(
        name=OUR_PROVIDER,
        display_name=OUR_PROVIDER,
        description="Each delegated task runs where the policy sends it; not for a chat.",
        base_url=ADDRESS,
        auth_type="external_process",
        process_command=sys.executable,  # Hermes wants a program that is there; it starts none for us
        supports_health_check=False,
        supports_model_listing=False,
        fallback_models=(OUR_PROVIDER,),
        model_capabilities={OUR_PROVIDER: {"supports_vision": False, "context_window": _WINDOW}},
        classify_api_error=_classified,
    )


def _classified(_error: Any = None, **_: Any) -> dict[str, Any]:
    """Say of each failure that it is final: what could be tried elsewhere, the run has tried."""
    return {"reason": "unknown", "retryable": False, "should_fallback": False, "should_compress": False}


def _client(_self: Any, **given: Any) -> Client:
    return Client(**given)


def _extra_body(_self: Any, *, session_id: str | None = None, **_: Any) -> dict[str, Any]:
    return {_SESSION: session_id} if session_id else {}


def _window(_self: Any, _model: str) -> int:
    return _WINDOW


def _cost(_self: Any, _model: str, usage: Any) -> Any:
    """Return what the answer cost, as the ledger has it: never a price of Hermes' tables."""
    usd = (getattr(usage, "raw_usage", None) or {}).get("usd") or 0.0
    from agent.usage_pricing import CostResult

    label = usd_for_people(usd)
    return CostResult(amount_usd=Decimal(str(usd)), status="actual", source="provider_cost_api", label=label)


_METHODS: dict[str, Any] = {
    "create_client": _client,
    "build_extra_body": _extra_body,
    "get_model_context_length": _window,
    "get_usage_cost": _cost,
    "fetch_models": lambda _self, **_: [OUR_PROVIDER],
    "listed": lambda _self: False,
}
