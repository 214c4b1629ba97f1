"""What a person said of running code of the workspace: by Hermes' own approval, once for each question.

Hermes asks before it makes the children (see `gate`). Its hook `post_approval_response` tells what a person answered.
Where it approves everything, or nobody was there, it tells nothing: that is not a yes. The answer goes to the run that
asks the very same question. That run keeps it outside of every workspace, as the command line does. A no is kept here
alone, for some minutes. `profile-router check --forget` takes back what a run keeps, and cannot reach this.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

_YES = ("once", "session", "always")
_NO = "deny"
_NO_SECONDS = 600.0
_TERMINAL = "cli"  # what Hermes calls its terminal chat: elsewhere nobody was asked (see `at_a_terminal`)
_MOST = 500  # questions that are remembered
_OF_HERMES = "plugin_rule:"  # begins the name that Hermes gives to a rule of a plugin


@dataclass(frozen=True, slots=True)
class _Asked:
    """Questions under way in the chat `session`. `alone`: nothing else was asked with them, so a no is for them."""

    session: str
    questions: tuple[str, ...]
    alone: bool


class CodeConsent:
    """The questions under way, and what was answered. Hermes' hooks call from many threads. *clock* gives seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._asked: dict[str, _Asked] = {}
        self._said: OrderedDict[str, tuple[bool, float]] = OrderedDict()
        self._declined: dict[str, tuple[str, ...]] = {}
        self._lock = threading.Lock()

    def open(self, questions: Sequence[str]) -> tuple[str, ...]:
        """Return those of *questions* that nobody answered yet, each once."""
        with self._lock:
            return tuple(one for one in dict.fromkeys(questions) if one and self._answer(one) is None)

    def ask(self, session: str, questions: Sequence[str], *, rule: str) -> str:
        """Note that a person is about to be asked *questions*. *rule* tells what else the question is about; empty:
        nothing.

        Return the name of the rule by which Hermes asks, another one each time.
        """
        name = f"{rule or 'profile-router'}:check-{secrets.token_hex(8)}"  # Hermes keeps "always" by it: that is ours
        with self._lock:
            self._asked[_OF_HERMES + name] = _Asked(session, tuple(questions), alone=not rule)
            while len(self._asked) > _MOST:  # those to which Hermes never said an answer
                del self._asked[next(iter(self._asked))]
        return name

    def heard(self, **said: Any) -> None:
        """Take Hermes' word of what a person answered (hook `post_approval_response`)."""
        choice = str(said.get("choice"))
        with self._lock:
            asked = self._asked.pop(str(said.get("pattern_key")), None)
            if asked is None or choice not in (*_YES, _NO) or said.get("surface") != _TERMINAL:
                return
            if choice != _NO or asked.alone:
                self._said |= dict.fromkeys(asked.questions, (choice != _NO, self._clock()))
                while len(self._said) > _MOST:
                    self._said.popitem(last=False)
            if choice == _NO and asked.alone:
                self._declined[asked.session] = asked.questions

    def of(self, question: str) -> bool | None:
        """Return what a person answered to *question*, None where nobody did."""
        with self._lock:
            return self._answer(question)

    def _answer(self, question: str) -> bool | None:
        agreed, since = self._said.get(question, (None, 0.0))
        return None if agreed is False and self._clock() - since >= _NO_SECONDS else agreed

    def declined(self, session: str) -> tuple[str, ...]:
        """Return, once, the questions that were just answered with no in the chat *session*."""
        with self._lock:
            return self._declined.pop(session, ())

    def clear(self) -> None:
        """Forget all of it."""
        with self._lock:
            self._asked.clear()
            self._said.clear()
            self._declined.clear()


CONSENT = CodeConsent()
