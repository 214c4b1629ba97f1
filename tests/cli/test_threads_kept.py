"""What is on disk of a thread, who is told what about it, and what happens where nothing keeps it."""

import json
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from tests.cli import forked
from tests.cli.command import Done, call, environment
from tests.cli.mortal import Moment, live
from tests.cli.stage import Gate
from tests.cli.test_resume import AFTER, DONE, EDIT, ELSEWHERE, LOOK, RUN, Stage, stage
from tests.examples import by_night
from tests.fakes import BURST, LOCAL
from tests.scripted_provider import call as tool
from tests.scripted_provider import say

from profile_router.ledger.spending import Ledger
from profile_router.threads.checkpoints import encrypted
from profile_router_graphs.state import checkpointed_types

CANARY = "canary-93b1c7"
KEY = "AKIAQ7ZB3KXW5MNPT2LD"
HALFWAY = Moment("record", 7, "after")


@pytest.fixture
def halfway(tmp_path: Path) -> Iterator[Stage]:
    """Give a stage on which thread t was killed in the middle of its attempt."""
    here = stage(tmp_path, local=[LOOK, EDIT, DONE])
    with here.local, here.burst, here.cheap:
        assert live(*RUN, home=tmp_path, cwd=here.ws, moment=HALFWAY).code == -9
        yield here
        here.local.problems.clear()


def one_line(done: Done) -> str:
    assert (done.code, done.out) == (2, ""), done
    assert len(done.err.splitlines()) == 1, done.err
    return done.err


def stored(home: Path) -> bytes:
    return b"".join(path.read_bytes() for path in (home / "state").rglob("*") if path.is_file())


@pytest.mark.parametrize("private", [(), ("--local-only",)], ids=["open", "private"])
@pytest.mark.parametrize("moment", [HALFWAY, by_night(Moment("end", 1)), None], ids=str)
def test_no_word_of_a_thread_can_be_read_in_the_state_folder(
    tmp_path: Path, private: tuple[str, ...], moment: Moment | None
) -> None:
    here = stage(tmp_path, local=[LOOK, EDIT, say(f"I said {CANARY}")])
    (here.ws / "calc.py").write_text(f"def add(a, b):\n    pass\n# {CANARY}\n")
    task = json.dumps({
        "goal": f"comment add in calc.py {CANARY}", "context": CANARY, "thread": "t", "local_only": bool(private),
        "conversation": [{"role": "user", "text": f"hello {CANARY}"}, {"role": "assistant", "text": CANARY}],
    })  # fmt: skip
    with here.local, here.burst, here.cheap:
        (tmp_path / "task.json").write_text(task)
        done = live(
            "run",
            "--task-json",
            "-",
            home=tmp_path,
            cwd=here.ws,
            moment=moment,
            stdin=(tmp_path / "task.json").read_bytes(),
        )
        assert done.code == (-9 if moment else 0), done.err
        here.local.problems.clear()
    found = stored(tmp_path)
    assert b"threads" in b"".join(path.name.encode() for path in (tmp_path / "state").iterdir())
    assert len(found) > 10_000
    assert CANARY.encode() not in found


@pytest.mark.parametrize("moment", [by_night(Moment("record", 14, "after")), Moment("end", 1), None], ids=str)
def test_when_a_run_has_ended_its_thread_keeps_the_conversation_and_nothing_else(
    tmp_path: Path, moment: Moment | None
) -> None:
    here = stage(tmp_path, local=[LOOK, EDIT, DONE])
    with here.local, here.burst, here.cheap:
        live(*RUN, home=tmp_path, cwd=here.ws, moment=moment)
        if moment is not None:
            assert here.resume("t").code == 0
    key = (tmp_path / ".config" / "profile-router" / "threads.key").read_bytes()
    database = sqlite3.connect(tmp_path / "state" / "checkpoints.sqlite")
    ((kind, data),) = database.execute("SELECT type, checkpoint FROM checkpoints").fetchall()
    assert database.execute("SELECT * FROM writes").fetchall() == []
    database.close()
    state = encrypted(key, checkpointed_types()).loads_typed((kind, data))["channel_values"]
    assert [turn.text for turn in state.pop("conversation")] == [RUN[1], DONE.text]
    assert state == {"private_thread": False}
    assert list((tmp_path / "state" / "runs").iterdir()) == []


