"""What is known of a Hermes turn whose router was killed: that it had been answered, and what that took.

Hermes ends with the router that started it, and cannot take a turn up in its middle. A turn that no model had answered
yet has done nothing and is begun anew; any other counts as interrupted: what it did is in the workspace, and another
attempt would be paid for, and might do it twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from profile_router.core.ladder.failure import Failure
from profile_router.errors import StateError
from profile_router.runners.hermes.account import Account
from profile_router.threads.records import Records

_NOTED = ("asked", "answered", "refused")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptTurn:
    """The record *name* of one turn in *records*."""

    records: Records
    name: str

    def interrupted(self, account: Account, where: str) -> Failure | None:
        """Return why the turn cannot be made, with *account* as it was left; None where no answer had come yet."""
        kept = self.records.find(self.name)
        if kept is None:
            return None
        account.turns, account.tokens_in, account.tokens_out, account.model_served, account.first_s, *counted = kept
        account.counted = any(counted)
        message = (
            f"{where}: profile-router was ended in the middle of Hermes' turn, after {account.turns} model calls; such "
            "a turn cannot be taken up again, and what it did until then is in the workspace"
        )
        return Failure(cause="interrupted", message=message)

    def hearing(self, account: Account) -> Callable[[Mapping[str, Any]], bool]:
        """Return what hears the child's events: *account*; each answer is noted, and each request after one."""
        answered = False

        def heard(event: Mapping[str, Any]) -> bool:
            nonlocal answered
            may_go = account(event)
            answered |= event["event"] == "answered"
            if answered and event["event"] in _NOTED:
                tokens = (account.tokens_in + account.asked_in, account.tokens_out + account.asked_out)
                counted = account.counted or account.asked_in > 0
                counts = (account.turns, *tokens, account.model_served, account.first_s, counted)
                with suppress(StateError):  # a pipe's callback has nobody to tell; the run's next step hears of it
                    self.records.keep(self.name, counts)
            return may_go

        return heard
