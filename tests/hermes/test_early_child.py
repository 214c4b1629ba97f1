"""A child may begin before its order: it is the attempt's where it is as good as one started then, and else is ended."""

from __future__ import annotations

import errno
import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from tests.cli.command import Done, call
from tests.cli.stage import workspace
from tests.fakes import BURST, LOCAL, a_task
from tests.hermes.stage import Stage, an_errand
from tests.plugin.worker_stage import until
from tests.scripted_provider import CHAT, ScriptedProvider, say

from profile_router.adapters.hermes.environment import child_environment
from profile_router.adapters.hermes.installation import VARIABLE, Hermes
from profile_router.adapters.hermes.prewarm import child_for, waiting
from profile_router.adapters.hermes.started import Child, Start, start_under, started
from profile_router.adapters.policy_file import SHIPPED
from profile_router.core.task import Task
from profile_router.wiring import early

AT_MOST = 60.0
SMALLER = {"default_generation_settings": {"n_ctx": 32_768}, "total_slots": 1}  # than the profile says


@pytest.fixture
def noted(stage: Stage) -> Stage:
    """Give the stage with a python of Hermes that notes each child's pid."""
    python = stage.folder / "python"
    python.write_text(f'#!/bin/sh\necho $$ >> "{stage.folder}/children"\nexec "{stage.hermes.python}" "$@"\n')
    python.chmod(0o755)
    stage.hermes = Hermes(python=python, command=stage.hermes.command)
    return stage


def children(stage: Stage) -> list[int]:
    """Return the pids of the children so far."""
    file = stage.folder / "children"
    return [int(pid) for pid in file.read_text().split()] if file.exists() else []


def start(stage: Stage, profile: str = LOCAL, **changes: object) -> Start:
    given = {"unattended": False, "passed": (), "environ": stage.environ, "workspace": stage.workspace, **changes}
    return start_under(profile, stage.hermes.python, stage.root, **given)  # type: ignore[arg-type]


def ended(pid: int) -> bool:
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([handle], [], [], AT_MOST)[0])
    finally:
        os.close(handle)


def imported(child: Child) -> None:
    """Wait until *child* has said its version; what it imports then may take a while."""
    assert child.process.stdout is not None
    assert select.select([child.process.stdout], [], [], AT_MOST)[0]


# --- the child and the attempt


def test_an_attempt_takes_the_child_that_waits_and_the_next_one_gets_its_own(noted: Stage) -> None:
    with ScriptedProvider([say("one"), say("two")]) as provider:
        noted.profile(provider.base_url)
        with waiting(start(noted)):
            first = noted.run()
            assert len(children(noted)) == 1
            second = noted.run()
    assert (first.text, second.text) == ("one", "two")
    assert len(children(noted)) == 2
    assert all(map(ended, children(noted)))


def test_an_attempt_is_the_same_by_a_child_that_waited(noted: Stage) -> None:
    with ScriptedProvider([say("did it"), say("did it")]) as provider:
        noted.profile(provider.base_url)
        with waiting(start(noted)):
            early = noted.run()
        late = noted.run()
        assert provider.chats[0] == provider.chats[1]
        assert [request.headers["authorization"] for request in provider.to(CHAT)] == ["Bearer sk-own-0123456789"] * 2
    times = {"seconds": 0.0, "ttft_s": 0.0}
    assert replace(early, receipt=replace(early.receipt, **times)) == replace(
        late, receipt=replace(late.receipt, **times)
    )


@pytest.mark.parametrize(
    "changed",
    [
        lambda start: replace(start, python=Path("/bin/true")),
        lambda start: replace(start, workspace=None),
        lambda start: replace(start, environ={**start.environ, "HERMES_HOME": "/elsewhere"}),
        lambda start: replace(start, environ={**start.environ, "HERMES_YOLO_MODE": "1"}),
        lambda start: replace(start, environ={**start.environ, "MY_TOOL": "1"}),
    ],
)
def test_a_child_that_began_otherwise_is_ended_and_not_used(noted: Stage, changed: Callable[[Start], Start]) -> None:
    with waiting(start(noted)):
        [pid] = until(lambda: children(noted))
        with child_for(changed(start(noted))) as child:
            assert child.process.pid != pid
            assert ended(pid)


