"""What `route` answers, attribute by attribute as `route --json` names it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, cast

from profile_router.api.value import Value
from profile_router.core.evidence import ContentForm, CountSource, Source, WindowSource
from profile_router.core.found_check import CheckRunner
from profile_router.core.locating.located import Band
from profile_router.core.policy.rules import SizeClass, Tier
from profile_router.core.telling.decision import decision_lines
from profile_router.runs.route import Routed


class RangeView(Value):
    """A size in files or lines between `low` and `high`; None: no known end. `source` says who gave it."""

    low: int
    high: int | None
    source: Source


class TokensView(Value):
    """Prompt tokens, as o200k counts them, between `low` and `high`. `counted` is exact, `bounded` by its bytes."""

    low: int
    high: int
    source: CountSource


class ImageView(Value):
    """An image of the task: where it stands, its form such as `png`, and its size in bytes."""

    place: str
    form: str
    bytes: int


class KindView(Value):
    """A kind of work that the task asks for, and the words that say so."""

    kind: str
    quote: str


class PrivateView(Value):
    """Why the task is private: the kind of secret and its place, never its value."""

    kind: str
    place: str


class FileView(Value):
    """A file that the task names: its size in bytes, and its lines where they were counted."""

    path: str
    bytes: int
    form: ContentForm
    lines: int | None


class WindowView(Value):
    """The context window of a profile in tokens, and who says so.

    With it the server's count of this prompt, if asked.
    """

    profile: str
    tokens: int
    source: WindowSource
    prompt_tokens: int | None


class CandidateView(Value):
    """A file that the task probably touches. `score` is the sum of `terms`, what each sign gave."""

    path: str
    confidence: Band
    why: tuple[str, ...]
    score: float
    terms: Mapping[str, float]


class SpanView(Value):
    """How many files, from `low` to `high`, by the repository."""

    low: int
    high: int


class SizeView(Value):
    """How large tasks like this one were. `share` of `neighbours` past commits were large; `files`: low and high."""

    score: float
    share: float
    neighbours: int
    files: tuple[int, int]
    terms: Mapping[str, float]


class LocatedView(Value):
    """Where the task works, by the repository's index: `candidates`, best first, and the `tests` that touch them.

    The tests are those of the first candidate, and as sure. Where it is a guess, they are those of the first three.
    `files_to_read` are so many of the first candidates, `files_to_edit` how many four of five commits like it changed;
    None: not known. The latter are the `files` of `size`. Those of the evidence are what the task itself tells.
    `ratio` is the second score over the first, `centrality` lies between 0 and 1. `indexed` of `rankable` files were
    looked into, and so many `commits`; `missing` says what was not.
    """

    candidates: tuple[CandidateView, ...]
    tests: tuple[str, ...]
    files_to_read: SpanView | None = None
    files_to_edit: SpanView | None = None
    size_class: SizeClass | None
    size: SizeView | None
    centrality: float | None
    confidence: Band
    ratio: float
    indexed: int
    rankable: int
    commits: int
    missing: tuple[str, ...]


class EvidenceView(Value):
    """All that was measured. `chars` are the characters of the prompt; `located` is None where no index was asked."""

    files_to_read: RangeView
    files_to_edit: RangeView
    lines_to_edit: RangeView
    tokens: TokensView
    chars: int
    images: tuple[ImageView, ...]
    kinds: tuple[KindView, ...]
    private: tuple[PrivateView, ...]
    files: tuple[FileView, ...]
    windows: tuple[WindowView, ...]
    notes: tuple[str, ...]
    located: LocatedView | None = None


class EstimateView(Value):
    """What the route is expected to cost, in USD and seconds; `…_if_burst`: had the burst tier taken it.

    USD lie between low and high, by the prices that `…_source` names. `turns` are the model calls at the low end, in
    the middle and at the high end. They are by so many `attempts` like it; 0: as published for agents. `seconds_by`
    says what the seconds are by: such attempts, what `bench` measured `seconds_age_s` ago, or the speeds of the policy.
    `burst_age_s` is the age of the bench that `seconds_if_burst` are by; None: by none.
    """

    usd: float
    usd_low: float
    usd_high: float
    usd_source: str
    attempts: int
    seconds: float
    seconds_by: Literal["attempts", "bench", "policy"]
    seconds_age_s: float | None = None
    usd_if_burst: float
    usd_if_burst_low: float
    usd_if_burst_high: float
    usd_if_burst_source: str
    seconds_if_burst: float
    burst_age_s: float | None = None
    turns: tuple[int, int, int]


class FoundCheckView(Value):
    """The workspace's own check, for a task that names none. `refused` says why it may not run; empty: it runs."""

    command: str
    folder: str
    runner: CheckRunner
    source: str
    refused: str
    tests: tuple[str, ...]


class RouteView(Value):
    """Where a task goes, and why. `policy` is the digest of the policy that says so.

    Where `status` is `refused`, `profile` and `tier` are None, the estimate is missing, and `unblock` says what would
    change that.
    """

    profile: str | None
    tier: Tier | None
    rule: str
    reasons: tuple[str, ...]
    evidence: EvidenceView
    policy: str
    warnings: tuple[str, ...]
    status: Literal["routed", "refused"] = "routed"
    host: str | None = None
    needs_probe: bool = False
    condense: bool = False
    flips: tuple[str, ...] = ()
    estimate: EstimateView | None = None
    unblock: tuple[str, ...] = ()


class RouteResult(RouteView):
    """The answer of `route`. `v` is the version of its form, `time` its moment in UTC, `run` its id in the ledger."""

    v: int
    time: str
    run: str | None
    check: FoundCheckView | None

    @property
    def unnoted(self) -> str:
        """Return why the ledger lacks this route; empty where it has it."""
        return self._routed.unnoted

    def lines(self, *, explain: bool = False) -> list[str]:
        """Return the screen of it, as `route` prints it; *explain*: with the likely files, as `route --explain`."""
        routed = self._routed
        lines = decision_lines(routed.decision, routed.policy, routed.check)
        if explain:
            from profile_router.core.telling.located import explain_lines

            evidence, seconds = routed.decision.evidence, routed.policy.repository.route_seconds
            table = explain_lines(evidence.located, named=bool(evidence.files), seconds=seconds)
            lines += [f"  {line}" for line in table]
        return lines

    @property
    def _routed(self) -> Routed:
        routed = object.__getattribute__(self, "_source")
        if routed is None:
            raise AttributeError("this RouteResult was made of JSON; only one that `route` gave has a screen")
        return cast("Routed", routed)
