"""A scene for the doctor: a machine of files, a Hermes home, servers as values, and rows of findings."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.fakes import BURST, CHEAP, LOCAL, a_policy
from tests.profiles.home_on_disk import Home

from profile_router.core.ladder.server_report import ServerReport
from profile_router.core.policy import Policy, Tier
from profile_router.doctor.checks import Check
from profile_router.doctor.facts import DoctorFacts, InstalledHermes, doctor_subject
from profile_router.doctor.finding import Finding, Level
from profile_router.machine.machine import Listener, Machine
from profile_router.prices.book import PriceBook
from profile_router.profiles.home import find_home
from profile_router.runners.hermes.seams import Seams

NOW = 1_800_000_000.0
GIB = 2**30
TODAY = Seams(version="0.22.2", provider_client=True)
HERMES = InstalledHermes(command="/opt/hermes/bin/hermes", seams=TODAY)
MODEL = "gemma"
LOCAL_CONFIG = "model: {provider: custom, base_url: 'http://127.0.0.1:8080/v1', default: gemma, context_length: 8192}\n"
CLOUD_CONFIG = "model: {provider: openrouter, default: maker/large, context_length: 200000}\n"


class Scene:
    """What a row sets up. `environ` starts empty but for the Hermes home and a PATH with nothing on it."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "machine"
        self.home = Home(folder / "hermes")
        self.state = folder / "state"
        self.environ = {**self.home.environ, "PATH": str(self.root / "bin"), "HOME": str(folder)}
        self.servers: dict[str, ServerReport] = {}
        self.listeners: dict[str, Listener] = {}
        for name, config in ((LOCAL, LOCAL_CONFIG), (BURST, CLOUD_CONFIG), (CHEAP, CLOUD_CONFIG)):
            self.home.write(name, config)

    def put(self, files: Mapping[str, str | bytes]) -> None:
        """Write *files* below the machine's root."""
        for name, content in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())

    def program(self, name: str, script: str) -> None:
        """Put a shell script on PATH."""
        self.put({f"bin/{name}": f"#!/bin/sh\n{script}\n"})
        (self.root / "bin" / name).chmod(0o755)

    def card(self, *, vendor: str = "0x1002", vram: int = 0, gtt: int = 0, name: str = "card0") -> None:
        """Plug a graphics card in; sizes are bytes."""
        device = f"sys/class/drm/{name}/device"
        sizes = {f"{device}/mem_info_vram_total": str(vram), f"{device}/mem_info_gtt_total": str(gtt)}
        self.put({f"{device}/vendor": f"{vendor}\n", **(sizes if vram or gtt else {})})

    def cores(self, count: int, *, threads_each: int = 1) -> None:
        """Give the machine *count* physical cores."""
        for cpu in range(count * threads_each):
            siblings = ",".join(str(cpu % count + count * thread) for thread in range(threads_each))
            self.put({f"sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list": siblings})

    def server(self, name: str = LOCAL, *, flags: str = "", **changes: Any) -> None:
        """Let a server of the profile *name* answer; *flags* are those it was started with, "" for somebody else's."""
        given = {"kind": "llama-server", "models": (MODEL,), "window": 8_192, "slots": 1, **changes}
        self.servers[name] = ServerReport(profile=name, **given)
        if flags:
            self.listeners[name] = Listener(pid=7, arguments=("llama-server", *flags.split()), folder=self.root)

    def down(self, name: str = LOCAL, *, address: str = "127.0.0.1:8080", **report: Any) -> None:
        """Let the server of the profile *name*, at *address*, not answer."""
        self.home.write(name, LOCAL_CONFIG.replace("127.0.0.1:8080", address))
        given = {"cause": "refused", "detail": "refuses the connection", **report}
        self.servers[name] = ServerReport(profile=name, **given)

    def pool(self, *entries: Mapping[str, Any], profile: str | None = None, provider: str = "openrouter") -> None:
        """Write the auth.json of *profile*, None for the home's."""
        folder = self.home.root if profile is None else self.home.root / "profiles" / profile
        keyed = [{"access_token": "sk-pool-0123456789", **entry} for entry in entries]
        (folder / "auth.json").write_text(json.dumps({"version": 1, "credential_pool": {provider: keyed}}))

    def facts(self, policy: Policy | None = None, **changes: Any) -> DoctorFacts:
        """Return the facts as they are now."""
        policy, home = policy or a_policy(), find_home(self.environ)
        tiers: tuple[tuple[Tier, str | None], ...] = (
            ("local", policy.tiers.local),
            ("burst", policy.tiers.burst),
            ("cheap", policy.tiers.cheap),
        )
        subjects = [
            doctor_subject(tier, name, home, policy, PriceBook(folder=Path("/nowhere"), looks_up=False))
            for tier, name in tiers
            if name
        ]
        facts = DoctorFacts(
            machine=Machine(environ=self.environ, root=self.root),
            policy=policy,
            home=home,
            state=self.state,
            now=NOW,
            subjects=tuple(
                replace(subject, server=self.servers.get(subject.name), listener=self.listeners.get(subject.name))
                for subject in subjects
            ),
            hermes=HERMES,
        )
        return replace(facts, **changes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """In a scene that `given` set up, `check` finds a line of `level` that says `says`; None: it finds nothing.

    Where `given` returns facts of its own making, they count.
    """

    rule: str
    check: Check
    given: Callable[[Scene], object]
    level: Level | None
    says: str = ""
    fix: str = ""

    def found(self, folder: Path) -> list[Finding]:
        """Run the check in a scene in *folder*."""
        scene = Scene(folder)
        facts = self.given(scene)
        return list(self.check(facts if isinstance(facts, DoctorFacts) else scene.facts()))

    def holds(self, folder: Path) -> bool:
        """Tell whether the check found what the row says, and nothing worse. Asserts show what it found."""
        found = self.found(folder)
        if self.level is None:
            assert found == []
            return True
        meant = [line for line in found if line.level == self.level and self.says in f"{line.name}  {line.measured}"]
        assert meant, found
        assert any(self.fix in line.fix for line in meant), meant
        if self.level == "pass":
            assert all(line.level == "pass" for line in found), found
        return all(bool(line.fix) == (line.level != "pass") or line.level == "warn" for line in found)


def ids(rows: list[Row]) -> list[str]:
    """Return the rows' names for pytest."""
    return [row.rule for row in rows]
