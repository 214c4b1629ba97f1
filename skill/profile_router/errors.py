"""The error tree. Each message says what happened, the value, what is allowed, and what fixes it.

    RouterError                   the user can act on it: one line, no traceback, exit 2
    ├── UsageError                what was typed cannot be carried out
    ├── PolicyError               the policy file is wrong: file, line, what is allowed
    ├── ProfileError              a profile's files are wrong or name something unknown
    │   └── UnknownProfile        no profile of that name
    ├── WorkspaceError            the workspace is absent or not readable
    ├── StateError                our own state directory or a thread in it is unusable
    └── DataError                 a file that ships with the program is damaged

    AttemptError                  one attempt failed; `cause` is its word in the table of causes (`core.causes`)

Anything else that escapes is a bug of ours and keeps its traceback. An AttemptError never leaves a runner: it becomes a
value with its cause (`core.ladder.Failure`), because the ladder decides on it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

Cause = Literal[
    "dns",
    "tls",
    "refused",
    "connect-timeout",
    "no-network",
    "server-error",
    "bad-gateway",
    "unavailable",
    "loading",
    "first-token-timeout",
    "stalled",
    "request-timeout",
    "model-missing",
    "wrong-model",
    "unfit-model",
    "no-key",
    "key-refused",
    "payment-required",
    "forbidden",
    "rate-limited",
    "model-limited",
    "over-window",
    "bad-request",
    "stream-error",
    "cut-short",
    "empty-answer",
    "truncated",
    "invalid-json",
    "unknown-tool",
    "bad-arguments",
    "repeated-call",
    "calls-as-text",
    "turn-limit",
    "no-progress",
    "verification-failed",
    "no-change",
    "asked-for-profile",
    "not-local",
    "over-budget",
    "not-approved",
    "declined",
    "timeout",
    "interrupted",
    "tainted",
    "not-merged",
]


class RouterError(Exception):
    """Something the user can act on. The message is complete: it is printed as it is."""


class UsageError(RouterError):
    """What was typed cannot be carried out."""


class PolicyError(RouterError):
    """A policy file is refused. `file` and `line` (1-based, 0 where none applies) say where."""

    def __init__(self, message: str, *, file: str, line: int = 0) -> None:
        where = f"{file}:{line}" if line else file
        super().__init__(f"{where}: {message}")
        self.file = file
        self.line = line


class ProfileError(RouterError):
    """A profile cannot be used as it is written."""


class UnknownProfile(ProfileError):
    """No profile has that name. `known` lists those that exist, `near` is one that may be meant.

    `install` is a folder that has it. `own`: the profiles are in a Hermes home, and not those of the program.
    """

    def __init__(
        self,
        name: str,
        known: Sequence[str],
        *,
        where: str,
        meant: str = "",
        asked_by: str = "--profile",
        install: str = "",
        at_home: bool = True,
    ) -> None:
        listed = ", ".join(known) or "none"
        fix = "make a folder of that name with a config.yaml beside theirs"
        fix = fix if at_home else "make it in a Hermes home of your own: `profile-router install` fills one"
        fix = f"take one of these, or {fix}" if known else fix
        if install:
            fix = "bring it with `profile-router install`"
        super().__init__(f"profile '{name}' ({asked_by}) does not exist in {where}{meant} (known: {listed}); {fix}")
        self.name = name
        self.known = tuple(known)


class WorkspaceError(RouterError):
    """The workspace is absent, not a folder, or not readable."""


class StateError(RouterError):
    """Our own state directory, or a thread kept in it, cannot be used."""


class DamagedError(StateError):
    """A database of ours is damaged in a part that was read or written."""


class DataError(RouterError):
    """A file that ships with the program is missing or damaged: install it again."""


class AttemptError(Exception):
    """One attempt failed of `cause`. The message is shown and holds no secret."""

    def __init__(self, cause: Cause, message: str) -> None:
        super().__init__(message)
        self.cause = cause
