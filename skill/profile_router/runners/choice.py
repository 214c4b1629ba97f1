"""Which runner makes an attempt: Hermes if it is there and takes the window, else the embedded one. It is made once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Literal

from profile_router.core.attempt.order import Order
from profile_router.core.ladder.receipt import Attempt
from profile_router.core.routing.loop import hermes_takes
from profile_router.core.text import shown
from profile_router.ports import Emit, Hold, Runner
from profile_router.threads.records import Records
from profile_router.values import frozen
from profile_router.withheld.survey import Survey

Choice = Literal["auto", "hermes", "embedded"]
# Causes for which Hermes declines a profile before any request.
_DECLINED = frozenset({"over-window", "no-key", "bad-request"})


@frozen
class ChosenRunner:
    """Runs each attempt on the runner that *choice* means for it. `hermes` None: there is no Hermes to use.

    A private task runs on the embedded runner whatever the choice. So does one that goes on after a tainted attempt.
    Hermes' auxiliary calls may go elsewhere. With `auto`, so does a task for a model elsewhere where `survey` finds
    private files, or may miss some. Hermes' own tools would read those out, ours withhold them.
    """

    choice: Choice
    embedded: Runner
    hermes: Runner | None
    survey: Callable[[], Survey] = Survey

    async def run(self, order: Order, emit: Emit, hold: Hold | None = None) -> Attempt:
        """Return how the attempt ended; its receipt names the runner.

        With `auto`, the embedded runner takes a profile that Hermes declines before it asks any model. A note says why.
        """
        if self.hermes is None or not takes(self.choice, order):
            return await self.embedded.run(order, emit, hold)
        found = Survey() if order.local or self.choice == "hermes" else await asyncio.to_thread(self.survey)
        if not found.clear:
            attempt = await self.embedded.run(order, emit, hold)
            return replace(attempt, notes=(*attempt.notes, _withheld(found)))
        attempt = await self.hermes.run(_for_hermes(order), emit, hold)
        if self.choice != "auto" or not _declined(attempt):
            return attempt
        left = max(0.0, order.seconds - attempt.receipt.seconds)
        again = await self.embedded.run(replace(order, seconds=left), emit, hold)
        return replace(again, notes=(*attempt.notes, f"not run by Hermes: {attempt.receipt.error}", *again.notes))


@frozen
class RecordedRunner:
    """Runs attempts on *inner*. The records of an attempt's inside are forgotten when it has ended."""

    inner: Runner
    records: Records

    async def run(self, order: Order, emit: Emit, hold: Hold | None = None) -> Attempt:
        """Return how the attempt ended: as the records have it, if they do."""
        name = f"attempt {order.number}"
        recorded: Attempt | None = self.records.find(name)
        if recorded is not None:
            return recorded
        attempt = await self.inner.run(order, emit, hold)
        self.records.keep(name, attempt)
        self.records.forget(f"{order.number}/")
        return attempt


def takes(choice: Choice, order: Order) -> bool:
    """Tell whether Hermes, where it is there, gets *order* by *choice*, private files aside."""
    # Hermes reads the profile itself, and takes its first provider: the others are ours to ask.
    if order.private or order.taints or order.left or order.provider:
        return False
    return hermes_takes(choice, order.window)


def _for_hermes(order: Order) -> Order:
    """Return *order* without private turns, local or not: Hermes' auxiliary calls may go elsewhere."""
    return order if order.outside is None else replace(order, conversation=order.outside)


def _withheld(found: Survey) -> str:
    insists = "(`runner: hermes` in the policy insists)"
    if not found.files:
        return (
            f"not run by Hermes: whether the workspace has private files is unknown ({found.why}); its tools would "
            f"read them out to a model elsewhere; name a smaller folder with --workspace {insists}"
        )
    more = f" and {len(found.files) - 1:,} more" if len(found.files) > 1 else ""
    first = shown(found.files[0].path)
    return f"not run by Hermes: its tools would read {first}{more} out to a model elsewhere {insists}"


def _declined(attempt: Attempt) -> bool:
    failure = attempt.failure
    return failure is not None and attempt.receipt.turns == 0 and failure.cause in _DECLINED
