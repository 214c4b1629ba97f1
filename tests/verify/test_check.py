"""The task's own check: bounded, in a group of its own, no key in reach."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest
from tests.processes import is_gone

from profile_router.core.ladder.receipt import CheckResult
from profile_router.jail.process import ProcessEnd, without_secrets
from profile_router.verify.checking.check import check_result, run_check

ENVIRON = {"PATH": os.environ["PATH"], "HOME": "/nowhere"}


def check(command: str, folder: Path, *, seconds: float = 20.0, **environ: str) -> CheckResult:
    return asyncio.run(run_check(command, folder, ENVIRON | environ, seconds=seconds))


@pytest.mark.parametrize(
    ("command", "code", "last"),
    [
        ("echo fine", 0, "fine"),
        ("echo one; echo two >&2; exit 3", 3, "two"),
        ("true", 0, ""),
        ("no-such-command-here", 127, "not found"),
        ("printf 'a\\n  b  \\n\\n'", 0, "b"),
        ("printf 'bad \\377 \\033[31m bytes'", 0, "bad"),
        ("kill -9 $$", -9, ""),
    ],
)
def test_a_check_is_known_by_its_exit_code_and_last_line(command: str, code: int, last: str, tmp_path: Path) -> None:
    result = check(command, tmp_path)
    assert (result.exit_code, result.passed) == (code, code == 0)
    assert last in result.last_line
    assert result.last_line.isprintable()


def test_it_runs_in_the_workspace_and_reads_nothing(tmp_path: Path) -> None:
    assert check("pwd; cat", tmp_path.resolve()).last_line == str(tmp_path.resolve())


def test_only_the_end_of_a_long_output_is_kept(tmp_path: Path) -> None:
    result = check("yes noise | head -c 3000000; echo; echo the end", tmp_path)
    assert (result.exit_code, result.last_line) == (0, "the end")


def test_a_check_that_takes_too_long_has_failed_and_its_whole_group_is_gone(tmp_path: Path) -> None:
    result = check("sleep 60 & echo $! > child; echo $$ > shell; wait", tmp_path, seconds=0.5)
    assert (result.exit_code, result.passed, result.last_line) == (None, False, "ended after 0.5 s")
    assert all(is_gone(int((tmp_path / name).read_text())) for name in ("child", "shell"))


def test_what_a_check_leaves_running_does_not_hold_it_up_and_is_ended(tmp_path: Path) -> None:
    result = check("sleep 60 & echo $! > child; echo passed", tmp_path, seconds=15.0)
    assert (result.exit_code, result.last_line) == (0, "passed")
    assert is_gone(int((tmp_path / "child").read_text()))


def test_a_check_that_is_deaf_to_signals_is_ended_too(tmp_path: Path) -> None:
    result = check("trap '' TERM INT HUP; echo $$ > shell; while :; do sleep 60; done", tmp_path, seconds=0.5)
    assert result.exit_code is None
    assert is_gone(int((tmp_path / "shell").read_text()))


def test_cancelling_ends_the_group(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "started")

    async def cancelled() -> None:
        running = asyncio.create_task(run_check("echo $$ > started; sleep 60", tmp_path, ENVIRON, seconds=60.0))
        pid = int(await asyncio.to_thread((tmp_path / "started").read_text))
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert is_gone(pid)

    asyncio.run(cancelled())


def test_a_check_is_a_session_of_its_own_so_that_our_ctrl_c_does_not_reach_it(tmp_path: Path) -> None:
    assert check("cut -d' ' -f6 /proc/$$/stat", tmp_path).last_line not in ("", str(os.getsid(0)))


def test_cancelling_while_it_is_being_started_ends_it_too(tmp_path: Path) -> None:
    async def cancelled() -> None:
        running = asyncio.create_task(run_check("echo $$ > shell; sleep 60 & wait", tmp_path, ENVIRON, seconds=60.0))
        await asyncio.sleep(0)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    asyncio.run(cancelled())
    written = (tmp_path / "shell").read_text() if (tmp_path / "shell").exists() else ""
    assert not written or is_gone(int(written))


def test_keys_are_not_in_its_environment(tmp_path: Path) -> None:
    secret: dict[str, Any] = {
        "OPENROUTER_API_KEY": "s3cret",
        "GITHUB_TOKEN": "s3cret",
        "DB_PASSWORD": "s3cret",
        "MY_SECRET_X": "s3cret",
    }
    check("env > seen", tmp_path, **secret, PYTHONPATH="src")
    seen = (tmp_path / "seen").read_text()
    assert "s3cret" not in seen
    assert "PYTHONPATH=src" in seen


@pytest.mark.parametrize("name", ["PATH", "MONKEY", "KEYBOARD", "TOKENIZERS_PARALLELISM", "SSH_AUTH_SOCK", "LANG"])
def test_names_that_only_sound_like_secrets_are_kept(name: str) -> None:
    assert without_secrets({name: "x"}) == {name: "x"}


@pytest.mark.parametrize(
    "name", ["A_KEY", "api_key", "KEY", "X_Token", "AWS_SECRET_ACCESS_KEY", "PGPASSWORD", "APIKEY"]
)
def test_names_of_secrets_are_left_out(name: str) -> None:
    assert without_secrets({name: "x"}) == {}


@pytest.mark.parametrize("before", [350, 380, 390, 395])
def test_a_secret_at_the_end_of_a_long_test_id_is_masked_before_the_id_is_cut(before: int) -> None:
    key = "ghp_" + "a1B2c3D4e5" * 3 + "f6G7h8"
    start = "tests/test_a.py::test_it["
    name = f"{start}{'x' * (before - len(start) - 1)} {key} more of it that is over the end"
    said = f"=== short test summary info ===\nFAILED {name}] - assert 0\n=== 1 failed in 0.01s ===\n"
    ended = ProcessEnd(exit_code=1, ended_for="", output=said.encode(), seconds=0.1)
    result = check_result("pytest", ended, seconds=9)
    assert result.report is not None
    [told] = result.report.failed
    assert key[:5] not in told
    assert len(told) <= 401
