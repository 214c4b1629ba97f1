"""The three answers that an operator wants of many runs: what was saved, what went wrong, what to change. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from profile_router.core.attempt.saving import OLDER_VERSION
from profile_router.core.ladder.causes import TABLE, Family, is_cause
from profile_router.core.operating.totals import SMALL_EDIT_LINES, MisrouteKind, Totals
from profile_router.core.telling.verdict import WELL
from profile_router.core.text import LEAST_USD, USD_DIGITS, about, counted, left_over, price, some_of
from profile_router.values import frozen

AnswerId = Literal["saved", "wrong", "change"]
OPERATOR_QUESTIONS: Mapping[AnswerId, str] = {
    "saved": "What was saved?",
    "wrong": "What went wrong?",
    "change": "What to change?",
}
CALIBRATE = "profile-router calibrate"
_MANY = 0.2  # from this share on a kind of end is worth a change
_NEARLY = 0.8  # of the day's budget
_MOST_CAUSES = 3
_MOST_ADVICE = 4

# The change that helps most where runs end by causes of a family.
_ADVICE: Mapping[Family, tuple[str, str]] = {
    "unreached": ("servers could not be reached: see which, and start them", "profile-router doctor"),
    "server": ("servers failed while they were asked: see what they can", "profile-router doctor --live"),
    "model": ("a server does not have the model that a profile names", "profile-router doctor"),
    "key": ("keys were missing, refused or limited: see which, and fix them", "profile-router doctor"),
    "request": ("prompts did not fit: a larger window per slot takes them", "profile-router doctor"),
    "answer": ("answers were of no use: see what the model can", "profile-router doctor --live"),
    "early": ("attempts got nowhere: let the outcomes say when to end one", CALIBRATE),
    "work": (
        "work failed its check: let the outcomes say from which size on to ask higher",
        CALIBRATE,
    ),
    "asked": ("subagents asked for other profiles: see which rule sent them", "profile-router history --by tier"),
    "stopped": ("limits of yours ended them: see what is left, and raise what is too low", "profile-router budget"),
}
# Nobody agreed to these prices: no limit ended the run.
_NOT_AGREED = frozenset({"not-approved", "declined"})
_AGREE = (
    "nobody agreed to the price: budget.ask_above_usd says from which on it is asked",
    "profile-router policy show",
)
MISROUTED: Mapping[MisrouteKind, str] = {
    "local-large": "{runs} at the local tier edited more than {lines:,} lines",
    "burst-small": f"{{runs}} at the burst tier edited {SMALL_EDIT_LINES} lines or fewer",
}


@frozen
class Advice:
    """One thing to change: why, and the command that begins it."""

    said: str
    command: str


@frozen
class OperatorAnswer:
    """One answer: its sentences, and for the last one what to do."""

    id: AnswerId
    said: Sequence[str]
    advice: Sequence[Advice] = ()


@frozen
class BudgetLeft:
    """What may be spent in a day (UTC), and what is spent or held of today. USD."""

    day_usd: float
    spent_usd: float
    reserved_usd: float

    @property
    def left_usd(self) -> float:
        """Return what is left of today."""
        return max(0.0, round(self.day_usd - self.spent_usd - self.reserved_usd, USD_DIGITS))

    @property
    def told(self) -> str:
        """Return what is left of how much, for a person. What is left is rounded down."""
        return f"{left_over(self.left_usd)} of today's {price(self.day_usd)}"


@frozen
class Replayed:
    """What a policy that is not in force would have changed, when somebody replayed it.

    `moved` of `rows` tasks would have gone elsewhere, for `saved_usd` less. That was `age_s` ago, by the policy
    `digest` in a file called `name`. `file` is its whole path, and `over` that of the policy that it is to replace;
    both are empty where no path may be told.
    """

    name: str
    digest: str
    rows: int
    moved: int
    saved_usd: float
    age_s: float
    file: str = ""
    over: str = ""


def answers(
    totals: Totals, budget: BudgetLeft, *, many_lines: int, replayed: Replayed | None = None, missing: int = 0
) -> tuple[OperatorAnswer, ...]:
    """Return the three answers of *totals*. From *many_lines* lines on, a local run counts as too large.

    So many outcomes are *missing* before `calibrate` proposes anything.
    """
    if not totals.runs:
        nothing = ("No task was run in that time.",)
        begin = Advice(said="nothing is known yet: run a task", command='profile-router run "TASK"')
        told = _proposal(replayed) if replayed else begin
        return (
            OperatorAnswer(id="saved", said=nothing),
            OperatorAnswer(id="wrong", said=nothing),
            OperatorAnswer(id="change", said=(), advice=(told,)),
        )
    found = tuple(_advice(totals, budget, many_lines, replayed))[:_MOST_ADVICE]
    advice = tuple(_possible(one, missing) for one in found)
    return (
        OperatorAnswer(id="saved", said=tuple(_saved(totals))),
        OperatorAnswer(id="wrong", said=tuple(_wrong(totals, many_lines))),
        OperatorAnswer(id="change", said=() if advice else ("Nothing stands out.",), advice=advice),
    )


def misrouted(totals: Totals, many_lines: int) -> Iterator[str]:
    """Yield which runs went elsewhere than their size asks for, as it turned out."""
    for one in totals.misroutes:
        if one.runs:
            yield MISROUTED[one.kind].format(runs=counted(one.runs, "run"), lines=many_lines)


def _saved(totals: Totals) -> Iterator[str]:
    found = totals.compared
    yield f"{about(totals.cost_usd, exact=totals.exact)} was spent on {counted(totals.runs, 'task')}."
    if found.known:
        saved = found.if_burst_usd - found.spent_usd
        share = f" ({100 * abs(saved) / found.if_burst_usd:.0f} %)" if found.if_burst_usd > LEAST_USD else ""
        told = f"≈ {price(abs(saved))}{share} {'less' if saved > 0 else 'more'}"
        told = "as much" if abs(saved) < LEAST_USD else told
        yield (
            f"Always-burst: ≈ {price(found.if_burst_usd)} for the {found.known:,} that can be compared; "
            f"they cost {about(found.spent_usd, exact=totals.exact)}, which is {told}."
        )
    never = totals.runs - found.by_local - found.local_failed - totals.ended("unfinished")
    yield (
        f"Always-local: $0.00. The local tier did {found.by_local:,} alone; {found.local_failed:,} that it tried ended "
        f"elsewhere or not well; {max(0, never):,} never reached it."
    )
    if found.unknown:
        why = some_of([f"{reason or OLDER_VERSION} ({count:,})" for reason, count in found.unknown.items()])
        yield f"Not compared: {why}."


def _wrong(totals: Totals, many_lines: int) -> Iterator[str]:
    clean = True
    if bad := totals.not_well:
        verdicts: dict[str, int] = {}
        for part in totals.parts:
            if part.verdict not in WELL and part.verdict != "unfinished":
                verdicts[part.verdict] = verdicts.get(part.verdict, 0) + part.runs
        told = ", ".join(f"{n:,} {verdict}" for verdict, n in sorted(verdicts.items(), key=lambda one: -one[1]))
        yield f"{bad:,} of {counted(totals.runs, 'task')} did not end well: {told}."
        if totals.causes:
            named = [f"{sentence_of(cause)} ({count:,})" for cause, count in totals.causes.items()]
            yield f"Most often: {some_of(named, _MOST_CAUSES)}."
        clean = False
    if totals.steps:
        steps = [f"{one.step} as {sentence_of(one.cause)} ({one.times:,})" for one in totals.steps]
        yield f"Steps up or aside: {some_of(steps, _MOST_CAUSES)}."
        clean = False
    if unverified := totals.ended("unverified"):
        bare = f", {totals.unchecked:,} of them with no check at all" if totals.unchecked else ""
        yield f"{counted(unverified, 'task')} ended well and nothing confirms it{bare}."
        clean = False
    if found := list(misrouted(totals, many_lines)):
        yield f"Found afterwards: {'; '.join(found)}."
        clean = False
    if totals.undone:
        yield f"{counted(totals.undone, 'task')} {'was' if totals.undone == 1 else 'were'} undone by somebody."
        clean = False
    if clean:
        yield f"Nothing: {counted(totals.runs, 'task')} ended well and verified."


def sentence_of(cause: str) -> str:
    """Return what is said of *cause*. A word that is not a cause stays as it is."""
    return TABLE[cause].sentence if is_cause(cause) else cause


def _advice(totals: Totals, budget: BudgetLeft, many_lines: int, replayed: Replayed | None) -> Iterator[Advice]:
    if replayed is not None:
        yield _proposal(replayed)
    if budget.day_usd and budget.left_usd < (1 - _NEARLY) * budget.day_usd:
        yield Advice(said=f"{budget.told} is left: raise budget.day_usd, or wait", command="profile-router budget")
    counts: dict[tuple[str, str], int] = {}
    for cause, count in totals.causes.items():
        if is_cause(cause):
            row = _AGREE if cause in _NOT_AGREED else _ADVICE[TABLE[cause].family]
            counts[row] = counts.get(row, 0) + count
    for (said, command), count in sorted(counts.items(), key=lambda one: -one[1])[:2]:
        yield Advice(said=f"in {counted(count, 'run')} {said}", command=command)
    if totals.unchecked and totals.unchecked >= _MANY * totals.ended(*WELL):
        said = f"{counted(totals.unchecked, 'task')} had no check: give one, or allow the workspace's own"
        yield Advice(said=said, command="profile-router check --allow")
    if found := list(misrouted(totals, many_lines)):
        yield Advice(said=f"{'; '.join(found)}: let the outcomes propose limits", command=CALIBRATE)


def _possible(advice: Advice, missing: int) -> Advice:
    """Return *advice*, or what has to come before it: `calibrate` refuses where outcomes are *missing*."""
    if advice.command != CALIBRATE or not missing:
        return advice
    more = f"{counted(missing, 'more outcome')} of the local tier {'has' if missing == 1 else 'have'} to come first"
    return Advice(said=f"{advice.said}; {more}", command="profile-router history --by tier")


def _proposal(replayed: Replayed) -> Advice:
    money = f"≈ {price(abs(replayed.saved_usd))}"
    told = f"saves {money}" if replayed.saved_usd > 0 else f"costs {money} more"
    if abs(replayed.saved_usd) < LEAST_USD:
        told = "costs as much"
    said = (
        f"a proposal is at hand: {replayed.name} moves {replayed.moved:,} of {counted(replayed.rows, 'task')}, {told}; "
        f"it is in force once it is copied over {replayed.over or 'the policy in force'}"
    )
    return Advice(said=said, command=f"profile-router policy check {shlex.quote(replayed.file or replayed.name)}")
