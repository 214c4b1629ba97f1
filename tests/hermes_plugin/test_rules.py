"""The plugin's own rules: its router does as a test says, its Hermes only notes what it is asked."""

from __future__ import annotations

import ast
import json
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.hermes_plugin.a_rig import ANSWERS, HEARS, NATIVE, Rig
from tests.hermes_plugin.parent import PLUGIN, POLICY, program

from profile_router import hermes_plugin
from profile_router.hermes_older import middleware
from profile_router.hermes_plugin import surfaces
from profile_router.hermes_plugin.arguments import tasks_of
from profile_router.hermes_plugin.private import PATHS, looks_private
from profile_router.hermes_plugin.settings import Settings, plugin_settings
from profile_router.policies.file import read_policy


def test_the_router_gets_the_task_on_stdin_and_the_mark_against_recursion_in_its_environment(
    given: Callable[..., list[dict[str, Any]]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TERMINAL_CWD", str(tmp_path))
    monkeypatch.setenv("PYTHONHOME", "")
    [heard] = given(goal="do it", context="c" * 3_000_000, role="leaf", background=True, check="rm -rf /")
    assert heard["argv"] == ["run", "--task-json", "-", "--exit-with-stdin", "--from-hermes"]
    assert heard["cwd"] == str(tmp_path)
    assert heard["environ"]["PROFILE_ROUTER_DEPTH"] == "1"
    assert "PYTHONHOME" not in heard["environ"]
    assert heard["task"].pop("timeout") <= 1200
    assert len(heard["task"].pop("thread")) == 8
    # a model's command is none of a person's
    assert heard["task"] == {"goal": "do it", "context": "c" * 3_000_000, "proposed_check": "rm -rf /"}


def test_what_the_call_says_for_all_holds_where_a_task_says_nothing(given: Callable[..., list[dict[str, Any]]]) -> None:
    tasks = [{"goal": "one"}, {"goal": "two", "profile": "b", "toolsets": "web, file", "max_turns": 2, "files": "a.py"}]
    heard = given(tasks=json.dumps(tasks), profile="a", toolsets=["file"], max_turns=9, context="not theirs")
    own = [{k: v for k, v in one["task"].items() if k not in {"thread", "timeout"}} for one in heard]
    assert own == [
        {"goal": "one", "profile": "a", "toolsets": ["file"], "max_turns": 9},
        {"goal": "two", "profile": "b", "toolsets": ["web", "file"], "max_turns": 2, "files": ["a.py"]},
    ]


@pytest.mark.parametrize(
    ("wrote", "means"),
    [
        ({"toolsets": '["file", "web"]'}, {"toolsets": ["file", "web"]}),
        ({"toolsets": "file, web"}, {"toolsets": ["file", "web"]}),
        ({"files": '["a.py", "b, c.py"]'}, {"files": ["a.py", "b, c.py"]}),
        ({"files": "b, c.py"}, {"files": ["b, c.py"]}),
        ({"max_turns": "60"}, {"max_turns": 60}),
        ({"max_turns": 60.0}, {"max_turns": 60}),
        ({"max_turns": "many"}, {"max_turns": "many"}),
        ({"timeout": "5m"}, {"timeout": "5m"}),
        ({"timeout": "9"}, {"timeout": 9}),
        ({"local_only": "True"}, {"local_only": True}),
        ({"local_only": "false"}, {"local_only": False}),
        ({"profile": " coding-burst "}, {"profile": "coding-burst"}),
        ({"context": ["one", "two"]}, {"context": "one\ntwo"}),
        ({"context": {"file": "ä"}}, {"context": '{"file": "ä"}'}),
        ({"facts": '{"read_files": 3}'}, {"facts": {"read_files": 3}}),
        ({"tasks": "", "max_turns": 3}, {"max_turns": 3}),
        ({"tasks": "null", "max_turns": 3}, {"max_turns": 3}),
    ],
)
def test_what_a_model_writes_in_another_form_is_read_as_it_was_meant(
    wrote: dict[str, Any], means: dict[str, Any]
) -> None:
    [task] = tasks_of({"goal": "do it", **wrote}) or []
    assert task == {"goal": "do it", **means}


@pytest.mark.parametrize(
    "args",
    [
        {},
        {"goal": "  "},
        {"goal": None, "tasks": []},
        {"tasks": ["do it"]},
        {"tasks": [{"goal": "one"}, {"context": "no goal"}]},
        {"tasks": "[not json"},
        {"tasks": "[not json", "goal": "which was not all that was asked for"},
        {"tasks": '{"goal": "one"}', "goal": "two"},
    ],
)
def test_what_hermes_itself_refuses_is_left_to_hermes(rig: Rig, args: dict[str, Any]) -> None:
    rig.router("raise SystemExit('it was called')")
    assert rig.delegate(**args) == json.loads(NATIVE)
    assert rig.native == [args]


def test_other_tools_are_none_of_its_business(rig: Rig) -> None:
    rig.router("raise SystemExit('it was called')")
    assert middleware.on_tool_middleware(tool_name="terminal", args={"goal": "x"}, next_call=rig.by_hermes) == NATIVE


@pytest.mark.parametrize(
    "code",
    [
        HEARS + "say('line', line='hm'); sys.exit(1)",
        "import sys; sys.exit(2)",
        "import sys; sys.exit('usage: profile-router run: unrecognized arguments: --from-hermes')",
        "print('{' * 100_000); print('[1]'); print('{\"event\": 3}'); print('\\x00\\xff')",
        "import os; os.kill(os.getpid(), 9)",
    ],
)
def test_hermes_delegates_by_itself_where_nothing_was_decided(rig: Rig, code: str) -> None:
    rig.router(code)
    told = rig.delegate(goal="fix the typo in README.md")
    assert rig.native == [{"goal": "fix the typo in README.md"}]
    assert (told["results"], told["profile_router"]["mode"]) == (json.loads(NATIVE)["results"], "not used")


@pytest.mark.parametrize(
    "args",
    [
        {"goal": "rotate the key in config/.env.local"},
        {"goal": "tidy up", "files": ["deploy/id_rsa"]},
        {"goal": "tidy up", "context": "see `secrets/prod.yaml`."},
        {"goal": "tidy up", "local_only": True},
        {"goal": "tidy up", "thread": "an-older-one"},
        {"goal": "tidy up", "facts": {"note": "-----BEGIN RSA PRIVATE KEY-----"}},
        {"goal": "this is confidential: tidy up"},
        {"goal": "the api_key = hunter2 is wrong"},
        {"goal": "look at notes.secret"},
        {"tasks": [{"goal": "fix the typo in README.md"}, {"goal": "read .env"}]},
    ],
)
def test_hermes_does_not_get_what_looks_private(rig: Rig, args: dict[str, Any]) -> None:
    rig.router(HEARS + "sys.exit(1)")
    told = rig.delegate(**args)
    assert rig.native == []
    assert all("a task looks private" in entry["error"] for entry in told["results"])
    assert len(told["results"]) == len(args.get("tasks", [args]))


@pytest.mark.parametrize(
    "goal", ["fix the typo in README.md", "add a test for environment.py", "the secretary's form", "sort the keys"]
)
def test_an_ordinary_task_does_not_look_private(goal: str) -> None:
    assert looks_private({"goal": goal, "files": ["src/key.py"]}, ()) == ""


def test_its_private_paths_are_those_of_the_shipped_policy() -> None:
    assert read_policy(POLICY).private_paths == PATHS


def test_a_router_in_order_that_says_no_is_heard(rig: Rig) -> None:
    rig.router("import sys; print('profile-router: no profile x', file=sys.stderr); sys.exit(2)")
    [entry] = rig.delegate(goal="fix it", profile="x")["results"]
    assert (rig.native, entry["status"], entry["error"]) == ([], "error", "no profile x")


def test_several_tasks_are_one_run_of_the_router(given: Callable[..., list[dict[str, Any]]]) -> None:
    heard = given(tasks=[{"goal": "one"}, {"goal": "two", "thread": "mine"}])
    assert [one["argv"] for one in heard] == [["batch", "--tasks-json", "-", "--exit-with-stdin", "--from-hermes"]] * 2
    assert [one["task"]["goal"] for one in heard] == ["one", "two"]
    assert heard[1]["task"]["thread"] == "mine"
    assert len(heard[0]["task"]["thread"]) == 8
    assert all(0 < one["task"]["timeout"] <= 1200 for one in heard)


@pytest.mark.parametrize("code", ["sys.exit(1)", "say('classify', line='x', rule='vision', task_index=9); sys.exit(1)"])
def test_a_batch_of_which_nothing_was_decided_goes_to_hermes_whole(rig: Rig, code: str) -> None:
    rig.router(HEARS + code)
    told = rig.delegate(tasks=[{"goal": "one"}, {"goal": "two"}])
    assert rig.native == [{"tasks": [{"goal": "one"}, {"goal": "two"}]}]
    assert told["profile_router"]["mode"] == "not used"


@pytest.mark.parametrize("mode", ["off", "explain"])
def test_a_batch_stays_with_hermes_where_the_policy_leaves_it_there(rig: Rig, mode: str) -> None:
    says = f'print(\'{{"event": "plugin", "mode": "{mode}"}}\')\n'
    explains = """
for index in range(2):
    print('{"event": "result", "task_index": %d, "status": "explained", "route": {"profile": "p%d"}}' % (index, index))
"""
    rig.router(says + (explains if mode == "explain" else ""))
    told = rig.delegate(tasks=[{"goal": "one"}, {"goal": "read .env"}])
    assert len(rig.native) == 1
    routes = {"mode": "explain", "routes": [{"profile": "p0"}, {"profile": "p1"}]}
    assert told.get("profile_router") == (routes if mode == "explain" else None)


def test_the_settings_can_forbid_hermes_own_delegation(rig: Rig) -> None:
    rig.router("raise SystemExit(1)", if_broken="error")
    [entry] = rig.delegate(goal="fix the typo in README.md")["results"]
    assert (rig.native, "forbid it" in entry["error"]) == ([], True)


@pytest.mark.parametrize(("mode", "noted"), [("off", False), ("explain", True)])
def test_a_private_task_stays_with_hermes_where_the_policy_leaves_it_there(rig: Rig, mode: str, noted: bool) -> None:
    says = f'print(\'{{"event": "plugin", "mode": "{mode}"}}\')\n'
    explains = 'print(\'{"event": "result", "status": "explained", "route": {"profile": "p"}}\')\n'
    rig.router(says + (explains if noted else ""))
    told = rig.delegate(goal="read .env")
    assert rig.native == [{"goal": "read .env"}]
    assert told.get("profile_router") == ({"mode": "explain", "routes": [{"profile": "p"}]} if noted else None)


def test_what_the_operator_has_paused_stays_paused(rig: Rig) -> None:
    paused = types.ModuleType("tools.delegate_tool")
    vars(paused)["is_spawn_paused"] = lambda: True
    rig.monkeypatch.setitem(sys.modules, "tools.delegate_tool", paused)
    rig.router("raise SystemExit('it was called')")
    assert "delegation is paused" in rig.delegate(goal="do it")["error"]
    assert rig.native == []


def test_hermes_activity_clock_is_kept_going(rig: Rig) -> None:
    touched: list[str] = []
    clock = types.ModuleType("tools.environments.base")
    vars(clock)["touch_activity_if_due"] = lambda state, label: touched.append(label)
    rig.monkeypatch.setitem(sys.modules, "tools.environments.base", clock)
    rig.router(HEARS + ANSWERS)
    rig.delegate(goal="do it")
    assert touched[-1] == "profile-router: classify: coding-local"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, "the router is not set up"),
        ("{", "cannot be used"),
        ("[]", "it must be a JSON object"),
        ('{"comand": []}', "unknown key 'comand'; allowed: command"),
        ('{"command": "x"}', "'command' must be a list of texts"),
        ('{"command": ["profile-router"]}', "not an absolute path"),
        ('{"command": ["/nowhere/it"]}', "is not at /nowhere/it"),
        ('{"if_broken": "maybe"}', "allowed: hermes, error"),
        ('{"limit_seconds": 0}', "must be seconds, more than 0"),
    ],
)
def test_settings_that_cannot_serve_say_why(tmp_path: Path, text: str | None, says: str) -> None:
    if text is not None:
        (tmp_path / "router.json").write_text(text)
    assert says in plugin_settings(tmp_path).problem


