"""The table of checks as a whole, and the values it gives."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.doctor import (
    test_auth_pools,
    test_gpu,
    test_hermes_install,
    test_hermes_seam,
    test_keys,
    test_local_server,
    test_model_file,
    test_our_files,
    test_profiles,
    test_repository_programs,
    test_stays_local,
)
from tests.doctor.scene import Scene

from profile_router.doctor.checks import ALL_CHECKS, Check, examine
from profile_router.doctor.finding import Finding, count_of_level, failed, passed, tally, warned

MODULES = (
    test_auth_pools,
    test_gpu,
    test_hermes_install,
    test_hermes_seam,
    test_keys,
    test_local_server,
    test_model_file,
    test_our_files,
    test_profiles,
    test_repository_programs,
    test_stays_local,
)
ROWS = [row for module in MODULES for row in module.ROWS]


@pytest.mark.parametrize(
    "check", ALL_CHECKS, ids=lambda check: f"{check.__module__.rsplit('.', 1)[-1]}.{check.__name__}"
)
def test_every_check_has_a_row_in_which_it_finds_something_and_one_in_which_all_is_well(check: Check) -> None:
    levels = {row.level for row in ROWS if row.check is check}
    assert levels & {"fail", "warn"}
    assert levels & {"pass", None}


def test_every_row_is_about_a_check_of_the_table() -> None:
    assert {row.check for row in ROWS} == set(ALL_CHECKS)


def test_a_file_that_breaks_a_check_is_a_finding_and_the_others_go_on(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    facts = scene.facts()
    scene.home.write(None, "approvals: [\n")
    found = examine(facts)
    assert {line.name for line in found if "config.yaml:2" in line.measured} == {
        *("hermes plugin", "hermes skill", "approvals", "seam", "delegation"),
    }
    assert any(line.name == "tokenizer" and line.level == "pass" for line in found)


@pytest.mark.parametrize(
    ("findings", "said"),
    [
        ([failed("a", "b", "c"), warned("a", "b")], "1 failed, 1 warning"),
        ([failed("a", "b", "c"), failed("a", "b", "c"), warned("a", "b"), warned("a", "b")], "2 failed, 2 warnings"),
        ([warned("a", "b"), passed("a", "b")], "1 warning"),
        ([passed("a", "b"), passed("a", "b")], "all 2 checks passed"),
    ],
)
def test_the_last_line_counts(findings: list[Finding], said: str) -> None:
    assert tally(findings) == said
    assert sum(count_of_level(findings, level) for level in ("pass", "warn", "fail")) == len(findings)
