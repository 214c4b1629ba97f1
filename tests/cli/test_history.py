"""`history`, `show`, `threads` and `budget`: what the ledger tells a person and a program of the runs that were made."""

from __future__ import annotations

import json
import re
import shutil
import stat
from pathlib import Path
from typing import Any

import pytest
from tests.api.forms import wrong_in
from tests.cli.command import Done, call
from tests.cli.mortal import live
from tests.cli.screen import shown
from tests.cli.stage import profile, workspace
from tests.cli.test_resume import RUN, stage
from tests.cli.test_threads_kept import HALFWAY, one_line
from tests.examples import by_night
from tests.ledger.a_ledger import a_ledger, begin, tell
from tests.scripted_provider import ScriptedProvider, say
from tests.scripted_provider import call as tool

from profile_router.cli import stories
from profile_router.core.ladder.account import RunRow
from profile_router.ledger.history import SqliteHistory

EDIT = tool("write_file", {"path": "b.py", "content": "y = 2\n"})
COMMANDS = (("history",), ("threads",), ("budget",), ("show", "t"))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a home with two runs, to look at only: t failed its check three times, u was well."""
    tmp_path = tmp_path_factory.mktemp("home")
    ws = workspace(tmp_path / "ws", {"a.py": "x = 1\n"})
    with (
        ScriptedProvider([EDIT, say("done"), say("no better"), say("again")]) as local,
        ScriptedProvider([say("better")]) as burst,
    ):
        profile(tmp_path, "coding-local", local.base_url)
        profile(tmp_path, "coding-burst", burst.base_url)
        failed = call("run", "add b.py", "--check", "false", "--thread", "t", "--json", home=tmp_path, cwd=ws)
        well = call("run", "again", "--thread", "u", "--json", home=tmp_path, cwd=ws)
    assert (failed.code, well.code) == (1, 0), failed.err + well.err
    (tmp_path / "t.json").write_text(failed.out)
    return tmp_path


@pytest.fixture
def own_home(home: Path, tmp_path: Path) -> Path:
    """Give a copy of that home, to change."""
    return shutil.copytree(home, tmp_path / "own", symlinks=True)


def asked(home: Path, *words: str) -> Done:
    done = call(*words, home=home)
    assert (done.code, done.err) == (0, ""), done
    return done


def test_history_has_one_row_a_run_the_newest_first(home: Path) -> None:
    rows = asked(home, "history", "--json").json["runs"]
    assert [(row["thread"], row["verdict"], row["profile"]) for row in rows] == [
        ("u", "unverified", "coding-local"),
        ("t", "failed", "coding-burst"),
    ]
    assert rows[1] | {} == rows[1] | {"cause": "verification-failed", "rule": "small-change", "attempts": 3}
    assert rows[1]["workspace"] == str(home / "ws")
    assert rows[1]["id"] == json.loads((home / "t.json").read_text())["run"]
    assert len(asked(home, "history", "--limit", "1").out.splitlines()) == 1
    assert len(asked(home, "history").out.splitlines()) == 2


@pytest.mark.parametrize("by", ["day", "profile", "tier", "verdict", "repository"])
def test_history_counts_runs_by_what_they_have_in_common(home: Path, by: str) -> None:
    answer = asked(home, "history", "--by", by, "--json").json
    assert (answer["by"], sum(group["runs"] for group in answer["groups"])) == (by, 2)
    assert len(asked(home, "history", "--by", by).out.splitlines()) == len(answer["groups"])


def test_the_receipts_of_a_result_are_the_ledgers_rows(home: Path) -> None:
    result = json.loads((home / "t.json").read_text())
    story = asked(home, "show", result["run"][:6], "--json").json
    assert (story["run"], wrong_in("show", story)) == (result["run"], [])
    assert [{name: one[name] for name in one if name != "number"} for one in story["attempts"]] == result["attempts"]
    assert [one["verdict"] for one in result["attempts"]] == ["verification-failed"] * 3
    assert (story["cost_usd"], story["settled_usd"]) == (result["cost_usd"],) * 2
    assert [step["reason"] for step in story["steps"]] == result["steps"]
    assert story["verifications"][-1]["words"]["check"] == result["verified"]["check"]


def test_show_tells_the_story_in_its_order(home: Path) -> None:
    told = asked(home, "show", "t").out
    marks = [line.split()[1] for line in told.splitlines() if not line.startswith(" ")][1:]
    assert marks == ["check", *["attempt", "verify", "verify", "ladder"] * 3]
    for word in ("verification-failed", "false: FAILED (exit 1)", "b.py", "coding-burst", "policy", str(home / "ws")):
        assert word in told
    assert "add b.py" not in told


def test_an_unknown_run_is_an_error_with_what_fixes_it(home: Path) -> None:
    assert "`profile-router history` lists the runs" in one_line(call("show", "nobody", home=home))


def test_budget_says_what_is_left_of_today(own_home: Path) -> None:
    answer = asked(own_home, "budget", "--json").json
    spent = json.loads((own_home / "t.json").read_text())["cost_usd"]
    assert spent > 0
    assert (answer["spent_usd"], answer["reserved_usd"], answer["profiles"]) == (spent, 0.0, {"coding-burst": spent})
    assert answer["left_usd"] == pytest.approx(answer["day_usd"] - spent)
    assert "left        $24.99 of today's $25.00" in asked(own_home, "budget").out
    assert asked(own_home, "purge", "--all").out.splitlines()[-1] == "removed 2 runs from the ledger"
    assert asked(own_home, "budget", "--json").json["spent_usd"] == spent
    assert asked(own_home, "purge", "--reset-budget").out == "today's spending is forgotten: the budget begins anew\n"
    assert asked(own_home, "budget", "--json").json["left_usd"] == 25.0


def test_threads_lists_what_is_kept_with_what_it_cost(home: Path) -> None:
    told = asked(home, "threads", "--json").json
    assert wrong_in("threads", told) == []
    rows = told["threads"]
    assert [(row["thread"], row["status"], row["runs"]) for row in rows] == [("u", "ended", 1), ("t", "ended", 1)]
    assert len(asked(home, "threads").out.splitlines()) == 2


def test_a_run_that_was_killed_is_unfinished_until_it_is_resumed(tmp_path: Path) -> None:
    from tests.cli.test_resume import DONE, LOOK
    from tests.cli.test_resume import EDIT as THEIRS

    here = stage(tmp_path, local=[LOOK, THEIRS, DONE])
    with here.local, here.burst, here.cheap:
        assert live(*RUN, home=tmp_path, cwd=here.ws, moment=HALFWAY).code == -9
        [row] = asked(tmp_path, "history", "--json").json["runs"]
        assert (row["verdict"], row["ended"], row["attempts"]) == ("unfinished", None, 1)
        assert "`profile-router resume t`" in asked(tmp_path, "threads").out
        assert "has not ended" in asked(tmp_path, "show", row["id"]).out
        assert here.resume("t").code == 0
    [again] = asked(tmp_path, "history", "--json").json["runs"]
    assert (again["id"], again["verdict"], again["attempts"]) == (row["id"], "verified", 1)


def test_where_nothing_is_there_the_commands_say_what_to_do_and_make_nothing(tmp_path: Path) -> None:
    for words in (("history",), ("history", "--by", "day"), ("threads",)):
        assert "`profile-router run " in asked(tmp_path, *words).out
    assert asked(tmp_path, "history", "--json").json["runs"] == []
    assert asked(tmp_path, "threads", "--json").json["threads"] == []
    assert asked(tmp_path, "budget", "--json").json["left_usd"] == 25.0
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize(("limit", "code"), [("0", 2), ("-1", 2), ("x", 2), ("1.5", 2), ("1", 0)])
def test_a_limit_is_a_whole_number(tmp_path: Path, limit: str, code: int) -> None:
    assert call("history", "--limit", limit, home=tmp_path).code == code


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: words[0])
def test_at_60_columns_no_line_is_longer(home: Path, words: tuple[str, ...]) -> None:
    screen = shown(*words, home=home, columns=60, extra={"TERM": "dumb"})
    assert screen.code == 0
    for line in screen.raw.replace("\r\n", "\n").splitlines():
        assert len(line) <= 60 or " " not in line.strip(), line


@pytest.mark.parametrize(
    "changes",
    [{"verdict": "interrupted", "cost_usd": 0.000135}, {"profile": "a-profile-with-a-long-name"}, {"ended": None}],
)
def test_a_row_is_at_most_60_columns_wide(monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any]) -> None:
    plain: dict[str, Any] = {"id": "ab" * 8, "kind": "run", "started": 0.0, "ended": 7_000.0, "verdict": "verified"}
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    assert len(stories.run_line(RunRow(**plain | changes))) <= 60


def test_route_is_written_down_before_it_answers(tmp_path: Path) -> None:
    profile(tmp_path, "coding-local", "http://127.0.0.1:9/v1")
    profile(tmp_path, "coding-burst", "http://127.0.0.1:9/v1")
    assert call("route", "fix a.py", home=tmp_path).code == 0
    assert call("route", "fix a.py", "--local-only", "--json", home=tmp_path).code == 0
    assert asked(tmp_path, "history", "--json").json["runs"] == []
    rows = asked(tmp_path, "history", "--routes", "--json").json["runs"]
    assert [(row["kind"], row["verdict"], row["rule"]) for row in rows] == [
        ("route", "routed", "private"), ("route", "routed", "small-change"),
    ]  # fmt: skip
    assert "coding-local by private" in asked(tmp_path, "show", rows[0]["id"]).out


def test_route_answers_where_it_cannot_be_written_down_and_says_so_once(tmp_path: Path) -> None:
    profile(tmp_path, "coding-local", "http://127.0.0.1:9/v1")
    profile(tmp_path, "coding-burst", "http://127.0.0.1:9/v1")
    (tmp_path / "state").write_text("a file")
    done = call("route", "fix a.py", "--json", home=tmp_path)
    assert (done.code, done.json["profile"]) == (0, "coding-local")
    assert len(done.err.splitlines()) == 1
    assert "this route is not in the ledger: " in done.err


def test_the_ledger_is_its_owners_alone(home: Path) -> None:
    for path in (home / "state").glob("ledger.*"):
        assert path.stat().st_size == 0 or not stat.S_IMODE(path.stat().st_mode) & 0o077


def test_a_damaged_ledger_is_set_aside_and_said(own_home: Path) -> None:
    for path in (own_home / "state").glob("ledger.sqlite*"):
        path.unlink()
    (own_home / "state" / "ledger.sqlite").write_text("this is not a database " * 500)
    done = call("history", "--json", home=own_home)
    assert (done.code, done.json["runs"]) == (0, [])
    assert "is set aside" in done.err


def test_purge_of_a_thread_takes_its_runs_out_of_the_ledger(own_home: Path) -> None:
    assert asked(own_home, "purge", "t").out.splitlines() == ["removed thread t", "removed 1 run from the ledger"]
    assert [row["thread"] for row in asked(own_home, "history", "--json").json["runs"]] == ["u"]


def test_runs_of_a_thread_that_is_gone_are_purged_by_its_name(tmp_path: Path) -> None:
    tell(a_ledger(tmp_path / "state", thread="acme"))
    begin(a_ledger(tmp_path / "state", run="cd" * 8, thread="other"))
    assert asked(tmp_path, "purge", "acme").out == "removed 1 run from the ledger\n"
    assert [one.thread for one in SqliteHistory(state=tmp_path / "state").runs(9)] == ["other"]
    assert re.search("no thread is named acme", one_line(call("purge", "acme", home=tmp_path)))


def test_a_result_names_its_run(home: Path) -> None:
    assert re.fullmatch("[0-9a-f]{16}", json.loads((home / "t.json").read_text())["run"])


def test_a_batch_has_a_run_for_each_task(tmp_path: Path) -> None:
    ws = workspace(tmp_path / "ws", {"a.py": "x = 1\n"})
    with ScriptedProvider([say("done")] * 2) as local, ScriptedProvider() as burst:
        profile(tmp_path, "coding-local", local.base_url)
        profile(tmp_path, "coding-burst", burst.base_url)
        tasks = json.dumps([{"goal": "look at a.py"}, {"goal": "look again"}, {"goal": ""}]).encode()
        done = call("batch", "--tasks-json", "-", "--json", home=tmp_path, cwd=ws, stdin=tasks)
    assert wrong_in("batch", done.json) == []
    runs = [one["run"] for one in done.json["results"]]
    rows = asked(tmp_path, "history", "--json").json["runs"]
    assert {row["id"] for row in rows} == {name for name in runs if name}
    assert {row["workspace"] for row in rows} == {str(ws)}
    assert (len(rows), runs[2]) == (2, None)


def test_a_run_takes_one_time_on_each_screen_and_in_each_json(home: Path) -> None:
    told = json.loads((home / "t.json").read_text())
    assert wrong_in("run", told) == []
    shown = asked(home, "show", "t", "--json").json
    [row] = [one for one in asked(home, "history", "--json").json["runs"] if one["thread"] == "t"]
    assert told["seconds"] == shown["seconds"] == row["seconds"] > sum(one["seconds"] for one in told["attempts"])
    assert f", {told['seconds']:.1f} s" in asked(home, "show", "t").out


@pytest.mark.parametrize(
    "words",
    [
        ("--file", "nowhere.py"),
        ("--check", "no-such-program-here"),
        by_night(("--thread", "a b")),
        by_night(("--profile", "nobody")),
    ],
    ids=" ".join,
)
def test_what_was_called_wrongly_is_not_a_run(words: tuple[str, ...], tmp_path: Path) -> None:
    ws = workspace(tmp_path / "ws", {"a.py": "x = 1\n"})
    with ScriptedProvider() as local:
        profile(tmp_path, "coding-local", local.base_url)
        assert call("run", "add b.py", *words, home=tmp_path, cwd=ws).code == 2
    assert asked(tmp_path, "history", "--json").json["runs"] == []
