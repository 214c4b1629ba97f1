"""Decide the tasks of the ledger again under another policy: which move, what that costs, what it risks. Pure.

The evidence is kept as figures, so that rules decide on it as they would have. What hangs on words of a task cannot be
decided again, as no word of it is kept: see `by_words`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from profile_router.core.ladder.causes import TABLE, Family, is_cause
from profile_router.core.operating.share import share_of
from profile_router.core.policy import Policy
from profile_router.core.routing.candidate import Candidates
from profile_router.core.routing.decide import settle
from profile_router.core.routing.rate import rate_at
from profile_router.core.routing.route import Decision, Refusal
from profile_router.core.telling.figures import Figures, evidence_of, task_of_figures
from profile_router.core.text import USD_DIGITS
from profile_router.errors import RouterError
from profile_router.values import frozen

PROBE = "probe"  # stands for the tier where a probe is to decide
_RANK: Mapping[str, int] = {"cheap": 0, "local": 1, PROBE: 2, "burst": 3}
# What a policy says of the time after a route: a replay decides routes alone.
_LATER = ("early", "ladder", "promotion", "probe", "limits", "budget", "check", "trust", "review", "condense", "health")
# An attempt that ended so tells something of the model; a server that was down does not.
_TELLS: frozenset[Family] = frozenset({"answer", "work", "early"})


@frozen
class PastTask:
    """One task of the ledger: its figures, where it was routed, how it ended, and the tokens of the work.

    `task` and `evidence` are figures as `core.telling.figures` makes them. `local_ends` are the verdicts of its
    attempts at the local tier, which took `local_s` seconds; the first made `local_turns` model calls. `profile` did
    the work last.
    """

    id: str
    profile: str
    tier: str
    rule: str
    verdict: str
    cost_usd: float
    task: Figures
    evidence: Figures
    tokens_in: int = 0
    tokens_out: int = 0
    tokens_cached: int = 0
    local_ends: tuple[str, ...] = ()
    local_s: float = 0.0
    local_turns: int = 0

    @property
    def local_won(self) -> bool | None:
        """Tell whether the local tier did it, and a check says so; None where that is not known."""
        if not self.local_ends:
            return None
        if self.verdict == "verified" and self.tier == "local":
            return True
        lost = any(is_cause(end) and TABLE[end].family in _TELLS for end in self.local_ends)
        return False if lost else None


@frozen
class Destination:
    """Where a policy sends a task; `tier` is `probe` where the probe is to decide, `rule` names what fired."""

    profile: str
    tier: str
    rule: str


@frozen
class MovedTask:
    """A task that goes elsewhere. `was_usd` is what it cost, `usd` what it would cost by the tokens of its work.

    `usd` is None where nobody counted them. `spared_s` are the seconds of local attempts in vain that it spares.
    """

    id: str
    was: Destination
    to: Destination
    verdict: str
    was_usd: float
    usd: float | None
    spared_s: float = 0.0

    @property
    def weaker(self) -> bool:
        """Tell whether it goes to a weaker tier than before."""
        return _RANK.get(self.to.tier, 3) < _RANK.get(self.was.tier, 3)


@frozen
class Replay:
    """What another policy would have done with `rows` tasks.

    `unread` says why others could not be decided again, and how many; `by_words` which changes of the policy hang on
    words that are not kept, `later` which tell what follows a route. `local_won` of `local_known` tasks that the local
    tier tried were verified there.
    """

    rows: int
    moved: Sequence[MovedTask]
    unread: Mapping[str, int]
    by_words: Sequence[str] = ()
    later: Sequence[str] = ()
    local_won: int = 0
    local_known: int = 0

    @property
    def priced(self) -> Sequence[MovedTask]:
        """Return the moved tasks whose price elsewhere is known."""
        return [one for one in self.moved if one.usd is not None]

    @property
    def saved_usd(self) -> float:
        """Return what they would have cost less, in USD; below 0: more."""
        return round(sum(one.was_usd - (one.usd or 0.0) for one in self.priced), USD_DIGITS)

    @property
    def spared_s(self) -> float:
        """Return the seconds of attempts in vain that would not have been made."""
        return sum(one.spared_s for one in self.moved)

    @property
    def weaker(self) -> Sequence[MovedTask]:
        """Return the tasks that go to a weaker tier."""
        return [one for one in self.moved if one.weaker]

    @property
    def at_risk(self) -> tuple[int, int]:
        """Return how many of the weaker ones would fail there at first, at least and at most: Wilson, 95 %."""
        low, high = share_of(self.local_won, self.local_known)
        return round(len(self.weaker) * (1 - high)), round(len(self.weaker) * (1 - low))


def replay(tasks: Sequence[PastTask], now: Policy, new: Policy, candidates: Candidates) -> Replay:
    """Return what *new* would have done with *tasks*, against the policy *now* in force."""
    unread: Counter[str] = Counter()
    moved: list[MovedTask] = []
    rows = 0
    for task in tasks:
        try:
            was, to = (destination(task, policy, candidates) for policy in (now, new))
        except (KeyError, TypeError, ValueError, IndexError, AttributeError):
            unread["an older version kept other figures" if task.evidence else "it has no evidence"] += 1
            continue
        except RouterError:
            unread["a profile that it needs cannot be used now"] += 1
            continue
        rows += 1
        if (was.profile, was.tier) != (to.profile, to.tier):
            moved.append(_moved(task, was, to, new, candidates))
    known = [task.local_won for task in tasks if task.local_won is not None]
    return Replay(
        rows=rows,
        moved=tuple(moved),
        unread=dict(unread.most_common()),
        by_words=tuple(by_words(now, new)),
        later=tuple(name for name in _LATER if getattr(now, name) != getattr(new, name)),
        local_won=sum(known),
        local_known=len(known),
    )


def destination(task: PastTask, policy: Policy, candidates: Candidates) -> Destination:
    """Return where *policy* sends *task*. Raises what figures of another form do, and ProfileError."""
    found: Decision = settle(task_of_figures(task.task), evidence_of(task.evidence), policy, candidates)
    if isinstance(found, Refusal):
        return Destination(profile="", tier="refused", rule=found.rule)
    return Destination(profile=found.profile, tier=PROBE if found.needs_probe else found.tier or "", rule=found.rule)


def _moved(task: PastTask, was: Destination, to: Destination, new: Policy, candidates: Candidates) -> MovedTask:
    usd = _usd(task, to, new, candidates)
    leaves = was.tier == "local" and to.tier != "local"
    return MovedTask(
        id=task.id,
        was=was,
        to=to,
        verdict=task.verdict,
        was_usd=task.cost_usd,
        usd=usd,
        spared_s=task.local_s if leaves and task.local_won is False else 0.0,
    )


def _usd(task: PastTask, to: Destination, policy: Policy, candidates: Candidates) -> float | None:
    """Return what the work of *task* would have cost at *to*, in USD. A probe is taken to send it up."""
    if not to.profile:
        return 0.0
    profile = policy.tiers.burst if to.tier == PROBE else to.profile
    if profile == task.profile:  # it did the work in the end: only what was tried before it is spared
        return task.cost_usd
    if not task.tokens_in:
        return None
    rate = rate_at(candidates.get(profile), 0, policy)
    return rate.cost_of_short(task.tokens_in, task.tokens_out, task.tokens_cached)


def by_words(now: Policy, new: Policy) -> Iterator[str]:
    """Yield the sections of *new* that differ from *now* and hang on words of a task. They cannot be replayed."""
    for name in ("kinds", "phrases", "private", "private_paths"):
        if getattr(now, name) != getattr(new, name):
            yield name
    large = [policy.rule("large-change") for policy in (now, new)]
    words = [getattr(getattr(rule, "refactor", None), "scope_words", ()) for rule in large]
    if words[0] != words[1]:
        yield "scope_words"
