"""Each thing that can be wrong with a server has a fix of its own. Each is tried against a real server on loopback."""

from __future__ import annotations

import asyncio
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.doctor.scene import Scene
from tests.fakes import LOCAL
from tests.scripted_provider import Answer, ScriptedProvider, fail, raw, redirect
from tests.tls_server import self_signed

from profile_router.core.policy import Tier
from profile_router.core.profile import address
from profile_router.doctor.finding import Finding, Fix, another_key, failed, set_config
from profile_router.doctor.fixes import FIXES, Wrong, start_command, with_fix
from profile_router.doctor.local_server import reachable
from profile_router.servers.inspect import inspect

HTML = raw(b"<!DOCTYPE html><html>log in</html>", content_type="text/html")
UNAUTHORIZED = fail(401, "Invalid API Key")
NO_MODELS: dict[str, Any] = {"/v1/models": fail(404, "not found"), "/models": fail(404, "not found")}


def found(folder: Path, base_url: str, *, key: str = "") -> Finding:
    """Return what the doctor says of the server of a profile with *base_url*."""
    scene = Scene(folder)
    stated = f", api_key: '{key}'" if key else ""
    scene.home.write(LOCAL, f"model: {{provider: custom, base_url: '{base_url}', default: scripted{stated}}}\n")
    profile = {subject.name: one for subject, one in scene.facts().loaded()}[LOCAL]
    scene.servers[LOCAL] = asyncio.run(inspect(profile, connect_s=5.0))
    return next(line for line in reachable(scene.facts()) if line.name == f"{LOCAL} server")


def sets(base_url: str) -> str:
    return f"hermes -p {LOCAL} config set model.base_url {base_url}"


@pytest.mark.parametrize("path", ["", "/", "/v1/chat/completions", "/v1/completions/", "/v1/models", "/api", "/v2"])
def test_an_address_with_the_wrong_path_is_told_the_right_one(path: str, tmp_path: Path) -> None:
    with ScriptedProvider() as server:
        line = found(tmp_path, f"{server.url}{path}")
        assert (line.level, line.fix) == ("fail", sets(server.base_url))
        assert f"serves models at {server.base_url}" in line.measured
        again = found(tmp_path / "again", line.fix.split()[-1])
    assert again.level == "pass"


@pytest.mark.parametrize(
    ("pages", "key", "says", "fix"),
    [
        ({"/v1/models": UNAUTHORIZED}, "", "wants a key, and the profile has none: HTTP 401", "write `api_key:"),
        ({"/v1/models": UNAUTHORIZED}, "sk-0123456789", "refuses the key of the profile: HTTP 401", "write `api_key:"),
        (
            {"/v1/models": fail(403, "no")},
            "sk-0123456789",
            "refuses the key of the profile: HTTP 403",
            "write `api_key:",
        ),
        ({"/props": UNAUTHORIZED}, "", "wants a key, and the profile has none", "write `api_key:"),
        (
            {"/v1/models": HTML},
            "",
            "shows a web page, and no models, at http",
            "write the base_url of a model server in",
        ),
        (
            {"/v1/models": redirect("http://127.0.0.1:9/login")},
            "",
            "HTTP 307",
            "write the base_url of a model server in",
        ),
        ({"/v1/models": fail(500, "it broke")}, "", "fails: HTTP 500", "read the log of another program at"),
        ({"/v1/models": fail(503, "busy")}, "", "is not ready: HTTP 503", "wait until"),
        (NO_MODELS, "", "answers, but not as a model server: HTTP 404", "write the base_url of a model server in"),
        (
            {"/v1/models": Answer(body={"data": []})},
            "",
            "HTTP 200 without a list",
            "write the base_url of a model server",
        ),
    ],
)
def test_what_a_server_answers_has_its_own_fix(
    pages: dict[str, Any], key: str, says: str, fix: str, tmp_path: Path
) -> None:
    with ScriptedProvider(pages=pages) as server:
        line = found(tmp_path, server.base_url, key=key)
    assert says in line.measured
    assert line.fix.startswith(fix)
    assert "llama-server" not in line.fix
    assert "0123456789" not in repr(line)


def test_https_at_a_plain_port_is_told_to_speak_http(tmp_path: Path) -> None:
    with ScriptedProvider() as server:
        line = found(tmp_path, server.base_url.replace("http:", "https:"), key="sk-0123456789")
        assert line.fix == sets(server.base_url)
        assert all("authorization" not in request.headers for request in server.requests)
    assert "speaks http, and https://" in line.measured


