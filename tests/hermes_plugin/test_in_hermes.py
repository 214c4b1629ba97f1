"""The plugin inside the real Hermes: what happens to a delegate_task, and what the parent is told."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.cli.stage import workspace
from tests.examples import by_night
from tests.fakes import BURST, CHEAP, LOCAL
from tests.hermes_plugin.parent import FILES, KEYS, PARENT_KEY, Parent, delegates, keys_sent, program, server
from tests.runners.hermes.stage import Stage
from tests.scripted_provider import CHAT, Answer, ScriptedProvider, call, say

from profile_router.install import sources

# The call of the profile scheme's author, word for word.
SEED: dict[str, Any] = {
    "goal": "Refactor the auth middleware to use JWT claims and add tests",
    "context": "Files: src/auth.py, tests/test_auth.py. Keep bcrypt dependency. Add edge cases for expired tokens.",
    "toolsets": ["terminal", "file"],
    "profile": "coding-burst",
    "max_turns": 60,
}
TYPO = {"goal": "Find the typo in README.md"}
REFACTOR = {"goal": "Refactor the session handling across all 60 files of the service"}
LINT = {"goal": "Lint auth.py"}
DIES_AT_ONCE = "import sys\nprint('?')\nsys.exit('it fell over')\n"
DIES_IN_THE_MIDDLE = """\
import json, os, sys
task = json.loads(sys.stdin.buffer.readline())
print(json.dumps({"event": "plugin", "mode": "on"}), flush=True)
print(json.dumps({"event": "classify", "line": "coding-burst", "rule": "large-change"}), flush=True)
print("Traceback", file=sys.stderr, flush=True)
os._exit(1)
"""


@pytest.mark.nightly
@pytest.mark.parametrize(
    "how",
    [pytest.param(("-z", "please do it"), id="-z"), pytest.param(("chat", "-Q", "-q", "please do it"), id="chat")],
)
def test_the_authors_own_call_runs_under_the_profile_it_names(stage: Stage, how: Sequence[str]) -> None:
    burst_script = [call("read_file", {"path": "auth.py"}), say("auth.py uses claims now")]
    with (
        ScriptedProvider(delegates(**SEED)) as model,
        server(*burst_script) as burst,
        server() as others,
    ):
        parent = Parent(stage, model)
        parent.set_up()
        parent.profiles({LOCAL: others, BURST: burst, CHEAP: others})
        parent.say(*how)
        [entry] = parent.told["results"]
        first, second = model.chats
    assert (keys_sent(burst), keys_sent(model)) == ({f"Bearer {KEYS[BURST]}"}, {f"Bearer {PARENT_KEY}"})
    assert {body["model"] for body in burst.chats} == {f"model-of-{BURST}"}
    assert SEED["goal"] in json.dumps(burst.chats[0]["messages"])
    assert SEED["context"] in json.dumps(burst.chats[0]["messages"])
    assert {tool["function"]["name"] for tool in burst.chats[0]["tools"]} >= {"read_file", "write_file"}
    assert not others.chats
    assert (entry["status"], entry["task_index"]) == ("completed", 0)
    assert entry["summary"].startswith("auth.py uses claims now")
    assert (entry["route"]["profile"], entry["route"]["rule"]) == (BURST, "explicit")
    [receipt] = entry["receipts"]
    assert (receipt["profile"], receipt["outcome"], receipt["turns"]) == (BURST, "ok", 2)
    assert parent.told["total_duration_seconds"] > 0
    # nothing of it touches what the parent's provider may have cached
    assert second["messages"][: len(first["messages"])] == first["messages"]
    assert second["tools"] == first["tools"]


@pytest.mark.nightly
def test_a_large_window_makes_the_child_a_real_hermes_too_and_it_delegates_nothing(stage: Stage) -> None:
    """Hermes → plugin → router → Hermes: its own key, its own model, none of the parent's variables, no recursion."""
    with ScriptedProvider(delegates(**SEED)) as model, server("claims it is") as burst, server() as others:
        parent = Parent(stage, model)
        parent.set_up()
        parent.policy(ask_above_usd="5")  # a Hermes child of a model without a price likely costs more than 1
        stage.environ["PROFILE_ROUTER_HERMES_PYTHON"] = str(stage.hermes.python)
        parent.profiles({LOCAL: others, BURST: burst, CHEAP: others}, window=128_000)
        parent.say()
        [entry] = parent.told["results"]
    [receipt] = entry["receipts"]
    assert (receipt["runner"], receipt["profile"], receipt["outcome"]) == ("hermes", BURST, "ok")
    assert entry["summary"].startswith("claims it is")
    [body] = burst.chats
    assert (body["model"], keys_sent(burst)) == (f"model-of-{BURST}", {f"Bearer {KEYS[BURST]}"})
    offered = {tool["function"]["name"] for tool in body["tools"]}
    assert "read_file" in offered
    assert not offered & {"delegate_task", "route_task"}
    assert not others.chats


