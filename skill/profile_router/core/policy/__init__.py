"""The policy as values, a class for each section of its file. Reading the file is the work of `policies`.

Other rooms come in by `early_promotion`, `failing`, `private`, `rules`, `spending`, `tighten`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Literal

from profile_router.core.language.kinds import KindPatterns
from profile_router.core.language.phrases import Phrases
from profile_router.core.policy.early_promotion import EarlyPromotion
from profile_router.core.policy.failing import AfterFailure as AfterFailure
from profile_router.core.policy.failing import HealthRules as HealthRules
from profile_router.core.policy.failing import Promotion as Promotion
from profile_router.core.policy.failing import Step as Step
from profile_router.core.policy.private import Confidential, PrivateRules
from profile_router.core.policy.rules import PrivateRule, Rule, bounded
from profile_router.core.policy.rules import Tier as Tier
from profile_router.core.policy.spending import Budget as Budget
from profile_router.core.policy.spending import ModelPrice as ModelPrice
from profile_router.core.policy.spending import Price as Price
from profile_router.core.policy.spending import Prices as Prices
from profile_router.core.policy.spending import Volume as Volume
from profile_router.values import frozen


@frozen
class Probe:
    """Bounds of the probe: it reads at most this much, and is asked at most `tries` times, for `seconds` each.

    `by`: the cheap tier's estimate decides where a borderline task goes; or it starts locally, and the score of its
    first turns does (`early`).
    """

    max_files: int = field(metadata=bounded(0))
    max_tokens: int = field(metadata=bounded(100))
    tries: int = field(metadata=bounded(1, 2))
    complex_from: int = field(metadata=bounded(1, 10))
    seconds: float = field(default=60.0, metadata=bounded(1))
    by: Literal["estimate", "trajectory"] = "estimate"


@frozen
class Condense:
    """Bounds of condensing a prompt that fits no allowed window: the model calls that write summaries."""

    max_calls: int = field(default=32, metadata=bounded(0, 1_000))


@frozen
class ThreadRules:
    """Threads that nobody has used for `keep_days` are removed, with the texts and diffs that were kept of them."""

    keep_days: float = field(default=30.0, metadata=bounded(0))


@frozen
class LedgerRules:
    """Runs and routes that began `keep_days` ago are taken out of the ledger; today's spending always stays."""

    keep_days: float = field(default=365.0, metadata=bounded(0))


@frozen
class ParentChat:
    """What a model elsewhere hears of the parent's chat: nothing, or its newest turns that are clean.

    A thread's own turns are another matter: who goes on with a thread wants them heard.
    """

    elsewhere: Literal["none", "turns"] = "none"


@frozen
class FirstPrompt:
    """What the first prompt of an attempt carries of the files that the task names.

    At most `files` of them: one of up to `whole_lines` whole, another as an outline; `tokens` (o200k) bound them all.
    """

    files: int = field(default=12, metadata=bounded(0, 100))
    tokens: int = field(default=6_000, metadata=bounded(0))
    whole_lines: int = field(default=300, metadata=bounded(0))


@frozen
class SignWeights:
    """What each sign of where a task works counts, after its largest value for the task was made 1 (`core.locating`).

    Set by hand before anything was measured; learned ones did no better.
    """

    path: float = field(default=5.0, metadata=bounded(0, 100))
    frame: float = field(default=3.0, metadata=bounded(0, 100))
    dotted: float = field(default=2.0, metadata=bounded(0, 100))
    definition: float = field(default=3.0, metadata=bounded(0, 100))
    identifier: float = field(default=3.0, metadata=bounded(0, 100))
    part: float = field(default=4.0, metadata=bounded(0, 100))
    place: float = field(default=2.0, metadata=bounded(0, 100))
    history: float = field(default=3.0, metadata=bounded(0, 100))


