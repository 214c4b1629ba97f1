"""The shared conversation: one list of turns for whichever provider the route picks. Only summaries are added to it.

A run's conversation is the thread's own turns, then those of the parent's that are shared. To a model elsewhere a
turn only goes if it was checked and nothing private was found in it. By the shipped policy none of the parent's does.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Literal

from profile_router.digests import sha256
from profile_router.values import frozen

TURN_TOKENS = 8  # what a chat template wraps around one message
LEFT_OUT_BEFORE = "[what was said before is left out]"
PARENTS = "the parent's chat"  # the kind of a turn that stays here whatever it says
UNDONE = "[what this answer says that it changed was undone since: the files are as they were before it]"
NEXT = "[the next message is the task that I delegate]"


@frozen(kw_only=False)
class Turn:
    """One message of the shared conversation, as plain text: a task (`user`) or a summary (`assistant`).

    `source` is the withheld file that the turn may tell of in any words, empty without one. A turn with a source goes
    to local models only. `run` is the id of the run that a summary ended, or that was undone.
    """

    role: Literal["user", "assistant"]
    text: str
    source: str = ""
    run: str = ""

    @property
    def digest(self) -> str:
        """Return what the turn is known by where its text must not stand."""
        return sha256(f"{self.role}\n{self.text}".encode("utf-8", "surrogatepass")).hexdigest()[:32]


Conversation = tuple[Turn, ...]


@frozen
class TurnFinding:
    """A turn that was checked: `kinds` are what is private in it, empty where nothing is; never the text."""

    digest: str
    kinds: tuple[str, ...] = ()


@frozen
class Shared:
    """The parent's newest turns, out of `given` that the thread lacks; `cut`: the oldest of them lost its start.

    `findings` cover the thread's turns as well. A turn is checked as it was before it was cut. `why_local` says why all
    of the parent's turns go to local models only, though the policy would tell them apart.
    """

    turns: Conversation = ()
    given: int = 0
    cut: bool = False
    findings: tuple[TurnFinding, ...] = ()
    why_local: str = ""

    @property
    def notes(self) -> tuple[str, ...]:
        """Say in words what does not go along, and what does not go everywhere. Empty where all of it does."""
        found = []
        if self.cut or len(self.turns) < self.given:
            cut = ", the oldest without its start" if self.cut else ""
            found.append(f"conversation: {len(self.turns)} of {self.given} turns shared{cut}")
        if self.turns and self.why_local:
            found.append(f"conversation: {PARENTS} goes to local models only ({self.why_local})")
        private = [finding for finding in self.findings if finding.kinds and finding.kinds != (PARENTS,)]
        if private:
            kinds = ", ".join(dict.fromkeys(kind for finding in private for kind in finding.kinds))
            turns = "1 turn goes" if len(private) == 1 else f"{len(private)} turns go"
            found.append(f"conversation: {turns} to local models only ({kinds})")
        return tuple(found)


def shared_turns(conversation: Sequence[Turn], findings: Sequence[TurnFinding], local: bool) -> Conversation:
    """Return the turns of *conversation* that a model may see: a *local* one all, any other those found clean.

    A turn that *findings* do not know was not checked, and goes nowhere else either; nor does one with a `source`. That
    an answer was undone only goes with that answer.
    """
    if local:
        return tuple(conversation)
    private = {finding.digest for finding in findings if finding.kinds}
    private |= {turn.digest for turn in conversation if turn.source}
    clean = {finding.digest for finding in findings} - private
    seen = [turn for turn in conversation if turn.digest in clean]
    answered = {turn.run for turn in seen if turn.role == "assistant"}
    return tuple(turn for turn in seen if not turn.run or turn.run in answered)


def knowing_undone(conversation: Conversation, undone: Collection[str]) -> Conversation:
    """Return *conversation*, which says behind the answer of each run in *undone* that it was, and of no other.

    What it said of that before is left out: an undo may have been undone since.
    """
    said = [turn for turn in conversation if not (turn.run and turn.text == UNDONE and turn.role == "user")]
    told: list[Turn] = []
    for turn in said:
        told.append(turn)
        if turn.run in undone:
            told.append(Turn("user", UNDONE, run=turn.run))
    return tuple(told)


def new_turns(given: Sequence[Turn], known: Sequence[Turn], goal: str) -> Conversation:
    """Return the turns of *given* that *known* lacks, without those that only say the *goal*."""
    seen = {turn.digest for turn in known}
    return tuple(turn for turn in given if turn.digest not in seen and turn.text.strip() != goal.strip())


def alternating(conversation: Sequence[Turn]) -> Conversation:
    """Return *conversation* as chat templates want it before a task, which is a user turn: user first, then by turns.

    Neighbours of one role become one turn; a missing first or last turn is stood in for. Gemma's and Mistral's
    templates refuse anything else.
    """
    joined = list(_joined(conversation))
    if joined and joined[0].role == "assistant":
        joined.insert(0, Turn("user", LEFT_OUT_BEFORE))
    if joined and joined[-1].role == "user":
        joined.append(Turn("assistant", NEXT))
    return tuple(joined)


def _joined(conversation: Sequence[Turn]) -> Iterator[Turn]:
    last: Turn | None = None
    for turn in conversation:
        if last is not None and last.role == turn.role:
            last = Turn(last.role, f"{last.text}\n\n{turn.text}", last.source or turn.source)
            continue
        if last is not None:
            yield last
        last = turn
    if last is not None:
        yield last
