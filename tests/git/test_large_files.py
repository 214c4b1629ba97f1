"""Large files that git does not keep: marked by size and times, never read, written, merged, removed or taken back."""

from __future__ import annotations

import asyncio
import os
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.copies.a_copy import files_of
from tests.examples import by_night, each, examples
from tests.git.git_repository import repository, run_git, write_files
from tests.verify.test_set_back import a_verifier, patches_in, set_back

from profile_router.copies.copy import opened_copy
from profile_router.git import marks as git_marks
from profile_router.git.merge import merge_trees
from profile_router.git.repository import find_repository
from profile_router.verify.verifier import WorkspaceVerifier

BOUND = 1_000
CANARY = b"not to be read\n"
LARGE = CANARY * 100
ODD = [
    "data.bin",
    "two\nlines.bin",
    os.fsdecode(b"\xe9.bin"),
    "[a]*?.bin",
    ":(top)x.bin",
    "-n.bin",
    'quo"te\t.bin',
    " b ",
]


@pytest.fixture(autouse=True)
def bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(git_marks, "LARGE", BOUND)


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return repository(tmp_path / "repo", {"a.txt": "a\n", "sub/b.txt": "b\n", ".gitignore": "ignored/\n"})


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


def changes(verifier: WorkspaceVerifier, before: str) -> dict[str, int | None]:
    found = asyncio.run(verifier.verify(before, "", None, seconds=5)).files_changed
    return {file.path: file.lines_added for file in found}


def stored(state: Path) -> bytes:
    """Return all that is in our stores of objects."""
    files = (path for path in state.rglob("objects/??/*") if path.is_file())
    return b"".join(zlib.decompress(path.read_bytes()) for path in files)


Act = Callable[[Path], object]


def delete(repo: Path) -> None:
    (repo / "data.bin").unlink()


def change(repo: Path) -> None:
    write_files(repo, {"data.bin": LARGE + b"more\n"})


def shrink(repo: Path) -> None:
    write_files(repo, {"data.bin": b"small\n"})


def rename(repo: Path) -> None:
    (repo / "data.bin").rename(repo / "other.bin")


def create(repo: Path) -> None:
    write_files(repo, {"fresh.bin": LARGE})


def grow(repo: Path) -> None:
    write_files(repo, {"small.txt": LARGE})


def to_a_folder(repo: Path) -> None:
    delete(repo)
    write_files(repo, {"data.bin/in/it.txt": "x\n"})


def stage_changed(repo: Path) -> None:
    change(repo)
    run_git(repo, "add", "data.bin")


@pytest.mark.parametrize(
    ("act", "says"),
    [
        (delete, "data.bin (1.5 kB) was deleted"),
        (change, "data.bin (1.5 kB) was changed"),
        (shrink, "data.bin (1.5 kB) was changed"),
        (rename, "data.bin (1.5 kB) was deleted, other.bin (1.5 kB) is new"),
        (create, "fresh.bin (1.5 kB) is new"),
        (grow, "small.txt (1.5 kB) is new"),
        (to_a_folder, "data.bin (1.5 kB) was deleted"),
        (stage_changed, "data.bin (1.5 kB) was changed"),
    ],
)
def test_what_became_of_a_large_file_is_told_and_it_stays_so(act: Act, says: str, repo: Path, state: Path) -> None:
    write_files(repo, {"data.bin": LARGE, "small.txt": "s\n"})
    verifier = a_verifier(repo, state)
    before = verifier.snapshot()
    act(repo)
    write_files(repo, {"a.txt": "edited\n", "new.txt": "n\n"})
    left = {
        name: found for name, found in files_of(repo).items() if name not in {"a.txt", "new.txt", "data.bin/in/it.txt"}
    }
    assert {"a.txt", "new.txt"} < set(changes(verifier, before))
    result = set_back(verifier, before, verifier.snapshot())
    assert f"not taken back, because too large to keep: {says}; else the files are as they were" in result.note
    assert files_of(repo) == left | {"a.txt": files_of(repo)["a.txt"]}
    assert (repo / "a.txt").read_text() == "a\n"
    assert not any(LARGE in patch.read_bytes() for patch in patches_in(state))


