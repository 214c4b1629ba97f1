"""One attempt as it is ordered from a runner."""

from __future__ import annotations

from profile_router.core.attempt.handoff import Handoff
from profile_router.core.conversation import Conversation
from profile_router.core.evidence import ImageFact
from profile_router.core.ladder.early_score import EarlyWatch
from profile_router.core.policy import Policy
from profile_router.core.privacy.taint import Taint
from profile_router.core.profile import Profile
from profile_router.core.routing.rate import Rate
from profile_router.core.task import Task
from profile_router.values import frozen


@frozen
class Order:
    """What a runner is asked to do: *task* under *profile*, for the reason *step*, in the *conversation* so far.

    `window` is tokens; `seconds` is what is left of the run's wall clock; `private` forbids any endpoint that is not
    local; `vision` tells whether the model may be sent images; `asks` are the profiles that a subagent may ask for;
    `provider` is the number of the profile's provider to use, 0 being the one it names first; `rate` what that charges.
    `outside` is the conversation without its private turns, for what may reach other models besides the profile's own;
    None: the same. `number` is how many attempts of the run were before this one, `handoff` what they leave to it.
    `taints` are the withheld files whose content may stand in the handoff, in the conversation or in what was changed.
    `files` are the text files that the task names, in its goal too, relative to the workspace; they are there.
    `probable` are those that the repository points at with some sureness, where the task names none.
    `takes_tools` tells whether the server's chat template does, None where it does not say.
    `left` are files and folders, relative to the workspace, that a tainted attempt may have changed: withheld likewise.
    `early` is what the attempt is judged by before it ends, None: nothing is above it to be promoted to.
    """

    task: Task
    profile: str
    rate: Rate
    step: str
    conversation: Conversation
    window: int
    seconds: float
    private: bool
    local: bool
    vision: bool
    asks: tuple[str, ...] = ()
    images: tuple[ImageFact, ...] = ()
    files: tuple[str, ...] = ()
    probable: tuple[str, ...] = ()
    takes_tools: bool | None = None
    outside: Conversation | None = None
    provider: int = 0
    number: int = 0
    handoff: Handoff | None = None
    taints: tuple[Taint, ...] = ()
    left: tuple[str, ...] = ()
    early: EarlyWatch | None = None

    def turns(self, profile: Profile, policy: Policy) -> int:
        """Return how many model calls it may make: the least that the task, the *profile* and the *policy* allow."""
        limits = (self.task.max_turns, profile.max_turns, policy.limits.max_turns)
        return min(limit for limit in limits if limit is not None)