@pytest.mark.parametrize("former", [True, False, "yes"])
def test_a_setting_that_only_earlier_versions_had_means_nothing(tmp_path: Path, former: object) -> None:
    (tmp_path / "router.json").write_text(json.dumps({"command": [sys.executable], "worker": former}))
    assert plugin_settings(tmp_path) == Settings(command=(sys.executable,))


def test_the_environment_can_name_the_router(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROFILE_ROUTER_COMMAND", sys.executable)
    (tmp_path / "router.json").write_text('{"command": ["/nowhere/it"], "limit_seconds": 60}')
    assert plugin_settings(tmp_path) == Settings(command=(sys.executable,), limit_s=60)


class Hermes:
    """Notes what a plugin registers."""

    def __init__(self) -> None:
        self.registered: list[str] = []

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda first, *_, **__: self.registered.append(f"{name} {first}")


@pytest.mark.parametrize("mark", ["", "PROFILE_ROUTER_DEPTH", "PROFILE_ROUTER_CHILD"])
def test_within_a_subagent_it_registers_nothing(mark: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if mark:
        monkeypatch.setenv(mark, "1")
    hermes = Hermes()
    hermes_plugin.register(hermes)
    expected = [
        "register_cli_command profile-router",
        "register_command profile-router",
        "register_hook subagent_start",
        "register_hook post_api_request",
        "register_hook subagent_stop",
        "register_middleware tool_request",
        "register_hook subagent_start",
        "register_hook subagent_stop",
        "register_hook transform_llm_output",
        "register_hook pre_tool_call",
        "register_hook post_approval_response",
        "register_tool route_task",
        "register_middleware tool_execution",
    ]
    assert hermes.registered == ([] if mark else expected)


def test_it_is_made_of_the_standard_library_alone() -> None:
    allowed = sys.stdlib_module_names | {"", "agent", "hermes_cli", "hermes_constants", "providers"}
    # the last four are Hermes' own, of which the catalog's test knows what is public
    of_the_dashboard = {PLUGIN / "dashboard/plugin_api.py": {"fastapi"}}  # which loads it and is made of that
    for file in PLUGIN.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            names: list[str] = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [] if node.level else [node.module or ""]
            assert {name.partition(".")[0] for name in names} <= allowed | of_the_dashboard.get(file, set()), file


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("fix the 'typo", ["route", "--", "fix the 'typo"]),
        ("profiles --json", ["profiles", "--json"]),
        ("run rm it", ["route", "--", "run rm it"]),
        ("--help", ["route", "--", "--help"]),
    ],
)
def test_a_chat_may_only_ask(rig: Rig, text: str, words: list[str]) -> None:
    wanted = Settings(command=program(rig.folder, "import sys; print(sys.argv[1:])"))
    rig.monkeypatch.setattr(surfaces, "plugin_settings", lambda: wanted)
    assert surfaces.in_chat(text) == str(words)