@pytest.mark.parametrize("name", each(2, ODD, str))
@pytest.mark.parametrize("below", [by_night(""), "sub/", by_night("sub/deep er/")])
def test_whatever_its_name_and_place_it_is_told_and_never_read(name: str, below: str, repo: Path, state: Path) -> None:
    write_files(repo, {f"{below}{name}": LARGE, f"{below}near.txt": "n\n"})
    verifier = a_verifier(repo / below, state)
    before = verifier.snapshot()
    assert changes(verifier, before) == {}
    (repo / below / name).unlink()
    ended = verifier.snapshot()
    assert "was deleted" in set_back(verifier, before, ended).note
    assert not (repo / below / name).exists()
    diffs = asyncio.run(verifier.diff(before, None))
    assert [(diff.path, diff.form) for diff in diffs] == [(diffs[0].path, "binary")]
    assert CANARY not in stored(state)


def test_only_staging_it_is_not_a_change(repo: Path, state: Path) -> None:
    write_files(repo, {"data.bin": LARGE})
    verifier = a_verifier(repo, state)
    before = verifier.snapshot()
    run_git(repo, "add", "data.bin")
    assert changes(verifier, before) == {}
    assert set_back(verifier, before, verifier.snapshot()).note == ""
    again = a_verifier(repo, state)  # another process that resumes the run
    assert changes(again, before) == {}


def test_hundreds_of_large_files_are_marked_as_one_is(repo: Path, state: Path) -> None:
    write_files(repo, {f"sub/{number}.bin": LARGE for number in range(150)})
    verifier = a_verifier(repo, state)
    before = verifier.snapshot()
    (repo / "sub/149.bin").unlink()
    assert changes(verifier, before) == {"sub/149.bin": None}
    assert CANARY not in stored(state)
    with opened_copy(find_repository(repo), state) as copy:
        assert (len(copy.left_out), list(copy.top.glob("sub/*.bin"))) == (149, [])


def test_a_large_file_in_an_ignored_folder_is_nobodys(repo: Path, state: Path) -> None:
    write_files(repo, {"ignored/data.bin": LARGE})
    verifier = a_verifier(repo, state)
    before = verifier.snapshot()
    (repo / "ignored/data.bin").unlink()
    assert changes(verifier, before) == {}


def test_a_large_file_that_git_keeps_is_taken_back(repo: Path, state: Path) -> None:
    write_files(repo, {"kept.bin": LARGE})
    run_git(repo, "add", "kept.bin")
    verifier = a_verifier(repo, state)
    before = verifier.snapshot()
    (repo / "kept.bin").unlink()
    assert set_back(verifier, before, verifier.snapshot()).done
    assert (repo / "kept.bin").read_bytes() == LARGE


