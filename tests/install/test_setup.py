"""`hermes profile-router setup`: the plugin that Hermes installed alone finds or makes the program, which does the rest."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest
from tests.examples import each
from tests.install.trees import Tree, tree
from tests.runners.hermes.installed import installed_hermes

from profile_router import __version__
from profile_router.hermes_plugin.settings import home_around, recorded_command
from profile_router.hermes_plugin.setup import setup

ROOT = Path(__file__).resolve().parents[2]
FOLDER = "skill/profile_router/hermes_plugin"
AUTHOR = ("-c", "user.name=a", "-c", "user.email=a@example.org")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Return a git repository with the plugin in its subfolder and the program beside it, run by this test's python."""
    folder = tmp_path / "repository"
    shutil.copytree(ROOT / FOLDER, folder / FOLDER, ignore=shutil.ignore_patterns("__pycache__"))
    environ = {"PYTHONPATH": f"{ROOT / 'skill'}{os.pathsep}{ROOT / 'graphs'}"}
    called = f"[{sys.executable!r}, '-m', 'profile_router', *sys.argv[1:]]"
    code = f"import os, sys\nos.execve({sys.executable!r}, {called}, {{**os.environ, **{environ}}})\n"
    (folder / "skill" / "__main__.py").write_text(code)
    (folder / "pyproject.toml").write_text("[project]\n")
    for words in (("init", "-q", "."), ("add", "-A"), (*AUTHOR, "commit", "-q", "-m", "all")):
        subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True)
    return folder


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "hermes"
    folder.mkdir()
    (folder / "config.yaml").write_text("model: {provider: custom, base_url: 'http://127.0.0.1:9/v1', default: x}\n")
    return folder


