"""Which runner an attempt gets: Hermes where it is there and takes the window, else the embedded one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from profile_router.core.order import Order
from profile_router.core.receipt import Attempt
from profile_router.ports import Emit, Hold, Runner

HERMES_WINDOW = 64_000  # tokens; Hermes 0.19 refuses models below (MINIMUM_CONTEXT_LENGTH)
Choice = Literal["auto", "hermes", "embedded"]
# Causes for which Hermes declines a profile before any request.
_DECLINED = frozenset({"over-window", "no-key", "bad-request"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenRunner:
    """Runs each attempt on the runner that *choice* means for it. `hermes` None: there is no Hermes to use.

    A private task runs on the embedded runner whatever the choice: Hermes' auxiliary calls may go elsewhere. With
    `auto`, so does a task for a model elsewhere in a workspace with `private_files`: Hermes' own tools would read them
    out, ours withhold them.
    """

    choice: Choice
    embedded: Runner
    hermes: Runner | None
    private_files: Callable[[], Sequence[str]] = tuple

    async def run(self, order: Order, emit: Emit, hold: Hold | None = None) -> Attempt:
        """Return how the attempt ended; its receipt names the runner.

        With `auto`, a profile that Hermes declines before it asks any model runs on the embedded runner, and a note
        says why.
        """
        if self.hermes is None or not takes(self.choice, order):
            return await self.embedded.run(order, emit, hold)
        exposed = () if order.local or self.choice == "hermes" else self.private_files()
        if exposed:
            attempt = await self.embedded.run(order, emit, hold)
            return replace(attempt, notes=(*attempt.notes, _withheld(exposed)))
        attempt = await self.hermes.run(_for_hermes(order), emit, hold)
        if self.choice != "auto" or not _declined(attempt):
            return attempt
        left = max(0.0, order.seconds - attempt.receipt.seconds)
        again = await self.embedded.run(replace(order, seconds=left), emit, hold)
        return replace(again, notes=(*attempt.notes, f"not run by Hermes: {attempt.receipt.error}", *again.notes))


def takes(choice: Choice, order: Order) -> bool:
    """Tell whether Hermes, where it is there, gets *order* by *choice*, private files aside."""
    # Hermes reads the profile itself, and takes its first provider: the others are ours to ask.
    if order.private or order.provider or choice == "embedded":
        return False
    return choice == "hermes" or order.window >= HERMES_WINDOW


def _for_hermes(order: Order) -> Order:
    """Return *order* without private turns, local or not: Hermes' auxiliary calls may go elsewhere."""
    return order if order.outside is None else replace(order, conversation=order.outside)


def _withheld(paths: Sequence[str]) -> str:
    more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
    return (
        f"not run by Hermes: its tools would read {paths[0]}{more} out to a model elsewhere "
        "(`runner: hermes` in the policy insists)"
    )


def _declined(attempt: Attempt) -> bool:
    failure = attempt.failure
    return failure is not None and attempt.receipt.turns == 0 and failure.cause in _DECLINED
