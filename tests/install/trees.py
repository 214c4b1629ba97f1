"""A Hermes home on disk as it is before an install, and what a tree holds: names, bytes and modes."""

from __future__ import annotations

import itertools
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from profile_router.core.policy import PluginSwitch
from profile_router.install.applying import apply
from profile_router.install.changes import Plan
from profile_router.install.places import find_places, find_root
from profile_router.install.planning import plan_install
from profile_router.install.removal import plan_uninstall

Tree = dict[str, tuple[int, bytes | None]]
PARENT = "# mine\nmodel:\n  provider: openrouter\n  default: claude   # strong\nplugins:\n  enabled:\n    - a\n"


def tree(folder: Path) -> Tree:
    """Return every name below *folder* with its mode, and its bytes for a file."""
    found = [folder, *folder.rglob("*")] if folder.exists() else []
    return {
        str(path.relative_to(folder)): (
            stat.S_IMODE(path.lstat().st_mode),
            path.read_bytes() if path.is_file() else None,
        )
        for path in found
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A user's home with a Hermes home in it."""

    user: Path

    @property
    def root(self) -> Path:
        return self.user / ".hermes"

    @property
    def environ(self) -> Mapping[str, str]:
        return {"HOME": str(self.user), "HERMES_HOME": str(self.root)}

    @property
    def config(self) -> Path:
        return self.root / "config.yaml"

    def write(self, name: str, text: str, mode: int = 0o644) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
        path.chmod(mode)
        return path

    def plan(
        self,
        profile: str | None = None,
        *,
        migrate: bool = False,
        delegates: bool = False,
        switch: PluginSwitch | None = None,
    ) -> Plan:
        places = find_places(self.environ, profile)
        return plan_install(places, self.environ, migrate=migrate, delegates=delegates, switch=switch)

    def install(self, profile: str | None = None, *, migrate: bool = False, delegates: bool = False) -> Plan:
        plan = self.plan(profile, migrate=migrate, delegates=delegates)
        apply(plan.writing)
        return plan

    def uninstall(self) -> Plan:
        plan = plan_uninstall(find_root(self.environ))
        apply(plan.writing)
        return plan


def pasted(config: Mapping[str, Any], told: Sequence[str]) -> dict[str, Any]:
    """Return *config* as a person leaves it who does what the lines *told* say."""
    after: dict[str, Any] = {key: dict(value) if isinstance(value, dict) else value for key, value in config.items()}
    gone = next((line.removeprefix("then take out ") for line in told if line.startswith("then take out ")), "")
    for place in filter(None, gone.split(", ")):
        section, _, key = place.rpartition(".")
        del (after[section] if section else after)[key]
    start = next(number for number, line in enumerate(told) if line.startswith("then paste this"))
    block = itertools.takewhile(lambda line: line.startswith("  "), told[start + 1 :])
    for key, value in yaml.safe_load("\n".join(block)).items():
        after[key] = {**after[key], **value} if isinstance(value, dict) and isinstance(after.get(key), dict) else value
    return after


def left_alone(plan: Plan) -> dict[str, str]:
    """Return what *plan* keeps, name and why."""
    return {Path(change.path).name: change.note for change in plan.changes if change.kind == "keep"}
