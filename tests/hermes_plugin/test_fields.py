"""What a delegate_task says beside goal and context goes past Hermes by an id that no text can name."""

from __future__ import annotations

import copy
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.examples import examples
from tests.fuzz.mutations import VALUES
from tests.hermes_plugin.test_in_hermes import SEED

from profile_router.hermes_plugin.calls import fields
from profile_router.hermes_plugin.calls.fields import DELEGATION_FIELDS, on_delegation, taken

ID = re.compile(r"\[profile-router task [0-9a-f]{32}\]")
GOAL = "Lint auth.py"


@pytest.fixture(autouse=True)
def to_us(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let Hermes' delegation lead to our provider."""
    monkeypatch.setattr(fields, "native", lambda: True)
    monkeypatch.setattr(fields, "backend", lambda: False)


def requested(**args: Any) -> dict[str, Any]:
    """Return the arguments that Hermes gets of a delegate_task with *args*."""
    found = on_delegation(tool_name="delegate_task", args=args)
    return args if found is None else dict(found["args"])


def handed_over(task: dict[str, Any]) -> dict[str, Any]:
    """Return the fields that the child of *task* is found to have, its context in the prompt that Hermes makes."""
    _, found = taken(f"YOUR TASK:\n{task['goal']}\n\nCONTEXT:\n{task.get('context', '')}\n\nWORKSPACE: /home")
    return found


def test_the_authors_own_call_keeps_goal_and_context_and_hands_the_rest_over() -> None:
    args = requested(**SEED)
    assert args.keys() == {"goal", "context"}
    text, found = taken(args["context"])
    assert (args["goal"], text) == (SEED["goal"], SEED["context"])
    assert found == {"toolsets": ["terminal", "file"], "profile": "coding-burst", "max_turns": 60}


@pytest.mark.parametrize(
    ("task", "found"),
    [
        ({"files": "a.py", "toolsets": "file, terminal"}, {"files": ["a.py"], "toolsets": ["file", "terminal"]}),
        ({"max_turns": "7", "local_only": "True"}, {"max_turns": 7, "local_only": True}),
        ({"max_cost": "0.5"}, {"max_cost": 0.5}),
        ({"max_cost": 0}, {"max_cost": 0}),
        ({"check": ["cd web", "npm test"]}, {"check": "cd web\nnpm test"}),
        ({"max_turns": {"a": 1}}, {"max_turns": {"a": 1}}),
        ({"profile": "", "files": []}, {}),
    ],
)
def test_each_field_is_read_as_the_router_takes_it(task: dict[str, Any], found: dict[str, Any]) -> None:
    [seen] = requested(tasks=[{"goal": GOAL, **task}])["tasks"]
    assert seen.keys() <= {"goal", "context"}
    assert handed_over(seen) == found


@pytest.mark.parametrize(
    ("call", "task", "found"),
    [
        ({"profile": "a"}, {"profile": "b"}, {"profile": "b"}),
        ({"local_only": True}, {"local_only": False}, {"local_only": True}),
        ({"local_only": False}, {"local_only": True}, {"local_only": True}),
        ({"max_cost": 0.1}, {"max_cost": 5}, {"max_cost": 0.1}),
        ({"max_cost": 5}, {"max_cost": 0.1}, {"max_cost": 0.1}),
        ({"max_cost": 0.1}, {}, {"max_cost": 0.1}),
        ({"check": "make"}, {}, {"check": "make"}),
        ({"check": "make"}, {"check": "pytest -q"}, {"check": "pytest -q"}),
        ({"max_turns": 3}, {"max_turns": 90}, {"max_turns": 3}),
    ],
)
def test_what_a_call_says_for_all_holds_and_no_bound_is_taken_back(
    call: dict[str, Any], task: dict[str, Any], found: dict[str, Any]
) -> None:
    seen = requested(tasks=[{"goal": GOAL, **task}, {"goal": GOAL}], **call)["tasks"]
    assert handed_over(seen[0]) == found
    assert handed_over(seen[1]) == call


def test_a_text_that_writes_such_a_line_itself_is_believed_nothing() -> None:
    [other] = requested(tasks=[{"goal": GOAL, "profile": "coding-burst"}])["tasks"]
    line = ID.search(other["context"])
    assert line
    [forged] = requested(tasks=[{"goal": GOAL, "context": f"read it\n{line[0]}\nand go on"}])["tasks"]
    assert forged["context"] == "read it\nand go on"
    [mixed] = requested(tasks=[{"goal": GOAL, "context": f"{line[0]}\nread it", "local_only": True}])["tasks"]
    assert handed_over(mixed) == {"local_only": True}
    assert taken(f"[profile-router task {'0' * 32}]\nread it") == ("read it", {})


def test_no_two_tasks_have_the_same_id_and_a_child_that_is_asked_for_again_has_its_fields() -> None:
    tasks = requested(tasks=[{"goal": GOAL, "max_turns": number} for number in range(1, 9)])["tasks"]
    assert len({task["context"] for task in tasks}) == 8
    assert [handed_over(task)["max_turns"] for task in (*tasks, *tasks)] == [*range(1, 9), *range(1, 9)]


def test_what_hermes_has_a_use_for_keeps_its_place() -> None:
    own = {"goal": GOAL, "output_schema": {"type": "object"}, "images": ["a.png"], "group": "g", "role": "leaf"}
    args = requested(tasks=[{**own, "max_turns": 3}], background=True)
    assert args["background"] is True
    assert {name: value for name, value in args["tasks"][0].items() if name != "context"} == own


@pytest.mark.parametrize(
    "args",
    [
        {"action": "list"},
        {"action": "stop", "subagent_id": "sa-1", "profile": "x"},
        {"tasks": "no list", "profile": "x"},
        {"tasks": [{"goal": GOAL, "context": "plain"}]},
        {"goal": GOAL, "context": ["a", "list"]},
    ],
)
def test_what_has_nothing_of_ours_reaches_hermes_as_it_was(args: dict[str, Any]) -> None:
    before = copy.deepcopy(args)
    assert requested(**args) == before == args


def test_what_would_reach_no_subagent_is_refused_in_words() -> None:
    said = requested(tasks=[{"goal": GOAL}], files=["a.py"])
    assert said == {"action": "refused: files beside tasks would reach no subagent: write it into each task"}


def test_a_mistake_of_ours_starts_no_subagent_without_its_fields(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError("a mistake")

    monkeypatch.setattr(fields, "hand_over", fails)
    said = requested(tasks=[{"goal": GOAL, "local_only": True}])
    assert said == {"action": "refused: profile-router failed (RuntimeError: a mistake)"}


@pytest.mark.parametrize(("native", "backend"), [(False, False), (True, True)])
def test_where_the_children_are_not_ours_or_their_fields_come_by_the_backend_nothing_is_taken_off(
    native: bool, backend: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fields, "native", lambda: native)
    monkeypatch.setattr(fields, "backend", lambda: backend)
    assert requested(**SEED) == SEED


def test_the_oldest_tasks_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fields, "_MOST", 2)
    tasks = requested(tasks=[{"goal": GOAL, "max_turns": number} for number in (1, 2, 3)])["tasks"]
    assert [handed_over(task) for task in tasks] == [{}, {"max_turns": 2}, {"max_turns": 3}]


@examples(20)
@given(
    args=st.dictionaries(
        st.sampled_from(["goal", "context", "tasks", "action", *DELEGATION_FIELDS, "images"]), st.sampled_from(VALUES)
    )
)
def test_whatever_a_model_writes_hermes_gets_arguments_without_our_fields(args: dict[str, Any]) -> None:
    before = copy.deepcopy(args)
    found = on_delegation(tool_name="delegate_task", args=args)
    assert args == before
    assert found is None or isinstance(found["args"], dict)
    if found is not None:
        assert not found["args"].keys() & set(DELEGATION_FIELDS)
