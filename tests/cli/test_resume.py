"""A run that was killed goes on where it was: nothing is asked or edited twice; the end is the same."""

import shutil
import sqlite3
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.api.forms import wrong_in
from tests.cli.command import Done, call
from tests.cli.mortal import Moment, counted, live
from tests.cli.stage import profile, workspace
from tests.examples import by_night, each
from tests.scripted_provider import Answer, ScriptedProvider, say
from tests.scripted_provider import call as tool

LOOK = tool("read_file", {"path": "calc.py"}, usage=(100, 10))
# Applied twice, it would leave two lines.
EDIT = tool("edit_file", {"path": "calc.py", "old": "    pass\n", "new": "    pass\n    # once\n"}, usage=(200, 20))
DONE = say("`add` in calc.py has a comment now.", usage=(300, 30))
BEFORE = "def add(a, b):\n    pass\n"
AFTER = "def add(a, b):\n    pass\n    # once\n"
CHECK = f"{sys.executable} -c 'import calc'"
RUN = ("run", "comment add in calc.py", "--thread", "t", "--check", CHECK)


@dataclass(slots=True, kw_only=True)
class Stage:
    home: Path
    local: ScriptedProvider
    burst: ScriptedProvider
    cheap: ScriptedProvider

    @property
    def ws(self) -> Path:
        return self.home / "ws"

    @property
    def files(self) -> dict[str, str]:
        """Return the files of the workspace and what is in them."""
        found = (path for path in self.ws.iterdir() if path.is_file())
        return {path.name: path.read_text() for path in found}

    def resume(self, *arguments: str) -> Done:
        return live("resume", *arguments, "--json", home=self.home, cwd=self.home)


def stage(home: Path, *, local: list[Answer], burst: list[Answer] = (), cheap: list[Answer] = ()) -> Stage:  # type: ignore[assignment]
    workspace(home / "ws", {"calc.py": BEFORE})
    servers = {
        name: ScriptedProvider(answers) for name, answers in (("local", local), ("burst", burst), ("cheap", cheap))
    }
    for tier, name in (("local", "coding-local"), ("burst", "coding-burst"), ("cheap", "review-cheap")):
        profile(home, name, servers[tier].base_url)
    return Stage(home=home, **servers)


def timeless(result: dict[str, Any]) -> dict[str, Any]:
    """Return *result* without what a clock says, which port the servers got, and which run it was."""
    attempts = [
        {**attempt, "seconds": 0, "ttft_s": 0, "started": "", "ended": "", "host": ""} for attempt in result["attempts"]
    ]
    check, before = result["verified"].get("check"), result["verified"].get("before")
    # A run that was killed after its check need not have noted that: the kept entry tells it then.
    first = before and {**before, "known": False, "check": before["check"] and {**before["check"], "seconds": 0}}
    verified = {**result["verified"], "check": check and {**check, "seconds": 0}, "before": first}
    return {
        **result,
        "time": "",
        "seconds": 0,
        "attempts": attempts,
        "verified": verified,
        "run": "",
        "route": {**result["route"], "host": ""},
    }


def whole(tmp_path: Path, *arguments: str, **answers: Any) -> tuple[dict[str, Any], int]:
    """Return the result of a run that nobody kills, and its exit code."""
    here = stage(tmp_path / "whole", **answers)
    with here.local, here.burst, here.cheap:
        done = live(*arguments, "--json", home=here.home, cwd=here.ws)
    return timeless(done.json), done.code


PASSED = {"record": 15, "event begin": 1, "checkpoint": 9, "writes": 7, "edit": 1, "rename": 1, "end": 1, "whole": 22,
          "event check": 1, "event turn": 3, "event attempt": 1, "event classify": 1, "event verify": 2, "event result": 1}  # fmt: skip
# What comes right after another moment without anything between is left out.
MOMENTS = [
    *(Moment("record", nth, when) for nth in range(1, 16) for when in ("before", "after")),
    *(Moment("checkpoint", nth, when) for nth in range(1, 10) for when in ("before", "after")),
    *(Moment("writes", nth) for nth in range(1, 8)),
    *(Moment("rename", 1, when) for when in ("before", "after")),
    *(
        Moment("whole", nth) for nth in range(5, 23)
    ),  # the first four keep policy and configs as they were read, before there is a run
    Moment("end", 1),
]
NOTHING_WAS_DONE = Moment("record", 1)
# Between an answer and the record of it there is nothing: it has come, and nobody knows.
ANSWER_WAS_LOST = {Moment("record", 5): LOOK, Moment("record", 7): EDIT, Moment("record", 11): DONE}


def test_the_table_of_moments_names_every_one(tmp_path: Path) -> None:
    here = stage(tmp_path, local=[LOOK, EDIT, DONE])
    with here.local, here.burst, here.cheap:
        found = dict(counted(*RUN, "--stream", home=tmp_path, cwd=here.ws))
    assert found.pop("commit") > 0, "see test_ledger_killed"
    assert found == PASSED


@pytest.fixture(scope="module")
def unkilled(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], int]:
    return whole(tmp_path_factory.mktemp("unkilled"), *RUN, local=[LOOK, EDIT, DONE])


