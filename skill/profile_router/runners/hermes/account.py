"""What was heard of a turn: kept up to date by the child's events, so that it holds however the child ends.

It is recorded too, for a turn whose router is killed. Hermes ends with the router, and cannot take a turn up in its
middle. A turn that no model had answered is begun anew. Any other counts as interrupted: what it did is in the
workspace, and another attempt would be paid for, and might do it twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from profile_router.core.attempt.receipts import Counts
from profile_router.core.ladder.failure import Failure
from profile_router.errors import AttemptError, StateError
from profile_router.ports import Emit
from profile_router.runners.answers.thoughts import without_thoughts
from profile_router.threads.records import MemoryRecords, Records

_NOTED = ("asked", "answered", "refused")


@dataclass(slots=True, kw_only=True)
class Account(Counts):
    """What was heard of a turn so far: it holds however the child ends. Call it as the process's listener.

    `afford` holds the money for the tokens in and out so far, the request to go out and the longest answer; where
    there is none, `over` is the reason, `stop` is called, and that request does not go out. `look_at` gets the model
    that the server names in an answer; what it raises ends the turn in the same way. `asked_in` and `asked_out` are
    what the request under way has taken by its size; `counted`: some of the tokens are by size, because the provider
    did not say. `trouble` is how the last request failed, None where it was answered; times are seconds. `records` hold
    the counts of a turn that was answered, under `name`.
    """

    emit: Emit
    records: Records = field(default_factory=MemoryRecords)
    name: str = "answered"
    afford: Callable[[int, int], None] | None = None
    look_at: Callable[[str], object] | None = None
    stop: Callable[[], object] | None = None
    over: Failure | None = None
    asked_in: int = 0
    asked_out: int = 0
    counted: bool = False
    trouble: Mapping[str, Any] | None = None
    version: str = ""
    notes: list[str] = field(default_factory=list)
    result: Mapping[str, Any] | None = None
    _was_answered: bool = False

    def __call__(self, event: Mapping[str, Any]) -> bool:
        """Take one event of the child. Return whether the request that it may announce can go out."""
        self.turns = max(self.turns, event.get("turn") or 0)
        self.tokens_in = max(self.tokens_in, event.get("tokens_in") or 0)
        self.tokens_out = max(self.tokens_out, event.get("tokens_out") or 0)
        self.counted |= bool(event.get("counted"))
        if "tokens_in" in event:
            self.asked_in = self.asked_out = 0
        self.model_served = event.get("model_served") or self.model_served
        match event["event"]:
            case "version":
                self.version = event["version"]
            case "asked":
                self.asked_in, self.asked_out = event.get("sent") or 0, 0
                self._hold(self.asked_in, event.get("answer") or 0)
            case "coming":
                self.asked_out = event["written"]
            case "note":
                self.notes.append(event["text"])
            case "answered":
                self.first_s = event["first_s"] if self.first_s is None else self.first_s
                self.trouble, self._was_answered = None, True
                self.emit({"event": "turn", "turn": event["turn"], "tools": event["tools"]})
                self._look_at(event.get("model_served"))
            case "refused":
                self.trouble = event
            case "result":
                self.result = event
        if self._was_answered and event["event"] in _NOTED:
            with suppress(StateError):  # a pipe's callback has nobody to tell; the run's next step hears of it
                self.records.keep(self.name, self._noted())
        return self.over is None

    def _noted(self) -> tuple[object, ...]:
        tokens = (self.tokens_in + self.asked_in, self.tokens_out + self.asked_out)
        return (self.turns, *tokens, self.model_served, self.first_s, self.counted or self.asked_in > 0)

    def interrupted(self, where: str) -> Failure | None:
        """Return why the turn cannot be made, its counts taken from the record; None where no answer had come yet."""
        recorded = self.records.find(self.name)
        if recorded is None:
            return None
        self.turns, self.tokens_in, self.tokens_out, self.model_served, self.first_s, *counted = recorded
        self.counted = any(counted)
        message = (
            f"{where}: profile-router was ended in the middle of Hermes' turn, after {self.turns} model calls; such "
            "a turn cannot be taken up again, and what it did until then is in the workspace"
        )
        return Failure(cause="interrupted", message=message)

    def _hold(self, sent: int, answer: int) -> None:
        if self.afford is None or self.over is not None:
            return
        try:
            self.afford(self.tokens_in + sent, self.tokens_out + answer)
        except AttemptError as error:
            self.turns, self.asked_in = self.turns - 1, 0
            self._end(error)

    def _look_at(self, model: object) -> None:
        if self.look_at is None or self.over is not None or not isinstance(model, str) or not model.strip():
            return
        try:
            self.look_at(model)
        except AttemptError as error:
            self._end(error)

    def _end(self, error: AttemptError) -> None:
        self.over = Failure(cause=error.cause, message=str(error))
        if self.stop is not None:
            self.stop()

    def close(self) -> None:
        """Take what was under way as taken: whoever is cut off pays for the question, and for what had come."""
        self.counted |= self.asked_in + self.asked_out > 0
        self.tokens_in, self.tokens_out = self.tokens_in + self.asked_in, self.tokens_out + self.asked_out
        self.asked_in = self.asked_out = 0

    @property
    def text(self) -> str:
        """Return the subagent's last words, without its thoughts."""
        return without_thoughts(str((self.result or {}).get("final_response") or "").strip())
