"""The policy for money: prices, what a task is taken to use, and what may be spent."""

from __future__ import annotations

from dataclasses import field

from profile_router.core.policy.rules import bounded
from profile_router.values import frozen


@frozen
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


@frozen
class ModelPrice:
    """The operator's own price of one model, wherever it is asked: USD per million tokens, cached ones None: as sent.

    None is 0: only an attested endpoint of this machine is free.
    """

    model: str
    usd_per_million_in: float = field(metadata=bounded(0.000001, 1_000_000))
    usd_per_million_out: float = field(metadata=bounded(0.000001, 1_000_000))
    usd_per_million_cached: float | None = field(default=None, metadata=bounded(0, 1_000_000))


@frozen
class Volume:
    """What a task is taken to cost in tokens beyond its prompt, for estimates only.

    `turns_*` are how many times one pass an agent's loop costs, where there are too few attempts like it;
    `hermes_prompt_tokens` is what Hermes adds to each prompt.
    """

    output_tokens: int = field(metadata=bounded(0))
    tokens_per_edited_line: int = field(metadata=bounded(0))
    bytes_per_token: float = field(metadata=bounded(0.1))
    turns_low: int = field(default=5, metadata=bounded(1, 1_000))
    turns_middle: int = field(default=11, metadata=bounded(1, 1_000))
    turns_high: int = field(default=23, metadata=bounded(1, 1_000))
    hermes_prompt_tokens: int = field(default=9_400, metadata=bounded(0))


@frozen
class Prices:
    """Prices and speeds per tier, and the operator's own prices of models, which come first. What neither they nor the
    table of prices have costs as much as the most expensive tier."""

    local: Price
    burst: Price
    cheap: Price | None = None
    volume: Volume
    models: tuple[ModelPrice, ...] = ()


@frozen
class Budget:
    """What may be spent, in USD: by one task, and by all tasks of one day (UTC).

    Above `ask_above_usd` somebody is asked before a paid step.
    """

    task_usd: float = field(metadata=bounded(0))
    day_usd: float = field(metadata=bounded(0))
    ask_above_usd: float = field(metadata=bounded(0))
