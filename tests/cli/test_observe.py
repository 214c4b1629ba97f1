"""`profile-router observe`: what Hermes delegated by itself, where it would have gone, and what both cost."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.api.forms import unlike
from tests.fakes import BURST, LOCAL
from tests.profiles.home_on_disk import Home

from profile_router.cli.app import main
from profile_router.policies.file import SHIPPED

TASKS = [{"goal": "Fix the typo in README.md"}, {"goal": "Refactor the session handling across all 60 files"}]
CALLS = {"provider": "openrouter", "model": "maker/large", "base_url": "https://h.example/v1"}


class Ledger:
    """Says to the program what the plugin says, and reads what it prints."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch, self._capsys = monkeypatch, capsys
        home = Home(folder / "hermes")
        local = "model: {provider: custom, base_url: 'http://127.0.0.1:9/v1', default: gemma, context_length: 8192}\n"
        home.write(LOCAL, local)
        home.write(BURST, "model: {provider: openrouter, default: maker/large, context_length: 200000}\n")
        for name, value in {**home.environ, "PROFILE_ROUTER_STATE": str(folder / "state"), "HOME": str(folder)}.items():
            monkeypatch.setenv(name, value)
        (folder / "work").mkdir()
        monkeypatch.chdir(folder / "work")
        self.folder = folder

    def policy(self, switch: str) -> None:
        path = self.folder / "policy.yaml"
        path.write_text(SHIPPED.read_text().replace("\nhermes_plugin: on\n", f"\nhermes_plugin: {switch}\n"))
        self._monkeypatch.setenv("PROFILE_ROUTER_POLICY", str(path))

    def say(self, *words: str, stdin: Any = None) -> tuple[int, str, str]:
        """Run `profile-router observe *words*` with *stdin* as JSON; return its exit code, output and errors."""
        given = stdin if isinstance(stdin, str) else json.dumps(stdin)
        self._monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given.encode())))
        code = main(["observe", *words])
        said = self._capsys.readouterr()
        return code, said.out, said.err

    def begun(self) -> list[dict[str, Any]]:
        code, out, err = self.say("--tasks-json", "-", stdin=TASKS)
        assert code == 0, err
        return [json.loads(line) for line in out.splitlines()]

    def groups(self) -> dict[str, dict[str, Any]]:
        told = json.loads(self.say("--json")[1])
        assert unlike("observe", told) == []
        return {one["profile"]: one for one in told["groups"]}


@pytest.fixture
def ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Ledger:
    return Ledger(tmp_path, monkeypatch, capsys)


def test_each_child_is_noted_with_where_it_would_have_gone_and_what_it_did_cost(ledger: Ledger) -> None:
    ledger.policy("observe")
    plugin, typo, refactor = ledger.begun()
    assert plugin["mode"] == "observe"
    assert [one["route"]["profile"] for one in (typo, refactor)] == [LOCAL, BURST]
    used = {**CALLS, "tokens_in": 1_000_000, "tokens_out": 10_000, "tokens_cached": 0, "turns": 7}
    ended = {"id": typo["observed"], "status": "completed", "seconds": 12.5, "calls": [used]}
    for _ in range(2):  # told twice, it counts once
        assert ledger.say("--ended-json", "-", stdin=ended)[0] == 0
    found = ledger.groups()
    local, burst = found[LOCAL], found[BURST]
    assert (local["children"], local["ended"], local["expected_usd"], local["tokens_in"]) == (1, 1, 0.0, 1_000_000)
    assert local["paid_usd"] > 1.0  # by the most expensive tier: no profile says what that endpoint costs
    assert (burst["children"], burst["ended"], burst["expected_usd"], burst["paid_usd"]) == (1, 0, 0.0, 0.0)
    assert main(["show", typo["observed"][:8]]) == 0
    assert main(["history", "--routes"]) == 0


@pytest.mark.parametrize(("base_url", "free"), [("http://127.0.0.1:9/v1", True), ("http://127.0.0.1:9/v2", False)])
def test_a_child_on_the_local_server_cost_nothing_and_on_any_other_it_did(
    ledger: Ledger, base_url: str, free: bool
) -> None:
    ledger.policy("observe")
    _, typo, _ = ledger.begun()
    calls = [{**CALLS, "model": "gemma", "base_url": base_url, "tokens_in": 1000, "tokens_out": 10}]
    ledger.say("--ended-json", "-", stdin={"id": typo["observed"], "status": "failed", "calls": calls})
    assert (ledger.groups()[LOCAL]["paid_usd"] == 0) is free


@pytest.mark.parametrize("switch", ["on", "explain", "off"])
def test_where_the_policy_does_not_observe_nothing_is(ledger: Ledger, switch: str) -> None:
    ledger.policy(switch)
    plugin, *told = ledger.begun()
    assert (plugin["mode"], len(told)) == (switch, 2 if switch == "explain" else 0)
    assert not any("observed" in one for one in told)
    assert ledger.groups() == {}


def test_a_person_sees_a_line_for_each_profile_and_the_sum_in_sixty_columns(ledger: Ledger) -> None:
    ledger.policy("observe")
    ledger.begun()
    code, out, _ = ledger.say()
    lines = out.splitlines()
    assert (code, lines[0]) == (0, "2 subagents of Hermes' own in 7 days, 2 with no end")
    assert [line.split()[0] for line in lines[2:5]] == [*sorted([LOCAL, BURST]), "in"]
    assert max(map(len, lines[:5])) <= 60


def test_where_nothing_was_observed_the_way_to_it_is_named(ledger: Ledger) -> None:
    code, out, _ = ledger.say()
    assert (code, "profile-router install --observe" in out) == (0, True)


@pytest.mark.parametrize(
    ("told", "says"),
    [
        ("{", "holds no JSON object (not JSON)"),
        ([], "must be a JSON object with id, status, seconds, calls"),
        ({"status": "completed"}, "lacks id"),
        ({"id": 7}, "id is 7 (allowed: a text)"),
        ({"id": "x", "seconds": -1}, "seconds is -1 (allowed: 0 to 1,000,000,000)"),
        ({"id": "x", "calls": {}}, "calls must be a list of at most 1,000"),
        ({"id": "x", "calls": [{"model": "m"}]}, "calls lacks provider, base_url"),
        ({"id": "x", "calls": [{**CALLS, "tokens_in": True}]}, "tokens_in is true (allowed: a whole number)"),
        ({"id": "x", "calls": [{**CALLS, "price": 1}]}, "unknown key price (allowed: provider, model, "),
        ({"id": "nobody"}, "the ledger has no observed child nobody"),
    ],
)
def test_what_the_plugin_could_not_have_said_is_refused_in_one_line(ledger: Ledger, told: Any, says: str) -> None:
    code, out, err = ledger.say("--ended-json", "-", stdin=told)
    assert (code, out, len(err.splitlines())) == (2, "", 1)
    assert says in err


@pytest.mark.parametrize(
    ("switch", "says"),
    [
        ("observe", "it is on: nothing was delegated in 7 days"),
        ("explain", "nothing was observed; `profile-router install --observe` begins it"),
        ("on", "nothing was observed; `profile-router install --observe` begins it"),
    ],
)
def test_without_a_subagent_it_says_whether_it_is_on(
    ledger: Ledger, switch: str, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("profile_router.state.database._told", [])  # another test may have damaged a file
    ledger.policy(switch)
    assert ledger.say() == (0, f"{says}\n", "")
