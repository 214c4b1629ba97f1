"""Order an attempt of a task at a place, and say what forbids it. Pure."""

from __future__ import annotations

from profile_router.core.attempt.order import Order
from profile_router.core.conversation import Conversation, alternating, shared_turns
from profile_router.core.evidence import Evidence
from profile_router.core.ladder.failure import Failure, Place, not_for_private
from profile_router.core.ladder.receipt import Attempt, Receipt
from profile_router.core.policy import Policy
from profile_router.core.profile import address
from profile_router.core.routing.candidate import Candidate, Candidates, is_local
from profile_router.core.routing.rate import rate_at
from profile_router.core.routing.window_fit import fits, fits_text
from profile_router.core.task import Task

UNKNOWN_WINDOW = 8_192
TIME_IS_UP = "the run's time is used up"


def order_for(
    task: Task,
    evidence: Evidence,
    policy: Policy,
    candidates: Candidates,
    place: Place,
    *,
    step: str = "route",
    conversation: Conversation = (),
    seconds: float | None = None,
) -> Order:
    """Return the order for one attempt of *task* at *place*, with *seconds* left of the run; None: all of its time.

    What is local is asked of the provider at *place*: a local profile may name a cloud as its second.
    """
    profile = place.profile
    window = evidence.window(profile)
    candidate = candidates.get(profile)
    local = is_local(candidate.at(place.provider) if candidate else None, policy)
    asks = tuple(sorted(name for name, one in candidates.items() if name != profile and not one.problem))
    return Order(
        task=task,
        profile=profile,
        rate=rate_at(candidate, place.provider, policy),
        step=step,
        conversation=alternating(shared_turns(conversation, evidence.turns, local)),
        outside=alternating(shared_turns(conversation, evidence.turns, False)),
        window=window.tokens if window else UNKNOWN_WINDOW,
        seconds=policy.limits.run_seconds if seconds is None else seconds,
        private=bool(evidence.private),
        local=local,
        vision=not local,
        asks=asks,
        images=evidence.images,
        files=tuple(file.path for file in evidence.files if file.form == "text" and not file.path.startswith("/")),
        probable=evidence.located.probable if evidence.located and not evidence.files else (),
        provider=place.provider,
    )


def forbidden(order: Order, evidence: Evidence, policy: Policy) -> Failure | None:
    """Return why *order* may not even be tried: privacy, the window, the clock. None where nothing forbids it."""
    if order.private and not order.local:
        return Failure(cause="not-local", message=not_for_private(order.profile))
    window = evidence.window(order.profile)
    if window is not None and not fits(evidence, window, policy.counting):
        return Failure(
            cause="over-window", message=f"the prompt does not fit: {fits_text(evidence, window, policy.counting)}"
        )
    return out_of_time(order.seconds)


def keep_private(order: Order) -> None:
    """Raise AssertionError where private work was ordered from elsewhere: the decision never does that."""
    if order.private and not order.local:
        raise AssertionError(not_for_private(order.profile))


def out_of_time(seconds: float) -> Failure | None:
    """Return why nothing more is begun where so many *seconds* of the run are left; None where some are."""
    return Failure(cause="timeout", message=TIME_IS_UP) if seconds <= 0 else None


def unavailable(order: Order, candidate: Candidate, failure: Failure) -> Attempt:
    """Return the attempt that could not begin: a receipt with no tokens and the reason."""
    receipt = Receipt(
        profile=order.profile,
        model_asked=candidate.model,
        model_served=None,
        provider=candidate.provider,
        runner="none",
        host=address(candidate.base_url),
        step=order.step,
        tokens_in=0,
        tokens_out=0,
        cost_usd=0.0,
        ttft_s=None,
        seconds=0.0,
        outcome="unavailable",
        error=failure.message,
        verdict=failure.cause,
        cost_source=order.rate.named,
    )
    return Attempt(receipt=receipt, failure=failure)
