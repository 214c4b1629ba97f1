"""`profile-router route`, as a person and as a program call it."""

import errno
import json
import os
import re
import resource
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.cli.command import call, environment
from tests.examples import by_night
from tests.git.git_repository import repository

from profile_router.api.routing import route
from profile_router.cli import main
from profile_router.core.locating.located import Located

PNG = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR" + struct.pack(">II", 1, 1) + b"\x08\x02\0\0\0" + b"\0" * 16
WIDE = "model:\n  provider: custom\n  base_url: http://127.0.0.1:8080/v1\n  default: m\n  context_length: 65536\n"


def routed(home: Path, *arguments: str) -> dict[str, Any]:
    done = call("route", *arguments, "--json", home=home)
    assert done.code == 0, done.err
    answer: dict[str, Any] = done.json
    return answer


def wide_profiles(home: Path) -> None:
    for name in ("coding-local", "coding-burst", "review-cheap"):
        folder = home / "hermes" / "profiles" / name
        folder.mkdir(parents=True)
        (folder / "config.yaml").write_text(WIDE, encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "profile", "rule"),
    [
        pytest.param(
            ["x", "--files-to-read", "19", "--lines-to-edit", "199"],
            "coding-local",
            "small-change",
            id="19 files, 199 lines",
        ),
        pytest.param(["x", "--files-to-read", "20"], "coding-local", "borderline", id="20 files"),
        pytest.param(["x", "--lines-to-edit", "200"], "coding-local", "borderline", id="200 lines"),
        pytest.param(["x", "--files-to-edit", "51"], "coding-burst", "large-change", id="51 files"),
        pytest.param(["summarize this module"], "review-cheap", "lint-or-summarize", id="summarize"),
        pytest.param(["make it nicer"], "coding-local", "small-change", id="no facts at all"),
        pytest.param(
            ["do a security review of the login"], "coding-burst", "security-or-api-design", id="security review"
        ),
        pytest.param(
            ["fix the typo in the security page title"], "coding-local", "small-change", id="no security review"
        ),
        pytest.param(
            ["x", "--files-to-edit", "60", "--local-only"], "coding-local", "private", id="60 files, local only"
        ),
        pytest.param(
            ["x", "--files-to-edit", "60", "--profile", "review-cheap"], "review-cheap", "explicit", id="explicit"
        ),
    ],
)
def test_the_table_is_decided_by_number(tmp_path: Path, arguments: list[str], profile: str, rule: str) -> None:
    answer = routed(tmp_path, *arguments)
    assert (answer["profile"], answer["rule"], answer["needs_probe"]) == (profile, rule, rule == "borderline")


def test_the_json_has_every_promised_field(tmp_path: Path) -> None:
    answer = routed(tmp_path, "x")
    assert {
        "profile",
        "host",
        "tier",
        "rule",
        "reasons",
        "evidence",
        "needs_probe",
        "condense",
        "flips",
        "estimate",
        "policy",
        "warnings",
        "check",
        "v",
        "time",
        "run",
    } == set(answer)
    wanted = {"files_to_read", "files_to_edit", "lines_to_edit", "tokens", "chars", "images", "kinds", "private"}
    assert wanted <= set(answer["evidence"])
    burst = {"usd_if_burst", "usd_if_burst_low", "usd_if_burst_high", "usd_if_burst_source"}
    burst |= {"seconds_if_burst", "burst_age_s"}
    here = {"usd", "usd_low", "usd_high", "usd_source", "turns", "attempts", "seconds", "seconds_by", "seconds_age_s"}
    assert here | burst == set(answer["estimate"])


def test_an_image_goes_to_burst_by_its_content_not_its_name(tmp_path: Path) -> None:
    (tmp_path / "shot.dat").write_bytes(PNG)
    (tmp_path / "notes.png").write_text("no image")
    assert routed(tmp_path, "x", "--image", "shot.dat")["rule"] == "vision"
    assert routed(tmp_path, "x", "--file", "shot.dat")["rule"] == "vision"
    assert routed(tmp_path, "x", "--file", "notes.png")["rule"] == "small-change"


@pytest.mark.parametrize(("more", "rule"), [(0, "small-change"), (1, "long-context")])
def test_8193_prompt_tokens_go_to_burst(tmp_path: Path, more: int, rule: str) -> None:
    wide_profiles(tmp_path)
    base = routed(tmp_path, "x", "--context", " hello" * 8_000)["evidence"]["tokens"]
    assert base["low"] == base["high"]
    words = 8_000 + 8_192 - base["high"] + more
    answer = routed(tmp_path, "x", "--context", " hello" * words)
    assert answer["evidence"]["tokens"]["high"] == 8_192 + more
    assert answer["rule"] == rule


