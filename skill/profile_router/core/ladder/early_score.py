"""Does an attempt get anywhere? A score of what it did so far, each term of it with its reason. Pure.

Whoever runs the attempt counts what it did; the policy weighs that. By the shipped weights one sign alone is not
enough.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import field

from profile_router.core.policy.early_promotion import EarlyPromotion, EarlySign
from profile_router.core.text import some_of
from profile_router.values import frozen

_NEARLY = 1e-9  # what sums of such figures are off by, because they are not decimals
_LISTED = 3


@frozen
class EarlyWatch:
    """What an attempt is judged by. `goes` is the profile that it may be promoted to.

    `candidates` are the files that its task names; `edits`: it asks for a change; `checked`: a check runs on the work.
    `usual` is the turns that nine of ten attempts of its tier stayed within in this repository. It is None where too
    few are known. `stays_here`: `goes` is not a model elsewhere, so that it may be told of what is private.
    `why_closed` says why `goes` could not go on now, empty where it could. Money, a key and time may run out
    during an attempt.
    """

    rules: EarlyPromotion
    goes: str
    candidates: tuple[str, ...] = ()
    edits: bool = False
    checked: bool = False
    usual: int | None = None
    stays_here: bool = False
    why_closed: Callable[[], str] = field(default=str, compare=False, repr=False)


@frozen
class Trajectory:
    """What an attempt did in `turns` model calls. `looked`: it was shown one of the candidates.

    `edits` are the files that it changed, None where nobody knows: it ran commands. `same_failing` is how often the
    edit failed that failed most often. `prose` are the turns that had words in place of calls.
    """

    turns: int
    looked: bool = False
    edits: tuple[str, ...] | None = ()
    same_failing: int = 0
    prose: int = 0


@frozen
class EarlyTerm:
    """One term of a score: the sign, what it adds, and the sentence that says why."""

    sign: EarlySign
    points: float
    said: str


@frozen
class EarlyScore:
    """The score of an attempt after `turns` model calls; from `needed` on it counts as getting nowhere.

    `spared` says why it goes on all the same; empty: nothing does.
    """

    turns: int
    needed: float
    terms: tuple[EarlyTerm, ...] = ()
    spared: str = ""

    @property
    def total(self) -> float:
        """Return the sum of all terms."""
        return sum(term.points for term in self.terms)

    @property
    def reached(self) -> bool:
        """Tell whether the score is as high as it needs to be."""
        return self.total >= self.needed - _NEARLY

    @property
    def promotes(self) -> bool:
        """Tell whether the attempt is ended for it."""
        return self.reached and not self.spared

    @property
    def said(self) -> str:
        """Return the score and each of its terms, in one line."""
        terms = "; ".join(f"{term.said} ({term.points:g})" for term in self.terms)
        spared = f"; it goes on: {self.spared}" if self.spared else ""
        return f"score {self.total:g} of {self.needed:g} after {self.turns} turns: {terms or 'no sign'}{spared}"


def why_spared(watch: EarlyWatch, done: Trajectory, *, read_private: object, parse: Callable[[], bool]) -> str:
    """Return why an attempt goes on whatever its score; empty where nothing speaks for that.

    *read_private*: it was shown what is withheld elsewhere. *parse* tells whether what it changed parses.
    """
    if read_private and not watch.stays_here:
        return f"it read a private file, and {watch.goes} is elsewhere"
    if watch.checked and done.edits and parse():
        return "what it changed parses, and its check decides"
    return ""


def early_score(watch: EarlyWatch, done: Trajectory, *, spared: str = "") -> EarlyScore | None:
    """Return the score of what was *done*, None as long as it is too early for one.

    *spared* is why an attempt is not ended, whatever its score.
    """
    rules = watch.rules
    if not rules.turns or done.turns < rules.turns:
        return None
    terms = tuple(term for term in _terms(watch, done) if term.points > 0)
    score = EarlyScore(turns=done.turns, needed=rules.score, terms=terms)
    return EarlyScore(turns=done.turns, needed=rules.score, terms=terms, spared=spared if score.reached else "")


def _terms(watch: EarlyWatch, done: Trajectory) -> Iterator[EarlyTerm]:
    weights = watch.rules.weights
    if not done.looked and (watch.candidates or watch.edits):
        files = some_of(watch.candidates, _LISTED)
        said = f"did not read {files}" if files else "read no file"
        yield EarlyTerm(sign="no_candidate_read", points=weights.no_candidate_read, said=said)
    if done.same_failing > 1:
        points = weights.same_failing_edit * (done.same_failing - 1)
        yield EarlyTerm(
            sign="same_failing_edit", points=points, said=f"made the same failing edit {done.same_failing} times"
        )
    if watch.edits and done.edits == ():
        yield EarlyTerm(sign="no_edit", points=weights.no_edit, said="changed no file")
    if done.prose:
        turns = f"{done.prose} turn{'s' if done.prose != 1 else ''}"
        yield EarlyTerm(
            sign="prose", points=weights.prose * done.prose, said=f"wrote words in place of calls in {turns}"
        )
    if watch.usual is not None and done.turns > watch.usual:
        said = f"took more than {watch.usual} turns, within which nine of ten ended here"
        yield EarlyTerm(sign="over_usual_turns", points=weights.over_usual_turns, said=said)
