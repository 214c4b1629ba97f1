"""A run's check is judged by what became of its tests, and its verdict says it in these words."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from tests.cli.command import call
from tests.cli.stage import profile, workspace
from tests.scripted_provider import Answer, ScriptedProvider, say
from tests.scripted_provider import call as tool

CASE = "import unittest\n\nimport {0}\n\n\nclass T(unittest.TestCase):\n    def test_{0}(self):\n        {1}\n"
TEST = CASE.format("calc", "self.assertEqual(calc.add(1, 2), 3)")
FILES = {
    "calc.py": "def add(a, b):\n    return a - b\n",
    "words.py": "x = 1\n",
    "test_calc.py": TEST,
    "test_words.py": CASE.format("words", "self.fail('red for years')"),
}
CHECK = f"{sys.executable} -B -m unittest -q"


def write(path: str, text: str) -> Answer:
    return tool("write_file", {"path": path, "content": text})


WRONG = write("calc.py", "def add(a, b):\n    return b - a\n")
RIGHT = write("calc.py", "def add(a, b):\n    return a + b\n")
EMPTIED = write("test_calc.py", "\n")


def test_a_test_that_was_red_before_and_is_another_tasks_is_not_held_against_the_work(tmp_path: Path) -> None:
    ws = workspace(tmp_path / "ws", FILES)
    with (
        ScriptedProvider([EMPTIED, WRONG, say("Fixed."), say("Fixed.")]) as local,
        ScriptedProvider([RIGHT, say("It adds.")]) as burst,
    ):
        profile(tmp_path, "coding-local", local.base_url)
        profile(tmp_path, "coding-burst", burst.base_url)
        done = call("run", "fix add in calc.py", "--check", CHECK, "--yes", home=tmp_path, cwd=ws)
        told = str(burst.chats[0])
    assert done.code == 0, done.err
    assert "still red 1: test_calc.T.test_calc, 1 red as before" in done.err
    assert "put back before the check, as the task does not name it: test_calc.py" in done.err
    assert "still red test_calc.T.test_calc" in told
    assert "no worse than before: exit 1, red before · fixed 1, broke 0, 1 red as before" in done.out.splitlines()[0]
    assert done.out.startswith("✓ verified")
    assert (ws / "test_calc.py").read_text() == TEST


@pytest.mark.nightly
def test_a_promotion_begins_with_the_tests_that_a_failed_attempt_took_away(tmp_path: Path) -> None:
    """By day: `graphs/test_tests_put_back.py`."""
    ws = workspace(tmp_path / "ws", FILES)
    nowhere = say("It", finish="error")
    with ScriptedProvider([EMPTIED, nowhere]) as local, ScriptedProvider([RIGHT, say("It adds.")]) as burst:
        profile(tmp_path, "coding-local", local.base_url)
        profile(tmp_path, "coding-burst", burst.base_url)
        goal = "fix add in calc.py and add a test for it"
        done = call("run", goal, "--check", CHECK, "--yes", "--json", home=tmp_path, cwd=ws)
    assert done.code == 0, done.err
    assert [one["verdict"] == "ok" for one in done.json["attempts"]] == [False, True]
    assert (done.json["verified"]["taken_tests"], (ws / "test_calc.py").read_text()) == ("", TEST)
    said = "coding-local: it removed 1 test in test_calc.py; what was there is put back"
    assert (said in done.json["notes"], said in done.err.replace("\n", " ")) == (True, True)
