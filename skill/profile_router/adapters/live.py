"""Measure for a run: as for a route, and the local servers are asked for their real windows and their own counts."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from profile_router.adapters.backends import count_prompt, inspect
from profile_router.adapters.embedded.prompt import request_body, task_text
from profile_router.adapters.measure import Surroundings, measure
from profile_router.adapters.windows import remember_window
from profile_router.adapters.workspace import Workspace, base_of
from profile_router.core.attempts import order_for
from profile_router.core.backend import BackendReport
from profile_router.core.conversation import Conversation
from profile_router.core.decide import Candidates, is_local
from profile_router.core.evidence import Evidence, Window
from profile_router.core.policy import Policy
from profile_router.core.profile import Profile, is_loopback
from profile_router.core.task import Task


@dataclass(slots=True, kw_only=True)
class LiveBackends:
    """Asks the servers that are ours to ask: those on this machine and those the policy attests as local."""

    policy: Policy
    profiles: Mapping[str, Profile]
    candidates: Candidates

    def key_missing(self, profile: str) -> str | None:
        """Return a sentence where *profile* wants a key and has none: what is missing and where it is looked for."""
        loaded = self.profiles[profile]
        if not loaded.key_missing:
            return None
        variable = loaded.endpoint.key_variable or "its key"
        return f"{profile} has no key: {variable} is neither in the profile's .env nor in the environment"

    async def inspect(self, profile: str) -> BackendReport | None:
        """Return what the server of *profile* says, None for one in a cloud: nothing is asked there but the task."""
        loaded = self.profiles[profile]
        if not (is_local(self.candidates.get(profile), self.policy) or is_loopback(loaded.endpoint.base_url)):
            return None
        return await inspect(loaded, connect_s=self.policy.limits.connect_seconds)


@dataclass(slots=True, kw_only=True)
class LiveMeasurer:
    """Measures tasks of a run. `windows` are those known without asking; `state` is where real ones are kept."""

    policy: Policy
    profiles: Mapping[str, Profile]
    candidates: Candidates
    backends: LiveBackends
    workspace: Workspace | None
    cwd: Path
    state: Path
    windows: tuple[Window, ...]
    _reports: dict[str, BackendReport] = field(default_factory=dict, init=False)

    def task_text(self, task: Task) -> str:
        """Return *task* as the user turn that the shared conversation keeps."""
        return task_text(task)

    async def measure(self, task: Task, conversation: Conversation, *, private_thread: bool) -> Evidence:
        """Return the evidence of *task*, with real windows where a local server tells them."""
        windows = tuple([await self._real(window) for window in self.windows])
        around = Surroundings(workspace=self.workspace, cwd=self.cwd, windows=windows)
        evidence = measure(task, self.policy, around, conversation=conversation, private_thread=private_thread)
        counted = tuple([await self._counted(window, task, evidence, conversation) for window in windows])
        return replace(evidence, windows=counted)

    async def _real(self, window: Window) -> Window:
        """Ask the server, if it is attested as local: whether the task is private is not known yet."""
        if not is_local(self.candidates.get(window.profile), self.policy):
            return window
        report = await self.backends.inspect(window.profile)
        if report is None or report.window is None:
            return window
        self._reports[window.profile] = report
        remember_window(self.profiles[window.profile], report.window, self.state, now=time.time())
        return Window(profile=window.profile, tokens=report.window, source="server")

    async def _counted(self, window: Window, task: Task, evidence: Evidence, conversation: Conversation) -> Window:
        """Return *window* with the server's own count of the prompt, asked only near the limit."""
        report = self._reports.get(window.profile)
        counting = self.policy.counting
        share = evidence.tokens.high * counting.tokenizer_factor / max(1, window.tokens)
        if report is None or not report.counts_prompts or not counting.ask_server_above < share < _HOPELESS:
            return window
        order = order_for(
            task,
            evidence,
            self.policy,
            self.candidates,
            profile=window.profile,
            step="route",
            conversation=conversation,
            seconds=self.policy.limits.run_seconds,
        )
        profile = self.profiles[window.profile]
        body = request_body(
            order,
            profile,
            self.policy,
            self.workspace.root if self.workspace else None,
            base_of(self.workspace, self.cwd),
        )
        said = await count_prompt(profile, body, connect_s=self.policy.limits.connect_seconds)
        return replace(window, prompt_tokens=said)


_HOPELESS = 8.0  # times the window: no tokenizer counts eight times lower than o200k's upper bound suggests
