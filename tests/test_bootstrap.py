"""The environment that a plain copy makes for itself: once, whole, in the right place, others' files untouched."""

import ast
import fcntl
import importlib.util
import io
import os
import subprocess
import sys
import threading
import venv
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from profile_router.bootstrap import ENVIRONMENT_VARIABLE, ensure_environment, extras_for, go_on_inside

ROOT = Path(__file__).resolve().parents[1]


@dataclass
class Maker:
    """Stands in for `venv` and pip: notes what was made and installed. `during` runs in the middle of an install."""

    made: list[Path] = field(default_factory=list)
    installed: list[list[str]] = field(default_factory=list)
    options: list[list[str]] = field(default_factory=list)
    during: Callable[[], object] = lambda: None

    def create(self, folder: Path, **_: Any) -> None:
        _environment(folder)
        self.made.append(folder)

    def run(self, command: Sequence[str], **_: Any) -> None:
        self.installed.append([word for word in command if word in {"alpha", "beta", "gamma"}])
        after = list(command)[list(command).index("--disable-pip-version-check") + 1 :]
        self.options.append([word for word in after if word not in self.installed[-1]])
        self.during()


def _environment(folder: Path, python: str = sys.executable) -> None:
    (folder / "bin").mkdir(parents=True, exist_ok=True)
    (folder / "bin" / "python").unlink(missing_ok=True)
    (folder / "bin" / "python").symlink_to(python)
    (folder / "pyvenv.cfg").write_text("")


def _ask(root: Path, *dependencies: str, **extras: list[str]) -> None:
    project = f"[project]\ndependencies = {list(dependencies)}\n[project.optional-dependencies]\n"
    (root / "pyproject.toml").write_text(project + "".join(f"{name} = {names}\n" for name, names in extras.items()))


@pytest.fixture
def maker(monkeypatch: pytest.MonkeyPatch) -> Maker:
    maker = Maker()
    monkeypatch.setattr(venv, "create", maker.create)
    monkeypatch.setattr(subprocess, "run", maker.run)
    return maker


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "copy"
    folder.mkdir()
    _ask(folder, "alpha", test=["beta"])
    return folder


def wheel(folder: Path, name: str, version: str, *needs: str) -> Path:
    """Write the wheel of a package whose module holds its version, and return its path."""
    path, about = folder / f"{name}-{version}-py3-none-any.whl", f"{name}-{version}.dist-info"
    asked = "".join(f"Requires-Dist: {need}\n" for need in needs)
    with ZipFile(path, "w") as archive:
        archive.writestr(f"{name}.py", f"VERSION = {version!r}\n")
        archive.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{asked}")
        archive.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{about}/RECORD", f"{name}.py,,\n{about}/METADATA,,\n{about}/WHEEL,,\n{about}/RECORD,,\n")
    return path


def version_in(python: Path, name: str) -> str:
    told = subprocess.run(
        [python, "-c", f"import {name}; print({name}.VERSION)"], capture_output=True, text=True, check=True
    )
    return told.stdout.strip()


@pytest.mark.nightly
def test_a_real_environment_is_made_once_and_holds_what_was_asked_for(root: Path, tmp_path: Path) -> None:
    _ask(root, f"alpha @ {wheel(tmp_path, 'alpha', '1.0').as_uri()}")
    python = ensure_environment(root)
    assert python == root / ".venv" / "bin" / "python"
    assert version_in(python, "alpha") == "1.0"
    made = (root / ".venv" / "pyvenv.cfg").stat().st_mtime_ns
    assert ensure_environment(root) == python
    assert (root / ".venv" / "pyvenv.cfg").stat().st_mtime_ns == made


