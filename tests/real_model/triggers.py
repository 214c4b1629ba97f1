"""The prompts that should or should not trigger the skill, as data with the expected answer."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
FILE = Path(__file__).with_name("triggers.yaml")


@dataclass(frozen=True, slots=True)
class Trigger:
    """One prompt, and whether an agent that gets it should use the skill."""

    says: str
    use: bool


def triggers() -> tuple[Trigger, ...]:
    """Return the prompts in the order of the file."""
    return tuple(Trigger(**row) for row in yaml.safe_load(FILE.read_text(encoding="utf-8")))


def description() -> str:
    """Return the line of SKILL.md by which an agent decides."""
    front = (ROOT / "SKILL.md").read_text(encoding="utf-8").split("---\n", 2)[1]
    return str(yaml.safe_load(front)["description"])
