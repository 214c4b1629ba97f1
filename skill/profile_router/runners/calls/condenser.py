"""Condense a context for a window: outlines and selection first, then summaries by the cheapest allowed profile.

Every size is known before the first model call. Where too many calls would be needed, none is made. Where a local
server counts requests itself, its counts measure the chunks and the result.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from time import monotonic

from profile_router.core.attempt.order import Order
from profile_router.core.attempt.ordering import TIME_IS_UP
from profile_router.core.condense.cut_summary import cut_summary
from profile_router.core.condense.plan import (
    MOST_SUMMARY,
    CondenseBudget,
    CondensePlan,
    TooLarge,
    Tools,
    condense_plan,
    grouped,
)
from profile_router.core.condense.result import CONDENSE_STEP, Condensed, CondenseOutcome, Helper
from profile_router.core.conversation import Conversation
from profile_router.core.ladder.failure import Failure
from profile_router.core.ladder.receipt import Receipt
from profile_router.core.routing.window_fit import LEAST_ROOM, reply_room
from profile_router.core.text import utf8
from profile_router.ports import Emit
from profile_router.prompting.templates import render
from profile_router.prompting.tokens import PROMPT_TOKENS, exact_tokens, head_of
from profile_router.runners.calls.call import RecordedCalls, SingleCall
from profile_router.runners.embedded.request import request_body
from profile_router.servers.inspect import count_prompt
from profile_router.values import frozen
from profile_router.workspace.images import strip_data_urls
from profile_router.workspace.outline import outline

_GOAL_TOKENS = 300  # of the goal, in the prompt of a summary
_PROMPT_TOKENS = 160 + _GOAL_TOKENS
_WORDS_PER_TOKEN = 0.4  # asked for; the bound itself leaves room for models that write more
_LEAST_OF_CUT = 0.5  # of its bound: what a cut summary holds at least; else its thoughts took the bound
_ROUNDS = 8
_LARGE, _SAMPLES, _SAMPLE = 1_000_000, 64, 4_096  # characters
_TASK_TOKENS = 40  # what the task's template and a message take


@frozen
class _Factors:
    """How much higher than o200k the two models count: the prompt's own, and the one that summarizes."""

    target: float
    helper: float


