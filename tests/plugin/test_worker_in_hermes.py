"""The worker with the real router, and with the real Hermes as the one that delegates."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cli.stage import workspace
from tests.fakes import BURST, CHEAP, LOCAL
from tests.hermes.stage import Stage
from tests.plugin.parent import FILES, KEYS, Parent, delegates, server
from tests.plugin.worker_stage import REAL, Desk, gone, kill, until
from tests.scripted_provider import CHAT, Answer, ScriptedProvider

from profile_router.hermes_plugin import worker
from profile_router.hermes_plugin.batch import run_batch
from profile_router.hermes_plugin.process import Ran, run_router

TYPO = {"goal": "Fix the typo in README.md"}
FOREVER = 10.0**6
KEYS_OF_EVENTS = {"seconds", "ttft_s", "thread", "notes"}


@pytest.fixture
def desk(stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """Give the real router, in the environment of a stage with a home of its own."""
    monkeypatch.setattr(worker, "_ANSWER_S", 60.0)
    state = {"PROFILE_ROUTER_STATE": str(stage.folder / "state"), "PROFILE_ROUTER_HERMES_PYTHON": "none"}
    for name, value in {**stage.environ, **state}.items():
        monkeypatch.setenv(name, value)
    workspace(stage.workspace, FILES)
    monkeypatch.chdir(stage.workspace)
    desk = Desk(tmp_path / "desk", code=REAL)
    yield desk
    desk.end()


def profiles(stage: Stage, model: ScriptedProvider) -> None:
    for name in (LOCAL, BURST, CHEAP):
        stage.profile(model.base_url, name, window=32_768)


def run(desk: Desk, *, interrupted: Iterator[bool] | None = None) -> Ran:
    stop = interrupted or iter(lambda: False, True)
    return run_router(desk.settings, TYPO, time.monotonic() + FOREVER, lambda: next(stop), lambda line: None)


@pytest.mark.parametrize(
    ("arguments", "stdin"),
    [
        (["--version"], b""),
        (["no-such-command"], b""),
        (["route", "fix the typo in README.md"], b""),
        (["route", "--task-json", "-", "--json"], b'{"goal": "lint auth.py"}'),
        (["run", "--task-json", "-", "--from-hermes"], b"no task"),
        (["run", "--task-json", "-", "--from-hermes", "--policy", "/nowhere"], b'{"goal": "fix it"}\n'),
    ],
)
def test_the_routers_answer_is_the_same_to_the_byte(
    desk: Desk, stage: Stage, arguments: list[str], stdin: bytes
) -> None:
    with ScriptedProvider([]) as model:
        profiles(stage, model)
        desk.start()
        assert desk.served(*arguments, stdin=stdin) == desk.spawned(*arguments, stdin=stdin)


def test_a_task_runs_by_the_worker_as_it_runs_without(desk: Desk, stage: Stage) -> None:
    with ScriptedProvider(["it is fixed", "it is fixed"]) as model:
        profiles(stage, model)
        first = run(desk)
        desk.serving()
        second = run(desk)
        assert desk.starts == ["run", "serve"]
        asked, again = model.chats
    assert (first.code, second.code) == (0, 0)
    assert asked == again
    assert [line.partition(" · ")[0] for line in first.lines] == [line.partition(" · ")[0] for line in second.lines]
    assert _but_times(first) == _but_times(second)


def test_a_batch_runs_by_the_worker_as_it_runs_without(desk: Desk, stage: Stage) -> None:
    tasks = [{**TYPO, "workspace": str(stage.workspace)}, {"goal": "Lint auth.py", "workspace": str(stage.workspace)}]

    def batch() -> list[Ran]:
        return run_batch(desk.settings, tasks, time.monotonic() + FOREVER, lambda: False, lambda line: None)

    with ScriptedProvider(["it is done"] * 4) as model:
        profiles(stage, model)
        first = batch()
        desk.serving()
        second = batch()
        assert desk.starts == ["batch", "serve"]
        assert len(model.chats) == 4
    assert [one.result and one.result["status"] for one in (*first, *second)] == ["ok"] * 4
    assert [_but_times(one) for one in first] == [_but_times(one) for one in second]
    assert {one.code for one in (*first, *second)} == {0}


def _but_times(ran: Ran) -> object:
    def kept(value: object) -> object:
        if isinstance(value, dict):
            return {key: kept(one) for key, one in value.items() if key not in KEYS_OF_EVENTS}
        return [kept(one) for one in value] if isinstance(value, list) else value

    return kept(ran.result)


@pytest.mark.parametrize("first_kill_the_worker", [False, True])
def test_a_run_ends_with_whoever_asked_for_it(desk: Desk, stage: Stage, first_kill_the_worker: bool) -> None:
    with ScriptedProvider([Answer(stall=True)]) as model:
        profiles(stage, model)
        pid = desk.start()
        taken = desk.taken("run", "--task-json", "-", "--exit-with-stdin", "--from-hermes", cwd=str(Path.cwd()))
        taken.stdin.write(json.dumps(TYPO).encode() + b"\n")
        until(lambda: model.to(CHAT))
        if first_kill_the_worker:
            kill(pid, signal.SIGKILL)
            assert taken.poll() is None
        taken.stdin.close()
        said = taken.stderr.read()
        assert model.to(CHAT)[0].hung_up.wait(60)
    assert (taken.wait(60), b"interrupted" in said) == (130, True)
    for stream in (taken.stdout, taken.stderr):
        stream.close()


def test_an_interrupted_run_is_ended_and_not_begun_again(desk: Desk, stage: Stage) -> None:
    with ScriptedProvider([Answer(stall=True)]) as model:
        profiles(stage, model)
        desk.start()
        ran = run(desk, interrupted=iter(lambda: bool(model.to(CHAT)), object()))
        assert model.to(CHAT)[0].hung_up.wait(60)
        assert len(model.to(CHAT)) == 1
    assert (ran.stopped, ran.rule, ran.result) == ("interrupted", "small-change", None)
    assert desk.starts == ["serve"]


def test_when_the_real_hermes_delegates_again_the_worker_serves_it(stage: Stage, tmp_path: Path) -> None:
    script = [*delegates(**TYPO), *delegates(**TYPO)]
    desk = Desk(tmp_path / "desk", code=REAL)
    with ScriptedProvider(script) as model, server("it is fixed", "it is fixed") as local, server() as others:
        parent = Parent(stage, model)
        parent.set_up(desk.command, worker=True)
        parent.profiles({LOCAL: local, BURST: others, CHEAP: others})
        parent.say()
        first = parent.told
        try:
            pid = _serving(stage)
            parent.say()
            second = parent.told
            # the keys are the profiles' own, and its environment is that of the one who asks: nothing of it stays
            assert KEYS[LOCAL].encode() not in Path(f"/proc/{pid}/environ").read_bytes()
        finally:
            subprocess.run([*desk.command, "serve", "--stop"], env=stage.environ, check=True, capture_output=True)
            assert gone(pid)
        assert len(local.chats) == 2
    assert desk.starts == ["run", "serve", "serve"]  # the last one is what has ended it
    for told in (first, second):
        [entry] = told["results"]
        assert (entry["status"], entry["summary"]) == ("completed", "it is fixed")


def _serving(stage: Stage) -> int:
    """Wait until the worker that the shim has started serves; return its pid."""
    folder = worker.folder_of(stage.environ)
    lock = until(lambda: next(iter(folder.glob("*.sock")), None)).with_suffix(".lock")
    return int(lock.read_text())
