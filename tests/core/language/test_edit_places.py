"""A path is surely to be edited where the text says so, and not where it is only spoken of."""

from __future__ import annotations

import pytest

from profile_router.core.language.edit_places import edit_places


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("Fix the loop in a.py", ["a.py"]),
        ("Set LIMIT in the file `src/a.py`, please", ["src/a.py"]),
        ("Add a docstring to a.py", ["a.py"]),
        ("Please update a.py and lib/b.py so that they agree", ["a.py", "lib/b.py"]),
        ("a.py: handle empty input", ["a.py"]),
        ("In a.py, fix the loop", ["a.py"]),
        ("Move load from a.py to b.py", ["b.py"]),
        ("Add a loop like the one shown in a.py to b.py", ["b.py"]),
        ("Implement the parser as described in docs/spec.md", []),
        ("Fix the crash that is reported in log.txt", []),
        ("Fix the error that a.py raises", []),
        ("Change the default to what is written in a.toml", []),
        ("Explain the loop in a.py", []),
        ("Is the loop in a.py right?", []),
        ("Review a.py. Do not change any files.", []),
        ("", []),
    ],
)
def test_only_what_is_told_to_edit_is_sure(text: str, paths: list[str]) -> None:
    assert [word.text for word in edit_places(text)] == paths
