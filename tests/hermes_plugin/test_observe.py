"""Looking on while Hermes delegates by itself: which child is which task, what its calls took, what is told."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.hermes_plugin.parent import program

from profile_router.hermes_plugin.calls import guard, observe
from profile_router.hermes_plugin.settings import Settings

# Observes each task but the second, and keeps what it is told of a child's end.
OBSERVES = """\
import json, pathlib, sys
here = pathlib.Path(sys.argv[0]).parent
if sys.argv[1:] == ["observe", "--ended-json", "-"]:
    told = json.load(sys.stdin)
    (here / (told["id"] + ".part")).write_text(json.dumps(told))
    (here / (told["id"] + ".part")).rename(here / (told["id"] + ".json"))
    sys.exit()
assert sys.argv[1:] == ["observe", "--tasks-json", "-"]
print(json.dumps({"event": "plugin", "mode": MODE, "private_paths": ["*.secret"]}))
for index, task in enumerate(json.load(sys.stdin)):
    names = {"observed": "child%d" % index} if MODE == "observe" and index != 1 else {}
    if MODE in ("observe", "explain"):
        print(json.dumps({"event": "result", "task_index": index, "route": {"profile": "coding-local"}, **names}))
"""
NATIVE = '{"status": "dispatched"}'
USAGE = {"input_tokens": 100, "output_tokens": 20, "cache_read_tokens": 900, "cache_write_tokens": 5, "total": "x"}
MODEL = {"provider": "openrouter", "model": "maker/large", "base_url": "https://h.example/v1"}


class Delegations:
    """Calls the middleware as Hermes does, whose own delegation notes what it is asked for."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.native: list[Any] = []
        self._monkeypatch = monkeypatch

    def router(self, code: str, **settings: Any) -> None:
        wanted = Settings(command=program(self.folder, code), **settings)
        self._monkeypatch.setattr(guard, "plugin_settings", lambda: wanted)

    def delegate(self, session: str = "s1", **args: Any) -> Any:
        told = {"tool_name": "delegate_task", "args": args, "session_id": session}
        return json.loads(guard.on_tool(**told, next_call=self._by_hermes))

    def _by_hermes(self, args: Any) -> str:
        self.native.append(args)
        return NATIVE

    def told(self, name: str) -> Any:
        """Return what the router was told of the child *name*: by a process that nobody waits for."""
        path, until = self.folder / f"{name}.json", time.monotonic() + 30
        while not path.exists() and time.monotonic() < until:
            time.sleep(0.01)
        return json.loads(path.read_text())


@pytest.fixture
def hermes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Delegations]:
    monkeypatch.setattr(guard, "native", lambda: False)
    monkeypatch.setattr(observe, "_expected", {})
    monkeypatch.setattr(observe, "_children", {})
    yield Delegations(tmp_path, monkeypatch)
    for process in observe._telling:
        process.wait(30)


def started(goal: str, child: str, session: str = "s1") -> None:
    observe.on_start(parent_session_id=session, child_session_id=child, child_goal=goal, child_role="leaf")


def asked(child: str, usage: Any = USAGE, **model: str) -> None:
    observe.on_model_call(session_id=child, usage=usage, platform="subagent", **{**MODEL, **model})


def test_each_child_is_told_with_what_its_own_calls_took(hermes: Delegations) -> None:
    hermes.router(f"MODE = 'observe'\n{OBSERVES}")
    said = hermes.delegate(tasks=[{"goal": "first one"}, {"goal": "second"}, {"goal": "third one "}])
    assert (said, len(hermes.native)) == (json.loads(NATIVE), 1)
    started("third one", "c3")
    started("first one", "c1")
    started("second", "c2")
    for child in ("c1", "c1", "c2", "c3", "the parent"):
        asked(child)
    asked("c1", model="maker/spare")
    for child, status in (("c1", "completed"), ("c2", "completed"), ("c3", "failed")):
        observe.on_stop(child_session_id=child, child_status=status, child_summary="it is done")
    first, third = hermes.told("child0"), hermes.told("child2")
    took = {"tokens_in": 1005, "tokens_out": 20, "tokens_cached": 900, "turns": 1}
    twice = {name: 2 * value for name, value in took.items()}
    assert first["calls"] == [{**MODEL, **twice}, {**MODEL, "model": "maker/spare", **took}]
    assert (first["status"], third["status"], third["calls"]) == ("completed", "failed", [{**MODEL, **took}])
    assert not (hermes.folder / "child1.json").exists()


