"""`profile-router run` as a process, over scripted servers: status, exit code, receipts, and who was asked."""

import json
import os
import re
import signal
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from tests.cli import forked
from tests.cli.command import call, environment
from tests.cli.stage import Gate, nobody, profile, workspace
from tests.examples import by_night
from tests.scripted_provider import Answer, ScriptedProvider, fail, say
from tests.scripted_provider import call as tool

FIX = tool("edit_file", {"path": "calc.py", "old": "a - b", "new": "a + b"})
CHECK = f"{sys.executable} -c 'import calc; assert calc.add(1, 2) == 3'"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return workspace(tmp_path / "ws", {"calc.py": "def add(a, b):\n    return a - b\n"})


def servers(*answers: Answer) -> ScriptedProvider:
    return ScriptedProvider(answers=list(answers), models=("scripted",))


def test_a_small_task_runs_locally_is_verified_and_costs_nothing(tmp_path: Path, repository: Path) -> None:
    with (
        servers(tool("read_file", {"path": "calc.py"}), FIX, say("`add` in calc.py now adds.")) as local,
        servers() as burst,
    ):
        profile(tmp_path, "coding-local", local.base_url)
        profile(tmp_path, "coding-burst", burst.base_url)
        done = call("run", "fix add in calc.py", "--check", CHECK, "--json", home=tmp_path, cwd=repository)
    assert done.code == 0, done.err
    result = done.json
    assert {"status", "summary", "route", "attempts", "verified", "cost_usd", "thread"} <= set(result)
    assert (result["status"], result["summary"], result["cost_usd"]) == ("ok", "`add` in calc.py now adds.", 0)
    assert result["verified"]["files_changed"] == [{"path": "calc.py", "lines_added": 1, "lines_removed": 1}]
    assert result["verified"]["check"]["passed"]
    (receipt,) = result["attempts"]
    assert set(receipt) >= {
        "profile", "model_asked", "model_served", "provider", "runner", "step", "tokens_in", "tokens_out", "cost_usd",
        "ttft_s", "seconds", "outcome", "error",
    }  # fmt: skip
    assert (receipt["profile"], receipt["outcome"], receipt["turns"]) == ("coding-local", "ok", 3)
    assert burst.requests == []


def test_local_down_goes_to_burst_once_and_shows_it(tmp_path: Path, repository: Path) -> None:
    with nobody() as local, servers(FIX, say("done")) as burst:
        profile(tmp_path, "coding-local", local)
        profile(tmp_path, "coding-burst", burst.base_url)
        done = call("run", "fix add", "--check", CHECK, home=tmp_path, cwd=repository)
    assert done.code == 0, done.err
    marks = [line.split()[0] for line in done.err.splitlines()]
    assert marks == ["●", "●", "✗", "→", "●", "●", "✓", "✓"]
    assert "refuses the connection" in done.err
    assert "the server is down → coding-burst, once" in done.err
    assert "\n\ndone\n\n" in done.out


def test_local_only_with_local_down_is_refused_and_nobody_else_is_asked(tmp_path: Path, repository: Path) -> None:
    with nobody() as local, servers() as burst, servers() as cheap:
        profile(tmp_path, "coding-local", local)
        profile(tmp_path, "coding-burst", burst.base_url)
        profile(tmp_path, "review-cheap", cheap.base_url)
        arguments = ("run", "fix add", "--local-only", "--files-to-edit", "30", "--json")
        done = call(*arguments, home=tmp_path, cwd=repository)
    assert done.code == 3
    result = done.json
    assert result["status"] == "refused"
    told = call("show", result["run"], "--json", home=tmp_path).json["refused"]
    why = "labelled local-only (--local-only), so the task stays on this machine"
    assert told == {"why": [why], "unblock": result["unblock"]}
    assert f"unblock     {result['unblock'][0][:20]}" in call("show", result["run"], home=tmp_path).out
    assert [(receipt["outcome"], receipt["tokens_in"]) for receipt in result["attempts"]] == [("unavailable", 0)]
    assert burst.requests == []
    assert cheap.requests == []


