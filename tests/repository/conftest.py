"""The shop that the tests of this room look into."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.git.git_repository import repository
from tests.repository.a_shop import SHOP


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return repository(tmp_path / "shop", SHOP)