def test_a_known_secret_is_masked_in_what_a_thread_goes_on_with(tmp_path: Path) -> None:
    here = stage(tmp_path, local=[say(f"the key is {KEY}"), DONE])
    with here.local, here.burst, here.cheap:
        assert live("run", f"what is {KEY}?", "--thread", "t", home=tmp_path, cwd=here.ws).code == 0
        assert live("run", "and now?", "--thread", "t", home=tmp_path, cwd=here.ws).code == 0
        first, second = (json.dumps(chat["messages"]) for chat in here.local.chats)
    assert KEY in first
    assert KEY not in second
    assert second.count("[secret: ") == 2


def test_a_second_run_on_a_thread_is_told_and_asks_nobody(tmp_path: Path) -> None:
    gate = Gate()
    here = stage(tmp_path, local=[say("done", gate=gate)])
    with here.local, here.burst, here.cheap:
        words = ("run", "x", "--thread", "t")
        with forked.start(*words, cwd=here.ws, environ=environment(tmp_path)) as first:
            assert gate.reached.wait(60)
            told = [
                one_line(live(*again, home=tmp_path, cwd=here.ws))
                for again in (("run", "y", "--thread", "t"), ("resume", "t"), ("purge", "t"))
            ]
            gate.set()
            first.communicate(timeout=60)
            assert first.wait(0) == 0
            assert all(f"thread t is being run by process {first.pid}" in line for line in told)
        assert len(here.local.chats) == 1


def test_resume_without_a_name_takes_the_only_one_and_lists_several(halfway: Stage, tmp_path: Path) -> None:
    other = Moment("record", 1, "after")
    assert live("run", "x", "--thread", "u", home=tmp_path, cwd=halfway.ws, moment=other).code == -9
    said = one_line(halfway.resume())
    assert "2 threads were interrupted" in said
    assert " t (" in said
    assert " u (" in said
    assert live("purge", "u", home=tmp_path, cwd=tmp_path).out == "removed thread u\n"
    assert halfway.resume().json["thread"] == "t"


def test_a_thread_that_has_ended_gives_its_result_again_until_its_next_run(halfway: Stage, tmp_path: Path) -> None:
    first = halfway.resume("t")
    asked = len(halfway.local.chats)
    again = halfway.resume("t")
    assert (again.code, again.json) == (0, first.json)
    assert "thread t has ended; this is its result, nothing was done again" in again.err
    assert len(halfway.local.chats) == asked
    refused = ("run", "other", "--thread", "t", "--files-to-edit", "60", "--max-cost", "0", "--json")
    assert live(*refused, home=tmp_path, cwd=halfway.ws).code == 3
    assert (halfway.resume("t").code, halfway.resume("t").json["status"]) == (3, "refused")


def test_a_thread_that_is_unknown_is_said_to_be(halfway: Stage) -> None:
    assert halfway.resume("t").code == 0
    assert "no thread is named nobody" in one_line(halfway.resume("nobody"))
    assert "nothing to resume" in one_line(halfway.resume())


def test_the_next_run_in_the_workspace_mentions_it_in_one_line(halfway: Stage, tmp_path: Path) -> None:
    other = ("run", "other", "--files-to-edit", "60", "--max-cost", "0")
    done = live(*other, home=tmp_path, cwd=halfway.ws)
    (line,) = [line for line in done.err.splitlines() if "resume" in line]
    assert line.startswith("! unfinished  thread t was interrupted; `profile-router resume t` goes on with it, ")
    assert line.endswith("`profile-router purge t` drops it")
    assert "resume" not in live(*other, home=tmp_path, cwd=halfway.ws).err, "it is said once"


def test_all_that_were_interrupted_are_told_in_one_line_when_one_is_new(halfway: Stage, tmp_path: Path) -> None:
    other = ("run", "other", "--files-to-edit", "60", "--max-cost", "0")
    live(*other, home=tmp_path, cwd=halfway.ws)
    killed = Moment("record", 1, "after")
    assert live("run", "x", "--thread", "u", home=tmp_path, cwd=halfway.ws, moment=killed).code == -9
    (line,) = [line for line in live(*other, home=tmp_path, cwd=halfway.ws).err.splitlines() if "resume" in line]
    assert line.startswith(
        "! unfinished  2 threads were interrupted; `profile-router resume THREAD` goes on with one, "
    )
    assert line.endswith("`profile-router purge THREAD` drops it: u, t")


