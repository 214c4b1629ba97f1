"""Run one attempt of the embedded runner against a scripted provider."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from tests.fakes import BURST, BURST_ORDER, LOCAL, Heard, a_policy, a_profile, an_order

from profile_router.core.attempt.order import Order
from profile_router.core.ladder.receipt import Attempt
from profile_router.core.policy import Policy
from profile_router.core.profile import Profile
from profile_router.runners.embedded.runner import EmbeddedRunner
from profile_router.withheld.whole_scan import Secrets

KEY = "sk-or-v1-0123456789abcdef"


def a_runner(profile: Profile, workspace: Path | None = None, policy: Policy | None = None) -> EmbeddedRunner:
    return EmbeddedRunner(
        load={profile.name: profile}.__getitem__,
        policy=policy or a_policy(),
        secrets=Secrets(),
        workspace=workspace,
        base=workspace or Path.cwd(),
        known_files=lambda: (),
    )


def run(
    profile: Profile,
    order: Order | None = None,
    *,
    workspace: Path | None = None,
    policy: Policy | None = None,
    heard: Heard | None = None,
    guard: float = 60.0,
) -> Attempt:
    """Return how the attempt ended; one that does not end by itself within *guard* seconds is a failed test."""
    running = a_runner(profile, workspace, policy).run(order or an_order(profile=profile.name), heard or Heard())
    return asyncio.run(asyncio.wait_for(running, guard))


def local(base_url: str, **changes: Any) -> Profile:
    return a_profile(base_url, name=LOCAL, **changes)


def cloud(base_url: str, *, provider: str = "openrouter", **changes: Any) -> Profile:
    return a_profile(base_url, name=BURST, provider=provider, key=changes.pop("key", KEY), **changes)


def cloud_order(**changes: Any) -> Order:
    return an_order(**{**BURST_ORDER, **changes})


def failed(attempt: Attempt) -> tuple[str, str]:
    """Return cause and outcome of a failed attempt."""
    assert attempt.failure is not None, attempt
    return attempt.failure.cause, attempt.receipt.outcome
