"""Texts that name the workspace, as a copy of it reads them; and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from profile_router.copies.relocation import Relocation, rewritten
from profile_router.core.conversation import Turn
from profile_router.core.task import Task

MOVED = "/state/worktrees/ab/ws"
RELOCATION = Relocation({"/home/u/ws": MOVED, "/link": f"{MOVED}/sub", "~/ws": MOVED}, moved=MOVED, home="/home/u/ws")


@pytest.mark.parametrize(
    ("text", "there"),
    [
        ("/home/u/ws", MOVED),
        ("see /home/u/ws/a.py, please", f"see {MOVED}/a.py, please"),
        ("Work in /home/u/ws.", f"Work in {MOVED}."),
        ("`/home/u/ws` and '/home/u/ws'", f"`{MOVED}` and '{MOVED}'"),
        ("file:///home/u/ws/a.py:3", f"file://{MOVED}/a.py:3"),
        ("~/ws/a.py", f"{MOVED}/a.py"),
        ("/link/b.py", f"{MOVED}/sub/b.py"),
        ("--path=/home/u/ws/a", f"--path={MOVED}/a"),
        ("/home/u/ws-old/a.py", None),
        ("/home/u/ws2 and /home/u/ws.bak", None),
        ("/mnt/home/u/ws/a.py", None),
        ("../home/u/ws", None),
        ("/home/u/ws../x", None),
        ("https://host/home/u/ws", None),
        ("a.py", None),
    ],
)
def test_only_the_folder_itself_and_what_is_in_it_leads_elsewhere(text: str, there: str | None) -> None:
    assert RELOCATION.there(text) == (there or text)


def test_every_text_is_rewritten_however_deep_it_stands() -> None:
    task = Task(goal="look at /home/u/ws/a", files=("/home/u/ws/b", "c"), conversation=(Turn("user", "in /home/u/ws"),))
    moved = rewritten(task, RELOCATION.there)
    assert (moved.goal, moved.files) == (f"look at {MOVED}/a", (f"{MOVED}/b", "c"))
    assert moved.conversation == (Turn("user", f"in {MOVED}"),)
    assert rewritten(moved, RELOCATION.back) == task
    assert rewritten({"a": [1, None, f"{MOVED}/x"]}, RELOCATION.back) == {"a": [1, None, "/home/u/ws/x"]}


@given(st.lists(st.sampled_from(["/home/u/ws", "/home/u", "/a.py", " ", "~/", "ws", ".", "-", "x"])).map("".join))
def test_what_went_there_comes_back_with_one_spelling(text: str) -> None:
    there = RELOCATION.there(text)
    assert RELOCATION.back(there) == RELOCATION.back(RELOCATION.there(RELOCATION.back(there)))
    assert MOVED not in RELOCATION.back(there)
