"""Prices, speeds, and how tokens are counted: what estimates and budgets are made of."""

from __future__ import annotations

from dataclasses import dataclass, field

from profile_router.core.policy.bounds import bounded


@dataclass(frozen=True, slots=True, kw_only=True)
class Counting:
    """How tokens are counted against a window.

    `tokenizer_factor` is the head-room for models whose tokenizer counts higher than o200k, `reply_reserve` the
    tokens kept free for the answer, `image_tokens` what one image is taken to cost, `ask_server_above` the share of
    the window (0…1) above which the server is asked for its own count.
    """

    tokenizer_factor: float = field(metadata=bounded(1, 4))
    reply_reserve: int = field(metadata=bounded(1))
    image_tokens: int = field(metadata=bounded(0))
    ask_server_above: float = field(metadata=bounded(0, 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """Price and speed of a tier. USD per million tokens, input and output together; `measured` says whose figure."""

    usd_per_million_low: float = field(metadata=bounded(0))
    usd_per_million_high: float = field(metadata=bounded(0))
    tokens_per_second: float = field(metadata=bounded(0.001))
    first_token_seconds: float = field(metadata=bounded(0))
    measured: bool

    @property
    def usd_per_token(self) -> float:
        """Return the middle of the price range, in USD for one token."""
        return (self.usd_per_million_low + self.usd_per_million_high) / 2 / 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """What a task is taken to cost in tokens beyond its prompt, for estimates only."""

    output_tokens: int = field(metadata=bounded(0))
    tokens_per_edited_line: int = field(metadata=bounded(0))
    bytes_per_token: float = field(metadata=bounded(0.1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """Prices and speeds per tier. A profile outside the tiers is priced as `burst` unless it is local."""

    local: Price
    burst: Price
    cheap: Price | None = None
    volume: Volume


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What may be spent, in USD: by one task, and by all tasks of one day (UTC).

    A paid hop that is expected to cost more than `ask_above_usd` is asked for first.
    """

    task_usd: float = field(metadata=bounded(0))
    day_usd: float = field(metadata=bounded(0))
    ask_above_usd: float = field(metadata=bounded(0))
