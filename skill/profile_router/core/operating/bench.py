"""What a bench of profiles found: speeds of prompt and output, which differ by far, and what a task costs.

The task is that of the table by the profile scheme's author: 10,000 tokens in, 3,000 out.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from profile_router.core.ladder.causes import Cause
from profile_router.core.routing.rate import Rate
from profile_router.core.routing.speed import Speed
from profile_router.values import frozen

TASK_IN, TASK_OUT = 10_000, 3_000
_LEAST_S = 0.001  # shorter is not told apart from nothing


@frozen
class CallTime:
    """One answer: tokens sent, those of them that came from a cache, and answered; seconds to the first and to the end.

    `prompt_tps` and `output_tps` are the server's own speeds in tokens a second, None where it tells none. `right`: it
    has what was asked for.
    """

    tokens_in: int
    tokens_out: int
    first_s: float
    seconds: float
    right: bool
    cached: int = 0
    prompt_tps: float | None = None
    output_tps: float | None = None


@frozen
class BenchRow:
    """One profile: its short and its long calls, and what they cost. `problem` says why there are none.

    `cause` is that of a call that was not made, None elsewhere. `doubts` say which figures of its server are not
    possible.
    """

    profile: str
    model: str
    host: str
    rate: Rate
    short: Sequence[CallTime] = ()
    long: Sequence[CallTime] = ()
    calls: int = 0
    usd: float = 0.0
    usd_source: str = ""
    problem: str = ""
    cause: Cause | None = None
    doubts: Sequence[str] = ()

    @property
    def right(self) -> int:
        """Return how many of the calls had the right answer."""
        return sum(one.right for one in (*self.short, *self.long))

    @property
    def by_server(self) -> bool:
        """Tell whether the speeds are the server's own figures."""
        return any(one.output_tps is not None for one in self.long)

    @property
    def speed(self) -> Speed | None:
        """Return the middle of what was measured, None where too little came."""
        if not self.short or not self.long:
            return None
        first = median(one.first_s for one in self.short)
        read = [speed for one in self.long if (speed := _prompt_speed(one, first))]
        written = [speed for one in self.long if (speed := _written(one))]
        if not read or not written:
            return None
        return Speed(first_token_s=first, prompt_tps=median(read), output_tps=median(written), age_s=0.0)

    @property
    def task_s(self) -> float | None:
        """Return the seconds that one answer of TASK_OUT tokens to TASK_IN takes."""
        speed = self.speed
        return None if speed is None else speed.seconds(TASK_IN, TASK_OUT)

    @property
    def task_usd(self) -> float:
        """Return what that costs, in USD."""
        return self.rate.cost(TASK_IN, TASK_OUT)


def _prompt_speed(one: CallTime, first_s: float) -> float | None:
    """Return how fast the prompt was read. By the clock it is what a long one took more than a short one."""
    if one.prompt_tps is not None:
        return one.prompt_tps
    more = one.first_s - first_s
    return (one.tokens_in - one.cached) / max(more, _LEAST_S) if more > first_s * 0.2 else one.tokens_in / one.first_s


def _written(one: CallTime) -> float | None:
    if one.output_tps is not None:
        return one.output_tps
    took = one.seconds - one.first_s
    return (one.tokens_out - 1) / took if one.tokens_out > 1 and took > _LEAST_S else None