def test_another_task_on_the_thread_gives_the_interrupted_run_up_and_says_so(tmp_path: Path) -> None:
    here = stage(tmp_path, local=[LOOK, DONE])
    with here.local, here.burst, here.cheap:
        assert live(*RUN, home=tmp_path, cwd=here.ws, moment=Moment("record", 5, "after")).code == -9
        done = live("run", "something else", "--thread", "t", "--json", home=tmp_path, cwd=here.ws)
        assert len(here.local.chats[1]["messages"]) == 2
    assert done.code == 0, done.err
    assert any("was given up for this one" in warning for warning in done.json["warnings"])


def test_a_policy_that_changed_meanwhile_is_followed_and_said(halfway: Stage, tmp_path: Path) -> None:
    shipped = live("policy", "show", "--shipped", home=tmp_path, cwd=tmp_path).out
    (tmp_path / "mine.yaml").write_text(shipped + "# another\n")
    done = halfway.resume("t", "--policy", str(tmp_path / "mine.yaml"))
    assert done.code == 0, done.err
    assert any("the policy has changed" in warning for warning in done.json["warnings"])


@pytest.mark.parametrize(("gone", "says"), [("ws", "ws"), ("hermes/profiles/coding-local", "coding-local")])
def test_what_is_gone_is_one_line_and_the_run_can_still_be_resumed(
    halfway: Stage, tmp_path: Path, gone: str, says: str
) -> None:
    shutil.move(tmp_path / gone, tmp_path / "away")
    assert says in one_line(halfway.resume("t"))
    shutil.move(tmp_path / "away", tmp_path / gone)
    assert halfway.resume("t").code == 0
    assert len(halfway.local.chats) == 3


def test_where_no_key_can_be_kept_the_run_works_and_resume_says_why_it_cannot(tmp_path: Path) -> None:
    here = stage(tmp_path, local=[DONE])
    (tmp_path / ".config").write_text("no folder")
    with here.local, here.burst, here.cheap:
        done = live("run", "x", "--local-only", "--json", home=tmp_path, cwd=here.ws)
        assert done.code == 0, done.err
        assert any("cannot be resumed: it is held in memory only" in warning for warning in done.json["warnings"])


def test_a_thread_held_in_memory_says_so_after_the_kill(tmp_path: Path) -> None:
    here = stage(tmp_path, local=[LOOK, DONE])
    (tmp_path / ".config").write_text("no folder")
    with here.local, here.burst, here.cheap:
        ended = live(
            *RUN, "--local-only", "--stream", home=tmp_path, cwd=here.ws, moment=Moment("event turn", 1, "after")
        )
        assert ended.code == -9
        said = one_line(here.resume("t"))
    assert "thread t cannot be resumed: it is held in memory only, because no key can be kept" in said
    assert "PROFILE_ROUTER_KEY_FILE=FILE" in said


@pytest.mark.parametrize("content", [b"garbage" * 999, b""], ids=["garbage", "empty"])
def test_a_damaged_database_is_said_set_aside_and_does_not_stop_the_next_run(
    halfway: Stage, tmp_path: Path, content: bytes
) -> None:
    database = tmp_path / "state" / "threads.sqlite"
    for beside in ("-wal", "-shm"):
        Path(f"{database}{beside}").unlink(missing_ok=True)
    database.write_bytes(content)
    said = one_line(halfway.resume("t"))
    assert ("set aside" in said) == bool(content)
    assert len(list(database.parent.glob("threads.sqlite.broken-*"))) == bool(content)
    done = live("run", "other", "--json", home=tmp_path, cwd=halfway.ws)
    assert done.code == 0, done.err


