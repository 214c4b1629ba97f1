"""Each command that takes `--json` prints one object: its version, moment and run, in the form that is published."""

from __future__ import annotations

import io
import json
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.api.forms import keys_of, wrong_in
from tests.cli.command import ROOT, environment
from tests.cli.stage import nobody, profile, workspace
from tests.fakes import a_policy, a_profile
from tests.ledger.a_ledger import a_ledger, tell

from profile_router.api.schemas import SCHEMAS
from profile_router.cli.app import main, parser
from profile_router.cli.spelling import COMMANDS
from profile_router.core.ladder.failure import Failure
from profile_router.servers.health import HealthStore

RUN = "ab12" * 4
TASKS = [{"goal": "fix add in calc.py"}, {"goal": "fix it", "workspace": "nowhere"}, {"goal": ""}]
TOLD = (  # the command line, the schema of what it prints, and its exit code
    ("route fix add in calc.py", "route", 0),
    ("route --tasks-json -", "quotes", 0),
    ("history", "history", 0),
    ("history --by day", "history", 0),
    (f"show {RUN}", "show", 0),
    ("threads", "threads", 0),
    ("budget", "budget", 0),
    ("observe", "observe", 0),
    ("doctor", "doctor", 1),
    ("health", "health", 0),
    ("health --reset", "health", 0),
    ("profiles", "profiles", 0),
    ("check", "check", 0),
    ("check --forget", "check", 0),
    ("check --workspace bare", "check", 1),
    ("report", "report", 0),
    ("calibrate", "calibrate", 3),
    ("replay --policy policy.yaml", "replay", 0),
)
ELSEWHERE = {  # the schema of what they print, and the test that holds it against that
    "run": ("run", "tests/cli/test_history.py"),
    "resume": ("run", "tests/cli/test_resume.py"),
    "batch": ("batch", "tests/cli/test_history.py"),
    "demo": ("run", "tests/cli/test_demo.py"),
    "undo": ("undo", "tests/cli/test_undo.py"),
    "bench": ("bench", "tests/cli/test_bench.py"),
    "evaluate": ("evaluate", "tests/cli/test_evaluate.py"),
    "fit": ("evaluate", "tests/evaluation/test_fit.py"),
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Give a home with one run in its ledger, a server that failed, and profiles whose servers are down."""
    home = tmp_path_factory.mktemp("answers")
    test = "import unittest\n\n\nclass One(unittest.TestCase):\n    def test_it(self):\n        pass\n"
    workspace(home / "ws", {"calc.py": "def add(a, b):\n    return a - b\n", "tests/test_calc.py": test})
    workspace(home / "ws" / "bare", {"a.txt": "x\n"})
    tell(a_ledger(home / "state", run=RUN))
    store = HealthStore(state=home / "state", rules=a_policy().health, clock=time.time)
    store.record(a_profile("https://openrouter.ai/api/v1").endpoint, Failure(cause="server-error", message="m"))
    shipped = ROOT / "skill" / "profile_router" / "policies" / "default_policy.yaml"
    (home / "ws" / "policy.yaml").write_bytes(shipped.read_bytes())
    (home / "hermes" / "profiles" / "broken").mkdir(parents=True)
    with nobody() as url:
        profile(home, "coding-local", url)
        profile(home, "coding-burst", url)
        yield home


def with_json() -> set[str]:
    """Return the commands that take `--json`, as the parser has them."""
    every = parser(*COMMANDS)
    [below] = [
        one.choices for one in every._actions if isinstance(one.choices, dict) and set(one.choices) == {*COMMANDS}
    ]
    return {name for name, one in below.items() if "--json" in one.options()}


def test_each_command_with_json_has_a_published_schema_and_a_test_of_it() -> None:
    assert with_json() == {line.split()[0] for line, _, _ in TOLD} | set(ELSEWHERE)
    assert {schema for _, schema, _ in TOLD} | {schema for schema, _ in ELSEWHERE.values()} <= set(SCHEMAS)
    for schema, file in ELSEWHERE.values():
        assert re.search(rf'(unlike|wrong_in)\("{schema}"', (ROOT / file).read_text(encoding="utf-8")), file


@pytest.mark.parametrize(("line", "schema", "code"), TOLD, ids=[line for line, _, _ in TOLD])
def test_the_answer_is_one_object_of_the_published_form(
    line: str, schema: str, code: int, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in environment(home).items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(home / "ws")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(json.dumps(TASKS).encode())))
    words = ["route", line.removeprefix("route ")] if line.startswith("route fix") else line.split()
    assert main([*words, "--json"]) == code
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert (list(told)[:3], told["v"]) == (["v", "time", "run"], 1)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", told["time"])
    assert wrong_in(schema, told) == []
    assert set(told) <= keys_of(schema)


@pytest.mark.parametrize(
    ("schema", "broken"),
    [
        ("health", {"records": []}),
        ("profiles", []),
        ("check", None),
        ("history", {"v": 1, "time": "x", "run": None}),
        ("budget", {"v": 1, "time": "x", "run": None, "left_usd": "much"}),
    ],
    ids=["no envelope", "a bare list", "null", "neither runs nor groups", "a text for a figure"],
)
def test_a_schema_refuses_what_was_printed_before(schema: str, broken: Any) -> None:
    assert wrong_in(schema, broken)
