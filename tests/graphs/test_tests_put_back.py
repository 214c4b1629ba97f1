"""A check runs what an attempt wrote: tests that it rewrote are put back before the next attempt's check."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.fakes import FakeRunner, FakeVerifier, a_task
from tests.git.git_repository import repository, write_files
from tests.graphs.a_run import Rig
from tests.verify.test_set_back import a_verifier

from profile_router.core.attempt.order import Order
from profile_router.core.found_check import FoundCheck
from profile_router.core.ladder.receipt import Attempt
from profile_router.ports import Emit, Hold

STRICT = 'test "$1" = 42\n'
LOOSENS = "answer=1; later() { echo true > tests/test_app.py; }\n"
WORDS = ("sh", "-c", '. ./app.py; sh tests/test_app.py "$answer"; code=$?; later; echo ran; exit $code')
CHECK = FoundCheck(runner="command", words=WORDS, whole=WORDS, source="a test says so")


class Writes(FakeRunner):
    """Run attempts that write `app.py`, by a tool of ours that tells of it."""

    def __init__(self, write: Callable[[], None], *ends: Any) -> None:
        super().__init__(*ends)
        self._write = write

    async def run(self, order: Order, emit: Emit, hold: Hold | None = None) -> Attempt:
        self._write()
        return replace(await super().run(order, emit, hold), wrote=("app.py",))


@pytest.mark.jail
def test_what_an_attempts_code_made_of_the_tests_in_a_jailed_check_helps_no_later_attempt(tmp_path: Path) -> None:
    root = repository(tmp_path / "repo", {"app.py": "answer=0; later() { :; }\n", "tests/test_app.py": STRICT})
    runner = Writes(lambda: write_files(root, {"app.py": LOOSENS}), *["done"] * 3)
    verifier: Any = a_verifier(root, tmp_path / "state")
    final = Rig(runner=runner, verifier=verifier).run(a_task("Fix app.py", files=("app.py",), found=CHECK))
    assert (final["status"], [one.outcome for one in final["receipts"]]) == ("failed", ["failed"] * 3)
    assert final["verified"].put_back == ("tests/test_app.py",)
    assert "what was tried in them is kept" in final["verified"].put_back_note


def test_only_before_the_first_check_the_files_that_the_attempts_wrote_are_all_that_count() -> None:
    rig = Rig(runner=Writes(lambda: None, "half", "done"), verifier=FakeVerifier(1, 0))
    rig.run(a_task(check="make test"))
    assert rig.verifier.wrote == [("app.py",), None]
