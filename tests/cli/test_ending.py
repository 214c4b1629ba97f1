"""The end of a run for a person: verdict, reasons, where the work is, then what the model says."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.cli.command import Done, call
from tests.cli.screen import shown
from tests.cli.stage import nobody, profile, workspace
from tests.cli.test_run import CHECK, FIX, servers
from tests.examples import by_night
from tests.scripted_provider import Answer, fail, say

from profile_router.cli.ending import closing_lines
from profile_router.core.ladder.check_words import BEFORE_MERGE
from profile_router.core.telling.verdict import verdict_of
from profile_router.git.merge import Merge
from profile_router.runs.job import _with_merge
from profile_router.runs.result import Result

TABLE = say("Changed:\n\n| file | what |\n|---|---|\n| calc.py | adds, as its name says it should do |\n")
RED = f'{sys.executable} -c \'print("line one"); print("E   assert 3 == 4"); raise SystemExit(1)\''


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return workspace(tmp_path / "ws", {"calc.py": "def add(a, b):\n    return a - b\n"})


def _ran(home: Path, repository: Path, *arguments: str, answers: list[Answer]) -> Done:
    with servers(*answers) as local, nobody() as burst:
        profile(home, "coding-local", local.base_url)
        profile(home, "coding-burst", burst)
        return call("run", "fix add in calc.py", "--max-cost", "0", *arguments, home=home, cwd=repository)


def _ordered(text: str, *parts: str) -> bool:
    places = [text.find(part) for part in parts]
    return -1 not in places and places == sorted(places)


def test_a_verified_run_says_so_first_and_the_claim_after_it(tmp_path: Path, repository: Path) -> None:
    done = _ran(tmp_path, repository, "--check", CHECK, answers=[FIX, say("It adds now.")])
    first, *_ = done.out.splitlines()
    assert re.match(r"✓ verified    calc\.py \+1 −1 · .*: passed, red before$", first)
    assert _ordered(done.out, "verified", "\n\nIt adds now.\n\n", "$0.00 (free) · ", " · thread ", "show ")
    told = re.search(r"`profile-router (show \w{8})` tells the whole story\n$", done.out)
    assert told is not None
    assert call(*told[1].split(), home=tmp_path).code == 0
    assert "\x1b" not in done.out


def test_without_a_check_it_is_unverified(tmp_path: Path, repository: Path) -> None:
    done = _ran(tmp_path, repository, answers=[FIX, say("It adds now.")])
    assert done.out.splitlines()[0] == "! unverified  calc.py +1 −1 · no check command was named"


def test_a_failed_check_shows_its_last_lines_and_where_the_work_is_before_the_claim(
    tmp_path: Path, repository: Path
) -> None:
    done = _ran(tmp_path, repository, "--check", RED, answers=[FIX, *[say("All tests pass.")] * 2])
    assert done.code == 1
    assert done.out.startswith("✗ failed      coding-local · small-change\n")
    because, output, work = (
        "\n  because     ",
        "\n  output      line one\n",
        f"\n  work        calc.py +1 −1, in {repository}\n",
    )
    claim = "\n  claim       coding-local says, and it is not confirmed:\nAll tests pass.\n"
    assert _ordered(done.out, because, output, "\n              E   assert 3 == 4\n", work, claim, "$0.00")


@pytest.mark.parametrize(
    ("error", "named"),
    [("coding-burst at 127.0.0.1:9: refuses the connection", True), ("`pytest -q` exited with 1: E   assert", False)],
)
def test_a_failed_check_is_named_where_something_else_failed_after_it(error: str, named: bool) -> None:
    check = {"command": "pytest -q", "passed": False, "exit_code": 1}
    verified = {"check": check, "before": {"passed": False}, "files_changed": [], "unverified": []}
    route = {"profile": "coding-local", "rule": "small-change"}
    empty = {"attempts": [], "notes": [], "warnings": [], "unblock": [], "summary": "", "thread": "", "cost_usd": 0.0}
    told = {"status": "failed", "error": error, "verified": verified, "route": route, **empty}
    lines = closing_lines(Result(status="failed", json=told, output="E   assert\n"))
    assert ("  check       pytest -q: FAILED (exit 1, red before)" in lines) is named


@pytest.mark.parametrize(
    ("after", "says"),
    [
        ([("coding-burst", "promote", "bad-request", 2)], "coding-local"),
        ([("coding-burst", "promote", "interrupted", 1)], "coding-local"),
        ([("review-cheap", "review", "ok", 1)], "coding-local"),
        ([("coding-burst", "promote", "refused", 0)], "coding-local"),
        ([("coding-burst", "promote", "verification-failed", 3), ("review-cheap", "summarize", "ok", 1)], "coding-burst"),
        ([("coding-burst", "promote", "no-change", 3), ("coding-third", "next-provider", "stream-error", 3)], "coding-burst"),
    ],
    ids=["refused", "killed", "reviewed", "never asked", "summarized", "one of three"],
)  # fmt: skip
def test_a_claim_is_told_of_the_profile_whose_words_it_is(after: list[tuple[str, str, str, int]], says: str) -> None:
    made = [("review-cheap", "probe", "ok", 1), ("coding-local", "route", "verification-failed", 2), *after]
    names = ("profile", "step", "verdict", "turns")
    attempts = [
        dict(zip(names, one, strict=True), outcome="failed", cost_usd=0.0, cost_source="free", seconds=1)
        for one in made
    ]
    verified: dict[str, Any] = {"check": None, "files_changed": [], "unverified": []}
    empty = {"notes": [], "warnings": [], "unblock": [], "thread": "", "cost_usd": 0.0, "error": "red"}
    route = {"profile": "coding-local", "rule": "small-change"}
    told = {"status": "failed", "verified": verified, "route": route, "attempts": attempts, "summary": "Done.", **empty}
    assert f"  claim       {says} says, and it is not confirmed:" in closing_lines(Result(status="failed", json=told))


def test_a_refused_run_says_why_and_what_would_help_and_names_no_work(tmp_path: Path, repository: Path) -> None:
    with nobody() as local, nobody() as burst:
        profile(tmp_path, "coding-local", local)
        profile(tmp_path, "coding-burst", burst)
        done = call("run", "fix add", "--local-only", home=tmp_path, cwd=repository)
    assert done.out.startswith("✗ refused     coding-local · private\n")
    assert _ordered(done.out, "  because ", "  unblock ", "$0.00")
    assert "  work " not in done.out
    assert "  claim " not in done.out


@pytest.mark.parametrize("columns", [60, by_night(80), by_night(120)])
def test_no_line_on_a_terminal_is_broken_by_it_and_no_table_is_raw(
    columns: int, tmp_path: Path, repository: Path
) -> None:
    with servers(FIX, TABLE, TABLE) as local, nobody() as burst:
        profile(tmp_path, "coding-local", local.base_url)
        profile(tmp_path, "coding-burst", burst)
        words = ("run", "fix add in calc.py", "--check", RED, "--max-cost", "0")
        screen = shown(*words, home=tmp_path, cwd=repository, columns=columns)
    assert [line for line in screen.too_wide(columns) if len(line.split()) > 1] == []
    assert "|---" not in screen.text
    assert "\x1b[31m✗ failed\x1b[0m" in screen.raw


@pytest.mark.nightly
def test_no_color_is_obeyed(tmp_path: Path) -> None:
    screen = shown("demo", home=tmp_path, columns=60, extra={"NO_COLOR": "1"})
    assert not re.search(r"\x1b\[\d+m", screen.raw)
    assert "✓ verified    backoff.py +1 −1" in screen.text


@pytest.mark.parametrize("columns", [60, by_night(80), by_night(120)])
def test_the_demo_fits_a_terminal(columns: int, tmp_path: Path) -> None:
    screen = shown("demo", home=tmp_path, columns=columns)
    assert screen.too_wide(columns) == []
    assert "could not run the tests" not in screen.text
    assert "\x1b[32m✓ verified\x1b[0m" in screen.raw


def _results() -> Iterator[tuple[dict[str, Any], str]]:
    passed, red = {"passed": True}, {"passed": False}
    yield {"status": "ok", "verified": {"check": passed, "unverified": []}}, "verified"
    yield (
        {"status": "ok", "verified": {"check": passed, "unverified": ["names x.py, which does not exist"]}},
        "unverified",
    )
    yield {"status": "ok", "verified": {"check": None, "unverified": []}}, "unverified"
    yield {"status": "failed", "verified": {"check": red, "unverified": []}}, "failed"
    yield {"status": "failed", "verified": {"check": passed, "unverified": []}}, "failed"
    yield {"status": "failed", "verified": {}}, "failed"
    yield {"status": "failed", "cause": "no-change", "verified": {}}, "no-change"
    wrote: dict[str, Any] = {"files_changed": [{"path": "a.py"}]}
    yield {"status": "failed", "cause": "no-change", "verified": wrote}, "failed"
    yield {"status": "failed", "cause": "no-change", "verified": {}, "merge": {"changed": ["a.py"]}}, "failed"
    yield {"status": "unapproved", "verified": {"check": None, "unverified": []}}, "unapproved"


@pytest.mark.parametrize(("result", "verdict"), list(_results()))
def test_only_a_check_that_passed_with_nothing_open_is_verified(result: dict[str, Any], verdict: str) -> None:
    assert verdict_of(result) == verdict


@pytest.mark.parametrize(
    ("old", "cause", "verdict"),
    [
        ({"status": "ok", "verdict": "ok"}, None, "unverified"),
        ({"status": "failed", "verdict": "verification-failed"}, "verification-failed", "failed"),
        ({"status": "failed", "verdict": "no-change"}, "no-change", "no-change"),
        ({"status": "refused", "verdict": "refused-by-somebody"}, None, "refused"),
    ],
)
def test_a_result_that_an_older_version_kept_gets_the_words_of_now(
    old: dict[str, Any], cause: str | None, verdict: str
) -> None:
    verified: dict[str, Any] = {"check": None, "unverified": []}
    found = Result.of({"status": old["status"], "json": {**old, "verified": verified}})
    assert (found.json["cause"], found.json["verdict"], found.verdict) == (cause, verdict, verdict)


@pytest.mark.parametrize("status", ["ok", "failed"])
def test_what_was_not_merged_saved_nothing_says_why_and_has_one_verdict(status: Any) -> None:
    cause = None if status == "ok" else "no-change"
    verified = {"check": None, "unverified": [], "files_changed": [{"path": "a.py"}]}
    json = {"status": status, "cause": cause, "verified": verified, "saved": {"usd": 0.1, "why": ""}, "verdict": "?"}
    found = _with_merge(Result(status=status, json=json), Merge(merged=False, files=("a.py",)), ["a.py"], "not merged")
    assert found.json["verdict"] == found.verdict == "failed"
    assert found.json["cause"] == (cause or "not-merged")
    assert found.saved.usd is None or status == "failed"


@pytest.mark.parametrize(
    ("moved", "check", "verdict", "open_points"),
    [
        (True, {"passed": True}, "unverified", [BEFORE_MERGE]),
        (False, {"passed": True}, "verified", []),
        (True, None, "unverified", []),
    ],
)
def test_a_check_that_ran_before_other_work_came_in_verifies_nothing(
    moved: bool, check: Any, verdict: str, open_points: list[str]
) -> None:
    verified = {"check": check, "unverified": [], "files_changed": [{"path": "a.py"}]}
    json = {"status": "ok", "cause": None, "verified": verified, "verdict": "verified"}
    merged = Merge(merged=True, files=("a.py",), moved=moved)
    found = _with_merge(Result(status="ok", json=json), merged, ["a.py"])
    assert (found.json["verdict"], found.json["verified"]["unverified"]) == (verdict, open_points)


PRIVATE_TO_HERE = "token of GitHub in conf.py:1, so the task stays on this machine"


@pytest.mark.parametrize(
    ("route", "status", "why"),
    [
        ({"rule": "private", "reasons": [PRIVATE_TO_HERE, "more"]}, "failed", [PRIVATE_TO_HERE]),
        ({"rule": "private", "reasons": [PRIVATE_TO_HERE, "more"]}, "unapproved", [PRIVATE_TO_HERE]),
        ({"rule": "private", "reasons": [PRIVATE_TO_HERE, "more"]}, "ok", None),
        (
            {"rule": "private", "reasons": [PRIVATE_TO_HERE, "more"], "status": "refused"},
            "refused",
            [PRIVATE_TO_HERE, "more"],
        ),
        ({"rule": "small-change", "reasons": ["1 file to read"]}, "failed", None),
        ({"rule": "small-change", "reasons": ["1 file to read"]}, "refused", []),
    ],
)
def test_what_kept_a_task_on_this_machine_is_named_where_it_ended_badly(
    route: dict[str, Any], status: Any, why: list[str] | None
) -> None:
    result = Result(status=status, json={"route": route, "unblock": [], "status": status})
    assert result.refused.get("why") == why


def test_a_failed_server_says_what_it_was_and_no_claim(tmp_path: Path, repository: Path) -> None:
    done = _ran(tmp_path, repository, answers=[fail(400)])
    assert done.out.startswith("✗ failed      coding-local · small-change\n  because     ")
    assert "claim" not in done.out