def test_a_provider_error_is_one_request_and_exit_1(tmp_path: Path, repository: Path) -> None:
    with servers(fail(400)) as local, servers() as burst:
        profile(tmp_path, "coding-local", local.base_url)
        profile(tmp_path, "coding-burst", burst.base_url)
        done = call("run", "fix add", "--json", home=tmp_path, cwd=repository)
    assert done.code == 1
    assert done.json["status"] == "failed"
    assert len(local.chats) == 1
    assert burst.requests == []


def test_a_server_that_fails_hands_over_to_the_next_tier_once(tmp_path: Path, repository: Path) -> None:
    with servers(fail(500)) as local, servers(fail(500)) as burst:
        profile(tmp_path, "coding-local", local.base_url)
        profile(tmp_path, "coding-burst", burst.base_url)
        done = call("run", "fix add", "--json", home=tmp_path, cwd=repository)
    assert (done.code, len(local.chats), len(burst.chats)) == (1, 1, 1)
    assert done.json["steps"][0] == "the server failed → coding-burst, once"
    assert done.json["steps"][1].startswith("the server failed; coding-burst has no other provider for that")


def test_a_check_that_fails_fails_the_run(tmp_path: Path, repository: Path) -> None:
    with servers(say("I did nothing."), say("Nothing again.")) as local, servers(say("Nor did I.")) as burst:
        profile(tmp_path, "coding-local", local.base_url)
        profile(tmp_path, "coding-burst", burst.base_url)
        done = call("run", "fix add", "--check", CHECK, "--json", home=tmp_path, cwd=repository)
    assert (done.code, len(local.chats), len(burst.chats)) == (1, 2, 1)
    assert not done.json["verified"]["check"]["passed"]


@pytest.mark.parametrize("ends", [fail(400), say("")], ids=["refused", "empty"])
def test_a_check_that_was_named_and_not_run_is_told_as_that(tmp_path: Path, repository: Path, ends: Answer) -> None:
    with servers(FIX, ends) as local, servers() as burst:
        profile(tmp_path, "coding-local", local.base_url)
        profile(tmp_path, "coding-burst", burst.base_url)
        asked = ("run", "fix add", "--max-cost", "0", "--json")
        done = call(*asked, "--check", CHECK, home=tmp_path, cwd=repository)
    assert done.json["verified"]["unverified"] == ["the check was not run: the last attempt did not finish"]
    assert "no check command was named" not in done.out + done.err


def test_a_missing_cloud_key_falls_back_to_local(tmp_path: Path, repository: Path) -> None:
    with servers(say("done here")) as local:
        profile(tmp_path, "coding-local", local.base_url)
        folder = tmp_path / "hermes" / "profiles" / "coding-burst"
        folder.mkdir(parents=True)
        (folder / "config.yaml").write_text("model:\n  provider: openrouter\n  default: m\n  context_length: 200000\n")
        done = call("run", "x", "--files-to-edit", "60", "--json", home=tmp_path, cwd=repository)
    result = done.json
    assert done.code == 0, done.err
    assert [(receipt["profile"], receipt["step"], receipt["outcome"]) for receipt in result["attempts"]] == [
        ("coding-burst", "route", "unavailable"),
        ("coding-local", "fallback", "ok"),
    ]


def test_a_second_task_on_the_thread_sees_task_and_summary_of_the_first_and_no_inner_turn(
    tmp_path: Path, repository: Path
) -> None:
    with servers(tool("list_files", {}), say("SUMMARY ONE")) as local, servers(say("SUMMARY TWO")) as burst:
        profile(tmp_path, "coding-local", local.base_url)
        profile(tmp_path, "coding-burst", burst.base_url)
        first = call("run", "FIRST TASK", "--thread", "t", "--json", home=tmp_path, cwd=repository)
        second = call(
            "run", "SECOND", "--thread", "t", "--profile", "coding-burst", "--json", home=tmp_path, cwd=repository
        )
    assert (first.code, second.code) == (0, 0), first.err + second.err
    ours, theirs = local.chats[0], burst.chats[0]
    spoken = [(message["role"], message["content"]) for message in theirs["messages"][1:]]
    assert spoken == [("user", "FIRST TASK"), ("assistant", "SUMMARY ONE"), ("user", "SECOND")]
    assert json.dumps(ours["tools"]) == json.dumps(theirs["tools"])
    database = tmp_path / "state" / "threads.sqlite"
    assert database.stat().st_mode & 0o777 == 0o600


