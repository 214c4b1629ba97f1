"""Isolated copies of a work tree, and the way back: a change whole or not, and never over others' work."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.examples import examples
from tests.git.git_repository import repository, run_git, write_files

from profile_router.copies.copy import Copy, opened_copy, why_in_place
from profile_router.errors import WorkspaceError
from profile_router.git import merge as git_merge
from profile_router.git import writes
from profile_router.git.marks import take_mark
from profile_router.git.merge import Merge, merge_trees, save_diff
from profile_router.git.repository import find_repository, locked_repository
from profile_router.git.undo import take_back

LINES = "".join(f"line {number}\n" for number in range(1, 10))
FILES: dict[str, str | bytes] = {
    "a.txt": LINES,
    "bin.dat": b"\0\1\2",
    "gone.txt": "g\n",
    "run.sh": "#!/bin/sh\n",
    "dos.txt": b"one\r\ntwo\r\nthree\r\n",
    "bare.txt": "no newline at the end",
    "deep/er/file.txt": "deep\n",
    ".gitignore": "*.log\nnode_modules/\n.env\n",
}
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return repository(tmp_path / "repo", FILES)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def copy(repo: Path, state: Path) -> Iterator[Copy]:
    with opened_copy(find_repository(repo), state) as copy:
        yield copy


def bring_back(copy: Copy, state: Path) -> Merge:
    return merge_trees(copy.trees, copy.base, copy.tree(), state, "t")


def files_of(root: Path) -> dict[str, tuple[object, ...]]:
    """Return every file below *root* but git's own: content or target of a link, and mode."""
    found: dict[str, tuple[object, ...]] = {}
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        if name.split("/")[0] != ".git" and (path.is_symlink() or path.is_file()):
            content = str(path.readlink()) if path.is_symlink() else path.read_bytes()
            found[name] = (content, stat.S_IMODE(path.lstat().st_mode))
    return found


def git_folder(root: Path) -> list[tuple[str, bytes]]:
    return sorted((str(path), path.read_bytes()) for path in (root / ".git").rglob("*") if path.is_file())


def test_a_copy_has_tracked_and_new_files_as_they_are_and_nothing_that_is_ignored(repo: Path, state: Path) -> None:
    write_files(repo, {"a.txt": "edited\n", "new file.txt": "n\n", ".env": "KEY=1\n", "x.log": "l\n"})
    write_files(repo, {"node_modules/p/index.js": "p\n", "build.log/x": "x\n"})
    (repo / "gone.txt").unlink()
    (repo / "link").symlink_to("a.txt")
    (repo / "run.sh").chmod(0o755)
    before = git_folder(repo)
    with opened_copy(find_repository(repo), state) as copy:
        wanted = {
            name: found[0] for name, found in files_of(repo).items() if not name.startswith(("node_modules/", "build"))
        }
        there = {name: found[0] for name, found in files_of(copy.top).items()}
        assert there.pop("node_modules") == str(repo / "node_modules")
        assert there == {name: content for name, content in wanted.items() if name not in {".env", "x.log"}}
        assert os.access(copy.top / "run.sh", os.X_OK)
        assert run_git(copy.top, "status", "--porcelain") == ""
        assert run_git(copy.top, "log", "--format=%s").splitlines()[1:] == ["start"]
        assert (copy.top / "node_modules/p/index.js").read_text() == "p\n"
        assert copy.tree() == copy.base
        assert copy.top.parent.stat().st_mode & 0o777 == 0o700
        top = copy.top
    assert not top.parent.exists()
    assert (repo / "node_modules/p/index.js").exists()
    assert git_folder(repo) == before


def test_what_a_child_does_with_git_stays_in_its_copy(repo: Path, copy: Copy, state: Path) -> None:
    before = git_folder(repo)
    write_files(copy.top, {"a.txt": "one\n"})
    run_git(copy.top, "stash")
    run_git(copy.top, "checkout", "--quiet", "-b", "branch")
    write_files(copy.top, {"b.txt": "two\n"})
    run_git(copy.top, "add", "--all")
    run_git(copy.top, "commit", "--quiet", "--message=mine")
    assert bring_back(copy, state).files == ("b.txt",)
    assert git_folder(repo) == before
    assert (repo / "b.txt").read_text() == "two\n"


def _everything(root: Path) -> None:
    write_files(root, {"a.txt": LINES.replace("line 5", "LINE 5"), "bin.dat": b"\0\3", "sub/new.bin": b"\xff\0"})
    write_files(root, {"dos.txt": b"one\r\n2\r\nthree\r\n", "bare.txt": "still none", "name with\nbreak": "x"})
    (root / "gone.txt").unlink()
    (root / "run.sh").chmod(0o755)
    (root / "deep/er/file.txt").rename(root / "moved.txt")
    (root / "link").symlink_to("../outside")
    (root / "bin.dat").rename(root / os.fsdecode(b"\xe9.dat"))


def test_all_kinds_of_changes_land_in_the_work_tree_and_nowhere_else(repo: Path, copy: Copy, state: Path) -> None:
    write_files(repo, {"staged.txt": "s\n"})
    run_git(repo, "add", "staged.txt")
    before = git_folder(repo)
    _everything(copy.top)
    wanted = {name: found[0] for name, found in files_of(copy.top).items()} | {"staged.txt": b"s\n"}
    merged = bring_back(copy, state)
    assert merged.merged
    assert {name: found[0] for name, found in files_of(repo).items()} == wanted
    assert os.access(repo / "run.sh", os.X_OK)
    assert not (repo / "deep").exists()
    assert git_folder(repo) == before
    assert list((state / "diffs").iterdir()) == []


