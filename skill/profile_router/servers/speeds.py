"""Keep how fast models were when they were measured, for the estimates of `route`, which asks nobody."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import isfinite
from pathlib import Path
from typing import Any

from profile_router.core.days import DAY_S
from profile_router.core.profile import ProviderEndpoint
from profile_router.core.routing.speed import Speed
from profile_router.state.json_files import read_state_json, write_state_json

MAX_AGE_S = 30 * DAY_S  # models and machines change
_FILE = "speeds.json"
_FIGURES = ("first_token_s", "prompt_tps", "output_tps", "at")
_MOST_KEPT = 200


def known_speeds(state: Path, *, now: float) -> Mapping[str, Speed]:
    """Return what is known of the last MAX_AGE_S, by `model_key`. What cannot be read counts as nothing."""
    return {
        key: Speed(
            first_token_s=one["first_token_s"],
            prompt_tps=one["prompt_tps"],
            output_tps=one["output_tps"],
            age_s=now - one["at"],
        )
        for key, one in _speeds_in(state / _FILE).items()
        if 0 <= now - one["at"] <= MAX_AGE_S
    }


def remember_speeds(found: Iterable[tuple[ProviderEndpoint, Speed]], state: Path, *, now: float) -> None:
    """Keep what was *found* at the moment *now*, seconds since 1970. Raises StateError."""
    speeds = _speeds_in(state / _FILE)
    for endpoint, speed in found:
        speeds[model_key(endpoint)] = {
            "first_token_s": round(speed.first_token_s, 4),
            "prompt_tps": round(speed.prompt_tps, 2),
            "output_tps": round(speed.output_tps, 2),
            "at": now,
        }
    newest = sorted(speeds.items(), key=lambda one: one[1]["at"], reverse=True)[:_MOST_KEPT]
    write_state_json(state / _FILE, dict(newest))


def model_key(endpoint: ProviderEndpoint) -> str:
    """Return what is measured of the model of *endpoint* is kept under."""
    return f"{endpoint.base_url} {endpoint.model}"


def _speeds_in(path: Path) -> dict[str, dict[str, float]]:
    return {key: one for key, one in read_state_json(path).items() if _is_speed(one)}


def _is_speed(one: Any) -> bool:
    values = [one.get(name) for name in _FIGURES] if isinstance(one, dict) else []
    numbers = [value for value in values if isinstance(value, int | float) and not isinstance(value, bool)]
    whole = len(numbers) == len(_FIGURES) and all(isfinite(value) and value >= 0 for value in numbers)
    return whole and min(numbers[1:3]) > 0