@frozen
class RepositoryRules:
    """How long an index of the workspace may take: for `route`, and for a run. 0: it is not asked.

    From a share `large_from` of large commits among those like the task on, it is large.
    """

    route_seconds: float = field(default=0.3, metadata=bounded(0, 60))
    run_seconds: float = field(default=5.0, metadata=bounded(0, 600))
    large_from: float = field(default=0.5, metadata=bounded(0, 1))
    weights: SignWeights = field(default_factory=SignWeights)


@frozen
class Limits:
    """Bounds of one run: seconds of wall clock, tokens of a summary, characters of one tool result, and so on."""

    run_seconds: float = field(metadata=bounded(1))
    check_seconds: float = field(metadata=bounded(1))
    check_before_seconds: float = field(default=120.0, metadata=bounded(0))
    all_tests_seconds: float = field(default=60.0, metadata=bounded(0))
    connect_seconds: float = field(metadata=bounded(0.1))
    loading_seconds: float = field(metadata=bounded(0))
    first_token_seconds: float = field(metadata=bounded(0.1))
    between_tokens_seconds: float = field(metadata=bounded(0.1))
    wait_seconds: float = field(metadata=bounded(0, 600))
    bad_calls: int = field(metadata=bounded(1))
    parallel: int = field(default=3, metadata=bounded(1, 32))
    max_turns: int = field(metadata=bounded(1))
    summary_tokens: int = field(metadata=bounded(20))
    summary_seconds: float = field(default=120.0, metadata=bounded(1))
    conversation_tokens: int = field(default=1_000, metadata=bounded(0))
    tool_result_chars: int = field(metadata=bounded(200))
    measurement_max_age_hours: float = field(metadata=bounded(0))

    @property
    def first_answer_seconds(self) -> float:
        """Return how long a model may take until it says anything: no longer than a run."""
        return min(self.first_token_seconds, self.run_seconds)

    @property
    def short_answer_seconds(self) -> float:
        """Return how long a short answer may take to its end: until its first token, and one pause more."""
        return min(self.first_token_seconds + self.between_tokens_seconds, self.run_seconds)


@frozen
class Tiers:
    """Which profile serves each tier. `cheap` may be absent."""

    local: str
    burst: str
    cheap: str | None = None

    def profile(self, tier: Tier) -> str | None:
        """Return the profile of *tier*, None where the policy has none."""
        return {"cheap": self.cheap, "local": self.local, "burst": self.burst}[tier]

    def tier_of(self, profile: str) -> Tier | None:
        """Return the tier that *profile* serves, None for a profile outside the tiers."""
        order: tuple[Tier, ...] = ("local", "burst", "cheap")
        return next((tier for tier in order if self.profile(tier) == profile), None)


PluginSwitch = Literal["on", "observe", "explain", "off"]
# What becomes of a check in the workspace: somebody is asked once, it runs unasked, or none is looked for.
CheckSwitch = Literal["ask", "auto", "off"]
# Work that nothing proves stays, goes to burst where it took more turns than usual, or always goes there.
UnprovedSwitch = Literal["keep", "long", "promote"]
# Weak checks, which are told where no check says anything: `core.ladder.weak_check`.
WeakKind = Literal["parses", "linted", "edited", "related", "reviewed"]


@frozen
class Review:
    """Who reads task and changes where no check says anything, at most `max_tokens` (o200k) of them, for `seconds`."""

    by: Literal["nobody", "cheap"] = "nobody"
    max_tokens: int = field(default=6_000, metadata=bounded(200))
    seconds: float = field(default=60.0, metadata=bounded(1))


@frozen
class HermesOptions:
    """How the Hermes runner's children run.

    `python` is Hermes' own python, empty: the one that `hermes` on PATH is written for. `unattended_approval` lets a
    child run what Hermes would ask a user to approve; else that is refused. `pass_environment` names environment
    variables that a child gets besides the usual ones.
    """

    python: str = ""
    unattended_approval: bool = False
    pass_environment: tuple[str, ...] = ()


