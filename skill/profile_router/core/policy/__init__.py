"""The policy as values: rules in order, thresholds, tiers, prices, ladder. Reading the file is an adapter's work.

Other rooms come in by `private`, `tighten`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from profile_router.core.language.kinds import KindPatterns
from profile_router.core.policy.figures import (
    TIERS,
    Budget,
    Condense,
    Counting,
    Destination,
    HealthRules,
    HermesOptions,
    Limits,
    ParentChat,
    PluginSwitch,
    Price,
    Prices,
    Probe,
    Promotion,
    Step,
    Terminal,
    ThreadRules,
    Tier,
    Tiers,
    Volume,
    bounded,
)
from profile_router.core.policy.private import NOTHING, Confidential, PrivateRules
from profile_router.core.policy.rules import (
    BorderlineRule,
    KindsRule,
    LargeChangeRule,
    LightRule,
    LongContextRule,
    PrivateRule,
    Refactor,
    Rule,
    SmallChangeRule,
    VisionRule,
)

__all__ = [
    "NOTHING",
    "TIERS",
    "BorderlineRule",
    "Budget",
    "Condense",
    "Confidential",
    "Counting",
    "Destination",
    "HealthRules",
    "HermesOptions",
    "KindsRule",
    "LargeChangeRule",
    "LightRule",
    "Limits",
    "LongContextRule",
    "ParentChat",
    "PluginSwitch",
    "Policy",
    "Price",
    "Prices",
    "PrivateRule",
    "PrivateRules",
    "Probe",
    "Promotion",
    "Refactor",
    "Rule",
    "SmallChangeRule",
    "Step",
    "Terminal",
    "ThreadRules",
    "Tier",
    "Tiers",
    "VisionRule",
    "Volume",
    "bounded",
]


@dataclass(frozen=True, slots=True, kw_only=True)
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
    condense: Condense = field(default_factory=Condense)
    threads: ThreadRules = field(default_factory=ThreadRules)
    conversation: ParentChat = field(default_factory=ParentChat)
    hermes_plugin: PluginSwitch = "on"
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

    def price(self, tokens: int, tier: Tier, *, local: bool) -> float:
        """Return what *tokens*, input and output together, cost at *tier* in USD; work on this machine is free."""
        return 0.0 if local else round(tokens * self.prices_by_tier()[tier].usd_per_token, 6)

    def prices_by_tier(self) -> Mapping[Tier, Price]:
        """Return the price of each tier; a tier without one costs what burst costs."""
        return {"local": self.prices.local, "burst": self.prices.burst, "cheap": self.prices.cheap or self.prices.burst}
