"""A run's records tell what its attempts wrote, or that nobody can tell."""

from __future__ import annotations

from typing import Any

import pytest
from tests.fakes import a_receipt

from profile_router.core.ladder.receipt import Attempt
from profile_router.threads.records import MemoryRecords
from profile_router.threads.traces import close_spans, open_spans, traces_of


def attempt(**told: Any) -> Attempt:
    return Attempt(receipt=a_receipt(), **told)


EDITED = attempt(wrote=("a.py",), edited=("a.py",))
RAN = attempt(edited=("b.py",), around=(("1", "2"), ("3", "4")))
EDIT = ("c.py", "", "d1")


@pytest.mark.parametrize(
    ("records", "edited", "around"),
    [
        ({"attempt 1": EDITED}, {"a.py"}, []),
        ({"attempt 1": EDITED, "attempt 2": RAN}, {"a.py", "b.py"}, [("1", "2"), ("3", "4")]),
        ({"attempt 1": RAN, "2/edit tool x": EDIT, "2/turn 1": ()}, {"b.py", "c.py"}, [("1", "2"), ("3", "4")]),
        ({"1/began tool z": (0, "1", "2"), "1/began tool a": (1, "3", "4")}, set(), [("1", "2"), ("3", "4")]),
        ({"attempt 1": EDITED, "hermes 2/around": ("1", "2"), "hermes 2/answered": ()}, {"a.py"}, [("1", "2")]),
        ({"attempt 1": attempt(wrote=("old.py",))}, {"old.py"}, []),  # of a version that kept no more
    ],
)
def test_edits_and_marks_of_all_attempts_are_put_together(
    records: dict[str, Any], edited: set[str], around: list[tuple[str, str]]
) -> None:
    found = traces_of(MemoryRecords(records))
    assert found is not None
    assert (set(found.edited), list(found.around)) == (edited, around)
    assert found.unended == ({"c.py": {"d1"}} if "c.py" in edited else {})


@pytest.mark.parametrize(
    "records",
    [
        {},
        {"before a.py": (b"",)},
        {"attempt 1": attempt()},
        {"attempt 1": EDITED, "attempt 2": attempt(around=(("1", ""),))},
        {"attempt 1": attempt(around=(("", ""),))},
        {"1/began tool x": (0, "1", "")},
        {"1/began tool x": True},
        {"attempt 1": EDITED, "hermes 2/answered": ()},
        {"attempt 1": EDITED, "hermes 2/around": ("1", "")},
    ],
)
def test_what_was_cut_off_or_never_marked_leaves_the_run_unknown(records: dict[str, Any]) -> None:
    assert traces_of(MemoryRecords(records)) is None


def test_marks_after_attempts_are_among_them() -> None:
    found = traces_of(MemoryRecords({"attempt 1": EDITED, "looked after 1": "5"}))
    assert found is not None
    assert found.marks_after == ("5",)


@pytest.mark.parametrize(
    ("records", "spans", "around"),
    [
        ({"1/began tool x": (0, "1", "")}, {"1/began tool x": "1"}, (("1", "9"),)),
        ({"1/began a": (0, "1", "2"), "1/began b": (1, "3", "")}, {"1/began b": "3"}, (("1", "2"), ("3", "9"))),
        ({"hermes 1/around": ("1", ""), "hermes 1/answered": (3,)}, {"hermes 1/around": "1"}, (("1", "9"),)),
        ({"1/began tool x": (0, "1", "2")}, {}, (("1", "2"),)),
    ],
)
def test_what_was_at_work_when_a_process_was_killed_is_given_an_end_once(
    records: dict[str, Any], spans: dict[str, str], around: tuple[tuple[str, str], ...]
) -> None:
    thread = MemoryRecords(records)
    assert open_spans(thread) == spans
    if spans:
        close_spans(thread, "9", {"b.py"})
        close_spans(thread, "10", {"c.py"})
    found = traces_of(thread)
    assert found is not None
    assert (open_spans(thread), found.around) == ({}, around)
    assert found.unsure == ({"b.py", "c.py"} if spans else set())


@pytest.mark.parametrize("records", [{"1/began x": True}, {"1/began x": (0, "", "")}, {"attempt 1": EDITED}])
def test_without_a_mark_before_it_nothing_is_given_an_end(records: dict[str, Any]) -> None:
    assert open_spans(MemoryRecords(records)) == {}