@frozen
class Terminal:
    """What `run_command` of the embedded runner runs, and how much of the machine that may take.

    `allow` are the beginnings of commands, `deny` programs with words that they must not have; without `allow` there is
    no terminal. A command has `seconds` of wall clock. The model gets `output_chars` of its output. All its processes
    together have `processes` and `memory_mb`. `file_mb` bounds each file that it writes, and its scratch folders.
    `network` lets the commands of tasks that are not private use the network; `readable` are folders it may read
    besides the system's own, where they exist.
    """

    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()
    seconds: float = field(default=120, metadata=bounded(1))
    output_chars: int = field(default=6_000, metadata=bounded(200))
    processes: int = field(default=64, metadata=bounded(1))
    memory_mb: int = field(default=2_048, metadata=bounded(16))
    file_mb: int = field(default=256, metadata=bounded(1))
    network: bool = False
    readable: tuple[str, ...] = ()


@frozen
class Counting:
    """How tokens are counted against a window.

    `tokenizer_factor` is the head-room for models whose tokenizer counts higher than o200k. `reply_reserve` are the
    tokens left free for the answer. `image_tokens` is what one image is taken to cost. `ask_server_above` is the share
    of the window (0…1) above which the server is asked for its own count.
    """

    tokenizer_factor: float = field(metadata=bounded(1, 4))
    reply_reserve: int = field(metadata=bounded(1))
    image_tokens: int = field(metadata=bounded(0))
    ask_server_above: float = field(metadata=bounded(0, 1))


@frozen
class Policy:
    """The whole policy. `digest` is the first twelve hex digits of the file's SHA-256, `source` its name.

    `local_only_by` names the workspace's file that makes all work there private (`core.tighten`), empty: none does.
    `workspace_private` is what that file calls private besides.
    """

    version: Literal[1]
    tiers: Tiers
    rules: tuple[Rule, ...]
    kinds: KindPatterns
    counting: Counting
    prices: Prices
    local_endpoints: tuple[str, ...]
    accept_any_model: bool
    ladder: tuple[Step, ...]
    promotion: Promotion
    health: HealthRules
    budget: Budget
    probe: Probe
    limits: Limits
    early: EarlyPromotion = field(default_factory=EarlyPromotion)
    phrases: Phrases = field(default_factory=Phrases)
    condense: Condense = field(default_factory=Condense)
    first_prompt: FirstPrompt = field(default_factory=FirstPrompt)
    repository: RepositoryRules = field(default_factory=RepositoryRules)
    threads: ThreadRules = field(default_factory=ThreadRules)
    ledger: LedgerRules = field(default_factory=LedgerRules)
    conversation: ParentChat = field(default_factory=ParentChat)
    hermes_plugin: PluginSwitch = "on"
    check: CheckSwitch = "ask"
    trust: tuple[WeakKind, ...] = ()
    unproved: UnprovedSwitch = "long"
    review: Review = field(default_factory=Review)
    runner: Literal["auto", "hermes", "embedded"] = "auto"
    hermes: HermesOptions = field(default_factory=HermesOptions)
    terminal: Terminal = field(default_factory=Terminal)
    private: PrivateRules = field(default_factory=PrivateRules)
    workspace_private: PrivateRules = field(default_factory=PrivateRules)
    local_only_by: str = ""
    digest: str = ""
    source: str = ""

    def rule(self, rule_id: str) -> Rule | None:
        """Return the rule called *rule_id*, None where the policy leaves it out."""
        return next((rule for rule in self.rules if rule.id == rule_id), None)

    @property
    def private_paths(self) -> tuple[str, ...]:
        """Return the globs whose files stay on this machine."""
        return next((rule.paths for rule in self.rules if isinstance(rule, PrivateRule)), ())

    @property
    def confidential(self) -> Confidential:
        """Return what the operator and the workspace call private in texts, besides secrets."""
        return Confidential(policy=self.private, workspace=self.workspace_private)

    def prices_by_tier(self) -> Mapping[Tier, Price]:
        """Return the price of each tier; a tier without one costs what burst costs."""
        return {"local": self.prices.local, "burst": self.prices.burst, "cheap": self.prices.cheap or self.prices.burst}