@pytest.mark.parametrize("how", ["left", "raised"])
def test_what_nobody_asks_for_is_ended_and_leaves_nothing_behind(
    noted: Stage, how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    with ScriptedProvider() as provider:
        noted.profile(provider.base_url)
        with suppress(KeyboardInterrupt), waiting(start(noted)):
            assert len(list(scratch.iterdir())) == 1
            if how == "raised":
                raise KeyboardInterrupt
        assert provider.requests == []
    assert all(map(ended, children(noted)))
    assert list(scratch.iterdir()) == []


def test_a_child_that_ended_while_it_waited_is_not_used(noted: Stage) -> None:
    with waiting(start(noted)):
        [pid] = until(lambda: children(noted))
        os.kill(pid, signal.SIGKILL)
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        with child_for(start(noted)) as child:
            assert child.process.pid != pid
            assert child.process.poll() is None


def test_where_none_can_be_started_the_attempt_says_so(stage: Stage) -> None:
    stage.profile("http://127.0.0.1:9/v1")
    stage.hermes = replace(stage.hermes, python=Path("/nowhere/python"))
    with waiting(start(stage)):
        attempt = stage.run()
    assert attempt.failure is not None
    assert f"/nowhere/python: {os.strerror(errno.ENOENT)}" in attempt.failure.message


def test_a_child_without_an_order_ends_with_its_pipe(stage: Stage) -> None:
    stage.profile("http://127.0.0.1:9/v1")
    with started(start(stage)) as child:
        imported(child)
        assert child.process.stdin is not None
        child.process.stdin.close()
        assert ended(child.process.pid)


WAITS = """\
import os, sys
from pathlib import Path
from profile_router.adapters.hermes.prewarm import waiting
from profile_router.adapters.hermes.started import start_under
python, root, workspace = map(Path, sys.argv[1:])
with waiting(start_under("coding-local", python, root, os.environ, workspace, unattended=False, passed=())):
    print("waits", flush=True)
    sys.stdin.read()
"""


def test_when_the_router_is_killed_the_child_that_waits_ends(noted: Stage) -> None:
    noted.profile("http://127.0.0.1:9/v1")
    command = [sys.executable, "-c", WAITS, str(noted.hermes.python), str(noted.root), str(noted.workspace)]
    environ = {**noted.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(command, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as router:
        assert router.stdout is not None
        router.stdout.readline()
        until(lambda: children(noted))
        router.kill()
    assert all(map(ended, children(noted)))


def test_a_start_is_the_childs_environment_but_for_what_each_has_of_its_own(stage: Stage) -> None:
    stage.profile("http://127.0.0.1:9/v1")
    given = start(stage).environ
    wanted = child_environment(stage.environ, stage.root / "profiles" / LOCAL, "", unattended=False)
    assert given == {**wanted, "TMPDIR": ""}


# --- whose child begins early


@pytest.fixture
def begun(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[Start | None]]:
    """Return what tells which child begins early for a task on the stage's home."""
    seen: list[Start | None] = []

    def seeing(start: Start | None) -> object:
        seen.append(start)
        return waiting(None)

    monkeypatch.setattr(early, "waiting", seeing)
    monkeypatch.setattr(early, "_IMPORTED", "no such module")

    def asked(task: Task, policy: Path | None = None, **more: str) -> list[Start | None]:
        environ = {**stage.environ, VARIABLE: str(stage.hermes.python), **more}
        with early.early_child(task, str(policy or SHIPPED), environ, stage.workspace):
            return seen

    return asked


def homes(stage: Stage, *, window: int = 65_536) -> None:
    for name in (LOCAL, BURST):
        stage.profile("http://127.0.0.1:9/v1", name, window=window)


def policy(stage: Stage, runner: str) -> Path:
    file = stage.folder / "policy.yaml"
    file.write_text(SHIPPED.read_text().replace("\nrunner: auto\n", f"\nrunner: {runner}\n"))
    return file


def test_the_child_that_begins_is_the_one_that_the_runner_would_start(
    stage: Stage, begun: Callable[..., list[Start | None]]
) -> None:
    homes(stage)
    more = {VARIABLE: str(stage.hermes.python)}
    for folder in (None, stage.workspace):
        runner = stage.runner(environ={**stage.environ, **more}, workspace=folder)
        assert begun(a_task("fix a typo", workspace=folder and str(folder)))[-1] == runner._start(LOCAL)


@pytest.mark.parametrize(
    ("task", "window", "runner", "more"),
    [
        (a_task("fix a typo", local_only=True), 65_536, "auto", {}),
        (a_task("fix a typo", local_only=True), 65_536, "hermes", {}),
        (a_task("fix a typo"), 32_768, "auto", {}),
        (a_task("fix a typo"), 65_536, "embedded", {}),
        (a_task("fix a typo"), 65_536, "auto", {VARIABLE: "none"}),
        (a_task("fix a typo"), 65_536, "auto", {VARIABLE: "/nowhere"}),
        (a_task("fix a typo", profile="absent"), 65_536, "auto", {}),
    ],
)
def test_none_begins_for_a_private_task_or_one_that_hermes_does_not_get(
    stage: Stage,
    begun: Callable[..., list[Start | None]],
    task: Task,
    window: int,
    runner: str,
    more: dict[str, str],
) -> None:
    homes(stage, window=window)
    assert begun(task, policy(stage, runner), **more) == [None]


@pytest.mark.parametrize(
    ("profile", "runner", "begins"), [(BURST, "auto", False), (BURST, "hermes", True), (LOCAL, "auto", True)]
)
def test_where_there_are_private_files_none_begins_for_a_model_elsewhere(
    stage: Stage, begun: Callable[..., list[Start | None]], profile: str, runner: str, begins: bool
) -> None:
    stage.profile("http://127.0.0.1:9/v1", LOCAL)
    stage.profile("https://models.example/v1", BURST)
    workspace(stage.workspace, {"a.py": "", ".env": "KEY=1\n"})
    [child] = begun(a_task("fix a typo", profile=profile), policy(stage, runner))
    assert (child is not None) is begins


def test_none_begins_where_nothing_is_left_to_import(
    stage: Stage, begun: Callable[..., list[Start | None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    homes(stage)
    monkeypatch.setattr(early, "_IMPORTED", "pytest")
    assert begun(a_task("fix a typo")) == [None]


# --- the command line


def run(stage: Stage, *more: str) -> Done:
    wanted = ("run", "fix a typo", "--workspace", str(stage.workspace), "--json", *more)
    extra = {**stage.environ, VARIABLE: str(stage.hermes.python)}
    return call(*wanted, home=stage.folder, extra=extra)


@pytest.mark.parametrize(("more", "starts"), [((), 1), (("--local-only",), 0)])
def test_a_run_starts_one_child_and_a_private_one_none(noted: Stage, more: tuple[str, ...], starts: int) -> None:
    with ScriptedProvider([say("did it")]) as local, ScriptedProvider() as burst:
        noted.profile(local.base_url)
        noted.profile(burst.base_url, BURST)
        done = run(noted, *more)
    assert (done.code, len(children(noted))) == (0, starts), done.err


def test_a_child_that_the_run_has_no_use_for_after_all_ends_with_it(noted: Stage) -> None:
    with ScriptedProvider([say("did it")], pages={"/props": SMALLER}) as local, ScriptedProvider() as burst:
        noted.profile(local.base_url)
        noted.profile(burst.base_url, BURST)
        done = run(noted)
    assert done.code == 0, done.err
    assert (len(children(noted)), all(map(ended, children(noted)))) == (1, True)


def test_an_early_childs_order_may_be_long(noted: Stage) -> None:
    with ScriptedProvider([say("did it")]) as provider:
        noted.profile(provider.base_url)
        with waiting(start(noted)):
            attempt = noted.run(an_errand(a_task("x" * 200_000, toolsets=("file",)), window=65_536))
        assert "x" * 200_000 in str(provider.chats[0]["messages"])
    assert (attempt.text, len(children(noted))) == ("did it", 1)
