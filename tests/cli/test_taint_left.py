"""No model elsewhere reads later in the run what was left in files that git ignores.

A tainted attempt leaves it there, or a check that read private files.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.cli.stage import workspace
from tests.cli.test_taint import (
    ADDS,
    BEFORE,
    CHECK,
    IN_OTHER_WORDS,
    PROGRAM,
    READS,
    REVERSED,
    ROT13,
    SECRET,
    models,
    told,
)
from tests.cli.test_taint_by_commands import TURNED, command, run
from tests.examples import each
from tests.scripted_provider import call as tool
from tests.scripted_provider import say

from profile_router.jail.view import jail_problem

OUT = "build/out.txt"
LOOKS = [
    tool("read_file", {"path": OUT}),
    tool("search_files", {"pattern": "."}),
    command(f"cat {OUT}"),
    command("grep -r . build"),
]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    assert jail_problem() is None
    files = {
        "calc.py": BEFORE,
        "check.py": PROGRAM,
        "turn.py": TURNED.format("secrets/plan.txt"),
        "copies.py": f"t = open('secrets/plan.txt').read()[::-1]\nopen('{OUT}', 'w').write(t)\n",
        ".gitignore": "build/\n__pycache__/\n",
        "secrets/plan.txt": f"{SECRET}\n",
    }
    root = workspace(tmp_path / "ws", files)
    (root / "build").mkdir()
    (root / "build" / "old.txt").write_text("known before\n")
    return root


def nothing_of_it(raw: bytes) -> bool:
    return not [words for words in IN_OTHER_WORDS if words.encode() in raw]


WAYS: dict[str, Any] = {
    "by a file tool": [READS, tool("write_file", {"path": OUT, "content": f"{ROT13}\n{REVERSED}\n"})],
    "by a command": [command("python3 copies.py")],
    "into a file that was there": [READS, tool("write_file", {"path": "build/old.txt", "content": f"{REVERSED}\n"})],
}


@pytest.mark.parametrize("way", each(3, WAYS, str))
def test_what_a_tainted_attempt_left_in_an_ignored_file_is_withheld_from_the_next_model(
    tmp_path: Path, repository: Path, way: str
) -> None:
    looks = [*LOOKS, tool("read_file", {"path": "build/old.txt"}), command("cat build/old.txt")]
    with models(tmp_path, [*WAYS[way], say("half")], [*looks, ADDS, say("It adds.")]) as (_, burst):
        code, result = run(tmp_path, repository)
    assert (code, result["summary"]) == (0, "It adds.")
    assert nothing_of_it(told(burst))
    assert b"may have been changed by an attempt that read private files" in told(burst)
    assert any("withheld from models elsewhere" in note and "build/" in note for note in result["notes"])
    assert any(REVERSED in file.read_text() for file in (repository / "build").iterdir())
    # What it did not touch is read as ever.
    assert (b"known before" in told(burst)) == (way != "into a file that was there")


def test_what_a_check_left_there_that_read_private_files_is_withheld_too(tmp_path: Path, repository: Path) -> None:
    (repository / "check.py").write_text(f"import copies\n{PROGRAM}")

    works = [tool("write_file", {"path": "notes.txt", "content": "multiply\n"}), say("I wrote it down.")]
    looks = [*LOOKS, tool("read_file", {"path": "notes.txt"})]
    with models(tmp_path, works, [*looks, ADDS, say("It adds.")]) as (_, burst):
        code, result = run(tmp_path, repository, check=CHECK)
    assert (code, result["attempts"][0]["taints"]) == (0, [])
    assert nothing_of_it(told(burst))
    assert b"I wrote it down." in told(burst)
    assert (repository / OUT).exists()
    assert b"may have been changed by" in told(burst)


def test_an_attempt_that_read_nothing_private_leaves_its_ignored_files_to_the_next(
    tmp_path: Path, repository: Path
) -> None:
    works = [tool("write_file", {"path": OUT, "content": "for the next\n"}), say("half")]
    with models(tmp_path, works, [tool("read_file", {"path": OUT}), ADDS, say("It adds.")]) as (_, burst):
        code, _ = run(tmp_path, repository)
    assert code == 0
    assert b"for the next" in told(burst)


def test_it_is_withheld_from_each_later_model_elsewhere_and_taints_a_local_one(
    tmp_path: Path, repository: Path
) -> None:
    asks = tool("ask_for_profile", {"profile": "coding-local", "reason": "it knows better"})
    local = [command("python3 copies.py"), say("half"), tool("read_file", {"path": OUT}), say("still half")]
    with models(tmp_path, local, [asks, *LOOKS, ADDS, say("It adds.")]) as (_, burst):
        _, result = run(tmp_path, repository)
    assert nothing_of_it(told(burst))
    assert all(attempt["taints"] for attempt in result["attempts"] if attempt["profile"] == "coding-local")
