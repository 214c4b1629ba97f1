"""The delegated children of this Hermes. Each is one run of ours, however often Hermes asks its model again.

Hermes' hooks say when a child is made and when it has ended. A child whose model we are is run once, and its answer is
kept. A second question of the same child gets the same answer and costs nothing.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .process import Ran

_MOST_ENDED = 200  # are remembered


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildAnswer:
    """What a child's run ended with. `text` is the child's last words, or why it has none where it `failed`.

    `verdict` says what the world says of the work. `receipt` are its lines of proof. `tokens` are those in and out of
    all its attempts. `usd` is what it cost.
    """

    text: str
    failed: bool = False
    verdict: str = ""
    receipt: tuple[str, ...] = ()
    tokens: tuple[int, int] = (0, 0)
    usd: float = 0.0


@dataclass(slots=True, kw_only=True)
class DelegatedChild:
    """One delegated child. `session` and `parent` are the sessions that Hermes gave to it and to its parent. `subagent`
    is its name in a delegate_task that steers or stops it.

    `thread` names its run, once that has begun. Times are of time.monotonic, 0 where they have not come. `bare`: a
    program reads its answer, so nothing is appended to it. `agreed_usd` is what somebody agreed that it may cost.
    """

    session: str
    parent: str = ""
    subagent: str = ""
    goal: str = ""
    thread: str = ""
    begun: float = 0.0
    ended_at: float = 0.0
    bare: bool = False
    agreed_usd: float = 0.0
    ran: Ran | None = None
    answer: ChildAnswer | None = None
    lines: list[str] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)
    turn: threading.Lock = field(default_factory=threading.Lock)

    @property
    def running(self) -> bool:
        """Tell whether its run has begun and is not over."""
        return self.begun > 0 and not self.ended_at

    @property
    def seconds(self) -> float:
        """Return how long its run has taken so far, or took."""
        return (self.ended_at or time.monotonic()) - self.begun if self.begun else 0.0


class Children:
    """All children that Hermes told of, the oldest first; its hooks call from many threads."""

    def __init__(self) -> None:
        self._known: dict[str, DelegatedChild] = {}
        self._gone: set[str] = set()
        self._expected: dict[tuple[str, str], float] = {}  # USD agreed to, by the parent's session and the goal
        self._lock = threading.Lock()

    def made(self, **said: Any) -> None:
        """Take Hermes' word that a child was made (hook `subagent_start`)."""
        session = said.get("child_session_id")
        if not isinstance(session, str) or not session:
            return
        parent, subagent, goal = (
            str(said.get(name) or "") for name in ("parent_session_id", "child_subagent_id", "child_goal")
        )
        with self._lock:
            usd = self._expected.pop((parent, goal), 0.0)
            made = DelegatedChild(session=session, parent=parent, subagent=subagent, goal=goal, agreed_usd=usd)
            self._known.setdefault(session, made)
            self._forget()

    def expect(self, parent: str, agreed: Mapping[str, float]) -> None:
        """Note what the session *parent* is about to be asked for, in USD by goal. Whoever says no makes no such
        child."""
        with self._lock:
            self._expected = {key: usd for key, usd in self._expected.items() if key[0] != parent}
            self._expected |= {(parent, goal): usd for goal, usd in agreed.items()}

    def of_subagent(self, name: str) -> DelegatedChild | None:
        """Return the child that a delegate_task calls *name*."""
        with self._lock:
            return next((one for one in self._known.values() if name and one.subagent == name), None)

    def ended(self, **said: Any) -> None:
        """Take Hermes' word that a child has ended (hook `subagent_stop`)."""
        with self._lock:
            if said.get("child_session_id") in self._known:
                self._gone.add(str(said["child_session_id"]))

    def find(self, session: object) -> DelegatedChild | None:
        """Return the child of *session*, None where Hermes told of none."""
        with self._lock:
            return self._known.get(session) if isinstance(session, str) else None

    def beside(self, child: DelegatedChild) -> bool:
        """Tell whether another child may change files while *child* runs: one that is to begin counts."""
        with self._lock:
            others = [one for one in self._known.values() if one is not child and one.session not in self._gone]
        return any(not one.ended_at for one in others)

    def shown(self) -> list[DelegatedChild]:
        """Return those whose run has begun, the newest first."""
        with self._lock:
            return [one for one in reversed(self._known.values()) if one.begun]

    def clear(self) -> None:
        """Forget all of them."""
        with self._lock:
            self._known.clear()
            self._gone.clear()
            self._expected.clear()

    def _forget(self) -> None:
        ended = [session for session, one in self._known.items() if one.ended_at or session in self._gone]
        for session in ended[: max(0, len(ended) - _MOST_ENDED)]:
            del self._known[session]
            self._gone.discard(session)


CHILDREN = Children()


def cost_of(result: Mapping[str, Any] | None) -> float:
    """Return what the run of *result* cost, in USD."""
    found = (result or {}).get("cost_usd")
    return float(found) if isinstance(found, int | float) and not isinstance(found, bool) else 0.0
