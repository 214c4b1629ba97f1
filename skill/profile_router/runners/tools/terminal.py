"""The tool `run_command`: who is offered it, and one command at a time in a jail around the workspace."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from profile_router.core.attempt.order import Order
from profile_router.core.policy import Policy, Terminal
from profile_router.core.privacy.findings import masked, private_glob
from profile_router.core.profile import Profile
from profile_router.core.text import counted, shown, some_of
from profile_router.errors import WorkspaceError
from profile_router.expressions import expression
from profile_router.git.command import git, work_tree
from profile_router.jail.allowed import NotAllowed, command_words
from profile_router.jail.child import CROWDED, JAIL_FAILED, NO_JAIL, SWOLLEN
from profile_router.jail.process import ProcessEnd, run_bounded
from profile_router.jail.view import JailView, jail_command, jail_problem
from profile_router.policies.workspace_rules import RULES_FILE as RULES
from profile_router.runners.tools.answer_shape import ToolRefusal
from profile_router.runners.tools.fence import Fence
from profile_router.runners.tools.hidden_files import HIDDEN_FILES_SECONDS, READ_BYTES, Hidden, HiddenFiles, walked
from profile_router.withheld.survey import survey
from profile_router.withheld.watch import WithheldWatch, watched
from profile_router.withheld.whole_scan import Secrets

FLOOD_BYTES = 8 * 1024 * 1024
_END = 128 * 1024  # characters looked at from each end of an output: secrets are sought at about 1 MB in 3 s
_HEAD = 4  # one part in so many of a long output is its beginning, the rest its end
# What would drive a terminal, and costs tokens: ECMA-48 sequences, and all control characters but tab and line feed. A
# string sequence ends at the next escape at the latest. One that looked further takes hours over a hostile flood.
_CONTROLS = expression(
    r"\x1b\[[0-?]*+[ -/]*+[@-~]|\x1b[\]PX^_][^\x07\x1b\n]*+(?:\x07|\x1b\\)|\r(?=\n)|[\x00-\x08\x0b-\x1f\x7f-\x9f]"
)


def wants_terminal(order: Order, profile: Profile) -> bool:
    """Tell whether the toolsets ask for a terminal: the task's, or the profile's where the task names none."""
    asked = order.task.toolsets if order.task.toolsets is not None else profile.toolsets
    return "terminal" in (asked or ())


def open_terminal(
    order: Order, profile: Profile, fence: Fence | None, policy: Policy, secrets: Secrets
) -> Jailed | str:
    """Return the terminal of an attempt that asks for one, or why it gets none. Takes 0.1 s the first time.

    *secrets* knows what attempts before this one found in files that have not changed since, and is added to.
    """
    root = fence.root if fence else None
    reason = terminal_refused(profile, root, policy, local=order.local) or jail_problem()
    if reason is None and fence is not None:
        network = policy.terminal.network and not order.private
        hidden = None if order.local else _hidden_files(fence, policy.private_paths, secrets)
        watch = partial(WithheldWatch, fence.root, policy.private_paths, secrets) if order.local else None
        return Jailed(fence, policy.terminal, hidden, network=network, watch=watch)
    cut = ", so the network cannot be cut off from a private task" if order.private and reason == jail_problem() else ""
    return f"run_command is not offered: {reason}{cut}"


def terminal_refused(profile: Profile, root: Path | None, policy: Policy, *, local: bool) -> str | None:
    """Return what speaks against commands in the workspace *root*, the jail aside; None where nothing does."""
    return next(_against(profile, root, policy, local), None)


def _against(profile: Profile, root: Path | None, policy: Policy, local: bool) -> Iterator[str]:
    if profile.toolsets is not None and "terminal" not in profile.toolsets:
        yield f"{profile.name} has no terminal (toolsets: {', '.join(profile.toolsets) or 'none'})"
    if profile.terminal_backend != "local":
        yield (
            f"terminal.backend of {profile.name} is '{shown(profile.terminal_backend)}', and the embedded runner runs "
            "commands here only; write `local`, or use Hermes' runner"
        )
    if not policy.terminal.allow:
        yield "the policy allows no command (terminal.allow)"
    if root is None:
        yield "the task has no workspace"
        return
    home = Path(os.path.realpath(Path.home()))
    if home.is_relative_to(root):
        yield f"the workspace {root} holds your home folder"
    if not local and (glob := private_glob(str(root), policy.private_paths)):
        yield f"the workspace is private (policy: {glob})"


def _hidden_files(fence: Fence, globs: tuple[str, ...], secrets: Secrets) -> HiddenFiles:
    return HiddenFiles(
        root=os.fspath(fence.root),
        globs=globs,
        survey=lambda: survey(fence.root, globs),
        first=lambda: fence.files().paths,
        secrets=secrets,
        left=fence.left,
        given_up=lambda: fence.sealed,
    )


class Jailed:
    """A terminal whose commands run in a jail. `used` counts them; `made` is what they made that git takes for its own.

    *hidden* finds what looks empty to them, and so does git's data then, which keeps what such files once held; None:
    the model is on this machine, and *watch* makes what tells which withheld files a command opens.
    """

    def __init__(
        self,
        fence: Fence,
        options: Terminal,
        hidden: HiddenFiles | None,
        *,
        network: bool,
        watch: Callable[[], WithheldWatch] | None = None,
    ) -> None:
        self.used = 0
        self.made: set[str] = set()
        self.options = options
        self._fence = fence
        self._hidden = hidden
        self._network = network
        self._watch = watch
        self._one = asyncio.Lock()

    async def run(self, command: str, room: int) -> str:
        """Return how *command* ended and what it printed, in *room* characters. Raises ToolRefusal if it is not run."""
        try:
            words = command_words(command, allow=self.options.allow, deny=self.options.deny)
        except NotAllowed as refused:
            raise ToolRefusal(str(refused)) from None
        async with self._one:
            view, hidden = await asyncio.to_thread(self._view)
            started = jail_command(words, view, self.options)
            self.used += 1
            await asyncio.to_thread(self._fence.about_to_run)
            try:
                async with watched(self._watch, lambda taint: self._fence.note(taint.path, taint.why)):
                    ended = await run_bounded(
                        started, view.root, {}, seconds=self.options.seconds, most_bytes=FLOOD_BYTES, flood=True
                    )
            finally:
                await asyncio.to_thread(self._fence.has_run)
            await asyncio.to_thread(self._look_for_git, view)
        return await asyncio.to_thread(self._answer, ended, hidden, min(room, self.options.output_chars))

    def _look_for_git(self, before: JailView) -> None:
        """Note new data of git's: it names programs that git would run outside of the jail."""
        with suppress(ToolRefusal):
            self.made |= set(walked(os.fspath(before.root), ()).git_data) - {*before.fixed, *before.hidden}

    def _answer(self, ended: ProcessEnd, hidden: Hidden | None, room: int) -> str:
        whole = _CONTROLS.sub("", ended.output.decode("utf-8", "replace")).rstrip()
        end = max(_END, room)
        text = masked(whole if len(whole) <= 2 * end else whole[:end] + whole[-end:], self._fence.confidential)
        if hidden and (reason := self._fence.withhold(".", text)):
            text = f"[the output {reason}; only a local profile may see it]"
        head = self._verdict(ended) + (self._fence.seen(_looked_empty(hidden, self._fence)) if hidden else "")
        return f"{head}\n{_both_ends(text, room - len(head) - 1, len(whole))}".rstrip()

    def _verdict(self, ended: ProcessEnd) -> str:
        limits = self.options
        why = {
            "time": f"it took more than {limits.seconds:g} s",
            "output": f"it printed more than {FLOOD_BYTES:,} bytes",
            CROWDED: f"it had more than {limits.processes:,} processes",
            SWOLLEN: f"its processes took more than {limits.memory_mb:,} MB of memory",
        }.get(ended.ended_for or ended.exit_code or 0)
        if why:
            return f"error: the command was ended: {why}"
        if ended.exit_code == JAIL_FAILED:
            return f"error: {NO_JAIL}"
        return f"exit code {ended.exit_code} after {ended.seconds:g} s"

    def _view(self) -> tuple[JailView, Hidden | None]:
        root = self._fence.root
        if self._fence.look(".") is None:
            raise FileNotFoundError
        if (root / ".git").is_symlink():
            raise ToolRefusal(".git is a symbolic link, which cannot be kept from a command; use the file tools")
        hidden = self._hidden.find() if self._hidden else None
        git_data = () if hidden else walked(os.fspath(root), ()).git_data
        view = JailView(
            root=root,
            readable=(*self.options.readable, *(() if hidden else _git_around(root))),
            fixed=(*self._rules(), *git_data),
            hidden=hidden.paths if hidden else (),
            network=self._network,
        )
        return view, hidden

    def _rules(self) -> list[str]:
        """Return the workspace's own rules as a path: only its people change or remove them."""
        path = self._fence.root / RULES
        return [str(path)] if path.is_file() and not path.is_symlink() else []


