"""Where the kernel lets nobody make a jail there is no `run_command`, and a note says why. Runs on every machine."""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

import pytest
from tests.runners.tools.a_terminal import offered

from profile_router.jail.view import jail_problem
from profile_router.runners.tools import terminal as terminal_module

_NEW_USER = 0x10000000  # CLONE_NEWUSER
_RESTRICTED = Path("/proc/sys/kernel/apparmor_restrict_unprivileged_userns")


def kernel_permits() -> bool:
    """Tell whether a process may have a user namespace of its own, asked of the kernel itself."""
    if not sys.platform.startswith("linux"):
        return False
    if os.getuid() and _RESTRICTED.exists() and _RESTRICTED.read_text().strip() == "1":
        return False
    child = os.fork()
    if child == 0:
        os._exit(ctypes.CDLL(None).unshare(_NEW_USER) != 0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


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
