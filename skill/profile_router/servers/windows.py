"""How large the context windows are: as a server said lately, else as the profile states, else as assumed."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from profile_router.core.evidence import Window
from profile_router.core.profile import Profile, is_loopback
from profile_router.errors import StateError
from profile_router.servers.speeds import model_key
from profile_router.state.json_files import read_state_json, write_state_json

ASSUMED_LOCAL_TOKENS = 8_192
ASSUMED_CLOUD_TOKENS = 128_000
_FILE = "windows.json"


def known_windows(profiles: Iterable[Profile], state: Path, *, now: float, max_age_s: float) -> tuple[Window, ...]:
    """Return the window of each profile without asking anybody. *now* and *max_age_s* are seconds."""
    measured = _windows_in(state / _FILE)
    return tuple(_known(profile, measured, now, max_age_s) for profile in profiles)


def remember_window(profile: Profile, tokens: int, state: Path, *, now: float) -> None:
    """Keep what a server said of its window, for `route`, which is offline. A full disk is not a reason to fail."""
    measured = _windows_in(state / _FILE)
    measured[model_key(profile.endpoint)] = {"tokens": tokens, "at": now}
    try:
        write_state_json(state / _FILE, measured)
    except StateError:
        return  # a measurement is a convenience: the next run takes it again


def _known(profile: Profile, measured: dict[str, dict[str, float]], now: float, max_age_s: float) -> Window:
    entry, reply = measured.get(model_key(profile.endpoint)), profile.max_tokens or 0
    if entry is not None and 0 <= now - entry["at"] <= max_age_s:
        age_s = now - entry["at"]
        return Window(profile=profile.name, tokens=int(entry["tokens"]), source="measured", age_s=age_s, reply=reply)
    if profile.window is not None:
        return Window(profile=profile.name, tokens=profile.window, source="config", reply=reply)
    assumed = ASSUMED_LOCAL_TOKENS if is_loopback(profile.endpoint.base_url) else ASSUMED_CLOUD_TOKENS
    return Window(profile=profile.name, tokens=assumed, source="assumed", reply=reply)


def _windows_in(path: Path) -> dict[str, dict[str, float]]:
    """Return the remembered measurements; a damaged file counts as none."""
    return {key: value for key, value in read_state_json(path).items() if _is_entry(value)}


def _is_entry(value: object) -> bool:
    return isinstance(value, dict) and all(
        isinstance(value.get(name), int | float) and not isinstance(value.get(name), bool) for name in ("tokens", "at")
    )