def test_named_files_are_evidence_and_not_prompt(tmp_path: Path) -> None:
    (tmp_path / "big.py").write_text("x = 1\n" * 100_000)
    answer = routed(tmp_path, "x", "--file", "big.py")
    assert answer["rule"] == "small-change"
    assert answer["evidence"]["chars"] < 10_000
    assert answer["evidence"]["files"][0]["bytes"] == 600_000


@pytest.mark.parametrize("size", [20_000_000, by_night(200_000_000)])
def test_a_huge_binary_file_is_routed_by_size_and_kind(tmp_path: Path, size: int) -> None:
    with (tmp_path / "dump.bin").open("wb") as file:
        file.write(b"\0\1\2")
        file.truncate(size)
    (found,) = routed(tmp_path, "x", "--file", "dump.bin")["evidence"]["files"]
    assert (found["bytes"], found["form"], found["lines"]) == (size, "binary", None)


@pytest.mark.parametrize("text", ["rotate the key in deploy/.env", "see -----BEGIN RSA PRIVATE KEY----- there"])
def test_what_carries_a_secret_stays_local(tmp_path: Path, text: str) -> None:
    (tmp_path / "deploy").mkdir()
    (tmp_path / "deploy" / ".env").touch()
    answer = routed(tmp_path, text, "--files-to-edit", "99", "--profile", "coding-burst")
    assert (answer["profile"], answer["rule"]) == ("coding-local", "private")


def test_a_private_path_that_is_not_there_pins_no_task(tmp_path: Path) -> None:
    words = "Add .env, .netrc and *.key to .gitignore, and create a .env.example"
    assert routed(tmp_path, words, "--profile", "coding-burst")["profile"] == "coding-burst"


def test_a_refusal_says_why_and_what_would_unblock_it(tmp_path: Path) -> None:
    done = call("route", "word " * 25_000, "--local-only", "--json", home=tmp_path)
    assert done.code == 3
    assert (done.json["status"], done.json["profile"]) == ("refused", None)
    assert done.json["reasons"]
    assert done.json["unblock"]


def test_the_two_profiles_of_a_minimum_set_up_are_enough(tmp_path: Path) -> None:
    """The seed's recommended minimum: two profiles called `default` and `burst`, and a policy that says so."""
    burst = tmp_path / "hermes" / "profiles" / "burst"
    burst.mkdir(parents=True)
    (burst / "config.yaml").write_text(WIDE)
    (tmp_path / "hermes" / "config.yaml").write_text(WIDE)
    shown = call("policy", "show", home=tmp_path).out
    two = shown.replace(
        "  cheap: review-cheap\n  local: coding-local\n  burst: coding-burst", "  local: default\n  burst: burst"
    )
    (tmp_path / "two.yaml").write_text(two, encoding="utf-8")
    light = routed(tmp_path, "summarize this module", "--policy", "two.yaml")
    band = routed(tmp_path, "x", "--files-to-edit", "20", "--policy", "two.yaml")
    large = routed(tmp_path, "x", "--files-to-edit", "51", "--policy", "two.yaml")
    assert (light["profile"], light["rule"]) == ("default", "lint-or-summarize")
    assert (band["profile"], band["rule"], band["needs_probe"]) == ("default", "borderline", False)
    assert "without a probe" in band["reasons"][-1]
    assert large["profile"] == "burst"


def test_a_missing_key_is_a_warning_and_does_not_move_the_route(tmp_path: Path) -> None:
    answer = routed(tmp_path, "x", "--files-to-edit", "51")
    assert answer["profile"] == "coding-burst"
    assert any("no key" in warning for warning in answer["warnings"])


@pytest.mark.parametrize(
    ("words", "stdin"),
    [
        (["-"], "x" * 1_000_001),
        (["--task-json", "-"], json.dumps({"goal": "x" * 1_000_001})),
        (["--task-json", "-"], f'{{"goal": "x", "context": "{"y" * 50_000_000}"}}'),
    ],
    ids=["stdin", "the goal of a task", "a whole task"],
)
def test_a_task_that_would_not_be_read_to_its_end_is_refused_and_not_cut(
    words: list[str], stdin: str, tmp_path: Path
) -> None:
    done = call("route", *words, home=tmp_path, stdin=stdin.encode())
    assert (done.code, done.out) == (2, "")
    assert re.search(r"stdin: the task is longer than 1 MB|goal: the task is longer|larger than 50 MB", done.err)


