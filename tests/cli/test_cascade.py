"""The cascade as a process: local, its check, one repair, a promotion; and the promotion that does not wait for that.

What waits here for the night has a sibling for each change:

- caught, repaired once, promoted, verified, exit 0, fixed and broke: `test_found_check.py`, its first test;
- the verdict's first line: `test_difference.py`;
- early after four turns, and each term: `runners/embedded/test_steps_taken.py`, `core/ladder/test_early_score.py`;
- the step of that promotion: `graphs/test_early_promotion.py`;
- the score in each record: `ledger/test_run_ledger.py`.
"""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from tests.cli.command import Done, call
from tests.cli.stage import Gate, profile, workspace
from tests.cli.test_found_check import CLAIM, FILES, FIX, GOAL, TEST
from tests.scripted_provider import Answer, ScriptedProvider, say
from tests.scripted_provider import call as tool

RED = TEST.replace("import calc\n", "").replace("calc.add(1, 2)", "0")  # red before, and no matter of this task
COMMENT = tool("edit_file", {"path": "calc.py", "old": "return a - b", "new": "return a - b  # fixed"})


def run(home: Path, root: Path, local: list[Answer], burst: list[Answer], *options: str) -> Done:
    with ScriptedProvider(local) as one, ScriptedProvider(burst) as other:
        profile(home, "coding-local", one.base_url)
        profile(home, "coding-burst", other.base_url)
        return call("run", GOAL, *options, home=home, cwd=root)


@pytest.mark.nightly
@pytest.mark.jail
def test_a_claim_is_caught_by_the_found_check_repaired_once_promoted_and_verified(tmp_path: Path) -> None:
    root = workspace(tmp_path / "ws", {**FILES, "tests/test_red.py": RED})
    assert call("check", "--allow", home=tmp_path, cwd=root).code == 0
    done = run(tmp_path, root, [COMMENT, CLAIM, CLAIM], [FIX, say("It adds now.")], "--yes")
    assert done.code == 0, done.err
    assert done.out.startswith("✓ verified")
    assert "fixed 1, broke 0" in done.out.splitlines()[0]
    told = [line for line in done.err.splitlines() if line.startswith("→ ladder")]
    assert [line.split(maxsplit=2)[2] for line in told] == [
        "the verification failed → coding-local repairs it, once",
        "the verification failed → coding-burst, once",
    ]
    assert (root / "calc.py").read_text() == "def add(a, b):\n    return a + b  # fixed\n"


@pytest.mark.nightly
@pytest.mark.jail
def test_the_result_for_a_program_names_what_was_fixed_and_what_broke(tmp_path: Path) -> None:
    root = workspace(tmp_path / "ws", {**FILES, "tests/test_red.py": RED})
    assert call("check", "--allow", home=tmp_path, cwd=root).code == 0
    done = run(tmp_path, root, [FIX, say("It adds now.")], [], "--json")
    assert done.code == 0, done.err
    changed = done.json["verified"]["check"]["difference"]
    assert (changed["fixed"], changed["broke"]) == (["test_calc.Adds.test_it"], [])
    assert done.json["attempts"][0]["early"] is None


@pytest.mark.nightly
def test_an_attempt_that_only_looks_around_is_promoted_after_four_turns_and_each_record_says_why(
    tmp_path: Path,
) -> None:
    root = workspace(tmp_path / "ws", {"calc.py": FILES["calc.py"], "notes.txt": "x\n"})
    looks = [tool("read_file", {"path": "notes.txt", "start": 1, "lines": n}) for n in range(1, 9)]
    misses = [tool("edit_file", {"path": "calc.py", "old": "a * b", "new": "a + b"})] * 2
    done = run(tmp_path, root, [*misses, *looks], [FIX, say("It adds now.")], "--json", "--yes")
    assert done.code == 0, done.err
    first, second = done.json["attempts"]
    assert (first["verdict"], first["turns"], second["step"]) == ("no-progress", 4, "early")
    assert {term["sign"]: term["points"] for term in first["early"]["terms"]} == {
        "same_failing_edit": 0.5,
        "no_edit": 0.5,
    }
    assert (first["early"]["total"], first["early"]["promotes"]) == (1.0, True)
    assert done.json["steps"] == ["the attempt gets nowhere → coding-burst, once"]
    said = "score 1 of 1 after 4 turns: made the same failing edit 2 times (0.5); changed no file (0.5)"
    assert said in done.err
    shown = call("show", done.json["run"], home=tmp_path, cwd=root)
    assert said in shown.out
    assert (
        call("show", done.json["run"], "--json", home=tmp_path, cwd=root).json["attempts"][0]["early"] == first["early"]
    )


def test_a_test_file_that_its_owner_changes_meanwhile_stays_as_it_is(tmp_path: Path) -> None:
    root = workspace(tmp_path / "ws", FILES)
    gate, mine = Gate(), f"{TEST}\n# mine\n"

    def change() -> None:
        if gate.reached.wait(60):
            (root / "tests/test_calc.py").write_text(mine)
            gate.set()

    owner = threading.Thread(target=change)
    owner.start()
    local = [Answer(calls=FIX.calls, gate=gate), say("It adds now.")]
    done = run(tmp_path, root, local, [], "--check", "python3 -m unittest discover -s tests", "--json")
    owner.join()
    assert done.code == 0, done.err
    assert (root / "tests/test_calc.py").read_text() == mine
    assert done.json["verified"]["put_back"] == []
