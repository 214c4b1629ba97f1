"""All of a plan, or none: errors, Ctrl-C and changes under our hands leave the tree as it was."""

from __future__ import annotations

import errno
import itertools
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.install.trees import PARENT, Stage, left_alone, tree

from profile_router.errors import UsageError
from profile_router.install import applying, sources
from profile_router.install.applying import apply
from profile_router.install.changes import Change, Plan
from profile_router.install.removal import plan_uninstall

Replace = Callable[[Path, bytes, int], None]


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    stage = Stage(user=tmp_path)
    stage.write("config.yaml", PARENT, 0o640)
    stage.write("profiles/coding-local/config.yaml", "model: {provider: openai, base_url: 'http://h/v1', default: m}\n")
    return stage


def nth(monkeypatch: pytest.MonkeyPatch, number: int, act: Callable[[], None]) -> None:
    """Let *act* happen in the middle of the write of that *number*."""
    real: Replace = applying._replace
    left = [number]

    def replace(path: Path, content: bytes, mode: int) -> None:
        left[0] -= 1
        if left[0] == 0:
            act()
        real(path, content, mode)

    monkeypatch.setattr(applying, "_replace", replace)


def full() -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "somewhere")


def press_ctrl_c() -> None:
    os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.parametrize("number", [1, 2, 9, 23])
@pytest.mark.parametrize(("act", "raised"), [(full, UsageError), (press_ctrl_c, KeyboardInterrupt)])
def test_an_install_that_ends_in_the_middle_leaves_nothing(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, number: int, act: Callable[[], None], raised: type[BaseException]
) -> None:
    before = tree(stage.user)
    nth(monkeypatch, number, act)
    with pytest.raises(raised):
        stage.install()
    assert tree(stage.user) == before


def test_an_uninstall_that_ends_in_the_middle_leaves_all_of_it(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    stage.install()
    before = tree(stage.user)
    nth(monkeypatch, 1, full)  # the only write: the config of the parent
    with pytest.raises(UsageError, match=os.strerror(errno.ENOSPC)):
        stage.uninstall()
    assert tree(stage.user) == before


def test_a_folder_that_cannot_be_removed_brings_the_removed_files_back(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.install()
    before = tree(stage.user)
    real = Path.rmdir

    def rmdir(path: Path) -> None:
        if path.name == "plugins":
            raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))
        real(path)

    monkeypatch.setattr(Path, "rmdir", rmdir)
    with pytest.raises(UsageError, match=os.strerror(errno.EROFS)):
        stage.uninstall()
    assert tree(stage.user) == before


