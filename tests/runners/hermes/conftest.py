"""Tests of the Hermes runner meet the real Hermes; its models are scripted servers on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.runners.hermes.installed import installed_hermes
from tests.runners.hermes.stage import Stage

from profile_router.machine.hermes_program import Hermes


@pytest.fixture(scope="session")
def hermes() -> Hermes:
    return installed_hermes()


@pytest.fixture
def stage(tmp_path: Path, hermes: Hermes) -> Iterator[Stage]:
    with Stage(tmp_path / "stage", hermes) as stage:
        yield stage
