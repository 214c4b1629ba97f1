"""The embedded runner: LangChain's own agent loop in this process, over the profile's endpoint, inside the fence.

It serves what Hermes itself refuses: a local window of 8K. One call of `run` is one attempt: one provider, one model,
no retry, no switch.
"""

from __future__ import annotations

import asyncio
import contextvars
import time
from collections.abc import Callable, MutableMapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from profile_router.core.attempt.order import Order
from profile_router.core.attempt.ordering import keep_private
from profile_router.core.attempt.receipts import receipt_of
from profile_router.core.attempt.usage import doubts_note
from profile_router.core.ladder.failure import Failure, stopped_at
from profile_router.core.ladder.receipt import Attempt, Receipt
from profile_router.core.policy import Policy
from profile_router.core.profile import Profile
from profile_router.ports import Emit, Event, Hold, Stopped
from profile_router.runners.embedded import EMBEDDED_RUNNER
from profile_router.runners.embedded.attempt_records import AttemptRecords
from profile_router.runners.embedded.failures import failure_of_error, unexpected
from profile_router.runners.embedded.forms.remembered_forms import FormMemory, FormsOfThisRun
from profile_router.runners.embedded.model.chat_model import import_chat_model
from profile_router.runners.embedded.notes import terminal_notes, tool_notes
from profile_router.runners.embedded.request import tools_for
from profile_router.runners.embedded.steps_taken import StepsTaken
from profile_router.runners.tools.fence import Fence
from profile_router.runners.tools.terminal import Jailed, open_terminal, wants_terminal
from profile_router.threads.records import MemoryRecords, Records, Scoped
from profile_router.values import mutable
from profile_router.withheld.watch import after_interruption
from profile_router.withheld.whole_scan import Secrets

if TYPE_CHECKING:
    from langchain_core.tools import BaseTool

    from profile_router.runners.embedded.forms.attempt_loop import AttemptLoop
    from profile_router.runners.embedded.meter import AnswerMeter
    from profile_router.runners.embedded.remembering import Remembering


