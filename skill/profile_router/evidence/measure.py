"""Measure a task: what it names, what it says, how large its prompt is. Offline, and no more than the policy asks."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path

from profile_router.core.conversation import TURN_TOKENS, Conversation, alternating
from profile_router.core.evidence import NONE_TO_EDIT, UNKNOWN, Evidence, NamedFile, PrivateFinding, Range, Window
from profile_router.core.language.anchored import Anchored
from profile_router.core.language.kinds import KindHit, find_kinds
from profile_router.core.language.phrases import SCOPE, find_phrases, language_of_text
from profile_router.core.language.scope import has_scope_word
from profile_router.core.language.sizes import StatedSizes, stated_sizes
from profile_router.core.policy import Policy
from profile_router.core.policy.rules import LargeChangeRule, LongContextRule
from profile_router.core.routing.window_fit import counting_limits
from profile_router.core.task import Task
from profile_router.core.text import shown
from profile_router.evidence.private_scan import IsThere, file_reader, find_private
from profile_router.prompting.tokens import PROMPT_CHARS, PROMPT_TOKENS, count_tokens
from profile_router.values import frozen
from profile_router.workspace.folder import Workspace, base_of, expanded, tracked_files, written_path
from profile_router.workspace.images import find_images, strip_data_urls
from profile_router.workspace.named_files import find_named_files

_TEST_FILE = Anchored(r"(?:^|/)(?:test_[^/]*|[^/]*(?:_test|\.test|\.spec|Test|_spec))\.\w+$")

NOT_UNDERSTOOD = "language not understood: only sizes and files were used"


@frozen
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
    whole_text = f"{task.goal}\n{task.context}" if task.context else task.goal
    images, image_notes = find_images(whole_text, task.images, named.singles, around.workspace, around.cwd)
    private = find_private(
        text,
        (*named.files, *named.nearby),
        policy.private_paths,
        file_reader(base_of(around.workspace, around.cwd)),
        given=(*task.files, *task.images, *task.spelled, *_read_from(task, around.cwd)),
        confidential=policy.confidential,
        is_there=_leads_somewhere(around, policy),
    )
    kinds, wide, understood = _kinds(task.goal, policy)
    said_sizes = stated_sizes(task.goal)
    tests = _test_files(around.workspace) if said_sizes.all_tests else 0
    said = alternating(conversation)
    texts = (goal, context, *task.files, *task.images, task.standing, *(turn.text for turn in said))
    above = next((rule.above_tokens for rule in policy.rules if isinstance(rule, LongContextRule)), None)
    fixed = PROMPT_TOKENS + len(images) * policy.counting.image_tokens + (len(said) + 1) * TURN_TOKENS
    limits = counting_limits(around.windows, policy.counting, above)
    return Evidence(
        files_to_read=_files_to_read(task, said_sizes, len(named.files), len(named.nearby), tests),
        files_to_edit=_files_to_edit(task, said_sizes, len(named.files), tests),
        lines_to_edit=_lines_to_edit(task, said_sizes),
        tokens=count_tokens(texts, limits, fixed=fixed),
        fixed=count_tokens((goal, *task.files, *task.images, task.standing), limits, fixed=fixed),
        chars=PROMPT_CHARS + sum(len(part) for part in texts),
        files=named.files,
        images=images,
        kinds=kinds,
        scope_word=_scope(task.goal, policy) or wide,
        private=(
            *_if_said(task.local_only, "label", "--local-only"),
            *private,
            *_other_names(task, (*named.files, *named.nearby), around, policy),
            *_if_said(policy.local_only_by, "label", f"local_only in {policy.local_only_by}"),
            *_if_said(private_thread, "thread", "this thread, which carries a private task"),
        ),
        windows=around.windows,
        notes=(*named.notes, *image_notes, *understood),
    )


def may_be_located(evidence: Evidence, around: Surroundings, seconds: float) -> bool:
    """Tell whether the workspace is asked where a task works. That takes time, and a task that names files says so."""
    return seconds > 0 and around.workspace is not None and not evidence.files


def _leads_somewhere(around: Surroundings, policy: Policy) -> IsThere:
    """Return what tells whether a private path that a text names is there. Most texts name none."""

    @cache
    def there() -> IsThere:
        from profile_router.withheld.named_paths import NamedPrivate

        paths, copied_from = policy.private_paths, around.copied_from
        return NamedPrivate(workspace=around.workspace, cwd=around.cwd, globs=paths, copied_from=copied_from)

    return lambda path: there()(path)


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


def _kinds(goal: str, policy: Policy) -> tuple[tuple[KindHit, ...], str | None, Sequence[str]]:
    """Return the kinds that *goal* asks for, the phrase of another language by which it is wide, and notes.

    The note tells that the policy has no phrases of its language.
    """
    found = find_kinds(goal, policy.kinds) or find_phrases(goal, policy.phrases)
    wide = next((hit.quote for hit in found if hit.kind == SCOPE), None)
    kinds = tuple(hit for hit in found if hit.kind != SCOPE)
    return kinds, wide, [] if found or language_of_text(goal) in policy.phrases.known else [NOT_UNDERSTOOD]


def _scope(goal: str, policy: Policy) -> str | None:
    large = next((rule.refactor for rule in policy.rules if isinstance(rule, LargeChangeRule)), None)
    return has_scope_word(goal, large.scope_words, large.scope_objects) if large else None


def _stated(size: int) -> Range:
    return Range(size, size, "stated")


def _files_to_read(task: Task, said: StatedSizes, named: int, around: int, tests: int) -> Range:
    """Return what the caller states, else the text. Where the task names more files, those will be read.

    Files *around* are those of a folder in which something is done. How many of them are read is a guess.
    """
    stated = said.files if task.facts.files_to_read is None else task.facts.files_to_read
    if stated is not None and stated >= named:
        return _stated(stated)
    if max(named, tests):
        return Range(max(named, tests), max(named, tests), "measured")
    if task.facts.files_to_read is None and said.files_at_most:
        return Range(1, said.files_at_most, "stated")
    return Range(1, around, "guessed") if around else UNKNOWN


def _files_to_edit(task: Task, said: StatedSizes, named: int, tests: int) -> Range:
    """Return what the caller states, else the text. Else any of the named files may be edited, and at least one is."""
    if task.facts.files_to_edit is not None:
        return _stated(task.facts.files_to_edit)
    if said.files is not None and said.edits:
        return _stated(said.files)
    if tests:
        return Range(tests, max(named, tests), "measured")
    if named:
        from profile_router.core.language.faults import only_asks  # many a task names no file

        return NONE_TO_EDIT if only_asks(task.goal, task.files) else Range(1, named, "measured")
    return Range(1, said.files_at_most, "stated") if said.files_at_most and said.edits else UNKNOWN


def _lines_to_edit(task: Task, said: StatedSizes) -> Range:
    """Return the lines that the caller states, else those of the text; each place that it counts is a line."""
    lines = said.lines if task.facts.lines_to_edit is None and said.edits else task.facts.lines_to_edit
    return UNKNOWN if lines is None else _stated(lines)


def _test_files(workspace: Workspace | None) -> int:
    return sum(1 for path in tracked_files(workspace) if _TEST_FILE.search(path)) if workspace else 0
