"""Which files are withheld by their names, wherever in the workspace they are, and what is not known."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.git.git_repository import repository, run_git, write_files

from profile_router.core.privacy.findings import last_parts, private_glob
from profile_router.verify.changes import private_copies
from profile_router.verify.changes.private_copies import copied_from, private_pieces
from profile_router.withheld import survey as private_survey
from profile_router.withheld.survey import survey
from profile_router.workspace.folder import Workspace

GLOBS = (".env*", "*.pem", ".npmrc", ".aws/credentials", "secrets/**")
KEY = "-----BEGIN RSA " + "PRIVATE KEY-----\nMIIEowIBAAKCAQEA\n-----END RSA PRIVATE KEY-----\n"
CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIFVzCCAz+gAwIBAgINAgPlk28x\nsBCNzV==\n-----END CERTIFICATE-----\n"
PLAN = "The merger with Umbrella is signed on the fourth of May.\n"


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return repository(tmp_path / "repo", {"a.py": "a\n", ".gitignore": "secrets/\nignored/\n*.log\n"})


def paths(root: Path, *, git: bool = True) -> list[str]:
    """Return what is withheld, all of the workspace looked at."""
    found = private_survey.private_survey(Workspace(root, git=git), GLOBS)
    assert (found.complete, found.why) == (True, "")
    return [file.path for file in found.files]


@pytest.mark.parametrize(
    "path",
    [
        "secrets/plan.txt",
        "ignored/deep/.env",
        "ignored/x.pem",
        ".env.log",
        "Secrets/Plan.txt",
        "ignored/SECRETS/deep/plan.txt",
        "new/.aws/credentials",
        "src/ｓecrets/plan.txt",
    ],
)
@pytest.mark.parametrize("git", [True, False])
def test_a_private_file_is_found_whatever_git_says_of_it_and_of_the_folders_around(
    path: str, git: bool, repo: Path
) -> None:
    write_files(repo, {path: PLAN, "ignored/other.txt": "", "src/key.txt": ""})
    assert paths(repo, git=git) == [path]


@pytest.mark.parametrize("excluded", ["info", "global"])
def test_a_folder_that_is_ignored_outside_of_the_work_tree_is_looked_into(
    excluded: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = repository(tmp_path / "repo", {"a.py": ""})
    if excluded == "info":
        (repo / ".git" / "info" / "exclude").write_text("vault/\n")
    else:
        write_files(tmp_path, {"ignore": "vault/\n", "config": f"[core]\n\texcludesFile = {tmp_path}/ignore\n"})
        monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "config"))
    write_files(repo, {"vault/.env": ""})
    assert paths(repo) == ["vault/.env"]


def test_repositories_inside_and_a_workspace_below_the_top_are_looked_into(repo: Path) -> None:
    repository(repo / "ignored" / "inner", {"secrets/plan.txt": PLAN})
    write_files(repo, {"sub/ignored/.env": "", "a.pem": ""})
    run_git(repo, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", "./ignored/inner", "module")
    assert paths(repo) == ["a.pem", "ignored/inner/secrets/plan.txt", "module/secrets/plan.txt", "sub/ignored/.env"]
    assert paths(repo / "sub") == ["ignored/.env"]


def test_a_tracked_file_that_was_deleted_counts_for_the_history_has_it(tmp_path: Path) -> None:
    repo = repository(tmp_path / "repo", {"secrets/plan.txt": PLAN, "a.py": ""})
    (repo / "secrets" / "plan.txt").unlink()
    assert paths(repo) == ["secrets/plan.txt"]


def test_links_are_followed_to_what_they_lead_to(repo: Path, tmp_path: Path) -> None:
    write_files(tmp_path, {"elsewhere/deep/.env": "", "vault/secrets/plan.txt": PLAN})
    (repo / "data").symlink_to(tmp_path / "elsewhere")
    (repo / "again").symlink_to(tmp_path / "elsewhere")
    (repo / "plan").symlink_to(tmp_path / "vault" / "secrets" / "plan.txt")
    (repo / "loop").symlink_to(".")
    (repo / ".env").symlink_to("a.py")
    found = paths(repo)
    assert {".env", "plan"} <= set(found)
    assert sum(path.endswith("deep/.env") for path in found) == 1


def test_what_is_not_a_regular_file_counts_by_its_name_and_is_not_opened(repo: Path) -> None:
    write_files(repo, {"secrets/x": ""})
    os.mkfifo(repo / "secrets" / "pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(os.path.relpath(repo / "ignored.pem"))
        assert paths(repo) == ["ignored.pem", "secrets/pipe", "secrets/x"]
        assert private_pieces(Workspace(repo, git=True), GLOBS).unread == ""


def test_a_workspace_in_a_private_folder_is_private_as_a_whole(tmp_path: Path) -> None:
    write_files(tmp_path / "secrets" / "ws", {"a.txt": "", "b/c.txt": ""})
    assert paths(tmp_path / "secrets" / "ws", git=False) == ["a.txt", "b/c.txt"]


# hard links


def test_a_file_with_several_names_is_withheld_by_all_if_one_is_private(repo: Path, tmp_path: Path) -> None:
    write_files(repo, {"secrets/plan.txt": PLAN, "ignored/b/c": "", "lone.txt": ""})
    for name in ("public.txt", "ignored/b/also.txt"):
        os.link(repo / "secrets" / "plan.txt", repo / name)
    os.link(repo / "lone.txt", tmp_path / "outside.txt")
    assert paths(repo) == ["ignored/b/also.txt", "public.txt", "secrets/plan.txt"]
    found = survey(repo, GLOBS)
    reasons = {file.path: file.reason for file in found.files}
    assert reasons["public.txt"] == "is another name of secrets/plan.txt, which is private (policy: secrets/**)"
    known = (repo / "public.txt").stat()
    assert dict(found.linked) == {(known.st_dev, known.st_ino): "secrets/plan.txt"}


# installed packages


@pytest.mark.parametrize(
    ("path", "content", "withheld"),
    [
        (".venv/lib/site-packages/certifi/cacert.pem", f"\n# Issuer: CN=Root\n{CERTIFICATE}\n{CERTIFICATE}", False),
        (".venv/lib/site-packages/certifi/cacert.pem", CERTIFICATE + KEY, True),
        (".venv/lib/site-packages/certifi/cacert.pem", f"{CERTIFICATE}the merger is signed\n", True),
        (".venv/lib/site-packages/certifi/cacert.pem", f"# password: Tr0ub4dor&3x\n{CERTIFICATE}", True),
        (".venv/lib/site-packages/secrets/cacert.pem", CERTIFICATE, True),
        ("certs/cacert.pem", CERTIFICATE, True),
        ("node_modules/qs/.npmrc", "package-lock=false\n# no lock\n", False),
        ("node_modules/qs/.npmrc", "//host/:_authToken=x\n", True),
        (".npmrc", "package-lock=false\n", True),
    ],
)
def test_public_certificates_and_settings_of_installed_packages_are_not_withheld(
    path: str, content: str, withheld: bool, repo: Path
) -> None:
    write_files(repo, {path: content})
    assert paths(repo) == ([path] if withheld else [])


# what is not known


def test_past_the_bounds_the_answer_is_unknown_and_not_an_empty_list(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_files(repo, {f"ignored/d{number}/f.txt": "" for number in range(40)})
    monkeypatch.setattr(private_survey, "MOST_SURVEYED", 30)
    found = survey(repo, GLOBS)
    assert (found.complete, found.clear) == (False, False)
    assert found.why == "it has more than 30 files and folders"
    monkeypatch.undo()
    monkeypatch.setattr(private_survey, "SURVEY_SECONDS", -1.0)
    monkeypatch.setattr(private_survey, "_LOOKED_UP", 1)
    assert survey(repo, GLOBS).why == "to look through it takes more than -1 s"


def test_a_folder_that_cannot_be_read_makes_it_unknown(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_files(repo, {"ignored/closed/x": "", ".env": ""})
    real = os.scandir

    def refused(place: str) -> object:
        if str(place).endswith("closed"):
            raise PermissionError(13, "Permission denied", place)
        return real(place)

    monkeypatch.setattr(os, "scandir", refused)
    found = survey(repo, GLOBS)
    assert [file.path for file in found.files] == [".env"]
    assert (found.complete, found.why) == (False, "ignored/closed cannot be read")
    assert found.closed == ("ignored/closed",)
    pieces = private_pieces(Workspace(repo, git=True), GLOBS)
    assert pieces.unread == ""  # no model of this user has read it either


def test_a_folder_that_goes_meanwhile_is_not_unknown(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_files(repo, {"ignored/going/x": ""})
    real = os.scandir

    def gone(place: str) -> object:
        if str(place).endswith("going"):
            raise FileNotFoundError(2, "No such file", place)
        return real(place)

    monkeypatch.setattr(os, "scandir", gone)
    assert survey(repo, GLOBS).clear


# what repeats a private file


def test_a_text_that_repeats_a_file_of_an_ignored_folder_is_found(repo: Path) -> None:
    write_files(repo, {"secrets/plan.txt": "x\n" * 200_000 + PLAN})
    pieces = private_pieces(Workspace(repo, git=True), GLOBS)
    assert copied_from(f"It says:\n> {PLAN}", pieces) == "secrets/plan.txt"
    assert copied_from("nothing of it", pieces) == ""


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("MOST_SURVEYED", "not all of the workspace was looked at: it has more than 1 files and folders"),
        ("MOST_COPIED_FILES", "there are more than 1"),
        ("MOST_COPIED_BYTES", "together they have more than 1 bytes"),
    ],
)
def test_where_private_files_were_not_all_read_no_text_is_clear(
    name: str, said: str, repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_files(repo, {"secrets/a": PLAN, "secrets/b": PLAN})
    monkeypatch.setattr(private_survey if name == "MOST_SURVEYED" else private_copies, name, 1)
    pieces = private_pieces(Workspace(repo, git=True), GLOBS)
    assert pieces.unread == said
    assert copied_from("any text", pieces)
    assert copied_from(" \n", pieces) == ""


PARTS = st.sampled_from(["secrets", ".env", "a", "b.pem", "credentials", ".aws", "Secrets", "x*", " .env "])
WANTED = st.sampled_from(["secrets/**", ".env*", "*.pem", ".aws/credentials", "a/**/b.pem", "**/a", "a/", "*", "a/**"])


@given(st.lists(PARTS, min_size=1, max_size=5), st.lists(WANTED, max_size=4))
def test_the_quick_look_at_names_misses_no_path_that_a_glob_matches(parts: list[str], globs: list[str]) -> None:
    """Part by part, as the walk asks: a folder that matches covers all that is in it."""
    lasts = last_parts(tuple(globs))
    quick = any(
        private_glob(parts[depth], lasts) and private_glob("/".join(parts[: depth + 1]), globs)
        for depth in range(len(parts))
    )
    assert quick or not private_glob("/".join(parts), globs)