def test_http_at_a_port_of_tls_is_told_to_speak_https(tmp_path: Path) -> None:
    said = b"<html>The plain HTTP request was sent to HTTPS port</html>"
    with ScriptedProvider(pages={"/v1/models": raw(said, status=400, content_type="text/html")}) as server:
        line = found(tmp_path, server.base_url)
    assert line.fix == sets(server.base_url.replace("http:", "https:"))


def test_a_certificate_that_nobody_signed_is_told_by_name_with_both_ways_out(tmp_path: Path) -> None:
    with self_signed(tmp_path) as base_url:
        line = found(tmp_path / "home", base_url, key="sk-0123456789")
    assert line.measured == f"{address(base_url)} has a certificate that nobody trusted here has signed"
    plain = sets(base_url.replace("https:", "http:"))
    assert line.fix == f"{plain}, where it speaks http; else sign its certificate for this machine"


@contextmanager
def speaking(greeting: bytes) -> Iterator[str]:
    """Listen on loopback and answer whatever comes with *greeting*."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with connection:
                connection.recv(4_096)
                connection.sendall(greeting)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/v1"
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join(5)


@pytest.mark.parametrize("greeting", [b"SSH-2.0-OpenSSH_9.6\r\n", b"-ERR unknown command\r\n"])
def test_what_speaks_no_http_is_told_to_be_another_program(greeting: bytes, tmp_path: Path) -> None:
    with speaking(greeting) as base_url:
        line = found(tmp_path, base_url)
    assert "does not speak HTTP" in line.measured
    assert line.fix.startswith("write the base_url of a model server in")


def test_nobody_there_is_the_one_thing_that_starting_a_server_fixes(tmp_path: Path) -> None:
    with ScriptedProvider() as server:
        base_url = server.base_url
    line = found(tmp_path, base_url)
    assert line.measured.startswith(f"{address(base_url)} refuses")
    assert line.fix == "profile-router llama-server --model FILE --run"


def test_every_row_of_the_table_can_be_filled_in(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    subject, profile = next(iter(scene.facts().loaded()))
    for wrong in FIXES:
        line = with_fix("x", wrong, "HTTP 418", subject, profile)
        assert line.fix
        assert not re.search(r"\{(?!NAME)\w+\}", line.measured + line.fix)


@pytest.mark.parametrize(
    ("fix", "told"),
    [
        (set_config("a", "model.default", "m"), "write model.default: m into the config.yaml of a"),
        (
            set_config("a", "model.default", "m `x`, b").then(", or wait"),
            "write model.default: m `x`, b into the config.yaml of a, or wait",
        ),
        (another_key("a", "openrouter", "reset"), "put another key into the .env of a"),
        ("profile-router llama-server --model FILE --run", "profile-router llama-server --model FILE --run"),
        ("say `hermes -p a config set x y` to Hermes", "say `hermes -p a config set x y` to Hermes"),
    ],
)
def test_where_there_is_no_hermes_no_fix_is_a_command_of_it(fix: str | Fix, told: str) -> None:
    assert failed("n", "m", fix).without_hermes().fix == told


@pytest.mark.parametrize("wrong", FIXES)
def test_no_row_of_the_table_asks_for_hermes_where_there_is_none(wrong: Wrong, tmp_path: Path) -> None:
    subject, profile = next(iter(Scene(tmp_path).facts().loaded()))
    assert "hermes" not in with_fix(
        "x", wrong, "HTTP 418", subject, profile, at="http://b/v1"
    ).without_hermes().fix.replace("hermes/", "")


@pytest.mark.parametrize(
    ("base_url", "tier", "said"),
    [
        ("http://127.0.0.1:8080/v1", "local", "profile-router llama-server --model FILE --run"),
        ("http://127.0.0.1:8081/v1", "burst", "profile-router llama-server --model FILE --run --port 8081"),
        ("http://localhost:9000/v1", "cheap", "profile-router llama-server --model FILE --run --port 9000"),
        ("http://127.0.0.1:11434/v1", "burst", "ollama serve"),
    ],
)
def test_the_server_of_another_tier_is_not_started_at_the_port_of_the_local_one(
    base_url: str, tier: Tier, said: str
) -> None:
    assert start_command(base_url, tier) == said
