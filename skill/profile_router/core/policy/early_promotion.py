"""When an attempt that gets nowhere is promoted before it has ended: after how many turns, and by which signs."""

from __future__ import annotations

from dataclasses import field
from typing import Literal

from profile_router.core.policy.rules import bounded
from profile_router.errors import Cause
from profile_router.values import frozen

GETS_NOWHERE: Cause = "no-progress"
EarlySign = Literal["no_candidate_read", "same_failing_edit", "no_edit", "prose", "over_usual_turns"]


@frozen
class EarlyWeights:
    """What each sign adds to the score.

    `no_candidate_read`: no file that the task names was read, or none at all where it names none. `same_failing_edit`:
    for each time that an edit failed again. `no_edit`: the task asks for a change, and none was made. `prose`: for each
    turn of words in place of calls. `over_usual_turns`: it took more turns than nine of ten that ended well here.
    """

    no_candidate_read: float = field(default=0.5, metadata=bounded(0, 100))
    same_failing_edit: float = field(default=0.5, metadata=bounded(0, 100))
    no_edit: float = field(default=0.5, metadata=bounded(0, 100))
    prose: float = field(default=0.25, metadata=bounded(0, 100))
    over_usual_turns: float = field(default=0.5, metadata=bounded(0, 100))


@frozen
class EarlyPromotion:
    """After `turns` model calls an attempt is judged before each further one; from `score` on it is promoted.

    0 turns: no attempt is.
    """

    turns: int = field(default=4, metadata=bounded(0, 1_000))
    score: float = field(default=1.0, metadata=bounded(0.01, 1_000))
    weights: EarlyWeights = field(default_factory=EarlyWeights)
