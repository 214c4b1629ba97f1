"""A local model, as a process, has read a private file: what it makes of that reaches no other model."""

from __future__ import annotations

import base64
import codecs
import json
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.cli import forked
from tests.cli.command import call, environment
from tests.cli.stage import Gate, profile, workspace
from tests.cli.test_handoff import policy
from tests.examples import by_night, each
from tests.scripted_provider import Answer, ScriptedProvider, say
from tests.scripted_provider import call as tool

LOCAL, BURST = "coding-local", "coding-burst"
SECRET = "the launch is on Friday at noon"
IN_OTHER_WORDS = (
    SECRET,
    SECRET[::-1],
    codecs.encode(SECRET, "rot13"),
    base64.b64encode(SECRET.encode()).decode(),
)
REVERSED, ROT13, BASE64 = IN_OTHER_WORDS[1:]
PROGRAM = "import sys, calc\nprint('got', calc.add(1, 2))\nsys.exit(0 if calc.add(1, 2) == 3 else 1)\n"
CHECK = f"PYTHONDONTWRITEBYTECODE=1 {sys.executable} check.py"
BEFORE = "def add(a, b):\n    return a - b\n"
READS = tool("read_file", {"path": "secrets/plan.txt"})
ADDS = tool("edit_file", {"path": "calc.py", "old": "a - b", "new": "a + b"})


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    files = {"calc.py": BEFORE, "check.py": PROGRAM, "notes.txt": "nothing yet\n", "secrets/plan.txt": f"{SECRET}\n"}
    return workspace(tmp_path / "ws", files)


@contextmanager
def models(home: Path, local: Sequence[Any], burst: Sequence[Any]) -> Iterator[tuple[ScriptedProvider, ...]]:
    """Serve both; a repair by the local model, where it comes to one, changes nothing."""
    with ScriptedProvider([*local, say("no better")]) as here, ScriptedProvider(burst) as there:
        profile(home, LOCAL, here.base_url)
        profile(home, BURST, there.base_url)
        yield here, there


def run(home: Path, cwd: Path, *more: str) -> Any:
    done = call("run", "fix add in calc.py", "--check", CHECK, "--json", *more, home=home, cwd=cwd)
    return done.code, done.json


def told(provider: ScriptedProvider) -> bytes:
    return b"".join(request.raw for request in provider.requests)


WAYS = {
    "reversed, in the reason for another profile": [
        tool("ask_for_profile", {"profile": BURST, "reason": f"it says {REVERSED}"})
    ],
    "in base64, in its last words": [say(f"I noted {BASE64} and am done.")],
    "in rot13, in a file that it rewrote": [
        tool("write_file", {"path": "notes.txt", "content": f"{ROT13}\n"}),
        say("half"),
    ],
    "in the name of a new file": [
        tool("write_file", {"path": f"{BASE64.rstrip('=')}.txt", "content": "x\n"}),
        say("half"),
    ],
    "in what its own code prints in the check": [
        tool("write_file", {"path": "calc.py", "content": f"print('{REVERSED}')\n{BEFORE}"}),
        say("half"),
    ],
}


@pytest.mark.parametrize("way", each(2, WAYS, str))
def test_what_it_read_goes_to_no_model_elsewhere_in_any_words(tmp_path: Path, repository: Path, way: str) -> None:
    looks = [tool("read_file", {"path": "notes.txt"}), tool("list_files", {"path": "."})]
    with models(tmp_path, [READS, *WAYS[way]], [*looks, ADDS, say("It adds.")]) as (_, burst):
        code, result = run(tmp_path, repository)
    assert (code, result["status"], result["summary"]) == (0, "ok", "It adds.")
    assert not [words for words in IN_OTHER_WORDS if words.rstrip("=").encode() in told(burst)]
    assert result["attempts"][0]["taints"] == [{"path": "secrets/plan.txt", "why": "is private (policy: secrets/**)"}]
    assert result["attempts"][-1]["taints"] == []
    assert any("secrets/plan.txt" in note and "--local-only" in note for note in result["notes"])
    assert (repository / "notes.txt").read_text() == "nothing yet\n"


