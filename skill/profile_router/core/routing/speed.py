"""How fast an endpoint was when it was measured, and what that makes of a task's seconds. Pure."""

from __future__ import annotations

from typing import Literal

from profile_router.values import frozen

_SLOWEST, _FASTEST = 0.01, 1_000_000.0  # tokens a second: no model of today is beyond
SecondsBy = Literal["attempts", "bench", "policy"]


@frozen
class Speed:
    """What `bench` measured of a model at its endpoint, `age_s` ago: seconds to the first token of a short prompt.

    A prompt is read at `prompt_tps` tokens a second, an answer is written at `output_tps`: they differ by far.
    """

    first_token_s: float
    prompt_tps: float
    output_tps: float
    age_s: float

    def seconds(self, tokens_in: int, tokens_out: int) -> float:
        """Return the seconds that one answer of *tokens_out* to *tokens_in* takes."""
        return self.first_token_s + tokens_in / self.prompt_tps + tokens_out / self.output_tps


def believed_speed(said: float | None) -> float | None:
    """Return the speed that a server *said*, in tokens a second. None: no model can be so slow or so fast."""
    return said if said is not None and _SLOWEST <= said <= _FASTEST else None
