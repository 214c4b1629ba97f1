"""The answer of a command as JSON: one object with what every answer carries, on stdout."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

from profile_router.core.telling.envelope import enveloped
from profile_router.ledger.schema import moment


def print_json(told: Mapping[str, Any], *, at: float | None = None, run: str | None = None) -> None:
    """Print *told* with `v`, `time` and `run`: the only way in which a command answers `--json`.

    *at* is its moment in seconds since 1970, None: now. *run* is the id in the ledger of the run that it tells of.
    """
    print(json_text(told, at=at, run=run))


def json_text(told: Mapping[str, Any], *, at: float | None = None, run: str | None = None) -> str:
    """Return what `print_json` prints."""
    return json.dumps(of_now(told, at=at, run=run), ensure_ascii=False, indent=2)


def of_now(told: Mapping[str, Any], *, at: float | None = None, run: str | None = None) -> dict[str, Any]:
    """Return *told* with what every event and every answer carries, of this moment where it has none."""
    return enveloped(told, time=moment(time.time() if at is None else at), run=run)