@frozen
class EmbeddedCondenser:
    """Condenses. `workspace` and `base` are the runner's, for the counted request."""

    calls: RecordedCalls
    workspace: Path | None
    base: Path

    async def condense(self, order: Order, helpers: Sequence[Helper], emit: Emit) -> CondenseOutcome:
        """Return what *order*'s context and conversation become within its window, or why they cannot be condensed.

        *helpers* may write summaries, the cheapest first; only the first is asked.
        """
        if any(order.private and not helper.local for helper in helpers):
            raise AssertionError("a private context was to be summarized by a profile that is not local")
        started = monotonic()
        order = replace(order, task=replace(order.task, context=utf8(strip_data_urls(order.task.context)[0])))
        planned = await self._planned(order, helpers[0] if helpers else None)
        if isinstance(planned, TooLarge):
            return _refused(order, planned.why)
        summaries: tuple[str, ...] = ()
        receipts: list[Receipt] = []
        texts = planned.chunks
        for bound in planned.bounds:
            answers: list[str] = []
            for number, text in enumerate(texts, 1):
                left = order.seconds - (monotonic() - started)
                call = self._call(order, helpers[0], text, bound, number, len(texts), left)
                answer, receipt = await self.calls.ask(call) if left > 0 else (None, None)
                receipts += [receipt] if receipt else []
                cut = receipt is not None and receipt.verdict == "truncated"
                if answer is None or (cut and exact_tokens(answer) < bound * _LEAST_OF_CUT):
                    why = (receipt.error if receipt else None) or TIME_IS_UP
                    failed = f"model call {len(receipts)} of {planned.calls} failed: {why}"
                    return replace(_refused(order, failed), receipts=tuple(receipts))
                summary = _within(answer, text, bound, cut=cut)
                told = "" if summary == answer else f" · ran past its {bound:,} tokens, cut"
                emit({"event": "condense", "line": f"{helpers[0].profile} · {len(receipts)} of {planned.calls}{told}"})
                answers.append(summary)
            summaries, texts = tuple(answers), grouped(answers, planned.chunk)
        return replace(await self._outcome(order, planned, summaries), receipts=tuple(receipts))

    async def _planned(self, order: Order, helper: Helper | None) -> CondensePlan | TooLarge:
        """Return a plan that holds by the servers' own counts too, where they count."""
        factor = self.calls.policy.counting.tokenizer_factor
        factors = _Factors(target=factor, helper=factor)
        planned = self._plan(order, helper, factors)
        for _ in range(_ROUNDS):
            if isinstance(planned, TooLarge):
                return planned
            found = await self._too_low(order, helper, planned, factors)
            if found == factors:
                return planned
            factors = found
            planned = self._plan(order, helper, factors)
        return TooLarge("the server counts so unevenly that no size of the parts is sure to fit")

    def _plan(self, order: Order, helper: Helper | None, factors: _Factors) -> CondensePlan | TooLarge:
        reserve, task = self._reserve(order), order.task
        goal = strip_data_urls(task.goal)[0]
        images = len(order.images) * self.calls.policy.counting.image_tokens if order.vision else 0
        fixed = (
            PROMPT_TOKENS
            + _TASK_TOKENS
            + images
            + exact_tokens("\n".join((goal, *task.files, *task.images, task.standing)))
        )
        room = math.floor((order.window - reserve) / factors.target) - fixed
        work = math.floor(order.window / 4 / factors.target)  # left for tool results, if the goal leaves so much
        room = room - work if room - work >= LEAST_ROOM else room
        if room < LEAST_ROOM:
            return TooLarge(
                f"the goal and what every prompt holds take {fixed:,} × {factors.target:.2f} + {reserve:,} for the "
                f"answer, which leaves no room in {order.window:,}"
            )
        chunk = 0
        if helper is not None:
            chunk = math.floor((helper.window - self._most(helper)) / factors.helper) - _PROMPT_TOKENS
        calls = self.calls.policy.condense.max_calls if chunk >= LEAST_ROOM else 0
        budget = CondenseBudget(room=room, chunk=max(1, chunk), calls=calls)
        cap = room * 2 + budget.chunk * max(1, calls)
        tools = Tools(tokens_of=lambda text: _size(text, cap), cut=_chunks, outline=outline)
        edited = frozenset((*task.files, *_words(goal)))
        return condense_plan(goal, task.context, order.conversation, edited, budget, tools)

    def _reserve(self, order: Order) -> int:
        stated = self.calls.load(order.profile).max_tokens or 0
        return reply_room(order.window, stated, self.calls.policy.counting)

    def _most(self, helper: Helper) -> int:
        return min(MOST_SUMMARY, helper.window // 4)

    async def _too_low(self, order: Order, helper: Helper | None, planned: CondensePlan, factors: _Factors) -> _Factors:
        """Return *factors*, raised where a server counts what was planned for it as more than its window takes."""
        target, of_helper = factors.target, factors.helper
        condensed = _with(order, planned.context, planned.conversation)
        said = await self._counted(condensed)
        digest = (planned.bounds[-1] * len(planned.chunks) if len(planned.bounds) == 1 else 0) + 200
        digest = digest if planned.chunks else 0
        if said is not None and said + digest > order.window - self._reserve(order):
            target = max(target * 1.1, said / max(1, _o200k(condensed)) * 1.02)
        if helper is not None and helper.local:
            for number, text in enumerate(planned.chunks, 1):
                call = self._call(order, helper, text, planned.bounds[0], number, len(planned.chunks), 1.0)
                body = {"messages": [{"role": "user", "content": call.prompt}]}
                counted = await count_prompt(call.profile, body, connect_s=self.calls.policy.limits.connect_seconds)
                if counted is not None and counted + planned.bounds[0] > helper.window:
                    of_helper = max(of_helper * 1.1, counted / exact_tokens(call.prompt) * 1.02)
                    break
        return _Factors(target=target, helper=of_helper)

    async def _counted(self, order: Order) -> int | None:
        if not order.local:
            return None
        profile = self.calls.load(order.profile).at(order.provider)
        body = request_body(order, profile, self.calls.policy, self.workspace, self.base)
        return await count_prompt(profile, body, connect_s=self.calls.policy.limits.connect_seconds)

    def _call(
        self, order: Order, helper: Helper, text: str, bound: int, number: int, total: int, seconds: float
    ) -> SingleCall:
        prompt = render(
            "condense",
            words=max(20, round(bound * _WORDS_PER_TOKEN)),
            goal=head_of(utf8(strip_data_urls(order.task.goal)[0]), _GOAL_TOKENS),
            number=number,
            total=total,
            text=text,
        )
        return SingleCall(
            profile=self.calls.load(helper.profile),
            rate=helper.rate,
            local=helper.local,
            step=CONDENSE_STEP,
            prompt=prompt,
            max_tokens=bound,
            seconds=seconds,
            cut_will_do=True,
        )

    async def _outcome(self, order: Order, planned: CondensePlan, summaries: tuple[str, ...]) -> CondenseOutcome:
        context, listed = planned.finished(summaries, exact_tokens)
        made = _with(order, context, planned.conversation)
        condensed = Condensed(
            profile=order.profile,
            context=context,
            conversation=planned.conversation,
            tokens=_o200k(made) + len(order.images) * self.calls.policy.counting.image_tokens,
            local=order.local,
            listed=listed,
            prompt_tokens=await self._counted(made),
        )
        return CondenseOutcome(condensed=condensed)


def _within(answer: str, text: str, bound: int, *, cut: bool) -> str:
    """Return *answer*, a summary of *text*, within *bound* tokens; *cut*: its server ended it there.

    Some servers let a model write on, and some count tokens that are shorter than ours. Only a longer answer is cut
    then.
    """
    if not cut and (len(answer.encode()) <= bound or exact_tokens(answer) <= bound):
        return answer
    return cut_summary(answer, text, bound, exact_tokens, head_of)


def _with(order: Order, context: str, conversation: Conversation) -> Order:
    return replace(order, task=replace(order.task, context=context), conversation=conversation)


def _o200k(order: Order) -> int:
    """Return the tokens of the order's prompt without its images."""
    task = order.task
    texts = (strip_data_urls(task.goal)[0], task.context, *task.files, *task.images, task.standing)
    said = sum(exact_tokens(turn.text) + 8 for turn in order.conversation)
    return PROMPT_TOKENS + _TASK_TOKENS + exact_tokens("\n".join(texts)) + said


def _refused(order: Order, why: str) -> CondenseOutcome:
    message = (
        f"the prompt cannot be condensed for {order.profile}'s {order.window:,} tokens: {why}; "
        "name the text with --file: then the subagent pages through it"
    )
    return CondenseOutcome(condensed=None, failure=Failure(cause="over-window", message=message))


def _words(goal: str) -> tuple[str, ...]:
    """Return the words of *goal* that look like a file's path."""
    bare = (word.strip("`'\"()[]<>,;:!?").rstrip(".") for word in goal[:20_000].split())
    return tuple(word for word in bare if "." in word[1:-1])


def _size(text: str, cap: int) -> int:
    """Return the o200k tokens of *text*: exact up to a million characters and where they may be within *cap*.

    Else they are estimated from 64 places in it: to count 20 MB takes up to a minute.
    """
    if len(text) <= _LARGE:
        return exact_tokens(text)
    step = len(text) // _SAMPLES
    sampled = sum(exact_tokens(text[at : at + _SAMPLE]) for at in range(0, step * _SAMPLES, step))
    estimated = sampled * len(text) // (_SAMPLES * _SAMPLE)
    return estimated if estimated > cap * 1.2 else exact_tokens(text)


def _chunks(text: str, tokens: int) -> tuple[str, ...]:
    """Cut *text* into chunks of at most *tokens*, at a line's end where the chunk's last third has one."""
    chunks = []
    at = 0
    while at < len(text):
        head = head_of(text[at : at + tokens * 16], tokens) or text[at]
        end = head.rfind("\n") + 1
        whole = at + len(head) >= len(text)
        chunks.append(head if whole or end <= len(head) * 2 // 3 else head[:end])
        at += len(chunks[-1])
    return tuple(chunks)
