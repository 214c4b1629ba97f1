"""What a run leaves in the state folder is its owner's alone: no prompt, answer or secret in clear."""

from __future__ import annotations

import stat
import sys
from pathlib import Path

import pytest
from tests.cli.command import call
from tests.cli.stage import profile, workspace
from tests.core.privacy.secret_samples import TOKENS
from tests.scripted_provider import ScriptedProvider, fail, say
from tests.scripted_provider import call as tool

TOKEN = TOKENS["token of GitHub"]
ASKED, ANSWERED, WRITTEN = "marigold", "periwinkle", "larkspur"
LOOK = tool("write_file", {"path": "note.txt", "content": f"{WRITTEN}\n"})


def stage(home: Path, local: ScriptedProvider, burst: ScriptedProvider) -> Path:
    profile(home, "coding-local", local.base_url)
    profile(home, "coding-burst", burst.base_url)
    return workspace(home / "ws", {"a.py": "x = 1\n"})


# How a task ends: well and private, repaired and promoted with its handoff, refused by its server.
ANSWERS = {
    "private": ([LOOK, say(f"{ANSWERED}, {TOKEN}")], []),
    "promoted": ([LOOK, say(ANSWERED), say(ANSWERED)], [say(ANSWERED)]),
    "refused": ([fail(400, f"no {ASKED} {ANSWERED} {WRITTEN}")], []),
}


@pytest.mark.parametrize("how", ANSWERS)
def test_what_a_run_keeps_is_its_owners_alone_and_holds_no_text_in_clear(tmp_path: Path, how: str) -> None:
    goal = f"note {ASKED} in note.txt" + (f" with {TOKEN}" if how == "private" else "")
    here, there = ANSWERS[how]
    with ScriptedProvider(here) as local, ScriptedProvider(there) as burst:
        ws = stage(tmp_path, local, burst)
        check = f'{sys.executable} -c "raise SystemExit({int(how == "promoted")})"'
        done = call("run", goal, "--thread", "t", "--check", check, "--json", home=tmp_path, cwd=ws)
        assert bool(burst.requests) == (how == "promoted")
    assert done.code == (0 if how == "private" else 1), done.err
    assert TOKEN not in done.err
    found = {path: path.stat() for path in (tmp_path / "state", *(tmp_path / "state").rglob("*"))}
    assert [path for path in found if path.is_file()]
    holding = {path: stat.S_IMODE(of.st_mode) for path, of in found.items() if path.is_dir() or of.st_size}
    assert not [(str(path), oct(mode)) for path, mode in holding.items() if mode & 0o077]
    for word in (ASKED, ANSWERED, WRITTEN, TOKEN):
        assert not [path for path in found if path.is_file() and word.encode() in path.read_bytes()]