def test_another_key_is_said_and_the_threads_come_back_with_the_right_one(halfway: Stage, tmp_path: Path) -> None:
    key = tmp_path / ".config" / "profile-router" / "threads.key"
    key.rename(tmp_path / "right.key")
    assert "another key" in one_line(halfway.resume("t"))
    state = tmp_path / "state"
    for name in ("threads.sqlite", "checkpoints.sqlite"):
        (aside,) = (path for path in state.glob(f"{name}.broken-*") if path.name[-1].isdigit())
        (state / name).unlink()
        for path in state.glob(f"{aside.name}*"):
            path.rename(state / path.name.replace(aside.name, name))
    assert (
        live("resume", "t", home=tmp_path, cwd=tmp_path, PROFILE_ROUTER_KEY_FILE=str(tmp_path / "right.key")).code == 0
    )


def test_a_state_folder_that_cannot_be_made_is_one_line_before_anybody_is_asked(tmp_path: Path) -> None:
    here = stage(tmp_path, local=[])
    (tmp_path / "state").write_text("a file")
    with here.local, here.burst, here.cheap:
        assert "PROFILE_ROUTER_STATE=DIR" in one_line(live("run", "x", home=tmp_path, cwd=here.ws))
        assert here.local.chats == []


@pytest.mark.parametrize("room", [by_night(80_000), 160_000, by_night(260_000)])
def test_a_disk_that_fills_up_ends_the_run_in_one_line_and_resume_goes_on_when_there_is_room(
    tmp_path: Path, room: int
) -> None:
    """A limit on the size of files stands in for the full disk: the kernel refuses the same write."""
    long = tool("read_file", {"path": "long.txt"}, usage=(100, 10))
    here = stage(tmp_path, local=[*[long] * 5, EDIT, DONE])
    (here.ws / "long.txt").write_text("".join(f"line {number} of a long text\n" for number in range(2_000)))

    def little_room() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))

    with here.local, here.burst, here.cheap:
        full = subprocess.run(
            [sys.executable, "-m", "profile_router", *RUN], cwd=here.ws, env=environment(tmp_path),
            capture_output=True, text=True, check=False, preexec_fn=little_room,
        )  # fmt: skip
        asked = len(here.local.chats)
        assert (full.returncode, full.stdout) == (2, "")
        assert "`profile-router resume t`" in full.stderr.splitlines()[-1]
        assert "Traceback" not in full.stderr
        done = here.resume()
        assert len(here.local.chats) == 7
    assert asked <= 7
    assert done.code == 0, done.err
    assert done.json["attempts"][0]["turns"] in (6, 7), "one answer may have come that could not be kept"
    assert here.files["calc.py"] == AFTER


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "purge needs exactly one of"),
        (("t", "--all"), "purge needs exactly one of"),
        (("--older-than", "-1"), "(allowed: days, 0 or more)"),
    ],
)
def test_purge_wants_to_know_what(tmp_path: Path, arguments: tuple[str, ...], says: str) -> None:
    assert says in one_line(call("purge", *arguments, home=tmp_path))


def test_purge_removes_what_it_names_and_the_conversation_with_it(tmp_path: Path) -> None:
    here = stage(tmp_path, local=[DONE, DONE, DONE])
    with here.local, here.burst, here.cheap:
        for thread in ("t", "u"):
            assert live("run", "x", "--thread", thread, home=tmp_path, cwd=here.ws).code == 0
        assert live("purge", "--older-than", "1", home=tmp_path, cwd=tmp_path).out == "no thread to remove\n"
        assert live("purge", "--all", home=tmp_path, cwd=tmp_path).out.splitlines() == [
            "removed thread u",
            "removed thread t",
            "removed 1 index of repositories",
            "removed 4 files of how policies and configs were read",
            "removed 2 runs from the ledger",
        ]
        assert live("run", "y", "--thread", "t", home=tmp_path, cwd=here.ws).code == 0
        assert len(here.local.chats[-1]["messages"]) == 2


@pytest.mark.parametrize("is_folder", [False, by_night(True)])
@pytest.mark.parametrize("name", ["health.sqlite", "ledger.sqlite"])
def test_a_damaged_health_or_ledger_is_set_aside_and_said(tmp_path: Path, name: str, is_folder: bool) -> None:
    here = stage(tmp_path, local=[], burst=[EDIT, DONE])
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    if is_folder:
        (state / name).mkdir()
    else:
        (state / name).write_text("this is not a database " * 500)
    with here.local, here.burst, here.cheap:
        done = live(*ELSEWHERE, "--json", home=tmp_path, cwd=here.ws)
    assert done.code == 0, done.err
    [warning] = [line for line in done.json["warnings"] if name in line]
    assert "its content no longer counts" in warning
    assert len(list(state.glob(f"{name}.broken-*"))) == 1


