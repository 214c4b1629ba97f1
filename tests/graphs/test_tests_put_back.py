"""A check runs what an attempt wrote: tests that it rewrote are put back before the next attempt's check."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.examples import by_night, each
from tests.fakes import BURST, LOCAL, Fails, FakeRunner, FakeVerifier, a_task, candidates, with_second
from tests.git.git_repository import repository, write_files
from tests.graphs.a_run import Rig
from tests.verify.test_set_back import a_verifier

from profile_router.core.attempt.order import Order
from profile_router.core.found_check import FoundCheck
from profile_router.core.ladder.receipt import Attempt, CheckResult, Verified
from profile_router.ports import Emit, Hold
from profile_router.threads.records import MemoryRecords
from profile_router_graphs.state import checks_wrote, run_wrote

STRICT = 'test "$1" = 42\n'
LOOSENS = "answer=1; later() { echo true > tests/test_app.py; }\n"
WORDS = ("sh", "-c", '. ./app.py; sh tests/test_app.py "$answer"; code=$?; later; echo ran; exit $code')
NAMED = shlex.join(WORDS)
CHECK = FoundCheck(runner="command", words=WORDS, whole=WORDS, source="a test says so")


class Writes(FakeRunner):
    """Run attempts that write `app.py`, by a tool of ours that tells of it."""

    def __init__(self, write: Callable[[], None], *ends: Any) -> None:
        super().__init__(*ends)
        self._write = write

    async def run(self, order: Order, emit: Emit, hold: Hold | None = None) -> Attempt:
        self._write()
        return replace(await super().run(order, emit, hold), wrote=("app.py",))


@pytest.mark.parametrize(
    ("app", "check"),
    [
        pytest.param(LOOSENS, {"found": CHECK}, marks=pytest.mark.jail, id="jailed"),
        pytest.param(LOOSENS, {"check": NAMED}, id="named"),
    ],
)
def test_what_an_attempts_code_made_of_the_tests_in_a_check_helps_no_later_attempt(
    tmp_path: Path, app: str, check: dict[str, Any]
) -> None:
    root = repository(tmp_path / "repo", {"app.py": "answer=0; later() { :; }\n", "tests/test_app.py": STRICT})
    runner = Writes(lambda: write_files(root, {"app.py": app}), *["done"] * 3)
    verifier: Any = a_verifier(root, tmp_path / "state")
    final = Rig(runner=runner, verifier=verifier).run(a_task("Fix app.py", files=("app.py",), **check))
    assert (final["status"], [one.outcome for one in final["receipts"]]) == ("failed", ["failed"] * 3)
    assert [note.partition(": ")[0] for note in final["notes"][1:]] == ["tests/test_app.py"]
    assert all("what was tried in them is kept" in note for note in final["notes"][1:])


@pytest.mark.parametrize(
    ("app", "check"),
    [
        pytest.param("answer=0; later() { :; }\n", {"found": CHECK}, marks=pytest.mark.jail, id="jailed"),
        pytest.param("answer=0; later() { :; }\n", {"check": NAMED}, id="named"),
        by_night(LOOSENS, {"check": NAMED}, name="named, and it writes tests"),
    ],
)
def test_what_a_person_writes_in_a_test_meanwhile_stays_after_a_check(
    tmp_path: Path, app: str, check: dict[str, Any]
) -> None:
    mine, edited = "tests/test_mine.py", "# mine, edited\n"
    files = {"app.py": "answer=0; later() { :; }\n", "tests/test_app.py": STRICT, mine: "# mine\n"}
    root = repository(tmp_path / "repo", files)
    runner = Writes(lambda: write_files(root, {"app.py": f"{app}# wrong\n", mine: edited}), *["done"] * 3)
    verifier: Any = a_verifier(root, tmp_path / "state")
    final = Rig(runner=runner, verifier=verifier).run(a_task("Fix app.py", files=("app.py",), **check))
    assert [one.outcome for one in final["receipts"]] == ["failed"] * 3
    assert (root / mine).read_text() == edited
    assert not any(mine in note for note in final["notes"])


@pytest.mark.parametrize(
    ("before", "left", "wrote"),
    [
        ((), (), ("app.py",)),
        (("tests/a.py",), ("tests/b.py",), ("app.py", "tests/a.py", "tests/b.py")),
        ((), None, None),
        (None, ("tests/b.py",), None),
    ],
    ids=["nothing", "two checks", "one of which nobody knows", "an earlier one of which nobody knows"],
)
def test_a_run_wrote_what_its_attempts_and_their_checks_wrote(before: Any, left: Any, wrote: Any) -> None:
    failed = CheckResult(command="c", exit_code=1, seconds=0.1, last_line="", left=left)
    state: Any = {"wrote": ("app.py",), "checks_wrote": before, "verified": Verified(check=failed)}
    assert run_wrote(state | {"checks_wrote": checks_wrote(state, failed)}) == wrote
    del state["checks_wrote"]
    assert run_wrote(state) is None, "a run of an older version has no list, and its check ran"
    assert run_wrote(state | {"verified": Verified()}) == ("app.py",)


def test_only_before_the_first_check_the_files_that_the_attempts_wrote_are_all_that_count() -> None:
    rig = Rig(runner=Writes(lambda: None, "half", "done"), verifier=FakeVerifier(1, 0))
    rig.run(a_task(check="make test"))
    assert rig.verifier.wrote == [("app.py",), None]


PY = """from shop import share

