"""The published schemas are right, take what the program prints, and refuse what the program refuses."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from tests.api.forms import wrong_in
from tests.api.on_stage import DONE, stage
from tests.cli.command import call

from profile_router.api.event_values import AnyEvent
from profile_router.api.explaining import explained
from profile_router.api.run_values import EventKind
from profile_router.api.schemas import SCHEMAS
from profile_router.api.value import declared_fields
from profile_router.core.task import Task
from profile_router.errors import PolicyError, UsageError
from profile_router.policies.file import SHIPPED
from profile_router.policies.grammar import policy_in

POLICY = yaml.load(SHIPPED.read_text(encoding="utf-8"), yaml.CSafeLoader)


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_is_one_and_refuses_another_form(name: str) -> None:
    assert wrong_in(name, 7)


def test_the_events_of_the_schema_are_those_that_a_stream_tells() -> None:
    told = [kind for event in get_args(AnyEvent) for kind in get_args(declared_fields(event)["event"])]
    assert set(told) == set(get_args(EventKind))


def test_the_schema_takes_the_shipped_policy() -> None:
    assert wrong_in("policy", POLICY) == []


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("nonsense",), 1),
        (("tiers", "local"), 7),
        (("tiers", "remote"), "x"),
        (("rules", 1, "route"), "cloud"),
        (("rules", 2, "id"), "nobody"),
        (("budget", "day_usd"), -1),
        (("limits", "parallel"), 33),
        (("ladder", 0, "causes"), ["the-weather"]),
        (("hermes_plugin",), "maybe"),
        (("trust",), ["luck"]),
        (("repository", "weights", "path"), 101),
    ],
    ids=str,
)
def test_schema_and_reader_refuse_the_same(place: tuple[Any, ...], value: Any) -> None:
    changed = copy.deepcopy(POLICY)
    *way, last = place
    inner = changed
    for key in way:
        inner = inner[key]
    inner[last] = value
    assert wrong_in("policy", changed)
    with pytest.raises(PolicyError):
        policy_in(yaml.safe_dump(changed, sort_keys=False), "policy.yaml")


@pytest.mark.nightly
@pytest.mark.parametrize(("command", "schema"), [("--json", "batch"), ("--stream", "events")])
def test_a_batch_prints_what_the_schema_says(command: str, schema: str, tmp_path: Path) -> None:
    with stage(tmp_path, *DONE) as on:
        tasks = json.dumps([{"goal": "fix add in calc.py", "files": ["calc.py"]}, {"goal": ""}]).encode()
        done = call("batch", "--tasks-json", "-", command, home=tmp_path, cwd=on.root, stdin=tasks)
    told = [json.loads(line) for line in done.out.splitlines()] if command == "--stream" else [done.json]
    assert [wrong for one in told for wrong in wrong_in(schema, one)] == []
    assert {one["v"] for one in told} == {1}


@pytest.mark.nightly
@pytest.mark.parametrize(
    ("mode", "words"),
    [
        ("explain", ("run", "--from-hermes", "--task-json", "-")),
        ("explain", ("batch", "--from-hermes", "--tasks-json", "-")),
        ("explain", ("observe", "--tasks-json", "-")),
        ("observe", ("observe", "--tasks-json", "-")),
    ],
    ids=["run", "batch", "look-on", "observe"],
)
@pytest.mark.parametrize("profile", [None, "nope"])
def test_what_hermes_is_told_is_what_the_schema_says(
    mode: str, words: tuple[str, ...], profile: str | None, tmp_path: Path
) -> None:
    with stage(tmp_path) as on:
        policy = tmp_path / "policy.yaml"
        policy.write_text(SHIPPED.read_text().replace("hermes_plugin: on", f"hermes_plugin: {mode}"))
        task = {"goal": "fix add in calc.py", "profile": profile}
        stdin = json.dumps(task if words[0] == "run" else [task]).encode()
        done = call(*words, "--policy", str(policy), home=tmp_path, cwd=on.root, stdin=stdin)
    told = [json.loads(line) for line in done.out.splitlines()]
    assert (done.code, [one["event"] for one in told]) == (0, ["plugin", "result"])
    assert [wrong for one in told for wrong in wrong_in("events", one)] == []
    assert "nope" in told[1]["error"] if profile else told[1]["route"]["profile"]


@pytest.mark.parametrize(
    ("task", "says"),
    [
        (Task(goal="fix add", profile="nope"), "nope"),
        (Task(goal="fix add", workspace="nowhere"), "nowhere"),
        (UsageError("the goal is missing"), "the goal is missing"),
        (Task(goal="fix add"), None),
    ],
    ids=str,
)
def test_a_task_that_cannot_be_routed_is_explained_in_the_form_of_the_schema(
    task: Task | UsageError, says: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with stage(tmp_path) as on:
        monkeypatch.chdir(on.root)
        for name, value in on.environ.items():
            monkeypatch.setenv(name, value)
        [event] = explained([task], None)
    assert wrong_in("events", event.json) == []
    assert (event.route is None) == (says is not None)
    assert (says or "") in (event.error or "")
