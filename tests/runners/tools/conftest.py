"""A workspace of one file, and its tools. A test of something else makes its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.runners.tools.file_tools import Call, caller

from profile_router.runners.tools.fence import Fence


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    (folder / "src").mkdir(parents=True)
    (folder / "src" / "main.py").write_text("def main():\n    return 1\n")
    return folder


@pytest.fixture
def fence(root: Path) -> Fence:
    return Fence(root, private_globs=[".env*"])


@pytest.fixture
def call(fence: Fence) -> Call:
    return caller(fence)