@pytest.mark.parametrize(
    "moment", each(12, (one for one in MOMENTS if one not in {NOTHING_WAS_DONE, *ANSWER_WAS_LOST}), str)
)
def test_wherever_a_run_is_killed_it_ends_as_if_it_had_not_been(
    tmp_path: Path, moment: Moment, unkilled: tuple[dict[str, Any], int]
) -> None:
    here = stage(tmp_path, local=[LOOK, EDIT, DONE])
    with here.local, here.burst, here.cheap:
        assert live(*RUN, "--stream", home=tmp_path, cwd=here.ws, moment=moment).code == -9
        done = here.resume()
        assert len(here.local.chats) == 3
    assert done.code == unkilled[1], done.err
    assert timeless(done.json) == unkilled[0]
    assert here.files == {"calc.py": AFTER}


def test_a_run_that_is_killed_before_it_told_its_result_tells_it_when_asked(
    tmp_path: Path, unkilled: tuple[dict[str, Any], int]
) -> None:
    here = stage(tmp_path, local=[LOOK, EDIT, DONE])
    with here.local, here.burst, here.cheap:
        assert live(*RUN, "--stream", home=tmp_path, cwd=here.ws, moment=Moment("end", 1, "after")).code == -9
        done = here.resume("t")
        assert len(here.local.chats) == 3
    assert (timeless(done.json), done.code, wrong_in("run", done.json)) == (*unkilled, [])


def test_a_run_without_an_end_is_taken_back_unasked_unless_its_file_was_changed_since(tmp_path: Path) -> None:
    here = stage(tmp_path, local=[LOOK, EDIT])
    with here.local, here.burst, here.cheap:
        assert live(*RUN, "--stream", home=tmp_path, cwd=here.ws, moment=Moment("edit", 1, "after")).code == -9
    assert here.files == {"calc.py": AFTER}
    (here.ws / "calc.py").write_text("mine\n")
    asked = call("undo", "t", home=tmp_path)
    assert (asked.code, "it was killed, so nobody knows who changed these last: calc.py" in asked.out) == (1, True)
    (here.ws / "calc.py").write_text(AFTER)
    done = call("undo", "t", home=tmp_path)
    assert (done.code, here.files) == (0, {"calc.py": BEFORE})
    assert "it cannot be resumed then; `profile-router purge t` drops it" in done.out


@pytest.mark.parametrize("since", [pytest.param("", marks=pytest.mark.nightly), "mine\n"])
def test_a_run_that_is_killed_once_its_result_is_kept_is_undone_unasked(tmp_path: Path, since: str) -> None:
    here = stage(tmp_path, local=[LOOK, EDIT, DONE])
    with here.local, here.burst, here.cheap:
        assert live(*RUN, "--stream", home=tmp_path, cwd=here.ws, moment=Moment("record", 15, "after")).code == -9
        if since:
            (here.ws / "calc.py").write_text(since)
        run = here.resume("t").json["run"]
    told = call("undo", run, "--json", home=tmp_path).json
    if since:
        assert (told["status"], told["conflicts"], here.files) == ("conflicts", ["calc.py"], {"calc.py": since})
    else:
        assert (told["status"], told["files"], here.files) == ("ok", ["calc.py"], {"calc.py": BEFORE})


@pytest.mark.parametrize("moment", each(2, ANSWER_WAS_LOST, str))
def test_only_an_answer_that_was_lost_with_the_process_is_asked_for_again(
    tmp_path: Path, moment: Moment, unkilled: tuple[dict[str, Any], int]
) -> None:
    answers = [LOOK, EDIT, DONE]
    lost = answers.index(ANSWER_WAS_LOST[moment])
    here = stage(tmp_path, local=[*answers[: lost + 1], *answers[lost:]])
    with here.local, here.burst, here.cheap:
        assert live(*RUN, "--stream", home=tmp_path, cwd=here.ws, moment=moment).code == -9
        done = here.resume()
        assert len(here.local.chats) == 4
    assert timeless(done.json) == unkilled[0]
    assert here.files == {"calc.py": AFTER}


def test_a_run_that_is_killed_again_and_again_still_does_nothing_twice(
    tmp_path: Path, unkilled: tuple[dict[str, Any], int]
) -> None:
    here = stage(tmp_path, local=[LOOK, EDIT, DONE])
    with here.local, here.burst, here.cheap:
        assert live(*RUN, home=tmp_path, cwd=here.ws, moment=Moment("record", 6)).code == -9
        for _ in range(3):
            assert live("resume", home=tmp_path, cwd=tmp_path, moment=Moment("record", 2, "after")).code == -9
        done = here.resume()
        assert len(here.local.chats) == 3
    assert timeless(done.json) == unkilled[0]
    assert here.files == {"calc.py": AFTER}


def test_a_run_killed_before_its_task_was_kept_says_that_nothing_was_done(tmp_path: Path) -> None:
    here = stage(tmp_path, local=[])
    with here.local, here.burst, here.cheap:
        live(*RUN, home=tmp_path, cwd=here.ws, moment=NOTHING_WAS_DONE)
        done = here.resume()
    assert (done.code, done.out) == (2, "")
    assert "nothing was done; run the task again" in done.err


