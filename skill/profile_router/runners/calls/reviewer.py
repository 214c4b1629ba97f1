"""The review: a cheap model reads task and changes and gives a schema-bound verdict. It is weak, and stops nothing."""

from __future__ import annotations

from time import monotonic

from profile_router.core.attempt.order import Order
from profile_router.core.attempt.ordering import keep_private
from profile_router.core.attempt.review import ReviewedWork, ReviewOutcome, ReviewWord, reviewed
from profile_router.core.ladder.receipt import Receipt
from profile_router.prompting.templates import render
from profile_router.prompting.tokens import exact_tokens, head_of
from profile_router.runners.calls.call import RecordedCalls, SingleCall
from profile_router.runners.calls.typed_answers import asked_until_read, in_form
from profile_router.values import frozen

REVIEW_TOKENS = 200
_TRIES = 2
_CONTEXT_SHARE = 4  # the context may take one in so many of the tokens


@frozen
class EmbeddedReviewer:
    """Asks a model for its verdict on finished work."""

    calls: RecordedCalls

    async def review(self, work: ReviewedWork, order: Order) -> ReviewOutcome:
        """Return what the endpoint of *order* says of *work* at its task, or why it says nothing."""
        keep_private(order)
        prompt, cut = self._prompt(work, order)
        call = SingleCall(
            profile=self.calls.load(order.profile).at(order.provider),
            rate=order.rate,
            local=order.local,
            step=order.step,
            prompt=prompt,
            max_tokens=REVIEW_TOKENS,
            seconds=min(self.calls.policy.review.seconds, order.seconds),
            schema=review_schema(),
        )
        if self.calls.tokens(call) > order.window:
            return ReviewOutcome(problem=f"the changes do not fit {order.profile}'s {order.window:,} tokens")
        receipts: list[Receipt] = []
        found, problem = await asked_until_read(
            self.calls, call, read_review, receipts, tries=_TRIES, until=monotonic() + order.seconds
        )
        check = None if found is None else reviewed(order.profile, *found, work, cut=cut)
        return ReviewOutcome(check=check, receipts=tuple(receipts), problem=problem)

    def _prompt(self, work: ReviewedWork, order: Order) -> tuple[str, bool]:
        """Return the prompt, and whether the changes are cut in it: the policy bounds what is read."""
        budget = self.calls.policy.review.max_tokens - exact_tokens(order.task.goal)
        context = head_of(order.task.context, max(0, budget // _CONTEXT_SHARE)) if order.task.context else ""
        patch = head_of(work.patch, max(0, budget - exact_tokens(context)))
        cut = len(patch) < len(work.patch)
        return render("review", goal=order.task.goal, context=context, patch=patch, cut=cut), cut


def review_schema() -> dict[str, object]:
    """Return the JSON schema of a verdict, as it is sent."""
    return {
        "type": "object",
        "properties": {
            "verdict": {"type": "string", "enum": ["right", "wrong", "unsure"]},
            "reason": {"type": "string", "maxLength": 200},
        },
        "required": ["verdict", "reason"],
        "additionalProperties": False,
    }


def read_review(answer: str) -> tuple[tuple[ReviewWord, str] | None, str]:
    """Return verdict and reason in *answer*, or None and what is wrong with it. A code fence around it does no harm."""
    from pydantic import BaseModel, ConfigDict, Field  # 0.1 s: only a review pays for it

    class ReviewAnswer(BaseModel):
        model_config = ConfigDict(extra="forbid", strict=True)
        verdict: ReviewWord
        reason: str = Field(min_length=1, max_length=1_000)

    found, problem = in_form(answer, ReviewAnswer)
    if found is None:
        return None, problem
    return (found.verdict, found.reason), ""
