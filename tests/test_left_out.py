"""No test is left out without a line, or for a reason that no table holds."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests.left_out import NIGHT, NO_MODEL, REASONS, LeftOut

TESTS = Path(__file__).parent
_LEAVES = re.compile(r"pytest\.skip\(|mark\.skip|importorskip|collect_ignore|unittest\.skip|SkipTest|pytest_deselected")
# What leaves tests out itself, by a line of its own; and what only holds texts of other people's tests.
_BY_A_LINE = {"conftest.py", "real_model/conftest.py", "test_left_out.py"}
_TEXTS = {"verify/test_judged_check.py", "workspace/test_held_tests.py"}
CHROMIUM, TOOLS = "tests/reporting/test_report.py", "tests/check_price/test_check_price.py"


def test_only_files_of_the_table_leave_tests_out() -> None:
    leaving = {
        str(file.relative_to(TESTS)) for file in TESTS.rglob("*.py") if _LEAVES.search(file.read_text(encoding="utf-8"))
    }
    assert leaving - _BY_A_LINE - _TEXTS == {file.removeprefix("tests/") for file in REASONS}


@pytest.mark.parametrize(
    ("nodeid", "reason", "allowed"),
    [
        (f"{CHROMIUM}::test_a", "there is no chromium", True),
        (f"{TOOLS}::test_a[b]", "cargo is not installed", True),
        (f"{TOOLS}::test_a", "the page was made where shop was not run", True),
        (f"{CHROMIUM}::test_a", "it is flaky", False),
        ("tests/git/test_undo.py::test_a", "there is no chromium", False),
        ("tests/llama/test_rig.py::test_a", "no llama-server", False),
        ("tests/runners/hermes/test_turn.py::test_a", "no Hermes", False),
    ],
)
def test_a_skip_is_told_and_fails_the_run_unless_its_reason_is_in_the_table(
    nodeid: str, reason: str, allowed: bool
) -> None:
    left = LeftOut()
    left.skipped(nodeid, reason)
    [line] = left.lines()
    assert (reason in line, line.startswith("left out: 1"), bool(left.broken)) == (True, allowed, not allowed)


@pytest.mark.parametrize("permitted", [True, False])
def test_a_jail_that_cannot_start_fails_the_run_where_the_kernel_permits_one(permitted: bool) -> None:
    left = LeftOut()
    left.without_jail(200, "exit code 1", permitted=permitted)
    [line] = left.lines()
    assert (line.startswith("FAILED"), bool(left.broken)) == (permitted, permitted)
    assert re.search(r"200 need a jail.*exit code 1", line)
    assert ("allow unprivileged user namespaces" in line) != permitted


def test_of_what_several_workers_left_out_each_test_counts_once() -> None:
    whole, worker = LeftOut(), LeftOut()
    worker.counted[NIGHT] = 3
    worker.without_jail(2, "none", permitted=True)
    for _ in range(2):
        whole.heard(worker.told())
    assert (dict(whole.counted), [*whole.broken.values()]) == ({NIGHT: 3}, [2])


@pytest.mark.parametrize("many", [0, 1])
def test_a_reason_that_left_nothing_out_has_no_line(many: int) -> None:
    left = LeftOut()
    left.counted[NIGHT] = left.counted[NO_MODEL] = many
    assert len(left.lines()) == 2 * many


BREAKS = """
from profile_router.jail import view
view.jail_problem = lambda: "a rename left its child out"
"""


@pytest.mark.nightly
@pytest.mark.parametrize("workers", [(), ("-n", "1")], ids=["alone", "by a worker"])
def test_a_run_without_its_jail_ends_red_and_says_why(workers: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "breaks_the_jail.py").write_text(BREAKS)
    paths = os.pathsep.join([str(tmp_path), str(TESTS.parent / "skill"), str(TESTS.parent)])
    words = [sys.executable, "-m", "pytest", "-p", "breaks_the_jail", "-p", "no:cacheprovider", *workers, "tests/jail"]
    environ = {**os.environ, "PYTHONPATH": paths}
    done = subprocess.run(words, cwd=TESTS.parent, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stdout + done.stderr
    assert re.search(r"FAILED, left out: \d+ need a jail, and it is broken.*a rename left its child out", done.stdout)
