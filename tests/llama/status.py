"""Wait for what a server says of itself; give up after a minute."""

from __future__ import annotations

import time

import httpx2

_GIVE_UP_SECONDS = 60


def wait_for_status(url: str, wanted: int) -> None:
    """Return when /health answers with this status."""
    give_up = time.monotonic() + _GIVE_UP_SECONDS
    while time.monotonic() < give_up:
        try:
            if httpx2.get(f"{url}/health").status_code == wanted:
                return
        except httpx2.TransportError:
            continue
    raise AssertionError(f"{url} never answered {wanted}")


def wait_for_slots(url: str, *, busy: int) -> None:
    """Return when so many slots are at work."""
    give_up = time.monotonic() + _GIVE_UP_SECONDS
    while time.monotonic() < give_up:
        slots = httpx2.get(f"{url}/slots", timeout=_GIVE_UP_SECONDS).json()
        if sum(slot["is_processing"] for slot in slots) == busy:
            return
    raise AssertionError(f"{url} never had {busy} busy slots")
