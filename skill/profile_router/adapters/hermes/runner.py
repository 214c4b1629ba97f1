"""The Hermes runner: one attempt is one turn of the real Hermes under the profile's own folder, in a fresh process.

One call of `run` is one attempt: one provider, one key, one model, no retry and no switch; those are the ladder's.
"""

from __future__ import annotations

import secrets
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from profile_router.adapters.embedded.attach import image_parts
from profile_router.adapters.embedded.prompt import task_text
from profile_router.adapters.hermes.account import Account
from profile_router.adapters.hermes.environment import child_environment
from profile_router.adapters.hermes.installation import Hermes
from profile_router.adapters.hermes.process import Ended, converse
from profile_router.adapters.hermes.results import failure_of
from profile_router.adapters.prompts import render
from profile_router.core.ladder import Failure
from profile_router.core.order import Order
from profile_router.core.policy import Policy
from profile_router.core.profile import Profile
from profile_router.core.receipt import Attempt, Outcome, Receipt
from profile_router.ports import Emit

NAME = "hermes"
_UNREACHED = frozenset({"refused", "no-network"})
_SHORTEST_ANSWER = 1_024
_DEFAULT = "default"


@dataclass(slots=True, kw_only=True)
class HermesRunner:
    """Runs attempts. `load` gives a profile by name, `root` is the Hermes home; images are relative to `base`.

    `unattended` grants what Hermes would ask a user to approve; without it, that is refused. `passed` are names of
    environment variables that children get besides the usual ones.
    """

    load: Callable[[str], Profile]
    policy: Policy
    hermes: Hermes
    root: Path
    environ: Mapping[str, str]
    workspace: Path | None
    base: Path
    unattended: bool = False
    passed: Sequence[str] = ()

    async def run(self, order: Order, emit: Emit) -> Attempt:
        """Return how the attempt ended. Failures of model, server and Hermes are values; cancelled means cancelled."""
        if order.private:
            raise AssertionError(f"a private task was ordered from Hermes under {order.profile}")
        profile = self.load(order.profile)
        started = time.monotonic()
        account = Account(emit=emit)
        with _folders(self.workspace) as (folder, scratch):
            environ = self._environment(order.profile, scratch)
            asked = self._asked(order, profile, folder)
            try:
                ended = await converse(self.hermes.python, asked, environ, folder, order.seconds, account)
            except OSError as error:
                ended = Ended(in_time=True, code=None, errors=f"{self.hermes.python}: {error.strerror}")
        key = profile.endpoint.api_key
        failure = failure_of(account, ended, order, where=profile.where, secret=key.reveal() if key else None)
        seconds = round(time.monotonic() - started, 3)
        return Attempt(
            receipt=receipt_of(order, profile, account, failure, seconds, self.policy),
            text="" if failure else account.text,
            failure=failure,
            notes=tuple(_notes(order, account, self.workspace)),
        )

    def _environment(self, profile: str, scratch: Path) -> dict[str, str]:
        named = self.root / "profiles" / profile
        home = self.root if profile == _DEFAULT and not named.is_dir() else named
        mark = secrets.token_hex(16)
        around = {**self.environ, "TMPDIR": str(scratch)}
        return child_environment(around, home, mark, unattended=self.unattended, also=self.passed)

    def _asked(self, order: Order, profile: Profile, folder: Path) -> dict[str, Any]:
        """Return the order as the child reads it."""
        limits = (order.task.max_turns, profile.max_turns, self.policy.limits.max_turns)
        text = task_text(order.task)
        images = image_parts(order, self.base) if order.vision else []
        return {
            "profile": order.profile,
            "command": list(self.hermes.command),
            "prompt": [{"type": "text", "text": text}, *images] if images else text,
            "history": [{"role": turn.role, "content": turn.text} for turn in order.conversation],
            "system": render("hermes", workspace=str(folder), asks=list(order.asks), unattended=self.unattended),
            "toolsets": _toolsets(order.task.toolsets, profile.toolsets),
            "max_turns": min(limit for limit in limits if limit is not None),
            # Where a profile states none, Hermes asks for 65,536: more than a small window has left.
            "max_tokens": max(_SHORTEST_ANSWER, order.window // 4),
            "cwd": str(folder),
            "unattended": self.unattended,
            "expected": {
                "base_url": profile.endpoint.base_url,
                "model": profile.endpoint.model,
                "local": order.local,
            },
        }


@contextmanager
def _folders(workspace: Path | None) -> Iterator[tuple[Path, Path]]:
    """Give where to work (an empty folder where there is no workspace) and where temporary files go.

    Hermes leaves its shell's environment behind in the latter: it is removed with all that is in it.
    """
    with tempfile.TemporaryDirectory(prefix="profile-router-", ignore_cleanup_errors=True) as made:
        empty, scratch = Path(made, "empty"), Path(made, "tmp")
        empty.mkdir()
        scratch.mkdir()
        yield workspace or empty, scratch


def _toolsets(task: Sequence[str] | None, profile: Sequence[str] | None) -> list[str] | None:
    """Return the toolsets that task and profile both allow; None: whatever Hermes gives the profile."""
    if task is None:
        return None if profile is None else list(profile)
    return [name for name in task if profile is None or name in profile]


def receipt_of(
    order: Order, profile: Profile, account: Account, failure: Failure | None, seconds: float, policy: Policy
) -> Receipt:
    """Return the receipt of a turn. Prices are the policy's; work on this machine is free."""
    tokens = account.tokens_in + account.tokens_out
    uncalled = failure is not None and (
        account.turns == 0 or (account.turns == 1 and account.tokens_in == 0 and failure.cause in _UNREACHED)
    )
    outcome: Outcome = "ok" if failure is None else "unavailable" if uncalled else "failed"
    return Receipt(
        profile=profile.name,
        model_asked=profile.endpoint.model,
        model_served=account.model_served,
        provider=profile.endpoint.provider,
        runner=NAME,
        step=order.step,
        tokens_in=account.tokens_in,
        tokens_out=account.tokens_out,
        cost_usd=policy.price(tokens, order.tier, local=order.local),
        ttft_s=None if account.first_s is None else round(account.first_s, 4),
        seconds=seconds,
        outcome=outcome,
        error=failure.message if failure else None,
        turns=account.turns,
    )


def _notes(order: Order, account: Account, workspace: Path | None) -> Iterator[str]:
    yield from account.notes
    if not account.known:
        yield (
            f"Hermes {account.version} is not the version that profile-router knows (0.19): it was asked by "
            "`hermes -z`, without a turn limit and with the conversation as text"
        )
    if workspace is None:
        yield "no workspace: the subagent worked in an empty folder; name one with --workspace"
    result = account.result or {}
    estimate, status = result.get("estimated_cost_usd"), result.get("cost_status")
    if isinstance(estimate, int | float) and estimate > 0 and status != "unknown":
        yield f"Hermes puts the cost of {order.profile} at ${estimate:.4f} ({status})"
    if order.images and not order.vision:
        yield f"{order.profile} is taken to read text only: images were replaced by their names"