@pytest.mark.nightly
def test_each_task_of_a_mixed_batch_goes_to_its_own_server_with_its_own_key_and_model(stage: Stage) -> None:
    with (
        ScriptedProvider(delegates(tasks=[TYPO, REFACTOR, LINT])) as model,
        server("local did it") as local,
        server("burst did it") as burst,
        server("cheap did it") as cheap,
    ):
        servers = {LOCAL: local, BURST: burst, CHEAP: cheap}
        parent = Parent(stage, model)
        parent.set_up()
        parent.profiles(servers)
        parent.say()
        entries = parent.told["results"]
    for task, (name, its) in zip((TYPO, REFACTOR, LINT), servers.items(), strict=True):
        [body] = its.chats
        assert task["goal"] in json.dumps(body["messages"])
        assert (body["model"], keys_sent(its)) == (f"model-of-{name}", {f"Bearer {KEYS[name]}"})
    assert [entry["summary"] for entry in entries] == ["local did it", "burst did it", "cheap did it"]
    assert [entry["receipts"][0]["profile"] for entry in entries] == [LOCAL, BURST, CHEAP]
    assert [entry["route"]["rule"] for entry in entries] == ["small-change", "large-change", "lint-or-summarize"]
    assert len(model.chats) == 2


@pytest.mark.nightly
@pytest.mark.parametrize("broken", ["missing", by_night("dies at once")])
def test_hermes_delegates_by_itself_where_the_router_is_broken_and_says_so(stage: Stage, broken: str) -> None:
    with ScriptedProvider(delegates(["the child of Hermes did it"], **TYPO)) as model:
        parent = Parent(stage, model)
        command = ["/nowhere/profile-router"] if broken == "missing" else program(stage.folder, DIES_AT_ONCE)
        parent.set_up(command)
        parent.say()
        assert len(model.chats) == 3
        assert parent.told["results"][0]["summary"] == "the child of Hermes did it"
        assert parent.told["profile_router"]["mode"] == "not used"
        because = "/nowhere/profile-router" if broken == "missing" else "ended with 1: it fell over"
        assert because in parent.told["profile_router"]["because"]


@pytest.mark.nightly  # by day the plugin keeps it by itself (test_rules.py)
@pytest.mark.parametrize(
    "command", [by_night(["/nowhere/profile-router"], name="missing"), pytest.param(None, id="dies at once")]
)
def test_a_private_task_is_not_delegated_by_hermes_where_the_router_is_broken(
    stage: Stage, command: list[str] | None
) -> None:
    with ScriptedProvider(delegates(goal="Rotate the password in deploy/.env.production")) as model:
        parent = Parent(stage, model)
        parent.set_up(command or program(stage.folder, DIES_AT_ONCE))
        parent.say()
        [entry] = parent.told["results"]
        assert len(model.chats) == 2
    assert entry["status"] == "error"
    assert "a task looks private: it names a path like .env*" in entry["error"]


@pytest.mark.nightly
def test_a_task_that_was_dispatched_is_not_delegated_again_when_the_router_dies(stage: Stage) -> None:
    with ScriptedProvider(delegates(**TYPO)) as model:
        parent = Parent(stage, model)
        parent.set_up(program(stage.folder, DIES_IN_THE_MIDDLE))
        parent.say()
        [entry] = parent.told["results"]
        assert len(model.chats) == 2
    assert (entry["status"], entry["summary"]) == ("error", None)
    assert "ended with 1 and without a result after it had decided" in entry["error"]
    assert entry["thread"]


@pytest.mark.nightly
def test_a_mistake_in_the_plugin_itself_never_makes_hermes_delegate_what_was_dispatched(stage: Stage) -> None:
    with ScriptedProvider(delegates(**TYPO)) as model, server("local did it") as local:
        parent = Parent(stage, model)
        parent.set_up()
        parent.profiles({LOCAL: local, BURST: local, CHEAP: local})
        with (parent.folder / "results.py").open("a") as code:
            code.write("\n\ndef entry_of(*_, **__):\n    raise RuntimeError('a mistake')\n")
        parent.say()
        assert "a mistake" in parent.told["results"][0]["error"]
        assert (len(local.chats), len(model.chats)) == (1, 2)