@pytest.mark.nightly
def test_a_real_environment_holds_the_constraints_versions_and_the_newest_one_beside_it_the_newest(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for version in ("1.0", "1.1", "1.2"):
        wheel(tmp_path, "alpha", version, "beta")  # a package that only another one asks for is pinned too
        wheel(tmp_path, "beta", version)
    for name, value in {"NO_INDEX": "1", "FIND_LINKS": str(tmp_path), "CONFIG_FILE": os.devnull}.items():
        monkeypatch.setenv(f"PIP_{name}", value)
    (root / "constraints.txt").write_text("alpha==1.1\nbeta==1.0\n")
    python = ensure_environment(root)
    assert (version_in(python, "alpha"), version_in(python, "beta")) == ("1.1", "1.0")
    (root / "constraints.txt").write_text("alpha==1.0\nbeta==1.1\n")
    assert ensure_environment(root) == python
    assert (version_in(python, "alpha"), version_in(python, "beta")) == ("1.0", "1.1")
    newest = ensure_environment(root, newest=True)
    assert newest == root / ".venv-newest" / "bin" / "python"
    assert (version_in(newest, "alpha"), version_in(newest, "beta")) == ("1.2", "1.2")
    wheel(tmp_path, "beta", "1.3")
    assert ensure_environment(root, newest=True) == newest
    assert version_in(newest, "beta") == "1.3"
    assert version_in(python, "beta") == "1.1"


def test_other_constraints_install_anew_and_another_comment_in_them_does_not(root: Path, maker: Maker) -> None:
    constraints = root / "constraints.txt"
    ensure_environment(root)
    constraints.write_text("alpha==1\n")
    ensure_environment(root)
    constraints.write_text("# why\nalpha==1  # and this\n\n")
    ensure_environment(root)
    constraints.write_text("alpha==2\n")
    ensure_environment(root)
    constraints.write_text("alpha==2\nbeta==1\n")
    ensure_environment(root)
    ensure_environment(root)
    pinned = ["--constraint", str(constraints)]
    assert maker.options == [[], pinned, pinned, pinned]
    assert len(maker.made) == 1


def test_an_environment_with_the_newest_versions_is_brought_up_each_time_and_leaves_the_other_alone(
    root: Path, maker: Maker, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (root / "constraints.txt").write_text("alpha==1\n")
    ensure_environment(root)
    stamp = (root / ".venv" / "profile-router.stamp").read_bytes()
    for _ in range(2):
        assert ensure_environment(root, ["test"], newest=True) == root / ".venv-newest" / "bin" / "python"
    upgraded = ["--upgrade", "--upgrade-strategy", "eager"]
    assert maker.options == [["--constraint", str(root / "constraints.txt")], upgraded, upgraded]
    assert (root / ".venv" / "profile-router.stamp").read_bytes() == stamp
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, str(tmp_path / "named"))
    assert ensure_environment(root, newest=True) == tmp_path / "named-newest" / "bin" / "python"


def test_what_is_printed_while_it_is_made_tells_which_versions(
    root: Path, maker: Maker, capsys: pytest.CaptureFixture[str]
) -> None:
    ensure_environment(root)
    assert capsys.readouterr().err.endswith("the newest versions, no constraints\n")
    (root / "constraints.txt").write_text("alpha==1\n")
    ensure_environment(root)
    assert capsys.readouterr().err.endswith("the versions of constraints.txt\n")
    ensure_environment(root, newest=True)
    assert capsys.readouterr().err.endswith("the newest versions, no constraints\n")


def test_a_second_start_makes_and_says_nothing(root: Path, maker: Maker, capsys: pytest.CaptureFixture[str]) -> None:
    ensure_environment(root)
    assert capsys.readouterr().err.count("\n") == 1
    ensure_environment(root)
    assert capsys.readouterr().err == ""
    assert maker.installed == [["alpha"]]


def test_an_extra_is_added_to_what_is_there_and_stays(root: Path, maker: Maker) -> None:
    ensure_environment(root)
    ensure_environment(root, ["test"])
    _ask(root, "alpha", "gamma", test=["beta"])
    ensure_environment(root)
    ensure_environment(root, ["test"])
    assert maker.installed == [["alpha"], ["alpha", "beta"], ["alpha", "beta", "gamma"]]
    assert len(maker.made) == 1


def test_a_change_of_pyproject_that_asks_for_nothing_new_installs_nothing(root: Path, maker: Maker) -> None:
    ensure_environment(root)
    with (root / "pyproject.toml").open("a") as file:
        file.write("# a comment\n")
    ensure_environment(root)
    assert maker.installed == [["alpha"]]


@pytest.mark.parametrize("end", [KeyboardInterrupt, OSError])
def test_one_that_was_interrupted_while_it_was_made_is_made_anew(
    end: type[BaseException], root: Path, maker: Maker
) -> None:
    def stop() -> None:
        (root / ".venv" / "half").touch()
        raise end

    maker.during = stop
    with pytest.raises(SystemExit):
        ensure_environment(root)
    maker.during = lambda: None
    ensure_environment(root)
    assert len(maker.made) == 2
    assert not (root / ".venv" / "half").exists()


def test_one_that_was_interrupted_while_it_was_completed_is_made_anew(root: Path, maker: Maker) -> None:
    ensure_environment(root)
    maker.during = _interrupt
    with pytest.raises(SystemExit) as stopped:
        ensure_environment(root, ["test"])
    assert stopped.value.code == 130
    maker.during = lambda: None
    ensure_environment(root, ["test"])
    assert len(maker.made) == 2


def _interrupt() -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("note", ["profile-router.making.new", "profile-router.stamp.new"])
def test_a_note_that_a_kill_left_half_written_blocks_no_later_start(root: Path, maker: Maker, note: str) -> None:
    (root / ".venv").mkdir()
    (root / ".venv" / note).write_text("ma")
    ensure_environment(root)
    ensure_environment(root)
    assert len(maker.made) == 1


def test_one_whose_python_is_another_now_is_made_anew(root: Path, maker: Maker) -> None:
    ensure_environment(root)
    _environment(root / ".venv", "/bin/sh")
    ensure_environment(root)
    _environment(root / ".venv", "/nonexistent/python")
    ensure_environment(root)
    assert len(maker.made) == 3


def test_somebodys_own_environment_is_completed_and_never_cleared(root: Path, maker: Maker) -> None:
    _environment(root / ".venv")
    (root / ".venv" / "mine").touch()
    maker.during = _interrupt
    with pytest.raises(SystemExit):
        ensure_environment(root)
    maker.during = lambda: None
    ensure_environment(root)
    _ask(root, "alpha", "gamma")
    ensure_environment(root)
    assert maker.installed == [["alpha"], ["alpha"], ["alpha", "gamma"]]
    _ask(root, "alpha", "beta", "gamma")
    maker.during = _interrupt
    with pytest.raises(SystemExit):
        ensure_environment(root)
    maker.during = lambda: None
    ensure_environment(root)
    assert maker.made == []
    assert (root / ".venv" / "mine").exists()


def test_a_folder_with_other_things_is_refused_and_left_as_it_is(
    root: Path, maker: Maker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    letters = tmp_path / "letters"
    letters.mkdir()
    (letters / "to-anna.txt").write_text("Dear Anna")
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, str(letters))
    with pytest.raises(
        SystemExit, match=f"letters is not empty, and is not a working environment; .* {ENVIRONMENT_VARIABLE}=DIR"
    ):
        ensure_environment(root)
    assert (letters / "to-anna.txt").read_text() == "Dear Anna"
    assert maker.installed == []


def test_a_copy_that_cannot_be_written_gets_its_environment_in_the_users_data(
    root: Path, maker: Maker, scratch_home: Path
) -> None:
    (root / ".venv").write_text("a file, so no folder can be made here, whoever asks")
    folder = ensure_environment(root).parent.parent
    assert folder.parent == scratch_home / ".local" / "share" / "profile-router"
    other = root.parent / "other"
    other.mkdir()
    _ask(other, "alpha")
    (other / ".venv").touch()
    assert ensure_environment(other).parent.parent not in {folder, other / ".venv"}
    ensure_environment(root)
    assert len(maker.made) == 2


def test_where_nothing_can_be_written_one_line_names_both_places_and_the_way_out(
    root: Path, maker: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / ".venv").touch()
    monkeypatch.setenv("XDG_DATA_HOME", "/dev/null")
    with pytest.raises(SystemExit, match=rf"\.venv: .*/dev/null/.*{ENVIRONMENT_VARIABLE}=DIR$"):
        ensure_environment(root)
    assert maker.installed == []


def test_two_first_starts_at_once_make_one_environment(
    root: Path, maker: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits = threading.Event()

    class Screen(io.StringIO):
        def write(self, text: str) -> int:
            if "waiting for another start" in text:
                waits.set()
            return super().write(text)

    monkeypatch.setattr(sys, "stderr", Screen())
    second = threading.Thread(target=ensure_environment, args=(root,))

    def start_second() -> None:
        maker.during = lambda: None
        second.start()
        assert waits.wait(60)

    maker.during = start_second
    ensure_environment(root)
    second.join(60)
    assert len(maker.made) == len(maker.installed) == 1


def test_an_installer_that_outlives_us_keeps_the_lock(
    root: Path, maker: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    inherited: list[int] = []

    def run(command: Sequence[str], *, pass_fds: tuple[int, ...], **_: Any) -> None:
        inherited.extend(os.dup(descriptor) for descriptor in pass_fds)

    monkeypatch.setattr(subprocess, "run", run)
    ensure_environment(root)
    with (root / ".venv" / "profile-router.lock").open() as lock:
        with pytest.raises(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.close(inherited[0])
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_a_failed_install_is_one_line_with_the_way_out(
    root: Path, maker: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(command: Sequence[str], **_: Any) -> None:
        raise subprocess.CalledProcessError(1, "pip")

    monkeypatch.setattr(subprocess, "run", fail)
    with pytest.raises(SystemExit, match=f"could not be made .* network .* {ENVIRONMENT_VARIABLE}=DIR$"):
        ensure_environment(root)


def test_a_python_without_ensurepip_is_told_what_to_install(
    root: Path, maker: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "ensurepip" else find(name))
    with pytest.raises(SystemExit, match=r"no ensurepip.*apt install python3\.\d+-venv$"):
        ensure_environment(root)
    assert maker.made == []


def test_an_old_python_is_told_so_in_one_line_unless_all_is_there(
    root: Path, maker: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = sys.version_info
    monkeypatch.setattr(sys, "version_info", (3, 8, 18, "final", 0))
    with pytest.raises(SystemExit, match=r"^profile-router needs Python 3\.11 or newer, this is 3\.8\.18 "):
        ensure_environment(root)
    assert maker.made == []
    monkeypatch.setattr(sys, "version_info", new)
    python = ensure_environment(root)
    monkeypatch.setattr(sys, "version_info", (3, 8, 18, "final", 0))
    assert ensure_environment(root) == python


@pytest.mark.parametrize(
    "source",
    [
        *("skill/__main__.py", "tests/__main__.py"),
        *(f"skill/profile_router/{name}.py" for name in ("__init__", "bootstrap", "folders")),
    ],
)
def test_what_runs_before_that_line_is_readable_by_python_3_8(source: str) -> None:
    assert ast.parse((ROOT / source).read_text(encoding="utf-8"), feature_version=(3, 8))


def test_when_all_is_there_nothing_slow_is_imported(root: Path, maker: Maker) -> None:
    ensure_environment(root)
    program = (
        f"import sys; sys.path.insert(0, {str(ROOT / 'skill')!r})\n"
        "from pathlib import Path\n"
        "from profile_router.bootstrap import ensure_environment\n"
        f"ensure_environment(Path({str(root)!r}))\n"
        "print(sorted({'tomllib', 'venv', 'subprocess', 'shutil', 'json', 'hashlib', 'tempfile'} & set(sys.modules)))"
    )
    with subprocess.Popen([sys.executable, "-S", "-c", program], stdout=subprocess.PIPE, text=True) as process:
        assert process.communicate()[0] == "[]\n"
    assert len(maker.made) == 1


@pytest.mark.parametrize(
    ("arguments", "there", "extras"),
    [
        (["llama-server", "--model", "m", "--run"], False, ["local"]),
        (["llama-server", "--model", "m", "--run"], True, []),
        (["llama-server", "--model", "m"], False, []),
        (["run", "--run"], False, []),
        ([], False, []),
    ],
)
def test_only_who_serves_a_model_without_llama_cpp_gets_the_wheel(
    arguments: list[str], there: bool, extras: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    if there:
        (tmp_path / "llama-server").touch(0o755)
    assert extras_for(arguments) == extras


def test_inside_the_environment_nothing_is_looked_at(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (root / "pyproject.toml").unlink()
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, sys.prefix)
    go_on_inside(root, ["never"])


def test_inside_the_newest_environment_nobody_leaves_it(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (root / "pyproject.toml").unlink()
    monkeypatch.setattr(sys, "prefix", str(root / ".venv-newest"))
    go_on_inside(root, ["never"])


def test_outside_the_process_becomes_the_environments_python(
    root: Path, maker: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    became: list[list[str]] = []
    monkeypatch.setattr(os, "execv", lambda _path, arguments: became.append(arguments))
    go_on_inside(root, ["skill", "route", "a b"])
    assert became == [[str(root / ".venv" / "bin" / "python"), "skill", "route", "a b"]]