def holding(state: Path, name: str) -> list[str]:
    """Return what in *state* has *name* in its own name or in its bytes."""
    files = [
        path
        for path in state.rglob("*")
        if name in path.name or (path.is_file() and name.encode() in path.read_bytes())
    ]
    return [str(path.relative_to(state)) for path in files]


def test_purge_all_leaves_the_name_of_no_thread_in_any_byte_and_todays_spending_counts_on(tmp_path: Path) -> None:
    here, state = stage(tmp_path, local=[DONE, DONE], burst=[DONE, DONE]), tmp_path / "state"
    with here.local, here.burst, here.cheap:
        for thread, profile in (("acme-merger", BURST), ("acme-payroll", LOCAL), ("acme-merger", BURST)):
            done = live("run", "x", "--thread", thread, "--profile", profile, "--yes", home=tmp_path, cwd=here.ws)
            assert done.code == 0, done.err
    ledger = Ledger(state=state, clock=time.time)
    spent = ledger.today()
    assert spent > 0
    for left in ("texts/acme-lost-0a.txt", "runs/acme-lost/alive", "diffs/acme-lost-0b1c2d3e/a.py"):
        (state / left).parent.mkdir(parents=True, exist_ok=True)
        (state / left).write_text("x")
    (state / "threads.sqlite.broken-1").write_bytes(b"acme-old")
    with closing(sqlite3.connect(state / "ledger.sqlite")) as database, database:  # as older versions wrote it
        database.execute("UPDATE spending SET thread = 'acme-merger'")
    database.close()
    assert holding(state, "acme")
    out = live("purge", "--all", home=tmp_path, cwd=tmp_path).out
    assert out.splitlines()[-2:] == [
        "removed 4 files and folders left of earlier threads",
        "removed 3 runs from the ledger",
    ]
    assert holding(state, "acme") == []
    assert ledger.today() == spent
    assert live("purge", "--all", home=tmp_path, cwd=tmp_path).out == "no thread to remove\n"


def test_purge_takes_the_name_of_a_thread_out_of_every_byte_of_the_ledger(tmp_path: Path) -> None:
    here, state = stage(tmp_path, local=[], burst=[DONE]), tmp_path / "state"
    with here.local, here.burst, here.cheap:
        named = ("--thread", "acme-merger", "--profile", BURST, "--yes")
        assert live("run", "x", *named, home=tmp_path, cwd=here.ws).code == 0
        assert [path for path in holding(state, "acme") if path.startswith("ledger")]
        assert live("purge", "acme-merger", home=tmp_path, cwd=tmp_path).code == 0
    assert holding(state, "acme") == []


def test_purge_all_removes_the_indexes_of_repositories(tmp_path: Path) -> None:
    indexes = tmp_path / ".cache" / "profile-router" / "repositories"
    indexes.mkdir(parents=True)
    for name in ("a.sqlite", "a.sqlite-wal", "b.sqlite"):
        (indexes / name).touch()
    assert live("purge", "--older-than", "0", home=tmp_path, cwd=tmp_path).code == 0
    assert live("purge", "--all", home=tmp_path, cwd=tmp_path).out == "removed 2 indexes of repositories\n"
    assert list(indexes.iterdir()) == []


def test_purge_all_removes_how_policies_and_configs_were_read(tmp_path: Path) -> None:
    cache = tmp_path / ".cache" / "profile-router"
    for folder in ("policies", "configs"):
        (cache / folder).mkdir(parents=True)
        (cache / folder / "a.json").write_text("acme")
    (cache / "policies" / "b.json").touch()
    (cache / "policies").chmod(0o755)
    said = "removed 3 files of how policies and configs were read\n"
    assert live("purge", "--all", home=tmp_path, cwd=tmp_path).out == said
    assert [one for one in cache.rglob("*") if one.is_file()] == []
