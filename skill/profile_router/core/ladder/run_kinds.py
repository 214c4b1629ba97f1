"""Words of a run in the ledger, for `route`. It needs no row of `account`, whose classes take 7 ms to make."""

from __future__ import annotations

from typing import Literal

RunKind = Literal["run", "route", "observed", "undo"]
Stage = Literal["before", "after"]  # a verification before any work, or after an attempt
UNFINISHED = "unfinished"  # the verdict of a run that has no end in the ledger: it is at work, or was killed
