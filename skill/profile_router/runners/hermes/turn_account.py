"""What was heard of a turn, brought up to date by the child's events. So it holds however the child ends.

It is recorded too, for a turn whose router is killed. Hermes ends with the router, and cannot take a turn up in its
middle. A turn that no model had answered is begun anew. Any other counts as interrupted. What it did is in the
workspace. Another attempt would be paid for, and might do it twice.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import field
from typing import Any

from profile_router.core.attempt.early_watch import EarlyJudge
from profile_router.core.attempt.receipts import Counts
from profile_router.core.attempt.usage import believed, said_usage, whole_number
from profile_router.core.ladder.early_score import Trajectory
from profile_router.core.ladder.failure import Failure
from profile_router.core.routing.rate import FREE, Rate
from profile_router.core.text import counted, shown
from profile_router.errors import AttemptError, StateError
from profile_router.ports import Emit
from profile_router.runners.answers.thoughts import without_thoughts
from profile_router.threads.records import MemoryRecords, Records
from profile_router.values import mutable

_MOST_ELSEWHERE = 20
_NOTED = ("asked", "answered", "refused")
_SUMS = ("tokens_in", "tokens_out", "cached")
_NOTHING_MORE = (False, 0, 0.0, (0, 0, 0), 0, False)
_MORE = 4  # what a record of an older version has of that


@mutable
class Account(Counts):
    """What was heard of a turn so far: it holds however the child ends. Call it as the process's listener.

    `rate` is what its endpoint charges, `window` the tokens that it takes at once. A token of the sizes that the child
    tells has `bytes_per_token`. These bound what an answer can have taken. The child's own figures are believed within
    that.

    `afford` sees to it that enough USD are held. That is for the answers so far, the request to go out and the longest
    answer. Where they are not, `over` is the reason, `stop` is called, and that request does not go out. `look_at` gets
    the model that the server names in an answer. What it raises ends the turn in the same way. So does `judge`, which
    scores what the turn did, unless `spared` says why it goes on. `asked_in` and `asked_out` are what the request under
    way has taken by its size. `counted`: some of the tokens are by size, because the provider did not say. `trouble` is
    how the last request failed, None where it was answered; times are seconds. `elsewhere` counts the
    requests that were refused by model, place and task. `opened` names a private file that the turn opened, "" where it
    opened none. `records` hold the counts of a turn that was answered, under `name`.
    """

    emit: Emit
    records: Records = field(default_factory=MemoryRecords)
    name: str = "answered"
    rate: Rate = FREE
    window: int = 1 << 20
    bytes_per_token: float = 4.0
    afford: Callable[[float, float], None] | None = None
    look_at: Callable[[str], object] | None = None
    stop: Callable[[], object] | None = None
    judge: EarlyJudge | None = None
    spared: Callable[[Trajectory], str] = lambda _: ""
    ended_by: Failure | None = None
    asked_in: int = 0
    asked_out: int = 0
    counted: bool = False
    trouble: Mapping[str, Any] | None = None
    version: str = ""
    notes: list[str] = field(default_factory=list)
    elsewhere: dict[tuple[str, str, str], int] = field(default_factory=dict)
    opened: Callable[[], str] = lambda: ""
    result: Mapping[str, Any] | None = None
    _was_answered: bool = False
    _told_steps: bool = False
    _under_way: list[tuple[int, int]] = field(default_factory=list)  # bytes sent and tokens of answer, at most
    _told: dict[str, int] = field(default_factory=dict)  # the child's sums so far

    def __call__(self, event: Mapping[str, Any]) -> bool:
        """Take one event of the child. Return whether the request that it may announce can go out."""
        self.turns = max(self.turns, event.get("turn") or 0)
        self.counted |= bool(event.get("counted"))
        if "tokens_in" in event:
            self._book(event)
            self.asked_in = self.asked_out = 0
        self.model_served = event.get("model_served") or self.model_served
        match event["event"]:
            case "version":
                self.version = event["version"]
            case "asked":
                self.asked_in, self.asked_out = event.get("sent") or 0, 0
                self._under_way.append(self._room(event))
                self._hold(self.asked_in, event.get("answer") or 0)
                self._judge(event)
            case "coming":
                self.asked_out = event["written"]
            case "note":
                self.notes.append(event["text"])
            case "leaving":
                return self.ended_by is None and self._may_send(str(event.get("what")))
            case "elsewhere":
                model, place, task = (shown(str(event.get(name) or "")) for name in ("model", "place", "task"))
                if (model, place, task) in self.elsewhere or len(self.elsewhere) < _MOST_ELSEWHERE:
                    self.elsewhere[model, place, task] = self.elsewhere.get((model, place, task), 0) + 1
            case "answered":
                self.first_s = event["first_s"] if self.first_s is None else self.first_s
                self.trouble, self._was_answered = None, True
                tokens = {"tokens_in": self.tokens_in, "tokens_out": self.tokens_out}
                self.emit({"event": "turn", "turn": event["turn"], "tools": event["tools"], **tokens})
                self._look_at(event.get("model_served"))
            case "refused":
                self.trouble = event
            case "result":
                self.result = event
        if self._was_answered and event["event"] in _NOTED:
            with suppress(StateError):  # a pipe's callback has nobody to tell; the run's next step hears of it
                self.records.keep(self.name, self._noted())
        return self.ended_by is None

    def _noted(self) -> tuple[object, ...]:
        tokens = (self.tokens_in + self.asked_in, self.tokens_out + self.asked_out)
        charged = (self.tokens_cached, self.charged_usd, self.charged, self.long, self.by_provider)
        return (self.turns, *tokens, self.model_served, self.first_s, self.counted or self.asked_in > 0, *charged)

    def interrupted(self, where: str) -> Failure | None:
        """Return why the turn cannot be made, its counts taken from the record; None where no answer had come yet."""
        recorded = self.records.find(self.name)
        if recorded is None:
            return None
        self.turns, self.tokens_in, self.tokens_out, self.model_served, self.first_s, *more = recorded
        if len(more) == _MORE:
            more += [0, any(more[-1])]
        counted, cached, usd, charged, self.long, self.by_provider = more or _NOTHING_MORE
        self.counted, self.tokens_cached, self.charged_usd, self.charged = counted, cached, usd, charged
        message = (
            f"{where}: profile-router was ended in the middle of Hermes' turn, after {self.turns} model calls; such "
            "a turn cannot be taken up again, and what it did until then is in the workspace"
        )
        return Failure(cause="interrupted", message=message)

    def _room(self, event: Mapping[str, Any]) -> tuple[int, int]:
        """Return the bytes that the request *event* sends, and the tokens that its answer may have."""
        sent, answer = (whole_number(event.get(name)) or self.window for name in ("sent", "answer"))
        return math.ceil(sent * self.bytes_per_token), answer

    def _book(self, event: Mapping[str, Any]) -> None:
        """Add what the child's sums in *event* have grown by, as far as that can be, else our own count."""
        now = {name: whole_number(event.get(name)) for name in _SUMS}
        grown = {name: None if sum_ is None else sum_ - self._told.get(name, 0) for name, sum_ in now.items()}
        self._told |= {name: sum_ for name, sum_ in now.items() if sum_ is not None}
        rooms = self._under_way or [self._room({})]
        self._under_way = self._under_way[1:]
        if not any(grown.values()):
            return
        written = max(self.asked_out, whole_number(event.get("written")) or 0)
        usd = event.get("usd")
        said = said_usage(
            {
                "prompt_tokens": grown["tokens_in"],
                "completion_tokens": grown["tokens_out"],
                "prompt_tokens_details": {"cached_tokens": grown["cached"]},
                **(_usage_of(usd) if isinstance(usd, Mapping) else {}),
            }
        )
        most_out = max(sum(answer for _, answer in rooms), math.ceil(written * self.bytes_per_token))
        sent = sum(room for room, _ in rooms)
        by_us = (self.asked_in or math.ceil(sent / self.bytes_per_token), written)
        self.take(believed(said, sent=sent, most_out=most_out, counted=lambda: by_us, rate=self.rate), self.rate)

    def _hold(self, sent: int, answer: int) -> None:
        if self.afford is None or self.ended_by is not None:
            return
        try:
            self.afford(self.cost(self.rate)[0], self.rate.cost(sent, answer))
        except AttemptError as error:
            self.turns, self.asked_in = self.turns - 1, 0
            self._end(error)

    def _judge(self, event: Mapping[str, Any]) -> None:
        """End the turn before the request of *event*, where what it did so far gets nowhere."""
        did = event.get("did")
        if self.judge is None or self.ended_by is not None or not isinstance(did, Mapping):
            return
        self._told_steps = True
        edits = tuple(str(path) for path in did.get("edits") or ())
        done = Trajectory(
            turns=(whole_number(event.get("turn")) or 1) - 1,
            looked=bool(did.get("looked")),
            edits=None if did.get("ran") and not edits else edits,
            same_failing=whole_number(did.get("failing")) or 0,
            prose=whole_number(did.get("prose")) or 0,
        )
        spared = self.spared(done) if self.judge.is_high(done) else ""
        if (failure := self.judge.take(done, spared)) is not None:
            self.turns, self.asked_in = self.turns - 1, 0
            self._end(AttemptError(failure.cause, failure.message))

    def _may_send(self, what: str) -> bool:
        """Tell whether Hermes may use *what*, which may send something of the turn away from this machine."""
        if path := self.opened():
            note = f"Hermes' {shown(what, 80)} was refused once {path} was opened: it may send to the net"
            self.notes += [] if note in self.notes or len(self.notes) >= _MOST_ELSEWHERE else [note]
        return not path

    def refused_elsewhere(self) -> Iterator[str]:
        """Yield what Hermes wanted to ask of models that nobody routed to; none of it went out."""
        for (model, place, task), times in self.elsewhere.items():
            what = f" for {task}" if task else ""
            fix = f"; `auxiliary.{task}.provider: main` in the profile's config.yaml asks its own" if task else ""
            yield (
                f"Hermes wanted to ask {model or 'a model'} at {place}{what} ({counted(times, 'time')}): refused, as "
                f"only the routed model is asked{fix}"
            )

    @property
    def unjudged(self) -> bool:
        """Tell whether the turn was long enough to be scored, and none of its requests told what it did."""
        return self.judge is not None and not self._told_steps and self.turns > self.judge.watch.rules.turns

    def _look_at(self, model: object) -> None:
        if self.look_at is None or self.ended_by is not None or not isinstance(model, str) or not model.strip():
            return
        try:
            self.look_at(model)
        except AttemptError as error:
            self._end(error)

    def _end(self, error: AttemptError) -> None:
        self.ended_by = Failure(cause=error.cause, message=str(error))
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


def _usage_of(usd: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the child read of a usage's cost as that usage had it."""
    upstream = {"upstream_inference_cost": usd.get("upstream")}
    return {"cost": usd.get("cost"), "is_byok": usd.get("is_byok"), "cost_details": upstream}