def test_what_it_changed_is_kept_for_the_user(tmp_path: Path, repository: Path) -> None:
    way = WAYS["in rot13, in a file that it rewrote"]
    with models(tmp_path, [READS, *way], [ADDS, say("It adds.")]):
        _, result = run(tmp_path, repository)
    (patch,) = (tmp_path / "state" / "diffs").iterdir()
    assert ROT13 in patch.read_text()
    assert any(str(patch) in note for note in result["notes"])


def test_where_no_git_takes_it_back_the_run_is_refused_and_told_how_to_go_on(tmp_path: Path) -> None:
    folder = tmp_path / "plain"
    for name, text in {"calc.py": BEFORE, "check.py": PROGRAM, "secrets/plan.txt": SECRET}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    way = [tool("write_file", {"path": "notes.txt", "content": f"{ROT13}\n"}), say("half")]
    with models(tmp_path, [READS, *way], []) as (_, burst):
        code, result = run(tmp_path, folder, "--workspace", str(folder))
    assert (code, result["status"], burst.chats) == (3, "refused", [])
    assert any("--local-only" in line and "tainted_changes: pass" in line for line in result["unblock"])
    assert "secrets/plan.txt" in result["error"]
    assert (folder / "notes.txt").exists()


def test_beside_a_private_file_that_it_did_not_read_words_and_diff_go_on(tmp_path: Path, repository: Path) -> None:
    works = [tool("write_file", {"path": "notes.txt", "content": "multiply first\n"}), say("I wrote it down.")]
    with models(tmp_path, works, [ADDS, say("It adds.")]) as (_, burst):
        code, result = run(tmp_path, repository)
    assert code == 0
    assert result["attempts"][0]["taints"] == []
    assert b"I wrote it down." in told(burst)
    assert b"+multiply first" in told(burst)


def test_with_pass_in_the_policy_the_files_stay_and_the_words_do_not_go(tmp_path: Path, repository: Path) -> None:
    file = Path(policy(tmp_path, "keep"))
    file.write_text(file.read_text().replace("tainted_changes: back", "tainted_changes: pass"))
    works = [tool("write_file", {"path": "notes.txt", "content": "kept\n"}), say(f"It says {REVERSED}")]
    with models(tmp_path, [READS, *works], [ADDS, say("It adds.")]) as (_, burst):
        code, _ = run(tmp_path, repository, "--policy", str(file))
    assert code == 0
    assert REVERSED.encode() not in told(burst)
    assert (repository / "notes.txt").read_text() == "kept\n"


def test_the_workspace_itself_may_have_them_taken_back_and_never_let_them_pass(
    tmp_path: Path, repository: Path
) -> None:
    file = Path(policy(tmp_path, "keep"))
    file.write_text(file.read_text().replace("tainted_changes: back", "tainted_changes: pass"))
    rules = repository / ".profile-router.yaml"
    rules.write_text("promotion: {tainted_changes: back}\n")
    works = [tool("write_file", {"path": "notes.txt", "content": f"{ROT13}\n"}), say("half")]
    with models(tmp_path, [READS, *works], [ADDS, say("It adds.")]):
        code, _ = run(tmp_path, repository, "--policy", str(file))
    assert (code, (repository / "notes.txt").read_text()) == (0, "nothing yet\n")
    rules.write_text("promotion: {tainted_changes: pass}\n")
    refused = call("run", "fix add", home=tmp_path, cwd=repository)
    assert (refused.code, "allowed: back" in refused.err) == (2, True)


