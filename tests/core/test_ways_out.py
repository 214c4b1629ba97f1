"""What a message tells somebody to call next is worded once, and a backend is named by one function."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.fakes import BURST, a_receipt

from profile_router.core.ladder.failure import Failure
from profile_router.core.ladder.receipt import Attempt
from profile_router.core.profile import backend_name
from profile_router.core.telling.ways_out import bring_back, show_run
from profile_router.core.telling.work import attempt_line


def test_a_way_out_names_a_run_by_the_beginning_of_its_id() -> None:
    run = "0123456789abcdef"
    assert bring_back(run) == "`profile-router undo 01234567` brings it back"
    assert show_run(run) == "`profile-router show 01234567`"


@pytest.mark.parametrize("said", [": it refused", " has other loaded, the profile asks for gemma"])
def test_the_line_of_a_failed_attempt_names_profile_and_server_once(said: str) -> None:
    receipt = replace(a_receipt(BURST), host="one.example:81", model_served="gemma")
    failure = Failure(cause="refused", message=f"{backend_name(BURST, receipt.host)}{said}")
    line = attempt_line(Attempt(receipt=receipt, failure=failure))
    assert line == f"{BURST} · gemma · one.example:81{said}"
