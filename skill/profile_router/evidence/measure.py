"""Measure a task: what it names, what it says, how large its prompt is. Offline, and no more than the policy asks."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from profile_router.core.conversation import TURN_TOKENS, Conversation, alternating
from profile_router.core.evidence import UNKNOWN, Evidence, NamedFile, PrivateFinding, Range, Window
from profile_router.core.language.kinds import find_kinds, has_scope_word
from profile_router.core.policy import Policy
from profile_router.core.policy.rules import LargeChangeRule, LongContextRule
from profile_router.core.routing.fit import counting_limits
from profile_router.core.task import Task
from profile_router.core.text import shown
from profile_router.evidence.private_scan import file_reader, find_private
from profile_router.prompting.tokens import PROMPT_CHARS, PROMPT_TOKENS, count_tokens
from profile_router.withheld.named_paths import NamedPrivate
from profile_router.workspace.folder import Workspace, base_of, expanded, written_path
from profile_router.workspace.images import find_images, strip_data_urls
from profile_router.workspace.named_files import find_named_files


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Where a task is measured: the workspace or None, the current folder, and the windows as far as known.

    `copied_from`: the folder that the workspace is a copy of, if it is one.
    """

    workspace: Workspace | None
    cwd: Path
    windows: tuple[Window, ...]
    copied_from: Path | None = None


def measure(
    task: Task, policy: Policy, around: Surroundings, *, conversation: Conversation = (), private_thread: bool = False
) -> Evidence:
    """Return the evidence of *task*. Raises UsageError for a file or an image that cannot be had."""
    goal, _ = strip_data_urls(task.goal)
    context, _ = strip_data_urls(task.context)
    text = f"{goal}\n{context}" if context else goal
    named = find_named_files(text, task.files, around.workspace, around.cwd)
    whole_text = f"{task.goal}\n{task.context}"
    images, image_notes = find_images(whole_text, task.images, named.singles, around.workspace, around.cwd)
    private = find_private(
        text,
        named.files,
        policy.private_paths,
        file_reader(base_of(around.workspace, around.cwd)),
        given=(*task.files, *task.images, *task.spelled, *_read_from(task, around.cwd)),
        confidential=policy.confidential,
        is_there=NamedPrivate(
            workspace=around.workspace, cwd=around.cwd, globs=policy.private_paths, copied_from=around.copied_from
        ),
    )
    said = alternating(conversation)
    texts = (goal, context, *task.files, *task.images, task.standing, *(turn.text for turn in said))
    above = next((rule.above_tokens for rule in policy.rules if isinstance(rule, LongContextRule)), None)
    fixed = PROMPT_TOKENS + len(images) * policy.counting.image_tokens + (len(said) + 1) * TURN_TOKENS
    limits = counting_limits(around.windows, policy.counting, above)
    return Evidence(
        files_to_read=_files_to_read(task, named.files),
        files_to_edit=_files_to_edit(task, named.files),
        lines_to_edit=UNKNOWN if task.facts.lines_to_edit is None else _stated(task.facts.lines_to_edit),
        tokens=count_tokens(texts, limits, fixed=fixed),
        fixed=count_tokens((goal, *task.files, *task.images, task.standing), limits, fixed=fixed),
        chars=PROMPT_CHARS + sum(len(part) for part in texts),
        files=named.files,
        images=images,
        kinds=find_kinds(task.goal, policy.kinds),
        scope_word=has_scope_word(task.goal, _scope_words(policy)),
        private=(
            *_if_said(task.local_only, "label", "--local-only"),
            *private,
            *_other_names(task, named.files, around, policy),
            *_if_said(policy.local_only_by, "label", f"local_only in {policy.local_only_by}"),
            *_if_said(private_thread, "thread", "this thread, which carries a private task"),
        ),
        windows=around.windows,
        notes=(*named.notes, *image_notes),
    )


def _read_from(task: Task, cwd: Path) -> tuple[str, ...]:
    """Return the file that the context was read from as it was written, and where it leads."""
    return (task.context_from, os.path.realpath(cwd / task.context_from)) if task.context_from else ()


def _other_names(
    task: Task, files: Sequence[NamedFile], around: Surroundings, policy: Policy
) -> Iterator[PrivateFinding]:
    """Yield the files, images and the context's file that have another name (a hard link) which is private."""
    if around.workspace is None:
        return
    from profile_router.withheld.survey import NamesOfFiles  # only a workspace is surveyed

    base, names = base_of(around.workspace, around.cwd), NamesOfFiles(around.workspace.root, policy.private_paths)
    places = {shown(value): base / expanded(value) for value in (*task.files, *task.images)}
    if task.context_from:
        places[shown(task.context_from)] = written_path(task.context_from, around.workspace, around.cwd)
    for name, place in {**places, **{shown(file.path): base / file.path for file in files}}.items():
        with suppress(OSError, ValueError):
            if reason := names.reason(place.stat()):
                yield PrivateFinding(kind="path", place=f"{name}, which {reason},")


def _if_said(said: object, kind: str, place: str) -> Sequence[PrivateFinding]:
    return [PrivateFinding(kind=kind, place=place)] if said else []


def _scope_words(policy: Policy) -> Sequence[str]:
    return next((rule.refactor.scope_words for rule in policy.rules if isinstance(rule, LargeChangeRule)), ())


def _stated(size: int) -> Range:
    return Range(size, size, "stated")


def _files_to_read(task: Task, files: Sequence[NamedFile]) -> Range:
    """Return what the caller states, unless the task names more files than that: those will be read."""
    named = len(files)
    if task.facts.files_to_read is not None and task.facts.files_to_read >= named:
        return _stated(task.facts.files_to_read)
    return Range(named, named, "measured") if named else UNKNOWN


def _files_to_edit(task: Task, files: Sequence[NamedFile]) -> Range:
    """Return what the caller states; else any of the named files may be edited, and at least one is."""
    if task.facts.files_to_edit is not None:
        return _stated(task.facts.files_to_edit)
    return Range(1, len(files), "measured") if files else UNKNOWN