@pytest.mark.nightly
@pytest.mark.parametrize(("switch", "noted"), [("explain", True), by_night("off", False)])
def test_where_the_policy_does_not_switch_it_on_hermes_delegates_as_ever(
    stage: Stage, switch: str, noted: bool
) -> None:
    with ScriptedProvider(delegates(["the child of Hermes did it"], **TYPO)) as model, server() as local:
        parent = Parent(stage, model)
        parent.set_up()
        parent.profiles({LOCAL: local, BURST: local, CHEAP: local})
        parent.policy(switch)
        parent.say()
        told = parent.told
        assert not local.chats
    assert told["results"][0]["summary"] == "the child of Hermes did it"
    routes = [route["profile"] for route in told.get("profile_router", {}).get("routes", [])]
    assert routes == ([LOCAL] if noted else [])
    assert ("profile_router" in told) is noted


@pytest.mark.nightly
def test_the_model_can_ask_for_a_route_and_for_a_routed_run_by_name(stage: Stage) -> None:
    script = [call("route_task", TYPO), call("route_task", {**TYPO, "run": True}), say("the parent is done")]
    with ScriptedProvider(script) as model, server("local did it") as local:
        parent = Parent(stage, model)
        parent.set_up()
        parent.profiles({LOCAL: local, BURST: local, CHEAP: local})
        parent.say()
        told = [json.loads(message["content"]) for message in model.chats[-1]["messages"] if message["role"] == "tool"]
        assert len(local.chats) == 1
    assert (told[0]["profile"], told[0]["rule"]) == (LOCAL, "small-change")
    assert (told[1]["status"], told[1]["summary"], len(told[1]["receipts"])) == ("completed", "local did it", 1)


@pytest.mark.nightly
@pytest.mark.parametrize("granted", [True, False])
def test_the_model_sees_the_options_where_the_operator_grants_it(stage: Stage, granted: bool) -> None:
    with ScriptedProvider(["the parent is done"]) as model:
        parent = Parent(stage, model, granted)
        parent.set_up()
        parent.say()
    schemas = {tool["function"]["name"]: tool["function"] for tool in model.chats[0]["tools"]}
    own = schemas["delegate_task"]["parameters"]["properties"]
    assert {"goal", "context", "tasks", "role"} <= own.keys()
    for shown in (own, own["tasks"]["items"]["properties"]):
        assert ({"profile", "toolsets", "max_turns"} <= shown.keys()) is granted


@pytest.mark.nightly
def test_the_command_line_of_hermes_passes_everything_on_to_the_router(stage: Stage) -> None:
    with server() as nobody:
        parent = Parent(stage, nobody)
        parent.set_up()
        parent.profiles({LOCAL: nobody, BURST: nobody, CHEAP: nobody})
        ended = parent.run("profile-router", "route", "--json", "fix the typo in README.md")
        assert json.loads(ended.stdout)["profile"] == LOCAL
        assert parent.run("profile-router", "--version").stdout.startswith("profile-router ")
        wrong = parent.run("profile-router", "route")
        assert (wrong.returncode, "no task was given" in wrong.stderr) == (2, True)


@pytest.mark.nightly
def test_hermes_installs_the_folder_by_itself(stage: Stage, tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    found = sources.plugin_files((), older=False)
    files = {f"plugin/{name}": content.decode() for name, content in found.items() if name != "router.json"}
    workspace(repository, files)
    stage.root.mkdir()
    workspace(stage.workspace, FILES)
    with server() as nobody:
        parent = Parent(stage, nobody)
        installed = parent.run("plugins", "install", f"file://{repository}#plugin", "--enable")
        assert installed.returncode == 0, installed.stdout + installed.stderr
        assert {file.name for file in parent.folder.iterdir()} >= {"plugin.yaml", "__init__.py", "calls"}
        shown = parent.run("profile-router", "profiles")
        assert "the router is not set up" in shown.stderr
        assert shown.returncode == 1


@pytest.mark.nightly  # by day a run ends when whoever started it closes its stdin
def test_when_hermes_is_killed_the_router_ends_and_hangs_up(stage: Stage) -> None:
    with ScriptedProvider(delegates(**TYPO)) as model, server(Answer(stall=True)) as local:
        parent = Parent(stage, model)
        parent.set_up()
        parent.profiles({LOCAL: local, BURST: local, CHEAP: local})
        with parent.start("-z", "please do it") as hermes:
            while not local.to(CHAT) and hermes.poll() is None:
                time.sleep(0.02)
            hermes.kill()
        assert local.to(CHAT)[0].hung_up.wait(20)
