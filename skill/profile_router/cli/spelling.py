"""The commands, and how people read them: spelled as this program was called, so that they can be copied.

`python3 skill doctor` names `python3 skill llama-server …`, where no `profile-router` need be on PATH. JSON keeps the
plain name: whoever reads that knows how they call us.
"""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path

from profile_router.core.language.anchored import Anchored

NAME = "profile-router"
COMMANDS: Mapping[str, str] = {
    "route": "say where a task would go, and why",
    "run": "route a task, run it, verify it",
    "batch": "run several tasks at once; those that write cannot meet",
    "demo": "watch a run without key or model",
    "profiles": "list the profiles and what they are",
    "policy": "show or check the routing policy",
    "check": "show, allow or forget a workspace's own check",
    "doctor": "say what works here, what does not, and what fixes it",
    "llama-server": "start the local tier's model, fitted to this machine",
    "install": "bring profiles, plugin and skill into Hermes",
    "uninstall": "take out exactly what install wrote",
    "resume": "go on with a run that was killed",
    "history": "list the runs, the newest first",
    "report": "say what was saved, what went wrong, what to change",
    "replay": "say which past tasks another policy would move",
    "calibrate": "propose numbers of the policy from outcomes",
    "bench": "measure how fast, right and dear your profiles are",
    "observe": "say what Hermes delegated by itself, and what it cost",
    "show": "tell the whole story of a run",
    "undo": "make the files as they were before a run",
    "threads": "list the threads, and which were interrupted",
    "budget": "say what may still be spent today",
    "purge": "remove what is kept of threads and runs",
    "evaluate": "measure routes and localisation on rows with a known truth",
    "fit": "fit weights on dev rows, and say whether that helps",
    "publish": "make the entries of the skill and plugin catalogs",
    "graph": "print the state machine as Mermaid",
    "schema": "print the JSON Schema of a task, a result or an event",
    "health": "show which servers and keys are on cooldown, and why",
}
_MEANT = Anchored(rf"(?<![\w/.-])(?<!hermes ){NAME}(?= (?:--help|{'|'.join(COMMANDS)})\b)")


def called() -> str:
    """Return what calls this program from the current folder: `python3 skill` for a plain copy, else its name."""
    program = Path(sys.argv[0])
    if not (program / "__main__.py").is_file():
        return NAME
    near = os.path.relpath(program)
    return f"python3 {shlex.quote(str(program.absolute()) if near.startswith('..') else near)}"


def as_called(text: str) -> str:
    """Return *text* with each of our commands in it spelled as this program was called."""
    return _MEANT.sub(lambda _: called(), text) if NAME in text else text
