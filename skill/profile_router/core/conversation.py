"""The shared conversation: one list of turns for whichever provider the route picks. Only summaries are added to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of the shared conversation, as plain text: a task (`user`) or a summary (`assistant`)."""

    role: Literal["user", "assistant"]
    text: str


Conversation = tuple[Turn, ...]
