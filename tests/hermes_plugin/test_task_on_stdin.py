"""What the plugin needs of the command line: a JSON task on stdin, the parent's pipe, the policy's switch."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from tests.cli.command import call, environment
from tests.cli.stage import profile, workspace
from tests.fakes import BURST, CHEAP, LOCAL
from tests.hermes_plugin.parent import FILES, POLICY
from tests.scripted_provider import CHAT, Answer, ScriptedProvider

from profile_router.api.task_fields import task_from_json
from profile_router.core.conversation import Turn
from profile_router.core.task import Facts, Task
from profile_router.errors import PolicyError, UsageError
from profile_router.policies.file import read_policy


def test_every_field_of_a_task_can_be_said_in_json() -> None:
    said = {
        "goal": "do it",
        "context": "so",
        "files": ["a.py"],
        "images": ["b.png"],
        "workspace": "/w",
        "toolsets": [],
        "max_turns": 3,
        "profile": "p",
        "thread": "t",
        "facts": {"files_to_read": 1, "files_to_edit": 0, "lines_to_edit": None},
        "local_only": True,
        "check": "true",
        "timeout": 2,
        "conversation": [{"role": "user", "text": "hello"}, {"role": "assistant", "text": "hm"}],
        "sessions": ["s", "before"],
    }
    assert task_from_json(json.dumps(said).encode()) == Task(
        goal="do it",
        context="so",
        files=("a.py",),
        images=("b.png",),
        workspace="/w",
        toolsets=(),
        max_turns=3,
        profile="p",
        thread="t",
        facts=Facts(files_to_read=1, files_to_edit=0),
        local_only=True,
        check="true",
        timeout_s=2.0,
        conversation=(Turn("user", "hello"), Turn("assistant", "hm")),
        sessions=("s", "before"),
    )


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ("", "stdin holds no JSON object"),
        ("[]", "stdin must be a JSON object"),
        ("[" * 100_000, "stdin holds no JSON object"),
        ('{"goal": "a", "goal": "b"}', "the key 'goal' stands twice"),
        ("{}", "goal is missing or empty"),
        ('{"goal": " "}', "goal is missing or empty"),
        ('{"goal": 1}', "goal is 1 (allowed: text)"),
        ('{"goal": "a", "gaol": 1}', "unknown key 'gaol' (allowed: goal, context"),
        ('{"goal": "a", "files": "a.py"}', """files is "a.py" (allowed: a list of texts)"""),
        ('{"goal": "a", "files": [1]}', "files is 1 (allowed: text)"),
        ('{"goal": "a", "max_turns": 0}', "max_turns is 0 (allowed: a whole number, 1 or more)"),
        ('{"goal": "a", "max_turns": true}', "max_turns is true"),
        ('{"goal": "a", "timeout": NaN}', "timeout is NaN (allowed: seconds, more than 0)"),
        ('{"goal": "a", "local_only": "no"}', "local_only is"),
        ('{"goal": "a", "facts": 3}', "facts must be a JSON object with files_to_read"),
        ('{"goal": "a", "facts": {"files": 3}}', "facts: unknown key 'files'"),
        ('{"goal": "a", "conversation": "hello"}', "(allowed: a list of turns, each with role and text)"),
        ('{"goal": "a", "conversation": ["hello"]}', "conversation must be a JSON object with role, text"),
        ('{"goal": "a", "conversation": [{"role": "user"}]}', "conversation: a turn lacks its role or its text"),
        ('{"goal": "a", "conversation": [{"text": "b", "role": null}]}', "lacks its role or its text"),
        (
            '{"goal": "a", "conversation": [{"role": "system", "text": "b"}]}',
            """conversation.role is "system" (allowed: user or assistant)""",
        ),
        ('{"goal": "a", "conversation": [{"role": "user", "text": 3}]}', "conversation.text is 3 (allowed: text)"),
        ('{"goal": "a", "conversation": [{"content": "b"}]}', "conversation: unknown key 'content'"),
    ],
)
def test_json_that_is_not_a_task_is_refused_with_what_is_allowed(said: str, says: str) -> None:
    with pytest.raises(UsageError) as refused:
        task_from_json(said.encode())
    assert says in str(refused.value)


@pytest.mark.parametrize(
    "said",
    [
        {"goal": ["buy marigolds"]},
        {"goal": "a", "context": {"b": "buy marigolds"}},
        {"goal": "a", "files": "buy marigolds"},
        {"goal": "a", "buy marigolds": 1},
        {"goal": "a", "max_turns": "buy marigolds"},
        {"goal": "a", "conversation": [{"role": "buy marigolds", "text": "b"}]},
        {"goal": "a", "conversation": "marigolds" * 9},
    ],
)
def test_no_refusal_repeats_the_text_of_the_task(said: dict[str, object]) -> None:
    with pytest.raises(UsageError) as refused:
        task_from_json(json.dumps(said).encode())
    assert "marigolds" not in str(refused.value)
    assert "allowed: " in str(refused.value)


def test_route_reads_a_task_of_any_size_from_stdin(tmp_path: Path) -> None:
    told = {"goal": "fix the typo", "context": "long " * 200_000}
    done = call("route", "--task-json", "-", "--json", home=tmp_path, stdin=json.dumps(told, indent=1).encode())
    assert done.json["evidence"]["chars"] > 1_000_000


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["run", "fix it", "--task-json", "-"], "leave TASK out"),
        (["route", "--task-json", "-", "--files-to-edit", "3"], "leave --files-to-edit out"),
        (["run", "fix it", "--exit-with-stdin"], "--exit-with-stdin needs --task-json -"),
        (["run", "--task-json", "-", "--json", "--from-hermes"], "--json and --stream exclude each other"),
    ],
)
def test_what_contradicts_a_task_on_stdin_is_refused(tmp_path: Path, arguments: list[str], says: str) -> None:
    done = call(*arguments, home=tmp_path, stdin=b'{"goal": "a"}')
    assert (done.code, says in done.err) == (2, True)


@pytest.mark.parametrize(
    ("written", "means"),
    [("on", "on"), ("off", "off"), ("explain", "explain"), ("'off'", "off"), ("true", "on"), ("No", "off")],
)
def test_the_policy_switches_the_plugin_in_words_that_yaml_takes_for_others(
    tmp_path: Path, written: str, means: str
) -> None:
    assert read_policy(_policy(tmp_path, written)).hermes_plugin == means


@pytest.mark.parametrize("written", ["maybe", "[on]", "{}", "1", "~"])
def test_any_other_word_for_the_switch_is_refused(tmp_path: Path, written: str) -> None:
    with pytest.raises(PolicyError, match=r"hermes_plugin is .* \(allowed: on, observe, explain, off\)"):
        read_policy(_policy(tmp_path, written))


def test_a_policy_without_the_switch_has_it_on(tmp_path: Path) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text(POLICY.read_text().replace("hermes_plugin: on", ""))
    assert read_policy(file).hermes_plugin == "on"


def _policy(folder: Path, switch: str) -> Path:
    file = folder / "policy.yaml"
    file.write_text(POLICY.read_text().replace("hermes_plugin: on", f"hermes_plugin: {switch}"))
    return file


@pytest.mark.parametrize(("switch", "events"), [("off", ["plugin"]), ("explain", ["plugin", "result"])])
def test_switched_off_it_calls_no_model(tmp_path: Path, switch: str, events: list[str]) -> None:
    policy = str(_policy(tmp_path, switch))
    with ScriptedProvider() as provider:
        for name in (LOCAL, BURST, CHEAP):
            profile(tmp_path, name, provider.base_url)
        done = call("run", "fix it", "--from-hermes", "--policy", policy, home=tmp_path)
        assert provider.requests == []
    told: list[dict[str, Any]] = [json.loads(line) for line in done.out.splitlines()]
    assert ([event["event"] for event in told], done.code) == (events, 0)
    assert told[-1].get("route", {}).get("profile") == (LOCAL if switch == "explain" else None)


def test_a_run_ends_when_whoever_started_it_closes_its_stdin(tmp_path: Path) -> None:
    folder = workspace(tmp_path / "work", FILES)
    with ScriptedProvider([Answer(stall=True)]) as provider:
        for name in (LOCAL, BURST, CHEAP):
            profile(tmp_path, name, provider.base_url)
        running = subprocess.Popen(
            [sys.executable, "-m", "profile_router", "run", "--task-json", "-", "--exit-with-stdin", "--stream"],
            cwd=folder,
            env=environment(tmp_path),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        with running:
            assert running.stdin is not None
            running.stdin.write(b'{"goal": "find the typo in README.md"}\n')
            running.stdin.flush()
            while not provider.to(CHAT) and running.poll() is None:
                time.sleep(0.02)
            _, said = running.communicate(timeout=60)
        assert (running.returncode, b"interrupted" in said) == (130, True)
        assert provider.to(CHAT)[0].hung_up.wait(10)
