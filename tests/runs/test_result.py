"""What would unblock a run is told as it is of use on this machine."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from profile_router.core.ladder.causes import TABLE
from profile_router.runs.result import _here


@pytest.mark.parametrize("there", [True, False])
def test_a_command_of_hermes_is_named_only_where_hermes_is(tmp_path: Path, there: bool) -> None:
    program = tmp_path / "hermes"
    if there:
        program.write_text(f"#!{sys.executable}\n")
        program.chmod(0o755)
    setup = SimpleNamespace(
        environ={"PATH": str(tmp_path)}, policy=SimpleNamespace(hermes=SimpleNamespace(python=None))
    )
    ways = [row.unblock.format(profile="p", address="a") for row in TABLE.values()]
    told = _here(ways, cast("Any", setup))
    assert (told == ways) is there
    assert ("put a working key into the .env of p, or export it" in told) is not there
    assert any("`hermes " in way for way in told) is there
