"""What was done in a copy comes back: merged with what somebody else changed, or kept as a diff."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.copies.a_copy import (
    FILES,
    FIRST,
    LAST,
    LINES,
    Act,
    bring_back,
    change_all_kinds,
    drop,
    files_of,
    git_folder,
    link,
    mode,
    process,
    put,
)
from tests.examples import examples
from tests.git.git_repository import repository, run_git, write_files

from profile_router.copies.copy import Copy, opened_copy
from profile_router.errors import WorkspaceError
from profile_router.git import merge as git_merge
from profile_router.git import writes
from profile_router.git.marks import take_mark
from profile_router.git.merge import merge_trees
from profile_router.git.repository import find_repository, locked_repository
from profile_router.git.undo import take_back


def test_all_kinds_of_changes_land_in_the_work_tree_and_nowhere_else(repo: Path, copy: Copy, state: Path) -> None:
    write_files(repo, {"staged.txt": "s\n"})
    run_git(repo, "add", "staged.txt")
    before = git_folder(repo)
    change_all_kinds(copy.top)
    wanted = {name: found[0] for name, found in files_of(copy.top).items()} | {"staged.txt": b"s\n"}
    merged = bring_back(copy, state)
    assert merged.merged
    assert {name: found[0] for name, found in files_of(repo).items()} == wanted
    assert os.access(repo / "run.sh", os.X_OK)
    assert not (repo / "deep").exists()
    assert git_folder(repo) == before
    assert list((state / "diffs").iterdir()) == []


@pytest.mark.parametrize(
    ("ours", "theirs", "result"),
    [
        pytest.param(put("a.txt", FIRST), put("a.txt", LAST), FIRST.replace("line 9", "last"), id="two places"),
        pytest.param(put("a.txt", FIRST), mode("a.txt"), FIRST, id="an edit and a mode"),
        pytest.param(put("a.txt", FIRST), put("a.txt", FIRST), FIRST, id="the same twice"),
        pytest.param(drop("a.txt"), drop("a.txt"), None, id="gone twice"),
        pytest.param(put("b.txt", "b\n"), put("a.txt", LAST), LAST, id="another file"),
    ],
)
def test_changes_that_do_not_meet_are_merged(
    repo: Path, copy: Copy, state: Path, ours: Act, theirs: Act, result: str | None
) -> None:
    theirs(copy.top)
    ours(repo)
    before = take_mark(copy.trees).files
    merged = bring_back(copy, state)
    assert (merged.merged, merged.moved) == (True, True)
    assert ((repo / "a.txt").read_text() if (repo / "a.txt").exists() else None) == result
    assert os.access(repo / "a.txt", os.X_OK) is os.access(copy.top / "a.txt", os.X_OK)
    assert merged.undo is not None
    take_back(repo, merged.undo)
    assert take_mark(copy.trees).files == before


@pytest.mark.parametrize(
    ("ours", "theirs", "path"),
    [
        pytest.param(put("a.txt", "x\n"), put("a.txt", "y\n"), "a.txt", id="one line"),
        pytest.param(drop("a.txt"), put("a.txt", LAST), "a.txt", id="deleted here, edited there"),
        pytest.param(put("a.txt", FIRST), drop("a.txt"), "a.txt", id="edited here, deleted there"),
        pytest.param(put("bin.dat", b"\0\7"), put("bin.dat", b"\0\x08"), "bin.dat", id="binary"),
        pytest.param(put("n.txt", "x\n"), put("n.txt", "y\n"), "n.txt", id="two new files"),
        pytest.param(link("l", "x"), link("l", "y"), "l", id="two links"),
        pytest.param(link("a.txt", "x"), put("a.txt", LAST), "a.txt", id="a link and an edit"),
        pytest.param(put("d", "file\n"), put("d/f.txt", "x\n"), "d", id="a file where a folder is to be"),
        pytest.param(put("d/f.txt", "x\n"), put("d", "file\n"), "d", id="a folder where a file is to be"),
        pytest.param(put("x.log/f.txt", "mine\n"), put("x.log", "x\n"), "x.log", id="an ignored folder in the way"),
        pytest.param(put(".env", "MINE=1\n"), put(".env", "x\n"), ".env", id="an ignored file in the way"),
    ],
)
def test_a_conflict_changes_nothing_and_the_diff_is_kept(
    repo: Path, copy: Copy, state: Path, ours: Act, theirs: Act, path: str
) -> None:
    theirs(copy.top)
    write_files(copy.top, {"beside.txt": "b\n", "run.sh": "#!/bin/bash\n", ".gitignore": "*.nothing\n"})
    ours(repo)
    before = files_of(repo), git_folder(repo)
    merged = bring_back(copy, state)
    assert not merged.merged
    assert any(name == path or name.startswith(f"{path}/") for name in merged.files)
    assert (files_of(repo), git_folder(repo)) == before
    assert merged.diff is not None
    assert b"#!/bin/bash" in merged.diff.read_bytes()
    assert str(merged.diff) in merged.apply


def test_the_permissions_of_a_file_stay_what_its_owner_made_them(repo: Path, copy: Copy, state: Path) -> None:
    (repo / "a.txt").chmod(0o600)
    write_files(copy.top, {"a.txt": LAST})
    (copy.top / "run.sh").chmod(0o755)
    (repo / "run.sh").chmod(0o640)
    assert bring_back(copy, state).merged
    modes = [stat.S_IMODE((repo / name).stat().st_mode) for name in ("a.txt", "run.sh")]
    assert modes == [0o600, 0o750]


def _edit_before_writing(monkeypatch: pytest.MonkeyPatch, act: Callable[[int], None]) -> None:
    """Call *act* with the number of the try right before the writing begins: everything was looked at by then."""
    real, tries = writes.write_all, [0]

    def later(*args: Any) -> None:
        act(tries[0])
        tries[0] += 1
        real(*args)

    monkeypatch.setattr(git_merge, "write_all", later)


def test_an_edit_in_the_last_moment_is_merged_with_too(
    repo: Path, copy: Copy, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_files(copy.top, {"a.txt": LAST, "0.txt": "new\n", "gone.txt": "changed\n"})
    _edit_before_writing(monkeypatch, lambda number: None if number else put("a.txt", FIRST)(repo))
    assert bring_back(copy, state).merged
    assert (repo / "a.txt").read_text() == FIRST.replace("line 9", "last")
    assert (repo / "gone.txt").read_text() == "changed\n"


def test_an_edit_between_two_looks_is_merged_with_too(
    repo: Path, copy: Copy, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is read for the writing is not what git saw a moment before."""
    write_files(copy.top, {"a.txt": LAST})
    real, looks = writes.found_at, [0]

    def look(top: Path, path: str) -> Any:
        if not looks[0]:
            write_files(repo, {"a.txt": FIRST})
        looks[0] += 1
        return real(top, path)

    monkeypatch.setattr(git_merge, "found_at", look)
    assert bring_back(copy, state).merged
    assert (repo / "a.txt").read_text() == FIRST.replace("line 9", "last")