def test_a_thread_that_carried_a_private_task_stays_private(tmp_path: Path, repository: Path) -> None:
    with servers(say("secret done"), say("also here")) as local, servers() as burst:
        profile(tmp_path, "coding-local", local.base_url)
        profile(tmp_path, "coding-burst", burst.base_url)
        call("run", "one", "--local-only", "--thread", "t", home=tmp_path, cwd=repository)
        done = call("run", "two", "--files-to-edit", "60", "--thread", "t", "--json", home=tmp_path, cwd=repository)
    assert done.json["route"]["rule"] == "private"
    assert burst.requests == []


def test_a_stream_is_one_json_event_a_line_and_ends_with_the_result(tmp_path: Path, repository: Path) -> None:
    with servers(say("done")) as local, servers() as burst:
        profile(tmp_path, "coding-local", local.base_url)
        profile(tmp_path, "coding-burst", burst.base_url)
        done = call("run", "x", "--stream", home=tmp_path, cwd=repository)
    events = [json.loads(line) for line in done.out.splitlines()]
    assert [event["event"] for event in events] == [
        "classify",
        "begin",
        "turn",
        "attempt",
        "verify",
        "verify",
        "result",
    ]
    assert events[-1]["status"] == "ok"


def test_keys_stay_out_of_output_state_and_the_other_server(tmp_path: Path, repository: Path) -> None:
    secret = "canary-5f3a9e"
    with servers(fail(401, f"bad key {secret}")) as burst, servers(say("done")) as local:
        profile(tmp_path, "coding-local", local.base_url)
        profile(
            tmp_path, "coding-burst", burst.base_url, extra="  api_key: ${BURST_KEY}\n", env=f"BURST_KEY={secret}\n"
        )
        done = call("run", "x", "--files-to-edit", "60", "--json", home=tmp_path, cwd=repository)
    assert done.code == 0, done.err
    assert burst.chats
    assert {name.lower(): value for name, value in burst.requests[-1].headers.items()}["authorization"].endswith(secret)
    assert secret not in done.out + done.err
    assert all(secret not in str(request.headers) for request in local.requests)
    stored = [path.read_bytes() for path in (tmp_path / "state").rglob("*") if path.is_file()]
    assert stored
    assert all(secret.encode() not in data for data in stored)


@pytest.mark.parametrize(
    ("number", "code_of_it"),
    [(signal.SIGINT, 130), (signal.SIGTERM, 143), pytest.param(signal.SIGHUP, 129, marks=pytest.mark.nightly)],
)
def test_what_ends_a_run_ends_everything_with_its_code_and_no_traceback(
    tmp_path: Path, repository: Path, number: signal.Signals, code_of_it: int
) -> None:
    gate = Gate()
    with servers(say("too late", gate=gate)) as local, servers() as burst:
        profile(tmp_path, "coding-local", local.base_url)
        profile(tmp_path, "coding-burst", burst.base_url)
        with forked.start("run", "x", cwd=repository, environ=environment(tmp_path)) as process:
            assert gate.reached.wait(60)
            process.send_signal(number)
            out, err = process.communicate(timeout=60)
            code = process.wait(0)
        gate.set()
    assert code == code_of_it
    told = re.search(rb"thread (\w+) is kept; `profile-router (resume \1)` goes on with it, .* drops it$", err.rstrip())
    assert told is not None, err
    assert b"Traceback" not in err
    assert out == b""
    with servers(say("went on")) as again:
        profile(tmp_path, "coding-local", again.base_url)
        profile(tmp_path, "coding-burst", burst.base_url)
        assert call(*told[2].decode().split(), home=tmp_path, cwd=repository).code == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param(["--thread", "a/b"], "a/b", id="bad thread"),
        pytest.param(["--max-turns", "0"], "(allowed: a whole number, 1 or more)", id="no turns"),
        pytest.param(["--check", ""], "--check is empty", id="check of nothing"),
        pytest.param(["--check", " \t"], "--check is empty", id="check of blanks"),
        pytest.param(["--timeout", "-1"], "(allowed: seconds, more than 0)", id="negative time"),
        pytest.param(["--json", "--stream"], "exclude", id="json and stream"),
        pytest.param(["--profile", "nobody"], "known:", id="unknown profile"),
    ],
)
def test_bad_options_of_run_get_one_line_and_exit_2(tmp_path: Path, arguments: list[str], says: str) -> None:
    done = call("run", "x", *arguments, home=tmp_path)
    assert (done.code, done.out) == (2, "")
    assert says in done.err
    assert len(done.err.strip().splitlines()) == 1