def test_a_home_that_cannot_be_written_is_named_in_one_line(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    def mkdir(path: Path, *_arguments: object, **_named: object) -> None:
        raise OSError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    before = tree(stage.user)
    monkeypatch.setattr(Path, "mkdir", mkdir)
    with pytest.raises(UsageError, match=f"{os.strerror(errno.EACCES)}; nothing was changed") as told:
        stage.install()
    assert str(stage.root) in str(told.value)
    assert tree(stage.user) == before


def test_a_file_in_the_place_of_a_folder_stops_it(stage: Stage) -> None:
    stage.write("plugins", "a file\n")
    before = tree(stage.user)
    with pytest.raises(UsageError, match="plugins"):
        stage.install()
    assert tree(stage.user) == before


@pytest.mark.parametrize("later", [None, "edited: 1\n"])
def test_a_file_that_changed_between_plan_and_write_is_not_overwritten(stage: Stage, later: str | None) -> None:
    plan = stage.plan()
    stage.config.unlink()
    if later is not None:
        stage.config.write_text(later)
    before = tree(stage.user)
    with pytest.raises(UsageError, match="changed just now"):
        apply(plan.writing)
    assert tree(stage.user) == before


def killed(plan: Plan, where: float | str) -> None:
    """Carry out *plan* as SIGKILL would leave it: a share of it, or all up to the named file."""
    names = [Path(change.path).name for change in plan.writing]
    apply(plan.writing[: names.index(where) + 1 if isinstance(where, str) else int(len(names) * where)])


@pytest.mark.parametrize("where", [0.25, 0.5, 0.75, "manifest.json"])
def test_killed_in_the_middle_uninstall_still_finds_what_was_written(stage: Stage, where: float | str) -> None:
    before = tree(stage.user)
    killed(stage.plan(), where)
    assert left_alone(stage.uninstall()) == {}
    assert tree(stage.user) == before


@pytest.mark.parametrize("where", [0.25, 0.5, 0.75, "manifest.json"])
def test_killed_in_the_middle_a_second_install_completes_the_first(stage: Stage, where: float | str) -> None:
    before = tree(stage.user)
    killed(stage.plan(), where)
    stage.install()
    assert stage.plan().writing == ()
    assert left_alone(stage.uninstall()) == {}
    assert tree(stage.user) == before


def killed_writing(act: Callable[[], object], number: int) -> None:
    """Let *act* be ended by SIGKILL while it writes the file of that *number*, in a process of its own."""
    child = os.fork()
    if child == 0:
        count = itertools.count(1)

        def killing(_: object) -> None:
            if next(count) == number:
                os.kill(os.getpid(), signal.SIGKILL)

        vars(os)["fsync"] = killing
        try:
            act()
        finally:
            os._exit(1)
    assert os.WIFSIGNALED(os.waitpid(child, 0)[1])


def halves(stage: Stage) -> list[Path]:
    return list(stage.user.rglob(".profile-router.*"))


@pytest.mark.parametrize("number", [1, 2, 3, 4, 9, 23])
def test_the_half_of_a_file_that_a_kill_left_goes_with_the_rest(stage: Stage, number: int) -> None:
    before = tree(stage.user)
    killed_writing(lambda: stage.install(), number)
    assert len(halves(stage)) == 1
    assert left_alone(stage.uninstall()) == {}
    assert tree(stage.user) == before


@pytest.mark.parametrize("number", [1, 2, 3, 4, 9, 23])
def test_a_second_install_removes_the_half_of_a_file_that_a_kill_left(stage: Stage, number: int) -> None:
    before = tree(stage.user)
    killed_writing(lambda: stage.install(), number)
    stage.install()
    assert halves(stage) == []
    assert stage.plan().writing == ()
    stage.uninstall()
    assert tree(stage.user) == before


def test_a_killed_uninstall_leaves_no_half_of_a_file_to_the_next(stage: Stage) -> None:
    before = tree(stage.user)
    stage.install()
    killed_writing(stage.uninstall, 1)
    assert len(halves(stage)) == 1
    stage.uninstall()
    assert tree(stage.user) == before


def test_killed_before_its_very_last_step_uninstall_goes_on(stage: Stage) -> None:
    before = tree(stage.user)
    stage.install()
    apply(plan_uninstall(stage.root).writing[:-1])
    stage.uninstall()
    assert tree(stage.user) == before


def test_a_file_of_the_user_with_a_name_like_ours_stays(stage: Stage) -> None:
    stage.install()
    own = stage.write("plugins/profile-router/.profile-router.settings", "mine\n")
    stage.uninstall()
    assert own.read_text() == "mine\n"


def test_ctrl_c_stops_before_the_next_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    real: Replace = applying._replace

    def replace(path: Path, content: bytes, mode: int) -> None:
        written.append(path.name)
        press_ctrl_c()
        real(path, content, mode)

    monkeypatch.setattr(applying, "_replace", replace)
    with pytest.raises(KeyboardInterrupt):
        apply([Change(kind="create", path=str(tmp_path / name), content=b"x") for name in "abc"])
    assert (written, list(tmp_path.iterdir())) == (["a"], [])


def test_the_handlers_of_the_caller_are_back_afterwards(tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGINT)
    apply([Change(kind="create", path=str(tmp_path / "a"), content=b"x")])
    assert signal.getsignal(signal.SIGINT) is before


def test_the_program_is_never_called_so_that_it_imports_from_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "_PACKAGE", tmp_path / "profile_router")
    monkeypatch.setattr(sys, "executable", str(tmp_path / "bin" / "python"))
    assert sources.own_command() == (sys.executable, "-P", "-m", "profile_router")
