"""Tests of the plugin meet the real Hermes, or stand in for it where the plugin's rules alone count."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.hermes_plugin.a_rig import ANSWERS, HEARS, Rig
from tests.runners.hermes.installed import installed_hermes
from tests.runners.hermes.stage import Stage

from profile_router.hermes_older import middleware
from profile_router.hermes_plugin import pipes, process
from profile_router.hermes_plugin.results import entry_of


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with Stage(tmp_path / "stage", installed_hermes()) as stage:
        yield stage


@pytest.fixture
def rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Rig:
    monkeypatch.setattr(pipes, "_CLOSING_S", 0.2)
    monkeypatch.setattr(middleware, "GRACE_S", 0.0)
    monkeypatch.setattr(middleware, "_seen_private_paths", ())
    return Rig(tmp_path, monkeypatch)


@pytest.fixture
def given(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[dict[str, Any]]]:
    """Return what a call makes of itself for the router: one mapping per task."""
    rig.router(HEARS + ANSWERS)
    heard: list[dict[str, Any]] = []

    def listening(index: int, ran: process.Ran, thread: str, *, seconds: float) -> dict[str, Any]:
        assert ran.result is not None
        heard.append(dict(ran.result["given"]))
        return entry_of(index, ran, thread, seconds=seconds)

    monkeypatch.setattr(middleware, "entry_of", listening)

    def ask(**args: Any) -> list[dict[str, Any]]:
        rig.delegate(**args)
        return heard

    return ask