ELSEWHERE = ("run", "comment add in calc.py", "--thread", "t", "--profile", "coding-burst", "--max-cost", "1")


@pytest.mark.parametrize(
    "moment", [Moment("record", 6, "after"), Moment("settle", 1), Moment("settle", 1, "after")], ids=str
)
def test_what_a_paid_attempt_cost_is_put_down_once(tmp_path: Path, moment: Moment) -> None:
    here = stage(tmp_path, local=[], burst=[LOOK, EDIT, DONE])
    with here.local, here.burst, here.cheap:
        assert live(*ELSEWHERE, home=tmp_path, cwd=here.ws, moment=moment).code == -9
        done = here.resume()
        assert len(here.burst.chats) == 3
    assert done.code == 0, done.err
    (receipt,) = done.json["attempts"]
    assert (receipt["tokens_in"], receipt["tokens_out"]) == (600, 60)
    with closing(sqlite3.connect(tmp_path / "state" / "ledger.sqlite")) as ledger, ledger:
        spent = ledger.execute("SELECT COUNT(*), ROUND(SUM(spent), 6), COUNT(spent) FROM spending").fetchone()
    ledger.close()
    assert spent == (1, receipt["cost_usd"], 1)


BORDERLINE = ("run", "look at the code", "--thread", "t", "--files-to-read", "30")
GUESS = say('{"score": 2, "files_to_edit": 1, "lines_to_edit": 5, "reason": "small"}', usage=(50, 5))


@pytest.mark.parametrize("nth", each(5, [2, 1, 3, 4, 5], str))
def test_a_probe_that_was_answered_is_not_asked_again(tmp_path: Path, nth: int) -> None:
    here = stage(tmp_path, local=[DONE], cheap=[GUESS])
    with here.local, here.burst, here.cheap:
        assert live(*BORDERLINE, home=tmp_path, cwd=here.ws, moment=Moment("record", nth, "after")).code == -9
        done = here.resume()
        assert (len(here.cheap.chats), len(here.local.chats)) == (1, 1)
    assert done.code == 0, done.err
    assert [attempt["step"] for attempt in done.json["attempts"]] == ["probe", "route"]


@pytest.mark.parametrize("nth", each(6, range(1, 7), str))
def test_a_failed_attempt_and_the_step_after_it_happen_once(tmp_path: Path, nth: int) -> None:
    cut = say("half of i", ends="cut")
    here = stage(tmp_path, local=[cut], burst=[DONE])
    with here.local, here.burst, here.cheap:
        ended = live("run", "x", "--thread", "t", home=tmp_path, cwd=here.ws, moment=Moment("checkpoint", nth + 2))
        assert ended.code == -9, ended.err
        done = here.resume()
        assert (len(here.local.chats), len(here.burst.chats)) == (1, 1)
    assert done.code == 0, done.err
    assert [attempt["outcome"] for attempt in done.json["attempts"]] == ["failed", "ok"]


@pytest.mark.parametrize("nth", [by_night(4), 5])
def test_a_summary_that_was_paid_for_is_not_asked_for_again(tmp_path: Path, nth: int) -> None:
    here = stage(tmp_path, local=[say("word " * 3000), say("short")])
    with here.local, here.burst, here.cheap:
        assert live("run", "x", home=tmp_path, cwd=here.ws, moment=Moment("record", nth, "after")).code == -9
        done = here.resume()
        assert len(here.local.chats) == 2
    assert (done.code, done.json["summary"]) == (0, "short")


@pytest.mark.jail
def test_a_command_that_was_at_work_is_not_run_again_and_the_model_is_told(tmp_path: Path) -> None:
    write = tool("run_command", {"command": "python3 -c \"open('n.txt', 'a').write('x')\""})
    here = stage(tmp_path, local=[write, DONE])
    with here.local, here.burst, here.cheap:
        task = ("run", "x", "--thread", "t", "--toolsets", "file,terminal")
        # The record of its result is the one that does not come about.
        assert live(*task, home=tmp_path, cwd=here.ws, moment=Moment("record", 6)).code == -9
        done = here.resume()
        told = here.local.chats[1]["messages"][-1]["content"]
    assert done.code == 0, done.err
    assert "was interrupted" in told
    assert here.files == {"calc.py": BEFORE, "n.txt": "x"}


def test_outside_of_git_the_files_written_before_the_kill_are_known_after_it(tmp_path: Path) -> None:
    here = stage(tmp_path, local=[EDIT, DONE])
    shutil.rmtree(here.ws / ".git")
    with here.local, here.burst, here.cheap:
        assert (
            live(*RUN[:4], "--workspace", str(here.ws), home=tmp_path, cwd=here.ws, moment=Moment("record", 7)).code
            == -9
        )
        done = here.resume()
    assert done.json["verified"]["files_changed"] == [{"path": "calc.py", "lines_added": 1, "lines_removed": 0}]