def test_a_task_can_come_from_stdin(tmp_path: Path) -> None:
    done = call("route", "-", "--json", home=tmp_path, stdin=b"summarize this module\n")
    assert done.json["profile"] == "review-cheap"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param(["route"], "no task", id="no task"),
        pytest.param(["route", ""], "empty", id="empty task"),
        pytest.param(["route", " \n"], "empty", id="blank task"),
        pytest.param(["route", "x", "--file", "nope.py"], "nope.py", id="missing file"),
        pytest.param(["route", "x", "--file", "."], "folder", id="folder as file"),
        pytest.param(["route", "x", "--image", "nope.png"], "nope.png", id="missing image"),
        pytest.param(["route", "x", "--context", "@nope.txt"], "nope.txt", id="missing context"),
        pytest.param(["route", "x", "--workspace", "nope"], "nope", id="missing workspace"),
        pytest.param(["route", "x", "--policy", "nope.yaml"], "nope.yaml", id="missing policy"),
        pytest.param(["route", "x", "--policy", "broken.yaml"], "broken.yaml:1", id="broken policy"),
        pytest.param(
            ["route", "x", "--profile", "nobody"],
            "known: coding-burst, coding-local, review-cheap",
            id="unknown profile",
        ),
        pytest.param(["route", "x", "--profile", "../x"], "../x", id="a path as profile"),
        pytest.param(
            ["route", "x", "--files-to-read", "-1"],
            "--files-to-read is -1 (allowed: a whole number, 0 or more)",
            id="negative number",
        ),
        pytest.param(["route", "x", "--files-to-read", "many"], "(allowed: a whole number, 0 or more)", id="no number"),
        pytest.param(["route", "x", "--colour"], "--colour", id="wrong flag"),
        pytest.param(["route", "fix", "the", "bug"], "put a task of several words in quotes", id="no quotes"),
        pytest.param(["budget", "x"], "1 word too many: `profile-router budget --help`", id="no task"),
        pytest.param(["rout", "x"], "rout", id="wrong command"),
        pytest.param([], "COMMAND", id="no command"),
        pytest.param(["policy", "check", "broken.yaml"], "broken.yaml:1", id="policy check"),
    ],
)
def test_bad_input_gets_one_clear_line_and_exit_2(tmp_path: Path, arguments: list[str], says: str) -> None:
    (tmp_path / "broken.yaml").write_text("versions: 1\n")
    done = call(*arguments, home=tmp_path)
    assert done.code == 2
    assert done.out == ""
    assert len(done.err.strip().splitlines()) == 1
    assert says in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize("words", [("the", "marigold", "bug"), ("--colour=marigold",)])
def test_what_is_too_much_is_refused_without_the_words_of_the_task(tmp_path: Path, words: tuple[str, ...]) -> None:
    done = call("route", "fix", *words, home=tmp_path)
    assert done.code == 2
    assert "marigold" not in done.err


