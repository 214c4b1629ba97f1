"""Commands and checks that open a private file, as a process: what they make of it stays with local models."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from tests.cli import forked
from tests.cli.command import call, environment
from tests.cli.stage import workspace
from tests.cli.test_taint import ADDS, BEFORE, CHECK, IN_OTHER_WORDS, PROGRAM, REVERSED, ROT13, SECRET, models, told
from tests.examples import by_night, each
from tests.scripted_provider import ScriptedProvider, say
from tests.scripted_provider import call as tool

from profile_router.git import left_files
from profile_router.jail.view import jail_problem
from profile_router.threads.parent_sessions import ParentSessions

TASK = {"goal": "fix add in calc.py", "toolsets": ["file", "terminal"], "check": CHECK, "thread": "t"}
TOKEN = "ghp_" + "a1B2c3D4e5" * 3 + "f6G7h8"
TURNED = "import sys; print(open('{}').read()[::-1])"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    assert jail_problem() is None
    files = {
        "calc.py": BEFORE,
        "check.py": PROGRAM,
        "turn.py": TURNED.format("secrets/plan.txt"),
        "turn_ignored.py": TURNED.format("vault/secrets/deep.txt"),
        "turn_settings.py": TURNED.format("local_settings.py"),
        ".gitignore": "vault/\nlocal_settings.py\n",
        "secrets/plan.txt": f"{SECRET}\n",
    }
    root = workspace(tmp_path / "ws", files)
    (root / "vault" / "secrets").mkdir(parents=True)
    (root / "vault" / "secrets" / "deep.txt").write_text(f"{SECRET}\n")
    (root / "local_settings.py").write_text(f"# {SECRET}\nTOKEN = {TOKEN!r}\n")
    return root


def run(home: Path, cwd: Path, **more: Any) -> Any:
    told = json.dumps({**TASK, **more}).encode()
    arguments, environ = ("run", "--task-json", "-", "--json"), environment(home)
    with forked.start(*arguments, cwd=cwd, environ=environ, before=_clocks_agree) as running:
        out, _ = running.communicate(told)
        return running.wait(0), json.loads(out)


def _clocks_agree() -> None:
    """Let what was written right before the run not count as written in it: a fork starts within the margin."""
    left_files._MARGIN = 0


def command(text: str) -> Any:
    return tool("run_command", {"command": text})


def nothing_of_it(provider: ScriptedProvider) -> bool:
    return not [words for words in IN_OTHER_WORDS if words.encode() in told(provider)]


OPENS = {
    "cat secrets/plan.txt": "secrets/plan.txt",
    "python3 turn.py": "secrets/plan.txt",
    "python3 turn_ignored.py": "vault/secrets/deep.txt",
    "grep -r launch secrets": "secrets/plan.txt",
    "git show HEAD:secrets/plan.txt": ".git",
    "python3 turn_settings.py": "local_settings.py",
}


@pytest.mark.parametrize("text", each(5, OPENS, str))
def test_a_command_that_opens_a_private_file_taints_its_attempt(tmp_path: Path, repository: Path, text: str) -> None:
    works = [command(text), tool("write_file", {"path": "notes.txt", "content": ROT13}), say(f"It says {REVERSED}")]
    looks = tool("list_files", {"path": "."})
    with models(tmp_path, works, [looks, ADDS, say("It adds.")]) as (_, burst):
        code, result = run(tmp_path, repository)
    assert (code, result["summary"]) == (0, "It adds.")
    assert [taint["path"] for taint in result["attempts"][0]["taints"]] == [OPENS[text]]
    assert nothing_of_it(burst)
    assert b"notes.txt" not in told(burst)
    assert not (repository / "notes.txt").exists()


def test_a_command_that_opens_none_promotes_with_words_and_diff(tmp_path: Path, repository: Path) -> None:
    works = [command("cat calc.py"), command("ls -lR ."), command("git --version")]
    writes = tool("write_file", {"path": "notes.txt", "content": "multiply\n"})
    with models(tmp_path, [*works, writes, say("I looked.")], [ADDS, say("It adds.")]) as (_, burst):
        code, result = run(tmp_path, repository)
    assert (code, result["attempts"][0]["taints"]) == (0, [])
    assert b"I looked." in told(burst)
    assert b"+multiply" in told(burst)


@pytest.mark.parametrize("file", ["secrets/plan.txt", by_night("local_settings.py")])
def test_what_a_check_prints_that_reads_a_private_file_stays_here_and_the_rest_goes_on(
    tmp_path: Path, repository: Path, file: str
) -> None:
    (repository / "check.py").write_text(f"{TURNED.format(file)}\nsys.exit(1)\n")
    works = [tool("write_file", {"path": "notes.txt", "content": "multiply\n"}), say("I wrote it down.")]
    with models(tmp_path, works, [ADDS, say("It adds.")]) as (_, burst):
        _, result = run(tmp_path, repository)
    assert result["attempts"][0]["taints"] == []
    assert result["verified"]["check"]["taints"][0]["path"] == file
    assert nothing_of_it(burst)
    assert b"I wrote it down." in told(burst)
    assert b"+multiply" in told(burst)


MOVES = {
    "by its file": "import os; os.rename('vault/secrets/deep.txt', 'vault/seen.txt')",
    "by its folder": "import os; os.rename('vault/secrets', 'vault/open')",
    "by a hard link": "import os; os.link('vault/secrets/deep.txt', 'vault/l'); os.remove('vault/secrets/deep.txt')",
}


# With each change a way by a command and the next by the check.
WAYS = [
    pytest.param(how, by, id=f"{by}-{how}", marks=() if (place + turn) % 2 == 0 else pytest.mark.nightly)
    for place, by in enumerate(("a command", "the check"))
    for turn, how in enumerate(MOVES)
]


@pytest.mark.parametrize(("how", "by"), WAYS)
def test_a_private_file_that_got_a_public_name_reaches_no_model_elsewhere(
    tmp_path: Path, repository: Path, how: str, by: str
) -> None:
    (repository / "move.py").write_text(MOVES[how])
    works = [command("python3 move.py"), say("I moved it.")] if by == "a command" else [say("Nothing.")]
    check = CHECK if by == "a command" else f"{sys.executable} move.py; {CHECK}"
    with models(tmp_path, works, []) as (_, burst):
        code, result = run(tmp_path, repository, check=check)
    assert (code, result["status"], burst.chats) == (3, "refused", [])
    assert "is the file that was vault/secrets/deep.txt" in result["error"]
    assert "out of the workspace" in result["error"]


def test_what_a_check_writes_that_reads_a_private_file_is_taken_back_first(tmp_path: Path, repository: Path) -> None:
    program = "open('leak.txt', 'w').write(open('secrets/plan.txt').read()[::-1])\n"
    works = [tool("write_file", {"path": "calc.py", "content": program + BEFORE}), say(f"half, {ROT13}")]
    looks = [tool("read_file", {"path": "leak.txt"}), command("cat leak.txt")]
    with models(tmp_path, works, [*looks, ADDS, say("It adds.")]) as (_, burst):
        code, _ = run(tmp_path, repository)
    assert code == 0
    assert nothing_of_it(burst)
    assert not (repository / "leak.txt").exists()


SESSIONS = {
    "a tainted attempt": ([command("cat secrets/plan.txt"), say("done")], "true", True),
    "a check that read a private file": ([say("done")], "cat secrets/plan.txt", True),
    "neither": ([command("cat calc.py"), say("done")], "true", False),
}


@pytest.mark.parametrize("what", SESSIONS)
def test_the_session_of_a_hermes_parent_counts_as_one_with_private_work(
    tmp_path: Path, repository: Path, what: str
) -> None:
    works, check, private = SESSIONS[what]
    with models(tmp_path, works, []):
        code, _ = run(tmp_path, repository, sessions=["s", "before"], check=check, goal="tell of calc.py")
    why = ParentSessions(state=tmp_path / "state").why_local(["s"])
    assert (code, bool(why)) == (0, private)


def test_a_command_that_was_at_work_in_a_kill_may_have_read_them(tmp_path: Path, repository: Path) -> None:
    (repository / "wait.py").write_text("import time\nopen('begun', 'w').close()\ntime.sleep(60)\n")
    works = [command("python3 wait.py"), say(f"It says {REVERSED}")]
    with models(tmp_path, works, [ADDS, say("It adds.")]) as (_, burst):
        words = ("run", "--task-json", "-")
        with forked.start(*words, cwd=repository, environ=environment(tmp_path)) as running:
            running.stdin.write(json.dumps(TASK).encode())
            running.stdin.close()
            for _ in range(300):
                if (repository / "begun").exists():
                    break
                with suppress(subprocess.TimeoutExpired):
                    running.wait(0.1)
            assert (repository / "begun").exists()
            running.send_signal(signal.SIGKILL)
            running.communicate(timeout=60)  # its command has ended too then
        done = call("resume", "t", "--json", home=tmp_path, cwd=repository)
    assert done.code == 0, done.err
    assert "a command was interrupted" in done.json["attempts"][0]["taints"][0]["why"]
    assert nothing_of_it(burst)