@pytest.mark.parametrize("answers_before", [by_night(1), 2])
def test_a_kill_between_the_reading_and_the_promotion_forgets_nothing(
    tmp_path: Path, repository: Path, answers_before: int
) -> None:
    gate = Gate()
    writes = tool("write_file", {"path": "notes.txt", "content": f"{ROT13}\n"})
    last = say(f"It says {REVERSED}")
    script = [READS, writes, last]
    held = script[answers_before]
    local = [*script[:answers_before], Answer(calls=held.calls, text=held.text, gate=gate), *script[answers_before:]]
    with models(tmp_path, local, [tool("read_file", {"path": "notes.txt"}), ADDS, say("It adds.")]) as (_, burst):
        words = ("run", "fix add", "--check", CHECK, "--thread", "t")
        with forked.start(*words, cwd=repository, environ=environment(tmp_path)) as running:
            assert gate.reached.wait(60)
            running.send_signal(signal.SIGKILL)
            running.communicate(timeout=60)
        gate.set()
        done = call("resume", "t", "--json", home=tmp_path, cwd=repository)
    assert done.code == 0, done.err
    assert not [words for words in IN_OTHER_WORDS if words.encode() in told(burst)]
    assert done.json["attempts"][0]["taints"][0]["path"] == "secrets/plan.txt"


def test_the_answer_is_a_private_turn_and_the_next_task_of_the_thread_may_go_elsewhere(
    tmp_path: Path, repository: Path
) -> None:
    with models(tmp_path, [READS, say(f"It says {REVERSED}")], [say("done")]) as (_, burst):
        first = call("run", "look around", "--thread", "t", home=tmp_path, cwd=repository)
        second = call("run", "and now", "--thread", "t", "--profile", BURST, "--json", home=tmp_path, cwd=repository)
    assert (first.code, second.code) == (0, 0)
    assert "read secrets/plan.txt" in first.err
    assert "local models only" in first.out
    assert REVERSED.encode() not in told(burst)
    assert b"look around" in told(burst)


@pytest.mark.parametrize("begins", [by_night("before it"), "after it"])
def test_no_other_task_of_a_batch_finds_what_one_made_of_a_private_file(
    tmp_path: Path, repository: Path, begins: str
) -> None:
    file = Path(policy(tmp_path, "keep"))
    at_once, between = (1, [say("nothing to note")]) if begins == "after it" else (2, [])
    file.write_text(file.read_text().replace("  parallel: 3 ", f"  parallel: {at_once} "))
    works = [READS, tool("write_file", {"path": "notes.txt", "content": f"{ROT13}\n"}), say("noted"), *between]
    looks = [tool("read_file", {"path": "notes.txt"}), tool("search", {"pattern": "."}), say("seen")]
    local = [{"goal": "note things", "profile": LOCAL}] * (2 if between else 1)
    tasks = [*local, {"goal": "look around", "profile": BURST}]
    with models(tmp_path, works, looks) as (_, burst):
        more = ("--tasks-json", "-", "--policy", str(file), "--json")
        done = call("batch", *more, home=tmp_path, cwd=repository, stdin=json.dumps(tasks).encode())
    assert [result["status"] for result in done.json["results"]] == ["ok"] * len(tasks), done.err
    assert b"nothing yet" in told(burst)
    assert not [words for words in IN_OTHER_WORDS if words.encode() in told(burst)]
    assert (repository / "notes.txt").read_text() == f"{ROT13}\n"


def test_in_a_batch_it_holds_as_well(tmp_path: Path, repository: Path) -> None:
    works = [tool("write_file", {"path": "notes.txt", "content": f"{ROT13}\n"}), say(f"It says {REVERSED}")]
    looks = tool("read_file", {"path": "notes.txt"})
    tasks = json.dumps([{"goal": "fix add in calc.py", "check": CHECK}]).encode()
    with models(tmp_path, [READS, *works], [looks, ADDS, say("It adds.")]) as (_, burst):
        done = call("batch", "--tasks-json", "-", "--json", home=tmp_path, cwd=repository, stdin=tasks)
    assert done.code == 0, done.err
    (result,) = done.json["results"]
    assert result["merge"]["changed"] == ["calc.py"]
    assert not [words for words in IN_OTHER_WORDS if words.encode() in told(burst)]