def test_two_chats_with_the_same_goal_are_told_apart(hermes: Delegations) -> None:
    hermes.router(f"MODE = 'observe'\n{OBSERVES}")
    hermes.delegate("s1", goal="do it")
    started("do it", "other", session="s2")
    started("do it", "mine")
    assert list(observe._children) == ["mine"]


@pytest.mark.parametrize("usage", [None, "many", {"input_tokens": -5, "output_tokens": True, "cache_read_tokens": 2.5}])
def test_what_is_not_a_count_counts_nothing(hermes: Delegations, usage: Any) -> None:
    hermes.router(f"MODE = 'observe'\n{OBSERVES}")
    hermes.delegate(goal="do it")
    started("do it", "c1")
    asked("c1", usage=usage)
    counted = [
        sum(value for name, value in sums.items() if name != "turns") for sums in observe._children["c1"].calls.values()
    ]
    assert sum(counted) == 0


@pytest.mark.parametrize(
    ("mode", "noted"),
    [
        ("off", None),
        ("observe", None),
        ("explain", {"mode": "explain", "routes": [{"profile": "coding-local"}]}),
        ("on", {"mode": "not used", "because": guard._ELSEWHERE}),
    ],
)
def test_hermes_delegates_as_ever_and_is_told_only_what_the_policy_asks_for(
    hermes: Delegations, mode: str, noted: Any
) -> None:
    hermes.router(f"MODE = {mode!r}\n{OBSERVES}")
    assert hermes.delegate(goal="fix the typo").get("profile_router") == noted
    assert hermes.native == [{"goal": "fix the typo"}]
    started("fix the typo", "c1")
    assert len(observe._children) == (mode == "observe")


@pytest.mark.parametrize(("mode", "refused"), [("on", True), ("off", False), ("explain", False), ("observe", False)])
def test_what_looks_private_is_kept_from_hermes_where_it_was_to_come_to_us(
    hermes: Delegations, mode: str, refused: bool
) -> None:
    hermes.router(f"MODE = {mode!r}\n{OBSERVES}")
    said = hermes.delegate(goal="look into plans.secret")
    assert (hermes.native == [], "a task looks private" in json.dumps(said)) == (refused, refused)


@pytest.mark.parametrize("code", ["raise SystemExit('it fell over')", "print('garbage')", "import sys; sys.exit(2)"])
def test_a_router_that_does_not_answer_leaves_it_to_hermes_but_what_looks_private(
    hermes: Delegations, code: str
) -> None:
    hermes.router(code)
    assert hermes.delegate(goal="fix the typo")["profile_router"]["mode"] == "not used"
    assert "looks private" in hermes.delegate(goal="rotate the key in .env")["results"][0]["error"]
    assert len(hermes.native) == 1


def test_a_router_that_hangs_is_not_waited_for_for_ever(hermes: Delegations) -> None:
    hermes.router("import time; time.sleep(60)", start_s=0.2)
    assert "did not decide within 0.2 s" in hermes.delegate(goal="fix it")["profile_router"]["because"]


def test_where_our_provider_has_the_children_nobody_else_is_asked(
    hermes: Delegations, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "native", lambda: True)
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: pytest.fail("the router was started"))
    assert hermes.delegate(goal="look into plans.secret") == json.loads(NATIVE)
    said = hermes.delegate(tasks=[{"goal": "do it", "workspace": "/x", "role": "leaf"}], budget=3)
    [note] = said["profile_router"]["notes"]
    assert note.startswith("not used: budget, workspace (a task takes profile, ")


def test_a_mistake_of_its_own_reaches_neither_hermes_nor_a_model(
    hermes: Delegations, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError("a mistake")

    hermes.router("")
    monkeypatch.setattr(guard, "observed_route", fails)
    assert "a mistake" in hermes.delegate(goal="fix it")["results"][0]["error"]
    assert hermes.native == []