def test_a_folder_whose_name_is_not_text_is_refused_in_one_line(tmp_path: Path) -> None:
    odd = workspace(Path(os.fsdecode(os.fsencode(tmp_path) + b"/a\xff")), {"a.py": ""})
    done = call("run", "x", home=tmp_path, cwd=odd)
    assert (done.code, done.out) == (2, "")
    assert "a\\udcff is not UTF-8; rename the folder to work in it" in done.err
    assert len(done.err.strip().splitlines()) == 1


def test_observers_and_redirections_from_the_environment_are_cut(tmp_path: Path, repository: Path) -> None:
    """A tracing variable would send every prompt elsewhere, OPENAI_BASE_URL would send the request itself."""
    with servers(say("done")) as local, servers() as burst, servers() as spy:
        profile(tmp_path, "coding-local", local.base_url)
        profile(tmp_path, "coding-burst", burst.base_url)
        root = spy.base_url.removesuffix("/v1")
        extra = {
            "LANGSMITH_TRACING": "true",
            "LANGCHAIN_TRACING_V2": "true",
            "LANGSMITH_API_KEY": "x",
            "LANGSMITH_ENDPOINT": root,
            "OPENAI_BASE_URL": spy.base_url,
            "OPENAI_PROXY": root,
            "HTTP_PROXY": root,
            "http_proxy": root,
            "ALL_PROXY": root,
        }
        done = call("run", "x", "--local-only", "--json", home=tmp_path, cwd=repository, extra=extra)
    assert done.code == 0, done.err
    assert spy.requests == []
    assert [line for line in done.err.splitlines() if line[0] not in "●✓!"] == []


@pytest.mark.nightly
def test_five_megabytes_go_all_the_way_and_what_was_condensed_is_said(tmp_path: Path, repository: Path) -> None:
    """Read from stdin, looked through for secrets and paths, counted, brought to the window, run."""
    lines = 111_112
    context = "2026-01-01 worker is idle and waits for work\n" * lines
    assert len(context) > 5_000_000
    task = {"goal": "Say what the worker waits for", "context": context, "profile": "coding-local"}
    with servers(say("for work")) as local, servers() as burst:
        profile(tmp_path, "coding-local", local.base_url)
        profile(tmp_path, "coding-burst", burst.base_url)
        order = json.dumps(task).encode()
        done = call("run", "--json", "--task-json", "-", home=tmp_path, cwd=repository, stdin=order)
    assert (done.code, done.json["summary"]) == (0, "for work"), done.err
    assert f"lines that repeat stand once, {lines:,}" in json.dumps([request.body for request in local.requests])
    assert burst.requests == []


@pytest.mark.parametrize("form", ["--stream", by_night("--json"), by_night(None)])
@pytest.mark.parametrize(("ends", "code"), [(say("did it"), 0), (say(""), 1)], ids=["ok", "failed"])
def test_a_reader_that_leaves_in_the_middle_neither_ends_the_run_nor_changes_its_exit_code(
    tmp_path: Path, repository: Path, form: str | None, ends: Answer, code: int
) -> None:
    gate = Gate()
    held = replace(FIX, gate=gate)
    with servers(held, ends) as local, servers() as burst:
        profile(tmp_path, "coding-local", local.base_url)
        profile(tmp_path, "coding-burst", burst.base_url)
        words = ["run", "fix add in calc.py", "--max-cost", "0", *([form] if form else [])]
        with forked.start(*words, cwd=repository, environ=environment(tmp_path)) as running:
            running.stdin.close()
            assert gate.reached.wait(60)
            running.stdout.close()
            gate.set()
            errors = running.stderr.read()
            assert (running.wait(60), local.left) == (code, 0), errors
    assert b"Traceback" not in errors
    assert "a + b" in (repository / "calc.py").read_text()
