"""The demo: what `run` does, with scripted models, and nothing of it stays."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.api.forms import wrong_in
from tests.cli.command import ROOT, Done, call, environment
from tests.examples import by_night

PROMISED = {"status", "summary", "route", "attempts", "verified", "cost_usd", "thread"}
# What a user may have set, each enough to send a run elsewhere or to stop it.
HOSTILE = {
    "PROFILE_ROUTER_POLICY": "/nonexistent/policy.yaml",
    "HERMES_HOME": "/dev/null",
    "XDG_CONFIG_HOME": "/dev/null",
    "XDG_STATE_HOME": "/dev/null",
    "PROFILE_ROUTER_STATE": "/dev/null",
    "OPENAI_BASE_URL": "http://127.0.0.1:9/v1",
    "OPENAI_API_KEY": "of the user",
    "HTTP_PROXY": "http://127.0.0.1:9",
    "LANGSMITH_TRACING": "true",
    "LANGSMITH_ENDPOINT": "http://127.0.0.1:9",
    "GIT_DIR": "/nonexistent",
    "GIT_CONFIG_COUNT": "1",
    "GIT_CONFIG_KEY_0": "commit.gpgsign",
    "GIT_CONFIG_VALUE_0": "true",
    "PYTHONSAFEPATH": "1",
}


def _folders(tmp_path: Path) -> tuple[Path, dict[str, str]]:
    """Return the home, and where the process may put temporary things."""
    home, scratch = tmp_path / "home", tmp_path / "scratch"
    home.mkdir()
    scratch.mkdir()
    return home, {"TMPDIR": str(scratch), "PYTHONDONTWRITEBYTECODE": "1"}


def _left(tmp_path: Path) -> list[Path]:
    return [path for folder in ("home", "scratch") for path in (tmp_path / folder).rglob("*")]


def _order(text: str, *marks: str) -> bool:
    places = [text.find(mark) for mark in marks]
    return -1 not in places and places == sorted(places)


@pytest.fixture(scope="module")
def screen(tmp_path_factory: pytest.TempPathFactory) -> Done:
    folder = tmp_path_factory.mktemp("demo")
    home, extra = _folders(folder)
    done = call("demo", home=home, extra=extra)
    assert _left(folder) == []
    return done


def test_a_person_sees_task_route_refusal_step_fix_check_receipts_and_price(screen: Done) -> None:
    assert screen.code == 0
    first, *_ = screen.err.splitlines()
    assert re.search(r"scripted.*127\.0\.0\.1.*no key and no model", first)
    attempts = ("✗ attempt 1   coding-local", "refuses the connection", "→ ladder", "● attempt 2   coding-burst")
    verified = ("backoff.py +1 −1", "-m unittest -q: passed, red before · fixed ", ", broke 0 · OK")
    assert _order(screen.err, "  task ", "● classify", *attempts, *verified, " run ")
    assert _order(screen.out, "`delays()`", "\nprofile ", "\ncoding-local", "\ncoding-burst", "\nflips ", " · thread ")
    assert re.search(r"^≈ \$0\.\d\d \(tier's price\) · ", screen.out, re.MULTILINE)


def test_the_receipts_stand_in_columns(screen: Done) -> None:
    table = [line for line in screen.out.splitlines() if re.match(r"(profile|coding-)", line)]
    assert len(table) == 3
    assert len(table[0]) <= 80
    assert len({len(line) for line in table}) == 1
    assert len({line.find(word) for line, word in zip(table, ("step", "route", "next-tier"), strict=True)}) == 1


def test_json_is_the_object_of_run_and_nothing_of_the_users_settings_matters(tmp_path: Path) -> None:
    home, extra = _folders(tmp_path)
    done = call("demo", "--json", home=home, extra=HOSTILE | extra)
    assert done.code == 0, done.err
    result = done.json
    assert set(result) >= PROMISED
    assert wrong_in("run", result) == []
    assert (result["status"], result["route"]["profile"]) == ("ok", "coding-local")
    down, fixed = result["attempts"]
    assert (down["profile"], down["outcome"], down["tokens_in"]) == ("coding-local", "unavailable", 0)
    assert (fixed["profile"], fixed["outcome"], fixed["model_served"]) == ("coding-burst", "ok", "scripted-model")
    assert result["cost_usd"] == fixed["cost_usd"] > 0
    assert result["verified"]["files_changed"] == [{"path": "backoff.py", "lines_added": 1, "lines_removed": 1}]
    assert result["verified"]["check"]["passed"]
    assert result["verified"]["unverified"] == result["notes"] == result["warnings"] == []
    assert _left(tmp_path) == []


@pytest.mark.parametrize(
    ("mark", "number", "code"),
    [
        *(by_night(mark, signal.SIGINT, 130) for mark in ("  task ", "● classify", "✗ attempt 1")),
        ("● classify", signal.SIGTERM, 143),
        by_night("✗ attempt 1", signal.SIGHUP, 129),
    ],
)
def test_what_ends_it_at_any_moment_leaves_nothing_and_exits_with_its_code(
    mark: str, number: signal.Signals, code: int, tmp_path: Path
) -> None:
    home, extra = _folders(tmp_path)
    process = subprocess.Popen(
        [sys.executable, "-m", "profile_router", "demo"],
        cwd=home,
        env=environment(home, extra),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    assert process.stderr is not None
    assert any(line.startswith(mark) for line in process.stderr)
    process.send_signal(number)
    _, rest = process.communicate(timeout=60)
    assert process.returncode == code
    assert "interrupted" in rest
    assert "Traceback" not in rest
    assert _left(tmp_path) == []


def test_without_git_there_is_one_line_that_says_so(tmp_path: Path) -> None:
    home, extra = _folders(tmp_path)
    done = call("demo", home=home, extra=extra | {"PATH": str(tmp_path / "nothing")})
    assert done.code == 2
    assert re.search(r"^profile-router: git cannot be run .*install git", done.err, re.MULTILINE)
    assert "Traceback" not in done.err
    assert _left(tmp_path) == []


def test_the_scripted_fix_is_what_fixes_the_test(tmp_path: Path) -> None:
    from profile_router.demo.scratch import CHECK_ARGUMENTS, LINES, make_scratch

    repository = make_scratch(tmp_path, local="http://127.0.0.1:1/v1", burst="http://127.0.0.1:2/v1")
    check = [sys.executable, *CHECK_ARGUMENTS.split()]
    assert subprocess.run(check, cwd=repository, capture_output=True, check=False).returncode == 1
    for arguments in (arguments for line in LINES for name, arguments in line.calls if name == "edit_file"):
        file = repository / arguments["path"]
        file.write_text(file.read_text().replace(arguments["old"], arguments["new"]))
    # rewritten within the same second and size: Python would take its cached bytecode for current
    environ = os.environ | {"PYTHONPYCACHEPREFIX": str(tmp_path / "other")}
    assert subprocess.run(check, cwd=repository, env=environ, capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize(
    ("started", "command"),
    [(str(ROOT / "skill"), "python3 skill"), ("skill", "python3 skill"), ("/usr/bin/profile-router", "profile-router")],
)
def test_the_next_steps_are_in_the_words_that_started_it(
    started: str, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from profile_router.cli.commands.demo import _next_steps

    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(sys, "argv", [started])
    assert [line.split(maxsplit=2)[2].startswith(f"{command} ") for line in _next_steps()] == [True, True]


def test_no_room_but_the_command_line_knows_the_demo() -> None:
    sources = [path for root in ("skill", "graphs") for path in (ROOT / root).rglob("*.py")]
    knowing = {
        path.relative_to(ROOT / "skill" / "profile_router").as_posix()
        for path in sources
        if re.search(r"\bdemo", path.read_text(encoding="utf-8"), re.IGNORECASE)
    }
    assert [name for name in knowing if not name.startswith(("demo/", "cli/"))] == []


def test_the_cascade_shows_a_failed_check_its_repair_and_the_promotion(tmp_path: Path) -> None:
    home, extra = _folders(tmp_path)
    done = call("demo", "--cascade", home=home, extra=HOSTILE | extra)
    assert done.code == 0, done.err
    attempts = ("● attempt 1   coding-local", "● attempt 2   coding-local", "● attempt 3   coding-burst")
    steps = ("→ ladder      the verification failed → coding-local repairs it, once", "→ ladder      the verification")
    verdicts = ("✗ verify      python", "✗ verify      python", "✓ verify      python")
    told = [mark for three in zip(attempts, verdicts, (*steps, ""), strict=True) for mark in three]
    at = 0
    for mark in told:
        at = done.err.find(mark, at)
        assert at >= 0, (mark, done.err)
    assert [line.split()[1] for line in done.out.splitlines() if line.startswith("coding-")] == [
        "route",
        "repair",
        "promote",
    ]
    assert done.out.splitlines()[0].startswith("✓ verified")
    assert _left(tmp_path) == []


def test_the_cascade_as_json_costs_what_its_promotion_costs(tmp_path: Path) -> None:
    home, extra = _folders(tmp_path)
    result = call("demo", "--cascade", "--json", home=home, extra=extra).json
    assert [one["verdict"] for one in result["attempts"]] == ["verification-failed", "verification-failed", "ok"]
    assert [one["cost_usd"] > 0 for one in result["attempts"]] == [False, False, True]
    assert result["verified"]["check"]["passed"]
    assert result["warnings"] == result["verified"]["unverified"] == []
