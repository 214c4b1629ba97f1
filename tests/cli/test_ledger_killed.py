"""A run that is killed after any write to our state stands in the ledger; once resumed, it stands there once and whole."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from tests.cli.command import call
from tests.cli.mortal import Moment, counted, live
from tests.cli.stage import profile, workspace
from tests.cli.test_resume import timeless
from tests.examples import each
from tests.scripted_provider import ScriptedProvider, say
from tests.scripted_provider import call as tool

EDIT = tool("write_file", {"path": "b.py", "content": "y = 2\n"})
# Red after the first attempt, green after the second.
CHECK = f'{sys.executable} -B -c "import b; raise SystemExit(b.y != 3)"'
AGAIN = tool("write_file", {"path": "b.py", "content": "y = 3\n"})
RUN = ("run", "add b.py", "--check", CHECK, "--thread", "t", "--yes", "--json")
LAST = 60  # commits of such a run, of threads, health and ledger together, are fewer


def run(home: Path, moment: Moment | None) -> tuple[int, dict[str, object]]:
    """Run until *moment*, go on, and return how the first process ended and the result."""
    ws = workspace(home / "ws", {"a.py": "x = 1\n"})
    with (
        ScriptedProvider([EDIT, say("done"), say("no better")]) as local,
        ScriptedProvider([AGAIN, say("better")]) as burst,
    ):
        profile(home, "coding-local", local.base_url)
        profile(home, "coding-burst", burst.base_url)
        done = live(*RUN, home=home, cwd=ws, moment=moment)
        if done.code == -9:
            seen(home)
            done = live("resume", "t", "--json", home=home, cwd=ws)
            killed = True
        else:
            killed = False
    return (-9 if killed else done.code), json.loads(done.out or "{}")


def seen(home: Path) -> list[dict[str, object]]:
    """Return the rows of `history`, each of which `show` can tell."""
    rows: list[dict[str, object]] = call("history", "--json", home=home).json["runs"]
    for row in rows:
        assert call("show", str(row["id"]), home=home).code == 0
    return rows


@pytest.mark.parametrize("moment", each(36, [Moment("commit", n, "after") for n in range(1, LAST)], str))
def test_after_any_write_a_run_is_told_and_after_resuming_told_once_and_whole(tmp_path: Path, moment: Moment) -> None:
    ended, result = run(tmp_path, moment)
    rows = seen(tmp_path)
    if not result:  # killed before its task was kept: nothing was done, and nothing is told
        assert [row["verdict"] for row in rows] in ([], ["interrupted"])
        return
    assert ended in (-9, 0)
    [row] = rows
    assert (row["id"], row["verdict"], row["attempts"]) == (result["run"], "verified", 3), result["steps"]
    story = call("show", str(row["id"]), "--json", home=tmp_path).json
    receipts = [{name: one[name] for name in one if name != "number"} for one in story["attempts"]]
    assert receipts == result["attempts"]
    assert [one["verdict"] for one in story["attempts"]] == ["verification-failed", "verification-failed", "ok"]
    assert [step["step"] for step in story["steps"]] == ["repair", "promote"]
    assert [(check["stage"], check["passed"]) for check in story["verifications"]] == [
        ("before", False), ("after", False), ("after", False), ("after", True)
    ]  # fmt: skip
    budget = call("budget", "--json", home=tmp_path).json
    assert (budget["spent_usd"], budget["reserved_usd"]) == (result["cost_usd"], 0.0)


def test_what_is_told_after_a_kill_is_what_is_told_without_one(tmp_path: Path) -> None:
    _, whole = run(tmp_path / "a", None)
    _, resumed = run(tmp_path / "b", Moment("commit", 12, "after"))
    assert timeless(whole)["attempts"] == timeless(resumed)["attempts"]


def test_no_run_has_more_commits_than_are_killed_here(tmp_path: Path) -> None:
    ws = workspace(tmp_path / "ws", {"a.py": "x = 1\n"})
    with (
        ScriptedProvider([EDIT, say("done"), say("no better")]) as local,
        ScriptedProvider([AGAIN, say("better")]) as burst,
    ):
        profile(tmp_path, "coding-local", local.base_url)
        profile(tmp_path, "coding-burst", burst.base_url)
        assert 20 < counted(*RUN, home=tmp_path, cwd=ws)["commit"] < LAST
