"""`profile-router llama-server`: what it prints, and that what it runs serves and ends."""

from __future__ import annotations

import errno
import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.cli.command import call, environment
from tests.cli.stage import profile
from tests.llama.script import Script
from tests.llama.tiny_gguf import build

ALIAS = "gemma-4-26b-q4_0"
NOWHERE = {"PATH": "/nowhere"}  # no llama-server of whoever runs the tests


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextmanager
def serving(*arguments: str, home: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run the command with --run; give the process and the line that it prints when it serves."""
    with subprocess.Popen(
        [sys.executable, "-m", "profile_router", "llama-server", *arguments, "--run"],
        env=environment(home, NOWHERE),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            yield process, process.stdout.readline()
        finally:
            process.kill()


def tiny(folder: Path) -> str:
    return str(build(folder / "tiny.gguf", Script(), feed_forward=32))


@contextmanager
def streaming(port: int) -> Iterator[None]:
    """Let a client read the beginning of an answer that goes on to the end of the window."""
    body = {"messages": [{"role": "user", "content": "go on"}], "stream": True, "ignore_eos": True, "max_tokens": 5_000}
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/v1/chat/completions", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=20) as answer:
        assert answer.readline().startswith(b"data: ")
        yield


def asked(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=20) as answer:
        return json.load(answer)


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_the_wheels_server_keeps_the_promised_window_and_ends_when_told(end: signal.Signals, tmp_path: Path) -> None:
    port = free_port()
    profile(tmp_path, "coding-local", f"http://127.0.0.1:{port}/v1", model=ALIAS)
    with serving("--model", tiny(tmp_path), "--window", "5000", "--slots", "3", "--threads", "1", home=tmp_path) as (
        process,
        line,
    ):
        assert line == f"{ALIAS} at http://127.0.0.1:{port}/v1; Ctrl-C ends it\n"
        props = asked(f"http://127.0.0.1:{port}/props")
        assert props["total_slots"] == 3
        assert props["default_generation_settings"]["n_ctx"] == 5_120
        assert asked(f"http://127.0.0.1:{port}/v1/models")["data"][0]["id"] == ALIAS
        doctor = call("doctor", "--json", home=tmp_path, extra=NOWHERE)
        with streaming(port):
            process.send_signal(end)
            assert process.wait(5) == 0
    with pytest.raises(urllib.error.URLError):
        asked(f"http://127.0.0.1:{port}/props")
    said = {check["name"]: (check["level"], check["measured"]) for check in doctor.json["checks"]}
    assert said["coding-local server"] == ("pass", f"llama-server at 127.0.0.1:{port}, 3 slots")
    assert said["coding-local model"] == ("pass", ALIAS)
    assert said["coding-local window"][0] == "warn"  # the profile of this test states 32,768
    assert "5,120 tokens a request: -c 15360 is shared by 3 slots" in said["coding-local window"][1]
    assert said["coding-local threads"][0] == "pass"
    assert said["coding-local memory"][0] == "pass"


def test_a_port_that_is_taken_is_said_in_one_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = call(
            "llama-server", "--model", tiny(tmp_path), "--port", str(port), "--run", home=tmp_path, extra=NOWHERE
        )
    assert done.code == 2
    assert done.err.splitlines()[-1] == (
        f"profile-router: port {port} of 127.0.0.1 cannot be used (Address already in use); end what listens there, "
        "or name another with --port"
    )


@pytest.mark.parametrize("text", ["no program", "#!/nonexistent/sh\n"])
def test_a_llama_server_that_cannot_be_started_is_one_line(text: str, tmp_path: Path) -> None:
    program = tmp_path / "bin" / "llama-server"
    program.parent.mkdir()
    program.write_text(text)
    program.chmod(0o755)
    port = free_port()
    profile(tmp_path, "coding-local", f"http://127.0.0.1:{port}/v1")
    done = call("llama-server", "--model", model(tmp_path), "--run", home=tmp_path, extra={"PATH": str(program.parent)})
    assert done.code == 2
    assert "Traceback" not in done.err
    assert f"{program} cannot be started (" in done.err.splitlines()[-1]


def model(home: Path) -> str:
    path = home / "m.gguf"
    path.write_bytes(b"GGUF")
    return str(path)


def test_it_prints_a_script_for_the_profile_of_the_local_tier(tmp_path: Path) -> None:
    profile(tmp_path, "coding-local", "http://127.0.0.1:8181/v1", model=ALIAS)
    done = call("llama-server", "--model", model(tmp_path), "--slots", "2", home=tmp_path, extra=NOWHERE)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(f"#!/bin/sh\n# {ALIAS}: 2 slots of 32,768 tokens each")
    for flag in ("--port 8181", "-c 65536", "--parallel 2", "--host 127.0.0.1", f"--alias {ALIAS}"):
        assert f"\n  {flag}" in done.out
    subprocess.run(["sh", "-n"], input=done.out, text=True, check=True)


def test_without_a_hermes_home_the_shipped_profile_counts(tmp_path: Path) -> None:
    done = call("llama-server", "--model", model(tmp_path), home=tmp_path, extra=NOWHERE)
    assert "--port 8080" in done.out
    assert f"--alias {ALIAS}" in done.out
    assert "one slot of 8,192 tokens" in done.out or "4 slots of 8,192 tokens each" in done.out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--port", "9999"), "coding-local speaks to http://127.0.0.1:8181/v1, not to port 9999"),
        (("--window", "8192"), "coding-local counts on 32,768 tokens, not on 8,192"),
    ],
)
def test_what_the_profile_does_not_expect_is_said(arguments: tuple[str, ...], says: str, tmp_path: Path) -> None:
    profile(tmp_path, "coding-local", "http://127.0.0.1:8181/v1")
    done = call("llama-server", "--model", model(tmp_path), *arguments, home=tmp_path, extra=NOWHERE)
    assert done.code == 0
    assert says in done.err


def test_a_missing_model_is_one_line(tmp_path: Path) -> None:
    done = call("llama-server", "--model", str(tmp_path / "absent.gguf"), home=tmp_path)
    assert (done.code, done.out, len(done.err.splitlines())) == (2, "", 1)
    assert f"cannot be read ({os.strerror(errno.ENOENT)}); name a GGUF file" in done.err


def test_a_pipe_is_not_a_model_and_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "m.gguf")
    done = call("llama-server", "--model", "m.gguf", home=tmp_path, extra={"HERMES_HOME": ""})
    assert (done.code, done.err) == (2, f"profile-router: --model {tmp_path / 'm.gguf'} is a pipe; name a GGUF file\n")


def _program(folder: Path) -> dict[str, str]:
    """Put a `llama-server` on PATH that says what it was given, a line each; return the environment for it."""
    program = folder / "bin" / "llama-server"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\nprintf "%s\\0" "$@"\n')
    program.chmod(0o755)
    return {"PATH": f"{program.parent}:{os.environ['PATH']}"}


@pytest.mark.parametrize("name", [b"a b.gguf", b'it\'s $x "q" `id` !!.gguf', b"new\nline.gguf", b"caf\xe9.gguf"])
def test_the_script_means_the_model_whatever_its_name(name: bytes, tmp_path: Path) -> None:
    model = os.fsencode(tmp_path) + b"/" + name
    Path(os.fsdecode(model)).write_bytes(b"GGUF")
    environ = environment(tmp_path, _program(tmp_path) | {"HERMES_HOME": ""})
    command = [sys.executable, "-m", "profile_router", "llama-server", "--model", os.fsdecode(model)]
    script = subprocess.run(command, env=environ, capture_output=True, timeout=120, check=True).stdout
    done = subprocess.run(["/bin/bash", "-c", script], env=environ, capture_output=True, timeout=120, check=True)
    assert done.stdout.split(b"\0")[:2] == [b"--model", model]


def test_a_llama_server_on_path_is_run_in_our_place(tmp_path: Path) -> None:
    program = tmp_path / "bin" / "llama-server"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\necho "$$" "$@"\n')
    program.chmod(0o755)
    asked = ["llama-server", "--model", model(tmp_path), "--port", str(free_port()), "--run"]
    with subprocess.Popen(
        [sys.executable, "-m", "profile_router", *asked],
        env=environment(tmp_path, {"PATH": f"{program.parent}{os.pathsep}/usr/bin:/bin", "HERMES_HOME": ""}),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        said, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert said.split()[0] == str(process.pid)
    assert "--host 127.0.0.1" in said
