"""Bring a subagent's last words within the parent's budget of tokens."""

from __future__ import annotations

from pathlib import Path

from profile_router.core.attempt.order import Order
from profile_router.core.attempt.ordering import keep_private
from profile_router.core.ladder.receipt import Receipt
from profile_router.core.privacy.findings import masked
from profile_router.prompting.templates import render
from profile_router.prompting.tokens import exact_tokens, head_of
from profile_router.runners.calls.call import RecordedCalls, SingleCall
from profile_router.state.folder import write_private
from profile_router.values import frozen

_WORDS_PER_TOKEN = 0.6


@frozen
class EmbeddedSummarizer:
    """Summarizes. `whole_text` is where the text is kept when it has to be cut."""

    calls: RecordedCalls
    whole_text: Path

    async def summarize(self, text: str, order: Order) -> tuple[str, Receipt | None]:
        """Return *text* if it fits, else what the order's own endpoint makes of it, else its head with a note."""
        keep_private(order)
        budget = self.calls.policy.limits.summary_tokens
        if len(text.encode()) <= budget or exact_tokens(text) <= budget:  # no token is shorter than a byte
            return text, None
        prompt = render("summarize", report=text, words=round(budget * _WORDS_PER_TOKEN))
        call = SingleCall(
            profile=self.calls.load(order.profile).at(order.provider),
            rate=order.rate,
            local=order.local,
            step="summarize",
            prompt=prompt,
            max_tokens=budget,
            seconds=min(self.calls.policy.limits.summary_seconds, order.seconds),
        )
        if order.seconds <= 0 or self.calls.tokens(call) > order.window:
            return self._cut(text, budget), None
        answer, receipt = await self.calls.ask(call)
        if answer is None or exact_tokens(answer) > budget:
            return self._cut(text, budget), receipt
        return answer, receipt

    def _cut(self, text: str, budget: int) -> str:
        """Return the head of *text* with a note where the whole is, both together within *budget* tokens."""
        write_private(self.whole_text, masked(text, self.calls.policy.confidential))
        total = exact_tokens(text)

        def note(shown: int) -> str:
            return f"\n[cut: {shown} of {total} tokens; whole text: {self.whole_text}]"

        head = head_of(text, max(0, budget - exact_tokens(note(total)))).rstrip()
        return head + note(exact_tokens(head))
