"""The policy for what failed: the ladder's rows, how a task goes on elsewhere, and who is put on cooldown."""

from __future__ import annotations

from dataclasses import field
from typing import Literal

from profile_router.core.policy.rules import Tier, bounded
from profile_router.errors import Cause
from profile_router.values import frozen

AfterFailure = Literal[
    "same", "repair", "next-provider", "next-tier", "larger-window", "condense", "local", "burst", "asked"
]


@frozen
class Step:
    """One row of the ladder: on one of `causes` at a tier of `from_tiers`, go to `to`. At most `times` in a run.

    `may_cost`: it may lead to a provider that is paid. `same` waits first, as long as the provider asked for. `repair`
    is the same place with a new prompt, which holds what the failed check said.
    """

    id: str
    causes: tuple[Cause, ...]
    from_tiers: tuple[Tier, ...]
    to: AfterFailure
    times: int = field(metadata=bounded(0, 5))
    may_cost: bool


@frozen
class Promotion:
    """How a task goes on with another model after one failed.

    `tree`: it finds the files as the first one left them (`keep`) or as they were before (`clean`; what was there is
    kept as a diff). `absent_claims`: a summary that names files which are not there is reported, or counts as failed.
    `tainted_changes` are those of an attempt that had read a withheld file. They are taken back before a model
    elsewhere goes on (`back`), or stay in the files (`pass`).
    """

    tree: Literal["keep", "clean"] = "keep"
    absent_claims: Literal["report", "promote"] = "report"
    tainted_changes: Literal["back", "pass"] = "back"


@frozen
class HealthRules:
    """When a server or a key is put on cooldown, in seconds.

    After `failures` in a row a server's lasts `open_seconds`, each time twice as long up to `most_seconds`. Then one
    attempt has `probe_seconds` to show that it is back. A key's lasts as long as the provider says. Else it lasts
    `refused_seconds` after a 401, `limited_seconds` after a 429, and `used_up_seconds` after a 402 or 403. A model that
    its own provider limits has that of a key after a 429. Each time it is twice as long, up to `most_seconds`.
    """

    failures: int = field(default=3, metadata=bounded(1))
    open_seconds: float = field(default=30.0, metadata=bounded(0))
    most_seconds: float = field(default=900.0, metadata=bounded(0))
    probe_seconds: float = field(default=60.0, metadata=bounded(1))
    refused_seconds: float = field(default=300.0, metadata=bounded(0))
    limited_seconds: float = field(default=60.0, metadata=bounded(0))
    used_up_seconds: float = field(default=3_600.0, metadata=bounded(0))
