"""A task that works apart, in a copy of the work tree: how it begins, how another process goes on with it after a kill,
and what becomes of copies that nobody goes on with.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from profile_router.copies.copy import Copy
from profile_router.copies.lasting import copy_again
from profile_router.copies.ownership import _given_up, _wanted
from profile_router.copies.port import Relocated
from profile_router.copies.relocation import Relocation, rewritten
from profile_router.core.telling.decision import Json
from profile_router.git.merge import Merge, apply_command, clear_halves, keep_diff, merge
from profile_router.ports import Emit
from profile_router.runs.result import Result, finished
from profile_router.runs.setup import Setup
from profile_router.state.places import place_in
from profile_router.threads.threads import Row, Run, Threads
from profile_router.withheld.survey import Survey, private_survey
from profile_router.workspace.folder import Workspace

T = TypeVar("T")
# The methods of the run's ports that read or write files, or hand texts to somebody who does.
_AT_WORK = {
    "measurer": ("measure",),
    "runner": ("run",),
    "prober": ("probe",),
    "summarizer": ("summarize",),
    "verifier": ("verify", "diff", "set_back"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Apart:
    """A task at work in *copy*. On this side of its ports, and in all that it tells, are the names of the workspace."""

    copy: Copy
    relocation: Relocation

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

    def around(self, setup: Setup, context: Any) -> Any:
        """Return *context* with ports that work in the copy, for the real *setup*."""
        # Links lead out of the copy: what is private in the workspace counts, though no copy has it.
        workspace, globs = setup.workspace, setup.policy.private_paths
        survey = (lambda: private_survey(workspace, globs)) if workspace else Survey
        context = replace(context, runner=replace(context.runner, survey=survey))
        ports = {name: Relocated(getattr(context, name), does, self.relocation) for name, does in _AT_WORK.items()}
        return replace(context, **ports)

    def emit(self, emit: Emit) -> Emit:
        """Return *emit* for events that name the copy."""
        return lambda event: emit(rewritten(event, self.relocation.back))

    def result(self, result: Result) -> Result:
        """Return *result* with the names of the workspace."""
        return replace(result, json=rewritten(result.json, self.relocation.back))

    async def bring_back(self, state: Path, name: str, result: Result, again: bool) -> Result:
        """Merge what was done, or keep it as a diff; *again*: a process was killed that had begun to."""
        return await to_the_end(partial(brought_back, self.copy, self.result(result), state, name, again=again))


async def to_the_end(act: Callable[[], T]) -> T:
    """Return what *act* returns, run in a thread. When cancelled it is waited for first: half of it would be worse."""
    acting = asyncio.ensure_future(asyncio.to_thread(act))
    try:
        return await asyncio.shield(acting)
    except asyncio.CancelledError:
        await asyncio.wait([acting])
        raise


@contextmanager
def left_by(threads: Threads, run: Run, row: Row, tell: Emit) -> Iterator[Apart | None]:
    """Give what the killed *run* worked in, None where that was the workspace itself. Raises WorkspaceError if gone."""
    place = place_in(threads.file.state, row.workspace)
    if place is None:
        yield None
        return
    with copy_again(place, partial(_wanted, threads), _given_up(threads, tell)) as copy:
        spelled = (run.records.find("order") or {}).get("spelled", {})
        home = str(copy.trees.repository.top)
        yield Apart(copy=copy, relocation=Relocation(spelled, moved=str(copy.top), home=home))


async def end_of(apart: Apart, threads: Threads, run: Run, result: Result) -> Result:
    """Return the end of *run*, whose own *result* was there already when its process was killed."""
    return await finished(run, result, partial(apart.bring_back, threads.file.state, run.thread))


_NAMED = 3


def brought_back(copy: Copy, result: Result, state: Path, name: str, *, again: bool = False) -> Result:
    """Merge what was done in *copy*, or keep it as a diff where the task failed or the merge did.

    *Again* after a kill: what is there already merges with itself to nothing, and counts as merged.
    """
    if copy.left_out:
        note = f"not in the copy that it worked in, because too large: {', '.join(copy.left_out[:_NAMED])}"
        more = f" and {len(copy.left_out) - _NAMED} more" if len(copy.left_out) > _NAMED else ""
        result = replace(result, json={**result.json, "notes": [*result.json["notes"], f"{note}{more}"]})
    trees, theirs = copy.trees, copy.tree()
    if theirs == copy.base:
        return result
    changed = sorted(trees.differences(copy.base, theirs))
    if again:
        clear_halves(trees, copy.base, theirs, state, name)
    if result.status == "ok":
        merged = merge(trees, copy.base, theirs, state, name)
        if merged.merged:
            return _with_merge(result, merged, changed if again else merged.files)
        why = f"not merged: {', '.join(merged.files)} was changed in the workspace as well"
    else:
        diff = keep_diff(trees, copy.base, theirs, state, name)
        merged = Merge(merged=False, files=(), diff=diff, apply=apply_command(trees, diff))
        why = f"{result.json['error'] or 'its check failed'}; not merged"
    return _with_merge(result, merged, changed, f"{why}; what it did is kept, apply it with: {merged.apply}")


def _with_merge(result: Result, merged: Merge, changed: Sequence[str], error: str = "") -> Result:
    json: Json = {**result.json, "merge": {"merged": merged.merged, "changed": list(changed)}}
    if merged.merged:
        late = merged.moved and json["verified"]["check"] is not None
        note = "the workspace had changed meanwhile: the check ran before the merge and not after it"
        return replace(result, json={**json, "notes": [*json["notes"], note]} if late else json)
    json["merge"] |= {"conflicts": list(merged.files), "diff": str(merged.diff), "apply": merged.apply}
    # What is verified is the workspace, and nothing of it is there.
    json["verified"] = {**json["verified"], "files_changed": [], "lines_added": 0, "lines_removed": 0}
    return Result(status="failed", json={**json, "status": "failed", "error": error})
