"""The commands, and how people read them: spelled as this program was called, so that they can be copied.

`python3 skill doctor` names `python3 skill llama-server …`, where no `profile-router` need be on PATH. JSON keeps the
plain name: whoever reads that knows how they call us.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from profile_router.core.language.anchored import Anchored
from profile_router.folders import PROGRAM_NAME

GROUPS: Mapping[str, Mapping[str, str]] = {  # the commands by what they are for, as `--help` lists them
    "decide where a task goes": {
        "route": "say where a task would go, and why",
        "policy": "show or check the routing policy",
        "graph": "print the state machine as Mermaid",
    },
    "run it": {
        "run": "route a task, run it, verify it",
        "batch": "run several tasks at once, each writer in a copy of its own",
        "resume": "go on with a run that was killed",
        "demo": "watch a run without key or model",
    },
    "look back": {
        "history": "list the runs, the newest first",
        "show": "tell all that is known of a run",
        "undo": "put the files back as they were before a run",
        "report": "say what was saved, what went wrong, what to change",
        "replay": "say which past tasks another policy would move",
        "calibrate": "propose numbers of the policy from outcomes",
        "observe": "say what Hermes delegated by itself, and what it cost",
        "budget": "say what may still be spent today",
        "threads": "list the threads, and which were interrupted",
        "purge": "remove what is kept of threads and runs",
    },
    "set up": {
        "doctor": "say what works here, what does not, and what fixes it",
        "profiles": "list the profiles and what they are",
        "check": "show, allow or forget a workspace's own check",
        "llama-server": "start the local tier's model, fitted to this machine",
        "install": "bring profiles, plugin and skill into Hermes",
        "uninstall": "take out exactly what install wrote",
        "health": "show which servers and keys are on cooldown, and why",
        "completion": "print what completes commands and options in a shell",
    },
    "measure": {
        "bench": "measure how fast, right and expensive your profiles are",
        "evaluate": "measure routes and localisation on rows with a known truth",
        "fit": "fit weights on dev rows, and say whether that helps",
    },
    "for programs": {
        "schema": "print the JSON Schema of a task, a result or an event",
        "publish": "make the entries of the skill and plugin catalogs",
    },
}
COMMANDS: Mapping[str, str] = {name: said for group in GROUPS.values() for name, said in group.items()}
_MEANT = Anchored(rf"(?<![\w/.-])(?<!hermes ){PROGRAM_NAME}(?= (?:--help|{'|'.join(COMMANDS)})\b)")


def called() -> str:
    """Return what calls this program from the current folder: `python3 skill` for a plain copy, else its name."""
    program = Path(sys.argv[0])
    if not (program / "__main__.py").is_file():
        return PROGRAM_NAME
    import shlex  # of the programs that call us hardly one does so by a folder

    near = os.path.relpath(program)
    return f"python3 {shlex.quote(str(program.absolute()) if near.startswith('..') else near)}"


def as_called(text: str) -> str:
    """Return *text* with each of our commands in it spelled as this program was called."""
    return _MEANT.sub(lambda _: called(), text) if PROGRAM_NAME in text else text
