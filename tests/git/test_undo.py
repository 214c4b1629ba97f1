"""A run is taken back whole, or, where somebody changed one of its files since, not at all."""

from __future__ import annotations

import contextlib
import os
import socket
import stat
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from tests.cli.stage import workspace

from profile_router.git import undo as undoing
from profile_router.git.marks import GitSnapshots
from profile_router.git.undo import Undo, changed_since_run, take_back, undo_of, undo_of_writes, with_journal
from profile_router.git.writes import Changed, Found, found_at, sweep, write_all

FILES = {"a.py": "x = 1\n", "sub/b.py": "b = 1\n", "gone.txt": "here\n", "run.sh": "true\n", ".gitignore": "*.log\n"}


def content(root: Path) -> dict[str, tuple[bytes, bool]]:
    """Return what stands below *root*, git's own data aside, with its executable bit; of a link its target."""
    found = {}
    for path in sorted(root.rglob("*")):
        if ".git" not in path.relative_to(root).parts and (path.is_symlink() or path.is_file()):
            held = os.fsencode(path.readlink()) if path.is_symlink() else path.read_bytes()
            found[str(path.relative_to(root))] = (held, os.access(path, os.X_OK))
    return found


def worked(root: Path) -> None:
    """Do what a run may do: edit, make, remove, link, set a bit, replace a file by a folder."""
    (root / "a.py").write_text("y = 1\n")
    (root / "new/deep").mkdir(parents=True)
    (root / "new/deep/c.py").write_text("c\n")
    (root / "gone.txt").unlink()
    (root / "gone.txt").mkdir()
    (root / "gone.txt/inside").write_text("i\n")
    (root / "run.sh").chmod(0o755)
    (root / "link").symlink_to("a.py")
    (root / "out.log").write_text("ignored\n")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = workspace(tmp_path / "ws", FILES)
    (root / "a.py").write_text("x = 2  # by its user, not committed\n")
    return root


def undo_after(root: Path, scratch: Path, below: str = ".", wrote: Sequence[str] | None = None) -> Undo:
    snapshots = GitSnapshots(root / below, scratch)
    mark = snapshots.take()
    worked(root)
    return undo_of(snapshots.trees, mark, root / below, wrote)


def test_the_tree_is_as_before_with_what_its_user_had_not_committed_and_back_again(root: Path, tmp_path: Path) -> None:
    before = content(root)
    undo = undo_after(root, tmp_path / "scratch")
    after = content(root)
    assert changed_since_run(root, undo) == ()
    way_back = take_back(root, undo)
    assert content(root) == before | {"out.log": (b"ignored\n", False)}
    assert not (root / "new").exists()
    take_back(root, way_back)
    assert content(root) == after


@pytest.mark.parametrize("how", ["edited", "removed", "made anew", "a folder", "the bit"])
def test_one_file_that_was_changed_since_is_named_and_nothing_is_done(root: Path, tmp_path: Path, how: str) -> None:
    undo = undo_after(root, tmp_path / "scratch")
    path = {"edited": "a.py", "removed": "new/deep/c.py", "made anew": "gone.txt", "a folder": "link"}.get(
        how, "run.sh"
    )
    if how == "edited":
        (root / path).write_text("mine\n")
    elif how == "the bit":
        (root / path).chmod(0o644)
    elif how == "made anew":
        (root / "gone.txt/inside").unlink()
        (root / "gone.txt").rmdir()
        (root / path).write_text("another\n")
    else:
        (root / path).unlink()
        if how == "a folder":
            (root / path).mkdir()
    seen = content(root)
    assert path in changed_since_run(root, undo)
    with pytest.raises(Changed):
        take_back(root, undo)
    assert content(root) == seen


def test_what_others_changed_elsewhere_stays(root: Path, tmp_path: Path) -> None:
    undo = undo_after(root, tmp_path / "scratch")
    (root / "sub/b.py").write_text("b = 2\n")
    take_back(root, undo)
    assert (root / "sub/b.py").read_text() == "b = 2\n"


