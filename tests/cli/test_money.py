"""What a run may cost: flags, exit codes. Nothing is asked of a server that may not be paid."""

import asyncio
import io
import json
import os
import pty
import select
import sys
from pathlib import Path

import pytest
from tests.cli import forked
from tests.cli.command import Done, call, environment
from tests.cli.stage import nobody, profile, workspace
from tests.examples import by_night
from tests.scripted_provider import ScriptedProvider, fail, say
from tests.scripted_provider import call as tool

from profile_router.cli.caller import TerminalApprover
from profile_router.cli.commands.batch import _Numbered
from profile_router.core.found_check import CheckQuestion

SHIPPED = Path(__file__).resolve().parents[2] / "skill/profile_router/policies/default_policy.yaml"
REFACTOR = ("refactor the whole code base, and do not change any files", "--profile", "coding-burst")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    workspace(tmp_path / "ws", {"a.py": "x = 1\n"})
    text = SHIPPED.read_text(encoding="utf-8").replace("ask_above_usd: 1 ", "ask_above_usd: 0 ")
    (tmp_path / "asks.yaml").write_text(text, encoding="utf-8")
    return tmp_path


def run(home: Path, burst: ScriptedProvider, *more: str, local: str = "http://127.0.0.1:9/v1") -> Done:
    profile(home, "coding-local", local)
    profile(home, "coding-burst", burst.base_url)
    return call("run", *REFACTOR, "--json", *more, home=home, cwd=home / "ws")


def test_a_task_that_allows_no_money_is_refused_before_anybody_is_asked(home: Path) -> None:
    with ScriptedProvider() as burst:
        done = run(home, burst, "--max-cost", "0")
        assert burst.chats == []
    assert done.code == 3
    assert "the task allows none" in done.json["error"]


def test_an_attempt_that_would_pass_the_cap_ends_without_a_request(home: Path) -> None:
    with ScriptedProvider(["done"]) as burst:
        done = run(home, burst, "--max-cost", "0.0001")
        assert burst.chats == []
    assert (done.code, done.json["attempts"][0]["outcome"]) == (3, "unavailable")
    assert "over the task's $0.0001" in done.json["error"]


def test_an_attempt_that_grows_over_the_cap_makes_no_further_request(home: Path) -> None:
    listing = tool("list_files", {"path": "."}, usage=(3_000, 100))
    with ScriptedProvider([listing, "never asked for"]) as burst:
        done = run(home, burst, "--max-cost", "0.12")
        assert len(burst.chats) == 1
    assert (done.code, done.json["attempts"][0]["outcome"]) == (1, "failed")
    assert "over the task's $0.12" in done.json["error"]


def test_where_nobody_can_agree_the_exit_code_is_4(home: Path) -> None:
    with ScriptedProvider(["done"]) as burst:
        done = run(home, burst, "--policy", str(home / "asks.yaml"))
        assert burst.chats == []
    assert (done.code, done.json["status"]) == (4, "unapproved")
    assert "`--yes`" in done.json["unblock"][0]
    assert "`--yes`" not in done.json["error"]


def test_who_agrees_beforehand_is_not_asked(home: Path) -> None:
    with ScriptedProvider(["done"]) as burst:
        done = run(home, burst, "--policy", str(home / "asks.yaml"), "--yes")
    assert (done.code, done.json["summary"]) == (0, "done")


@pytest.mark.parametrize(("typed", "code"), [(b"y\n", 0), (b"\n", 3), by_night(b"no\n", 3)])
def test_on_a_terminal_the_price_is_asked_for(home: Path, typed: bytes, code: int) -> None:
    with ScriptedProvider(["done"]) as burst:
        profile(home, "coding-local", "http://127.0.0.1:9/v1")
        profile(home, "coding-burst", burst.base_url)
        ours, theirs = pty.openpty()
        words = ("run", *REFACTOR, "--policy", str(home / "asks.yaml"))
        with forked.start(*words, cwd=home / "ws", environ=environment(home), terminal=theirs) as process:
            seen = b""
            while b"[y/N]" not in seen and select.select([ours], [], [], 60)[0]:
                seen += os.read(ours, 4096)
            os.write(ours, typed)
            assert process.wait(60) == code
        os.close(ours)
        os.close(theirs)
        assert len(burst.chats) == (code == 0)
    assert "coding-burst is expected to cost ≈ $".encode() in seen