def test_of_many_files_only_so_many_bytes_are_kept_and_one_that_was_kept_stays_kept(
    repo: Path, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(git_marks, "MOST_MARK_BYTES", 2_000)
    write_files(repo, {f"{number}.dat": bytes([65 + number]) * (300 + number) for number in range(9)})
    verifier = a_verifier(repo, state)
    before = verifier.snapshot()
    write_files(repo, {"huge.dat": b"h" * 900, "huger.dat": b"i" * 950})
    assert changes(verifier, before) == {"huge.dat": None, "huger.dat": None}
    for number in range(9):
        (repo / f"{number}.dat").unlink()
    note = set_back(verifier, before, verifier.snapshot()).note
    there = {path.name for path in repo.glob("*.dat")}
    assert there == {"0.dat", "1.dat", "2.dat", "3.dat", "4.dat", "5.dat", "huge.dat", "huger.dat"}
    assert (
        "6.dat (306 bytes) was deleted, 7.dat (307 bytes) was deleted, 8.dat (308 bytes) was deleted and 2 more" in note
    )
    assert sum(len(path.read_bytes()) for path in repo.glob("?.dat")) <= 2_000


def test_only_large_files_were_changed_and_nothing_is_said_to_be_as_it_was(repo: Path, state: Path) -> None:
    write_files(repo, {"data.bin": LARGE})
    verifier = a_verifier(repo, state)
    before = verifier.snapshot()
    delete(repo)
    result = set_back(verifier, before, verifier.snapshot())
    assert result.note == "not taken back, because too large to keep: data.bin (1.5 kB) was deleted"
    assert (result.done, result.saved) == (True, False)


def test_what_the_attempt_did_not_write_is_not_its_doing(repo: Path, state: Path) -> None:
    write_files(repo, {"data.bin": LARGE})
    verifier = a_verifier(repo, state)
    before = verifier.snapshot()
    change(repo)
    assert set_back(verifier, before, verifier.snapshot(), ["a.txt"]).note == ""


@pytest.mark.parametrize("name", each(3, ODD, str))
def test_a_copy_leaves_it_out_and_the_merge_leaves_it_alone(name: str, repo: Path, state: Path) -> None:
    write_files(repo, {f"sub/{name}": LARGE, "sub/n.txt": "n\n"})
    with opened_copy(find_repository(repo), state) as copy:
        assert (copy.top / "sub/n.txt").exists()
        assert not (copy.top / "sub" / name).exists()
        assert [said.rpartition(" (")[2] for said in copy.left_out] == ["1.5 kB)"]
        assert copy.tree() == copy.base
        write_files(copy.top, {"sub/n.txt": "edited\n"})
        assert merge_trees(copy.trees, copy.base, copy.tree(), state, "t").files == ("sub/n.txt",)
        assert CANARY not in stored(state)
    assert (repo / "sub" / name).read_bytes() == LARGE


def test_a_copy_that_writes_a_file_of_that_name_is_in_conflict_with_it(repo: Path, state: Path) -> None:
    write_files(repo, {"data.bin": LARGE})
    with opened_copy(find_repository(repo), state) as copy:
        write_files(copy.top, {"data.bin": b"made anew\n", "a.txt": "edited\n"})
        merged = merge_trees(copy.trees, copy.base, copy.tree(), state, "t")
        assert (merged.merged, merged.files) == (False, ("data.bin",))
    assert ((repo / "data.bin").read_bytes(), (repo / "a.txt").read_text()) == (LARGE, "a\n")


def test_a_large_file_that_is_made_in_a_copy_comes_back_whole(repo: Path, state: Path) -> None:
    with opened_copy(find_repository(repo), state) as copy:
        write_files(copy.top, {"made.bin": LARGE})
        assert merge_trees(copy.trees, copy.base, copy.tree(), state, "t").files == ("made.bin",)
    assert (repo / "made.bin").read_bytes() == LARGE


NAMES = st.sampled_from(["a.txt", "data.bin", "more.bin", "sub/deep.bin", "sub/b.txt", "new.txt"])
CONTENTS = st.one_of(st.none(), st.sampled_from([b"x\n", b"y\nz\n", LARGE, LARGE * 2]))
EDITS = st.dictionaries(NAMES, CONTENTS, max_size=5)


@examples(25)
@given(start=EDITS, attempt=EDITS)
def test_taking_back_never_makes_up_what_a_file_was(
    start: dict[str, bytes | None], attempt: dict[str, bytes | None], tmp_path_factory: pytest.TempPathFactory
) -> None:
    place = tmp_path_factory.mktemp("any")
    repo, state = repository(place / "repo", {"a.txt": "a\n", "sub/b.txt": "b\n"}), place / "state"

    def apply(edits: dict[str, bytes | None]) -> None:
        for path, content in edits.items():
            (repo / path).unlink(missing_ok=True)
            write_files(repo, {} if content is None else {path: content})

    apply(start)
    original = files_of(repo)
    verifier = a_verifier(repo, state)
    before = verifier.snapshot()
    apply(attempt)
    tried = files_of(repo)
    result = set_back(verifier, before, verifier.snapshot())
    now = files_of(repo)
    assert result.done
    for path in {*original, *tried}:
        assert now.get(path) in (original.get(path), tried.get(path))
        assert now.get(path) == original.get(path) or Path(path).name in result.note
