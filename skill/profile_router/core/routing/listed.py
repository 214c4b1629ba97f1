"""What a published table says that a model costs at an endpoint. Pure."""

from __future__ import annotations

from profile_router.values import frozen


@frozen
class ListedPrice:
    """The price of one model at one host: USD per million tokens sent, answered, and sent but cached there.

    `dated` is the table's own year and month, such as `2026-11`. An answer to more than `long_above` tokens costs the
    `long` prices instead, in the same order; None: its price is the same however long the prompt.
    """

    usd_per_million_in: float
    usd_per_million_out: float
    usd_per_million_cached: float
    dated: str
    long_above: int | None = None
    long: tuple[float, float, float] = (0.0, 0.0, 0.0)
