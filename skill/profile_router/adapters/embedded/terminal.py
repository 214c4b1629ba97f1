"""The tool `run_command`: who is offered it, and one command at a time in a jail around the workspace."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from profile_router.adapters.bounded_process import Ended, run_bounded
from profile_router.adapters.embedded.fence import Fence, plain
from profile_router.adapters.embedded.paths import ToolRefusal, shown
from profile_router.adapters.embedded.replies import counted
from profile_router.adapters.git import git, work_tree
from profile_router.adapters.jail.child import CROWDED, FAILED, SWOLLEN
from profile_router.adapters.jail.view import View, jail_command, jail_problem
from profile_router.core.command_rules import NotAllowed, command_words
from profile_router.core.order import Order
from profile_router.core.policy import Policy, Terminal
from profile_router.core.privacy import masked, private_glob
from profile_router.core.profile import Profile
from profile_router.core.tighten import FILE as RULES
from profile_router.errors import WorkspaceError

FLOOD_BYTES = 8 * 1024 * 1024
MOST_ENTRIES = 100_000
_MOST_HIDDEN = 1_000
_SCANNED_FILE = 256 * 1024
_MOST_SCANNED = 16 * 1024 * 1024  # half a second a MB, once an attempt
_END = 128 * 1024  # characters of each end of an output that are looked at: secrets are sought at about 1 MB in 3 s
_HEAD = 4  # one part in so many of a long output is its beginning, the rest its end
# What would drive a terminal, and costs tokens: ECMA-48 sequences, and all control characters but tab and line feed.
# A string sequence ends at the next escape at the latest: one that looked further takes hours over a hostile flood.
_CONTROLS = re.compile(
    r"\x1b\[[0-?]*+[ -/]*+[@-~]|\x1b[\]PX^_][^\x07\x1b\n]*+(?:\x07|\x1b\\)|\r(?=\n)|[\x00-\x08\x0b-\x1f\x7f-\x9f]"
)


def wants_terminal(order: Order, profile: Profile) -> bool:
    """Tell whether the toolsets ask for a terminal: the task's, or the profile's where the task names none."""
    asked = order.task.toolsets if order.task.toolsets is not None else profile.toolsets
    return "terminal" in (asked or ())


def open_terminal(order: Order, profile: Profile, fence: Fence | None, policy: Policy) -> Jailed | str:
    """Return the terminal of an attempt that asks for one, or why it gets none. Takes 0.1 s the first time."""
    reason = next(_against(profile, fence, policy, order.local), None) or jail_problem()
    if reason is None and fence is not None:
        network = policy.terminal.network and not order.private
        return Jailed(fence, policy.terminal, policy.private_paths, elsewhere=not order.local, network=network)
    cut = ", so the network cannot be cut off from a private task" if order.private and reason == jail_problem() else ""
    return f"run_command is not offered: {reason}{cut}"


def _against(profile: Profile, fence: Fence | None, policy: Policy, local: bool) -> Iterator[str]:
    if profile.toolsets is not None and "terminal" not in profile.toolsets:
        yield f"{profile.name} has no terminal (toolsets: {', '.join(profile.toolsets) or 'none'})"
    if profile.terminal_backend != "local":
        yield (
            f"terminal.backend of {profile.name} is '{shown(profile.terminal_backend)}', and the embedded runner runs "
            "commands here only; write `local`, or use Hermes' runner"
        )
    if not policy.terminal.allow:
        yield "the policy allows no command (terminal.allow)"
    if fence is None:
        yield "there is no workspace"
        return
    home = Path(os.path.realpath(Path.home()))
    if home.is_relative_to(fence.root):
        yield f"the workspace {fence.root} holds your home folder"
    if not local and (glob := private_glob(str(fence.root), policy.private_paths)):
        yield f"the workspace is private (policy: {glob})"


class Jailed:
    """A terminal whose commands run in a jail. `used` counts them; `made` is what they made that git takes for its own.

    *elsewhere*: the model is not on this machine, so files that match *globs* or hold a secret look empty, and so does
    git's data, which keeps what such files once held.
    """

    def __init__(
        self, fence: Fence, options: Terminal, globs: tuple[str, ...], *, elsewhere: bool, network: bool
    ) -> None:
        self.used = 0
        self.made: set[str] = set()
        self.options = options
        self._fence = fence
        self._globs = globs
        self._elsewhere = elsewhere
        self._network = network
        self._one = asyncio.Lock()
        self._clear: dict[str, tuple[int, int]] = {}

    async def run(self, command: str, room: int) -> str:
        """Return how *command* ended and what it printed, in *room* characters. Raises ToolRefusal if it is not run."""
        try:
            words = command_words(command, allow=self.options.allow, deny=self.options.deny)
        except NotAllowed as refused:
            raise ToolRefusal(str(refused)) from None
        async with self._one:
            view = await asyncio.to_thread(self._view)
            started = jail_command(words, view, self.options)
            self.used += 1
            ended = await run_bounded(
                started, view.root, {}, seconds=self.options.seconds, kept=FLOOD_BYTES, flood=True
            )
            await asyncio.to_thread(self._look_for_git, view)
        return await asyncio.to_thread(self._answer, ended, view, min(room, self.options.output_chars))

    def _look_for_git(self, before: View) -> None:
        """Note new data of git's: it names programs that git would run outside of the jail."""
        with suppress(ToolRefusal):
            self.made |= set(self._walk()[0]) - {*before.fixed, *before.hidden}

    def _answer(self, ended: Ended, view: View, room: int) -> str:
        whole = _CONTROLS.sub("", ended.output.decode("utf-8", "replace")).rstrip()
        end = max(_END, room)
        text = masked(whole if len(whole) <= 2 * end else whole[:end] + whole[-end:])
        if self._elsewhere and (reason := self._fence.withhold(".", text)):
            text = f"[the output {reason}; only a local profile may see it]"
        kept = sum(os.path.basename(path).casefold() != ".git" for path in view.hidden)  # noqa: PTH119 - only its name
        head = self._verdict(ended) + (f" ({counted(kept, 'private path')} looked empty to it)" if kept else "")
        return f"{head}\n{_both_ends(text, room - len(head) - 1, len(whole))}".rstrip()

    def _verdict(self, ended: Ended) -> str:
        limits = self.options
        why = {
            "time": f"it took more than {limits.seconds:g} s",
            "output": f"it printed more than {FLOOD_BYTES:,} bytes",
            CROWDED: f"it had more than {limits.processes:,} processes",
            SWOLLEN: f"its processes took more than {limits.memory_mb:,} MB of memory",
        }.get(ended.ended_for or ended.exit_code or 0)
        if why:
            return f"error: the command was ended: {why}"
        if ended.exit_code == FAILED:
            return "error: the jail could not be made"
        return f"exit code {ended.exit_code} after {ended.seconds:g} s"

    def _view(self) -> View:
        root = self._fence.root
        if self._fence.look(".") is None:
            raise FileNotFoundError
        if (root / ".git").is_symlink():
            raise ToolRefusal(".git is a symbolic link, which cannot be kept from a command; use the file tools")
        git_data, private = self._walk()
        hidden = (*git_data, *private, *self._secrets(set(private))) if self._elsewhere else ()
        if len(hidden) > _MOST_HIDDEN:
            raise ToolRefusal(
                f"more than {_MOST_HIDDEN:,} files are to be kept from a model elsewhere; use the file tools"
            )
        around = () if self._elsewhere else _git_around(root)
        return View(
            root=root,
            readable=(*self.options.readable, *around),
            fixed=(*self._rules(), *(() if self._elsewhere else git_data)),
            hidden=tuple(hidden),
            network=self._network,
        )

    def _rules(self) -> list[str]:
        """Return the workspace's own rules as a path: only its people change or remove them."""
        path = self._fence.root / RULES
        return [str(path)] if path.is_file() and not path.is_symlink() else []

    def _walk(self) -> tuple[list[str], list[str]]:
        """Return git's own data and what is private by its path, folders as a whole."""
        git_data: list[str] = []
        private: list[str] = []
        closed: set[str] = set()
        seen = 0
        for folder, folders, names in os.walk(self._fence.root):
            seen += len(folders) + len(names)
            if seen > MOST_ENTRIES:
                raise ToolRefusal(f"the workspace has more than {MOST_ENTRIES:,} files; commands are not run in such")
            if "HEAD" in names and ("commondir" in names or {"objects", "refs"} <= set(folders)):
                git_data.append(folder)
                folders.clear()
                continue
            for name in (*folders, *names):
                path = f"{folder}/{name}"
                if name.casefold() == ".git":
                    git_data.append(path)
                elif self._elsewhere and private_glob(path, self._globs):
                    private.append(path)
                else:
                    continue
                closed.add(path)
            folders[:] = [name for name in folders if f"{folder}/{name}" not in closed]
        return git_data, [path for path in private if not os.path.islink(path)]  # noqa: PTH114 - what it names counts

    def _secrets(self, private: set[str]) -> Iterator[str]:
        """Yield the files that hold a secret; what was clear and has not changed is not read again."""
        left = _MOST_SCANNED
        for path in self._fence.files().paths:
            whole = f"{self._fence.root}/{path}"
            try:
                found = self._fence.look(path)
                stamp = (found.st_mtime_ns, found.st_size) if found else None
                if stamp is None or self._clear.get(path) == stamp:
                    continue
                with self._fence.opened(path) as (file, _):
                    content = file.read(_SCANNED_FILE)
            except (ToolRefusal, OSError):  # private by its path, a link, gone
                continue
            left -= len(content)
            if left < 0:
                raise ToolRefusal("the workspace is too large to keep its secrets from a model elsewhere")
            if self._fence.withhold(path, plain(content)):
                if whole not in private:
                    yield whole
            else:
                self._clear[path] = stamp


def _git_around(root: Path) -> tuple[str, ...]:
    """Return git's data of *root* that lies outside of it: of a worktree, or of the repository that it is a part of."""
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
