"""Our run as the model of a child of the real Hermes 0.22: what its parent hears, its cost."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.cli.stage import nobody
from tests.fakes import BURST, CHEAP, LOCAL
from tests.hermes_plugin.parent import KEYS, PARENT_KEY, PLUGIN, Parent, delegates, keys_sent, server
from tests.runners.hermes.installed import NEW, installed_hermes
from tests.runners.hermes.stage import Stage
from tests.scripted_provider import ScriptedProvider, call, say

from profile_router.hermes_plugin.provider import ADDRESS
from profile_router.hermes_plugin.seam import OUR_PROVIDER

TYPO = {"goal": "Find the typo in README.md"}
REFACTOR = {"goal": "Refactor the session handling across all 60 files of the service"}
LINT = {"goal": "Lint auth.py"}
SCHEMA = {"type": "object", "required": ["line"], "properties": {"line": {"type": "integer"}}}


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with Stage(tmp_path / "stage", installed_hermes(NEW)) as stage:
        yield stage


def told_of(stage: Stage, servers: dict[str, ScriptedProvider], *tasks: dict[str, Any]) -> list[dict[str, Any]]:
    """Let a parent delegate *tasks*, and return what its model is told of each; its own server is asked twice."""
    with ScriptedProvider(delegates(tasks=list(tasks))) as model:
        parent = Parent(stage, model, native=True)
        parent.set_up()
        parent.profiles(servers)
        parent.say()
        assert keys_sent(model) == {f"Bearer {PARENT_KEY}"}
        assert len(model.chats) == 2
        found: list[dict[str, Any]] = parent.told["results"]
    return found


@pytest.mark.nightly
def test_a_child_is_one_run_even_where_its_answer_does_not_fit_the_schema(stage: Stage) -> None:
    with server("it is in line one") as local, server() as others:
        servers = {LOCAL: local, BURST: others, CHEAP: others}
        [entry] = told_of(stage, servers, {**TYPO, "output_schema": SCHEMA})
        assert (len(local.chats), others.chats) == (1, [])
    assert (entry["status"], entry["schema_valid"], entry["schema_retries"]) == ("completed", False, 1)
    assert (entry["summary"], entry["model"]) == ("it is in line one", "profile-router")


@pytest.mark.nightly
def test_each_task_of_a_batch_is_a_child_of_hermes_on_its_own_server_with_its_receipt(stage: Stage) -> None:
    with (
        server("local did it") as local,
        server("burst did it") as burst,
        server("cheap did it") as cheap,
    ):
        servers = {LOCAL: local, BURST: burst, CHEAP: cheap}
        entries = told_of(stage, servers, TYPO, REFACTOR, LINT)
    for task, (name, its) in zip((TYPO, REFACTOR, LINT), servers.items(), strict=True):
        [body] = its.chats
        assert task["goal"] in json.dumps(body["messages"])
        assert (body["model"], keys_sent(its)) == (f"model-of-{name}", {f"Bearer {KEYS[name]}"})
    assert [entry["status"] for entry in entries] == ["completed"] * 3
    assert all(entry["summary"].startswith("unverified: no check command was named\n") for entry in entries)
    assert [entry["summary"].splitlines()[2] for entry in entries] == ["local did it", "burst did it", "cheap did it"]
    for entry, name in zip(entries, servers, strict=True):
        assert f"\nroute     {name} · " in entry["summary"]
        assert (entry["cost_status"], entry["cost_usd"] > 0) == ("actual", name != LOCAL)
        assert entry["model"] == "profile-router"


@pytest.mark.nightly
def test_writers_of_a_batch_work_in_copies_and_the_later_one_of_a_conflict_keeps_its_diff(stage: Stage) -> None:
    edits = {
        name: [call("write_file", {"path": "README.md", "content": f"# by {name}\n"}), say("done")] for name in KEYS
    }
    with server(*edits[LOCAL]) as local, server(*edits[BURST]) as burst, server() as others:
        entries = told_of(stage, {LOCAL: local, BURST: burst, CHEAP: others}, TYPO, REFACTOR)
    states = sorted(entry["status"] for entry in entries)
    assert states == ["completed", "failed"]
    [lost] = [entry for entry in entries if entry["status"] == "failed"]
    assert "not merged: README.md was changed in the workspace as well" in lost["error"]
    assert (stage.workspace / "README.md").read_text() in {f"# by {LOCAL}\n", f"# by {BURST}\n"}
    assert list((stage.folder / "state" / "diffs").glob("*.patch"))


@pytest.mark.nightly
def test_a_private_child_is_refused_with_what_helps_where_the_local_server_is_down(stage: Stage) -> None:
    (stage.workspace / "deploy").mkdir()
    (stage.workspace / "deploy" / ".env").write_text("API_KEY=sk-live-0123456789abcdef0123456789\n")
    with nobody() as closed, server() as local, server() as others:
        local.base_url = closed
        servers = {LOCAL: local, BURST: others, CHEAP: others}
        [entry] = told_of(stage, servers, {"goal": "Rotate the key in deploy/.env"})
        assert others.chats == []
    assert entry["status"] == "failed"
    assert "unblock" in entry["error"]


@pytest.mark.nightly
def test_hermes_sets_no_time_limit_of_its_own_to_a_child_that_takes_long(stage: Stage) -> None:
    """A child of a quarter of an hour is one call: neither address nor model name arms a limit."""
    code = (
        "from agent.model_metadata import is_local_endpoint as local\n"
        "from agent.reasoning_timeouts import get_reasoning_stale_timeout_floor as floor\n"
        f"print(local({ADDRESS!r}), floor({OUR_PROVIDER!r}), floor('openai/o3'))"
    )
    command = [str(stage.hermes.python), "-c", code]
    told = subprocess.run(command, env=stage.environ, capture_output=True, text=True, check=True, timeout=60).stdout
    assert told.split()[:2] == ["True", "None"]
    assert told.split()[2] != "None"  # what `delegation.model` is for


@pytest.mark.nightly
def test_each_chat_of_one_process_has_its_own_folder_in_the_threads_of_its_children(stage: Stage) -> None:
    folders = [stage.folder / name for name in ("a", "b")]
    for folder in folders:
        folder.mkdir()
    code = (
        "import contextvars, concurrent.futures, sys\n"
        "sys.path.insert(0, sys.argv[1])\n"
        "from agent.runtime_cwd import set_session_cwd\n"
        "from hermes_plugin.settings import folder_here\n"
        "pool = concurrent.futures.ThreadPoolExecutor(1)\n"
        "def chat(folder):\n"
        "    set_session_cwd(folder)\n"
        "    return pool.submit(contextvars.copy_context().run, folder_here).result()\n"
        "print(*[contextvars.copy_context().run(chat, folder) for folder in sys.argv[2:]], sep='\\n')"
    )
    command = [str(stage.hermes.python), "-c", code, str(PLUGIN.parent), *map(str, folders)]
    told = subprocess.run(command, env=stage.environ, capture_output=True, text=True, check=True, timeout=60).stdout
    assert told.split() == list(map(str, folders))
