"""Spell the commands in what people read as this program was called, so that they can be copied.

`python3 skill doctor` names `python3 skill llama-server …`, where no `profile-router` need be on PATH. JSON keeps the
plain name: whoever reads that knows how they call us.
"""

from __future__ import annotations

import os
import re
import shlex
import sys
from pathlib import Path

NAME = "profile-router"
COMMANDS = (  # those that a message names
    "route", "run", "batch", "profiles", "policy", "doctor", "llama-server", "install", "uninstall",
    "resume", "purge", "graph", "health",
)  # fmt: skip
_MEANT = re.compile(rf"(?<![\w/.-])(?<!hermes ){NAME}(?= (?:--help|{'|'.join(COMMANDS)})\b)")


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