@pytest.mark.parametrize(("typed", "said"), [("y\n", True), ("\n", False), ("no", False), ("", None)])
def test_a_terminal_that_ends_without_an_answer_has_not_said_no(
    typed: str, said: bool | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
    assert asyncio.run(TerminalApprover().allows(CheckQuestion(asked="run it?", why="it is there", digest="0"))) is said


def test_who_does_not_answer_in_time_is_asked_no_more(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    here, there = os.pipe()
    with os.fdopen(here) as nobody_types, os.fdopen(there, "w"):
        monkeypatch.setattr(sys, "stdin", nobody_types)
        approver = TerminalApprover(seconds=0.05)

        async def rows() -> list[bool | None]:
            return await asyncio.gather(*map(approver.agrees, ("pay a?", "pay b?")))

        assert asyncio.run(rows()) == [None, None]
        os.write(there, b"\n")
    said = capsys.readouterr().err
    assert said.startswith("? pay a? [y/N] (waits 0 s for your answer)")
    assert said.endswith("nobody answered in 0 s; no more is asked\n")
    assert "pay b?" not in said


def test_two_rows_are_asked_one_after_the_other(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\nn\n"))
    approver = TerminalApprover()

    async def rows() -> list[bool | None]:
        return await asyncio.gather(*map(approver.agrees, ("pay a?", "pay b?")))

    assert asyncio.run(rows()) == [True, False]
    assert capsys.readouterr().err == "? pay a? [y/N] ? pay b? [y/N] "


@pytest.mark.parametrize(("answer", "status"), [(True, "ok"), (False, "refused"), by_night(None, "unapproved")])
def test_hermes_is_asked_over_the_pipe(home: Path, answer: bool | None, status: str) -> None:
    with ScriptedProvider(["done"]) as burst:
        profile(home, "coding-local", "http://127.0.0.1:9/v1")
        profile(home, "coding-burst", burst.base_url)
        words = ("run", "--task-json", "-", "--exit-with-stdin", "--from-hermes", "--policy", str(home / "asks.yaml"))
        with forked.start(*words, cwd=home / "ws", environ=environment(home)) as process:
            process.stdin.write(json.dumps({"goal": REFACTOR[0], "profile": "coding-burst"}).encode() + b"\n")
            process.stdin.flush()
            events = []
            for line in process.stdout:
                events.append(json.loads(line))
                if events[-1]["event"] == "ask":
                    process.stdin.write(b'nonsense\n{"answer": %s}\n' % json.dumps(answer).encode())
                    process.stdin.flush()
            process.stdin.close()
            process.wait(60)
    assert [event["event"] for event in events].count("ask") == 1
    assert events[-1]["status"] == status


def test_a_local_model_is_never_a_matter_of_money(home: Path) -> None:
    with ScriptedProvider(["done"]) as local, ScriptedProvider([fail(500)]) as burst:
        profile(home, "coding-local", local.base_url)
        profile(home, "coding-burst", burst.base_url)
        done = call("run", "explain a.py", "--max-cost", "0", "--json", home=home, cwd=home / "ws")
    assert (done.code, done.json["cost_usd"]) == (0, 0)


def test_a_refused_run_says_what_would_let_it_go_on(home: Path) -> None:
    with ScriptedProvider() as burst:
        done = run(home, burst, "--max-cost", "0")
    allow, *here = done.json["unblock"]
    assert allow == "allow more: `--max-cost USD`, or `budget` in the policy"
    assert all("`--profile coding-local`" in way for way in here)


def attesting(home: Path, *endpoints: str) -> str:
    """Write a policy that attests *endpoints* alone, and return its path."""
    text = SHIPPED.read_text(encoding="utf-8").replace(
        "local_endpoints: []", f"local_endpoints: {json.dumps(endpoints)}"
    )
    (home / "attests.yaml").write_text(text, encoding="utf-8")
    return str(home / "attests.yaml")


def chain(base_url: str) -> str:
    return f"fallback_providers:\n  - {{provider: custom, base_url: '{base_url}', model: scripted}}\n"


@pytest.mark.parametrize("where", ["its own chain", "the root's chain", "itself"])
def test_a_cloud_behind_the_local_profile_is_not_asked_for_nothing(home: Path, where: str) -> None:
    with nobody() as down, ScriptedProvider(["done"]) as cloud:
        profile(home, "coding-burst", down)
        profile(home, "coding-local", cloud.base_url if where == "itself" else down)
        if where == "its own chain":
            profile(home, "coding-local", down, extra=chain(cloud.base_url))
        elif where == "the root's chain":
            (home / "hermes" / "config.yaml").write_text(chain(cloud.base_url), encoding="utf-8")
        words = ("run", "explain a.py", "--max-cost", "0", "--json", "--policy", attesting(home, down))
        done = call(*words, home=home, cwd=home / "ws")
        assert cloud.chats == []
    assert (done.code, done.json["cost_usd"]) == (3, 0)


def test_a_cloud_behind_the_local_profile_has_its_price_and_its_host_in_the_receipt(home: Path) -> None:
    with nobody() as down, ScriptedProvider([say("done", usage=(1_000, 100))]) as cloud:
        profile(home, "coding-burst", down)
        profile(home, "coding-local", down, extra=chain(cloud.base_url))
        words = ("run", "explain a.py", "--json", "--policy", attesting(home, down))
        done = call(*words, home=home, cwd=home / "ws")
        last = done.json["attempts"][-1]
        assert (done.code, last["host"]) == (0, cloud.base_url.split("/")[2])
    assert last["cost_usd"] == done.json["cost_usd"] > 0
    assert last["host"] in done.err


def test_a_chain_of_the_root_config_is_not_a_profile_s_own(home: Path) -> None:
    with nobody() as down, ScriptedProvider(["done"]) as cloud:
        profile(home, "coding-burst", down)
        profile(home, "coding-local", down)
        (home / "hermes" / "config.yaml").write_text(chain(cloud.base_url), encoding="utf-8")
        done = call("run", "explain a.py", "--json", home=home, cwd=home / "ws")
        assert cloud.chats == []
    assert done.code == 3


def test_route_names_the_host_and_warns_of_a_chain_that_costs(home: Path) -> None:
    profile(home, "coding-local", "http://127.0.0.1:9/v1", extra=chain("https://cloud.invalid/v1"))
    profile(home, "coding-burst", "https://burst.invalid/v1")
    done = call("route", "fix a.py", "--json", home=home, cwd=home / "ws")
    assert done.json["host"] == "127.0.0.1:9"
    assert "coding-local falls back to cloud.invalid, which costs money" in done.json["warnings"]
    shown = call("route", "fix a.py", home=home, cwd=home / "ws").out
    assert "$0.00 (free) at 127.0.0.1:9" in shown
    assert "  coding-burst: ≈ $" in shown


def test_while_a_row_asks_the_lines_of_others_wait_behind_the_question(capsys: pytest.CaptureFixture[str]) -> None:
    rows = _Numbered()
    with rows.away():
        rows({"event": "check", "task_index": 2, "line": "passed"})
        assert capsys.readouterr().err == ""
    assert "[3] passed" in capsys.readouterr().err