@pytest.mark.parametrize("leads_to", ["../outside", "{outside}", "../outside/empty"])
def test_what_is_behind_a_link_that_the_run_made_is_neither_read_nor_written(
    root: Path, tmp_path: Path, leads_to: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside = tmp_path / "outside"
    (outside / "empty").mkdir(parents=True)
    (outside / "b.py").write_text("a secret of the machine\n")

    def linked(root: Path) -> None:
        (root / "sub/b.py").unlink()
        (root / "sub").rmdir()
        (root / "sub").symlink_to(leads_to.format(outside=outside))

    monkeypatch.setitem(globals(), "worked", linked)
    before = content(root)
    undo = undo_after(root, tmp_path / "scratch")
    assert undo.after["sub/b.py"] == ""
    assert changed_since_run(root, undo) == ()
    way_back = take_back(root, undo)
    assert content(root) == before
    assert not [found for found in way_back.before.values() if found and b"secret" in found.content]
    take_back(root, way_back)
    assert os.readlink(root / "sub") == leads_to.format(outside=outside)  # noqa: PTH115 - as it was written
    assert (outside / "b.py").read_text() == "a secret of the machine\n"
    assert (outside / "empty").is_dir()


def test_a_folder_that_was_made_a_link_since_stops_the_undo(root: Path, tmp_path: Path) -> None:
    undo = undo_after(root, tmp_path / "scratch")
    (root / "new").rename(tmp_path / "outside")
    (root / "new").symlink_to(tmp_path / "outside")
    assert "new/deep/c.py" in changed_since_run(root, undo)
    with pytest.raises(Changed):
        take_back(root, undo)
    assert (tmp_path / "outside/deep/c.py").read_text() == "c\n"


@pytest.mark.parametrize("path", ["sub/x", "sub/deep/x"])
def test_no_writer_goes_through_a_linked_folder(tmp_path: Path, path: str) -> None:
    top, outside = tmp_path / "top", tmp_path / "outside"
    (outside / "deep").mkdir(parents=True)
    top.mkdir()
    (top / "sub").symlink_to(outside)
    (outside / "x").write_text("theirs")
    (outside / ".profile-router-1.tmp").write_text("theirs")
    assert found_at(top, path) is None
    sweep(top, [path])
    for after in (Found(b"ours"), None):
        with pytest.raises(Changed):
            write_all(top, {path: None}, {path: after}, [path])
    assert sorted(path.name for path in outside.iterdir()) == [".profile-router-1.tmp", "deep", "x"]


def test_no_empty_folder_goes_behind_a_link_that_took_a_folders_place(tmp_path: Path) -> None:
    top, outside = tmp_path / "top", tmp_path / "outside"
    (outside / "deep").mkdir(parents=True)
    (top / "sub/deep").mkdir(parents=True)
    (top / "sub/deep/x").write_text("x")
    after = {"sub/deep/x": None, "sub": Found(b"../outside", link=True)}
    write_all(top, {"sub/deep/x": found_at(top, "sub/deep/x"), "sub": None}, after, list(after))
    assert (top / "sub").is_symlink()
    assert (outside / "deep").is_dir()


def test_of_a_part_of_a_repository_that_part_alone_is_taken_back(root: Path, tmp_path: Path) -> None:
    (root / "sub/d.py").write_text("d\n")
    assert set(undo_after(root, tmp_path / "scratch", "sub").before) == set()


def test_what_is_too_much_to_keep_says_so(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(undoing, "MOST_UNDO_BYTES", 10)
    assert "more than" in undo_after(root, tmp_path / "scratch").why


@pytest.mark.parametrize(
    ("wrote", "taken"),
    [
        (("a.py",), {"a.py"}),
        (("link", "new/../run.sh"), {"a.py", "run.sh"}),  # a tool that writes through a link writes what it names
        ((), set()),
        (("out.log",), set()),
    ],
)
def test_of_what_changed_meanwhile_the_files_that_the_run_wrote_alone_are_taken_back(
    root: Path, tmp_path: Path, wrote: Sequence[str], taken: set[str]
) -> None:
    undo = undo_after(root, tmp_path / "scratch", wrote=wrote)
    assert (set(undo.before), undo.anyones) == (taken, False)
    mine = {path: held for path, held in content(root).items() if path not in taken}
    take_back(root, undo)
    assert {path: held for path, held in content(root).items() if path not in taken} == mine


def test_where_nobody_knows_who_wrote_it_all_is_said_to_be_anyones(root: Path, tmp_path: Path) -> None:
    undo = undo_after(root, tmp_path / "scratch")
    assert undo.anyones
    assert not take_back(root, undo).anyones, "the undo itself wrote these"


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o700, 0o755, 0o444, 0o664])
def test_a_removed_file_comes_back_with_the_mode_that_it_had(root: Path, tmp_path: Path, mode: int) -> None:
    snapshots = GitSnapshots(root, tmp_path / "scratch")
    (root / "a.py").chmod(mode)
    mark = snapshots.take()
    (root / "a.py").unlink()
    (root / "new.py").write_text("n\n")
    (root / "new.py").chmod(0o640)
    way_back = take_back(root, undo_of(snapshots.trees, mark, root, None))
    assert stat.S_IMODE((root / "a.py").stat().st_mode) == mode
    take_back(root, way_back)
    assert stat.S_IMODE((root / "new.py").stat().st_mode) == 0o640


def _replaced(place: Path, target: str) -> None:
    place.unlink()
    place.symlink_to(target)


