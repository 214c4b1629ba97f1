"""What every event and every result carries in JSON: the version of its form, its moment, and its run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

ENVELOPE_VERSION = 1  # of events and results: a key that goes, or means something else, raises it; a new key does not


def enveloped(told: Mapping[str, Any], *, time: str, run: str | None = None) -> dict[str, Any]:
    """Return *told* with `v`, `time` and `run`, as far as it lacks them.

    *time* is the moment in UTC, as `ledger.schema.moment` gives it. *run* is the id in the ledger, None before it has
    one.
    """
    return {"v": ENVELOPE_VERSION, "time": time, "run": run, **told}
