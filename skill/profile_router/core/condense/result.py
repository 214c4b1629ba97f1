"""A condensed context as a value: what it became, what was done to it, where it may replace the whole."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from profile_router.core.attempt.order import Order
from profile_router.core.conversation import Conversation
from profile_router.core.evidence import Evidence, TokenCount
from profile_router.core.ladder.failure import Failure
from profile_router.core.ladder.receipt import Receipt
from profile_router.core.policy import Counting, Policy
from profile_router.core.routing.candidate import Candidates, is_local
from profile_router.core.routing.rate import Rate, rate_at
from profile_router.core.routing.window_fit import fits
from profile_router.values import frozen

CONDENSE_STEP = "condense"  # of the model calls that condense


@frozen
class CondensedPart:
    """What was condensed: where it stood, how, and its size before and after in o200k tokens."""

    place: str
    kind: Literal["outlined", "selected", "summary"]
    before: int
    after: int

    @property
    def line(self) -> str:
        """Say it in words, as it stands in the text and in the notes."""
        return f"condensed: {self.place}, {self.kind}, {self.before:,} → {self.after:,} tokens"


@frozen
class Condensed:
    """What stands in for context and conversation under *profile*.

    `tokens` is the whole prompt in o200k, `prompt_tokens` the server's own count of it, if it counts. `local`: made
    for a local model, it may hold what no other may see.
    """

    profile: str
    context: str
    conversation: Conversation
    tokens: int
    local: bool
    listed: tuple[CondensedPart, ...] = ()
    prompt_tokens: int | None = None


@frozen
class Helper:
    """A profile that may write summaries: its window in tokens."""

    profile: str
    rate: Rate
    local: bool
    window: int


@frozen
class CondenseOutcome:
    """What condensing gave: the result, or why there is none; and a receipt for each model call."""

    condensed: Condensed | None
    receipts: tuple[Receipt, ...] = ()
    failure: Failure | None = None


def helpers(
    order: Order, evidence: Evidence, policy: Policy, candidates: Candidates, *, may_pay: bool = True
) -> tuple[Helper, ...]:
    """Return the profiles that may summarize for *order*, the cheapest first.

    The order's own profile and the tiers' are allowed. Only local ones are, where the task or any turn of the
    conversation is private, or nothing may be spent. The same holds beside a profile that was asked for by name.
    """
    whole = order.outside is None or order.outside == order.conversation
    tiers = (policy.tiers.local, policy.tiers.cheap, policy.tiers.burst)
    found = []
    for name in dict.fromkeys(name for name in (order.profile, *tiers) if name is not None):
        window, local = evidence.window(name), is_local(candidates.get(name), policy)
        allowed = local or (may_pay and whole and not order.private and order.task.profile in (None, name))
        if window is not None and name in candidates and not candidates[name].key_missing and allowed:
            rate = rate_at(candidates[name], 0, policy)
            found.append(Helper(profile=name, rate=rate, local=local, window=window.tokens))
    return tuple(sorted(found, key=lambda helper: helper.rate.cost_of_short(1_000_000, 1_000_000)))


def applied(
    order: Order, evidence: Evidence, condensed: Condensed | None, counting: Counting
) -> tuple[Order, Evidence]:
    """Return *order* and *evidence* with the condensed text where it is needed and allowed, else as they are.

    The profile that it was made for needs it. So does any other that the whole text does not fit.
    """
    if condensed is None or (condensed.local and not order.local):
        return order, evidence
    window = evidence.window(order.profile)
    if order.profile != condensed.profile and (window is None or fits(evidence, window, counting)):
        return order, evidence
    windows = [
        replace(each, prompt_tokens=condensed.prompt_tokens if each.profile == condensed.profile else None)
        for each in evidence.windows
    ]
    tokens = TokenCount(condensed.tokens, condensed.tokens, "counted")
    task = replace(order.task, context=condensed.context)
    outside = condensed.conversation if not condensed.local else order.outside
    return (
        replace(order, task=task, conversation=condensed.conversation, outside=outside),
        replace(evidence, tokens=tokens, windows=tuple(windows)),
    )
