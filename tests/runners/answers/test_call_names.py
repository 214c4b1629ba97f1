"""A call's name and arguments mean what was offered, in whatever dress they come."""

from __future__ import annotations

import json
from typing import Any

import pytest

from profile_router.runners.answers.call_names import arguments_of, offered_name

OFFERED = ("read_file", "edit_file")
PATH = {"path": "a.py"}


@pytest.mark.parametrize(
    "said",
    [
        *("read_file", "functions.read_file", "functions.read_file:0", "default_api.read_file", "tools/read_file"),
        *(
            "functions::read_file",
            " read_file ",
            "`read_file`",
            "read_file<|channel|>commentary",
            "repo_browser.read_file",
        ),
    ],
)
def test_a_name_in_a_dress_is_the_offered_one(said: str) -> None:
    assert offered_name(said, OFFERED) == "read_file"


@pytest.mark.parametrize("said", ["read_files", "functions.open", "file", "", ".", "functions.", "read_file.py"])
def test_another_name_stays_as_it_is(said: str) -> None:
    assert offered_name(said, OFFERED) == said


@pytest.mark.parametrize(
    "said", [PATH, json.dumps(PATH), json.dumps(json.dumps(PATH)), json.dumps(json.dumps(json.dumps(PATH)))]
)
def test_arguments_are_an_object_however_often_they_are_encoded(said: Any) -> None:
    assert arguments_of(said) == PATH


@pytest.mark.parametrize("said", ["{nonsense", "[1]", '"x"', "null", None, 7, [PATH]])
def test_what_is_not_an_object_is_not_arguments(said: Any) -> None:
    assert arguments_of(said) is None
