"""Between two attempts: what is ordered, what forbids it, what follows, and how the run ended. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from profile_router.core.conversation import Conversation
from profile_router.core.decide import Candidate, Candidates, is_local, price_tier
from profile_router.core.evidence import Evidence
from profile_router.core.fit import fits, fits_text
from profile_router.core.ladder import Failure, Hop, next_hop
from profile_router.core.order import Order
from profile_router.core.policy import Policy
from profile_router.core.receipt import Attempt, Receipt, Status, Verified
from profile_router.core.route import Decision, Refusal
from profile_router.core.task import Task

UNKNOWN_WINDOW = 8_192
_STAGES = frozenset({"probe", "summarize"})  # calls beside the attempts: they do not decide how a run ended


def order_for(
    task: Task,
    evidence: Evidence,
    policy: Policy,
    candidates: Candidates,
    *,
    profile: str,
    step: str,
    conversation: Conversation,
    seconds: float,
) -> Order:
    """Return the order for one attempt of *task* under *profile*, with *seconds* left of the run."""
    window = evidence.window(profile)
    local = is_local(candidates.get(profile), policy)
    asks = tuple(sorted(name for name in candidates if name != profile))
    return Order(
        task=task,
        profile=profile,
        tier=price_tier(profile, policy, candidates),
        step=step,
        conversation=conversation,
        window=window.tokens if window else UNKNOWN_WINDOW,
        seconds=seconds,
        private=bool(evidence.private),
        local=local,
        vision=not local,
        asks=asks,
        images=evidence.images,
    )


def forbidden(order: Order, evidence: Evidence, policy: Policy) -> Failure | None:
    """Return why *order* may not even be tried: privacy, the window, the clock. None where nothing forbids it."""
    if order.private and not order.local:
        return Failure(cause="refused", message=f"the task is private and {order.profile} is not local")
    window = evidence.window(order.profile)
    if window is not None and not fits(evidence, window, policy.counting):
        return Failure(
            cause="over-window", message=f"the prompt does not fit: {fits_text(evidence, window, policy.counting)}"
        )
    if order.seconds <= 0:
        return Failure(cause="timeout", message="the run's time is used up")
    return None


def unavailable(order: Order, candidate: Candidate, failure: Failure) -> Attempt:
    """Return the attempt that could not begin: a receipt with no tokens and the reason."""
    receipt = Receipt(
        profile=order.profile,
        model_asked=candidate.model,
        model_served=None,
        provider=candidate.provider,
        runner="none",
        step=order.step,
        tokens_in=0,
        tokens_out=0,
        cost_usd=0.0,
        ttft_s=None,
        seconds=0.0,
        outcome="unavailable",
        error=failure.message,
    )
    return Attempt(receipt=receipt, failure=failure)


def hop_after(
    attempt: Attempt,
    evidence: Evidence,
    policy: Policy,
    candidates: Candidates,
    *,
    receipts: Sequence[Receipt],
    hops: Sequence[Hop],
) -> Hop:
    """Return the step of the ladder that follows a failed *attempt*, or the stop. Raises ValueError for a success."""
    if attempt.failure is None:
        raise ValueError("only a failed attempt has a next step")
    return next_hop(
        attempt.failure,
        tier=price_tier(attempt.receipt.profile, policy, candidates),
        tried=tuple(receipt.profile for receipt in receipts if receipt.step not in _STAGES),
        taken=tuple(hop.step for hop in hops),
        policy=policy,
        private=bool(evidence.private),
        local_profiles=frozenset(name for name, candidate in candidates.items() if is_local(candidate, policy)),
        known_profiles=frozenset(candidates),
    )


def any_call_made(receipts: Sequence[Receipt]) -> bool:
    """Tell whether any attempt reached a model. Probe and summary do not count."""
    return any(receipt.outcome != "unavailable" for receipt in receipts if receipt.step not in _STAGES)


def final_status(
    decision: Decision, receipts: Sequence[Receipt], attempt: Attempt | None, verified: Verified
) -> Status:
    """Return `refused` where no attempt was allowed or possible, `failed` where the last one or its check failed."""
    if isinstance(decision, Refusal) or not any_call_made(receipts):
        return "refused"
    if attempt is None or attempt.failure is not None:
        return "failed"
    return "failed" if verified.check is not None and not verified.check.passed else "ok"


def cost(receipts: Sequence[Receipt]) -> float:
    """Return what all *receipts* cost together, in USD."""
    return round(sum(receipt.cost_usd for receipt in receipts), 6)
