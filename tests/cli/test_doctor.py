"""`profile-router doctor` as a person sees it, and as a program reads it."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cli.command import call
from tests.cli.stage import nobody, profile
from tests.scripted_provider import ScriptedProvider, say

from profile_router.cli.commands.doctor import lines
from profile_router.doctor.finding import failed, passed, warned

KEY = "sk-or-v1-0123456789abcdef"
PROPS = {"default_generation_settings": {"n_ctx": 32_768}, "total_slots": 1}


@pytest.fixture
def server() -> Iterator[ScriptedProvider]:
    with ScriptedProvider([say("ok")] * 3, pages={"/props": PROPS}) as answering:
        yield answering


def home_with(home: Path, base_url: str) -> None:
    for name in ("coding-local", "coding-burst", "review-cheap"):
        profile(home, name, base_url, extra='  api_key: "${LOCAL_KEY}"\n', env=f"LOCAL_KEY={KEY}\n")


def test_a_whole_setup_passes_and_spends_nothing(server: ScriptedProvider, tmp_path: Path) -> None:
    home_with(tmp_path, server.base_url)
    done = call("doctor", home=tmp_path)
    assert (done.code, done.err) == (0, "")
    assert "✗" not in done.out
    assert re.search(r"^✓ coding-local server +llama-server at 127\.0\.0\.1:\d+$", done.out, re.MULTILINE)
    assert done.out.splitlines()[-1].endswith(("passed", "warnings", "warning"))
    assert server.chats == []


def test_a_server_that_is_down_fails_with_what_starts_it(tmp_path: Path) -> None:
    with nobody() as base_url:
        home_with(tmp_path, base_url)
        done = call("doctor", home=tmp_path)
    assert done.code == 1
    assert re.search(r"^✗ coding-local server +127\.0\.0\.1:\d+ refuses the connection", done.out, re.MULTILINE)
    assert "fix: profile-router llama-server --model FILE --run" in done.out
    assert "3 failed" in done.out.splitlines()[-1]


def test_json_has_every_check_and_the_same_exit_code(tmp_path: Path) -> None:
    with nobody() as base_url:
        home_with(tmp_path, base_url)
        done = call("doctor", "--json", home=tmp_path)
    assert done.code == 1
    assert {tuple(sorted(check)) for check in done.json["checks"]} == {("fix", "level", "measured", "name")}
    assert {check["level"] for check in done.json["checks"]} == {"pass", "warn", "fail"}
    assert done.json["summary"].startswith("3 failed")


def test_live_calls_each_profile_once(server: ScriptedProvider, tmp_path: Path) -> None:
    home_with(tmp_path, server.base_url)
    done = call("doctor", "--live", home=tmp_path)
    assert done.code == 0, done.out
    assert len(re.findall(r"makes no\s+tool call when asked for one", done.out)) == 3
    assert len(server.chats) == 3


def test_a_machine_with_nothing_on_it_gets_a_short_calm_screen(tmp_path: Path) -> None:
    done = call("doctor", home=tmp_path, extra={"PATH": str(tmp_path), "HERMES_HOME": ""})
    assert done.code == 1
    assert len(done.out.splitlines()) < 20
    assert "there is no Hermes home" in " ".join(done.out.split())
    assert "Traceback" not in done.out + done.err


def test_a_key_is_never_printed_even_where_a_server_repeats_it(tmp_path: Path) -> None:
    with ScriptedProvider(models=[f"model-{KEY}"], pages={"/props": PROPS}) as server:
        home_with(tmp_path, server.base_url)
        screens = [call("doctor", *form, home=tmp_path).out for form in ((), ("--json",))]
    assert all("model-***" in screen and KEY not in screen for screen in screens)


def test_a_server_cannot_drive_the_terminal(tmp_path: Path) -> None:
    with ScriptedProvider(models=["a\x1b[2Jb"], pages={"/props": PROPS}) as server:
        home_with(tmp_path, server.base_url)
        done = call("doctor", home=tmp_path)
    assert "\x1b" not in done.out
    assert "a [2Jb" in done.out


def test_a_bad_policy_is_a_line_and_the_rest_is_still_checked(server: ScriptedProvider, tmp_path: Path) -> None:
    home_with(tmp_path, server.base_url)
    (tmp_path / "p.yaml").write_text("version: 1\nteirs: {}\n")
    done = call("doctor", "--policy", str(tmp_path / "p.yaml"), home=tmp_path)
    assert done.code == 1
    assert re.search(r"^✗ policy +\S*p\.yaml:2", done.out, re.MULTILINE)
    assert "✓ tokenizer" in done.out


def test_nothing_is_written(server: ScriptedProvider, tmp_path: Path) -> None:
    def tree() -> set[tuple[str, int, int]]:
        entries = [path for path in tmp_path.rglob("*") if "__pycache__" not in path.parts]
        return {(str(path), stat.S_IMODE(path.stat().st_mode), path.stat().st_mtime_ns) for path in entries}

    home_with(tmp_path, server.base_url)
    before = tree()
    call("doctor", home=tmp_path, python=("-B",))
    assert tree() == before


def test_lines_are_aligned_and_a_command_is_never_broken() -> None:
    command = (
        "profile-router llama-server --model /models/a-very-long-name-of-a-model.gguf --window 8192 --slots 4 --run"
    )
    shown = lines(
        [
            passed("short", "fine"),
            failed("a longer name", "what was measured " * 6, command),
            warned("w", "m", "do it"),
        ],
        width=80,
        colours=False,
    )
    assert shown[0] == "✓ short          fine"
    assert shown[-1] == "! w              m    fix: do it"
    assert shown[-2] == f"{' ' * 17}fix: {command}"
    assert all(len(line) <= 80 for line in shown if "fix: profile" not in line)
    assert all(line.startswith(" " * 17) for line in shown[2:-1])


def test_colours_are_for_terminals() -> None:
    assert lines([passed("a", "b")], width=80, colours=True) == ["\x1b[32m✓\x1b[0m a  b"]
    assert os.linesep not in lines([passed("a", "b")], width=80, colours=False)[0]


@pytest.mark.parametrize("width", [30, 40, 79])
def test_on_a_narrow_terminal_nothing_wraps_but_a_command(width: int) -> None:
    found = warned(
        "coding-local window", "2,048 tokens a request; the profile states 8,192", "profile-router llama-server"
    )
    head, *below = lines([found], width=width, colours=False)
    assert head == "! coding-local window"
    assert all(line.startswith("    ") for line in below)
    assert all(len(line) <= width for line in below if "fix:" not in line)
    assert "fix: profile-router llama-server" in below[-1]
