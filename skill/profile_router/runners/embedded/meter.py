"""Middleware of the agent loop: counts turns, tokens and time, keeps the history in the window, ends quirks.

Nothing else stands between LangChain's loop and the model. So what it does not let through was not sent.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, cast

from langchain.agents.middleware import AgentMiddleware, ModelRequest, ModelResponse
from langchain_core.messages import AIMessage, AnyMessage, BaseMessage

from profile_router.core.attempt.receipts import Counts
from profile_router.core.ladder.causes import Cause, detail_of
from profile_router.core.policy import Limits
from profile_router.core.routing.rate import Rate
from profile_router.core.text import counted
from profile_router.errors import AttemptError
from profile_router.ports import Emit, Event
from profile_router.runners.answers.endings import bad_ending
from profile_router.runners.answers.text_calls import Fits
from profile_router.runners.embedded.failures import UNREADABLE, unreadable
from profile_router.runners.embedded.forms.turn_forms import TurnForm
from profile_router.runners.embedded.message_history import History
from profile_router.runners.embedded.model.quirks import normalize_answer, without_images
from profile_router.runners.embedded.model.stream_clock import StreamClock
from profile_router.runners.embedded.model.streamed_calls import StreamedCalls
from profile_router.runners.embedded.model.token_use import tokens_used
from profile_router.runners.embedded.steps_taken import StepsTaken
from profile_router.runners.embedded.tool_mistakes import ToolMistakes
from profile_router.runners.embedded.written_calls import offered_of

_LONGEST_PATH = 200  # characters of a path that is told
Handler = Callable[[ModelRequest[Any]], Awaitable[ModelResponse[Any]]]


class AnswerMeter(AgentMiddleware[Any, Any, Any]):
    """Meters one attempt. Read its counts when the attempt has ended, however it ended."""

    history: History
    _form: TurnForm
    _answer_tokens: int

    def __init__(
        self,
        *,
        where: str,
        max_turns: int,
        limits: Limits,
        vision: bool,
        emit: Emit,
        rate: Rate,
        afford: Callable[[float, float], None] | None = None,
        steps: StepsTaken | None = None,
    ) -> None:
        super().__init__()
        self.clock = StreamClock(where, limits)
        self._bad_calls = limits.bad_calls
        self._mistakes = ToolMistakes(limits.bad_calls)
        self.streamed = StreamedCalls()
        self.counts = Counts()
        self._rate = rate
        self._where = where
        self._max_turns = max_turns
        self._vision = vision
        self._emit = emit
        self._afford = afford
        self.steps = steps
        self._seen_ids: set[str] = set()

    def turn_to(self, history: History, form: TurnForm, answer_tokens: int) -> None:
        """Begin a conversation: held within its window by *history*, sent and read in *form*.

        *answer_tokens* bounds one answer. To be called before the first request, and where the form changes.
        """
        self.history, self._form, self._answer_tokens = history, form, answer_tokens
        self._mistakes = ToolMistakes(self._bad_calls)
        if self.steps is not None:
            self.steps.begin()

    async def awrap_model_call(self, request: ModelRequest[Any], handler: Handler) -> ModelResponse[Any]:
        """Send one request: trimmed, counted, its answer normalized. Raises AttemptError where that cannot be."""
        if self.counts.turns >= self._max_turns:
            raise self._ended("turn-limit", detail_of("turn-limit", turns=counted(self._max_turns, "turn")))
        offered = offered_of(request.tools)
        if (mistake := self._mistakes.look(request.messages, frozenset(offered))) is not None:
            raise self._ended(*mistake)
        if self.steps is not None:
            await self.steps.look(request.messages, self.counts.turns)
        messages = request.messages if self._vision else without_images(request.messages)
        fitted = await self.history.fit(messages)
        if fitted is None:
            raise self._ended(
                "over-window", f"the prompt does not fit {self.history.budget:,} tokens and nothing is left to trim"
            )
        if self._afford is not None:
            so_far, _ = self.counts.cost(self._rate)
            self._afford(so_far, self._rate.cost(self.history.tokens, self._answer_tokens))
        self.counts.turns += 1
        told = request.override(messages=cast("list[AnyMessage]", self._form.sent(fitted)))
        if not self._form.sends_tools:
            told = told.override(tools=[])
        try:
            response = await self.clock.keep(handler(told))
        except BaseException as error:
            if self.streamed.began:
                self._count(None, fitted)
            if isinstance(error, UNREADABLE):
                raise unreadable(error, self._where) from error
            raise
        self._look_whole(fitted, response.result)
        return ModelResponse(result=[self._metered(message, fitted, offered) for message in response.result])

    def _look_whole(self, sent: Sequence[BaseMessage], answers: Sequence[BaseMessage]) -> None:
        """Refuse an answer to a prompt that the server cut without a word."""
        for answer in answers:
            if cut := self.history.cut_short(sent, self.streamed.usage.read):
                if isinstance(answer, AIMessage):
                    self._count(answer, sent)
                raise self._ended("over-window", cut)

    def _metered(self, message: Any, sent: Sequence[BaseMessage], offered: Mapping[str, Fits]) -> Any:
        if not isinstance(message, AIMessage):
            return message
        before = self.counts.tokens_out
        self._count(message, sent)
        if (bad := bad_ending(message.response_metadata.get("finish_reason"))) is not None:
            raise self._ended(*bad)
        raw, thoughts = self.streamed.whole(), self.streamed.thoughts
        answer = normalize_answer(message, self._seen_ids, raw, offered=offered, thoughts=thoughts)
        answer = self._read(answer, offered)
        self._emit(self._turn(answer, self.counts.tokens_out - before))
        if not answer.tool_calls and not answer.text.strip():
            raise self._ended("empty-answer")
        return answer

    def _turn(self, answer: AIMessage, written: int) -> Event:
        """Return the event of *answer*, of so many tokens *written*: the tools that it calls, and the sums so far."""
        paths = (call["args"].get("path") for call in answer.tool_calls if isinstance(call["args"], dict))
        usd, _ = self.counts.cost(self._rate)
        return {
            "event": "turn",
            "turn": self.counts.turns,
            "tools": [call["name"] for call in answer.tool_calls],
            "file": next((path[:_LONGEST_PATH] for path in paths if isinstance(path, str)), ""),
            "tokens_in": self.counts.tokens_in,
            "tokens_out": self.counts.tokens_out,
            "tokens_per_second": round(written / seconds, 1) if (seconds := self.clock.writing_s) else None,
            "cost_usd": usd,
        }

    def _read(self, answer: AIMessage, offered: Mapping[str, Fits]) -> AIMessage:
        """Return *answer* as its form reads it; words where calls were offered are counted."""
        found: AIMessage | None = None
        try:
            found = self._form.read(answer, offered, self._seen_ids)
        finally:
            words = found is None or (bool(offered) and not found.tool_calls)
            if self.steps is not None and words:
                self.steps.prose += 1
        return found

    def _count(self, message: AIMessage | None, sent: Sequence[BaseMessage]) -> None:
        """Add what the answer to *sent* took; None: it broke off, and what came of it is paid for all the same."""
        said = self.streamed.model if message is None else message.response_metadata.get("model_name")
        self.counts.model_served = said or self.counts.model_served
        self.counts.first_s = self.clock.first_s
        prompt, factor = self.history.text(sent), self.history.factor
        found = tokens_used(
            message,
            self.streamed.usage,
            prompt=prompt,
            written="".join(self.streamed.written),
            factor=factor,
            most_out=self._answer_tokens,
            rate=self._rate,
        )
        self.counts.take(found, self._rate)
        if not found.doubts:
            self.history.learn(found.tokens_in)

    def _ended(self, cause: Cause, message: str = "") -> AttemptError:
        return AttemptError(cause, f"{self._where}: {message or detail_of(cause)}")