def _pipe(place: Path) -> None:
    place.unlink()
    os.mkfifo(place)


def _socket(place: Path) -> None:
    place.unlink()
    with socket.socket(socket.AF_UNIX) as made, contextlib.chdir(place.parent):  # a long name is no address
        made.bind(place.name)


@pytest.mark.parametrize(
    "act",
    [
        lambda place: _replaced(place, "sub/b.py"),
        lambda place: _replaced(place, "/etc/hosts"),
        lambda place: _replaced(place, place.name),  # it leads to itself
        _pipe,
        _socket,
    ],
    ids=["a link", "a link out", "a ring", "a pipe", "a socket"],
)
def test_a_file_comes_back_from_under_what_a_command_put_in_its_place(
    root: Path, tmp_path: Path, act: Callable[[Path], None]
) -> None:
    snapshots, before = GitSnapshots(root, tmp_path / "scratch"), content(root)
    (root / "a.py").chmod(0o600)
    mark = snapshots.take()
    act(root / "a.py")
    (root / "sub/b.py").write_text("the user's\n")
    assert {file.path for file in snapshots.changes(mark, snapshots.take())} == {"a.py", "sub/b.py"}
    for by_tools in ([], ["a.py"]):
        undo = undo_of(snapshots.trees, mark, root, by_tools, marked={"a.py"})
        assert (changed_since_run(root, undo), set(undo.before)) == ((), {"a.py"})
    take_back(root, undo)
    assert content(root) == before | {"sub/b.py": (b"the user's\n", False)}
    assert stat.S_IMODE((root / "a.py").stat().st_mode) == 0o600


def test_a_link_that_a_command_made_is_taken_back_and_not_what_it_leads_to(root: Path, tmp_path: Path) -> None:
    snapshots = GitSnapshots(root, tmp_path / "scratch")
    mark = snapshots.take()
    (root / "link").symlink_to("a.py")
    (root / "a.py").write_text("the user's\n")
    assert set(undo_of(snapshots.trees, mark, root, [], marked={"link"}).before) == {"link"}


@pytest.mark.parametrize(
    ("was", "left", "back"),
    [
        (0o600, 0o755, 0o600),
        (0o600, 0o644, 0o600),
        (0o640, 0o666, 0o640),
        (0o644, 0o666, 0o644),
        (0o700, 0o644, 0o700),
        (0o755, 0o644, 0o755),
        (0o644, 0o755, 0o644),
        (0o644, 0o600, 0o600),  # somebody closed it since: an undo opens nothing
    ],
)
def test_a_file_that_a_run_opened_wider_is_as_closed_as_before(
    root: Path, tmp_path: Path, was: int, left: int, back: int
) -> None:
    (root / "a.py").chmod(was)
    snapshots = GitSnapshots(root, tmp_path / "scratch")
    mark = snapshots.take()
    (root / "a.py").write_text("anew\n")
    (root / "a.py").chmod(left)
    take_back(root, undo_of(snapshots.trees, mark, root, ["a.py"]))
    assert stat.S_IMODE((root / "a.py").stat().st_mode) == back


@pytest.mark.parametrize(
    ("journal", "taken"),
    [
        ({"out.log": b"old\n"}, {"out.log"}),  # git ignores it
        ({"out.log": None}, {"out.log"}),
        ({"out.log": b"ignored\n"}, set()),  # as it was
        ({"a.py": b"not what git knows\n"}, set()),  # git knows it better
        ({"away.log": b"gone\n"}, set()),
        ({"gone.txt": b"a folder is there\n"}, set()),
        ({"behind/x": b"a link is in between\n"}, set()),
    ],
    ids=str,
)
def test_what_git_does_not_look_into_is_taken_back_by_what_the_tools_noted(
    root: Path, tmp_path: Path, journal: dict[str, bytes | None], taken: set[str]
) -> None:
    (tmp_path / "x").write_text("outside\n")
    (root / "behind").symlink_to(tmp_path)
    known = undo_after(root, tmp_path / "scratch", wrote=("a.py",))
    undo = with_journal(known, root, "", journal)
    assert set(undo.before) == {"a.py", *taken}
    assert undo.before["a.py"] == known.before["a.py"]
    way_back = take_back(root, undo)
    for path in taken:
        assert (found_at(root, path) is None) == (journal[path] is None)
    take_back(root, way_back)
    assert (root / "out.log").read_text() == "ignored\n"


def test_of_a_journal_too_what_is_too_much_to_keep_stays(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = undo_after(root, tmp_path / "scratch", wrote=())
    monkeypatch.setattr(undoing, "MOST_UNDO_BYTES", 3)
    assert not with_journal(known, root, "", {"out.log": b"long"}).before
    assert "more than" in undo_of_writes({"a": Found(b"long")}, {"a": None}).why
