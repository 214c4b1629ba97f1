"""Which tasks may meet in one workspace, and how a batch ends."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from profile_router.copies.placement import may_write
from profile_router.core.ladder.receipt import Status
from profile_router.core.task import Task
from profile_router.runs.result import batch_status


@pytest.mark.parametrize(
    ("toolsets", "check", "writes"),
    [
        (None, None, True),
        ((), None, True),
        (("web", "search"), None, False),
        (("vision",), None, False),
        (("web", "file"), None, True),
        (("terminal",), None, True),
        (("something-new",), None, True),
        (("web",), "make", True),
    ],
)
def test_only_what_is_known_to_change_no_file_works_beside_others(
    toolsets: tuple[str, ...] | None, check: str | None, writes: bool
) -> None:
    assert may_write(Task(goal="x", toolsets=toolsets, check=check)) is writes


@pytest.mark.parametrize(
    ("statuses", "whole"),
    [
        (["ok", "ok"], "ok"),
        (["refused", "refused"], "refused"),
        (["ok", "refused"], "failed"),
        (["ok", "failed"], "failed"),
    ],
)
def test_a_batch_is_ok_only_where_all_of_it_is(statuses: Sequence[Status], whole: Status) -> None:
    assert batch_status(statuses) == whole
