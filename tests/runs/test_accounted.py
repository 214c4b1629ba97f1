"""A run that came to no result stands in the ledger, unless it was called wrongly."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from tests.fakes import a_policy, a_task
from tests.ledger.a_ledger import a_ledger

from profile_router.errors import (
    DataError,
    PolicyError,
    ProfileError,
    StateError,
    UnknownProfile,
    UsageError,
    WorkspaceError,
)
from profile_router.ledger.history import SqliteHistory
from profile_router.runs.accounted import accounted
from profile_router.runs.job import Job


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (WorkspaceError("git took longer than 60 s"), ["error"]),
        (StateError("the disk is full"), ["error"]),
        (DataError("a file is damaged"), ["error"]),
        (KeyboardInterrupt(), ["interrupted"]),
        (UsageError("--check names no program"), []),
        (PolicyError("no such key", file="p.yaml"), []),
        (ProfileError("no model"), []),
        (UnknownProfile("nobody", (), where="here"), []),
    ],
    ids=lambda one: type(one).__name__,
)
def test_only_what_was_called_wrongly_leaves_no_row(error: BaseException, told: list[str], tmp_path: Path) -> None:
    setup: Any = SimpleNamespace(policy=a_policy(), workspace=None)
    job = Job(task=a_task(), setup=setup, thread="t", emit=cast("Any", print), approver=None)
    with pytest.raises(type(error)), accounted(a_ledger(tmp_path), job):
        raise error
    assert [one.verdict for one in SqliteHistory(state=tmp_path).runs(9)] == told