@mutable
class EmbeddedRunner:
    """Runs attempts. `load` gives a profile by name; images are relative to `base`; `journal` collects what files held
    before the subagent's tools wrote them; what is paid for or done stands in `records` before the attempt goes on.
    `mark` takes a mark of the work tree around each command, empty where it takes none. `pulse` is entered as long."""

    load: Callable[[str], Profile]
    policy: Policy
    secrets: Secrets
    workspace: Path | None
    base: Path
    known_files: Callable[[], Sequence[str]]
    journal: MutableMapping[str, bytes | None] = field(default_factory=dict)
    records: Records = field(default_factory=MemoryRecords)
    memory: FormMemory = field(default_factory=FormsOfThisRun)
    take_mark: Callable[[], str] = str
    pulse: Callable[[], AbstractContextManager[None]] = nullcontext

    async def run(self, order: Order, emit: Emit, hold: Hold | None = None) -> Attempt:
        """Return how the attempt ended. Failures of model and server are values; a cancelled attempt is cancelled."""
        profile = self.load(order.profile).at(order.provider)
        keep_private(order)
        # Half a second on first use, which is not the model's: before the clock starts.
        import_chat_model("langchain.agents", "profile_router.runners.tools.tools")
        from profile_router.runners.tools.tools import WantsProfile

        started, done = time.monotonic(), self._records_of(order)
        fence = self._fence(order)
        terminal, refused = await self._terminal(order, profile, fence)
        tools = tools_for(order, profile, fence, self.policy, terminal)
        emit_here = _as_from_here(emit)
        steps = self._steps(order, profile, fence, emit_here)
        meter = self._meter(order, profile, emit, hold, steps)
        loop = self._loop(order, profile, tools, fence, meter, emit_here, terminal=terminal is not None)
        failure: Failure | None = None
        text = ""
        try:
            text = await _text_of(loop, order.seconds)
        except WantsProfile as asked:
            message = f"{order.profile} asks for {asked.profile}: {asked.reason}"
            failure = Failure(cause="asked-for-profile", message=message, asked=asked.profile)
        except asyncio.CancelledError:
            if not meter.counts.turns:
                raise
            cut = stopped_at(profile.where)
            raise Stopped(_receipt(order, meter, cut, profile, started)) from None
        except Exception as error:
            if (failure := _failure(error, profile, meter)) is None:
                raise
        finally:
            if fence is not None:
                fence.seal()
        receipt = _receipt(order, meter, failure, profile, started)
        receipt = replace(receipt, withheld=refused, taints=done.taints(), early=steps.score)
        notes = [*terminal_notes(terminal, refused, self.workspace), *tool_notes(order, self.workspace), *loop.notes]
        notes += [doubts_note(profile.name, meter.counts.doubts)] if meter.counts.doubts else []
        wrote, around = done.wrote(), done.around()
        return Attempt(
            receipt=receipt,
            text=text,
            failure=failure,
            notes=tuple(notes),
            wrote=None if around else wrote,
            in_vain=done.in_vain(),
            edited=wrote,
            around=around,
        )

    def _steps(self, order: Order, profile: Profile, fence: Fence | None, emit: Emit) -> StepsTaken:
        return StepsTaken(
            order.early,
            where=profile.where,
            records=self._records_of(order).records,
            root=fence.root if fence else None,
            reads_private=self._records_of(order).taints,
            emit=emit,
        )

    def _records_of(self, order: Order) -> AttemptRecords:
        return AttemptRecords(Scoped(self.records, f"{order.number}/"))

    def _note_unknown(self, fence: Fence) -> None:
        """Note that nobody knows what a command read that was at work when its process was killed."""
        why = "a command was interrupted, and nobody watched it"
        for taint in after_interruption(fence.root, self.policy.private_paths, self.secrets, why):
            fence.note(taint.path, taint.why)

    def _remembering(self, order: Order, meter: AnswerMeter, fence: Fence | None) -> Remembering:
        from profile_router.runners.embedded.remembering import Remembering  # with Meter, it needs LangChain's agents

        records = self._records_of(order)
        remembering = Remembering(records.records, meter, fence.root if fence else None)

        def about_to_write(path: str, old: bytes | None, new: bytes) -> None:
            self.journal.setdefault(path, old)
            remembering.about_to_write(path, old, new)

        if fence is not None:
            fence.about_to_write = about_to_write
            fence.about_to_run, fence.has_run = remembering.about_to_run, remembering.has_run
            remembering.take_mark, remembering.pulse = self.take_mark, self.pulse
            fence.about_to_show = records.note_taint
            remembering.interrupted = partial(self._note_unknown, fence)
        return remembering

    def _loop(
        self,
        order: Order,
        profile: Profile,
        tools: list[BaseTool],
        fence: Fence | None,
        meter: AnswerMeter,
        emit: Emit,
        *,
        terminal: bool,
    ) -> AttemptLoop:
        from profile_router.runners.embedded.forms.attempt_loop import AttemptLoop  # LangChain's agents

        return AttemptLoop(
            order=order,
            profile=profile,
            policy=self.policy,
            base=self.base,
            fence=fence,
            tools=tools,
            terminal=terminal,
            answer_tokens=self._answer_tokens(order, profile),
            meter=meter,
            remembering=self._remembering(order, meter, fence),
            records=self._records_of(order).records,
            memory=self.memory,
            emit=emit,
        )

    def _answer_tokens(self, order: Order, profile: Profile) -> int:
        """Return the bound of one answer: the profile's, but never so much that no prompt would fit beside it."""
        wanted = profile.max_tokens or max(self.policy.counting.reply_reserve, min(order.window // 4, 8_192))
        return max(1, min(wanted, order.window // 2))

    async def _terminal(self, order: Order, profile: Profile, fence: Fence | None) -> tuple[Jailed | None, str]:
        """Return the terminal that the toolsets ask for, or None and why there is none."""
        if not wants_terminal(order, profile):
            return None, ""
        found = await asyncio.to_thread(open_terminal, order, profile, fence, self.policy, self.secrets)
        return (None, found) if isinstance(found, str) else (found, "")

    def _fence(self, order: Order) -> Fence | None:
        if self.workspace is None:
            return None
        return Fence(
            self.workspace,
            private_globs=self.policy.private_paths,
            confidential=self.policy.confidential,
            allow_private=order.local,
            known_files=self.known_files,
            left=order.left,
        )

    def _meter(self, order: Order, profile: Profile, emit: Emit, hold: Hold | None, steps: StepsTaken) -> AnswerMeter:
        from profile_router.runners.embedded.meter import AnswerMeter

        return AnswerMeter(
            where=profile.where,
            max_turns=order.turns(profile, self.policy),
            limits=self.policy.limits,
            vision=order.vision,
            emit=emit,
            rate=order.rate,
            afford=None if hold is None else hold.covers,
            steps=steps,
        )


async def _text_of(loop: AttemptLoop, seconds: float) -> str:
    """Return the last words of *loop*, which has so many *seconds*. Raises what it raises, and TimeoutError."""
    async with asyncio.timeout(seconds):
        # A context of its own: the subagent's loop must not find the graph that we run in. Else it would write
        # its inner turns into the thread's checkpoints.
        return await asyncio.create_task(loop.text(), context=contextvars.Context())


def _as_from_here(emit: Emit) -> Emit:
    """Return *emit* as it is called in the context of now: the graph tells by that whose events these are."""
    here = contextvars.copy_context()

    def emit_here(event: Event) -> None:
        here.copy().run(emit, event)

    return emit_here


def _receipt(order: Order, meter: AnswerMeter, failure: Failure | None, profile: Profile, started: float) -> Receipt:
    seconds, provider = time.monotonic() - started, profile.endpoint.named
    return receipt_of(order, meter.counts, failure, profile, runner=EMBEDDED_RUNNER, provider=provider, seconds=seconds)


def _failure(error: Exception, profile: Profile, meter: AnswerMeter) -> Failure | None:
    """Return what *error* says of the attempt, None where it is a fault of ours before any answer."""
    failure = failure_of_error(error, profile)
    if failure is None and (meter.counts.turns > 1 or meter.streamed.began):
        return unexpected(error, profile.where)
    return failure
