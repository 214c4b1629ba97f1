"""Offline `route` starts fast: it imports nothing that only a run needs. Speed itself: tests/benchmarks."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from profile_router.cli import app
from profile_router.cli.spelling import COMMANDS

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = """
import sys
started = []
sys.addaudithook(lambda event, given: event == "subprocess.Popen" and started.append(given))
from profile_router.cli import main
code = main(["route", *sys.argv[1:]])
print(code, len(started), *sorted(sys.modules), file=sys.stderr)
"""
# Of the standard library: each takes 1 ms or more, and `route` asks nothing of it.
SLOW_TO_IMPORT = (
    "ssl",
    "asyncio",
    "email",
    "http.client",
    "logging",
    "importlib.metadata",
    "random",
    "tempfile",
    "pydoc",
    "xml",
)
SLOW_IN_A_FOLDER = ("_hashlib", "subprocess", "threading", "shutil")
# What is asked only where the task, the policy or the place has more to it. The second call finds the policy as kept.
OF_OTHER_TASKS = (
    *("cli.live_line", "core.telling.layout", "core.telling.located", "core.ladder.spending", "core.ladder.causes"),
    *("core.language.starts", "core.language.mentions", "core.language.faults", "core.language.edits"),
    *("core.privacy.confidential", "core.privacy.personal_data", "policies.grammar", "outside.strict_yaml"),
    *("outside.yaml_guard", "withheld.named_paths", "withheld.whole_scan", "withheld.survey"),
    *("workspace.task_in_folder", "profiles.pools", "profiles.keys", "runs.own_check.workspace_check"),
)
MOST_PROCESSES = {"a folder": 0, "a repository": 2, "a repository with tests": 3}  # of git, 5 to 10 ms each
OF_A_RUN = (
    *("asyncio", "pydantic", "httpx2", "jinja2", "tiktoken", "regex", "openai", "langchain", "langgraph"),
    *("langchain_core", "langchain_openai", "tree_sitter", "dotenv", "profile_router_graphs", "genai_prices"),
    *(f"profile_router.{room}" for room in ("runners", "verify", "copies", "jail", "doctor", "demo")),
    *(f"profile_router.ledger.{part}" for part in ("writing", "purse", "history", "words", "receipts")),
    *(
        f"profile_router.core.{part}"
        for part in ("attempt", "condense", "ladder.steps", "ladder.receipt", "ladder.account")
    ),
)


def _modules(folder: Path, *arguments: str) -> tuple[int, list[str]]:
    environ = {"PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONPATH": f"{ROOT / 'skill'}:{ROOT / 'graphs'}"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments], cwd=folder, env=environ, capture_output=True, text=True, check=True
    )
    code, started, *names = done.stderr.split()
    assert code == "0", done.stdout
    return int(started), names


@pytest.mark.parametrize("kind", ["a repository", "a repository with tests", "a folder"])
def test_offline_route_imports_nothing_of_the_runners_and_starts_no_jail(kind: str, tmp_path: Path) -> None:
    if kind != "a folder":
        subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    if kind == "a repository with tests":
        (tmp_path / "test_http.py").write_text("import unittest\n\nimport http\n")
    (tmp_path / "http.py").write_text("RETRY_S = 3\n")
    started, names = _modules(tmp_path, "fix the retry delay in http.py and `http.py`", "--file", "http.py")
    assert "profile_router.evidence.measure" in names
    assert ("profile_router.checks.consents" in names) == (kind == "a repository with tests")
    wanted = (*OF_A_RUN, *SLOW_TO_IMPORT, *(SLOW_IN_A_FOLDER if kind == "a folder" else ()))
    found = [name for name in names for needless in wanted if name == needless or name.startswith(f"{needless}.")]
    assert not found
    assert started <= MOST_PROCESSES[kind]


def test_a_plain_task_in_a_folder_imports_nothing_that_only_others_need(tmp_path: Path) -> None:
    for _ in range(2):
        _, names = _modules(tmp_path, "fix the typo in the greeting")
    assert [name for name in OF_OTHER_TASKS if f"profile_router.{name}" in names] == []
    assert "shlex" not in names


def test_the_list_of_commands_imports_none_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "_module", lambda name: pytest.fail(f"{name} was imported"))
    with pytest.raises(SystemExit):
        app.main(["--help"])


@pytest.mark.parametrize("words", [["--help"], ["x", "--nonsense"], ["x", "--workspace"]], ids=" ".join)
def test_route_answers_the_same_with_the_other_commands_left_out(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    said = []
    for names in (["route"], COMMANDS):
        with pytest.raises(SystemExit) as ended:
            app.parser(*names).parse_args(["route", *words])
        said.append((ended.value.code, *capsys.readouterr()))
    assert said[0] == said[1]
