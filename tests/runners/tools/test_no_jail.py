"""Where the kernel lets nobody make a jail there is no `run_command`, and a note says why. Runs on every machine."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.left_out import kernel_permits
from tests.runners.tools.a_terminal import offered

from profile_router.jail.view import jail_problem
from profile_router.runners.tools import terminal as terminal_module


def test_a_jail_can_be_made_wherever_the_kernel_permits_it() -> None:
    assert (jail_problem() is None) == kernel_permits()


@pytest.mark.parametrize("private", [False, True])
def test_without_a_jail_the_tool_is_not_offered_and_the_reason_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, private: bool
) -> None:
    monkeypatch.setattr(terminal_module, "jail_problem", lambda: "the kernel permits none")
    told = offered(tmp_path, private=private)
    assert told == "run_command is not offered: the kernel permits none" + (
        ", so the network cannot be cut off from a private task" if private else ""
    )
