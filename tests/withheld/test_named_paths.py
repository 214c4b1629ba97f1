"""A private path that a text names counts where it leads to something; a word alone does not."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.privacy.test_secrets import disguised
from tests.examples import examples
from tests.fakes import a_policy, a_task

from profile_router.evidence.measure import Surroundings, measure
from profile_router.withheld import named_paths as named_private
from profile_router.withheld import survey as private_survey
from profile_router.withheld.named_paths import NamedPrivate
from profile_router.workspace.folder import Workspace, find_workspace

GLOBS = a_policy().private_paths
FILES = {
    ".gitignore": "secrets/\n.env\n",
    "app.py": "print(1)\n",
    ".env": "A=1\n",
    "deploy/prod/server.key": "k\n",
    "secrets/plan.txt": "p\n",
    "api/.env.production": "B=2\n",
}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("named") / "work"
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    for command in (["init", "-q"], ["add", "-A"]):
        subprocess.run(["git", *command], cwd=folder, check=True)
    return folder


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bare") / "work"
    (folder / "src").mkdir(parents=True)
    (folder / "src" / "app.py").write_text("print(1)\n")
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    return folder


def private(text: str, folder: Path, cwd: Path | None = None) -> bool:
    around = Surroundings(workspace=find_workspace(str(folder), folder), cwd=cwd or folder, windows=())
    return bool(measure(a_task(text), a_policy(), around).private)


WORDS = (
    "Add .env to .gitignore",
    "Document that keys are read from `.env`",
    "Say in the README where .netrc is looked for",
    "Ignore *.key and *.pem in the Docker build",
    "Write a loader for .env files, and create a .env",
    "List what may not be committed: id_rsa, secrets/, server.key",
    "Explain ~/.no-such-folder/.env and /nowhere/.env.production",
    "Match secrets/**/*.yaml and src/*.key",
    "Support C:\\Users\\me\\.ssh\\config",
)


@pytest.mark.parametrize("text", WORDS)
def test_what_is_not_there_is_only_a_word(text: str, bare: Path) -> None:
    assert not private(text, bare)


@pytest.mark.parametrize(
    "text",
    [
        "Fix what .env says",
        "look at .ENV",
        "rotate server.key",
        "rotate prod/Server.KEY",
        "renew deploy/prod/*.key",
        "renew *.key",
        "look at other/.env",
        "read /app/.env",
        "sum secrets/plan.txt up",
        "everything in secrets/ please",
        "the folder `Secrets`",
        "secrets/**/*.yaml",
        "look at {.env,.npmrc}",
        "look at .env.production",
        "look at .e\u200bnv",
        "look at \uff0eenv",
        "look at \\x2eenv",
        "look at %2eenv",
    ],
)
def test_what_is_there_counts_however_it_is_written(text: str, root: Path) -> None:
    assert private(text, root)


def test_a_path_out_of_the_workspace_counts_where_it_is_on_this_machine(
    bare: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    texts = ("read ~/.netrc", "read $HOME/.netrc", f"read {tmp_path}/.netrc", "read ../.netrc", "list ~/.ssh/*")
    assert [private(text, bare) for text in texts] == [False] * 5
    (tmp_path / ".netrc").touch()
    (tmp_path / ".ssh").mkdir()
    (bare.parent / ".netrc").touch()
    assert [private(text, bare) for text in texts] == [True] * 5
    (bare.parent / ".netrc").unlink()


def test_a_relative_path_is_read_from_the_current_folder_and_from_the_root(root: Path, tmp_path: Path) -> None:
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / ".pgpass").touch()
    assert private("look at conf/.pgpass", root, cwd=tmp_path)
    assert not private("look at conf/.pgpass", root)


def test_without_a_workspace_the_current_folder_stands_for_it(tmp_path: Path) -> None:
    named = NamedPrivate(workspace=None, cwd=tmp_path, globs=GLOBS)
    assert not named(".env")
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / ".env").touch()
    assert NamedPrivate(workspace=None, cwd=tmp_path, globs=GLOBS)(".env")


def test_a_file_that_git_knows_counts_after_it_was_deleted(tmp_path: Path) -> None:
    for command in (["init", "-q"], ["add", "-A"]):
        (tmp_path / "server.pem").touch()
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    (tmp_path / "server.pem").unlink()
    assert private("what did server.pem hold?", tmp_path)


def test_in_a_copy_what_the_original_has_counts(root: Path, bare: Path) -> None:
    around = Surroundings(workspace=Workspace(bare, git=True), cwd=bare, windows=(), copied_from=root)
    assert measure(a_task("look at .env"), a_policy(), around).private


def test_what_is_not_looked_through_to_its_end_counts(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(private_survey, "MOST_SURVEYED", 1)
    assert private("Add .env to .gitignore", bare)
    monkeypatch.undo()
    monkeypatch.setattr(named_private, "MOST_NAMED", 0)
    assert private("Add .env to .gitignore", bare)


def test_a_name_that_is_not_a_path_does_no_harm(bare: Path) -> None:
    named = NamedPrivate(workspace=Workspace(bare, git=True), cwd=bare, globs=GLOBS)
    assert [named(odd) for odd in ("x" * 5_000 + ".env", "a\0.env", "src/app.py/.env", "~nobody/.env", "")] == [
        False
    ] * 5


@examples(100)
@given(st.data(), st.sampled_from([".env", "deploy/prod/server.key", "secrets/plan.txt", "api/.env.production"]))
def test_no_trick_hides_a_path_that_is_there(root: Path, data: st.DataObject, path: str) -> None:
    named = NamedPrivate(workspace=Workspace(root, git=True), cwd=root, globs=GLOBS)
    assert named(data.draw(disguised(path)))