def test_the_patch_of_a_change_makes_the_same_change(repo: Path, copy: Copy, state: Path) -> None:
    _everything(copy.top)
    kept = save_diff(copy.trees, copy.base, copy.tree(), state, "t")
    assert kept.stat().st_mode & 0o777 == 0o600
    assert kept.read_bytes() == copy.trees.patch(copy.base, copy.tree())
    run_git(repo, "apply", str(kept))
    assert {name: found[0] for name, found in files_of(repo).items()} == {
        name: found[0] for name, found in files_of(copy.top).items()
    }


Act = Callable[[Path], Any]


def put(name: str, content: str | bytes) -> Act:
    return lambda root: write_files(root, {name: content})


def drop(name: str) -> Act:
    return lambda root: (root / name).unlink()


def mode(name: str) -> Act:
    return lambda root: (root / name).chmod(0o755)


def link(name: str, target: str) -> Act:
    def act(root: Path) -> None:
        (root / name).unlink(missing_ok=True)
        (root / name).symlink_to(target)

    return act


FIRST, LAST = LINES.replace("line 1\n", "first\n"), LINES.replace("line 9", "last")


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


def test_line_ends_are_those_that_the_repository_asks_for(tmp_path: Path, state: Path) -> None:
    repo = repository(tmp_path / "repo", {".gitattributes": "*.txt text eol=crlf\n", "a.txt": "one\ntwo\n"})
    (repo / "a.txt").write_bytes(b"one\r\ntwo\r\n")
    with opened_copy(find_repository(repo), state) as copy:
        assert (copy.top / "a.txt").read_bytes() == b"one\r\ntwo\r\n"
        (copy.top / "a.txt").write_bytes(b"one\r\n2\r\n")
        assert bring_back(copy, state).merged
    assert (repo / "a.txt").read_bytes() == b"one\r\n2\r\n"


def test_a_repository_without_a_commit_and_a_linked_work_tree_serve_as_well(tmp_path: Path, state: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    run_git(empty, "init", "--quiet")
    other = repository(tmp_path / "main", FILES)
    run_git(other, "worktree", "add", "--quiet", str(tmp_path / "linked"))
    for top in (empty, tmp_path / "linked"):
        write_files(top, {"here.txt": "h\n"})
        with opened_copy(find_repository(top), state) as copy:
            assert (copy.top / "here.txt").exists()
            write_files(copy.top, {"here.txt": "there\n"})
            assert bring_back(copy, state).merged
        assert (top / "here.txt").read_text() == "there\n"


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        (["config", "core.sparseCheckout", "true"], "only partly here"),
        (["config", "extensions.partialClone", "origin"], "only partly here"),
        (["config", "core.sparseCheckout", "false"], ""),
    ],
)
def test_a_repository_that_is_not_all_here_has_no_copies(
    repo: Path, state: Path, setting: list[str], says: str
) -> None:
    run_git(repo, *setting)
    assert says in (found := why_in_place(find_repository(repo), state))
    assert bool(found) is bool(says)


def test_copies_are_not_made_inside_of_what_they_copy(repo: Path) -> None:
    assert "lies inside of it" in why_in_place(find_repository(repo), repo / "state")


def test_a_repository_inside_of_the_repository_is_no_file_to_merge(repo: Path, copy: Copy, state: Path) -> None:
    repository(copy.top / "inner", {"x": "x\n"})
    write_files(copy.top, {"a.txt": LAST})
    merged = bring_back(copy, state)
    assert (merged.merged, merged.files) == (False, ("inner",))
    assert (repo / "a.txt").read_text() == LINES


def process(code: str, *arguments: object) -> subprocess.Popen[bytes]:
    paths = [str(ROOT / "skill"), str(ROOT)]
    head = f"""import sys; sys.path[:0] = {paths!r}
from pathlib import Path
from profile_router.git.merge import merge_trees
from profile_router.git.repository import find_repository
from profile_router.copies.copy import opened_copy
repo, state = find_repository(Path(sys.argv[1])), Path(sys.argv[2])
"""
    return subprocess.Popen(
        [sys.executable, "-c", head + code, *map(str, arguments)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )


def test_what_a_crash_leaves_is_removed_by_the_next_and_what_is_in_use_is_not(
    repo: Path, state: Path, copy: Copy
) -> None:
    waits = """
with opened_copy(repo, state) as copy:
    (copy.top / "deep/er").chmod(0o500)
    print(copy.top, flush=True)
    sys.stdin.read()
"""
    crashing = process(waits, repo, state)
    assert crashing.stdout
    left = Path(crashing.stdout.readline().decode().strip())
    with opened_copy(find_repository(repo), state):
        assert left.exists()
    crashing.send_signal(signal.SIGKILL)
    crashing.wait()
    crashing.communicate()
    assert left.exists()
    with opened_copy(find_repository(repo), state):
        assert not left.parent.exists()
        assert copy.top.exists()


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


def test_settings_that_say_how_files_are_written_come_along_and_others_do_not(repo: Path, state: Path) -> None:
    run_git(repo, "config", "core.autocrlf", "input")
    run_git(repo, "config", "user.name", "Somebody")
    run_git(repo, "config", "core.hooksPath", "/nowhere")
    run_git(repo, "config", "remote.origin.url", "/nowhere")
    with opened_copy(find_repository(repo), state) as copy:
        listed = run_git(copy.top, "config", "--local", "--list")
    assert "core.autocrlf=input" in listed
    assert "user.name=Somebody" in listed
    assert "nowhere" not in listed
