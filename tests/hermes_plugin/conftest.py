"""Tests of the plugin meet the real Hermes, or stand in for it where the plugin's rules alone count."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.runners.hermes.installed import installed_hermes
from tests.runners.hermes.stage import Stage


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with Stage(tmp_path / "stage", installed_hermes()) as stage:
        yield stage