def _looked_empty(hidden: Hidden, fence: Fence) -> str:
    """Return what the answer says of files that looked empty to a command. Nobody is to look for a fault there."""
    said = []
    if hidden_paths := len(hidden.private) + len(hidden.secret):
        said.append(f" ({counted(hidden_paths, 'private path')} looked empty to it)")
    if hidden.secret:
        said.append(f" (of them for a known secret: {_first(hidden.secret, fence)})")
    if hidden.unread:
        why = f"were not read to their end in {HIDDEN_FILES_SECONDS:g} s and {READ_BYTES:,} bytes, so may hold a secret"
        said.append(f" ({counted(hidden.unread_files, 'file')} {why} and looked empty: {_first(hidden.unread, fence)})")
    return "".join(said)


def _first(paths: Sequence[str], fence: Fence) -> str:
    return some_of([shown(path.removeprefix(f"{fence.root}/")) for path in paths])


def _git_around(root: Path) -> tuple[str, ...]:
    """Return git's data of *root* that lies outside of it: a worktree's, or that of the repository around it."""
    try:
        top = work_tree(root)
        asked = git(root, "rev-parse", "--path-format=absolute", "--git-dir", "--git-common-dir") if top else ""
    except WorkspaceError:
        return ()
    places = [*asked.splitlines(), *([f"{top}/.git"] if top else [])]
    return tuple(dict.fromkeys(path for path in places if not Path(path).is_relative_to(root)))


def _both_ends(text: str, room: int, of: int) -> str:
    if len(text) <= room:
        return text
    note = f"\n[{of:,} characters, the middle left out]\n"
    left = max(room - len(note), 0)
    head = left // _HEAD
    return text[:head] + note + text[len(text) - (left - head) :]
