"""Make the receipt of an attempt or of a single call, whoever made it. Pure."""

from __future__ import annotations

from typing import Protocol

from profile_router.core.attempt.usage import TokenUse
from profile_router.core.ladder.failure import Failure
from profile_router.core.ladder.receipt import AttemptOutcome, Receipt
from profile_router.core.profile import Profile, address
from profile_router.core.routing.rate import FROM_PROVIDER, Rate
from profile_router.core.text import USD_DIGITS
from profile_router.values import mutable


class Asked(Protocol):
    """What a receipt tells of the order of an attempt, or of a single call."""

    @property
    def step(self) -> str:
        """Why it was asked."""

    @property
    def rate(self) -> Rate:
        """What its endpoint charges."""


@mutable
class Counts:
    """What was counted of an attempt so far: model calls in `turns`, seconds to the first token in `first_s`.

    `counted`: some of the tokens are by our own count, as the provider did not say them.
    `charged_usd` is what single answers cost: by their provider, or, of the `long` ones, by the price of long prompts.
    `charged` are the tokens in, out and cached of those.
    """

    turns: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    tokens_cached: int = 0
    first_s: float | None = None
    model_served: str | None = None
    counted: bool = False
    charged_usd: float = 0.0
    charged: tuple[int, int, int] = (0, 0, 0)
    long: int = 0
    by_provider: bool = False
    doubts: tuple[str, ...] = ()

    def take(self, use: TokenUse, rate: Rate) -> None:
        """Add what an answer took that costs *rate*, where its provider does not say more."""
        taken = (use.tokens_in, use.tokens_out, use.tokens_cached)
        self.tokens_in, self.tokens_out = self.tokens_in + use.tokens_in, self.tokens_out + use.tokens_out
        self.tokens_cached += use.tokens_cached
        self.doubts, self.counted = (*self.doubts, *use.doubts), self.counted or use.counted
        long = use.usd is None and rate.is_long(use.tokens_in)
        self.by_provider, self.long = self.by_provider or use.usd is not None, self.long + long
        if long or use.usd is not None:
            self.charged_usd += rate.cost(*taken) if use.usd is None else use.usd
            first, second, third = (before + more for before, more in zip(self.charged, taken, strict=True))
            self.charged = first, second, third

    def cost(self, rate: Rate) -> tuple[float, str]:
        """Return what all of it costs at *rate*, in USD, and whose figure that is."""
        tokens_in, tokens_out, cached = self.charged
        rest = (self.tokens_in - tokens_in, self.tokens_out - tokens_out, self.tokens_cached - cached)
        usd = round(self.charged_usd + rate.cost_of_short(*rest), USD_DIGITS)
        if not self.by_provider:
            return usd, rate.named
        return usd, f"provider and {rate.named}" if any(rest) or self.long else FROM_PROVIDER


def receipt_of(
    asked: Asked,
    counts: Counts,
    failure: Failure | None,
    profile: Profile,
    *,
    runner: str,
    provider: str,
    seconds: float,
) -> Receipt:
    """Return the receipt of what was *asked* of *profile* and took *seconds*.

    *provider* has the key's label if we chose the key.
    """
    usd, source = counts.cost(asked.rate)
    return Receipt(
        profile=profile.name,
        model_asked=profile.endpoint.model,
        model_served=counts.model_served,
        provider=provider,
        host=address(profile.endpoint.base_url),
        runner=runner,
        step=asked.step,
        tokens_in=counts.tokens_in,
        tokens_out=counts.tokens_out,
        tokens_cached=counts.tokens_cached,
        cost_usd=usd,
        cost_source=source,
        doubts=tuple(dict.fromkeys(counts.doubts)),
        ttft_s=None if counts.first_s is None else round(counts.first_s, 4),
        seconds=round(seconds, 3),
        outcome=_outcome(counts, failure),
        error=failure.message if failure else None,
        turns=counts.turns,
        verdict=failure.cause if failure else "ok",
        tokens_source="counted" if counts.counted else "provider",
    )


def _outcome(counts: Counts, failure: Failure | None) -> AttemptOutcome:
    """Return how it ended: `unavailable` where no model was ever reached."""
    if failure is None:
        return "ok"
    in_vain = counts.turns == 0 or (counts.turns == 1 and failure.unreached)
    return "unavailable" if in_vain and counts.tokens_in == 0 else "failed"
