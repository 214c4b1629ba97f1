"""Whoever allows a check that cannot run in its jail is told so at once."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.fakes import a_policy

from profile_router.core.found_check import CheckRunner, FoundCheck
from profile_router.runs.own_check.check_rehearsal import silent_because


@pytest.mark.jail
@pytest.mark.parametrize(
    ("runner", "words", "why"),
    [
        ("pytest", ("python3", "-m", "nosuchrunner"), "the module nosuchrunner is not in the jail"),
        ("cargo", ("nosuchcargo", "test"), "nosuchcargo is not in the jail"),
        ("make", ("sh", "-c", "exit 1"), ""),
        ("gradle", ("./gradlew", "test"), ""),
    ],
)
def test_a_check_that_lacks_what_it_runs_is_told_with_what_helps(
    runner: CheckRunner, words: tuple[str, ...], why: str, tmp_path: Path
) -> None:
    check = FoundCheck(runner=runner, words=words, whole=words, source="a test says so")
    said = silent_because(check, tmp_path, a_policy().terminal)
    assert said.startswith(why)
    assert bool(said) is bool(why)
    assert not said or said.endswith("or name its folder under terminal.readable of the policy")
