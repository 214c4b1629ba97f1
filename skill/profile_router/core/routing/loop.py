"""How much an agent's loop takes: turns, and tokens of each, by attempts like it, else by what is published. Pure.

One pass over a task is not what it costs: an agent reads its whole prompt again in each turn.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Literal, TypeVar

from profile_router.core.evidence import Evidence
from profile_router.core.ladder.cost_range import CostRange
from profile_router.core.policy import Policy, Tier
from profile_router.core.routing.rate import Rate
from profile_router.core.routing.task_size import TaskSize, expected_tokens
from profile_router.core.text import USD_DIGITS
from profile_router.values import frozen

_Number = TypeVar("_Number", int, float)
RunnerKind = Literal["hermes", "embedded"]
HERMES_WINDOW = 64_000  # tokens; Hermes refuses models below (MINIMUM_CONTEXT_LENGTH)
ENOUGH = 10  # attempts like it, before they count more than what is published
_LOW = 0.1  # of the attempts took less than the low end


@frozen
class PastLoop:
    """One attempt that ended by itself: who ran it at which tier, its model calls, tokens and seconds."""

    runner: str
    tier: str
    turns: int
    tokens_in: int
    tokens_out: int
    tokens_cached: int
    seconds: float


@frozen
class Past:
    """The newest attempts at tasks of one size. `hermes`: there is a Hermes that would take what it can."""

    loops: tuple[PastLoop, ...] = ()
    hermes: bool = False


NO_PAST = Past()
PastRuns = Callable[[TaskSize], Past]


UsualTurns = Callable[[Tier], int | None]
_MOST_OF_THEM = 0.9


def nothing_usual(tier: Tier) -> int | None:
    """Return that nobody knows how many turns attempts at *tier* take."""
    return None


def usual_turns(turns: Sequence[int]) -> int | None:
    """Return the turns that nine of ten attempts stayed within, None where too few are known."""
    if len(turns) < ENOUGH:
        return None
    return sorted(turns)[math.ceil(len(turns) * _MOST_OF_THEM) - 1]


def nothing_before(task_size: TaskSize) -> Past:
    """Return that there was no attempt at a task of *task_size*."""
    return NO_PAST


@frozen
class Loop:
    """What an attempt is expected to take: turns at the low end, in the middle and at the upper end; tokens a turn.

    `attempts` like it were looked at, 0: the turns are as published. `seconds` is their middle, None without them.
    """

    turns: tuple[int, int, int]
    tokens_in: int
    tokens_out: int
    tokens_cached: int = 0
    attempts: int = 0
    seconds: float | None = None

    def cost(self, rate: Rate) -> CostRange:
        """Return what it is expected to cost at *rate*."""
        turn = rate.cost(self.tokens_in, self.tokens_out, self.tokens_cached)
        low, middle, high = (round(turns * turn, USD_DIGITS) for turns in self.turns)
        return CostRange(low=low, middle=middle, high=high, source=rate.named, least=turn)


def hermes_takes(choice: Literal["auto", "hermes", "embedded"], window: int) -> bool:
    """Tell whether Hermes, where it is installed, runs a profile with a *window* of so many tokens."""
    return choice == "hermes" or (choice == "auto" and window >= HERMES_WINDOW)


def expected_loop(
    evidence: Evidence, policy: Policy, past: Past, *, runner: RunnerKind, tier: Tier, most_turns: int
) -> Loop:
    """Return what an attempt by *runner* at *tier* is expected to take, in at most *most_turns* model calls.

    A turn sends at least what the task's own prompt has, and what Hermes adds to it.
    """
    volume = policy.prices.volume
    prompt, answer = expected_tokens(evidence, policy)
    least = prompt + (volume.hermes_prompt_tokens if runner == "hermes" else 0)
    like = [one for one in past.loops if (one.runner, one.tier) == (runner, tier) and one.turns > 0]
    if len(like) < ENOUGH:
        published = (volume.turns_low, volume.turns_middle, volume.turns_high)
        return Loop(turns=_within(published, most_turns), tokens_in=least, tokens_out=answer)
    turns, sent = sum(one.turns for one in like), sum(one.tokens_in for one in like)
    tokens_in = max(least, round(sent / turns))
    cached = min(1.0, sum(one.tokens_cached for one in like) / sent) if sent else 0.0
    return Loop(
        turns=_within(_spread([one.turns for one in like]), most_turns),
        tokens_in=tokens_in,
        tokens_out=round(sum(one.tokens_out for one in like) / turns),
        tokens_cached=int(tokens_in * cached),
        attempts=len(like),
        seconds=_at(sorted(one.seconds for one in like), 0.5),
    )


def _spread(turns: Sequence[int]) -> tuple[int, int, int]:
    """Return the turns that a tenth of the attempts stayed below, their middle, and the most, at least twice that."""
    ordered = sorted(turns)
    middle = _at(ordered, 0.5)
    return _at(ordered, _LOW), middle, max(ordered[-1], 2 * middle)


def _at(ordered: Sequence[_Number], share: float) -> _Number:
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def _within(turns: tuple[int, int, int], most: int) -> tuple[int, int, int]:
    low, middle, high = (max(1, min(one, most)) for one in turns)
    return low, middle, high
