"""Which sessions of a Hermes parent have had private work: from then on no model elsewhere gets their chat.

A session is an empty file named by a digest, for ever. No file can be damaged, and none says whose session it was.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from profile_router.digests import sha256
from profile_router.state.folder import private_folder, usable
from profile_router.values import frozen

SESSIONS_FOLDER = "sessions"
MOST_SESSIONS = 20_000


@frozen
class ParentSessions:
    """The sessions in the state folder *state*. One is named with those that it goes on with, newest first."""

    state: Path

    def why_local(self, sessions: Sequence[str]) -> str:
        """Return why the chat of *sessions* stays on this machine, empty where it need not. What is unknown stays."""
        if not sessions:
            return "its session is not known"
        try:
            with os.scandir(self.state / SESSIONS_FOLDER) as entries:
                private = {entry.name for entry, _ in zip(entries, range(MOST_SESSIONS), strict=False)}
        except FileNotFoundError:
            return ""
        except OSError as error:
            return f"whether its session had private work cannot be told: {error.strerror}"
        if len(private) >= MOST_SESSIONS:
            return f"{MOST_SESSIONS:,} sessions had private work, and no more are remembered"
        return "a task of its session was private" if any(_name(one) in private for one in sessions) else ""

    def note_private(self, sessions: Sequence[str]) -> None:
        """Remember that the newest of *sessions* has private work. Raises StateError."""
        for session in sessions[:1]:
            path = self.state / SESSIONS_FOLDER / _name(session)
            private_folder(path.parent)
            with usable(path):
                os.close(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o600))


def _name(session: str) -> str:
    return sha256(session.encode("utf-8", "surrogatepass")).hexdigest()[:32]
