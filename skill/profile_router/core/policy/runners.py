"""How subagents are run: the plugin's switch, Hermes' children, and the terminal of the embedded runner."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from profile_router.core.policy.bounds import bounded

PluginSwitch = Literal["on", "explain", "off"]


@dataclass(frozen=True, slots=True, kw_only=True)
class HermesOptions:
    """How the Hermes runner's children run.

    `python` is Hermes' own python, empty: the one that `hermes` on PATH is written for. `unattended_approval` lets a
    child run what Hermes would ask a user to approve; else that is refused. `pass_environment` names environment
    variables that a child gets besides the usual ones.
    """

    python: str = ""
    unattended_approval: bool = False
    pass_environment: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Terminal:
    """What `run_command` of the embedded runner runs, and how much of the machine that may take.

    `allow` are the beginnings of commands, `deny` programs with words that they must not have; without `allow` there is
    no terminal. Per command: `seconds` of wall clock, `output_chars` of its output for the model, `processes` and
    `memory_mb` of all its processes together, `file_mb` per file that it writes and for its scratch folders. `network`
    lets the commands of tasks that are not private use the network; `readable` are folders it may read besides the
    system's own, where they exist.
    """

    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()
    seconds: float = field(default=120, metadata=bounded(1))
    output_chars: int = field(default=6_000, metadata=bounded(200))
    processes: int = field(default=64, metadata=bounded(1))
    memory_mb: int = field(default=2_048, metadata=bounded(16))
    file_mb: int = field(default=256, metadata=bounded(1))
    network: bool = False
    readable: tuple[str, ...] = ()