def hermes(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environ = {
        "PATH": f"{Path(shutil.which('git') or '/usr/bin/git').parent}:/usr/bin:/bin",
        "HOME": str(home.parent),
        "HERMES_HOME": str(home),
        "HERMES_DISABLE_LAZY_INSTALLS": "1",
        # our command line is installed where these tests run; what it has made there is not made again
        "PROFILE_ROUTER_ENV": sys.prefix,
        **dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9"),
        "COLUMNS": "200",
    }
    return subprocess.run(
        [*installed_hermes().command, *arguments],
        env=environ, cwd=home.parent, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def ours(found: Tree) -> Tree:
    """Return *found* without what Python and a running Hermes leave behind."""
    return {name: what for name, what in found.items() if "__pycache__" not in name and not name.startswith("logs")}


def plugin_installed(home: Path, repository: Path, *more: str) -> Path:
    done = hermes(home, "plugins", "install", f"{repository.as_uri()}#{FOLDER}", "--enable", *more)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "hermes profile-router setup" in done.stdout  # Hermes shows what is left to do
    return home / "plugins" / "profile-router"


@pytest.mark.nightly  # by day Hermes installs it in test_in_hermes.py
def test_hermes_brings_the_plugin_alone_and_setup_does_the_rest(home: Path, repository: Path) -> None:
    folder = plugin_installed(home, repository)
    assert {path.name for path in folder.iterdir()} == {path.name for path in (repository / FOLDER).iterdir()}
    hermes(home, "plugins", "list")  # what Hermes writes on its own is there before we look
    before = tree(home)
    done = hermes(home, "profile-router", "setup", "--from", str(repository), "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    assert {path.name for path in (home / "profiles").iterdir()} == {"coding-burst", "coding-local", "review-cheap"}
    assert (home / "skills" / "hermes-profile-router" / "SKILL.md").is_file()
    asked = hermes(home, "profile-router", "route", "fix the typo in README.md", "--json")
    assert (asked.returncode, json.loads(asked.stdout)["tier"]) == (0, "local")
    gone = hermes(home, "profile-router", "uninstall", "--yes")
    assert (gone.returncode, "`hermes plugins remove profile-router` removes it" in gone.stdout) == (0, True)
    assert ours(tree(home)) == ours(before)


@pytest.mark.nightly
def test_after_a_forced_reinstall_setup_finds_the_program_by_its_own_record(home: Path, repository: Path) -> None:
    folder = plugin_installed(home, repository)
    assert hermes(home, "profile-router", "setup", "--from", str(repository), "--yes").returncode == 0
    named = (folder / "router.json").read_bytes()
    plugin_installed(home, repository, "--force")
    assert not (folder / "router.json").exists()
    assert hermes(home, "profile-router", "--version").stdout.startswith("profile-router ")  # by the record alone
    done = hermes(home, "profile-router", "setup", "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    assert (folder / "router.json").read_bytes() == named


def test_without_a_program_and_without_a_yes_setup_installs_nothing_and_says_what_it_would(
    home: Path, repository: Path
) -> None:
    plugin_installed(home, repository)
    before = tree(home.parent / ".local"), tree(home / "profiles")
    done = hermes(home, "profile-router", "setup")
    assert done.returncode == 2
    said = done.stdout + done.stderr
    assert "no program was found; make one: `git clone`" in said
    assert "`hermes profile-router setup --from FOLDER`" in said
    assert (tree(home.parent / ".local"), tree(home / "profiles")) == before


def test_a_plugin_that_lies_in_a_copy_of_the_repository_is_set_up_from_there(home: Path, repository: Path) -> None:
    (home / "plugins").mkdir()
    (home / "plugins" / "profile-router").symlink_to(repository / FOLDER)
    code = "from profile_router.hermes_plugin.setup import setup; raise SystemExit(setup(['--dry-run']))"
    environ = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(home.parent),
        "HERMES_HOME": str(home),
        "PROFILE_ROUTER_ENV": sys.prefix,
    }
    (repository / "skill" / "profile_router" / "__init__.py").touch()
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**environ, "PYTHONPATH": str(repository / "skill")}, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert f"the program is {sys.executable} {repository / 'skill'}" in done.stdout
    assert "profiles" in done.stdout


def wheel(folder: Path, version: str, *, script: str) -> str:
    """Write a wheel whose command `profile-router` runs *script*."""
    path = folder / f"hermes_profile_router-{version}-py3-none-any.whl"
    about = f"hermes_profile_router-{version}.dist-info"
    named = f"Metadata-Version: 2.1\nName: hermes-profile-router\nVersion: {version}\n"
    with ZipFile(path, "w") as archive:
        archive.writestr("stands_in.py", f"import sys\ndef main():\n{script}")
        archive.writestr(f"{about}/METADATA", named)
        archive.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{about}/entry_points.txt", "[console_scripts]\nprofile-router = stands_in:main\n")
        archive.writestr(f"{about}/RECORD", "")
    return str(path)


@pytest.fixture
def own_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PROFILE_ROUTER_SETUP_ENV", str(tmp_path / "env"))
    monkeypatch.setattr(sys, "stdin", io.StringIO())  # nobody to ask
    return tmp_path / "env"


@pytest.fixture
def pip_calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return what pip is asked to install from now on; nothing is."""
    wanted: list[str] = []

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        wanted.extend(command[-1:] if "pip" in command else [])
        return subprocess.CompletedProcess(command, 0, stdout=f"profile-router {__version__}\n")

    monkeypatch.setattr("profile_router.hermes_plugin.setup.subprocess.run", run)
    monkeypatch.setattr("profile_router.hermes_plugin.setup.subprocess.call", lambda *_, **__: 0)
    return wanted


OURS = "hermes-profile-router"
NAMES = (
    OURS, "hermes_profile_router", "profile-router", f"{OURS}==0.2.0",
    f"{OURS}[local]", "some-package", "some-package>=1", "-r", "--index-url=h.example",
)  # fmt: skip


@pytest.mark.parametrize("name", each(3, NAMES, str))
def test_no_name_is_ever_looked_up_in_an_index(
    name: str, own_environment: Path, pip_calls: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    assert setup([f"--from={name}", "--yes"]) == 2
    assert (pip_calls, own_environment.exists()) == ([], False)
    [line] = capfd.readouterr().err.splitlines()
    assert f"{name} does not exist; allowed after --from: a copy of the repository; a wheel" in line


SHA, COMMIT = "0123456789abcdef" * 4, "0123456789" * 4
URL = "https://h.example/hermes_profile_router-1.0-py3-none-any.whl"


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        ([URL, "--sha256", SHA], f"{URL}#sha256={SHA}"),
        ([f"{URL}#sha256={SHA}"], f"{URL}#sha256={SHA}"),
        ([f"{URL}#sha256={SHA}", "--sha256", SHA.upper()], f"{URL}#sha256={SHA}"),
        ([f"git+https://h.example/o/r@{COMMIT}"], f"git+https://h.example/o/r@{COMMIT}"),
        ([URL], ""),
        ([URL, "--sha256", "abc"], ""),
        ([f"{URL}#sha256={SHA}", "--sha256", "f" * 64], ""),
        ([f"{URL}#md5={SHA}"], ""),
        ([URL.replace("https", "http"), "--sha256", SHA], ""),
        (["https://h.example/r.tar.gz", "--sha256", SHA], ""),
        (["git+https://h.example/o/r"], ""),
        (["git+https://h.example/o/r@main"], ""),
        ([f"git+https://h.example/o/r@{COMMIT[:12]}"], ""),
        ([f"git+http://h.example/o/r@{COMMIT}"], ""),
        ([f"hermes-profile-router @ {URL}#sha256={SHA}"], ""),
        ([f"{URL}#sha256={SHA} other"], ""),
    ],
)
def test_a_url_is_installed_only_with_what_it_is_checked_by(
    words: list[str], asked: str, own_environment: Path, pip_calls: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    assert setup(["--from", *words, "--yes"]) == (0 if asked else 2)
    assert pip_calls == ([asked] if asked else [])
    assert asked or len(capfd.readouterr().err.splitlines()) == 1


def test_a_wheel_is_installed_by_its_path_and_only_with_its_checksum_where_one_is_named(
    own_environment: Path, tmp_path: Path, pip_calls: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    path = wheel(tmp_path, __version__, script="    pass\n")
    right = hashlib.sha256(Path(path).read_bytes()).hexdigest()
    assert setup(["--from", path, "--sha256", right, "--yes"]) == 0
    assert setup(["--from", path, "--sha256", SHA, "--yes"]) == 2
    assert f"has the SHA-256 {right}, not the one of --sha256" in capfd.readouterr().err
    assert pip_calls == [path]


def test_a_name_that_is_also_a_folder_is_the_folder(
    own_environment: Path, repository: Path, pip_calls: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repository.parent)
    assert setup(["--from", repository.name]) == 0
    assert setup(["--from", repository.name, "--sha256", SHA]) == 2
    (repository.parent / "some-package").mkdir()
    assert setup(["--from", "some-package", "--yes"]) == 2
    assert pip_calls == []


@pytest.mark.nightly
def test_a_wheel_gets_an_environment_of_its_own_and_what_is_not_a_profile_router_is_refused(
    own_environment: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    other = wheel(tmp_path, "1.0", script="    print('another 1.0')\n")
    assert setup(["--from", other, "--yes"]) == 2
    assert "has no working profile-router" in capfd.readouterr().err
    version = f"    if sys.argv[1] == '--version':\n        print('profile-router {__version__}')\n        return 0\n"
    right = wheel(tmp_path, __version__, script=f"{version}    print(sys.argv[1:])\n    return 7\n")
    assert setup(["--from", right, "--yes", "--profile", "day"]) == 7
    assert capfd.readouterr().out.splitlines()[-1] == "['install', '--profile', 'day', '--yes']"
    assert (own_environment / "bin" / "profile-router").is_file()


@pytest.mark.nightly
def test_an_environment_that_an_interrupted_setup_left_half_made_is_made_anew(
    own_environment: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(own_environment)], check=True)
    code = f"    print('profile-router {__version__}' if sys.argv[1] == '--version' else sys.argv[1:])\n"
    assert setup(["--from", wheel(tmp_path, __version__, script=code), "--yes"]) == 0
    assert capfd.readouterr().out.splitlines()[-1] == "['install', '--yes']"


def test_a_ctrl_c_while_the_environment_is_made_shows_no_traceback(own_environment: Path, tmp_path: Path) -> None:
    (python := tmp_path / "python").write_text("#!/bin/sh\necho Traceback >&2\nkill -INT $PPID\nexit 1\n")
    python.chmod(0o755)
    (tmp_path / "x.whl").touch()
    code = f"""import signal, sys
from profile_router.hermes_plugin.setup import setup
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.executable = {str(python)!r}
sys.exit(setup(["--from", "./x.whl", "--yes"]))
"""
    environ = {**os.environ, "PYTHONPATH": str(ROOT / "skill")}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (130, "")


@pytest.mark.nightly
def test_what_pip_cannot_install_is_told_with_who_failed_and_what_fixes_it(
    own_environment: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (broken := tmp_path / "a-1-py3-none-any.whl").write_text("no wheel")
    assert setup(["--from", str(broken), "--yes"]) == 2
    last = capfd.readouterr().err.splitlines()[-1]
    assert f"could not be installed into {own_environment} (pip ended with 1); clone the repository" in last


SAYS_ANOTHER = f"is 9.0, and this plugin takes {__version__} and no other: name that with --from SOURCE"


def test_a_wheel_of_another_version_than_the_plugins_is_not_set_up(
    own_environment: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    nine = subprocess.CompletedProcess(["it"], 0, stdout="profile-router 9.0\n")
    monkeypatch.setattr("profile_router.hermes_plugin.setup.subprocess.run", lambda *_, **__: nine)
    assert setup(["--from", wheel(tmp_path, "9.0", script="    pass\n"), "--yes"]) == 2
    assert SAYS_ANOTHER in capfd.readouterr().err


def test_a_copy_of_another_version_than_the_plugins_is_not_set_up(
    repository: Path, pip_calls: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    manifest = repository / FOLDER / "plugin.yaml"
    manifest.write_text(manifest.read_text().replace(f'version: "{__version__}"', 'version: "9.0"'))
    assert setup(["--from", str(repository)]) == 2
    assert (SAYS_ANOTHER in capfd.readouterr().err, pip_calls) == (True, [])


def test_a_program_of_another_version_on_path_is_named_and_not_taken(
    own_environment: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (program := tmp_path / "bin" / "profile-router").parent.mkdir()
    program.write_text("#!/bin/sh\necho profile-router 9.0\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    # as Hermes has the plugin: not in a copy of the repository
    monkeypatch.setattr("profile_router.hermes_plugin.setup._of_own_copy", lambda: ())
    assert setup([]) == 2
    assert f"{program} {SAYS_ANOTHER}" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--from", "./absent"], "absent does not exist"),
        (["--from", f"git+https://h.example/o/r@{COMMIT}"], "nothing was installed"),
    ],
)
def test_a_source_that_is_not_there_or_not_agreed_on_is_one_line(
    words: list[str], told: str, own_environment: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert setup(words) == 2
    [line] = capfd.readouterr().err.splitlines()
    assert told in line
    assert not own_environment.exists()


def record(home: Path, text: str, mode: int = 0o600) -> None:
    folder = home / "profile-router"
    folder.mkdir()
    (folder / "program.json").write_text(text)
    (folder / "program.json").chmod(mode)


@pytest.mark.parametrize("delegating", ["", "profiles/day"])
def test_the_record_is_the_homes_whichever_profile_delegates(delegating: str, tmp_path: Path) -> None:
    record(tmp_path, json.dumps({"command": [sys.executable, "x"]}))
    plugin = tmp_path / delegating / "plugins" / "profile-router"
    assert recorded_command(home_around(plugin)) == (sys.executable, "x")


@pytest.mark.parametrize(
    ("text", "mode"),
    [
        (json.dumps({"command": [sys.executable]}), 0o622),
        (json.dumps({"command": [sys.executable]}), 0o660),
        (json.dumps({"command": ["python3"]}), 0o600),
        (json.dumps({"command": ["/nonexistent/python"]}), 0o600),
        (json.dumps({"command": sys.executable}), 0o600),
        (json.dumps({"command": []}), 0o600),
        (json.dumps([sys.executable]), 0o600),
        ("{", 0o600),
    ],
)
def test_a_record_that_others_may_write_or_that_names_no_program_is_not_followed(
    text: str, mode: int, tmp_path: Path
) -> None:
    record(tmp_path, text, mode)
    assert recorded_command(tmp_path) == ()