@pytest.mark.parametrize("theirs", [put("m.txt", "theirs\n"), put("a.txt", LAST), drop("gone.txt"), put("b/c", "x")])
def test_who_keeps_on_editing_wins_and_finds_everything_as_it_was(
    repo: Path, copy: Copy, state: Path, monkeypatch: pytest.MonkeyPatch, theirs: Act
) -> None:
    theirs(copy.top)
    write_files(copy.top, {"0/first.txt": "written first\n", "run.sh": "changed\n"})

    def types_on(number: int) -> None:
        write_files(repo, {"m.txt": f"{number}", "a.txt": f"{number}", "gone.txt": f"{number}", "b": f"{number}"})

    _edit_before_writing(monkeypatch, types_on)
    merged = bring_back(copy, state)
    assert not merged.merged
    assert not (repo / "0").exists()
    assert (repo / "run.sh").read_text() == FILES["run.sh"]
    assert {(repo / name).read_text() for name in ("m.txt", "a.txt", "gone.txt", "b")} <= {"0", "1", "2"}
    assert not list(repo.rglob(".profile-router-*"))


def test_a_folder_that_became_a_link_leads_nobody_out(
    repo: Path, copy: Copy, state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside = tmp_path / "outside"
    write_files(outside, {"er/file.txt": "deep\n"})
    write_files(copy.top, {"deep/er/file.txt": "changed\n"})

    def swap(number: int) -> None:
        if not number:
            (repo / "deep").rename(tmp_path / "deep")
            (repo / "deep").symlink_to(outside)

    _edit_before_writing(monkeypatch, swap)
    assert not bring_back(copy, state).merged
    assert (outside / "er/file.txt").read_text() == "deep\n"


@examples(15)
@given(
    ours=st.dictionaries(st.integers(0, 8), st.sampled_from(["x\n", "y\n", ""]), max_size=3),
    theirs=st.dictionaries(st.integers(0, 8), st.sampled_from(["x\n", "z\n", ""]), max_size=3),
)
def test_a_merge_has_both_changes_or_nothing_of_the_second(
    repo: Path, state: Path, ours: dict[int, str], theirs: dict[int, str]
) -> None:
    lines = LINES.splitlines(keepends=True)

    def changed(by: dict[int, str]) -> str:
        return "".join(by.get(number, line) for number, line in enumerate(lines))

    write_files(repo, {"a.txt": LINES})
    (repo / "new.txt").unlink(missing_ok=True)
    with opened_copy(find_repository(repo), state) as copy:
        write_files(copy.top, {"a.txt": changed(theirs), "new.txt": "n\n"})
        write_files(repo, {"a.txt": changed(ours)})
        merged = bring_back(copy, state)
    if merged.merged:
        both = theirs | ours
        assert (repo / "a.txt").read_text() == changed(both)
        assert all(ours[number] == theirs[number] for number in set(ours) & set(theirs))
    else:
        assert (repo / "a.txt").read_text() == changed(ours)
    assert (repo / "new.txt").exists() is merged.merged


def test_a_repository_inside_of_the_repository_is_not_a_file_to_merge(repo: Path, copy: Copy, state: Path) -> None:
    repository(copy.top / "inner", {"x": "x\n"})
    write_files(copy.top, {"a.txt": LAST})
    merged = bring_back(copy, state)
    assert (merged.merged, merged.files) == (False, ("inner",))
    assert (repo / "a.txt").read_text() == LINES


def test_processes_that_merge_at_the_same_time_lose_nothing_of_each_other(repo: Path, state: Path) -> None:
    """Each changes its own line of one file, several times, from copies that know nothing of the others' changes."""
    wide = "".join(f"line {number}\n\n\n\n" for number in range(12))
    write_files(repo, {"wide.txt": wide})
    code = """
for number in sys.argv[3].split(","):
    with opened_copy(repo, state) as copy:
        file = copy.top / "wide.txt"
        file.write_text(file.read_text().replace(f"line {number}\\n", f"LINE {number}\\n"))
        assert merge_trees(copy.trees, copy.base, copy.tree(), state, "t").merged
"""
    running = [process(code, repo, state, numbers) for numbers in ("0,3,6,9", "1,4,7,10", "2,5,8,11")]
    for one in running:
        one.communicate()
    assert [one.returncode for one in running] == [0, 0, 0]
    assert (repo / "wide.txt").read_text() == wide.replace("line", "LINE")


def test_one_that_waits_too_long_for_its_turn_says_who_to_look_for(
    repo: Path, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("profile_router.git.repository.LOCK_S", 0.0)
    found = find_repository(repo)
    with ExitStack() as held:
        held.enter_context(locked_repository(found, state))
        with pytest.raises(WorkspaceError, match="another profile-router has been busy"):
            held.enter_context(opened_copy(found, state))
    assert not [place for place in (state / "worktrees").iterdir() if place.is_dir()]


def test_a_pipe_in_place_of_a_file_does_not_keep_the_file_away(repo: Path, copy: Copy, state: Path) -> None:
    text = (repo / "a.txt").read_text()
    (repo / "a.txt").unlink()
    os.mkfifo(repo / "a.txt")
    now = take_mark(copy.trees).files
    assert merge_trees(copy.trees, now, copy.base, state, "t").files == ("a.txt",)
    assert (repo / "a.txt").read_text() == text
