"""A repository with a copy. A test of something else makes its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.copies.a_copy import FILES
from tests.git.git_repository import repository

from profile_router.copies.copy import Copy, opened_copy
from profile_router.git.repository import find_repository


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return repository(tmp_path / "repo", FILES)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def copy(repo: Path, state: Path) -> Iterator[Copy]:
    with opened_copy(find_repository(repo), state) as copy:
        yield copy
