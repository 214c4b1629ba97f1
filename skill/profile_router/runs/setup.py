"""Read what every command needs: the policy, the Hermes home, the profiles behind the tiers."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import field, replace
from pathlib import Path

from profile_router.core.evidence import Window
from profile_router.core.policy import Policy
from profile_router.core.policy.rules import TIERS
from profile_router.core.profile import Profile
from profile_router.core.routing.candidate import Candidate, Candidates
from profile_router.core.routing.speed import Speed
from profile_router.core.task import Task
from profile_router.core.text import shown
from profile_router.errors import ProfileError, UnknownProfile, UsageError, WorkspaceError
from profile_router.evidence.first_look import FirstLook
from profile_router.folders import CONFIGS, our_folder
from profile_router.policies.file import found_policy
from profile_router.policies.workspace_rules import tightened_by
from profile_router.prices.book import PriceBook, price_book
from profile_router.prices.priced_candidate import priced_candidate
from profile_router.profiles.home import HermesHome, find_home
from profile_router.servers.speeds import known_speeds, model_key
from profile_router.servers.windows import known_windows
from profile_router.state.folder import state_dir
from profile_router.values import frozen
from profile_router.workspace.folder import Workspace, find_workspace, workspace_of_files
from profile_router.workspace.task_paths import placed


@frozen
class Setup:
    """What was read, and the task with its paths below the root of its workspace.

    `profiles` are those that the task may meet; `broken` those of a tier that cannot be used, with the reason;
    `warnings` what was odd but no error. `book` has the prices of their models,
    `looked` what the repository told of the task so far.
    """

    task: Task
    policy: Policy
    home: HermesHome
    profiles: Mapping[str, Profile]
    broken: Mapping[str, str]
    workspace: Workspace | None
    cwd: Path
    state: Path
    environ: Mapping[str, str]
    book: PriceBook
    warnings: tuple[str, ...] = ()
    first_look: FirstLook = field(default_factory=FirstLook)

    @property
    def place(self) -> str:
        """Return the root of the workspace, empty without one."""
        return str(self.workspace.root) if self.workspace else ""

    @property
    def cache(self) -> Path:
        """Return our folder for what can be found out again. It need not exist."""
        return our_folder("CACHE", self.environ)

    @property
    def candidates(self) -> Candidates:
        """Return the profiles as decisions see them: without keys."""
        speeds = known_speeds(self.state, now=time.time())
        broken = {name: Candidate(name=name, base_url="", problem=why) for name, why in self.broken.items()}
        return broken | {name: _candidate(profile, self.book, speeds) for name, profile in self.profiles.items()}

    def windows(self) -> tuple[Window, ...]:
        """Return the profiles' windows as far as known without asking any server."""
        max_age_s = self.policy.limits.measurement_max_age_hours * 3600
        return known_windows(self.profiles.values(), self.state, now=time.time(), max_age_s=max_age_s)


def prepare(
    task: Task, policy_file: str | None, environ: Mapping[str, str], cwd: Path, *, to_run: bool = False
) -> Setup:
    """Read policy, home and profiles for *task*. Raises RouterError for anything that is wrong with them.

    A profile of a tier that cannot be used is not an error yet: the route may do without it.
    *to_run*: also those that no tier names, because a subagent may ask for them; a broken one is left out. Prices that
    were never looked up are looked up then; `route`, which must answer at once, does without them.
    """
    workspace = find_workspace(task.workspace, cwd)
    if workspace is None and (workspace := workspace_of_files(task.files, cwd)) is not None:
        task = replace(task, workspace=str(workspace.root))
    policy, ignored = tightened_by(found_policy(policy_file, environ), workspace)
    found = placed(task, workspace, cwd)
    home = replace(find_home(environ), kept_in=our_folder("CACHE", environ) / CONFIGS)
    policy, warnings = _without_absent_cheap(policy, home)
    profiles, broken = _profiles_read(_wanted(task, policy), home, task.profile)
    policy, said = _without_broken(policy, broken)
    warnings += said
    if to_run:
        profiles |= _loadable(home, profiles)
    return Setup(
        task=found.task,
        policy=policy,
        home=home,
        profiles=profiles,
        broken=broken,
        workspace=workspace,
        cwd=cwd,
        state=state_dir(environ),
        environ=environ,
        book=price_book(environ, looks_up=to_run),
        warnings=(*found.notes, *warnings, *ignored),
    )


