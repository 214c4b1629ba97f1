"""A runner whose attempts are made once: how one ended stands in the run's records before anything is made of it."""

from __future__ import annotations

from dataclasses import dataclass

from profile_router.core.attempt.order import Order
from profile_router.core.ladder.receipt import Attempt
from profile_router.ports import Emit, Hold, Runner
from profile_router.threads.records import Records


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptRunner:
    """Runs attempts on *inner*. What an attempt kept of its inside is forgotten when it has ended."""

    inner: Runner
    records: Records

    async def run(self, order: Order, emit: Emit, hold: Hold | None = None) -> Attempt:
        """Return how the attempt ended, as it is kept where it ended already."""
        name = f"attempt {order.number}"
        kept: Attempt | None = self.records.find(name)
        if kept is not None:
            return kept
        attempt = await self.inner.run(order, emit, hold)
        self.records.keep(name, attempt)
        self.records.forget(f"{order.number}/")
        return attempt
