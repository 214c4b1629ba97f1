"""What `graph --ladder`, `policy show --ladder` and `health` print."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import pytest
from tests.fakes import a_policy, a_profile

from profile_router.cli.app import main
from profile_router.core.ladder.failure import Failure
from profile_router.core.ladder.steps import most_steps
from profile_router.servers.health import HealthStore

DRAWN = Path(__file__).with_name("ladder.mmd")
ENDPOINT = a_profile("https://openrouter.ai/api/v1").endpoint


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> HealthStore:
    monkeypatch.setenv("PROFILE_ROUTER_STATE", str(tmp_path))
    return HealthStore(state=tmp_path, rules=a_policy().health, clock=time.time)


def printed(capsys: pytest.CaptureFixture[str], *argv: str) -> str:
    assert main(argv) == 0
    return capsys.readouterr().out


def test_the_ladder_is_drawn_as_it_stands_in_the_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(capsys, "graph", "--ladder") == DRAWN.read_text(encoding="utf-8")


def test_the_drawing_and_the_table_show_every_step_and_the_most_a_run_takes(capsys: pytest.CaptureFixture[str]) -> None:
    drawn, table = printed(capsys, "graph", "--ladder"), printed(capsys, "policy", "show", "--ladder")
    for row in a_policy().ladder:
        assert f"<b>{row.id}</b>" in drawn
        assert f"| `{row.id}` |" in table
    assert drawn.startswith(f"%% at most {most_steps(a_policy())} steps in a run")


def test_each_weight_of_an_early_promotion_is_printed_and_when_it_comes(capsys: pytest.CaptureFixture[str]) -> None:
    table, weights = printed(capsys, "policy", "show", "--early"), a_policy().early.weights
    for sign in weights.__dataclass_fields__:
        assert re.search(rf"^\| `{sign}` \| .+ \| {getattr(weights, sign):g} \|$", table, re.MULTILINE)
    assert "From 4 turns on, a score of 1 promotes the attempt, once in a run." in table


def test_without_failures_health_says_so(store: HealthStore, capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(capsys, "health") == "nothing has failed recently: every server and key may be tried\n"
    assert json.loads(printed(capsys, "health", "--json"))["records"] == []
    assert printed(capsys, "health", "--reset") == "0 records forgotten\n"


def test_health_shows_who_is_on_cooldown_and_for_how_long(
    store: HealthStore, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(3):
        store.record(ENDPOINT, Failure(cause="server-error", message="m"))
    line = printed(capsys, "health")
    assert line.startswith("✗ server openrouter.ai scripted")
    assert "· 3 failures, the last: server-error, 0 s ago" in line
    [found] = json.loads(printed(capsys, "health", "--json"))["records"]
    assert (found["name"], found["state"], found["failures"]) == ("server openrouter.ai scripted", "open", 3)
    assert printed(capsys, "health", "--reset", "openrouter.ai scripted") == "1 record forgotten\n"
    assert store.all() == []


def test_health_says_how_many_failures_more_a_server_may_have(
    store: HealthStore, capsys: pytest.CaptureFixture[str]
) -> None:
    for left in ("2 more failures", "1 more failure"):
        store.record(ENDPOINT, Failure(cause="server-error", message="m"))
        assert f"may be tried; after {left} in a row on cooldown for 30 s" in printed(capsys, "health")


def test_a_name_that_nothing_has_is_an_error_that_says_what_there_is(
    store: HealthStore, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(("health", "--reset", "nope")) == 2
    assert "--reset 'nope' names nothing (no server, model or key" in capsys.readouterr().err
    store.record(ENDPOINT, Failure(cause="server-error", message="m"))
    assert main(("health", "--reset", "nope")) == 2
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert "there is: server openrouter.ai scripted); `profile-router health` lists them" in said.err
    assert len(store.all()) == 1


def test_a_server_that_was_down_when_it_was_looked_at_is_told_and_keeps_nobody_away(
    store: HealthStore, capsys: pytest.CaptureFixture[str]
) -> None:
    for cause in ("no-key", "wrong-model"):  # neither is the server's own health
        store.noticed(ENDPOINT, Failure(cause=cause, message="m"))
    assert store.all() == []
    for _ in range(5):
        store.noticed(ENDPOINT, Failure(cause="refused", message="m"))
    line = printed(capsys, "health")
    assert line.startswith("! server openrouter.ai scripted")
    assert "the server is down, 0 s ago; it is looked at again before each task" in line
    assert store.blocked(ENDPOINT, answers=False) is None
    store.record(ENDPOINT, None)
    assert store.all() == []
