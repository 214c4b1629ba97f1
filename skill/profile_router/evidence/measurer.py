"""Measure for a run, as for a route. The local servers are also asked for their real windows and their own counts."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import field, replace
from functools import partial
from pathlib import Path
from typing import Any

from profile_router.copies.thread_copies import original_of
from profile_router.core.attempt.order import Order
from profile_router.core.attempt.ordering import order_for
from profile_router.core.conversation import Conversation, Shared
from profile_router.core.evidence import Evidence, Window
from profile_router.core.ladder.failure import Place
from profile_router.core.ladder.server_report import ServerReport
from profile_router.core.policy import Policy
from profile_router.core.profile import Profile
from profile_router.core.routing.candidate import Candidates, is_local
from profile_router.core.routing.decide import stays_here
from profile_router.core.task import Task
from profile_router.evidence.conversation import share
from profile_router.evidence.first_look import FirstLook
from profile_router.evidence.measure import Surroundings, may_be_located, measure
from profile_router.prompting.tokens import exact_tokens
from profile_router.servers.inspect import ModelServers, count_prompt
from profile_router.servers.windows import remember_window
from profile_router.threads.parent_sessions import ParentSessions
from profile_router.values import mutable
from profile_router.workspace.folder import Workspace


@mutable
class RunMeasurer:
    """Measures tasks of a run. `windows` are those known without asking; `state` is where real ones are kept, `cache`
    where an index of the repository is; `looked` has what that told of the task already."""

    policy: Policy
    profiles: Mapping[str, Profile]
    candidates: Candidates
    backends: ModelServers
    workspace: Workspace | None
    cwd: Path
    state: Path
    cache: Path
    windows: tuple[Window, ...]
    body: Callable[[Order, Profile], Mapping[str, Any]]
    first_look: FirstLook = field(default_factory=FirstLook)
    _reports: dict[str, ServerReport] = field(default_factory=dict, init=False)

    @property
    def sessions(self) -> ParentSessions:
        """Return what is remembered of the parent's sessions."""
        return ParentSessions(state=self.state)

    def count(self, text: str) -> int:
        """Return the o200k tokens of *text*."""
        return exact_tokens(text)

    def share(self, task: Task, thread: Conversation) -> Shared:
        """Return what of the parent's conversation goes along, within the policy's budget, and what is private."""
        return share(task, thread, self.policy, self.sessions)

    async def measure(
        self, task: Task, conversation: Conversation, *, private_thread: bool, seconds: float
    ) -> Evidence:
        """Return the evidence of *task*, with real windows where a local server tells them within *seconds*."""
        until = time.monotonic() + seconds
        windows = tuple([await _in_time(partial(self._real, window), window, until) for window in self.windows])
        root = self.workspace.root if self.workspace else None
        original = None if root is None else Path(original_of(self.state, str(root)))
        around = Surroundings(workspace=self.workspace, cwd=self.cwd, windows=windows, copied_from=original)
        evidence = measure(task, self.policy, around, conversation=conversation, private_thread=private_thread)
        left = max(0.0, min(self.policy.repository.run_seconds, until - time.monotonic()))
        if may_be_located(evidence, around, left):
            evidence = await asyncio.to_thread(self._located, task, evidence, around, left)
        if stays_here(task, evidence, self.candidates, self.policy):
            self.sessions.note_private(task.sessions)
        counted = tuple(
            [await _in_time(partial(self._counted, one, task, evidence, conversation), one, until) for one in windows]
        )
        return replace(evidence, windows=counted)

    def _located(self, task: Task, evidence: Evidence, around: Surroundings, seconds: float) -> Evidence:
        from profile_router.evidence.locating import with_located  # only a repository is asked

        look = self.first_look.located_in
        return with_located(task, evidence, around, self.policy, self.cache, seconds, look)

    async def _real(self, window: Window) -> Window:
        """Ask the server, if it is attested as local: whether the task is private is not known yet."""
        if not is_local(self.candidates.get(window.profile), self.policy):
            return window
        report = await self.backends.look(Place(window.profile))
        if report is None or report.window is None:
            return window
        self._reports[window.profile] = report
        remember_window(self.profiles[window.profile], report.window, self.state, now=time.time())
        return replace(window, tokens=report.window, source="server", age_s=None)

    async def _counted(self, window: Window, task: Task, evidence: Evidence, conversation: Conversation) -> Window:
        """Return *window* with the server's own count of the prompt, asked only near the limit."""
        report = self._reports.get(window.profile)
        counting = self.policy.counting
        share = evidence.tokens.high * counting.tokenizer_factor / max(1, window.tokens)
        if report is None or not report.counts_prompts or not counting.ask_server_above < share < _HOPELESS:
            return window
        place = Place(window.profile)
        order = order_for(task, evidence, self.policy, self.candidates, place, conversation=conversation)
        profile = self.profiles[window.profile]
        body = self.body(order, profile)
        said = await count_prompt(profile, body, connect_s=self.policy.limits.connect_seconds)
        return replace(window, prompt_tokens=said)


async def _in_time(ask: Callable[[], Awaitable[Window]], known: Window, until: float) -> Window:
    """Return the window that *ask* gets of a server; the *known* one where it does not answer *until* then."""
    if (left := until - time.monotonic()) <= 0:
        return known
    try:
        async with asyncio.timeout(left):
            return await ask()
    except TimeoutError:
        return known


_HOPELESS = 8.0  # times the window: no tokenizer counts eight times lower than o200k's upper bound suggests
