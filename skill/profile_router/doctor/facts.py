"""Gather what the checks look at, once: policy, profiles, local servers, Hermes. Asks servers of this machine only."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from profile_router.core.ladder.server_report import ServerReport
from profile_router.core.policy import Policy, Tier
from profile_router.core.profile import Profile, is_loopback
from profile_router.core.routing.candidate import attested
from profile_router.core.routing.rate import FREE, Rate, rate_at
from profile_router.errors import PolicyError, ProfileError, UsageError
from profile_router.machine.hermes_program import find_hermes
from profile_router.machine.machine import Listener, Machine
from profile_router.policies.file import SHIPPED, find_policy, read_policy
from profile_router.prices.book import PriceBook, price_book
from profile_router.prices.priced_candidate import priced_candidate
from profile_router.profiles.home import HermesHome, find_home
from profile_router.runners.hermes.seams import Seams, find_seams
from profile_router.servers.inspect import inspect
from profile_router.state.folder import state_dir
from profile_router.values import frozen

_TIERS: tuple[Tier, ...] = ("local", "burst", "cheap")


@frozen
class Subject:
    """A profile that a tier names. `profile` None: it cannot be loaded, `problem` says why.

    `folder` is where its files lie, None where it comes with the program. `local`: the policy attests its endpoint.
    `rate` is what that charges. `server` is what its server says, None where it may not be asked; `listener` is that
    server's process, if ours.
    """

    tier: Tier
    name: str
    profile: Profile | None = None
    problem: str = ""
    folder: Path | None = None
    local: bool = False
    rate: Rate = FREE
    server: ServerReport | None = None
    listener: Listener | None = None


@frozen
class InstalledHermes:
    """The Hermes that children run on, and what a router can take part in it by."""

    command: str
    seams: Seams


@frozen
class DoctorFacts:
    """What was found. `now` is seconds since 1970.

    `policy_file` is the file that was asked for, refused or not; `folder` is the current one. `ranks` is the
    tokenizer's file, None for the shipped one.
    """

    machine: Machine
    policy: Policy
    home: HermesHome
    state: Path
    now: float
    policy_problem: str = ""
    policy_file: str = ""
    subjects: tuple[Subject, ...] = ()
    hermes: InstalledHermes | None = None
    hermes_problem: str = ""
    folder: Path = Path("/")
    ranks: Path | None = None

    def loaded(self) -> Iterator[tuple[Subject, Profile]]:
        """Yield the profiles that could be loaded, a profile that serves two tiers once."""
        seen: set[str] = set()
        for subject in self.subjects:
            if subject.profile is not None and subject.name not in seen:
                seen.add(subject.name)
                yield subject, subject.profile

    def served(self) -> Iterator[tuple[Subject, Profile, ServerReport]]:
        """Yield the profiles whose server was asked and answers."""
        for subject, profile in self.loaded():
            if subject.server is not None and subject.server.cause is None:
                yield subject, profile, subject.server


async def gather(policy_file: str | None, machine: Machine) -> DoctorFacts:
    """Return the facts. Raises RouterError only for a Hermes home that cannot be read at all."""
    policy, problem = _policy(policy_file, machine.environ)
    home = find_home(machine.environ)
    book = price_book(machine.environ, looks_up=True)
    subjects = [
        doctor_subject(tier, name, home, policy, book) for tier in _TIERS if (name := policy.tiers.profile(tier))
    ]
    hermes, hermes_problem = _hermes(machine, policy.hermes.python)
    subjects = await asyncio.gather(*(_asked(subject, machine, policy.limits.connect_seconds) for subject in subjects))
    return DoctorFacts(
        machine=machine,
        policy=policy,
        policy_problem=problem,
        policy_file=str(find_policy(policy_file, machine.environ)),
        home=home,
        state=state_dir(machine.environ),
        now=time.time(),
        subjects=tuple(subjects),
        hermes=hermes,
        hermes_problem=hermes_problem,
        folder=Path.cwd(),
    )


def installed_hermes(machine: Machine, named: str = "") -> InstalledHermes | None:
    """Return the Hermes in force, whose python is *named* in the policy, if it is; nothing is started.

    Raises UsageError where the environment names a python for it that cannot run it.
    """
    found = find_hermes(machine.environ, named)
    return InstalledHermes(command=" ".join(found.command), seams=find_seams(found.python)) if found else None


def _hermes(machine: Machine, named: str) -> tuple[InstalledHermes | None, str]:
    try:
        return installed_hermes(machine, named), ""
    except UsageError as error:
        return None, str(error)


def _policy(named: str | None, environ: Mapping[str, str]) -> tuple[Policy, str]:
    try:
        return read_policy(find_policy(named, environ)), ""
    except PolicyError as error:
        return read_policy(SHIPPED), str(error)


def doctor_subject(tier: Tier, name: str, home: HermesHome, policy: Policy, book: PriceBook) -> Subject:
    """Return the profile *name* of *home* as a subject, its server not asked yet. Never raises for a broken one."""
    folder = None if home.root is None else home.profiles / name
    try:
        profile = home.load(name, asked_by=f"the tier {tier}")
    except ProfileError as error:
        return Subject(tier=tier, name=name, problem=str(error), folder=folder)
    candidate = priced_candidate(name, profile.endpoint, book)
    return Subject(
        tier=tier,
        name=name,
        profile=profile,
        folder=folder,
        local=attested(candidate, policy),
        rate=rate_at(candidate, 0, policy),
    )


async def _asked(subject: Subject, machine: Machine, connect_s: float) -> Subject:
    """Return *subject* with what its server says, and with that server's process where it is of this machine."""
    profile = subject.profile
    if profile is None:
        return subject
    base_url = profile.endpoint.base_url
    if is_loopback(base_url):
        url = urlsplit(base_url)
        port = url.port or (443 if url.scheme == "https" else 80)
        subject = replace(subject, listener=await asyncio.to_thread(machine.listener, port))
    elif not subject.local:
        return subject
    return replace(subject, server=await inspect(profile, connect_s=connect_s))
