"""Measure for a run: as for a route, and the local servers are asked for their real windows and their own counts."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from profile_router.adapters.backends import count_prompt, inspect
from profile_router.adapters.conversation_trim import pass_on
from profile_router.adapters.embedded.prompt import request_body, task_text
from profile_router.adapters.health_store import HealthStore
from profile_router.adapters.kept_copies import original_of
from profile_router.adapters.key_pools import in_words
from profile_router.adapters.measure import Surroundings, measure
from profile_router.adapters.parent_sessions import ParentSessions
from profile_router.adapters.tokens import exact_tokens
from profile_router.adapters.windows import remember_window
from profile_router.adapters.workspace import Workspace, base_of
from profile_router.core.attempts import order_for
from profile_router.core.backend import BackendReport
from profile_router.core.causes import cause_of_status
from profile_router.core.conversation import Conversation, PassedOn
from profile_router.core.decide import Candidates, is_local, stays_here
from profile_router.core.evidence import Evidence, Window
from profile_router.core.ladder import Failure, Place
from profile_router.core.policy import Policy
from profile_router.core.profile import Profile, ProviderEndpoint, is_loopback
from profile_router.core.task import Task


@dataclass(slots=True, kw_only=True)
class LiveBackends:
    """Asks the servers that are ours to ask: those on this machine and those the policy attests as local."""

    policy: Policy
    profiles: Mapping[str, Profile]
    candidates: Candidates

    def key_missing(self, place: Place) -> str | None:
        """Return a sentence where *place* wants a key and has none: what is missing and where it is looked for."""
        loaded = self.profiles[place.profile].at(place.provider)
        if not loaded.key_missing:
            return None
        variable = loaded.endpoint.key_variable or "its key"
        return f"{place.profile} has no key: {variable} is neither in the profile's .env nor in the environment"

    async def inspect(self, place: Place) -> BackendReport | None:
        """Return what the server at *place* says, None for one in a cloud: nothing is asked there but the task.

        One that is loading its model is asked again until it is done, or the policy's `loading_seconds` are over.
        """
        until = time.monotonic() + self.policy.limits.loading_seconds
        while True:
            report = await self.look(place)
            if report is None or report.cause != "loading" or time.monotonic() >= until:
                return report
            await asyncio.sleep(_BETWEEN_LOOKS_S)

    async def look(self, place: Place) -> BackendReport | None:
        """Return what the server at *place* says right now, None for one in a cloud."""
        loaded = self.profiles[place.profile].at(place.provider)
        candidate = self.candidates.get(place.profile)
        local = is_local(candidate.at(place.provider) if candidate else None, self.policy)
        if not (local or is_loopback(loaded.endpoint.base_url)):
            return None
        return await inspect(loaded, connect_s=self.policy.limits.connect_seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveHealth:
    """The remembered health of the profiles' providers."""

    store: HealthStore
    profiles: Mapping[str, Profile]

    def blocked(self, place: Place, *, answers: bool) -> Failure | None:
        """Return why the provider at *place* is to be left alone now, None where it may be tried.

        A key that rests in Hermes' auth.json, as it was when the profile was loaded, is not tried before its time.
        """
        endpoint = self.profiles[place.profile].at(place.provider).endpoint
        resting = _resting(endpoint, place.profile, now=self.store.clock())
        return resting or self.store.blocked(endpoint, answers=answers)

    def give_back(self, place: Place) -> None:
        """Give the probe of the provider at *place* back, untried."""
        self.store.give_back(self.profiles[place.profile].at(place.provider).endpoint)

    def record(self, place: Place, failure: Failure | None) -> None:
        """Note how an attempt at *place* ended; None is success."""
        self.store.record(self.profiles[place.profile].at(place.provider).endpoint, failure)


def _resting(endpoint: ProviderEndpoint, profile: str, *, now: float) -> Failure | None:
    left = endpoint.rests_until - now
    if left <= 0:
        return None
    known = endpoint.rests_after in _RESTS_A_KEY
    dead = left == float("inf")
    cause = cause_of_status(endpoint.rests_after or 0) if known else "key-refused" if dead else "rate-limited"
    key = f"{endpoint.provider}'s key{f' {endpoint.label!r}' if endpoint.label else ''}"
    how = "is dead" if dead else f"rests for {in_words(left)} more"
    mend = f"hermes -p {profile} auth reset {endpoint.provider}"
    message = f"{key} {how}, by Hermes' auth.json; `{mend}` has it tried again"
    return Failure(cause=cause, message=message, retry_after_s=None if dead else left)


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

    @property
    def sessions(self) -> ParentSessions:
        """Return what is remembered of the parent's sessions."""
        return ParentSessions(state=self.state)

    def task_text(self, task: Task) -> str:
        """Return *task* as the user turn that the shared conversation keeps."""
        return task_text(task)

    def count(self, text: str) -> int:
        """Return the o200k tokens of *text*."""
        return exact_tokens(text)

    def pass_on(self, task: Task, thread: Conversation) -> PassedOn:
        """Return what of the parent's conversation goes along, within the policy's budget, and what is private."""
        return pass_on(task, thread, self.policy, self.sessions)

    async def measure(self, task: Task, conversation: Conversation, *, private_thread: bool) -> Evidence:
        """Return the evidence of *task*, with real windows where a local server tells them."""
        windows = tuple([await self._real(window) for window in self.windows])
        root = self.workspace.root if self.workspace else None
        original = None if root is None else Path(original_of(self.state, str(root)))
        around = Surroundings(workspace=self.workspace, cwd=self.cwd, windows=windows, copied_from=original)
        evidence = measure(task, self.policy, around, conversation=conversation, private_thread=private_thread)
        if stays_here(task, evidence, self.candidates, self.policy):
            self.sessions.mark(task.sessions)
        counted = tuple([await self._counted(window, task, evidence, conversation) for window in windows])
        return replace(evidence, windows=counted)

    async def _real(self, window: Window) -> Window:
        """Ask the server, if it is attested as local: whether the task is private is not known yet."""
        if not is_local(self.candidates.get(window.profile), self.policy):
            return window
        report = await self.backends.look(Place(window.profile))
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
        place = Place(window.profile)
        order = order_for(task, evidence, self.policy, self.candidates, place, conversation=conversation)
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


_BETWEEN_LOOKS_S = 0.5
_RESTS_A_KEY = (401, 402, 403, 429)
_HOPELESS = 8.0  # times the window: no tokenizer counts eight times lower than o200k's upper bound suggests
