"""Make the receipt of an attempt, whichever runner made the attempt. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from profile_router.core.ladder.failure import Failure
from profile_router.core.ladder.receipt import Outcome, Receipt
from profile_router.core.policy import Policy, Tier
from profile_router.core.profile import Profile


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What a runner knows of an attempt that it made.

    `provider` is the name of the provider, with the key's label where the runner chose the key. `tokens_in` and
    `tokens_out` are tokens, `first_s` the seconds to the first token, None where none came. `turns` are model calls.
    """

    runner: str
    step: str
    tier: Tier
    local: bool
    provider: str
    model_served: str | None
    tokens_in: int
    tokens_out: int
    first_s: float | None
    turns: int


def receipt_of(made: Made, failure: Failure | None, profile: Profile, policy: Policy, seconds: float) -> Receipt:
    """Return the receipt of what was *made* in *seconds* under *profile*.

    Prices are the policy's, in USD; work on this machine is free.
    """
    return Receipt(
        profile=profile.name,
        model_asked=profile.endpoint.model,
        model_served=made.model_served,
        provider=made.provider,
        runner=made.runner,
        step=made.step,
        tokens_in=made.tokens_in,
        tokens_out=made.tokens_out,
        cost_usd=policy.price(made.tokens_in + made.tokens_out, made.tier, local=made.local),
        ttft_s=None if made.first_s is None else round(made.first_s, 4),
        seconds=seconds,
        outcome=_outcome(made, failure),
        error=failure.message if failure else None,
        turns=made.turns,
    )


def _outcome(made: Made, failure: Failure | None) -> Outcome:
    """Return how it ended: `unavailable` where no model was ever reached."""
    if failure is None:
        return "ok"
    in_vain = made.turns == 0 or (made.turns == 1 and failure.unreached)
    return "unavailable" if in_vain and made.tokens_in == 0 else "failed"
