"""What the doctor found, as values: each a level, a name, what was measured, and what fixes it."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from profile_router.values import frozen

Level = Literal["pass", "warn", "fail"]
INSTALL = "profile-router install"  # the fix for what an install brings
UPDATE_HERMES = "hermes update"
EDIT_IT = "edit the file it names"


def key_check(profile: str) -> str:
    """Return the name of the check of the key of *profile*."""
    return f"{profile} key"


def live_check(profile: str) -> str:
    """Return the name of the call of the model of *profile*."""
    return f"{profile} live"


@frozen(kw_only=False)
class Fix:
    """What fixes something in both its forms: as a command of Hermes, and by hand, where there is no Hermes."""

    by_hermes: str
    by_hand: str

    def then(self, text: str) -> Fix:
        """Return this fix with *text* behind it, in both forms."""
        return Fix(f"{self.by_hermes}{text}", f"{self.by_hand}{text}")


def set_config(profile: str, key: str, value: str) -> Fix:
    """Return the fix that writes *value* as *key* into the config.yaml of *profile*."""
    command = f"hermes -p {profile} config set {key} {shlex.quote(value)}"
    return Fix(command, f"write {key}: {value} into the config.yaml of {profile}")


def another_key(profile: str, provider: str, verb: Literal["add", "reset"] = "add") -> Fix:
    """Return the fix that gives *profile* another key of *provider*."""
    return Fix(f"hermes -p {profile} auth {verb} {provider}", f"put another key into the .env of {profile}")


@frozen
class Finding:
    """One line of the doctor. `fix` is a command, or a sentence where no command does it; empty for a pass.

    `by_hand` is the same fix where there is no Hermes; empty where `fix` needs none.
    """

    level: Level
    name: str
    measured: str
    fix: str = ""
    by_hand: str = ""

    def without_hermes(self) -> Finding:
        """Return this finding with a fix that needs no Hermes, as a machine without it has no such command."""
        return replace(self, fix=self.by_hand or self.fix)


def passed(name: str, measured: str) -> Finding:
    """Return a finding that asks for nothing."""
    return Finding(level="pass", name=name, measured=measured)


def warned(name: str, measured: str, fix: str | Fix = "") -> Finding:
    """Return a finding that can be lived with."""
    return _found("warn", name, measured, fix)


def failed(name: str, measured: str, fix: str | Fix) -> Finding:
    """Return a finding that keeps something from working."""
    return _found("fail", name, measured, fix)


def _found(level: Level, name: str, measured: str, fix: str | Fix) -> Finding:
    both = Fix(fix, "") if isinstance(fix, str) else fix
    return Finding(level=level, name=name, measured=measured, fix=both.by_hermes, by_hand=both.by_hand)


def count_of_level(findings: Sequence[Finding], level: Level) -> int:
    """Return how many of *findings* are of *level*."""
    return sum(finding.level == level for finding in findings)


def tally(findings: Sequence[Finding]) -> str:
    """Sum *findings* up in one line, such as `1 failed, 2 warnings`."""
    fails, warnings = count_of_level(findings, "fail"), count_of_level(findings, "warn")
    if not fails and not warnings:
        return f"all {len(findings)} checks passed"
    said = [f"{fails} failed"] if fails else []
    said += [f"{warnings} warning{'s' * (warnings != 1)}"] if warnings else []
    return ", ".join(said)
