"""What the parent asks for. Knows nothing of files on disk: paths here are only words."""

from __future__ import annotations

from profile_router.core.conversation import Conversation
from profile_router.core.found_check import FoundCheck
from profile_router.values import frozen

SHORTEN_THE_GOAL = "shorten the goal, or put its details into a file that --file names: it is read by pages"
_STANDING = "The user stands in {folder}/: the context, and names of files that are not there yet, may start from it."


@frozen
class Facts:
    """Sizes the caller states. They count as evidence of source *stated*; None means not stated."""

    files_to_read: int | None = None
    files_to_edit: int | None = None
    lines_to_edit: int | None = None


@frozen
class Task:
    """One unit of delegation.

    `context` is prompt text; `files` are named, not included (the agent pages through them). `timeout_s` is seconds
    of wall clock for the whole run, from where it is measured. `max_cost_usd` is USD for all its steps (0: nothing that
    is paid), `max_turns` the model calls of one attempt. `context_from` is the file that `context` was read from: its
    path may be private.
    `conversation` is what the parent and its user said so far, whole; the policy says how
    much of it is shared. `sessions` are what it was said in: the parent's session, then those that this one goes on
    with; empty where they are not known. `whole_answer`: a program reads the answer, so it is never summarized or cut.

    `folder` is None as long as paths are as they were written. Afterwards they are relative to the workspace. `folder`
    is then the folder that the user stands in, relative to it too (empty: its root, or elsewhere). `spelled` are the
    paths that were changed, as they were written. One name of a file may be private where its others are not.

    `check` is the command that the task names. `proposed_check` is one that the model wants; it runs in a jail, once a
    person agreed. `found` is the workspace's own, which a run looks for where the task names none. Whoever asks for a
    task cannot set it.
    """

    goal: str
    context: str = ""
    files: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    workspace: str | None = None
    toolsets: tuple[str, ...] | None = None
    max_turns: int | None = None
    thread: str | None = None
    facts: Facts = Facts()
    profile: str | None = None
    local_only: bool = False
    check: str | None = None
    timeout_s: float | None = None
    max_cost_usd: float | None = None
    conversation: Conversation = ()
    sessions: tuple[str, ...] = ()
    whole_answer: bool = False
    context_from: str = ""
    folder: str | None = None
    spelled: tuple[str, ...] = ()
    found: FoundCheck | None = None
    proposed_check: str | None = None

    @property
    def to_check(self) -> str | FoundCheck | None:
        """Return what runs once the work is done: the task's own check, else the one found, if it may run."""
        if self.check is not None:
            return self.check
        return self._found(weak=False)

    @property
    def linter(self) -> FoundCheck | None:
        """Return the linter that was found in place of a check, if it may run."""
        return self._found(weak=True)

    def _found(self, *, weak: bool) -> FoundCheck | None:
        found = self.found
        return found if found is not None and not found.refused and found.weak == weak else None

    @property
    def standing(self) -> str:
        """Return what a model is told of the folder that the user stands in; empty where that is the root."""
        return _STANDING.format(folder=self.folder) if self.folder else ""
