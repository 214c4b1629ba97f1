"""The Hermes runner: one attempt is one turn of the real Hermes, with the profile's folder, in a fresh process.

One call of `run` is one attempt: one provider, one key, one model, no retry and no switch; those are the ladder's.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import field, replace
from functools import partial
from pathlib import Path
from typing import Any

from profile_router.core.attempt.early_watch import EarlyJudge
from profile_router.core.attempt.order import Order
from profile_router.core.attempt.receipts import receipt_of
from profile_router.core.attempt.usage import doubts_note
from profile_router.core.ladder.early_score import EarlyWatch, Trajectory, why_spared
from profile_router.core.ladder.failure import Failure, stopped_at
from profile_router.core.ladder.receipt import Attempt, Receipt
from profile_router.core.ladder.server_report import other_model
from profile_router.core.policy import Policy
from profile_router.core.privacy.taint import Taint
from profile_router.core.profile import Profile
from profile_router.core.text import MOST_USD, price
from profile_router.errors import AttemptError
from profile_router.machine.hermes_program import Hermes
from profile_router.ports import Emit, Hold, Stopped
from profile_router.profiles.agreement import may_read
from profile_router.profiles.files import read_config
from profile_router.prompting.templates import render
from profile_router.prompting.texts import order_content
from profile_router.runners.hermes.child_process import Child, Ended, Heard, converse, home_of_profile, started
from profile_router.runners.hermes.results import failure_of_turn
from profile_router.runners.hermes.turn_account import Account
from profile_router.servers.inspect import listed_models
from profile_router.threads.records import MemoryRecords, Records, Scoped
from profile_router.threads.traces import AROUND_TURN, spans_of_turn
from profile_router.values import mutable
from profile_router.verify.parsing import files_parse
from profile_router.withheld.watch import WithheldWatch, after_interruption, watched
from profile_router.withheld.whole_scan import Secrets

HERMES_RUNNER = "hermes"
_SHORTEST_ANSWER = 1_024


@mutable
class HermesRunner:
    """Runs attempts. `load` gives a profile by name, `root` is the Hermes home; images are relative to `base`.

    `unattended` grants what Hermes would ask a user to approve; without it, that is refused. `pass_environment` names
    variables that children get besides the usual ones. `records` hold what a turn has cost so far.
    `take_mark` gives a mark of the work tree before and after it, empty where it takes none. `pulse` is entered as
    long.
    """

    load: Callable[[str], Profile]
    policy: Policy
    secrets: Secrets
    hermes: Hermes
    root: Path
    environ: Mapping[str, str]
    workspace: Path | None
    base: Path
    unattended: bool = False
    pass_environment: Sequence[str] = ()
    records: Records = field(default_factory=MemoryRecords)
    take_mark: Callable[[], str] = str
    pulse: Callable[[], AbstractContextManager[None]] = nullcontext

    async def run(self, order: Order, emit: Emit, hold: Hold | None = None) -> Attempt:
        """Return how the attempt ended. Failures of model, server and Hermes are values; cancelled means cancelled."""
        if order.private:
            raise AssertionError(f"a private task was ordered from Hermes under {order.profile}")
        profile = self.load(order.profile)
        started = time.monotonic()
        account = Account(
            emit=emit,
            records=self.records,
            name=f"{order.number}/answered",
            rate=order.rate,
            window=order.window,
            bytes_per_token=self._counting()["bytes_per_token"],
            afford=None if hold is None else hold.covers,
        )
        if interrupted := account.interrupted(profile.where):
            receipt = self._receipt(order, account, interrupted, profile, 0.0)
            receipt = replace(receipt, taints=await asyncio.to_thread(self._unknown, order))
            around = spans_of_turn(self._records_of(order))
            notes = tuple(_own_count(order, account))
            return Attempt(receipt=receipt, failure=interrupted, notes=notes, around=around)
        account.look_at = await self._model_check(order, profile)
        taints: list[Taint] = []
        if order.early is not None:
            account.judge = EarlyJudge(watch=order.early, where=profile.where, tell=emit)
        before = await asyncio.to_thread(self._marked, order)
        try:
            with self.pulse():
                ended = await self._talked(order, profile, account, taints)
        except asyncio.CancelledError:
            if not account.turns:
                raise
            account.close()
            cut = stopped_at(profile.where)
            raise Stopped(self._receipt(order, account, cut, profile, time.monotonic() - started)) from None
        account.close()
        after = await asyncio.to_thread(self.take_mark) if before else ""
        failure = account.ended_by or failure_of_turn(
            account, ended, order, where=profile.where, model=profile.endpoint.model, key=profile.endpoint.api_key
        )
        receipt = self._receipt(order, account, failure, profile, time.monotonic() - started)
        return Attempt(
            receipt=replace(receipt, taints=tuple(taints), early=account.judge.last if account.judge else None),
            text="" if failure else account.text,
            failure=failure,
            notes=tuple(_notes(order, account, self.workspace)),
            around=((before, after),),
        )

    def _records_of(self, order: Order) -> Records:
        return Scoped(self.records, f"{order.number}/")

    def _marked(self, order: Order) -> str:
        """Return a mark from before the turn, and note it: killed in the turn, `undo` begins there."""
        if before := self.take_mark():
            self._records_of(order).keep(AROUND_TURN, (before, ""))
        return before

    async def _talked(self, order: Order, profile: Profile, account: Account, taints: list[Taint]) -> Ended:
        """Return how the child that made the attempt ended; *taints* get the withheld files that it opened."""
        with ExitStack() as held:
            try:
                child = held.enter_context(self._child(order.profile))
            except OSError as error:
                return Ended(in_time=True, code=None, errors=f"{self.hermes.python}: {error.strerror}")
            asked = self._asked(order, profile, child.folder)
            async with watched(self._watch(order), taints.append) as watching:
                if order.early is not None:
                    account.spared = partial(self._spared, order.early, watching)
                if watching is not None:
                    account.opened = partial(_opened, watching)
                heard = _overlooking(watching, account)
                return await _within_means(converse(child, asked, order.seconds, heard), account)

    def _receipt(
        self, order: Order, account: Account, failure: Failure | None, profile: Profile, seconds: float
    ) -> Receipt:
        named = profile.endpoint.provider  # Hermes chooses the key
        return receipt_of(order, account, failure, profile, runner=HERMES_RUNNER, provider=named, seconds=seconds)

    def _spared(self, watch: EarlyWatch, watching: WithheldWatch | None, done: Trajectory) -> str:
        edits, root = done.edits or (), self.workspace
        read = () if watching is None or watch.stays_here else watching.so_far()
        return why_spared(watch, done, read_private=read, parse=lambda: root is not None and files_parse(root, edits))

    def _watch(self, order: Order) -> Callable[[], WithheldWatch] | None:
        """Return what tells which withheld files a local model's Hermes opens: its own tools are not fenced in."""
        if self.workspace is None or not order.local:
            return None
        return partial(WithheldWatch, self.workspace, self.policy.private_paths, self.secrets)

    def _unknown(self, order: Order) -> tuple[Taint, ...]:
        """Return what a turn may have read that was killed with its process."""
        if self.workspace is None or not order.local:
            return ()
        why = "Hermes' turn was interrupted, and nobody watched it"
        return after_interruption(self.workspace, self.policy.private_paths, self.secrets, why)

    async def _model_check(self, order: Order, profile: Profile) -> Callable[[str], None] | None:
        """Return what raises AttemptError for the name of another model than *order* is for, by what its server
        lists; None for a model elsewhere, which nobody attested."""
        if not order.local:
            return None
        listed = await listed_models(profile, connect_s=self.policy.limits.connect_seconds)

        def look_at(name: str) -> None:
            accept_any = self.policy.accept_any_model
            if problem := other_model(profile.endpoint.model, name, listed, accept_any=accept_any):
                raise AttemptError("wrong-model", f"{profile.where} {problem}")

        return look_at

    def _child(self, profile: str) -> AbstractContextManager[Child]:
        place = (home_of_profile(profile, self.root), self.environ, self.workspace)
        return started(self.hermes.python, *place, unattended=self.unattended, also=self.pass_environment)

    def _asked(self, order: Order, profile: Profile, folder: Path) -> dict[str, Any]:
        """Return the order as the child reads it."""
        return {
            "profile": order.profile,
            "command": list(self.hermes.command),
            "prompt": order_content(order, self.base),
            "history": [{"role": turn.role, "content": turn.text} for turn in order.conversation],
            "system": render("hermes", workspace=str(folder), asks=list(order.asks), unattended=self.unattended),
            "toolsets": _toolsets(order.task.toolsets, profile.toolsets),
            "max_turns": order.turns(profile, self.policy),
            # Where its commands run, for a Hermes that cannot be given the profile's own home.
            "terminal": (read_config(home_of_profile(profile.name, self.root) / "config.yaml") or {}).get("terminal"),
            "window": order.window,
            "seconds": order.seconds,
            # Where a profile states none, Hermes asks for 65,536: more than a small window has left.
            "max_tokens": profile.max_tokens or max(_SHORTEST_ANSWER, order.window // 4),
            "cwd": str(folder),
            "unattended": self.unattended,
            "key": profile.endpoint.api_key.reveal() if profile.endpoint.api_key else None,
            "expected": {
                "base_url": profile.endpoint.base_url,
                "model": profile.endpoint.model,
                "local": order.local,
            },
            "candidates": None if order.early is None else list(order.early.candidates),
            "root_keys": may_read(profile, self.root),
            "counting": self._counting(),
        }

    def _counting(self) -> dict[str, float]:
        """Return how the child tells tokens by size: rather too many, as if each tokenizer were the wasteful one."""
        counting = self.policy.counting
        per_token = self.policy.prices.volume.bytes_per_token / counting.tokenizer_factor
        return {"bytes_per_token": per_token, "image_tokens": counting.image_tokens}


def _toolsets(of_task: Sequence[str] | None, of_profile: Sequence[str] | None) -> list[str] | None:
    """Return the toolsets that task and profile both allow; None: whatever Hermes gives the profile."""
    if of_task is None:
        return None if of_profile is None else list(of_profile)
    return [name for name in of_task if of_profile is None or name in of_profile]


def _overlooking(watching: WithheldWatch | None, heard: Heard) -> Heard:
    """Return *heard*, which lets *watching* overlook what Hermes opened of git's data before its first request.

    Hermes lists the subjects of the last commits in its prompt (`git log -3` in 0.19.0 and 0.22.2); no tool has run by
    then, as the request waits for us. A turn by `hermes chat` does not say `begun`: it may put more of git in.
    """
    begun = False

    def hear(event: Mapping[str, Any]) -> bool:
        nonlocal begun
        if begun and watching is not None and event["event"] == "asked":
            watching.overlook_git()
        if event["event"] in ("begun", "asked"):
            begun = event["event"] == "begun"
        return heard(event)

    return hear


def _opened(watching: WithheldWatch) -> str:
    """Return the path of a private file that was opened until now, or may have been; "" for none."""
    return next((taint.path for taint in watching.so_far()), "")


async def _within_means(talking: Coroutine[Any, Any, Ended], account: Account) -> Ended:
    """Return how *talking* ended; it is ended where *account* finds that it may not go on."""
    running = asyncio.ensure_future(talking)
    account.stop = running.cancel
    try:
        return await running
    except asyncio.CancelledError:
        if account.ended_by is None:
            raise
        return Ended(in_time=True, code=None, errors="")
    finally:
        running.cancel()


def _own_count(order: Order, account: Account) -> Iterator[str]:
    if account.counted:
        yield (
            f"{order.profile} sent no usage with an answer, or was cut off in one; its tokens and its cost are "
            "our own count, by its size"
        )
    if account.doubts:
        yield doubts_note(order.profile, account.doubts)


def _notes(order: Order, account: Account, workspace: Path | None) -> Iterator[str]:
    yield from account.notes
    yield from account.refused_elsewhere()
    yield from _own_count(order, account)
    if account.unjudged:
        yield f"{order.profile} could not be promoted early: no request of its turn told what it did, or had tools"
    if workspace is None:
        yield "no workspace: the subagent worked in an empty folder; name one with --workspace"
    result = account.result or {}
    estimate, status = result.get("estimated_cost_usd"), result.get("cost_status")
    if isinstance(estimate, int | float) and 0 < estimate < MOST_USD and status != "unknown":
        yield f"Hermes puts the cost of {order.profile} at {price(estimate)} ({status})"
    if order.images and not order.vision:
        yield f"{order.profile} is taken to read text only: images were replaced by their names"
