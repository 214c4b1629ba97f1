"""Single calls (probe, summary, condensing) are made once: what was answered stands in the run's records."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from profile_router.core.ladder.receipt import Receipt
from profile_router.threads.records import MemoryRecords, Records

Answer = tuple[str | None, Receipt]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptCalls:
    """The calls of one run. One is known by what it asks of whom, and by how many like it were made before it."""

    records: Records = field(default_factory=MemoryRecords)
    _made: Counter[str] = field(default_factory=Counter, init=False)

    def next_name(self, asked: str) -> str:
        """Return the name of the next call that asks *asked*."""
        mark = hashlib.sha256(asked.encode("utf-8", "surrogatepass")).hexdigest()[:32]
        self._made[mark] += 1
        return f"call {mark} {self._made[mark]}"

    async def once(self, name: str, make: Callable[[], Awaitable[Answer]]) -> Answer:
        """Return what the call *name* was answered, by *make* where it was not made yet."""
        kept = self.records.find(name)
        if kept is not None:
            return kept[0], kept[1]
        answer = await make()
        self.records.keep(name, answer)
        return answer
