"""One task to be run, and its site: the workspace, or a copy that is brought back at the end."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager, nullcontext
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, TypeVar

from profile_router.copies.copy import Copy
from profile_router.copies.relocation import Relocation, relocated, rewritten
from profile_router.copies.thread_copies import copy_again, tidier
from profile_router.core.attempt.saving import NOT_WELL
from profile_router.core.ladder.causes import NOT_MERGED
from profile_router.core.ladder.check_words import BEFORE_MERGE
from profile_router.core.task import Task
from profile_router.core.telling.decision import Json
from profile_router.core.telling.envelope import enveloped
from profile_router.core.telling.verdict import verdict_of
from profile_router.core.text import some_of
from profile_router.git.merge import Merge, apply_command, clear_halves, merge_trees, save_diff
from profile_router.ledger.schema import moment
from profile_router.ports import Approver, Emit
from profile_router.runs.result import Result
from profile_router.runs.setup import Setup
from profile_router.state.copy_folders import place_in
from profile_router.threads.threads import Row, Run, Threads
from profile_router.values import frozen
from profile_router.workspace.folder import Workspace

if TYPE_CHECKING:
    from profile_router_graphs.state import RunContext  # LangGraph takes half a second

T = TypeVar("T")


class Site:
    """Where a run works. This one is the workspace itself."""

    @property
    def spelled(self) -> Mapping[str, str]:
        """Return the names of the workspace that are others at the site, with what they are there."""
        return {}

    def setup(self, setup: Setup) -> Setup:
        """Return *setup* with the workspace that is at the site."""
        return setup

    def context(self, context: RunContext) -> RunContext:
        """Return *context* with ports that work at the site."""
        return context

    def back(self, value: T) -> T:
        """Return *value*, an event or a result, with the names of the workspace."""
        return value

    async def bring_back(self, run: Run, result: Result, state: Path) -> Result:
        """Return *result* when the changes are in the workspace."""
        return result


IN_PLACE = Site()


@frozen
class Job:
    """One task to be run on a thread. *setup* is what was read for the workspace, wherever the site is.

    *approver* is asked before an expensive step; without one no one is there.
    """

    task: Task
    setup: Setup
    thread: str
    emit: Emit
    approver: Approver | None = None
    site: Site = IN_PLACE


def stamped_emit(emit: Emit, run: str | None = None) -> Emit:
    """Return what tells *emit* each event with the version of its form, its moment, and the id of its *run*."""
    return lambda event: emit(enveloped(event, time=moment(time.time()), run=run))


class Begun(TypedDict):
    """What a run was begun with: the record `order`, from which another process goes on after a kill."""

    task: Task
    cwd: str
    spelled: dict[str, str]
    policy: str
    digest: str


@frozen
class CopySite(Site):
    """A copy of the workspace. Only what works in it sees its names: decisions, events and checkpoints do not.

    *turn* is entered with the result before the copy is brought back, and left afterwards.
    """

    copy: Copy
    relocation: Relocation
    turn: Callable[[Result], AbstractAsyncContextManager[None]] = lambda _: nullcontext()

    @property
    def spelled(self) -> Mapping[str, str]:
        """Return the names of the workspace, with what they are in the copy."""
        return self.relocation.spelled

    def setup(self, setup: Setup) -> Setup:
        """Return *setup* with the copy as its workspace."""
        if setup.workspace is None:
            raise AssertionError("a copy was made of no workspace")
        here = Path(os.path.realpath(setup.cwd))
        inside = here.is_relative_to(self.copy.trees.repository.top)
        return replace(
            setup,
            workspace=Workspace(self.copy.folder(setup.workspace.root), git=True),
            cwd=self.copy.folder(here) if inside else setup.cwd,
        )

    def context(self, context: RunContext) -> RunContext:
        """Return *context* with ports that work in the copy."""
        moved = self.relocation
        return replace(
            context,
            measurer=relocated(context.measurer, ("measure",), moved),
            runner=relocated(context.runner, ("run",), moved),
            prober=relocated(context.prober, ("probe",), moved),
            summarizer=relocated(context.summarizer, ("summarize",), moved),
            verifier=relocated(context.verifier, ("check_before", "verify", "diff", "set_back"), moved),
        )

    def back(self, value: T) -> T:
        """Return *value* with the names of the workspace."""
        return rewritten(value, self.relocation.back)

    async def bring_back(self, run: Run, result: Result, state: Path) -> Result:
        """Merge the changes, or keep them as a diff: once, however often the process is killed."""
        if (recorded := run.records.find("finished")) is not None:
            return Result.of(recorded)
        again = run.records.find("finishing") is not None
        run.records.keep("finishing", True)
        async with self.turn(result):
            act = partial(brought_back, self.copy, self.back(result), state, run.thread, again=again)
            result = await to_the_end(act)
        run.records.keep("finished", result.as_recorded())
        return result


@contextmanager
def site_of(threads: Threads, run: Run, row: Row, tell: Emit) -> Iterator[Site]:
    """Give the site that the killed *run* worked at. Raises WorkspaceError where it is gone."""
    place = place_in(threads.file.state, row.workspace)
    if place is None:
        yield IN_PLACE
        return
    with copy_again(place, tidier(threads, tell)) as copy:
        spelled = (run.records.find("order") or {}).get("spelled", {})
        home = str(copy.trees.repository.top)
        yield CopySite(copy=copy, relocation=Relocation(spelled, moved=str(copy.top), home=home))


async def to_the_end(act: Callable[[], T]) -> T:
    """Return what *act* returns, run in a thread. A cancelled caller waits for its end: half of it would be worse."""
    acting = asyncio.ensure_future(asyncio.to_thread(act))
    try:
        return await asyncio.shield(acting)
    except asyncio.CancelledError:
        await asyncio.wait([acting])
        raise


def brought_back(copy: Copy, result: Result, state: Path, name: str, *, again: bool = False) -> Result:
    """Merge the changes of *copy*, or keep them as a diff where the task or the merge failed.

    *Again* after a kill: changes that were merged already count as merged.
    """
    if copy.left_out:
        result = result.noting(f"not in the copy that it worked in, because too large: {some_of(copy.left_out)}")
    trees, theirs = copy.trees, copy.tree()
    if theirs == copy.base:
        return result
    changed = sorted(trees.differences(copy.base, theirs))
    if again:
        clear_halves(trees, copy.base, theirs, state, name)
    if result.status == "ok":
        merged = merge_trees(trees, copy.base, theirs, state, name)
        if merged.merged:
            result = replace(result, undo=merged.undo)
            return _with_merge(result, merged, changed if again else merged.files)
        why = f"not merged: {', '.join(merged.files)} was changed in the workspace as well"
    else:
        diff = save_diff(trees, copy.base, theirs, state, name)
        merged = Merge(merged=False, files=(), diff=diff, apply=apply_command(trees, diff))
        why = f"{result.json['error'] or 'its check failed'}; not merged"
    return _with_merge(result, merged, changed, why)


def _with_merge(result: Result, merged: Merge, changed: Sequence[str], why: str = "") -> Result:
    json: Json = {**result.json, "merge": {"merged": merged.merged, "changed": list(changed)}}
    if merged.merged:
        if merged.moved and json["verified"]["check"] is not None:
            open_points = [*json["verified"]["unverified"], BEFORE_MERGE]
            json["verified"] = {**json["verified"], "unverified": open_points}
        return replace(result, json={**json, "verdict": verdict_of(json)})
    json["merge"] |= {"why": why, "conflicts": list(merged.files), "diff": str(merged.diff), "apply": merged.apply}
    # What is verified is the workspace, and nothing of it is there.
    json["verified"] = {**json["verified"], "files_changed": [], "lines_added": 0, "lines_removed": 0}
    if result.status == "ok":
        json |= {"cause": NOT_MERGED, "saved": asdict(NOT_WELL)}
    json |= {"status": "failed", "error": f"{why}; what it did is kept, apply it with: {merged.apply}"}
    return replace(result, status="failed", json={**json, "verdict": verdict_of(json)})