def refuse_outside(setup: Setup) -> None:
    """Raise UsageError for a file of its task that is not in its workspace. No attempt could open it, and some cost.

    A run that an older version began is not refused for it: it goes on as it began.
    """
    workspace, files = setup.workspace, setup.task.files
    outside = next((file for file in files if file.startswith("/")), None)
    if workspace is not None and outside is not None:
        raise UsageError(
            f"--file {shown(outside)} lies outside of the workspace {shown(str(workspace.root))}, where no subagent "
            f"can open it; name that file's folder: `--workspace {shown(str(Path(outside).parent))}`, or leave it out"
        )


def refuse_names_of_bytes(setup: Setup) -> None:
    """Raise WorkspaceError for a folder whose name is not text: no thread or model could be given it."""
    for folder in (setup.cwd, setup.workspace.root if setup.workspace else setup.cwd):
        if str(folder).encode(errors="replace") != os.fsencode(folder):
            raise WorkspaceError(f"the path {shown(str(folder))} is not UTF-8; rename the folder to work in it")


def _wanted(task: Task, policy: Policy) -> dict[str, str]:
    wanted = {} if task.profile is None else {task.profile: "--profile"}
    for tier in TIERS:
        name = policy.tiers.profile(tier)
        if name is not None:
            wanted.setdefault(name, f"the tier {tier} of {policy.source}")
    return wanted


def _without_absent_cheap(policy: Policy, home: HermesHome) -> tuple[Policy, tuple[str, ...]]:
    """Return *policy* without its cheap tier where the home has no such profile: two profiles are enough."""
    cheap = policy.tiers.cheap
    if cheap is None or cheap in home.names():
        return policy, ()
    warning = f"the tier cheap is left out: {home.where} has no profile '{cheap}'"
    return replace(policy, tiers=replace(policy.tiers, cheap=None)), (warning,)


def _profiles_read(
    wanted: Mapping[str, str], home: HermesHome, asked: str | None
) -> tuple[dict[str, Profile], dict[str, str]]:
    """Return the *wanted* profiles, and what is wrong with the others. Raises ProfileError for the one *asked* for."""
    profiles, broken = {}, {}
    for name, asker in wanted.items():
        try:
            profiles[name] = home.load(name, asked_by=asker)
        except ProfileError as error:
            if name == asked:
                raise
            broken[name] = str(error)
    return profiles, broken


def _without_broken(policy: Policy, broken: Mapping[str, str]) -> tuple[Policy, tuple[str, ...]]:
    """Return *policy* without a cheap tier that is *broken*, and what is said of each broken profile, once."""
    said = [f"{name} cannot be used, and this run does without it: {why}" for name, why in broken.items()]
    tiers = replace(policy.tiers, cheap=None) if policy.tiers.cheap in broken else policy.tiers
    return replace(policy, tiers=tiers), tuple(said)


def _loadable(home: HermesHome, known: Mapping[str, Profile]) -> dict[str, Profile]:
    found = {}
    for name in home.names():
        if name in known:
            continue
        try:
            found[name] = home.load(name)
        except (ProfileError, UnknownProfile):
            continue  # nobody asked for it yet; `profiles` shows what is wrong with it
    return found


def _candidate(profile: Profile, book: PriceBook, speeds: Mapping[str, Speed]) -> Candidate:
    first, *others = (
        priced_candidate(profile.name, endpoint, book, speeds.get(model_key(endpoint)))
        for endpoint in (profile.endpoint, *profile.fallbacks)
    )
    return replace(first, others=tuple(others))