def test_a_folder_that_is_gone_is_one_line(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    code = (
        f"import os, sys; os.rmdir({str(gone)!r}); from profile_router.cli import main; sys.exit(main(['route', 'x']))"
    )
    command = [sys.executable, "-P", "-c", code]  # with the folder on its path, Python 3.13.0 itself breaks
    done = subprocess.run(command, cwd=gone, env=environment(tmp_path), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"the current folder cannot be used ({os.strerror(errno.ENOENT)})" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("written", ["secrets/plan.md", "link.md"])
def test_a_context_read_from_a_private_path_makes_the_task_private(tmp_path: Path, written: str) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "plan.md").write_text("what we buy next\n")
    (tmp_path / "link.md").symlink_to("secrets/plan.md")
    answer = routed(tmp_path, "x", "--context", f"@{written}")
    assert (answer["rule"], answer["profile"]) == ("private", "coding-local")
    assert routed(tmp_path, "x", "--context", "secrets are kept")["rule"] == "small-change"


def test_a_crash_leaves_no_memory_on_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[tuple[int, tuple[int, int]]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: (5, 7))
    monkeypatch.setattr(resource, "setrlimit", lambda which, limits: made.append((which, limits)))
    main(["graph"])
    assert made == [(resource.RLIMIT_CORE, (0, 7))]


def test_route_imports_nothing_heavy(tmp_path: Path) -> None:
    done = call("route", "fix the typo in README.md", home=tmp_path, python=("-X", "importtime"))
    imported = {
        line.rsplit("|", 1)[-1].strip().split(".")[0] for line in done.err.splitlines() if "import time" in line
    }
    heavy = {
        "langgraph",
        "langchain",
        "langchain_core",
        "langchain_openai",
        "openai",
        "pydantic",
        "httpx2",
        "jinja2",
        "tiktoken",
    }
    assert done.code == 0
    assert "profile_router" in imported
    assert not imported & heavy


def test_the_screen_tells_decision_reason_change_and_price_in_that_order(tmp_path: Path) -> None:
    lines = call("route", "make the retry delay configurable", home=tmp_path).out.splitlines()
    assert lines[0] == "coding-local  ·  small-change"
    labels = [line.split()[0] for line in lines[1:] if line[2] != " "]
    assert labels[:3] == ["why", "flips", "costs"]


def test_a_policy_of_ones_own_is_checked_and_used(tmp_path: Path) -> None:
    mine = call("policy", "show", home=tmp_path).out.replace("below_files: 20", "below_files: 5")
    (tmp_path / "mine.yaml").write_text(mine, encoding="utf-8")
    assert call("policy", "check", "mine.yaml", home=tmp_path).code == 0
    assert routed(tmp_path, "x", "--files-to-read", "6", "--policy", "mine.yaml")["rule"] == "borderline"


def test_the_prompt_is_told_beside_what_is_usable_and_the_flip_is_one_more(tmp_path: Path) -> None:
    out = call("route", "fix the typo", home=tmp_path, extra={"HERMES_HOME": ""}).out
    assert re.search(
        r"≤ \d+ of 4,754 usable tokens: \(8,192 window − 1,536 for the answer\) ÷ 1\.4 for its tokenizer \(config\), no image$",
        out,
        re.MULTILINE,
    )
    assert "4,755 tokens" in out
    assert "named file" not in out


@pytest.mark.parametrize(
    ("sizes", "told"),
    [
        ([204_000], "about 51,000 tokens more in the named file,"),
        ([4_000, 8_000], "about 3,000 tokens more in 2 named files,"),
    ],
)
def test_the_time_is_told_beside_all_that_is_read(sizes: list[int], told: str, tmp_path: Path) -> None:
    names = []
    for number, size in enumerate(sizes):
        (tmp_path / f"f{number}.txt").write_text("x" * size)
        names += ["--file", f"f{number}.txt"]
    assert told in call("route", "fix the typo", *names, home=tmp_path, extra={"HERMES_HOME": ""}).out


def test_a_program_is_told_what_each_task_of_a_list_would_cost_at_most_and_nothing_is_noted(tmp_path: Path) -> None:
    tasks = [
        {"goal": "rename the function", "facts": {"files_to_edit": 60, "lines_to_edit": 9000}},
        {"goal": "rename the function", "local_only": True},
        {"goal": "rename the function", "max_cost": 0},
        {"goal": "rename the function", "profile": "nobody"},
    ]
    wide_profiles(tmp_path)
    done = call("route", "--tasks-json", "-", home=tmp_path, stdin=json.dumps(tasks).encode())
    assert done.code == 0, done.err
    large, local, free, unknown = done.json["tasks"]
    assert (done.json["ask_above_usd"], done.json["mode"]) == (1, "on")
    assert (large["profile"], large["rule"], large["usd"] > 0.5) == ("coding-burst", "large-change", True)
    assert (local["usd"], free["usd"]) == (0, 0)
    assert (unknown["profile"], unknown["error"].startswith("task 4: profile 'nobody' (profile) ")) == (None, True)
    assert call("history", "--routes", "--json", home=tmp_path).json["runs"] == []


def test_a_route_that_waits_looks_into_the_whole_repository_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = repository(tmp_path / "shop", {f"shop/part{at}.py": f"def part_{at}(): ...\n" for at in range(9)})
    asked: list[float | None] = []

    def locate(*_: object, seconds: float | None, **__: object) -> Located:
        asked.append(seconds)
        return Located()

    monkeypatch.setattr("profile_router.evidence.locating.locate", locate)
    for wait in (False, True):
        route("part_7 is wrong", cwd=shop, environ=environment(tmp_path), wait=wait)
    assert asked == [0.3, None]