def test_parse():
    assert share(1, 1) == [1]

def test_share():
    assert share(9, 3) == [3, 3, 3]
"""
MORE = "\ndef test_more():\n    assert share(2, 1) == [2]\n"
RIGHT = "def share(total, people):\n    return [total // people] * people\n"
SHOP = {"shop.py": "def share(total, people):\n    return []\n", "tests/test_a.py": PY}
ASKS = "grep -q people. shop.py && grep -q test_parse tests/test_a.py"
TURNS = Fails(cause="turn-limit")
TAKEN: dict[str, dict[str, str | None]] = {
    "deleted": {"tests/test_a.py": None},
    "emptied": {"tests/test_a.py": "from shop import share\n"},
    "switched off": {
        "tests/test_a.py": f"from pytest import mark\n{PY}".replace("def test_s", "@mark.xfail\ndef test_s")
    },
    "checks nothing": {"tests/test_a.py": PY.replace("== [3, 3, 3]", "or True").replace("assert share(9", "share(9")},
    "moved, and one is lost": {"tests/test_a.py": None, "tests/test_b.py": PY[: PY.index("def test_share")]},
}


class Each(FakeRunner):
    """Write the files of each attempt in turn; None: delete it. `told`: the tools are ours and tell what they wrote."""

    def __init__(self, root: Path, *attempts: tuple[dict[str, str | None], str | Fails], told: bool = True) -> None:
        super().__init__(*(end for _, end in attempts))
        self._root, self._told, self._files = root, told, [files for files, _ in attempts]
        self.records = MemoryRecords()

    async def run(self, order: Order, emit: Emit, hold: Hold | None = None) -> Attempt:
        files = self._files.pop(0)
        for path, text in files.items():
            (self._root / path).unlink(missing_ok=True)
            if text is not None:
                (self._root / path).write_text(text)
        attempt = await super().run(order, emit, hold)
        if attempt.receipt.outcome != "unavailable":
            self.records.keep(f"attempt {order.number}", attempt)
        return replace(attempt, wrote=tuple(files) if self._told else None)


def judged(
    tmp_path: Path, goal: str, *attempts: Any, told: bool = True, git: bool = True
) -> tuple[Rig, dict[str, Any]]:
    """Return the run of a task with a check, over real files, whose *attempts* write and end so."""
    root = repository(tmp_path / "repo", SHOP)
    journal: dict[str, bytes | None] = {}
    if not git:
        journal = {path: text.encode() for path, text in SHOP.items()}
    verifier: Any = a_verifier(root, tmp_path / "state", git=git, journal=journal)
    runner = Each(root, *attempts, told=told)
    verifier.records = runner.records
    rig = Rig(runner=runner, verifier=verifier, candidates=with_second(candidates(), BURST))
    return rig, rig.run(a_task(goal, check=ASKS))


@pytest.mark.parametrize("how", each(2, TAKEN, str))
def test_a_promoted_attempt_does_not_answer_for_tests_that_the_one_before_it_took_away(
    tmp_path: Path, how: str
) -> None:
    goal = "Fix share(9, 3), which loses one, and add a test for it"
    rig, final = judged(tmp_path, goal, (TAKEN[how], TURNS), ({"shop.py": RIGHT}, "done"))
    assert [(one.profile, one.outcome) for one in final["receipts"]] == [(LOCAL, "failed"), (BURST, "ok")]
    assert (final["status"], final["verified"].taken_tests) == ("ok", "")
    assert (tmp_path / "repo/tests/test_a.py").read_text() == PY
    taken, saved = (one for one in rig.events if one["event"] in ("kept", "back"))
    assert (taken["event"], saved["event"]) == ("back", "kept")
    assert taken["line"].startswith(f"{LOCAL}: it ")
    assert taken["line"].endswith(" in tests/test_a.py; what was there is put back")
    assert saved["line"] == final["notes"][1]
    assert next((tmp_path / "state").rglob("*.patch")).name in saved["line"]
    assert "tests/test_a.py: the files are as they were before; what was tried in them is kept" in final["notes"][1]
    assert "test_a.py" not in str(rig.runner.orders[1].handoff and rig.runner.orders[1].handoff.diff)


@pytest.mark.parametrize(
    ("goal", "told", "git"),
    [
        by_night("Fix share(9, 3), which loses one", True, True, name="not named"),
        pytest.param("Fix share(9, 3), which loses one", False, True, id="by Hermes' own tools"),
        pytest.param("Fix share(9, 3), which loses one", True, False, id="outside of git"),
        by_night("Fix share(9, 3): tests/test_a.py fails", True, True, name="its report names the file"),
        by_night("Rename share to split", True, True, name="tests may change"),
    ],
)
def test_so_it_is_whatever_the_task_says_of_tests_and_whoever_wrote(
    tmp_path: Path, goal: str, told: bool, git: bool
) -> None:
    off = TAKEN["checks nothing"]
    _, final = judged(tmp_path, goal, (off, TURNS), ({"shop.py": RIGHT}, "done"), told=told, git=git)
    assert [(one.profile, one.outcome) for one in final["receipts"]] == [(LOCAL, "failed"), (BURST, "ok")]
    assert (tmp_path / "repo/tests/test_a.py").read_text() == PY


def test_an_attempt_answers_for_the_tests_that_it_takes_away_itself(tmp_path: Path) -> None:
    goal = "Fix share(9, 3), which loses one, and add a test for it"
    bad = ({"shop.py": RIGHT, **TAKEN["emptied"]}, "done")
    _, final = judged(tmp_path, goal, (TAKEN["emptied"], TURNS), bad)
    assert final["status"] == "failed"
    assert str(final["receipts"][-1].error).endswith("exit 1, green before · it removed 2 tests in tests/test_a.py")


def test_tests_that_were_added_and_none_taken_stay_for_the_next_attempt(tmp_path: Path) -> None:
    goal = "Fix share(9, 3), which loses one, and add a test for it"
    _, final = judged(tmp_path, goal, ({"tests/test_a.py": PY + MORE}, TURNS), ({"shop.py": RIGHT}, "done"))
    assert (final["status"], final["notes"]) == ("ok", ("a note",))
    assert (tmp_path / "repo/tests/test_a.py").read_text() == PY + MORE


def test_an_attempt_that_never_began_is_not_told_as_one_that_took_tests(tmp_path: Path) -> None:
    goal = "Fix share(9, 3), which loses one, and add a test for it"
    down: tuple[dict[str, str | None], Fails] = ({}, Fails(cause="refused"))
    rig, final = judged(tmp_path, goal, (TAKEN["emptied"], TURNS), down, ({"shop.py": RIGHT}, "done"))
    assert [one.outcome for one in final["receipts"]] == ["failed", "unavailable", "ok"]
    said = [(one["event"], one["line"].partition(": ")[0]) for one in rig.events if one["event"] in ("kept", "back")]
    assert said == [("back", LOCAL), ("kept", "tests/test_a.py")]
