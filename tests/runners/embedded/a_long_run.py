"""Measure, decide, condense where needed, and run one attempt, as the graph does, against servers that count."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.fakes import PRIVATE, Heard, a_policy
from tests.runners.embedded.a_runner import a_runner
from tests.scripted_provider import CHAT, Answer, Request, ScriptedProvider, fail, say

from profile_router.core.attempt.order import Order
from profile_router.core.attempt.ordering import forbidden, order_for
from profile_router.core.condense.result import CondenseOutcome, applied, helpers
from profile_router.core.conversation import Conversation, TurnFinding
from profile_router.core.evidence import Evidence, Window
from profile_router.core.ladder.failure import Place
from profile_router.core.ladder.receipt import Attempt
from profile_router.core.policy import Policy
from profile_router.core.profile import Profile
from profile_router.core.routing.candidate import Candidate
from profile_router.core.routing.decide import decide
from profile_router.core.routing.route import Decision, Refusal
from profile_router.core.routing.window_fit import counting_limits
from profile_router.core.task import Task
from profile_router.prompting.tokens import PROMPT_TOKENS, count_tokens, exact_tokens
from profile_router.runners.calls.call import RecordedCalls
from profile_router.runners.calls.condenser import EmbeddedCondenser

Count = Callable[[str], int]


def by_o200k(factor: float) -> Count:
    return lambda text: round(exact_tokens(text) * factor)


def by_bytes(text: str) -> int:
    return len(text.encode())


class CountingProvider(ScriptedProvider):
    """Answer whatever fits *window* tokens, and refuse the rest as llama.cpp does. `tells`: it counts when asked."""

    def __init__(self, window: int, count: Count, *, tells: bool, text: str = "It says little.") -> None:
        self.rejected: list[int] = []
        self._window, self._counts, self._text = window, count, text
        self._tells = tells
        super().__init__(count=self.tokens if tells else None)

    def tokens(self, body: Any) -> int:
        spoken = [message.get("content") or "" for message in body["messages"]]
        tools = [str(tool) for tool in body.get("tools", ())]
        return 12 * len(spoken) + sum(self._counts(str(text)) for text in (*spoken, *tools))

    def take(self, request: Request) -> Answer:
        if request.path != CHAT:
            return super().take(request)
        self.requests.append(request)
        found = self.tokens(request.body)
        if found < self._window:
            return say(self._text, usage=(found, 5))
        self.rejected.append(found)
        return fail(
            400, f"request ({found} tokens) exceeds the available context size", type="exceed_context_size_error"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """How it ended: `attempt` is None where it was refused by us, with `why`."""

    decision: Decision
    outcome: CondenseOutcome | None = None
    attempt: Attempt | None = None
    order: Order | None = None
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LongRun:
    """Profiles and their windows in tokens; `workspace` is where the subagent works."""

    profiles: Mapping[str, Profile]
    windows: Mapping[str, int]
    workspace: Path | None = None
    policy: Policy = field(default_factory=a_policy)

    def run(self, task: Task, conversation: Conversation = ()) -> End:
        return asyncio.run(asyncio.wait_for(self._run(task, conversation), 120))

    async def _run(self, task: Task, conversation: Conversation) -> End:
        windows = tuple(Window(profile=name, tokens=size, source="server") for name, size in self.windows.items())
        evidence = _sized(task, self.policy, windows, conversation)
        known = {name: _candidate(profile) for name, profile in self.profiles.items()}
        decision = decide(task, evidence, self.policy, known)
        if isinstance(decision, Refusal):
            return End(decision=decision, why=decision.reasons[-1])
        order = order_for(
            task, evidence, self.policy, known, Place(decision.profile), conversation=conversation, seconds=100.0
        )  # fmt: skip
        outcome = None
        if decision.condense:
            calls = RecordedCalls(load=self.profiles.__getitem__, policy=self.policy)
            condenser = EmbeddedCondenser(calls=calls, workspace=self.workspace, base=Path("/"))
            allowed = helpers(order, evidence, self.policy, known)
            outcome = await condenser.condense(order, allowed, Heard())
            if outcome.failure is not None:
                return End(decision=decision, outcome=outcome, why=outcome.failure.message)
            order, evidence = applied(order, evidence, outcome.condensed, self.policy.counting)
        stopped = forbidden(order, evidence, self.policy)
        if stopped is not None:
            return End(decision=decision, outcome=outcome, order=order, why=stopped.message)
        runner = a_runner(self.profiles[order.profile], self.workspace, self.policy)
        return End(decision=decision, outcome=outcome, order=order, attempt=await runner.run(order, Heard()))


def _sized(task: Task, policy: Policy, windows: tuple[Window, ...], conversation: Conversation) -> Evidence:
    """Return the sizes that `measure` finds, and nothing else of the evidence."""
    limits, fixed = counting_limits(windows, policy.counting, None), PROMPT_TOKENS + 8 * (len(conversation) + 1)
    texts = (task.goal, task.context, *(turn.text for turn in conversation))
    return Evidence(
        tokens=count_tokens(texts, limits, fixed=fixed),
        fixed=count_tokens((task.goal,), limits, fixed=fixed),
        windows=windows,
        turns=tuple(TurnFinding(digest=turn.digest) for turn in conversation),
        private=(PRIVATE,) if task.local_only else (),
    )


def _candidate(profile: Profile) -> Candidate:
    return Candidate(name=profile.name, base_url=profile.endpoint.base_url, model=profile.endpoint.model)


def notes_of(end: End) -> Sequence[str]:
    condensed = end.outcome.condensed if end.outcome else None
    return [part.line for part in condensed.listed] if condensed else []
