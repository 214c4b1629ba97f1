"""Take a run back: its files as they were before it, unless somebody changed one of them since."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from profile_router.core.ladder.account import RunRow
from profile_router.core.ladder.run_kinds import UNFINISHED
from profile_router.core.telling.decision import Json
from profile_router.core.telling.ways_out import bring_back, drop
from profile_router.core.text import short_id, shown, some_of
from profile_router.errors import RouterError, UsageError
from profile_router.git.between import not_as_left, written_during
from profile_router.git.command import work_tree
from profile_router.git.marks import GitSnapshots, Mark, path_as_text
from profile_router.git.repository import Repository, find_repository, locked_repository
from profile_router.git.trees import Trees
from profile_router.git.undo import (
    Undo,
    changed_since_run,
    fingerprint,
    none,
    standing,
    take_back,
    undo_of,
    with_journal,
)
from profile_router.git.writes import Changed
from profile_router.ledger.history import SqliteHistory
from profile_router.ledger.undoing import begin_undo, end_undo, undo_of_run
from profile_router.ledger.words import seal_of
from profile_router.outside.places import is_folder_named
from profile_router.runs.job import IN_PLACE, Site
from profile_router.runs.result import Result
from profile_router.runs.unfinished import settle_spans
from profile_router.state.copy_folders import place_in
from profile_router.state.folder import state_dir
from profile_router.threads.records import Before
from profile_router.threads.threads import Run
from profile_router.threads.traces import Traces, traces_of
from profile_router.values import frozen
from profile_router.workspace.folder import Workspace

_NO_END = frozenset({UNFINISHED, "interrupted", "error"})


@frozen
class Undone:
    """How an undo of `run` ended. `files` are as before it, or, with `conflicts`, nothing was done.

    `id` is the undo's own, by which it can be undone; `left` are changes of the run that stay. `unsure`: nothing was
    done, as these files changed while it ran and nobody knows by whom. `going_on` is the thread of a run without an
    end, which would go on as if nothing was undone. `during` are those of `files` that changed while its commands, or
    Hermes, were at work: they count as the run's.
    """

    run: str
    id: str = ""
    files: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    unsure: tuple[str, ...] = ()
    going_on: str = ""
    during: tuple[str, ...] = ()


def marks_at_its_end(
    site: Site, workspace: Workspace | None, state: Json, result: Result, run: Run
) -> tuple[GitSnapshots | None, str]:
    """Return what takes marks for the undo of *run*, and the mark that the run left; None where nothing needs one.

    Should the process be killed before the undo is kept, what the run left is still known by that mark.
    """
    if site is not IN_PLACE or workspace is None or not result.files_changed or not state.get("snapshot", ""):
        return None, ""
    try:
        marks = GitSnapshots(workspace.root, run.folder)
        return marks, marks.take()
    except (RouterError, OSError):  # `undo` will say why
        return None, ""


def undo_after(
    site: Site,
    workspace: Workspace | None,
    run: Run,
    state: Json,
    result: Result,
    *,
    marks: GitSnapshots | None = None,
    late: bool = False,
) -> Undo | None:
    """Return what takes *run* back, whose graph ended in *state*; None where it changed nothing.

    *marks* are those of the run, as far as they are open already. *late*: its process was killed at its end, and files
    may have been changed since.
    """
    changed = result.files_changed
    if not changed and not result.json.get("merge"):
        return None
    if site is not IN_PLACE:
        if result.undo is not None and (result.undo.before or result.undo.why):
            return result.undo
        return none("it worked in a copy that was not merged, or was killed while it was")
    snapshot, wrote = state.get("snapshot", ""), state.get("wrote")
    if workspace is None or (not snapshot and wrote is None):
        return none("its folder is in no git repository, and what commands or Hermes' tools changed is not known")
    inner: tuple[str, ...] = ()
    try:
        top, start, undo = workspace.root, "", Undo(before={}, after={})
        if snapshot:
            trees = (marks or GitSnapshots(workspace.root, run.folder)).trees
            top, start = trees.repository.top, trees.start(workspace.root)
            if wrote is not None:
                undo = undo_of(trees, snapshot, workspace.root, wrote, until=result.end_mark, late=late)
            else:
                traces = traces_of(run.records)
                undo = _by_traces(trees, workspace.root, snapshot, traces, until=result.end_mark, late=late)
                if traces is not None:
                    wrote = (*traces.edited, *(path.removeprefix(start) for path in undo.during))
                    # Marks do not look into the repositories inside of this one.
                    inner = tuple(f"{link.removeprefix(start)}/" for link in trees.gitlinks(Mark.read(snapshot).files))
        if wrote is not None and not undo.why:
            undo = _with_journal(undo, top, start, Before(run.records), result, late=late)
        if late and snapshot and not result.end_mark:  # an older version left no mark: what changed since, nobody tells
            undo = replace(undo, anyones=True)
    except (RouterError, OSError) as error:  # the run has ended, and its result is not lost for this
        return none(f"what was there before could not be kept: {error}")
    mine = changed if wrote is None else changed & {path_as_text(path) for path in wrote}
    mine |= {path for path in changed if path.startswith(inner)} | {*result.json["verified"].get("ignored", ())}
    return undo if undo.why else _leaving(undo, [f"{start}{path}" for path in sorted(mine)], start)


def _leaving(undo: Undo, mine: Sequence[str], start: str) -> Undo:
    """Return *undo*, which says of the paths *mine* what it leaves as it is, named from *start* on."""
    known = {path_as_text(path) for path in undo.before}
    stays = [path.removeprefix(start) for path in mine if path not in known]
    return replace(undo, left=tuple(dict.fromkeys((*undo.left, *stays))))


def _with_journal(undo: Undo, top: Path, start: str, journal: Before, result: Result, *, late: bool) -> Undo:
    """Return *undo* with the files that git does not look into. *late*: of those that changed after *result* was made,
    nobody knows who changed them."""
    whole = with_journal(undo, top, start, journal)
    beside = whole.before.keys() - undo.before.keys()
    if not (late and beside):
        return whole
    made = result.json.get("time")  # 0.1 kept none
    ended = datetime.fromisoformat(made).timestamp() * 1e9 if made else 0
    return whole.doubting([path for path in beside if os.lstat(top / path).st_ctime_ns > ended])


def undo_run(wanted: str, environ: Mapping[str, str], *, all_of_it: bool = False) -> Undone:
    """Take the run *wanted* back, as `show` names it; *all_of_it*: also where nobody knows who changed these files.

    Raises UsageError where it cannot be.
    """
    state, seal = state_dir(environ), seal_of(environ, make=False)
    history = SqliteHistory(state=state)
    run = history.find(wanted)
    undone = history.undone_by(run.id, run.thread)
    if undone and run.verdict in _NO_END:  # what was changed there since is nobody's but the user's
        raise _undone_already(run, undone)
    undo, going_on = undo_of_run(state, run.id, seal) if run.kind in ("run", "undo") else None, ""
    if undo is None and run.kind == "run" and run.verdict in _NO_END:
        undo, going_on = asyncio.run(_undo_of_unended(run, environ)), run.thread
    if undo is None or undo.why or not undo.before:
        raise UsageError(f"run {run.id} cannot be undone: {_why(run, undo, going_on)}")
    if undo.anyones and not all_of_it:
        return Undone(run=run.id, unsure=undo.unsure or tuple(sorted(undo.before)), going_on=going_on)
    repository = _repository(_folder(run.workspace))
    with locked_repository(repository, state):
        if conflicts := changed_since_run(repository.top, undo):
            if undone:
                raise _undone_already(run, undone)
            return Undone(run=run.id, conflicts=conflicts)
        now = {path: standing(repository.top, path) for path in undo.before}
        way_back = Undo(
            before=now, after={path: fingerprint(found) for path, found in undo.before.items()}, left=undo.left
        )
        name = begin_undo(state, run, way_back, seal, now=time.time())
        try:
            take_back(repository.top, undo)
        except Changed as conflict:
            end_undo(state, name, now=time.time(), done=False)
            return Undone(run=run.id, conflicts=(conflict.path,))
    end_undo(state, name, now=time.time(), done=True)
    files = tuple(sorted(undo.before))
    during = tuple(path for path in files if path in undo.during)
    return Undone(run=run.id, id=name, files=files, left=undo.left, going_on=going_on, during=during)


def _undone_already(run: RunRow, undo: str) -> UsageError:
    what = "undo" if run.kind == "undo" else "run"
    return UsageError(f"{what} {short_id(run.id)} is undone already; {bring_back(undo)}")


def _by_traces(
    trees: Trees, root: Path, snapshot: str, traces: Traces | None, *, until: str = "", late: bool = False
) -> Undo:
    """Return what takes back what by *traces* a run wrote since *snapshot*; all that changed where they do not tell.

    *until* and *late* are those of `undo_of`.
    """
    if traces is None:
        return undo_of(trees, snapshot, root, None, until=until, late=late)
    written = written_during(trees, root, snapshot, traces.around, traces.edited)
    undo = undo_of(trees, snapshot, root, sorted(traces.edited), marked=written.paths, until=until, late=late)
    start = trees.start(root)
    undo = replace(undo, during=tuple(sorted(f"{start}{path}" for path in written.paths - traces.edited)))
    return undo.doubting([f"{start}{path}" for path in written.unsure | traces.unsure])


async def _undo_of_unended(run: RunRow, environ: Mapping[str, str]) -> Undo:
    """Return what takes back *run*, which has no end: its thread knows what was before, and what it wrote.

    Where it was killed while a command or Hermes was at work, it is unsure of what changed since. Raises UsageError
    where it is at work.
    """
    from profile_router.runs.thread_session import checkpoints  # with LangGraph; most runs have an end

    async with checkpoints(state_dir(environ), environ) as keeping:
        threads = keeping.threads
        row = next((row for row in threads.rows() if row.run == run.id and row.status == "running"), None)
        if row is None or place_in(threads.file.state, row.workspace) is not None:
            return none(
                "it worked in a copy of the folder" if row else "its thread is gone, with what was there before"
            )
        taken_up = threads.take_up(row, to_go_on=False)
        try:
            saved = await keeping.saver.aget_tuple({"configurable": {"thread_id": row.thread}})
            mark = saved.checkpoint["channel_values"].get("snapshot", "") if saved else ""
            root = top = _folder(row.workspace)
            await asyncio.to_thread(settle_spans, taken_up, root)
            start, undo, traces = "", Undo(before={}, after={}), traces_of(taken_up.records)
            changed: tuple[str, ...] = ()
            if mark:
                trees = GitSnapshots(root, taken_up.folder).trees
                top, start = trees.repository.top, trees.start(root)
                undo = _by_traces(trees, root, mark, traces)
                if traces is not None and not undo.why:
                    seen = (*(after for _, after in traces.around), *traces.marks_after)
                    changed = tuple(f"{start}{path}" for path in not_as_left(trees, root, undo, seen, traces.unended))
            if undo.why:
                return undo
            whole = with_journal(undo, top, start, Before(taken_up.records))
            if traces is None:
                return replace(whole, anyones=True, unsure=())
            beside = whole.before.keys() - undo.before.keys()
            return whole.doubting([*changed, *(path for path in beside if not _wrote_it(whole, path, start, traces))])
        finally:
            threads.leave(taken_up)


def _wrote_it(undo: Undo, path: str, start: str, traces: Traces) -> bool:
    """Tell whether *path*, which git does not look into, is as far as known what a tool wrote last."""
    left = traces.unended.get(path.removeprefix(start), ())
    return undo.after[path].rpartition(" ")[2] in left


def _repository(folder: Path) -> Repository:
    """Return the repository around *folder*; without one, the folder in its place: only its top and lock count here."""
    if work_tree(folder) is None:
        return Repository(top=folder, git_dir=folder, common=folder)
    return find_repository(folder)


def _why(run: RunRow, undo: Undo | None, going_on: str) -> str:
    if undo is not None and undo.why:
        return undo.why
    if undo is not None and undo.left:
        return f"what it changed is not kept ({some_of(undo.left)})"
    if undo is not None and going_on:
        how = "killed" if run.ended is None else "stopped"
        on = f"`profile-router resume {going_on}` goes on with it; {drop(going_on)}"
        return f"as far as known it had changed no file when it was {how}; {on}"
    return "it has not ended" if run.ended is None else "it changed no file, or nothing of it was kept"


def _folder(workspace: str) -> Path:
    if is_folder_named(workspace):
        return Path(workspace)
    raise UsageError(f"its folder {shown(workspace) or '(none)'} is not there any more; put it back, then try again")
